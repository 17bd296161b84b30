/* Real slaw-worker processes: killed, stopped, orphaned. */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/exit_code.h"
#include "common/json.h"
#include "common/rng.h"
#include "tests/support/suite.h"
#include "tests/trainer/worker/tiny.h"

enum { PATIENCE_MS = 20000, LOOK_EVERY_MS = 2 };

/* The run that every test compares with: never disturbed. */
static void undisturbed(const Tiny *t, char run[FSX_PATH_BYTES])
{
    (void)tiny_long_run(t, "undisturbed", "llama", run);
    ck_assert_int_eq(tiny_wait(tiny_start(run, t->corpus, -1)), 0);
}

/* Waits until the log of an attempt holds `what`. */
static void wait_for_text(const char *run_dir, int attempt, const char *what)
{
    char path[FSX_PATH_BYTES];
    Err err = ERR_INIT;
    ck_assert_int_eq(fsx_path(path, &err, "%s/attempt-%03d/events.jsonl", run_dir, attempt),
                     ERR_OK);
    for (int waited = 0; waited < PATIENCE_MS; waited += LOOK_EVERY_MS) {
        Buf b = BUF_INIT;
        bool is_there =
            fsx_read(path, 1 << 26, &b, &err) == ERR_OK && strstr(buf_str(&b), what) != NULL;
        buf_release(&b);
        if (is_there) {
            return;
        }
        (void)poll(NULL, 0, LOOK_EVERY_MS);
    }
    ck_abort_msg("%s does not come to hold %s", path, what);
}

static void check_bye(const char *run_dir, int attempt, const char *status)
{
    json_t *e = tiny_events(run_dir, attempt);
    const json_t *bye = tiny_event(e, "bye", -1);
    ck_assert_ptr_nonnull(bye);
    ck_assert_str_eq(json_string_value(json_object_get(bye, "status")), status);
    json_decref(e);
}

START_TEST(killed_at_random_moments_it_ends_with_the_same_bytes)
{
    enum { ROUNDS = 3, KILLS = 5 };
    Tiny t = tiny_open();
    char whole[FSX_PATH_BYTES], run[FSX_PATH_BYTES], name[16];
    MonoNs start = clock_mono_ns();
    undisturbed(&t, whole);
    int whole_ms = (int)((clock_mono_ns() - start) / NS_PER_MS);
    int n_killed = 0;
    for (int round = 0; round < ROUNDS; round++) {
        (void)snprintf(name, sizeof name, "killed-%d", round);
        (void)tiny_long_run(&t, name, "llama", run);
        for (int kills = 0; kills < KILLS; kills++) {
            double u = rng_uniform(42, (uint64_t)round, (uint64_t)kills);
            pid_t pid = tiny_start(run, t.corpus, -1);
            (void)poll(NULL, 0, (int)(u * 0.6 * whole_ms));
            ck_assert_int_eq(kill(pid, SIGKILL), 0);
            n_killed += tiny_wait(pid) == -SIGKILL ? 1 : 0;
        }
        ck_assert_int_eq(tiny_wait(tiny_start(run, t.corpus, -1)), 0);
        ck_assert_int_eq(tiny_same_checkpoints(whole, run), TINY_LONG_CHECKPOINTS);
    }
    ck_assert_int_ge(n_killed, ROUNDS); /* the machine was slow or fast, but some did hit */
    tiny_close(&t);
}
END_TEST

static void stop_and_resume(int sig)
{
    Tiny t = tiny_open();
    char whole[FSX_PATH_BYTES], run[FSX_PATH_BYTES];
    undisturbed(&t, whole);
    (void)tiny_long_run(&t, "stopped", "llama", run);
    pid_t pid = tiny_start(run, t.corpus, -1);
    wait_for_text(run, 0, "\"event\":\"step\"");
    ck_assert_int_eq(kill(pid, sig), 0);
    ck_assert_int_eq(tiny_wait(pid), EXIT_RESUMABLE);
    check_bye(run, 0, "interrupted");
    json_t *e = tiny_events(run, 0);
    int64_t stopped_at = json_integer_value(json_object_get(tiny_event(e, "bye", 0), "step"));
    json_decref(e);
    ck_assert_int_eq(tiny_wait(tiny_start(run, t.corpus, -1)), 0);
    e = tiny_events(run, 1);
    ck_assert_int_eq(json_integer_value(json_object_get(tiny_event(e, "hello", 0), "resumed_step")),
                     stopped_at);
    json_decref(e);
    check_bye(run, 1, "done");
    ck_assert_int_eq(tiny_same_checkpoints(whole, run), TINY_LONG_CHECKPOINTS);
    tiny_close(&t);
}

START_TEST(sigterm_saves_and_leaves)
{
    stop_and_resume(SIGTERM);
}
END_TEST

START_TEST(sigint_saves_and_leaves)
{
    stop_and_resume(SIGINT);
}
END_TEST

START_TEST(sigusr1_saves_and_goes_on)
{
    Tiny t = tiny_open();
    char whole[FSX_PATH_BYTES], run[FSX_PATH_BYTES];
    undisturbed(&t, whole);
    (void)tiny_long_run(&t, "saved", "llama", run);
    pid_t pid = tiny_start(run, t.corpus, -1);
    wait_for_text(run, 0, "\"event\":\"step\"");
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(kill(pid, SIGUSR1), 0);
        (void)poll(NULL, 0, 5);
    }
    ck_assert_int_eq(tiny_wait(pid), 0);
    check_bye(run, 0, "done");
    ck_assert_int_eq(tiny_same_checkpoints(whole, run), TINY_LONG_CHECKPOINTS);
    tiny_close(&t);
}
END_TEST

/* A process that starts the worker and dies: what a scheduler killed by SIGKILL is. */
static void start_and_die(const char *run, const char *corpus)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0) {
        _exit(1);
    }
    (void)tiny_start(run, corpus, pair[0]);
    (void)close(pair[0]);
    wait_for_text(run, 0, "\"event\":\"step\"");
    (void)kill(getpid(), SIGKILL);
}

START_TEST(an_orphan_saves_and_leaves)
{
    Tiny t = tiny_open();
    char whole[FSX_PATH_BYTES], run[FSX_PATH_BYTES];
    undisturbed(&t, whole);
    (void)tiny_long_run(&t, "orphan", "llama", run);
    pid_t parent = fork();
    ck_assert_int_ge(parent, 0);
    if (parent == 0) {
        start_and_die(run, t.corpus);
        _exit(1);
    }
    ck_assert_int_eq(tiny_wait(parent), -SIGKILL);
    ck_assert_int_eq(tiny_wait(tiny_start(run, t.corpus, -1)), 0); /* waits for the orphan */
    check_bye(run, 0, "interrupted");
    check_bye(run, 1, "done");
    ck_assert_int_eq(tiny_same_checkpoints(whole, run), TINY_LONG_CHECKPOINTS);
    tiny_close(&t);
}
END_TEST

START_TEST(the_socket_carries_the_lines_of_the_file)
{
    Tiny t = tiny_open();
    char run[FSX_PATH_BYTES];
    int pair[2];
    Buf got = BUF_INIT;
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    pid_t pid = tiny_start(tiny_run(&t, "a", "llama", NULL, NULL, run), t.corpus, pair[0]);
    (void)close(pair[0]);
    char part[4096];
    ssize_t n;
    while ((n = recv(pair[1], part, sizeof part, 0)) > 0) {
        buf_add(&got, part, (size_t)n);
    }
    ck_assert_int_eq(tiny_wait(pid), 0);
    Err err = ERR_INIT;
    char path[FSX_PATH_BYTES];
    Buf file = BUF_INIT;
    ck_assert_int_eq(fsx_join(path, run, "attempt-000/events.jsonl", &err), ERR_OK);
    ck_assert_int_eq(fsx_read(path, 1 << 26, &file, &err), ERR_OK);
    ck_assert_uint_eq(got.len, file.len);
    ck_assert_int_eq(memcmp(got.data, file.data, file.len), 0);
    buf_release(&got);
    buf_release(&file);
    (void)close(pair[1]);
    tiny_close(&t);
}
END_TEST

START_TEST(failures_have_a_line_and_a_status)
{
    Tiny t = tiny_open();
    char run[FSX_PATH_BYTES], log[FSX_PATH_BYTES];
    Err err = ERR_INIT;
    Buf text = BUF_INIT;
    (void)tiny_run(&t, "a", "llama", "'precision':'f32'", "'precision':'bf16'", run);
    ck_assert_int_eq(tiny_wait(tiny_start(run, t.corpus, -1)), EXIT_BAD_CONFIG);
    ck_assert_int_eq(fsx_join(log, run, "stderr.log", &err), ERR_OK);
    ck_assert_int_eq(fsx_read(log, 10000, &text, &err), ERR_OK);
    ck_assert_ptr_nonnull(strstr(buf_str(&text), "bf16"));
    ck_assert_ptr_eq(strchr(buf_str(&text), '\n'), text.data + text.len - 1); /* one line */
    (void)tiny_run(&t, "b", "llama", "'lr':0.01", "'lr':1e30", run);
    ck_assert_int_eq(tiny_wait(tiny_start(run, t.corpus, -1)), EXIT_DIVERGED);
    buf_release(&text);
    tiny_close(&t);
}
END_TEST

static void fill(TCase *tc)
{
    tcase_add_test(tc, killed_at_random_moments_it_ends_with_the_same_bytes);
    tcase_add_test(tc, sigterm_saves_and_leaves);
    tcase_add_test(tc, sigint_saves_and_leaves);
    tcase_add_test(tc, sigusr1_saves_and_goes_on);
    tcase_add_test(tc, an_orphan_saves_and_leaves);
    tcase_add_test(tc, the_socket_carries_the_lines_of_the_file);
    tcase_add_test(tc, failures_have_a_line_and_a_status);
}

int main(void)
{
    return suite_main("process", fill);
}

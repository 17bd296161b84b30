/* Real slaw-worker processes: killed, stopped, orphaned. */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/exit_code.h"
#include "common/json.h"
#include "common/machine.h"
#include "common/rng.h"
#include "common/subprocess.h"
#include "tests/support/suite.h"
#include "tests/trainer/worker/tiny_fixture.h"
#include "trainer/arch/arch.h"
#include "trainer/core/kern.h"

/* Made once for all tests: a corpus, and the run that they compare with, never disturbed. */
static char whole[FSX_PATH_BYTES];
static int whole_ms; /* how long it took */

static void open_tiny(void)
{
    tiny_set_up();
    MonoNs start = clock_mono_ns();
    (void)tiny_long_run(&tiny, "undisturbed", "llama", whole);
    ck_assert_int_eq(tiny_wait(tiny_start(whole, tiny.corpus, -1)), 0);
    whole_ms = (int)((clock_mono_ns() - start) / NS_PER_MS);
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
    char run[FSX_PATH_BYTES], name[16];
    int n_killed = 0;
    for (int round = 0; round < ROUNDS; round++) {
        (void)snprintf(name, sizeof name, "killed-%d", round);
        (void)tiny_long_run(&tiny, name, "llama", run);
        for (int kills = 0; kills < KILLS; kills++) {
            double u = rng_uniform(42, (uint64_t)round, (uint64_t)kills);
            n_killed += tiny_kill_after(&tiny, run, (int)(u * 0.6 * whole_ms));
        }
        ck_assert_int_eq(tiny_wait(tiny_start(run, tiny.corpus, -1)), 0);
        ck_assert_int_eq(tiny_same_checkpoints(whole, run), TINY_LONG_CHECKPOINTS);
    }
    ck_assert_int_ge(n_killed, ROUNDS); /* the machine was slow or fast, but some did hit */
}
END_TEST

static void stop_and_resume(int sig)
{
    char run[FSX_PATH_BYTES];
    (void)tiny_long_run(&tiny, sig == SIGTERM ? "sigterm" : "sigint", "llama", run);
    pid_t pid = tiny_start(run, tiny.corpus, -1);
    tiny_wait_for_text(run, 0, "\"event\":\"step\"");
    ck_assert_int_eq(kill(pid, sig), 0);
    ck_assert_int_eq(tiny_wait(pid), EXIT_RESUMABLE);
    check_bye(run, 0, "interrupted");
    json_t *e = tiny_events(run, 0);
    int64_t stopped_at = json_integer_value(json_object_get(tiny_event(e, "bye", 0), "step"));
    json_decref(e);
    ck_assert_int_eq(tiny_wait(tiny_start(run, tiny.corpus, -1)), 0);
    e = tiny_events(run, 1);
    ck_assert_int_eq(json_integer_value(json_object_get(tiny_event(e, "hello", 0), "resumed_step")),
                     stopped_at);
    json_decref(e);
    check_bye(run, 1, "done");
    ck_assert_int_eq(tiny_same_checkpoints(whole, run), TINY_LONG_CHECKPOINTS);
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
    char run[FSX_PATH_BYTES];
    (void)tiny_long_run(&tiny, "saved", "llama", run);
    pid_t pid = tiny_start(run, tiny.corpus, -1);
    tiny_wait_for_text(run, 0, "\"event\":\"step\"");
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(kill(pid, SIGUSR1), 0);
        (void)poll(NULL, 0, 5);
    }
    ck_assert_int_eq(tiny_wait(pid), 0);
    check_bye(run, 0, "done");
    ck_assert_int_eq(tiny_same_checkpoints(whole, run), TINY_LONG_CHECKPOINTS);
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
    tiny_wait_for_text(run, 0, "\"event\":\"step\"");
    (void)kill(getpid(), SIGKILL);
}

START_TEST(an_orphan_saves_and_leaves)
{
    char run[FSX_PATH_BYTES];
    (void)tiny_long_run(&tiny, "orphan", "llama", run);
    pid_t parent = fork();
    ck_assert_int_ge(parent, 0);
    if (parent == 0) {
        start_and_die(run, tiny.corpus);
        _exit(1);
    }
    ck_assert_int_eq(tiny_wait(parent), -SIGKILL);
    ck_assert_int_eq(tiny_wait(tiny_start(run, tiny.corpus, -1)), 0); /* waits for the orphan */
    check_bye(run, 0, "interrupted");
    check_bye(run, 1, "done");
    ck_assert_int_eq(tiny_same_checkpoints(whole, run), TINY_LONG_CHECKPOINTS);
}
END_TEST

START_TEST(the_socket_carries_the_lines_of_the_file)
{
    char run[FSX_PATH_BYTES];
    int pair[2];
    Buf got = BUF_INIT;
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    pid_t pid =
        tiny_start(tiny_run(&tiny, "socket", "llama", NULL, NULL, run), tiny.corpus, pair[0]);
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
}
END_TEST

START_TEST(failures_have_a_line_and_a_status)
{
    char run[FSX_PATH_BYTES], log[FSX_PATH_BYTES];
    Err err = ERR_INIT;
    Buf text = BUF_INIT;
    (void)tiny_run(&tiny, "heads", "llama", "'vocabulary':256", "'vocabulary':200", run);
    ck_assert_int_eq(tiny_wait(tiny_start(run, tiny.corpus, -1)), EXIT_BAD_CONFIG);
    ck_assert_int_eq(fsx_join(log, run, "stderr.log", &err), ERR_OK);
    ck_assert_int_eq(fsx_read(log, 10000, &text, &err), ERR_OK);
    ck_assert_ptr_nonnull(strstr(buf_str(&text), "vocabulary"));
    ck_assert_ptr_eq(strchr(buf_str(&text), '\n'), text.data + text.len - 1); /* one line */
    (void)tiny_run(&tiny, "nan", "llama", "'lr':0.01", "'lr':1e30", run);
    ck_assert_int_eq(tiny_wait(tiny_start(run, tiny.corpus, -1)), EXIT_DIVERGED);
    buf_release(&text);
}
END_TEST

/* A limit on the size of files stands for a full disk. */
START_TEST(a_full_disk_ends_the_attempt_and_not_the_run)
{
    char run[FSX_PATH_BYTES];
    struct rlimit before, small;
    (void)tiny_long_run(&tiny, "full", "llama", run);
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = 60000; /* room for a model of 37 kB, not for a state of three times that */
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
    pid_t pid = tiny_start(run, tiny.corpus, -1);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
    ck_assert_int_eq(tiny_wait(pid), EXIT_IO);
    check_bye(run, 0, "failed");
    ck_assert_int_eq(tiny_wait(tiny_start(run, tiny.corpus, -1)), 0);
    ck_assert_int_eq(tiny_same_checkpoints(whole, run), TINY_LONG_CHECKPOINTS);
}
END_TEST

/* The bit contract of trainer/core/kern.h, end to end. */
START_TEST(every_isa_trains_the_same_bits)
{
    for (size_t a = 0; a < arch_count(); a++) {
        char first[FSX_PATH_BYTES] = "", run[FSX_PATH_BYTES], name[80];
        for (size_t i = 0; kern_isa_name(i); i++) {
            if (!kern_for_isa(kern_isa_name(i))) {
                continue; /* this processor lacks it */
            }
            (void)snprintf(name, sizeof name, "%s-%s", arch_at(a)->name, kern_isa_name(i));
            (void)tiny_run(&tiny, name, arch_at(a)->name, NULL, NULL, run);
            ck_assert_int_eq(setenv("SLAW_ISA", kern_isa_name(i), 1), 0);
            ck_assert_int_eq(tiny_wait(tiny_start(run, tiny.corpus, -1)), 0);
            if (!first[0]) {
                memcpy(first, run, sizeof first);
            }
            ck_assert_int_eq(tiny_same_checkpoints(first, run), TINY_CHECKPOINTS);
        }
    }
}
END_TEST

static void replace_in(const char *dir, const char *name, const char *from, const char *to)
{
    char path[FSX_PATH_BYTES];
    Err err = ERR_INIT;
    Buf was = BUF_INIT, is = BUF_INIT;
    ck_assert_int_eq(fsx_join(path, dir, name, &err), ERR_OK);
    ck_assert_int_eq(fsx_read(path, 1 << 20, &was, &err), ERR_OK);
    const char *at = strstr(buf_str(&was), from);
    ck_assert_msg(at != NULL, "%s has no %s", path, from);
    buf_printf(&is, "%.*s%s%s", (int)(at - buf_str(&was)), buf_str(&was), to, at + strlen(from));
    ck_assert_int_eq(fsx_replace(path, is.data, is.len, &err), ERR_OK);
    buf_release(&was);
    buf_release(&is);
}

/* A long run that begins on `isa` and is asked to stop in the middle. */
static void begin_on(const char *isa, const char *name, const char *precision, char *run)
{
    char words[64];
    (void)tiny_long_run(&tiny, name, "llama", run);
    (void)snprintf(words, sizeof words, "\"precision\":\"%s\"", precision);
    replace_in(run, "config.json", "\"precision\":\"f32\"", words);
    ck_assert_int_eq(setenv("SLAW_ISA", isa, 1), 0);
    pid_t pid = tiny_start(run, tiny.corpus, -1);
    tiny_wait_for_text(run, 0, "\"event\":\"checkpoint\"");
    ck_assert_int_eq(kill(pid, SIGTERM), 0);
    ck_assert_int_eq(tiny_wait(pid), EXIT_RESUMABLE);
}

START_TEST(bf16_goes_on_only_with_the_isa_where_it_began)
{
    const char *other = kern_isa_name(1);
    char run[FSX_PATH_BYTES], log[FSX_PATH_BYTES], cure[64];
    Err err = ERR_INIT;
    Buf text = BUF_INIT;
    if (!other || !kern_for_isa(other)) {
        return; /* this processor has one ISA only */
    }
    begin_on("scalar", "moved-f32", "f32", run); /* the same bits: it may move */
    ck_assert_int_eq(setenv("SLAW_ISA", other, 1), 0);
    ck_assert_int_eq(tiny_wait(tiny_start(run, tiny.corpus, -1)), 0);
    ck_assert_int_eq(tiny_same_checkpoints(whole, run), TINY_LONG_CHECKPOINTS);

    begin_on("scalar", "moved-bf16", "bf16", run);
    ck_assert_int_eq(setenv("SLAW_ISA", other, 1), 0);
    ck_assert_int_eq(tiny_wait(tiny_start(run, tiny.corpus, -1)), EXIT_BAD_CONFIG);
    ck_assert_int_eq(fsx_join(log, run, "stderr.log", &err), ERR_OK);
    ck_assert_int_eq(fsx_read(log, 10000, &text, &err), ERR_OK);
    (void)snprintf(cure, sizeof cure, "this is %s; SLAW_ISA=scalar goes on", other);
    ck_assert_msg(strstr(buf_str(&text), "the state was made with scalar") != NULL &&
                      strstr(buf_str(&text), cure) != NULL,
                  "%s", buf_str(&text));
    buf_release(&text);
    ck_assert_int_eq(fsx_join(log, run, "state", &err),
                     ERR_OK); /* no state: the checkpoint tells */
    ck_assert_int_eq(fsx_remove_tree(log, &err), ERR_OK);
    ck_assert_int_eq(tiny_wait(tiny_start(run, tiny.corpus, -1)), EXIT_BAD_CONFIG);
    ck_assert_int_eq(setenv("SLAW_ISA", "scalar", 1), 0);
    ck_assert_int_eq(tiny_wait(tiny_start(run, tiny.corpus, -1)), 0);
    json_t *e = tiny_events(run, 3);
    ck_assert_str_eq(json_string_value(json_object_get(tiny_event(e, "bye", 0), "status")), "done");
    json_decref(e);
}
END_TEST

/* Commands between steps: threads and cores move, the bytes do not. */
START_TEST(threads_and_cores_follow_the_socket)
{
    char run[FSX_PATH_BYTES], line[256], cores[64];
    int pair[2];
    CoreSet all = machine_cores();
    (void)tiny_long_run(&tiny, "moved", "llama", run);
    replace_in(run, "config.json", "\"threads\":1", "\"threads\":4");
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    pid_t pid = tiny_start(run, tiny.corpus, pair[0]);
    (void)close(pair[0]);
    tiny_wait_for_text(run, 0, "\"event\":\"step\"");
    (void)snprintf(line, sizeof line,
                   "{\"v\":1,\"command\":\"threads\",\"n\":2,\"cores\":\"%d\"}\n"
                   "{\"v\":1,\"command\":\"dance\"}\n",
                   all.core[all.n - 1]);
    ck_assert_int_eq(send(pair[1], line, strlen(line), 0), (ssize_t)strlen(line));
    tiny_wait_for_text(run, 0, "\"event\":\"share\"");
    (void)snprintf(line, sizeof line,
                   "{\"v\":1,\"command\":\"threads\",\"n\":99,\"cores\":\"%s\"}\n",
                   core_set_text(&all, cores, sizeof cores));
    ck_assert_int_eq(send(pair[1], line, strlen(line), 0), (ssize_t)strlen(line));
    ck_assert_int_eq(tiny_wait(pid), 0);
    (void)close(pair[1]);
    json_t *e = tiny_events(run, 0);
    const json_t *hello = tiny_event(e, "hello", 0), *share = tiny_event(e, "share", 0);
    ck_assert_int_eq(json_integer_value(json_object_get(hello, "threads")), 4);
    ck_assert(json_is_null(json_object_get(hello, "cores")));
    ck_assert_int_eq(json_integer_value(json_object_get(share, "threads")), 2);
    (void)snprintf(cores, sizeof cores, "%d", all.core[all.n - 1]);
    ck_assert_str_eq(json_string_value(json_object_get(share, "cores")), cores);
    share = tiny_event(e, "share", 1); /* no more than it was opened for; or it had ended before */
    ck_assert(!share || json_integer_value(json_object_get(share, "threads")) == 4);
    json_decref(e);
    e = tiny_events(whole, 0);
    for (int i = 0; i < TINY_LONG_CHECKPOINTS; i++) {
        json_t *o = tiny_events(run, 0);
        const json_t *a = tiny_event(e, "evaluation", i), *b = tiny_event(o, "evaluation", i);
        ck_assert(json_equal(json_object_get(a, "loss"), json_object_get(b, "loss")));
        json_decref(o);
    }
    json_decref(e);
}
END_TEST

/* Runs slaw-worker; its exit status, and what it printed in *out. */
static int run_cli(const char *const *args, Buf *out)
{
    const char *argv[16] = {SLAW_BIN_DIR "/slaw-worker"};
    Err err = ERR_INIT;
    int status = -1;
    for (size_t i = 0; args[i]; i++) {
        argv[i + 1] = args[i];
    }
    ck_assert_msg(subprocess_run(argv, NULL, out, &status, &err) == ERR_OK, "%s", err.msg);
    return status;
}

static json_t *run_json(const char *const *args)
{
    Buf out = BUF_INIT;
    json_error_t why;
    ck_assert_msg(run_cli(args, &out) == 0, "%s", buf_str(&out));
    json_t *v = json_loadb(out.data, out.len, 0, &why);
    ck_assert_msg(v != NULL, "%s: %s", why.text, buf_str(&out));
    ck_assert_int_eq(json_integer_value(json_object_get(v, "schema")), 1);
    buf_release(&out);
    return v;
}

START_TEST(it_describes_and_measures_itself)
{
    json_t *v = run_json((const char *const[]){"describe", NULL});
    const json_t *archs = json_object_get(v, "architectures");
    ck_assert_uint_eq(json_array_size(archs), arch_count());
    const char *name = json_string_value(json_object_get(json_array_get(archs, 0), "name"));
    ck_assert_str_eq(name, arch_at(0)->name);
    json_decref(v);
    v = run_json((const char *const[]){"probe", "--seconds", "0.05", NULL});
    ck_assert(json_number_value(json_object_get(v, "flops_per_second")) > 1e6);
    ck_assert_int_ge(json_integer_value(json_object_get(v, "steps")), 1);
    json_decref(v);
}
END_TEST

START_TEST(wrong_command_lines_are_usage_errors)
{
    static const char *const wrong[][7] = {
        {NULL},
        {"trian"},
        {"run"},
        {"run", "x"},
        {"run", "x", "y", "--corpus", "z"},
        {"run", "x", "--corpus"},
        {"generate", "x", "--tokens", "many"},
        {"generate", "x", "--colour", "red"},
        {"describe", "x"},
        {"run", "x", "--corpus", "y", "--threads", "2000"},
        {"probe", "--precision", "f16"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        Buf out = BUF_INIT;
        ck_assert_msg(run_cli(wrong[i], &out) == EXIT_USAGE, "%zu: %s", i, buf_str(&out));
        ck_assert_uint_gt(out.len, 0);
        buf_release(&out);
    }
    Buf out = BUF_INIT;
    ck_assert_int_eq(run_cli((const char *const[]){"--help", NULL}, &out), 0);
    ck_assert_ptr_nonnull(strstr(buf_str(&out), "generate CHECKPOINT"));
    buf_release(&out);
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "process", .open = open_tiny, .close = tiny_tear_down});
}

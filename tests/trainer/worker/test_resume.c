/* Attempts that were given up, and checkpoints that were lost: what is written, and what is not. */
#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/exit_code.h"
#include "common/json.h"
#include "common/log.h"
#include "common/rng.h"
#include "tests/support/suite.h"
#include "tests/trainer/worker/tiny_fixture.h"
#include "trainer/worker/attempt.h"
#include "trainer/worker/loop.h"
#include "trainer/worker/stop.h"

static char whole[FSX_PATH_BYTES], whole_long[FSX_PATH_BYTES];
static int long_ms; /* how long the long run takes undisturbed */

static ErrCode run_some(const char *run_dir, int64_t max_steps, Err *err)
{
    *err = ERR_INIT;
    stop_install();
    return loop_run(&(LoopOptions){.run_dir = run_dir,
                                   .corpus_dir = tiny.corpus,
                                   .attempt = -1,
                                   .socket_fd = -1,
                                   .max_steps = max_steps},
                    err);
}

/* A new run, interrupted after so many steps. */
static void start(char *run_dir, const char *name, int64_t steps)
{
    Err err;
    (void)tiny_run(&tiny, name, "llama", NULL, NULL, run_dir);
    ck_assert_int_eq(run_some(run_dir, steps, &err), ERR_INTERRUPTED);
}

static void finish(const char *run_dir)
{
    Err err;
    ck_assert_msg(run_some(run_dir, 0, &err) == ERR_OK, "%s", err.msg);
}

static void open_tiny(void)
{
    tiny_set_up();
    log_set_level(LOG_ERROR); /* warnings of damage are expected */
    finish(tiny_run(&tiny, "whole", "llama", NULL, NULL, whole));
    (void)tiny_long_run(&tiny, "whole-long", "llama", whole_long);
    MonoNs start = clock_mono_ns();
    ck_assert_int_eq(tiny_wait(tiny_start(whole_long, tiny.corpus, -1)), 0);
    long_ms = (int)((clock_mono_ns() - start) / NS_PER_MS);
}

static const char *below(const char *run, const char *name)
{
    static char path[FSX_PATH_BYTES];
    Err err = ERR_INIT;
    ck_assert_int_eq(fsx_join(path, run, name, &err), ERR_OK);
    return path;
}

static void remove_below(const char *run, const char *name)
{
    Err err = ERR_INIT;
    ck_assert_msg(fsx_exists(below(run, name)), "%s", below(run, name));
    ck_assert_int_eq(fsx_remove_tree(below(run, name), &err), ERR_OK);
}

static void write_below(const char *run, const char *name, const char *text)
{
    Err err = ERR_INIT;
    ck_assert_int_eq(fsx_replace(below(run, name), text, strlen(text), &err), ERR_OK);
}

/* Turns one bit of the file's middle byte; its size stays. */
static void flip_below(const char *run, const char *name)
{
    Err err = ERR_INIT;
    Buf b = BUF_INIT;
    ck_assert_int_eq(fsx_read(below(run, name), 1 << 24, &b, &err), ERR_OK);
    b.data[b.len / 2] ^= 1;
    ck_assert_int_eq(fsx_replace(below(run, name), b.data, b.len, &err), ERR_OK);
    buf_release(&b);
}

static uint64_t inode_of(const char *run, const char *name)
{
    struct stat st;
    ck_assert_int_eq(stat(below(run, name), &st), 0);
    return st.st_ino;
}

static int64_t number(const json_t *event, const char *key)
{
    ck_assert_ptr_nonnull(event);
    return json_integer_value(json_object_get(event, key));
}

/* Largest step of the step events; checks that the attempt said `status`. */
static int64_t last_step(const char *run, int attempt, const char *status)
{
    json_t *e = tiny_events(run, attempt);
    const json_t *s;
    int64_t most = 0;
    for (int i = 0; (s = tiny_event(e, "step", i)) != NULL; i++) {
        most = number(s, "step") > most ? number(s, "step") : most;
    }
    ck_assert_str_eq(json_string_value(json_object_get(tiny_event(e, "bye", -1), "status")),
                     status);
    json_decref(e);
    return most;
}

static bool has_event(const char *run, int attempt, const char *name, int64_t step)
{
    json_t *e = tiny_events(run, attempt);
    const json_t *s;
    bool has = false;
    for (int i = 0; (s = tiny_event(e, name, i)) != NULL; i++) {
        has = has || number(s, "step") == step;
    }
    json_decref(e);
    return has;
}

/* ---------------------------------------------------------------- superseded */

/* Steps of the states and checkpoints that are whole, which a worker that was given up must
 * leave as they are.  (Half of a file that it was writing when it was stopped may be there.) */
static Buf result_of(const char *run)
{
    Buf out = BUF_INIT;
    for (int step = 0; step <= TINY_LONG_STEPS; step++) {
        for (int i = 0; i < 2; i++) {
            char name[64];
            if (i == 0) {
                (void)snprintf(name, sizeof name, "state/step-%08d/state.json", step);
            } else {
                (void)snprintf(name, sizeof name, "checkpoints/step-%08d/manifest.json", step);
            }
            if (fsx_exists(below(run, name))) {
                buf_printf(&out, "%s %llu\n", name, (unsigned long long)inode_of(run, name));
            }
        }
    }
    return out;
}

static void make_attempt(const char *run, int64_t number_of_attempt)
{
    Err err = ERR_INIT;
    char dir[FSX_PATH_BYTES];
    ck_assert_int_eq(attempt_dir(run, number_of_attempt, dir, &err), ERR_OK);
    ck_assert_int_eq(fsx_mkdirs(dir, &err), ERR_OK);
}

/* A long run whose worker, attempt 0, is held by SIGSTOP in the middle. */
static pid_t held_worker(const char *name, char run[FSX_PATH_BYTES])
{
    int status = 0;
    (void)tiny_long_run(&tiny, name, "llama", run);
    pid_t pid = tiny_start_attempt(run, tiny.corpus, 0);
    tiny_wait_for_text(run, 0, "\"event\":\"checkpoint\"");
    ck_assert_int_eq(kill(pid, SIGSTOP), 0);
    ck_assert_int_eq(waitpid(pid, &status, WUNTRACED), pid);
    ck_assert(WIFSTOPPED(status));
    return pid;
}

static void check_superseded(const char *run, int attempt, const char *reason)
{
    json_t *e = tiny_events(run, attempt);
    const json_t *bye = tiny_event(e, "bye", -1);
    ck_assert_ptr_nonnull(bye);
    ck_assert_str_eq(json_string_value(json_object_get(bye, "status")), "interrupted");
    ck_assert_str_eq(json_string_value(json_object_get(bye, "reason")), reason);
    json_decref(e);
}

START_TEST(a_superseded_worker_writes_nothing_more)
{
    char run[FSX_PATH_BYTES];
    for (int sig = 0; sig <= SIGTERM; sig += SIGTERM) { /* also when it is asked to save */
        pid_t pid = held_worker(sig == 0 ? "held" : "held-term", run);
        Buf before = result_of(run);
        make_attempt(run, 1);
        if (sig != 0) {
            ck_assert_int_eq(kill(pid, sig), 0);
        }
        ck_assert_int_eq(kill(pid, SIGCONT), 0);
        ck_assert_int_eq(tiny_wait(pid), EXIT_RESUMABLE);
        check_superseded(run, 0, "superseded by attempt 1");
        Buf after = result_of(run);
        ck_assert_str_eq(buf_str(&after), buf_str(&before));
        ck_assert_ptr_nonnull(strstr(buf_str(&before), "manifest.json"));
        buf_release(&before);
        buf_release(&after);
        ck_assert_int_eq(tiny_wait(tiny_start_attempt(run, tiny.corpus, 1)), 0);
        ck_assert_int_eq(tiny_same_checkpoints(whole_long, run), TINY_LONG_CHECKPOINTS);
    }
}
END_TEST

/* The new attempt waits for the lock, which the old one drops as soon as it wakes up. */
START_TEST(its_successor_runs_meanwhile)
{
    char run[FSX_PATH_BYTES];
    pid_t old = held_worker("both", run);
    make_attempt(run, 1);
    pid_t new = tiny_start_attempt(run, tiny.corpus, 1);
    (void)poll(NULL, 0, 150);
    ck_assert_int_eq(waitpid(new, NULL, WNOHANG), 0); /* it waits */
    ck_assert_int_eq(kill(old, SIGCONT), 0);
    ck_assert_int_eq(tiny_wait(old), EXIT_RESUMABLE);
    ck_assert_int_eq(tiny_wait(new), 0);
    check_superseded(run, 0, "superseded by attempt 1");
    ck_assert_int_eq(tiny_same_checkpoints(whole_long, run), TINY_LONG_CHECKPOINTS);

    old = held_worker("killed", run); /* as the scheduler does it: no waiting */
    make_attempt(run, 1);
    ck_assert_int_eq(kill(old, SIGKILL), 0);
    ck_assert_int_eq(tiny_wait(old), -SIGKILL);
    ck_assert_int_eq(tiny_wait(tiny_start_attempt(run, tiny.corpus, 1)), 0);
    ck_assert_int_eq(tiny_same_checkpoints(whole_long, run), TINY_LONG_CHECKPOINTS);
}
END_TEST

START_TEST(one_that_is_superseded_before_it_starts_trains_nothing)
{
    char run[FSX_PATH_BYTES];
    (void)tiny_run(&tiny, "late", "llama", NULL, NULL, run);
    make_attempt(run, 1005); /* four digits, and a gap */
    ck_assert_int_eq(tiny_wait(tiny_start_attempt(run, tiny.corpus, 999)), EXIT_RESUMABLE);
    check_superseded(run, 999, "superseded by attempt 1005");
    ck_assert(!fsx_exists(below(run, "state")));
    ck_assert(!fsx_exists(below(run, "checkpoints")));
    ck_assert_int_eq(tiny_wait(tiny_start_attempt(run, tiny.corpus, 1005)), 0);
    ck_assert_int_eq(tiny_same_checkpoints(whole, run), TINY_CHECKPOINTS);
}
END_TEST

START_TEST(attempts_are_counted_by_their_folders)
{
    TmpDir t = tmpdir_open();
    Err err = ERR_INIT;
    int64_t newest = 0;
    ck_assert_int_eq(attempt_newest(t.path, &newest, &err), ERR_OK);
    ck_assert_int_eq(newest, -1);
    make_attempt(t.path, 9);
    make_attempt(t.path, 10);
    ck_assert_int_eq(fsx_mkdirs(below(t.path, "attempt-11x"), &err), ERR_OK);
    ck_assert_int_eq(fsx_mkdirs(below(t.path, "attempt-"), &err), ERR_OK);
    ck_assert_int_eq(attempt_newest(t.path, &newest, &err), ERR_OK);
    ck_assert_int_eq(newest, 10);
    ck_assert_int_eq(attempt_check(t.path, 10, &err), ERR_OK);
    ck_assert_int_eq(attempt_check(t.path, -1, &err), ERR_OK);
    ck_assert_int_eq(attempt_check(t.path, 9, &err), ERR_INTERRUPTED);
    ck_assert_str_eq(err.msg, "superseded by attempt 10");
    ck_assert_int_eq(attempt_check("/no/such/run", 0, &err), ERR_IO);
    tmpdir_close(&t);
}
END_TEST

/* ---------------------------------------------------------------- lost checkpoints */

/* A finished run of which `name` was lost is made whole by training no further than it must. */
static void check_hole(const char *run_name, void (*harm)(const char *run), int64_t trained,
                       int64_t made)
{
    char run[FSX_PATH_BYTES];
    finish(tiny_run(&tiny, run_name, "llama", NULL, NULL, run));
    harm(run);
    uint64_t before = inode_of(run, "checkpoints/step-00000002/model.safetensors");
    finish(run);
    ck_assert_int_eq(last_step(run, 1, "done"), trained);
    ck_assert_int_eq(tiny_same_checkpoints(whole, run), TINY_CHECKPOINTS);
    ck_assert_uint_eq(inode_of(run, "checkpoints/step-00000002/model.safetensors"), before);
    ck_assert(has_event(run, 1, "checkpoint", made));
    ck_assert(has_event(run, 1, "evaluation", made));
    finish(run); /* nothing is left to do */
    ck_assert_int_eq(last_step(run, 2, "done"), 0);
}

static void lose_the_folder(const char *run)
{
    remove_below(run, "checkpoints/step-00000005");
}

static void lose_the_manifest(const char *run)
{
    remove_below(run, "checkpoints/step-00000005/manifest.json");
}

static void cut_the_model(const char *run)
{
    write_below(run, "checkpoints/step-00000005/model.safetensors", "short");
    remove_below(run, "state"); /* as the default rule of retention leaves a run */
}

static void flip_the_model(const char *run)
{
    flip_below(run, "checkpoints/step-00000005/model.safetensors");
}

static void mark_it(const char *run) /* slaw verify knows better: its bytes look well */
{
    write_below(run, "checkpoints/step-00000005/damaged.json", "{}");
}

static void lose_two(const char *run)
{
    remove_below(run, "checkpoints/step-00000005");
    flip_below(run, "checkpoints/step-00000010/manifest.json");
}

static void lose_the_last(const char *run)
{
    remove_below(run, "checkpoints/step-00000024");
    remove_below(run, "state/step-00000024");
}

START_TEST(a_lost_checkpoint_is_made_again)
{
    check_hole("folder", lose_the_folder, 5, 5);
    check_hole("manifest", lose_the_manifest, 5, 5);
    check_hole("cut", cut_the_model, 5, 5);
    check_hole("flipped", flip_the_model, 5, 5);
    check_hole("marked", mark_it, 5, 5);
    check_hole("two", lose_two, 5, 10); /* of step 10 there is a state */
    check_hole("last", lose_the_last, 24, 24);
}
END_TEST

/* Two early ones are lost in the middle of a run: step by step, every attempt gets one step
 * further, and the steps between the hole and the newest state are not trained again. */
START_TEST(it_goes_back_and_then_on_from_where_it_was)
{
    char run[FSX_PATH_BYTES];
    Err err;
    int n = 0;
    ErrCode rc;
    start(run, "back", 13); /* states 10 and 13 */
    remove_below(run, "checkpoints/step-00000002");
    write_below(run, "checkpoints/step-00000005/damaged.json", "{}");
    while ((rc = run_some(run, 1, &err)) == ERR_INTERRUPTED) {
        ck_assert_int_lt(n++, TINY_STEPS + 1);
        ck_assert(fsx_exists(below(run, "state/step-00000013")) || n > 5);
    }
    ck_assert_msg(rc == ERR_OK, "%s", err.msg);
    ck_assert_int_eq(n, 5 + (TINY_STEPS - 13));
    ck_assert_int_eq(tiny_same_checkpoints(whole, run), TINY_CHECKPOINTS);
    ck_assert(!fsx_exists(below(run, "checkpoints/step-00000005/damaged.json")));
}
END_TEST

/* The same in one go: it jumps from step 5 to the state of step 13. */
START_TEST(it_does_not_train_twice_what_it_has)
{
    char run[FSX_PATH_BYTES];
    Err err;
    start(run, "jump", 13);
    remove_below(run, "checkpoints/step-00000005");
    ck_assert_int_eq(run_some(run, 5 + TINY_STEPS - 13, &err), ERR_INTERRUPTED); /* just enough */
    finish(run);
    ck_assert_int_eq(last_step(run, 2, "done"), 0);
    ck_assert(!has_event(run, 1, "step", 10));
    ck_assert(has_event(run, 1, "step", 20));
    ck_assert_int_eq(tiny_same_checkpoints(whole, run), TINY_CHECKPOINTS);
}
END_TEST

/* A state that the jump would take is damaged: it goes on from the one before, or as it is. */
START_TEST(damage_of_everything_costs_time_and_nothing_else)
{
    char run[FSX_PATH_BYTES];
    start(run, "all", 13);
    remove_below(run, "checkpoints/step-00000005");
    flip_below(run, "state/step-00000013/state.json");
    flip_below(run, "state/step-00000010/state.safetensors");
    finish(run);
    ck_assert_int_eq(tiny_same_checkpoints(whole, run), TINY_CHECKPOINTS);
}
END_TEST

START_TEST(what_gc_removed_stays_removed)
{
    char run[FSX_PATH_BYTES];
    finish(tiny_run(&tiny, "removed", "llama", NULL, NULL, run));
    remove_below(run, "checkpoints/step-00000005/model.safetensors");
    write_below(run, "checkpoints/step-00000005/removed.json", "{}");
    finish(run); /* it counts as there */
    ck_assert_int_eq(last_step(run, 1, "done"), 0);
    ck_assert(!has_event(run, 1, "checkpoint", 5));
    ck_assert(has_event(run, 1, "checkpoint", 2));
    remove_below(run, "checkpoints/step-00000010"); /* this one is passed on the way */
    remove_below(run, "state");
    finish(run);
    ck_assert_int_eq(last_step(run, 2, "done"), 10);
    ck_assert(!fsx_exists(below(run, "checkpoints/step-00000005/model.safetensors")));
    ck_assert(!has_event(run, 2, "checkpoint", 5));
    ck_assert(has_event(run, 2, "checkpoint", 10));
    flip_below(run, "checkpoints/step-00000005/manifest.json"); /* its losses are lost, too */
    finish(run);
    ck_assert_int_eq(tiny_same_checkpoints(whole, run), TINY_CHECKPOINTS);
}
END_TEST

START_TEST(leavings_of_killed_attempts_are_cleared_away)
{
    char run[FSX_PATH_BYTES];
    Err err;
    start(run, "leavings", 6);
    ck_assert_int_eq(fsx_mkdirs(below(run, "state/step-00000099"), &err), ERR_OK);
    write_below(run, "state/step-00000099/state.safetensors.tmp.17", "half");
    ck_assert_int_eq(fsx_mkdirs(below(run, "checkpoints/step-00000010"), &err), ERR_OK);
    write_below(run, "checkpoints/step-00000010/model.safetensors.tmp.17", "half");
    ck_assert_int_eq(run_some(run, 1, &err), ERR_INTERRUPTED);
    ck_assert(!fsx_exists(below(run, "state/step-00000099")));
    ck_assert(!fsx_exists(below(run, "checkpoints/step-00000010")));
    finish(run);
    ck_assert_int_eq(tiny_same_checkpoints(whole, run), TINY_CHECKPOINTS);
}
END_TEST

/* ---------------------------------------------------------------- killed again and again */

/* Steps of the long run's checkpoints, from the undisturbed one. */
static int planned(char name[TINY_LONG_CHECKPOINTS][64])
{
    int n = 0;
    for (int step = 0; step <= TINY_LONG_STEPS; step++) {
        char path[64];
        (void)snprintf(path, sizeof path, "checkpoints/step-%08d", step);
        if (fsx_exists(below(whole_long, path))) {
            memcpy(name[n++], path, sizeof path);
        }
    }
    return n;
}

/* Removes, marks or cuts some of the checkpoints that are there. */
static void harm_some(const char *run, uint64_t round)
{
    char name[TINY_LONG_CHECKPOINTS][64], file[128];
    int n = planned(name);
    ck_assert_int_eq(n, TINY_LONG_CHECKPOINTS);
    for (int i = 0; i < n; i++) {
        uint64_t u = rng_u64(77, round, (uint64_t)i) % 8;
        if (!fsx_exists(below(run, name[i])) || u > 2) {
            continue;
        }
        if (u == 0) {
            remove_below(run, name[i]);
        } else if (u == 1) {
            (void)snprintf(file, sizeof file, "%s/damaged.json", name[i]);
            write_below(run, file, "{}");
        } else {
            (void)snprintf(file, sizeof file, "%s/model.safetensors", name[i]);
            write_below(run, file, "short");
        }
    }
}

START_TEST(killed_again_and_again_while_it_rebuilds)
{
    enum { ROUNDS = 6, KILLS = 5 };
    char run[FSX_PATH_BYTES], name[32];
    int n_killed = 0;
    for (int round = 0; round < ROUNDS; round++) {
        (void)snprintf(name, sizeof name, "rebuilt-%d", round);
        (void)tiny_long_run(&tiny, name, "llama", run);
        for (int kills = 0; kills < KILLS; kills++) {
            double u = rng_uniform(43, (uint64_t)round, (uint64_t)kills);
            n_killed += tiny_kill_after(&tiny, run, (int)((0.2 + 0.7 * u) * long_ms));
            if (kills < 3) {
                harm_some(run, (uint64_t)(round * KILLS + kills));
            }
        }
        ck_assert_int_eq(tiny_wait(tiny_start(run, tiny.corpus, -1)), 0);
        ck_assert_int_eq(tiny_same_checkpoints(whole_long, run), TINY_LONG_CHECKPOINTS);
    }
    ck_assert_int_ge(n_killed, ROUNDS);
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "resume", .open = open_tiny, .close = tiny_tear_down});
}

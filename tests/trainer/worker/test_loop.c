/* One attempt, in this process: what it writes, what it refuses, how it resumes. */
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/exit_code.h"
#include "common/json.h"
#include "common/log.h"
#include "tests/support/suite.h"
#include "tests/trainer/worker/tiny_fixture.h"
#include "trainer/config/run_config.h"
#include "trainer/core/kern.h"
#include "trainer/worker/loop.h"
#include "trainer/worker/stop.h"

static ErrCode run_some(const char *run_dir, const char *corpus, int64_t max_steps, Err *err)
{
    *err = ERR_INIT;
    stop_install();
    return loop_run(&(LoopOptions){.run_dir = run_dir,
                                   .corpus_dir = corpus,
                                   .attempt = -1,
                                   .socket_fd = -1,
                                   .max_steps = max_steps},
                    err);
}

static int status_of(const char *run_dir, const char *corpus, int64_t max_steps, Err *err)
{
    return run_some(run_dir, corpus, max_steps, err) == ERR_OK ? 0 : loop_exit_status(err);
}

static void run_whole(const char *run_dir, const char *corpus)
{
    Err err;
    ck_assert_msg(run_some(run_dir, corpus, 0, &err) == ERR_OK, "%s", err.msg);
}

static int64_t number(const json_t *event, const char *key)
{
    Err err = ERR_INIT;
    int64_t x = -1;
    ck_assert_msg(json_get_i64(event, key, &x, &err) == ERR_OK, "%s", err.msg);
    return x;
}

static double real(const json_t *event, const char *key)
{
    double x = 0.0;
    ck_assert(json_to_real(json_object_get(event, key), &x));
    return x;
}

static const char *text(const json_t *event, const char *key)
{
    const char *s = json_string_value(json_object_get(event, key));
    ck_assert_ptr_nonnull(s);
    return s;
}

/* The steps of this run: first 256 / 128 = 2, last 24, log between: 2 (24/2)^(i/3). */
static const int64_t planned[TINY_CHECKPOINTS] = {2, 5, 10, 24};

START_TEST(an_attempt_says_what_the_protocol_lists)
{
    char run[FSX_PATH_BYTES];
    run_whole(tiny_run(&tiny, "a", "llama", NULL, NULL, run), tiny.corpus);
    json_t *e = tiny_events(run, 0);
    const json_t *hello = json_array_get(e, 0);
    ck_assert_ptr_eq(hello, tiny_event(e, "hello", 0));
    ck_assert_int_eq(number(hello, "pid"), getpid());
    ck_assert_int_eq(number(hello, "resumed_step"), 0);
    /* l (4 d^2 + 3 d g) + (2 l + 1) d, and V d more */
    ck_assert_int_eq(number(hello, "parameters"), 2 * (4 * 256 + 3 * 16 * 32) + 5 * 16);
    ck_assert_int_eq(number(hello, "parameters_total"), 5200 + 256 * 16);
    const int64_t logged[] = {2, 5, 10, 20, 24}; /* every tenth and every checkpoint */
    for (int i = 0; i < 5; i++) {
        const json_t *s = tiny_event(e, "step", i);
        ck_assert_int_eq(number(s, "step"), logged[i]);
        ck_assert_int_eq(number(s, "tokens"), logged[i] * TINY_BATCH);
        ck_assert(real(s, "loss") > 1.0 && real(s, "loss") < 6.5 && real(s, "grad_norm") > 0.0);
        double warm = (double)logged[i] / 5.0; /* constant 0.01 after 5 steps */
        ck_assert(fabs(real(s, "lr") - 0.01 * (warm < 1.0 ? warm : 1.0)) < 1e-15);
        ck_assert(real(s, "tokens_per_s") > 0.0);
    }
    ck_assert_ptr_null(tiny_event(e, "step", 5));
    for (int i = 0; i < TINY_CHECKPOINTS; i++) {
        const json_t *v = tiny_event(e, "evaluation", i), *c = tiny_event(e, "checkpoint", i);
        ck_assert_int_eq(number(v, "step"), planned[i]);
        ck_assert_str_eq(text(v, "task"), "validation");
        ck_assert_int_eq(number(v, "items"), 21 * TINY_SEQUENCE); /* (700 - 1) / 32 windows */
        /* a byte is a token here */
        ck_assert(fabs(real(v, "bits_per_byte") * log(2.0) / real(v, "loss") - 1.0) < 1e-14);
        ck_assert_int_eq(number(c, "step"), planned[i]);
        ck_assert_int_eq(number(c, "tokens"), planned[i] * TINY_BATCH);
        char path[64];
        (void)snprintf(path, sizeof path, "checkpoints/step-%08d", (int)planned[i]);
        ck_assert_str_eq(text(c, "path"), path);
        ck_assert_uint_eq(strlen(text(c, "digest")), 32);
    }
    const json_t *bye = json_array_get(e, json_array_size(e) - 1);
    ck_assert_str_eq(text(bye, "event"), "bye");
    ck_assert_str_eq(text(bye, "status"), "done");
    ck_assert_int_eq(number(bye, "step"), TINY_STEPS);
    json_decref(e);
}
END_TEST

/* Losses of the step events of all attempts, by step; the same step twice must agree. */
static void collect_losses(const char *run_dir, double loss[TINY_STEPS + 1])
{
    for (int i = 0; i <= TINY_STEPS; i++) {
        loss[i] = -1.0;
    }
    for (int a = 0; a < tiny_attempts(run_dir); a++) {
        json_t *e = tiny_events(run_dir, a);
        const json_t *s;
        for (int i = 0; (s = tiny_event(e, "step", i)) != NULL; i++) {
            double *seen = &loss[number(s, "step")];
            ck_assert(*seen < 0.0 || *seen == real(s, "loss"));
            *seen = real(s, "loss");
        }
        json_decref(e);
    }
}

/* Stops and resumes after every `stride` steps. */
static void compare_with_stops(const Tiny *t, const char *architecture, int stride)
{
    Err err;
    char whole[FSX_PATH_BYTES], parts[FSX_PATH_BYTES], name[80];
    (void)snprintf(name, sizeof name, "%s-whole-%d", architecture, stride);
    run_whole(tiny_run(t, name, architecture, NULL, NULL, whole), t->corpus);
    (void)snprintf(name, sizeof name, "%s-parts-%d", architecture, stride);
    (void)tiny_run(t, name, architecture, NULL, NULL, parts);
    int n = 0;
    ErrCode rc;
    while ((rc = run_some(parts, t->corpus, stride, &err)) == ERR_INTERRUPTED) {
        ck_assert_int_lt(n++, TINY_STEPS + 1);
    }
    ck_assert_msg(rc == ERR_OK, "%s", err.msg);
    ck_assert_int_eq(n, TINY_STEPS / stride);
    ck_assert_int_eq(tiny_same_checkpoints(whole, parts), TINY_CHECKPOINTS);
    double a[TINY_STEPS + 1], b[TINY_STEPS + 1];
    collect_losses(whole, a);
    collect_losses(parts, b);
    for (int i = 0; i <= TINY_STEPS; i++) {
        ck_assert(a[i] == b[i]);
    }
}

START_TEST(resuming_at_every_step_changes_no_bit)
{
    for (size_t i = 0; i < arch_count(); i++) {
        compare_with_stops(&tiny, arch_at(i)->name, 1);
    }
    compare_with_stops(&tiny, "llama", 7);
}
END_TEST

START_TEST(sigusr1_writes_a_state_between_checkpoints)
{
    Err err = ERR_INIT;
    char run[FSX_PATH_BYTES], state[FSX_PATH_BYTES];
    (void)tiny_run(&tiny, "a", "llama", NULL, NULL, run);
    stop_install();
    ck_assert_int_eq(raise(SIGUSR1), 0);
    LoopOptions o = {run, tiny.corpus, .attempt = 0, .socket_fd = -1, .max_steps = 2};
    ck_assert_int_eq(loop_run(&o, &err), ERR_INTERRUPTED);
    ck_assert_int_eq(fsx_join(state, run, "state/step-00000001/state.json", &err), ERR_OK);
    ck_assert(fsx_exists(state));
    ck_assert(!stop_take_save()); /* once for each signal */
}
END_TEST

START_TEST(a_finished_run_is_left_as_it_is)
{
    Err err;
    char run[FSX_PATH_BYTES], state[FSX_PATH_BYTES];
    run_whole(tiny_run(&tiny, "a", "llama", NULL, NULL, run), tiny.corpus);
    ck_assert_int_eq(fsx_join(state, run, "state", &err), ERR_OK);
    ck_assert_int_eq(fsx_remove_tree(state, &err), ERR_OK); /* somebody needed the space */
    run_whole(run, tiny.corpus);
    ck_assert(!fsx_exists(state));
    json_t *first = tiny_events(run, 0), *again = tiny_events(run, 1);
    ck_assert_ptr_null(tiny_event(again, "step", 0));
    ck_assert_int_eq(number(tiny_event(again, "hello", 0), "resumed_step"), TINY_STEPS);
    ck_assert_str_eq(text(tiny_event(again, "checkpoint", -1), "digest"),
                     text(tiny_event(first, "checkpoint", -1), "digest"));
    ck_assert(real(tiny_event(again, "evaluation", -1), "loss") ==
              real(tiny_event(first, "evaluation", -1), "loss"));
    json_decref(first);
    json_decref(again);
}
END_TEST

static void cut_file(const char *run, const char *name)
{
    Err err = ERR_INIT;
    Buf b = BUF_INIT;
    char path[FSX_PATH_BYTES];
    ck_assert_int_eq(fsx_join(path, run, name, &err), ERR_OK);
    ck_assert_msg(fsx_read(path, 1 << 26, &b, &err) == ERR_OK, "%s", err.msg);
    ck_assert_int_eq(fsx_replace(path, b.data, b.len / 2, &err), ERR_OK);
    buf_release(&b);
}

START_TEST(damage_costs_time_and_nothing_else)
{
    Err err;
    char whole[FSX_PATH_BYTES], run[FSX_PATH_BYTES];
    run_whole(tiny_run(&tiny, "whole", "llama", NULL, NULL, whole), tiny.corpus);
    (void)tiny_run(&tiny, "damaged", "llama", NULL, NULL, run);
    log_set_level(LOG_ERROR); /* the warnings are expected */
    ck_assert_int_eq(run_some(run, tiny.corpus, 13, &err), ERR_INTERRUPTED); /* states 10, 13 */
    cut_file(run, "state/step-00000013/state.safetensors");
    cut_file(run, "checkpoints/step-00000010/model.safetensors"); /* at a state: is made again */
    ck_assert_int_eq(run_some(run, tiny.corpus, 1, &err), ERR_INTERRUPTED);
    json_t *e = tiny_events(run, 1);
    ck_assert_int_eq(number(tiny_event(e, "hello", 0), "resumed_step"), 10);
    ck_assert_int_eq(number(tiny_event(e, "checkpoint", 0), "step"), 10);
    json_decref(e);
    cut_file(run, "state/step-00000010/state.json"); /* all states are lost: from the start */
    cut_file(run, "state/step-00000011/state.json");
    cut_file(run, "checkpoints/step-00000005/model.safetensors");
    run_whole(run, tiny.corpus);
    e = tiny_events(run, 2);
    ck_assert_int_eq(number(tiny_event(e, "hello", 0), "resumed_step"), 0);
    json_decref(e);
    ck_assert_int_eq(tiny_same_checkpoints(whole, run), TINY_CHECKPOINTS); /* 5 is whole again */
    log_set_level(LOG_WARN);
}
END_TEST

/* A state as version 0.1 wrote it: without a sum, which anybody can edit. */
static void unseal(json_t *state)
{
    ck_assert_int_eq(json_object_set_new(state, "schema", json_integer(1)), 0);
    ck_assert_int_eq(json_object_del(state, "sum"), 0);
}

/* Of the state of a bf16 run: another ISA's, one that this machine has not, and none. */
START_TEST(a_bf16_state_of_unknown_origin_is_refused)
{
    Err err;
    char run[FSX_PATH_BYTES], path[FSX_PATH_BYTES];
    json_t *state = NULL;
    (void)tiny_run(&tiny, "a", "tnl", "'precision':'f32'", "'precision':'bf16'", run);
    ck_assert_int_eq(run_some(run, tiny.corpus, 7, &err), ERR_INTERRUPTED);
    ck_assert_int_eq(fsx_join(path, run, "state/step-00000007/state.json", &err), ERR_OK);
    ck_assert_int_eq(json_read_file(path, &state, &err), ERR_OK);
    ck_assert_str_eq(text(state, "isa"), kern_get()->isa);
    unseal(state);
    (void)json_object_set_new(state, "isa", json_string("mmx"));
    ck_assert_int_eq(json_write_file(path, state, &err), ERR_OK);
    ck_assert_int_eq(run_some(run, tiny.corpus, 0, &err), ERR_INVALID);
    ck_assert_msg(strstr(err.msg, "made with mmx") && strstr(err.msg, kern_get()->isa), "%s",
                  err.msg);
    (void)json_object_del(state, "isa");
    ck_assert_int_eq(json_write_file(path, state, &err), ERR_OK);
    ck_assert_int_eq(run_some(run, tiny.corpus, 0, &err), ERR_INVALID);
    ck_assert_ptr_nonnull(strstr(err.msg, "unknown ISA"));
    (void)json_object_set_new(state, "isa", json_string(kern_get()->isa));
    ck_assert_int_eq(json_write_file(path, state, &err), ERR_OK);
    run_whole(run, tiny.corpus);
    json_decref(state);
}
END_TEST

START_TEST(an_f32_state_without_an_isa_is_taken_up)
{
    Err err;
    char run[FSX_PATH_BYTES], whole[FSX_PATH_BYTES], path[FSX_PATH_BYTES];
    json_t *state = NULL;
    run_whole(tiny_run(&tiny, "whole", "llama", NULL, NULL, whole), tiny.corpus);
    (void)tiny_run(&tiny, "a", "llama", NULL, NULL, run);
    ck_assert_int_eq(run_some(run, tiny.corpus, 7, &err), ERR_INTERRUPTED);
    ck_assert_int_eq(fsx_join(path, run, "state/step-00000007/state.json", &err), ERR_OK);
    ck_assert_int_eq(json_read_file(path, &state, &err), ERR_OK);
    unseal(state);
    ck_assert_int_eq(json_object_del(state, "isa"), 0);
    ck_assert_int_eq(json_write_file(path, state, &err), ERR_OK);
    run_whole(run, tiny.corpus);
    json_t *e = tiny_events(run, 1);
    ck_assert_int_eq(number(tiny_event(e, "hello", 0), "resumed_step"), 7);
    ck_assert_int_eq(tiny_same_checkpoints(whole, run), TINY_CHECKPOINTS);
    json_decref(e);
    json_decref(state);
}
END_TEST

typedef struct Refusal {
    const char *from, *to;
    const char *reason; /* a part of the message */
} Refusal;

static const Refusal refusals[] = {
    {"'precision':'f32'", "'precision':'f16'", "f32 or bf16"},
    {"'threads':1", "'threads':0", "threads"},
    {"'vocabulary':256", "'vocabulary':200", "vocabulary"},
    {"'tokens':3072", "'tokens':30720000", "epoch"},
    {"'sequence':32,'batch':128", "'sequence':800,'batch':800", "validation part has 700"},
    {"'count':4", "'count':40", "checkpoints do not fit"},
    {"'heads':2", "'heads':3", "heads"},
    {"'schema':1", "'schema':9", "schema"},
    {"'seed':1", "'run':'00','seed':1", "digest of this configuration"},
};

START_TEST(what_can_never_run_is_a_configuration_error)
{
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        const Refusal *r = &refusals[i];
        Err err;
        char run[FSX_PATH_BYTES], name[32];
        (void)snprintf(name, sizeof name, "r%zu", i);
        int status =
            status_of(tiny_run(&tiny, name, "llama", r->from, r->to, run), tiny.corpus, 0, &err);
        ck_assert_msg(status == EXIT_BAD_CONFIG, "%s: %s", r->to, err.msg);
        ck_assert_msg(strstr(err.msg, r->reason) != NULL, "%s: %s", r->to, err.msg);
        if (tiny_attempts(run) > 0) { /* the configuration could be read: it says why */
            json_t *e = tiny_events(run, 0);
            ck_assert_str_eq(text(tiny_event(e, "bye", 0), "status"), "failed");
            ck_assert_str_eq(text(tiny_event(e, "bye", 0), "reason"), err.msg);
            json_decref(e);
        }
    }
}
END_TEST

START_TEST(missing_things_and_other_corpora_are_refused)
{
    Err err;
    char run[FSX_PATH_BYTES], other[FSX_PATH_BYTES], done[FSX_PATH_BYTES];
    ck_assert_int_eq(status_of("/no/such/run", tiny.corpus, 0, &err), EXIT_BAD_CONFIG);
    ck_assert_int_eq(status_of(tiny.dir.path, tiny.corpus, 0, &err), EXIT_BAD_CONFIG);
    (void)tiny_run(&tiny, "a", "llama", NULL, NULL, run);
    ck_assert_int_eq(status_of(run, "/no/such/corpus", 0, &err), EXIT_BAD_CONFIG);
    ck_assert_int_eq(run_some(run, tiny.corpus, 3, &err), ERR_INTERRUPTED);
    tiny_other_corpus(&tiny, other);
    ck_assert_int_eq(status_of(run, other, 0, &err), EXIT_BAD_CONFIG);
    ck_assert_ptr_nonnull(strstr(err.msg, "another corpus"));
    run_whole(tiny_run(&tiny, "b", "llama", NULL, NULL, done),
              tiny.corpus); /* also when it is done */
    ck_assert_int_eq(status_of(done, other, 0, &err), EXIT_BAD_CONFIG);
    (void)tiny_run(&tiny, "a", "llama", "'seed':1", "'seed':2", run); /* another run's state */
    ck_assert_int_eq(status_of(run, tiny.corpus, 0, &err), EXIT_BAD_CONFIG);
    ck_assert_ptr_nonnull(strstr(err.msg, "another configuration"));
}
END_TEST

START_TEST(a_run_that_diverges_says_so)
{
    static const char *const to[] = {"'lr':1e30", "'lr':30"}; /* NaN, and a loss above its bound */
    for (size_t i = 0; i < 2; i++) {
        Err err;
        char run[FSX_PATH_BYTES], name[16];
        (void)snprintf(name, sizeof name, "d%zu", i);
        (void)tiny_run(&tiny, name, "llama", "'lr':0.01", to[i], run);
        for (int attempt = 0; attempt < 2; attempt++) { /* a second try ends in the same way */
            int status = status_of(run, tiny.corpus, 0, &err);
            ck_assert_msg(status == EXIT_DIVERGED, "%s", err.msg);
            json_t *e = tiny_events(run, attempt);
            const json_t *bye = tiny_event(e, "bye", -1), *last = tiny_event(e, "step", -1);
            ck_assert_str_eq(text(bye, "status"), "diverged");
            if (last) { /* without one, the validation of a checkpoint found it */
                ck_assert_int_le(number(last, "step"), number(bye, "step"));
            }
            ck_assert_ptr_nonnull(strstr(text(bye, "reason"), "diverged at step"));
            json_decref(e);
        }
    }
}
END_TEST

START_TEST(a_disk_that_refuses_is_an_io_error)
{
    Err err;
    char run[FSX_PATH_BYTES], state[FSX_PATH_BYTES];
    (void)tiny_run(&tiny, "a", "llama", NULL, NULL, run);
    ck_assert_int_eq(fsx_join(state, run, "state", &err), ERR_OK);
    ck_assert_int_eq(symlink("/proc/none", state), 0);
    int status = status_of(run, tiny.corpus, 0, &err);
    ck_assert_msg(status == EXIT_IO, "%s", err.msg);
    json_t *e = tiny_events(run, 0);
    ck_assert_str_eq(text(tiny_event(e, "bye", -1), "status"), "failed");
    json_decref(e);
}
END_TEST

START_TEST(statuses_are_the_documented_ones)
{
    ck_assert_int_eq(loop_exit_status(&(Err){.code = ERR_OK}), 0);
    ck_assert_int_eq(loop_exit_status(&(Err){.code = ERR_USAGE}), 2);
    ck_assert_int_eq(loop_exit_status(&(Err){.code = ERR_IO}), 74);
    ck_assert_int_eq(loop_exit_status(&(Err){.code = ERR_INTERRUPTED}), 75);
    ck_assert_int_eq(loop_exit_status(&(Err){.code = ERR_INVALID}), 78);
    ck_assert_int_eq(loop_exit_status(&(Err){.code = ERR_FORMAT}), 78);
    ck_assert_int_eq(loop_exit_status(&(Err){.code = ERR_NOTFOUND}), 78);
    ck_assert_int_eq(loop_exit_status(&(Err){.code = ERR_NUMERIC}), 79);
}
END_TEST

int main(void)
{
    return test_main(
        (TestPlan){.name = "loop", .set_up = tiny_set_up, .tear_down = tiny_tear_down});
}

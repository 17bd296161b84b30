#include "orchestrator/plan/plan.h"

#include <math.h>
#include <string.h>

#include "answer/render.h"
#include "common/fsx.h"
#include "common/json.h"
#include "orchestrator/plan/why.h"
#include "tests/support/check_close.h"
#include "tests/support/suite.h"
#include "tests/support/tmpdir.h"

static const char text[] = "version: 1\n"
                           "study: demo\n"
                           "matrix: {architecture: [llama, tnl], size: [a]}\n"
                           "sizes: {a: {layers: 2, width: 32, heads: 2, mlp: 80}}\n"
                           "training: {tokens: 1000, sequence: 8, batch: 64,\n"
                           "           optimizer: {adamw: {lr: 1e-3}},\n"
                           "           schedule: {constant: {warmup: 2}}}\n"
                           "corpus: {validation: 1200}\n"
                           "checkpoints: {count: 4, first: 64}\n"
                           "execution: {workers: 2}\n";

static TmpDir tmp;
static Study *study;
static Arena arena;

static void open_study(void)
{
    tmp = tmpdir_open();
    Err err = ERR_INIT;
    Buf problems = BUF_INIT;
    ck_assert_msg(study_open(tmpdir_write(&tmp, "s.yaml", text), &study, &problems, &err) == ERR_OK,
                  "%s\n%s", err.msg, buf_str(&problems));
    arena = ARENA_INIT;
    buf_release(&problems);
}

static void close_study(void)
{
    arena_release(&arena);
    study_close(study);
    tmpdir_close(&tmp);
}

static PlanGiven given_at(double speed)
{
    static PlanCost cost[8];
    for (size_t i = 0; i < study->n_runs; i++) {
        cost[i] = isnan(speed) ? PLAN_COST_UNKNOWN : plan_cost_at(&study->runs[i], speed);
    }
    return (PlanGiven){.cost = cost, .workers = 2};
}

static Plan planned(double speed)
{
    PlanGiven given = given_at(speed);
    Plan p;
    Err err = ERR_INIT;
    ck_assert_msg(plan_make(study, tmp.path, &given, &arena, &p, &err) == ERR_OK, "%s", err.msg);
    return p;
}

/* The plan as JSON, read back; what is flushed on the way comes to the same. */
static void keep_piece(void *ctx, Buf *piece)
{
    buf_add(ctx, buf_str(piece), piece->len);
    buf_clear(piece);
}

static json_t *object_of(const Plan *p)
{
    Buf out = BUF_INIT, whole = BUF_INIT;
    Err err = ERR_INIT;
    Answer a = ANSWER_INIT;
    PlanRows rows;
    json_error_t why;
    const AnswerStyle style = {.flush = keep_piece, .flush_ctx = &whole};
    plan_answer(p, study, PLAN_COSTS, answer_top(&a), &rows);
    ck_assert_msg(answer_render(&a, FORMAT_JSON, &style, &out, &err) == ERR_OK, "%s", err.msg);
    keep_piece(&whole, &out);
    json_t *v = json_loadb(buf_str(&whole), whole.len, JSON_REJECT_DUPLICATES, &why);
    ck_assert_msg(v != NULL, "%s\n%s", why.text, buf_str(&whole));
    json_t *slow = answer_json(answer_top(&a)); /* row by row as objects */
    Buf as_text = BUF_INIT, as_tree = BUF_INIT;
    json_canonical(v, &as_text);
    json_canonical(slow, &as_tree);
    ck_assert_str_eq(buf_str(&as_text), buf_str(&as_tree));
    json_decref(slow);
    buf_release(&as_text);
    buf_release(&as_tree);
    plan_rows_release(&rows);
    answer_release(&a);
    buf_release(&out);
    buf_release(&whole);
    return v;
}

/* status.json of a run: `json` with its identity put in. */
static void write_status(size_t run, const char *json)
{
    Buf out = BUF_INIT;
    char hash[SHA256_HEX_BYTES];
    run_spec_hash(&study->runs[run], hash);
    buf_printf(&out, "{\"run\":\"%s\",%s", hash, json + 1);
    Err err = ERR_INIT;
    char path[FSX_PATH_BYTES], dir[RUN_DIR_BYTES];
    run_spec_dir(&study->runs[run], dir);
    ck_assert_int_eq(fsx_join(path, tmp.path, dir, &err), ERR_OK);
    ck_assert_msg(fsx_mkdirs(path, &err) == ERR_OK, "%s", err.msg);
    ck_assert_int_eq(fsx_path(path, &err, "%s/%s/status.json", tmp.path, dir), ERR_OK);
    ck_assert_int_eq(fsx_replace(path, buf_str(&out), out.len, &err), ERR_OK);
    buf_release(&out);
}

START_TEST(costs_are_those_of_the_formulas)
{
    Plan p = planned(1e6);
    ck_assert_uint_eq(p.n_cells, 2);
    ck_assert_uint_eq(p.n_todo, 2);
    /* LLaMA: N = l(4d^2 + 3dg) + (2l + 1)d = 2 (4096 + 7680) + 5 * 32 = 23712 */
    const PlanCell *c = &p.cells[0];
    ck_assert_int_eq(c->run->model->params, 23712);
    ck_assert_int_eq(c->run->model->params_total, 23712 + 256 * 32);
    ck_assert_int_eq(run_spec_tokens(c->run), 16 * 64); /* 1000 tokens are 15.6 steps */
    ck_assert(plan_flops_per_token(c->run).six_nd == 6.0 * 23712);
    ck_assert(plan_flops_per_step(c->run).six_nd == 6.0 * 23712 * 64);
    ck_assert(plan_flops_total(c->run).six_nd == 6.0 * 23712 * 1024);
    /* all stored tensors are parameters here: 4 checkpoints of 4 bytes, 2 states of 12 */
    ck_assert_int_eq(plan_disk_bytes(c->run), (23712 + 8192) * (4 * 4 + 2 * 12));
    /* F = 3 l (8d^2 + 6dg + 2d(n+1) + 1.5h(n+1)) + 6dV, over 1e6 FLOP/s and 1024 tokens, and a
     * third of it for each of 4 x 1200 tokens scored */
    double f = 3 * 2 * (8192 + 15360 + 64 * 9 + 3 * 9) + 6.0 * 32 * 256;
    double want = f * (1024 + 4 * 1200 / 3) / 1e6;
    check_close_f64("seconds", 1, &c->seconds, &want, 0.0, 1e-12); /* a handful of roundings */
    ck_assert_int_eq(p.checkpoints, 8);
    ck_assert_int_eq(p.tokens, 2048);
    ck_assert(p.seconds == fmax(p.cells[0].seconds, p.cells[1].seconds)); /* two workers */
}
END_TEST

START_TEST(without_a_speed_times_are_unknown)
{
    Plan p = planned((double)NAN);
    ck_assert(isnan(p.seconds) && isnan(p.cells[0].seconds));
    json_t *j = object_of(&p);
    ck_assert(json_is_null(json_object_get(j, "seconds")));
    json_decref(j);
}
END_TEST

START_TEST(every_run_says_why)
{
    write_status(0, "{\"schema\":1,\"state\":\"running\",\"reason\":null,\"step\":8,\"steps\":16}");
    write_status(1, "{\"schema\":1,\"state\":\"done\",\"step\":16,\"steps\":16}");
    Plan p = planned(1e6);
    ck_assert_str_eq(p.cells[0].why, "would resume from step 8");
    ck_assert_str_eq(p.cells[0].state, "running");
    ck_assert_str_eq(p.cells[1].why, "done");
    ck_assert(p.cells[1].seconds == 0.0);
    ck_assert_uint_eq(p.n_todo, 1);
    double half = planned(1e6).cells[0].seconds;
    write_status(0, "{\"schema\":1,\"state\":\"waiting\",\"step\":0}");
    p = planned(1e6);
    /* checkpoints at steps 1, 3, 6 and 16: of 16 steps 8 are left, of 4 evaluations 1 */
    double part = (8 * 64 + 400.0) / (16 * 64 + 1600.0);
    double want = part * p.cells[0].seconds;
    check_close_f64("seconds of a half", 1, &half, &want, 0.0, 1e-12); /* a few roundings */
    write_status(0, "{\"schema\":1,\"state\":\"failed\",\"reason\":\"signal 9\",\"step\":0}");
    p = planned(1e6);
    ck_assert_ptr_nonnull(strstr(p.cells[0].why, "failed: signal 9"));
    ck_assert_uint_eq(p.n_todo, 0);
    ck_assert(p.seconds == 0.0);
}
END_TEST

/* It is a note that the next `slaw run` makes again. */
START_TEST(a_damaged_status_counts_as_none)
{
    static const char *const damaged[] = {
        "{\"schema\":1,",          "{\"schema\":1}", "[]", "{", "{\"state\":\"done\",\"step\":-1}",
        "{\"state\":1,\"step\":1}"};
    for (size_t i = 0; i < sizeof damaged / sizeof damaged[0]; i++) {
        write_status(0, damaged[i]);
        Plan p = planned(1e6);
        ck_assert_str_eq(p.cells[0].state, "new");
        ck_assert_uint_eq(p.n_todo, 2);
        ck_assert_uint_eq(p.n_retired, 0);
    }
}
END_TEST

/* ---- why ----------------------------------------------------------------------------------- */

static const char *why_text(const PastRun *p)
{
    Why w;
    Err err = ERR_INIT;
    ck_assert_int_eq(why_of(p, &arena, &w, &err), ERR_OK);
    return w.text;
}

START_TEST(every_state_has_its_sentence)
{
    PastRun p = {.name = "x", .dir = "runs/x-0", .state = "waiting", .newest_attempt = -1};
    ck_assert_str_eq(why_text(NULL), "would run: new");
    ck_assert_str_eq(why_text(&p), "would run: new"); /* known to the catalog, never started */
    p.attempts = 3;
    p.newest_attempt = 2;
    p.reason = "killed by signal 9";
    ck_assert_str_eq(why_text(&p), "would run again, nothing was kept: killed by signal 9");
    p.step = 40;
    ck_assert_str_eq(why_text(&p), "would resume from step 40: killed by signal 9");
    p.state = "running";
    p.by = "process 12 on alba";
    ck_assert_str_eq(why_text(&p),
                     "running by process 12 on alba, attempt 2, checkpoint at step 40");
    p.state = "failed";
    ck_assert_str_eq(why_text(&p),
                     "failed: killed by signal 9 (attempt 2, runs/x-0/attempt-002/stderr.log); "
                     "`slaw retry` would run it again");
    p.state = "diverged";
    ck_assert_str_eq(why_text(&p), "diverged: killed by signal 9 (attempt 2, "
                                   "runs/x-0/attempt-002/stderr.log); it would do so again");
    p.reason = "diverged at step 2: loss is inf"; /* said once */
    ck_assert_int_eq(strncmp(why_text(&p), "diverged at step 2: loss is inf (attempt 2", 42), 0);
    p.state = "retired";
    ck_assert_str_eq(why_text(&p), "would run: back in the study file, from step 40");
    p.state = "done";
    ck_assert_str_eq(why_text(&p), "done");
    p.lost = 2;
    ck_assert_str_eq(why_text(&p),
                     "done, but 2 checkpoints are missing or corrupt: would be made again");
}
END_TEST

START_TEST(differences_name_the_settings_of_the_identity)
{
    json_t *a = NULL, *b = NULL;
    Err err = ERR_INIT;
    Buf out = BUF_INIT;
    ck_assert_int_eq(study_run_json(study, 0, &a, &err), ERR_OK);
    b = json_deep_copy(a);
    ck_assert_uint_eq(why_differences(a, b, &out), 0);
    json_t *training = json_object_get(b, "training");
    (void)json_object_set_new(json_object_get(b, "checkpoints"), "keep", json_string("last"));
    (void)json_object_set_new(b, "threads", json_integer(7));
    ck_assert_uint_eq(why_differences(a, b, &out), 0); /* they change no number */
    (void)json_object_set_new(json_object_get(json_object_get(training, "optimizer"), "adamw"),
                              "lr", json_real(0.125));
    (void)json_object_set_new(b, "seed", json_integer(7));
    (void)json_object_set_new(training, "schedule", json_pack("{s:{s:i}}", "cosine", "warmup", 5));
    ck_assert_uint_eq(why_differences(a, b, &out), 4);
    ck_assert_ptr_nonnull(strstr(buf_str(&out), "training.optimizer.adamw.lr: 0.001 -> 0.125"));
    ck_assert_ptr_nonnull(strstr(buf_str(&out), "seed: 1 -> 7"));
    ck_assert_ptr_nonnull(strstr(buf_str(&out), "training.schedule.constant.warmup: 2 -> (none)"));
    ck_assert_ptr_nonnull(strstr(buf_str(&out), "training.schedule.cosine.warmup: (none) -> 5"));
    json_decref(a);
    json_decref(b);
    buf_release(&out);
}
END_TEST

/* A run with another learning rate is there, done, as is one of another size's name. */
START_TEST(a_changed_setting_is_named_with_both_values)
{
    json_t *config = NULL;
    char hash[SHA256_HEX_BYTES], dir[RUN_DIR_BYTES], status[256];
    Err err = ERR_INIT;
    ck_assert_int_eq(study_run_json(study, 1, &config, &err), ERR_OK);
    (void)json_object_set_new(
        json_object_get(json_object_get(json_object_get(config, "training"), "optimizer"), "adamw"),
        "lr", json_real(0.125));
    ck_assert_int_eq(run_config_identity(config, hash, &err), ERR_OK);
    (void)json_object_set_new(config, "run", json_string(hash));
    (void)snprintf(dir, sizeof dir, "runs/%s-%.12s", study->runs[1].name, hash);
    (void)snprintf(status, sizeof status,
                   "{\"schema\":1,\"run\":\"%s\",\"state\":\"done\",\"step\":16,\"attempts\":1}",
                   hash);
    char path[FSX_PATH_BYTES];
    ck_assert_int_eq(fsx_join(path, tmp.path, dir, &err), ERR_OK);
    ck_assert_int_eq(fsx_mkdirs(path, &err), ERR_OK);
    ck_assert_int_eq(fsx_path(path, &err, "%s/%s/config.json", tmp.path, dir), ERR_OK);
    ck_assert_int_eq(json_write_file(path, config, &err), ERR_OK);
    ck_assert_int_eq(fsx_path(path, &err, "%s/%s/status.json", tmp.path, dir), ERR_OK);
    ck_assert_int_eq(fsx_replace(path, status, strlen(status), &err), ERR_OK);
    Plan p = planned(1e6);
    char want[512];
    ck_assert_str_eq(p.cells[0].why, "would run: new");
    (void)snprintf(want, sizeof want,
                   "would run: new; %s differs in training.optimizer.adamw.lr: 0.125 -> 0.001",
                   dir);
    ck_assert_str_eq(p.cells[1].why, want);
    ck_assert_uint_eq(p.n_retired, 1);
    (void)snprintf(want, sizeof want,
                   "not in the study file any more; its files stay; %s takes its place: "
                   "training.optimizer.adamw.lr: 0.125 -> 0.001",
                   study->runs[1].name);
    ck_assert_str_eq(p.retired[0].why, want);
    json_t *j = object_of(&p);
    const json_t *old = json_array_get(json_object_get(j, "retired"), 0);
    ck_assert_str_eq(json_string_value(json_object_get(old, "id")), hash);
    ck_assert_str_eq(json_string_value(json_object_get(old, "dir")), dir);
    ck_assert_str_eq(json_string_value(json_object_get(old, "state")), "done");
    ck_assert_str_eq(json_string_value(json_object_get(old, "why")), want);
    json_decref(j);
    json_decref(config);
}
END_TEST

/* Every field of every cell against the plan's own numbers: the text is put together by hand. */
START_TEST(json_says_what_the_plan_says)
{
    Plan p = planned(1e6);
    json_t *j = object_of(&p);
    for (size_t i = 0; i < p.n_cells; i++) {
        const PlanCell *c = &p.cells[i];
        const RunSpec *r = c->run;
        const json_t *v = json_array_get(json_object_get(j, "cells"), i);
        char hash[SHA256_HEX_BYTES], dir[RUN_DIR_BYTES];
        json_t *axes = NULL;
        Err err = ERR_INIT;
        run_spec_hash(r, hash);
        run_spec_dir(r, dir);
        ck_assert_int_eq(study_run_axes(study, i, &axes, &err), ERR_OK);
        PlanFlops a = plan_flops_per_token(r), b = plan_flops_per_step(r), t = plan_flops_total(r);
        json_t *want = json_pack(
            "{s:s,s:s,s:s,s:I,s:I,s:I,s:I,s:{s:f,s:f,s:f},s:{s:f,s:f,s:f},s:i,s:s,s:s,s:o,"
            "s:I,s:I,s:{s:f,s:f,s:f},s:f,s:I,s:n,s:f,s:b,s:s,s:s}",
            "run", r->name, "architecture", r->model->shape.arch->name, "size", r->model->size,
            "seed", (json_int_t)r->seed, "N", (json_int_t)r->model->params, "N_total",
            (json_int_t)r->model->params_total, "D", (json_int_t)run_spec_tokens(r),
            "flops_per_token", "6nd", a.six_nd, "exact", a.exact, "paper", a.paper,
            "flops_per_step", "6nd", b.six_nd, "exact", b.exact, "paper", b.paper, "checkpoints",
            r->checkpoints, "id", hash, "dir", dir, "axes", axes, "steps", (json_int_t)r->steps,
            "batch", (json_int_t)r->batch_tokens, "flops_total", "6nd", t.six_nd, "exact", t.exact,
            "paper", t.paper, "flops_per_token_head", r->model->flops_head, "disk_bytes",
            (json_int_t)plan_disk_bytes(r), "memory_bytes", "seconds", c->seconds, "measured", 0,
            "state", c->state, "why", c->why);
        Buf got_text = BUF_INIT, want_text = BUF_INIT;
        json_line(v, &got_text); /* the order of the members, too */
        json_line(want, &want_text);
        ck_assert_str_eq(buf_str(&got_text), buf_str(&want_text));
        buf_release(&got_text);
        buf_release(&want_text);
        json_decref(want);
    }
    json_decref(j);
}
END_TEST

/* By heap and by runs of equal jobs: against the rule said plainly. */
START_TEST(the_makespan_is_that_of_the_plain_rule)
{
    enum { N = 500, W = 7 };
    double seconds[N], sorted[N], busy[W] = {0.0}, want = 0.0;
    uint32_t x = 1;
    for (size_t i = 0; i < N; i++) {
        x = x * 1664525U + 1013904223U;
        sorted[i] = seconds[i] = (double)(x >> 28); /* 0 to 15: many are equal */
    }
    for (size_t i = 1; i < N; i++) {
        for (size_t k = i; k > 0 && sorted[k] > sorted[k - 1]; k--) {
            double t = sorted[k];
            sorted[k] = sorted[k - 1];
            sorted[k - 1] = t;
        }
    }
    for (size_t i = 0; i < N; i++) {
        size_t least = 0;
        for (size_t k = 1; k < W; k++) {
            least = busy[k] < busy[least] ? k : least;
        }
        busy[least] += sorted[i];
        want = busy[least] > want ? busy[least] : want;
    }
    ck_assert(plan_makespan(seconds, N, W, &arena) == want); /* sums of small whole numbers */
    seconds[3] = (double)NAN;
    ck_assert(isnan(plan_makespan(seconds, N, W, &arena)));
}
END_TEST

START_TEST(the_longest_goes_first)
{
    const double s[] = {1, 5, 2, 4, 3};
    ck_assert(plan_makespan(s, 5, 1, &arena) == 15);
    ck_assert(plan_makespan(s, 5, 2, &arena) == 8); /* 5 2 1 | 4 3 */
    ck_assert(plan_makespan(s, 5, 99, &arena) == 5);
    ck_assert(plan_makespan(s, 0, 2, &arena) == 0);
}
END_TEST

START_TEST(memory_is_that_of_the_largest_at_a_time)
{
    const PlanCost cost[] = {{.memory_bytes = 30000000}, {.memory_bytes = 50000000}};
    PlanGiven given = {.cost = cost, .workers = 1, .corpus_bytes = 2000000};
    Plan p;
    Err err = ERR_INIT;
    ck_assert_int_eq(plan_make(study, tmp.path, &given, &arena, &p, &err), ERR_OK);
    /* 16 steps of 8 sequences of 8 bytes: 128 times 64 KiB and more; the corpus is less */
    ck_assert_int_eq(p.cells[0].memory_bytes, 32000000);
    ck_assert_int_eq(p.worker_bytes, 52000000);
    ck_assert_int_eq(p.memory_bytes, 52000000);
    given.workers = 5;
    ck_assert_int_eq(plan_make(study, tmp.path, &given, &arena, &p, &err), ERR_OK);
    ck_assert_int_eq(p.memory_bytes, 82000000); /* both, and the corpus once */
    given.corpus_bytes = 1000000000;
    ck_assert_int_eq(plan_make(study, tmp.path, &given, &arena, &p, &err), ERR_OK);
    ck_assert_int_eq(p.cells[0].corpus_bytes, 128 * (65536 + 8));
    write_status(1, "{\"schema\":1,\"state\":\"done\",\"step\":16}");
    ck_assert_int_eq(plan_make(study, tmp.path, &given, &arena, &p, &err), ERR_OK);
    ck_assert_int_eq(p.memory_bytes, 30000000 + 128 * (65536 + 8));
    json_t *j = object_of(&p);
    ck_assert_int_eq(json_integer_value(json_object_get(j, "memory_bytes")), p.memory_bytes);
    json_decref(j);
}
END_TEST

START_TEST(too_little_memory_is_told)
{
    const Plan p = {.worker_bytes = 3000000000, .memory_bytes = 8000000000};
    Err err = ERR_INIT;
    bool warns = true;
    ck_assert_int_eq(plan_check_memory(&p, 4, (MachineMemory){0}, &warns, &err), ERR_OK);
    ck_assert(!warns); /* the kernel does not say */
    MachineMemory m = {.total_bytes = 8000000000};
    ck_assert_int_eq(plan_check_memory(&p, 4, m, &warns, &err), ERR_OK);
    ck_assert(!warns);
    m.total_bytes = 5000000000;
    ck_assert_int_eq(plan_check_memory(&p, 4, m, &warns, &err), ERR_OK);
    ck_assert(warns);
    ck_assert_ptr_nonnull(strstr(err.msg, "4 workers need up to 8.00 GB"));
    ck_assert_ptr_nonnull(strstr(err.hint, "fewer workers: 2 fit"));
    m.total_bytes = 2999999999;
    ck_assert_int_eq(plan_check_memory(&p, 4, m, &warns, &err), ERR_UNAVAILABLE);
    ck_assert_ptr_nonnull(strstr(err.msg, "3.00 GB"));
}
END_TEST

START_TEST(the_corpus_is_that_of_the_study_or_its_texts)
{
    Err err = ERR_INIT;
    const char *texts[] = {"a*.txt", "b.txt", "none*"};
    ck_assert_int_gt(plan_corpus_bytes(study, tmp.path), 20000000); /* the default text */
    study->corpus_text = texts;
    study->n_corpus_text = 3;
    (void)tmpdir_write(&tmp, "a1.txt", "1234");
    (void)tmpdir_write(&tmp, "a2.txt", "12345");
    (void)tmpdir_write(&tmp, "b.txt", "123456");
    (void)tmpdir_write(&tmp, "c.txt", "1234567");
    ck_assert_int_eq(plan_corpus_bytes(study, tmp.path), 4 + 5 + 6);
    char path[FSX_PATH_BYTES];
    ck_assert_int_eq(fsx_join(path, tmp.path, "corpus", &err), ERR_OK);
    ck_assert_int_eq(fsx_mkdirs(path, &err), ERR_OK);
    (void)tmpdir_write(&tmp, "corpus/train.tokens", "12345");
    (void)tmpdir_write(&tmp, "corpus/validation.tokens", "678");
    ck_assert_int_eq(plan_corpus_bytes(study, tmp.path), 8);
}
END_TEST

START_TEST(what_was_measured_is_added_up)
{
    /* 16 steps of 64 tokens at 1000 a second and 0.5 s of update, 4 checkpoints of 1200 tokens
     * scored at 3000 a second and written in 2 s */
    const PlanCost one = {.tokens_per_s = 1000, .scored_per_s = 3000, .update_s = 0.5};
    const PlanCost cost[] = {one, one};
    PlanGiven given = {.cost = cost, .workers = 1, .checkpoint_s = 2};
    Plan p;
    Err err = ERR_INIT;
    ck_assert_int_eq(plan_make(study, tmp.path, &given, &arena, &p, &err), ERR_OK);
    double want = 16 * 0.064 + 16 * 0.5 + 4 * 0.4 + 4 * 2, both = 2 * want;
    check_close_f64("seconds", 1, &p.cells[0].seconds, &want, 0.0, 1e-12); /* a few roundings */
    check_close_f64("of both", 1, &p.seconds, &both, 0.0, 1e-12);
    given.checkpoint_s_a_byte = 1e-6; /* of 16 bytes an element */
    ck_assert_int_eq(plan_make(study, tmp.path, &given, &arena, &p, &err), ERR_OK);
    want += 4 * 1e-6 * 16 * (23712 + 8192);
    check_close_f64("with bytes", 1, &p.cells[0].seconds, &want, 0.0, 1e-12);
}
END_TEST

START_TEST(json_has_the_fields_of_the_contract)
{
    static const char *const top[] = {"schema", "study",      "runs",    "checkpoints", "tokens",
                                      "flops",  "disk_bytes", "seconds", "cells"};
    static const char *const cell[] = {
        "run", "architecture",    "size",           "N",           "N_total",
        "D",   "flops_per_token", "flops_per_step", "checkpoints", "state",
        "why"};
    Plan p = planned(1e6);
    json_t *j = object_of(&p);
    for (size_t i = 0; i < sizeof top / sizeof top[0]; i++) {
        ck_assert_msg(json_object_get(j, top[i]) != NULL, "no %s", top[i]);
    }
    const json_t *c = json_array_get(json_object_get(j, "cells"), 0);
    for (size_t i = 0; i < sizeof cell / sizeof cell[0]; i++) {
        ck_assert_msg(json_object_get(c, cell[i]) != NULL, "no cells[].%s", cell[i]);
    }
    const json_t *f = json_object_get(c, "flops_per_step");
    ck_assert(json_object_get(f, "6nd") && json_object_get(f, "exact") &&
              json_object_get(f, "paper"));
    json_decref(j);
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "plan", .set_up = open_study, .tear_down = close_study});
}

#include "orchestrator/plan/plan.h"

#include <math.h>
#include <string.h>

#include "common/fsx.h"
#include "common/json.h"
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

static void write_status(size_t run, const char *json)
{
    Err err = ERR_INIT;
    char path[FSX_PATH_BYTES], dir[RUN_DIR_BYTES];
    run_spec_dir(&study->runs[run], dir);
    ck_assert_int_eq(fsx_join(path, tmp.path, dir, &err), ERR_OK);
    ck_assert_msg(fsx_mkdirs(path, &err) == ERR_OK, "%s", err.msg);
    ck_assert_int_eq(fsx_path(path, &err, "%s/%s/status.json", tmp.path, dir), ERR_OK);
    ck_assert_int_eq(fsx_replace(path, json, strlen(json), &err), ERR_OK);
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
    ck_assert_int_eq(c->tokens, 16 * 64); /* 1000 tokens are 15.6 steps */
    ck_assert(c->flops_per_token.six_nd == 6.0 * 23712);
    ck_assert(c->flops_per_step.six_nd == 6.0 * 23712 * 64);
    ck_assert(c->flops_total.six_nd == 6.0 * 23712 * 1024);
    /* all stored tensors are parameters here: 4 checkpoints of 4 bytes, 2 states of 12 */
    ck_assert_int_eq(c->disk_bytes, (23712 + 8192) * (4 * 4 + 2 * 12));
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
    json_t *j = plan_json(&p, study);
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

START_TEST(a_damaged_status_counts_as_none)
{
    static const char *const damaged[] = {"{\"schema\":1,", "{\"schema\":1}", "[]",
                                          "{\"state\":\"done\",\"step\":-1}",
                                          "{\"state\":1,\"step\":1}"};
    for (size_t i = 0; i < sizeof damaged / sizeof damaged[0]; i++) {
        write_status(0, damaged[i]);
        Plan p = planned(1e6);
        ck_assert_str_eq(p.cells[0].state, "new");
        ck_assert_str_eq(p.cells[0].why, "would run: new");
        ck_assert_int_eq(p.cells[0].done_step, 0);
    }
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
    json_t *j = plan_json(&p, study);
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
    json_t *j = plan_json(&p, study);
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

static void fill(TCase *tc)
{
    tcase_add_checked_fixture(tc, open_study, close_study);
    tcase_add_test(tc, costs_are_those_of_the_formulas);
    tcase_add_test(tc, without_a_speed_times_are_unknown);
    tcase_add_test(tc, every_run_says_why);
    tcase_add_test(tc, a_damaged_status_counts_as_none);
    tcase_add_test(tc, the_longest_goes_first);
    tcase_add_test(tc, memory_is_that_of_the_largest_at_a_time);
    tcase_add_test(tc, too_little_memory_is_told);
    tcase_add_test(tc, the_corpus_is_that_of_the_study_or_its_texts);
    tcase_add_test(tc, what_was_measured_is_added_up);
    tcase_add_test(tc, json_has_the_fields_of_the_contract);
}

int main(void)
{
    return suite_main("plan", fill);
}

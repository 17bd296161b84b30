/* Sums and order of view.c on runs whose work and speed are round numbers. */
#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "orchestrator/sched/view.h"
#include "tests/support/suite.h"

static RunSpec spec[3];
static SchedRun run[3];

/* Run i has (i + 1) * 100 steps of 1e6 FLOP and 10 tokens each. */
static void setup(void)
{
    for (int i = 0; i < 3; i++) {
        spec[i] = (RunSpec){.steps = (i + 1) * 100, .batch_tokens = 10};
        run[i] = (SchedRun){.spec = &spec[i], .flops_per_step = 1e6, .tokens_per_s = (double)NAN};
    }
}

START_TEST(work_is_counted_in_flops_and_settled_runs_are_over)
{
    run[0].state = CATALOG_RUN_FAILED;
    run[1].state = CATALOG_RUN_RUNNING;
    run[1].step = 50;
    SchedView v = view_of(run, 3, 2, 1.0);
    ck_assert_double_eq(v.flops_total, 600e6);
    ck_assert_double_eq(v.flops_done, 150e6);
    ck_assert_int_eq(v.by_state[CATALOG_RUN_WAITING], 1);
    ck_assert(isnan(v.eta_s)); /* no speed is known */
}
END_TEST

/* 20 tokens/s are 2 steps/s, 2e6 FLOP/s.  Left: 100 + 150 + 300 steps on two workers at
 * 2 steps/s each: 550 / 4 = 137.5 s, but the longest run alone needs 150 s. */
START_TEST(time_left_is_work_over_speed_and_never_less_than_the_longest_run)
{
    run[1].state = CATALOG_RUN_RUNNING;
    run[1].step = 50;
    run[1].tokens_per_s = 20.0;
    ck_assert_double_eq(view_of(run, 3, 2, 1.0).eta_s, 150.0);
    ck_assert_double_eq(view_of(run, 3, 1, 1.0).eta_s, 275.0);
    for (int i = 0; i < 3; i++) {
        run[i].state = CATALOG_RUN_DONE;
    }
    ck_assert_double_eq(view_of(run, 3, 2, 1.0).eta_s, 0.0);
}
END_TEST

START_TEST(the_longest_comes_first_by_what_is_left)
{
    size_t index[3];
    view_longest_first(run, 3, index);
    ck_assert_uint_eq(index[0], 2);
    ck_assert_uint_eq(index[2], 0);
    run[2].step = 250; /* 50 steps are left of it */
    view_longest_first(run, 3, index);
    ck_assert_uint_eq(index[0], 1);
    ck_assert_uint_eq(index[2], 2);
    run[2].step = 200; /* as many as run 0: the study's order decides */
    view_longest_first(run, 3, index);
    ck_assert_uint_eq(index[1], 0);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("view");
    TCase *t = tcase_create("view");
    tcase_add_checked_fixture(t, setup, NULL);
    tcase_add_test(t, work_is_counted_in_flops_and_settled_runs_are_over);
    tcase_add_test(t, time_left_is_work_over_speed_and_never_less_than_the_longest_run);
    tcase_add_test(t, the_longest_comes_first_by_what_is_left);
    suite_add_tcase(s, t);
    return suite_run(s);
}

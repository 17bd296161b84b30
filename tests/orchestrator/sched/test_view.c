/* The time that is left, on work and speeds that are round numbers. */
#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "orchestrator/sched/view.h"
#include "tests/support/suite.h"

START_TEST(without_a_speed_nothing_is_known)
{
    ViewWork w = {.left = 100e6, .flops_per_s = (double)NAN};
    ViewLeft v = {.live = &w, .n_live = 1, .workers = 2};
    ck_assert(isnan(view_eta_s(&v)));
    w.left = 0.0;
    ck_assert_double_eq(view_eta_s(&v), 0.0);
}
END_TEST

/* Left: 150 MFLOP of a run at 2 MFLOP/s, and two that wait, 100 and 300: on two workers
 * 550 / 4 = 137.5 s, but the longest run alone needs 150 s. */
START_TEST(time_left_is_work_over_speed_and_never_less_than_the_longest_run)
{
    ViewWork w = {.left = 150e6, .flops_per_s = 2e6};
    ViewLeft v = {
        .live = &w, .n_live = 1, .idle = 400e6, .longest_idle = 300e6, .n_idle = 2, .workers = 2};
    ck_assert_double_eq(view_eta_s(&v), 150.0);
    v.workers = 1;
    ck_assert_double_eq(view_eta_s(&v), 275.0);
}
END_TEST

START_TEST(a_run_without_a_speed_counts_with_the_others_average)
{
    ViewWork w[] = {{.left = 100e6, .flops_per_s = 1e6},
                    {.left = 600e6, .flops_per_s = (double)NAN}};
    ViewLeft v = {.live = w, .n_live = 2, .workers = 2};
    ck_assert_double_eq(view_eta_s(&v), 600.0);
    w[1].flops_per_s = 3e6; /* 200 s alone; together 700 / 4 */
    ck_assert_double_eq(view_eta_s(&v), 200.0);
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "view"});
}

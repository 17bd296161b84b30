#include <check.h>
#include <math.h>

#include "analysis/validate/levels.h"
#include "tests/support/suite.h"

START_TEST(values_within_five_percent_are_a_level)
{
    static const double x[] = {100.0, 10.0, 10.4, 1.0, 10.2, 101.0};
    Levels l;
    Err err = ERR_INIT;
    ck_assert_int_eq(levels_make(x, 6, &l, &err), ERR_OK);
    ck_assert_uint_eq(l.n, 3);
    ck_assert(!l.is_classes);
    static const size_t want[] = {2, 1, 1, 0, 1, 2};
    for (size_t i = 0; i < 6; i++) {
        ck_assert_uint_eq(l.of[i], want[i]);
    }
    ck_assert_double_eq(l.lo[1], 10.0);
    ck_assert_double_eq(l.hi[1], 10.4);
    ck_assert_uint_eq(l.count[1], 3);
    levels_release(&l);
}
END_TEST

START_TEST(values_without_steps_are_classes_even_in_logs)
{
    double x[200];
    Levels l;
    Err err = ERR_INIT;
    for (size_t i = 0; i < 200; i++) {
        x[i] = pow(10.0, 0.02 * (double)i); /* neighbours differ by 4.7 % */
    }
    ck_assert_int_eq(levels_make(x, 200, &l, &err), ERR_OK);
    ck_assert(l.is_classes);
    ck_assert_uint_eq(l.n, LEVELS_CLASSES);
    for (size_t i = 1; i < 200; i++) {
        ck_assert_uint_ge(l.of[i], l.of[i - 1]);
    }
    for (size_t k = 0; k < l.n; k++) {
        ck_assert_uint_ge(l.count[k], 19);
        ck_assert_uint_le(l.count[k], 21);
    }
    levels_release(&l);
}
END_TEST

START_TEST(runs_are_ordered_by_their_largest_value)
{
    static const double x[] = {5.0, 9.0, 1.0, 3.0, 2.0, 4.0};
    static const size_t run[] = {0, 0, 1, 1, 2, 2};
    Levels l;
    Err err = ERR_INIT;
    ck_assert_int_eq(levels_of_runs(x, run, 6, 3, &l, &err), ERR_OK);
    ck_assert_uint_eq(l.n, 3);
    static const size_t want[] = {2, 2, 0, 0, 1, 1};
    for (size_t i = 0; i < 6; i++) {
        ck_assert_uint_eq(l.of[i], want[i]);
    }
    ck_assert_double_eq(l.hi[2], 9.0);
    levels_release(&l);
}
END_TEST

START_TEST(many_runs_share_levels)
{
    double x[40];
    size_t run[40];
    Levels l;
    Err err = ERR_INIT;
    for (size_t i = 0; i < 40; i++) {
        x[i] = (double)(i + 1);
        run[i] = i;
    }
    ck_assert_int_eq(levels_of_runs(x, run, 40, 40, &l, &err), ERR_OK);
    ck_assert_uint_eq(l.n, LEVELS_MAX);
    ck_assert_uint_eq(l.of[39], LEVELS_MAX - 1);
    for (size_t k = 0; k < l.n; k++) {
        ck_assert_uint_ge(l.count[k], 2);
        ck_assert_uint_le(l.count[k], 3);
    }
    levels_release(&l);
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "levels"});
}

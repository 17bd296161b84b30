/* How people see numbers. */
#include "answer/value.h"

#include <check.h>
#include <limits.h>
#include <math.h>

#include "tests/support/suite.h"

START_TEST(formats_say_what_they_are_for)
{
    static const struct {
        double x;
        NumberFormat format;
        int digits;
        const char *want;
    } row[] = {
        {1.8172, NUMBER_DIGITS, 0, "1.817"},         {3e11, NUMBER_DIGITS, 0, "3e+11"},
        {1.8172, NUMBER_DIGITS, 2, "1.8"},           {2.5, NUMBER_FIXED, 0, "2.5000"},
        {0.0354, NUMBER_PERCENT, 0, "3.5"},          {334123.0, NUMBER_QUANTITY, 0, "334k"},
        {12.3e6, NUMBER_BYTES, 0, "12.3 MB"},        {1376.0, NUMBER_WHOLE, 0, "1,376"},
        {-1234567.0, NUMBER_WHOLE, 0, "-1,234,567"}, {0.0243, NUMBER_P, 0, "0.024"},
        {0.0000243, NUMBER_P, 0, "< 0.001"},         {4.2, NUMBER_DURATION, 0, "4.2 s"},
        {45.0, NUMBER_DURATION, 0, "45 s"},          {720.0, NUMBER_DURATION, 0, "12 min"},
        {12000.0, NUMBER_DURATION, 0, "3 h 20 min"}, {7199.0, NUMBER_DURATION, 0, "2 h 0 min"},
        {187200.0, NUMBER_DURATION, 0, "2 d 4 h"},   {(double)NAN, NUMBER_DIGITS, 0, ""},
        {(double)INFINITY, NUMBER_DURATION, 0, ""},
    };
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        char out[NUMBER_TEXT_BYTES];
        ck_assert_str_eq(number_text(row[i].x, row[i].format, row[i].digits, out), row[i].want);
    }
}
END_TEST

/* The second digit of the standard error is the last that is worth printing. */
START_TEST(digits_follow_the_uncertainty)
{
    static const struct {
        double x, se, lo, hi;
        const char *want, *want_lo;
    } row[] = {
        {1.81723, 0.0213, 1.7741, 1.8682, "1.817", "1.774"},
        {406.437, 23.4, 360.0, 455.0, "406", "360"},
        {40643.7, 2340.0, 36000.0, 45500.0, "40600", "36000"},
        {0.3391, 0.2, -0.05, 0.7, "0.34", "-0.05"},
        {6.51e6, 4.1e4, 6.4e6, 6.6e6, "6510000", "6400000"},
        {5.76e23, 2.2e22, 5.3e23, 6.2e23, "5.76e+23", "5.30e+23"},
        {1.234e-7, 3e-9, 1.2e-7, 1.3e-7, "1.234e-07", "1.200e-07"},
        {2.0, (double)NAN, 1.9, 2.1, "2.000", "1.900"},
        {0.0, 0.01, -0.02, 0.02, "0.000", "-0.020"},
    };
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        char out[NUMBER_TEXT_BYTES];
        const Interval between = {row[i].se, row[i].lo, row[i].hi, NULL};
        int place = interval_place(&between);
        ck_assert_str_eq(number_to_place(row[i].x, place, out), row[i].want);
        ck_assert_str_eq(number_to_place(row[i].lo, place, out), row[i].want_lo);
    }
    const Interval unknown = {(double)NAN, (double)NAN, (double)NAN, NULL};
    ck_assert_int_eq(interval_place(&unknown), INT_MIN);
    char both[INTERVAL_TEXT_BYTES];
    const Interval known = {.se = 0.021, .lo = 1.7712, .hi = 1.8649},
                   open = {.lo = 1.0, .hi = INFINITY};
    ck_assert_str_eq(interval_text(&known, both), "1.771 to 1.865");
    ck_assert_str_eq(interval_text(&open, both), "");
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "value"});
}

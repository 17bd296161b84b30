#include <math.h>

#include "common/clock.h"
#include "tests/support/suite.h"

START_TEST(times_print_as_iso_8601_utc)
{
    char t[CLOCK_TEXT_BYTES];
    ck_assert_str_eq(clock_iso8601(0, t), "1970-01-01T00:00:00.000Z");
    ck_assert_str_eq(clock_iso8601(1709210096789, t), "2024-02-29T12:34:56.789Z");
}
END_TEST

START_TEST(durations_have_two_units)
{
    char t[CLOCK_TEXT_BYTES];
    ck_assert_str_eq(clock_duration(8.2, t), "8 s");
    ck_assert_str_eq(clock_duration(185.0, t), "3 min 05 s");
    ck_assert_str_eq(clock_duration(4320.0, t), "1 h 12 min");
    ck_assert_str_eq(clock_duration(367200.0, t), "4 d 06 h");
    ck_assert_str_eq(clock_duration((double)NAN, t), "-");
    ck_assert_str_eq(clock_duration(-1.0, t), "-");
}
END_TEST

START_TEST(the_monotonic_clock_does_not_go_back)
{
    MonoNs last = clock_mono_ns();
    for (int i = 0; i < 1000; i++) {
        MonoNs now = clock_mono_ns();
        ck_assert_int_ge(now, last);
        last = now;
    }
    ck_assert_int_gt(clock_unix_ms(), 1700000000000);
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "clock"});
}

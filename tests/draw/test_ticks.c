/* Numbers at axes: round, in their range, and not in each other. */
#include "draw/ticks.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/suite.h"

static Ticks ticks;

static bool has(const char *text, double at)
{
    for (size_t i = 0; i < ticks.n; i++) {
        if (strcmp(ticks.tick[i].text, text) == 0 &&
            fabs(ticks.tick[i].at - at) <= 1e-9 * fabs(at)) {
            return true;
        }
    }
    return false;
}

START_TEST(numbers_do_not_touch)
{
    static const Axis axis[] = {{1.1e17, 3e22, true}, {1.1, 2.9, true},     {0.2, 21.0, true},
                                {9e5, 9e6, true},     {0.0, 1.0, false},    {-16.0, 12.0, false},
                                {1e-4, 1e-3, true},   {1.0, 1.001, true},   {-1e-9, 1e-9, false},
                                {5e4, 2e5, false},    {1e-300, 1e300, true}};
    static const double length[] = {60.0, 150.0, 440.0};
    for (size_t a = 0; a < sizeof axis / sizeof axis[0]; a++) {
        for (size_t l = 0; l < 3; l++) {
            double end = -(double)INFINITY;
            size_t n = 0;
            ticks_make(&axis[a], length[l], 7.0, true, &ticks);
            for (size_t i = 0; i < ticks.n; i++) {
                const Tick *t = &ticks.tick[i];
                double half = 0.5 * text_width(t->text, 7.0);
                double at = length[l] * axis_share(&axis[a], t->at);
                ck_assert_double_ge(at, -1e-6 * length[l]);
                ck_assert_double_le(at, (1.0 + 1e-6) * length[l]);
                if (t->text[0]) {
                    ck_assert_msg(at - half > end, "axis %zu, length %g: %s", a, length[l],
                                  t->text);
                    end = at + half;
                    n++;
                }
            }
            ck_assert_msg(n >= 1 && n <= 16, "axis %zu, length %g: %zu numbers", a, length[l], n);
        }
    }
}
END_TEST

START_TEST(decades_are_raised_and_have_short_ticks_between)
{
    const Axis c = {2e17, 3e22, true};
    ticks_make(&c, 400.0, 7.0, true, &ticks);
    ck_assert(has("10^{18}", 1e18) && has("10^{22}", 1e22) && has("", 5e19));
    const Axis multiplier = {0.2, 21.0, true};
    ticks_make(&multiplier, 200.0, 7.0, false, &ticks);
    ck_assert(has("0.5", 0.5) && has("1", 1.0) && has("10", 10.0));
    const Axis loss = {1.18, 2.9, true};
    ticks_make(&loss, 140.0, 7.0, false, &ticks);
    ck_assert(has("1.2", 1.2) && has("2.0", 2.0) && !has("10^{0}", 1.0));
    const Axis tokens = {9e5, 9e6, true};
    ticks_make(&tokens, 160.0, 7.0, true, &ticks);
    ck_assert(has("10^{6}", 1e6) && has("2\303\22710^{6}", 2e6));
}
END_TEST

START_TEST(zero_has_no_sign)
{
    const Axis a = {-0.4, 3.1, false};
    ticks_make(&a, 140.0, 7.0, false, &ticks);
    for (size_t i = 0; i < ticks.n; i++) {
        ck_assert(ticks.tick[i].text[0] != '-');
    }
}
END_TEST

/* "10^{18}": two digits, and two at 0.8 of the size; every digit is 0.64 of it. */
START_TEST(text_is_as_wide_as_its_letters)
{
    ck_assert_double_eq_tol(text_width("10^{18}", 10.0), 2 * 6.4 + 2 * 0.8 * 6.4, 1e-9);
    ck_assert_double_eq_tol(text_width("5\302\26710\302\271", 10.0), 5 * 6.4, 1e-9);
    ck_assert_double_eq(text_width("", 10.0), 0.0);
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "draw/ticks"});
}

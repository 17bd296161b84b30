/* exp and its family in float, against libm in double, over a dense sample of all floats. */
#include <float.h>

#include "tests/support/suite.h"
#include "tests/trainer/core/kern_data.h"
#include "trainer/core/kern.h"

/* Every 2^k-th float would only meet mantissas that end in zeros; an odd stride meets all
 * kinds.  1.07 million points. */
enum { STRIDE = 4001, BLOCK = 4096 };

typedef void (*UnaryFn)(size_t n, const float *x, float *y);
typedef double (*TruthFn)(double x);

/* Distance in units of the last place of the true value (of the least denormal near 0).
 * NaN must meet NaN, and what rounds to infinity must be infinite. */
static double ulps(float got, double want)
{
    if (isnan(want) || isinf((float)want)) {
        return (isnan(want) && isnan(got)) || got == (float)want ? 0.0 : HUGE_VAL;
    }
    int exponent;
    (void)frexp(want, &exponent);
    return fabs((double)got - want) / ldexp(1.0, (exponent < -125 ? -125 : exponent) - 24);
}

/* The worst distance for lo <= x <= hi and NaN. */
static double worst_ulps(UnaryFn run, TruthFn truth, float lo, float hi, float *ret_at)
{
    static float x[BLOCK];
    static float y[BLOCK];
    double worst = 0.0;
    uint64_t bits = 0;
    while (bits <= UINT32_MAX) {
        size_t n = 0;
        for (; n < BLOCK && bits <= UINT32_MAX; bits += STRIDE) {
            uint32_t u = (uint32_t)bits;
            memcpy(&x[n], &u, sizeof u);
            n += isnan(x[n]) || (x[n] >= lo && x[n] <= hi);
        }
        run(n, x, y);
        for (size_t i = 0; i < n; i++) {
            double d = ulps(y[i], truth((double)x[i]));
            if (d > worst) {
                worst = d;
                *ret_at = x[i];
            }
        }
    }
    return worst;
}

static void check_ulps(const char *name, UnaryFn run, TruthFn truth, float lo, float hi,
                       double bound)
{
    float at = 0.0f;
    double worst = worst_ulps(run, truth, lo, hi, &at);
    ck_assert_msg(worst <= bound, "%s(%.9g) is %.3f ulp off, over %.2f", name, (double)at, worst,
                  bound);
}

static double true_sigmoid(double x)
{
    return x < 0.0 ? exp(x) / (1.0 + exp(x)) : 1.0 / (1.0 + exp(-x));
}

static double true_log_sigmoid(double x)
{
    return fmin(x, 0.0) - log1p(exp(-fabs(x)));
}

static double true_silu(double x)
{
    return x * true_sigmoid(x);
}

/* The bounds are the worst of all 2^32 floats, measured once (docs/numerics.md: 1.009,
 * 2.402, 1.816), rounded up; libm's own error in double is 2^-29 of that.  Its NaN for the
 * double of a NaN is NaN. */
START_TEST(exp_is_right_to_1_01_ulp_on_every_float)
{
    check_ulps("exp", kern_get()->exp, exp, -INFINITY, INFINITY, 1.01);
}
END_TEST

START_TEST(sigmoid_is_right_to_2_41_ulp_on_every_float)
{
    check_ulps("sigmoid", kern_get()->sigmoid, true_sigmoid, -INFINITY, INFINITY, 2.41);
}
END_TEST

START_TEST(log_sigmoid_is_right_to_1_82_ulp_on_every_float)
{
    check_ulps("log_sigmoid", kern_get()->log_sigmoid, true_log_sigmoid, -INFINITY, INFINITY, 1.82);
}
END_TEST

/* Also measured on all (3.193).  Below -87 the sigmoid is denormal and has no digits to keep. */
START_TEST(silu_is_right_to_3_2_ulp_where_sigmoid_is_normal)
{
    check_ulps("silu", kern_get()->silu, true_silu, -87.0f, FLT_MAX, 3.2);
}
END_TEST

static double at(UnaryFn run, float x)
{
    float y;
    run(1, &x, &y);
    return (double)y;
}

START_TEST(exp_meets_its_ends)
{
    UnaryFn run = kern_get()->exp;
    ck_assert_double_eq(at(run, 0.0f), 1.0);
    ck_assert_double_eq(at(run, -0.0f), 1.0);
    ck_assert_double_eq(at(run, -INFINITY), 0.0);
    ck_assert(isinf(at(run, INFINITY)));
    ck_assert(isinf(at(run, 88.7229f)));
    ck_assert(isfinite(at(run, 88.7228f)));
    ck_assert_double_eq(at(run, -103.97f), 0x1p-149); /* e^-103.97 is 0.505 of a denormal step */
    ck_assert_double_eq(at(run, -103.98f), 0.0);
    ck_assert(isnan(at(run, NAN)));
}
END_TEST

START_TEST(sigmoid_and_its_kin_stay_finite_far_out)
{
    static const float far_out[] = {100.0f, 1000.0f, 1e30f, FLT_MAX};
    const Kern *k = kern_get();
    for (size_t i = 0; i < 4; i++) {
        float x = far_out[i];
        float one = 1.0f;
        float slope[2];
        ck_assert_double_eq(at(k->sigmoid, x), 1.0);
        ck_assert_double_le(at(k->sigmoid, -x), 1e-43);
        ck_assert_double_eq(at(k->log_sigmoid, -x), -(double)x);
        ck_assert_double_ge(at(k->log_sigmoid, x), -1e-43);
        ck_assert_double_eq(at(k->silu, x), (double)x);
        ck_assert_double_le(fabs(at(k->silu, -x)), 1e-41);
        k->silu_grad(1, &x, &one, &slope[0]);
        x = -x;
        k->silu_grad(1, &x, &one, &slope[1]);
        ck_assert_double_eq((double)slope[0], 1.0);
        ck_assert_double_le(fabs((double)slope[1]), 1e-41);
    }
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "exp"});
}

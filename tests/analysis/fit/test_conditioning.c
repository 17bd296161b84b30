/* Condition numbers against numpy's singular values of the same matrices. */
#include <check.h>
#include <gsl/gsl_errno.h>
#include <math.h>

#include "analysis/fit/conditioning.h"
#include "tests/analysis/fit/surface.h"
#include "tests/support/check_close.h"
#include "tests/support/suite.h"

static Surface s;

static Conditioning of_surface(const double *law, bool is_log, bool is_zero)
{
    FitProblem p;
    Err err = ERR_INIT;
    const FitLoss mse = {.kind = FIT_MSE};
    double theta[FORM_MAX_PARAMS];
    surface_fill(&s, law, 5, 6, 0.0, 0);
    ck_assert_int_eq(
        problem_init(&p, form_find("chinchilla"), mse, is_log ? FIT_LOG : FIT_RAW, &s.data, &err),
        ERR_OK);
    form_internal(p.form, law, p.centre, theta);
    theta[0] = is_zero ? PROBLEM_LN_ZERO : theta[0];
    Conditioning c = conditioning_of(&p, theta);
    problem_release(&p);
    return c;
}

/* (s_max / s_min)^2 by numpy.linalg.svd of the Jacobian of E + A N^-alpha + B D^-beta, Hoffmann's law on 5 x 6
 * points; projected: of the two exponents' columns less their least-squares fit by the other three. */
START_TEST(condition_numbers_are_numpys)
{
    const Conditioning raw = of_surface(surface_law[0], false, false);
    const Conditioning logs = of_surface(surface_law[0], true, false);
    const double got[] = {raw.raw,  raw.logs,  raw.centred,  raw.scaled,  raw.projected,
                          logs.raw, logs.logs, logs.centred, logs.scaled, logs.projected};
    const double want[] = {1.750020081e+11, 1056980.641, 1825.645057, 700.7006888, 1.425962514,
                           1.365834176e+11, 823955.8049, 893.8467751, 465.3446321, 1.412618442};
    check_close_f64("condition numbers", 10, got, want, 0.0, 1e-6);
}
END_TEST

START_TEST(what_is_held_or_zero_does_not_count)
{
    const Conditioning all = of_surface(surface_law[0], false, false);
    const Conditioning less = of_surface(surface_law[0], false, true);
    ck_assert_double_lt(less.centred, all.centred);
    ck_assert_double_eq_tol(less.centred, 1038.015674, 1e-6 * 1038.015674);
    FitProblem p;
    Err err = ERR_INIT;
    const FitLoss mse = {.kind = FIT_MSE};
    const double theta[] = {0.5, -0.1};
    s.data.flops = s.c;
    ck_assert_int_eq(problem_init(&p, form_find("power:C"), mse, FIT_LOG, &s.data, &err), ERR_OK);
    Conditioning one = conditioning_of(&p, theta);
    ck_assert_double_eq_tol(one.projected, 1.0, 1e-12); /* one shape is one column */
    p.is_fixed[1] = true;
    one = conditioning_of(&p, theta);
    ck_assert(isnan(one.projected)); /* no shape is left */
    ck_assert_double_eq_tol(one.centred, 1.0, 1e-12);
    problem_release(&p);
}
END_TEST

int main(void)
{
    (void)gsl_set_error_handler_off();
    return test_main((TestPlan){.name = "analysis/fit/conditioning"});
}

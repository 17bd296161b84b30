/* The law with its numbers as text, and how its parameters err together. */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/fit/covariance.h"
#include "analysis/report/formula.h"
#include "tests/support/suite.h"

static FitResult fit;

/* The fit of a law with these parameters, as if it had been fitted. */
static void set(const char *law, const double *params)
{
    const Form *f = form_find(law);
    ck_assert_ptr_nonnull(f);
    memset(&fit, 0, sizeof fit);
    fit.form = f;
    fit.n_params = f->n_params;
    for (size_t i = 0; i < f->n_params; i++) {
        fit.param[i].name = f->param[i].name;
        fit.param[i].value = params[i];
    }
    form_internal(f, params, fit.centre, fit.theta);
}

static void formula_is(const char *law, const double *params, const char *want)
{
    Buf out = BUF_INIT;
    set(law, params);
    ck_assert_int_eq(formula_text(&fit, 6, &out), want != NULL);
    ck_assert_str_eq(buf_str(&out), want ? want : "");
    buf_release(&out);
}

START_TEST(numbers_stand_for_names)
{
    const double chinchilla[] = {1.69, 406.4, 410.7, 0.34, 0.28};
    formula_is("chinchilla", chinchilla, "L(N, D) = 1.69 + 406.4 N^-0.34 + 410.7 D^-0.28");
    const double odd[] = {1.69, 406.4, 410.7, -0.34, 0.28};
    formula_is("chinchilla", odd, "L(N, D) = 1.69 + 406.4 N^-(-0.34) + 410.7 D^-0.28");
    const double power[] = {3.5, -0.05};
    formula_is("paper_power", power, "L(C) = 3.5 C^(-0.05)");
    const double broken[] = {1.5, 2.0, 0.1, 0.2, 1e9, 0.5};
    formula_is("broken:C", broken, NULL); /* d_i and f_i are no numbers */
}
END_TEST

/* 1.69 + 406.4 * 7e9 ** -0.34 + 410.7 * 1.4e11 ** -0.28 = 2.18354 by Python. */
START_TEST(a_prediction_is_worked_out)
{
    const double params[] = {1.69, 406.4, 410.7, 0.34, 0.28}, inputs[] = {7e9, 1.4e11};
    Buf out = BUF_INIT;
    set("chinchilla", params);
    formula_worked(&fit, inputs, 5, &out);
    ck_assert_str_eq(buf_str(&out), "at N = 7e+09, D = 1.4e+11: L = 1.69 + 406.4 * 7e+09^-0.34 + "
                                    "410.7 * 1.4e+11^-0.28 = 2.1835");
    buf_release(&out);
}
END_TEST

START_TEST(the_point_is_the_largest_run_in_two_digits)
{
    const double params[] = {1.69, 406.4, 410.7, 0.34, 0.28};
    const double n[] = {1.234e9, 5.678e9, 2e9}, d[] = {3e10, 9.876e10, 1e10}, loss[] = {3, 2, 3};
    const FitData data = {.n = 3, .params = n, .tokens = d, .loss = loss};
    double at[FORM_MAX_INPUTS];
    set("chinchilla", params);
    formula_point(&fit, &data, at);
    ck_assert_double_eq_tol(at[0], 5.7e9, 1.0);
    ck_assert_double_eq_tol(at[1], 9.9e10, 1.0);
}
END_TEST

enum { REPLICATES = 26 };

/* Variances and covariances by numpy.cov of the same 25 replicates (rows E, A and alpha). */
START_TEST(covariances_are_those_of_numpy)
{
    const double params[] = {1.6, 410.0, 400.0, 0.31, 0.28};
    double value[REPLICATES * 5];
    const FitDraws d = {.n = REPLICATES, .width = 5, .value = value};
    for (int i = 0; i < REPLICATES; i++) {
        value[5 * i] = i < 25 ? 1.5 + 0.01 * (i * 7 % 25) : (double)NAN; /* one failed */
        value[5 * i + 1] = 400.0 + i * 11 % 25;
        value[5 * i + 2] = 400.0; /* held */
        value[5 * i + 3] = 0.3 + 0.001 * (i * 3 % 25);
        value[5 * i + 4] = 0.28;
    }
    Covariance c;
    set("chinchilla", params);
    ck_assert(covariance_of_draws(&fit, &d, false, &c));
    ck_assert_double_eq_tol(c.matrix[0], 0.005416666666666662, 1e-14);
    ck_assert_double_eq_tol(c.matrix[1], -0.14583333333333345, 1e-12);
    ck_assert_double_eq_tol(c.matrix[5 + 3], -0.014583333333333346, 1e-12);
    ck_assert_double_eq_tol(c.correlation[3], 0.1923076923076925, 1e-12);
    ck_assert_double_nan(c.correlation[2]);
    ck_assert(covariance_of_draws(&fit, &d, true, &c));
    ck_assert(c.is_log[0] && c.is_log[1] && c.is_log[2] && !c.is_log[3]);
    ck_assert_double_eq_tol(c.matrix[1], -0.00021442215443761423, 1e-15);
    ck_assert_double_eq_tol(c.matrix[5 + 3], -3.520325249223779e-05, 1e-15);
    const FitDraws few = {.n = 10, .width = 5, .value = value};
    ck_assert(!covariance_of_draws(&fit, &few, true, &c));
    ck_assert(!covariance_of_sandwich(&fit, true, &c));
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "analysis/report/formula"});
}

/* Very many observations: starts on a sample, the minimum on all. */
#include <check.h>
#include <gsl/gsl_errno.h>
#include <math.h>
#include <stdlib.h>

#include "analysis/fit/fit.h"
#include "analysis/fit/sample.h"
#include "tests/support/suite.h"

enum { MANY = 60000 };

static double n[MANY], d[MANY], loss[MANY];

/* Errors of the given size, rows from the last when reversed. */
static FitData make(double noise, bool is_reversed)
{
    for (size_t i = 0; i < MANY; i++) {
        size_t at = is_reversed ? MANY - 1 - i : i;
        n[at] = 1e7 * pow(10.0, 2.0 * (double)(i % 301) / 300.0);
        d[at] = 1e9 * pow(10.0, 2.0 * (double)(i % 199) / 198.0);
        loss[at] = (1.69 + 406.4 * pow(n[at], -0.34) + 410.7 * pow(d[at], -0.28)) *
                   exp(noise * sin(12.9898 * (double)i * (double)i));
    }
    return (FitData){.n = MANY, .params = n, .tokens = d, .loss = loss};
}

static void fit(FitLoss how, double noise, bool is_reversed, FitResult *ret)
{
    Err err = ERR_INIT;
    FitOptions o = fit_defaults(form_find("chinchilla"));
    FitData data = make(noise, is_reversed);
    o.loss = how;
    o.starts = 8;
    o.bootstrap = 0;
    ck_assert_msg(fit_run(&o, &data, ret, &err) == ERR_OK, "%s", err.msg);
}

START_TEST(the_minimum_is_that_of_all)
{
    const double truth[] = {1.69, 406.4, 410.7, 0.34, 0.28};
    FitResult r;
    fit((FitLoss){FIT_MSE, 0.0, 1.0}, 0.0, false, &r);
    ck_assert_uint_eq(r.n, MANY);
    ck_assert_uint_lt(r.searched, MANY / 2);
    ck_assert_uint_gt(r.searched, SAMPLE_SIZE / 2);
    for (size_t i = 0; i < 5; i++) {
        ck_assert_double_eq_tol(r.param[i].value / truth[i], 1.0, 1e-10);
    }
}
END_TEST

/* A minimum of the sample alone would have a gradient of order 1/sqrt(SAMPLE_SIZE) here. */
START_TEST(it_is_certified_and_knows_no_order)
{
    const FitLoss how[] = {{FIT_MSE, 0.0, 1.0}, {FIT_HUBER, 1e-3, 1.0}};
    for (size_t k = 0; k < 2; k++) {
        FitResult r, back;
        fit(how[k], 0.01, false, &r);
        fit(how[k], 0.01, true, &back);
        ck_assert_double_lt(r.certificate.decrement, 1e-14);
        ck_assert_uint_eq(r.searched, back.searched);
        ck_assert_double_eq_tol(back.objective / r.objective, 1.0, 1e-12);
        for (size_t i = 0; i < 5; i++) {
            ck_assert_double_eq_tol(back.param[i].value / r.param[i].value, 1.0, 1e-9);
        }
    }
}
END_TEST

START_TEST(few_are_not_sampled)
{
    FitProblem p, sample;
    Err err = ERR_INIT;
    bool is_one = true;
    FitData data = make(0.0, false);
    data.n = 1000;
    ck_assert_int_eq(problem_init(&p, form_find("chinchilla"), (FitLoss){FIT_MSE, 0.0, 1.0},
                                  FIT_LOG, &data, &err),
                     ERR_OK);
    ck_assert_int_eq(sample_open(&p, &sample, &is_one, &err), ERR_OK);
    ck_assert(!is_one);
    problem_release(&p);
    for (size_t i = 0; i < MANY; i++) { /* one row, again and again: every k-th is taken */
        n[i] = 1e8;
        d[i] = 1e10;
        loss[i] = 3.0;
    }
    data.n = MANY;
    ck_assert_int_eq(problem_init(&p, form_find("chinchilla"), (FitLoss){FIT_MSE, 0.0, 1.0},
                                  FIT_LOG, &data, &err),
                     ERR_OK);
    ck_assert_int_eq(sample_open(&p, &sample, &is_one, &err), ERR_OK);
    ck_assert(is_one);
    ck_assert_uint_ge(sample.n, SAMPLE_SIZE);
    problem_release(&sample);
    problem_release(&p);
}
END_TEST

int main(void)
{
    (void)gsl_set_error_handler_off();
    return test_main((TestPlan){.name = "analysis/fit/sample"});
}

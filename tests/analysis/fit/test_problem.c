#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/fit/problem.h"
#include "tests/analysis/fit/surface.h"
#include "tests/support/check_close.h"
#include "tests/support/suite.h"

static Surface surface;

static FitProblem open_problem(FitLoss loss, FitResidual residual)
{
    FitProblem p;
    Err err = ERR_INIT;
    surface_fill(&surface, surface_law[0], 5, 6, 0.01, 3);
    ck_assert_int_eq(problem_init(&p, form_find("chinchilla"), loss, residual, &surface.data, &err),
                     ERR_OK);
    return p;
}

static const double theta[] = {0.41, -0.35, 0.12, 0.31, 0.27};

/* h = 1e-6 in theta near 1: rounding eps/h = 2e-10 of f, truncation h^2: 1e-7 has room.  No
 * residual lies within h of delta at these numbers. */
START_TEST(derivatives_of_the_objective_agree_with_differences)
{
    const FitLoss losses[] = {{FIT_MSE, 0.0, 1.0},
                              {FIT_HUBER, 0.05, 1.0},
                              {FIT_HUBER, 1e-3, 1.0},
                              {FIT_ASYMMETRIC, 0.05, 10.0}};
    for (size_t k = 0; k < 8; k++) {
        FitProblem p = open_problem(losses[k / 2], k % 2 ? FIT_RAW : FIT_LOG);
        double grad[5], hess[25], t[5];
        double value = problem_derivatives(&p, theta, PROBLEM_EXACT, grad, hess);
        ck_assert_double_eq(value, problem_value(&p, theta));
        for (size_t a = 0; a < 5; a++) {
            double up[5], down[5], ignored[25], h = 1e-6;
            memcpy(t, theta, sizeof t);
            t[a] = theta[a] + h;
            double value_up = problem_derivatives(&p, t, PROBLEM_EXACT, up, ignored);
            t[a] = theta[a] - h;
            double value_down = problem_derivatives(&p, t, PROBLEM_EXACT, down, ignored);
            double slope = (value_up - value_down) / (2.0 * h);
            check_close_f64("gradient", 1, &grad[a], &slope, 1e-7 * value, 1e-7);
            for (size_t b = 0; b < 5; b++) {
                double curve = (up[b] - down[b]) / (2.0 * h);
                check_close_f64("hessian", 1, &hess[5 * a + b], &curve, 1e-6 * value, 1e-6);
            }
        }
        problem_release(&p);
    }
}
END_TEST

/* By hand: residuals of a law that is off by known factors. */
START_TEST(the_objective_is_the_sum_as_documented)
{
    const double n[] = {1e6, 1e7}, d[] = {1e9, 1e9}, loss[] = {2.0, 3.0};
    const FitData data = {.n = 2, .params = n, .tokens = d, .loss = loss};
    const double at[] = {log(4.0), -500.0, -500.0, 0.1, 0.1}; /* L = 4 everywhere */
    const double r0 = log(2.0), r1 = log(4.0 / 3.0);
    const struct {
        FitLoss loss;
        FitResidual residual;
        double want;
    } c[] = {
        {{FIT_MSE, 0.0, 1.0}, FIT_LOG, r0 * r0 + r1 * r1},
        {{FIT_MSE, 0.0, 1.0}, FIT_RAW, 4.0 + 1.0},
        {{FIT_L1, 0.0, 1.0}, FIT_LOG, r0 + r1},
        {{FIT_HUBER, 1.5, 1.0}, FIT_RAW, 1.5 * (2.0 - 0.75) + 0.5},
        {{FIT_ASYMMETRIC, 1.5, 4.0}, FIT_RAW, 4.0 * (1.5 * (2.0 - 0.75) + 0.5)},
    };
    for (size_t k = 0; k < sizeof c / sizeof c[0]; k++) {
        FitProblem p;
        Err err = ERR_INIT;
        ck_assert_int_eq(
            problem_init(&p, form_find("chinchilla"), c[k].loss, c[k].residual, &data, &err),
            ERR_OK);
        ck_assert_double_eq_tol(problem_value(&p, at), c[k].want, 1e-14); /* a few roundings */
        problem_release(&p);
    }
}
END_TEST

/* The kernel adds in another order and has its own exp and ln: a few units in the last place. */
START_TEST(the_kernel_agrees_with_a_plain_sum)
{
    const FitLoss losses[] = {
        {FIT_MSE, 0.0, 1.0}, {FIT_HUBER, 2e-2, 1.0}, {FIT_ASYMMETRIC, 2e-2, 3.0}};
    const char *const laws[] = {"chinchilla", "overtrained", "power_offset:D", "power:N"};
    for (size_t k = 0; k < 24; k++) {
        FitProblem p;
        Err err = ERR_INIT;
        surface_fill(&surface, surface_law[k % 5], 5, 7, 0.01, 3);
        ck_assert_int_eq(problem_init(&p, form_find(laws[k % 4]), losses[k % 3],
                                      k % 2 ? FIT_RAW : FIT_LOG, &surface.data, &err),
                         ERR_OK);
        double sum = 0.0, t[] = {0.41, -0.35, 0.12, 0.31, 0.27};
        for (size_t i = 0; i < p.n; i++) {
            sum += problem_rho(&p.loss, problem_residual(&p, i, t));
        }
        ck_assert_double_eq_tol(problem_value(&p, t), sum, 1e-13 * sum);
        problem_release(&p);
    }
}
END_TEST

/* What a resample leaves out is gone, and what it draws twice counts twice. */
START_TEST(a_resample_is_the_weighted_sum)
{
    FitProblem p = open_problem((FitLoss){FIT_HUBER, 1e-2, 1.0}, FIT_LOG), drawn;
    Err err = ERR_INIT;
    double times[30], want = 0.0;
    ck_assert_int_eq(problem_clone(&p, &drawn, &err), ERR_OK);
    for (size_t i = 0; i < p.n; i++) {
        times[i] = (double)(i % 3);
        want += times[i] * problem_rho(&p.loss, problem_residual(&p, i, theta));
    }
    problem_resample(&p, times, &drawn);
    ck_assert_uint_eq(drawn.n, 20);
    ck_assert_double_eq_tol(problem_value(&drawn, theta), want, 1e-13 * want);
    problem_release(&drawn);
    problem_release(&p);
}
END_TEST

START_TEST(a_fixed_coefficient_is_the_one_of_the_equation)
{
    FitProblem p;
    FitFix fix = {.is_fixed = {[1] = true}, .value = {[1] = 406.4}};
    Err err = ERR_INIT;
    surface_fill(&surface, surface_law[0], 5, 6, 0.0, 1);
    ck_assert_int_eq(problem_open(&p, form_find("chinchilla"), (FitLoss){FIT_MSE, 0.0, 1.0},
                                  FIT_LOG, &fix, NULL, &surface.data, &err),
                     ERR_OK);
    ck_assert_double_eq(p.centre[0], 0.0); /* A is at N = 1 whatever alpha is */
    ck_assert_double_ne(p.centre[1], 0.0);
    ck_assert_double_eq_tol(p.fixed[1], log(406.4), 1e-15);
    problem_release(&p);
    fix.value[1] = -1.0;
    ck_assert_int_eq(problem_open(&p, form_find("chinchilla"), (FitLoss){FIT_MSE, 0.0, 1.0},
                                  FIT_LOG, &fix, NULL, &surface.data, &err),
                     ERR_INVALID);
    ck_assert_ptr_nonnull(strstr(err.msg, "A of chinchilla cannot be -1"));
}
END_TEST

START_TEST(a_value_that_is_not_positive_is_named)
{
    FitProblem p;
    Err err = ERR_INIT;
    surface_fill(&surface, surface_law[0], 4, 4, 0.0, 1);
    surface.loss[6] = (double)NAN;
    ck_assert_int_eq(problem_init(&p, form_find("chinchilla"), (FitLoss){FIT_MSE, 0.0, 1.0},
                                  FIT_LOG, &surface.data, &err),
                     ERR_INVALID);
    ck_assert_ptr_nonnull(strstr(err.msg, "observation 7"));
    surface.loss[6] = 2.0;
    surface.data.flops = NULL;
    ck_assert_int_eq(problem_init(&p, form_find("paper_power"), (FitLoss){FIT_MSE, 0.0, 1.0},
                                  FIT_LOG, &surface.data, &err),
                     ERR_INVALID);
    ck_assert_ptr_nonnull(strstr(err.msg, "no C"));
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "analysis/fit/problem"});
}

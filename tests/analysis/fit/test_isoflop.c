/* Approach 2 on curves whose minima are known, and on an exact law. */
#include <check.h>
#include <gsl/gsl_errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/fit/isoflop.h"
#include "tests/support/check_close.h"
#include "tests/support/suite.h"

enum { BUDGETS = 5, POINTS = 7, N = BUDGETS * POINTS };

static double size[N], tokens[N], flops[N], loss[N];
static FitData data = {.n = N, .params = size, .tokens = tokens, .flops = flops, .loss = loss};
static Isoflop f;
static Err err;

/* Budgets C = 1e17 4^i, sizes even in logs around 0.1 C^0.5, 6 N D = C. */
static void fill_budgets(void)
{
    const Err fresh = ERR_INIT;
    err = fresh;
    for (size_t i = 0; i < N; i++) {
        double c = 1e17 * pow(4.0, (double)(i / POINTS));
        size[i] = 0.1 * pow(c, 0.5) * pow(10.0, 0.2 * ((double)(i % POINTS) - 3.0));
        tokens[i] = c / 6.0 / size[i];
        flops[i] = c * (1.0 + 1e-3 * (double)(i % 3)); /* as counted, not as wished */
    }
    data.n = N;
}

START_TEST(exact_parabolas_give_their_vertices)
{
    fill_budgets();
    for (size_t i = 0; i < N; i++) {
        double c = 6.0 * size[i] * tokens[i];
        double z = log10(size[i]) - log10(0.07 * pow(c, 0.52));
        loss[i] = 2.0 + 0.3 * z * z;
        flops[i] = c;
    }
    ck_assert_int_eq(isoflop_fit(&data, 0, &f, &err), ERR_OK);
    ck_assert_uint_eq(f.n_budgets, BUDGETS);
    ck_assert_uint_eq(f.n_used, BUDGETS);
    const double got[] = {f.a, f.k_n, f.b, f.k_d, f.budget[2].loss};
    const double want[] = {0.52, 0.07, 0.48, 1.0 / 0.42, 2.0};
    check_close_f64("power laws", 5, got, want, 0.0, 1e-9);
}
END_TEST

/* On a law with alpha = beta and budgets around the optimum the exponent is 1/2 exactly. */
START_TEST(a_symmetric_law_has_the_exponent_one_half)
{
    fill_budgets();
    for (size_t i = 0; i < N; i++) {
        loss[i] = 1.5 + 300.0 * pow(size[i], -0.3) + 300.0 * pow(tokens[i], -0.3);
        flops[i] = 6.0 * size[i] * tokens[i];
    }
    for (size_t window = 0; window <= 7; window += 7) {
        ck_assert_int_eq(isoflop_fit(&data, window, &f, &err), ERR_OK);
        ck_assert_double_eq_tol(f.a + f.b, 1.0, 1e-9);
        ck_assert_double_eq_tol(f.a, 0.5, 0.02);
    }
}
END_TEST

START_TEST(budgets_without_a_minimum_are_left_out)
{
    fill_budgets();
    for (size_t i = 0; i < N; i++) {
        double z = (double)(i % POINTS) - 3.0;
        loss[i] = 2.0 + (i / POINTS == 1 ? -0.1 : 0.1) * z * z;
    }
    ck_assert_int_eq(isoflop_fit(&data, 0, &f, &err), ERR_OK);
    ck_assert_uint_eq(f.n_used, BUDGETS - 1);
    ck_assert_int_eq(f.budget[1].state, ISOFLOP_NO_VALE);
    data.n = POINTS + 2; /* one whole budget, and two points of another */
    ck_assert_int_eq(isoflop_fit(&data, 0, &f, &err), ERR_NUMERIC);
    ck_assert_ptr_nonnull(strstr(err.msg, "1 of 2 compute budgets"));
    fill_budgets();
    tokens[3] = (double)NAN;
    ck_assert_int_eq(isoflop_fit(&data, 0, &f, &err), ERR_INVALID);
    ck_assert_ptr_nonnull(strstr(err.msg, "D of observation 4"));
}
END_TEST

/* A vertex beyond the points of its budget is used, and counted. */
START_TEST(a_minimum_outside_is_said)
{
    fill_budgets();
    for (size_t i = 0; i < N; i++) {
        double z = (double)(i % POINTS) - 8.0;
        loss[i] = 2.0 + 0.01 * z * z;
    }
    ck_assert_int_eq(isoflop_fit(&data, 0, &f, &err), ERR_OK);
    ck_assert_uint_eq(f.n_outside, BUDGETS);
}
END_TEST

int main(void)
{
    (void)gsl_set_error_handler_off();
    return test_main((TestPlan){.name = "analysis/fit/isoflop"});
}

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/validate/influence.h"
#include "analysis/validate/subset.h"
#include "tests/analysis/fit/surface.h"
#include "tests/support/suite.h"

static Surface s;
static FitResult fit, other;

static FitOptions options(void)
{
    FitOptions o = fit_defaults(form_find("chinchilla"));
    o.loss = (FitLoss){FIT_MSE, 0.0, 1.0};
    o.bootstrap = 100;
    o.at[0] = 1e20;
    o.n_at = 1;
    return o;
}

static FitOptions o;
static Influence x;
static Err err;

static void set_up(void)
{
    o = options();
    x = (Influence){0};
    err = ERR_INIT;
}

static void tear_down(void)
{
    influence_release(&x);
}

/* Eight runs of six observations; run 5 is 3 % too high. */
static void open(void)
{
    surface_fill(&s, surface_law[0], 8, 6, 0.002, 7);
    for (size_t i = 0; i < s.data.n; i++) {
        s.loss[i] *= s.run[i] == 5 ? 1.03 : 1.0;
    }
    s.data.run = s.run;
    s.data.n_runs = 8;
    ck_assert_msg(fit_run(&o, &s.data, &fit, &err) == ERR_OK, "%s", err.msg);
}

START_TEST(the_run_that_is_off_comes_first)
{
    open();
    ck_assert_int_eq(influence_run(&o, &s.data, &fit, &x, &err), ERR_OK);
    ck_assert(x.is_by_run);
    ck_assert_uint_eq(x.n, 8);
    ck_assert_uint_eq(x.unit[0].unit, 5);
    ck_assert(x.unit[0].is_marked);
    ck_assert_uint_eq(x.unit[0].n, 6);
    for (size_t u = 1; u < x.n; u++) {
        ck_assert_double_le(x.unit[u].distance, x.unit[u - 1].distance);
    }
}
END_TEST

/* Every row against a fit, from all its starts, of the data that are left; Cook's distance by its sum. */
START_TEST(rows_are_the_fits_without_the_run)
{
    open();
    ck_assert_int_eq(influence_run(&o, &s.data, &fit, &x, &err), ERR_OK);
    for (size_t u = 0; u < x.n; u++) {
        bool keep[SURFACE_MAX];
        Subset rest;
        FitOptions plain = o;
        double sum = 0.0;
        plain.bootstrap = 0;
        for (size_t i = 0; i < s.data.n; i++) {
            keep[i] = s.run[i] != x.unit[u].unit;
        }
        ck_assert_int_eq(subset_open(&s.data, keep, &rest, &err), ERR_OK);
        ck_assert_uint_eq(rest.data.n, 42);
        ck_assert_uint_eq(rest.data.n_runs, 7);
        ck_assert_int_eq(fit_run(&plain, &rest.data, &other, &err), ERR_OK);
        for (size_t k = 0; k < fit_slots(&fit); k++) {
            double want = fit_slot(&other, k)->value;
            ck_assert_double_eq_tol(x.value[u * x.width + k] / want, 1.0, 1e-6);
            ck_assert_double_eq_tol(influence_change(&x, &fit, u, k),
                                    (want - fit_slot(&fit, k)->value) / fit_slot(&fit, k)->se,
                                    1e-4);
        }
        for (size_t i = 0; i < s.data.n; i++) {
            const double inputs[] = {s.n[i], s.d[i]};
            double d = log(fit_predict(&other, inputs) / fit_predict(&fit, inputs));
            sum += d * d;
        }
        double variance = fit.objective / (48.0 - 5.0);
        ck_assert_double_eq_tol(x.unit[u].distance, sum / (5.0 * variance), 1e-6 * (1.0 + sum));
        subset_release(&rest);
    }
}
END_TEST

START_TEST(without_runs_points_are_the_units)
{
    o.bootstrap = 0; /* then the jackknife's se */
    surface_fill(&s, surface_law[0], 6, 6, 0.002, 8);
    s.loss[20] *= 1.05;
    ck_assert_int_eq(fit_run(&o, &s.data, &fit, &err), ERR_OK);
    ck_assert_int_eq(influence_run(&o, &s.data, &fit, &x, &err), ERR_OK);
    ck_assert(!x.is_by_run);
    ck_assert_uint_eq(x.n, 36);
    ck_assert_uint_eq(x.unit[0].unit, 20);
    double mean = 0.0, squares = 0.0;
    for (size_t u = 0; u < 36; u++) {
        mean += x.value[u * x.width] / 36.0;
    }
    for (size_t u = 0; u < 36; u++) {
        squares += pow(x.value[u * x.width] - mean, 2.0);
    }
    ck_assert_double_eq_tol(x.se[0] / sqrt(35.0 / 36.0 * squares), 1.0, 1e-12);
}
END_TEST

START_TEST(a_run_without_which_there_is_no_law_is_said)
{
    o.bootstrap = 0;
    surface_fill(&s, surface_law[0], 3, 8, 0.002, 7); /* three sizes: each is needed */
    for (size_t i = 0; i < s.data.n; i++) {
        s.run[i] = i / 4;                        /* six runs, two a size ... */
        s.run[i] = s.run[i] == 5 ? 4 : s.run[i]; /* ... but one of the largest */
    }
    s.data.run = s.run;
    s.data.n_runs = 5;
    ck_assert_int_eq(fit_run(&o, &s.data, &fit, &err), ERR_OK);
    ck_assert_int_eq(influence_run(&o, &s.data, &fit, &x, &err), ERR_OK);
    ck_assert_uint_eq(x.n_refused, 1);
    ck_assert_uint_eq(x.unit[0].unit, 4);
    ck_assert(x.unit[0].is_refused);
    ck_assert(!x.unit[0].is_marked);
}
END_TEST

START_TEST(too_many_units_are_refused)
{
    o.bootstrap = 0;
    o.starts = 4;
    size_t n = INFLUENCE_MAX_UNITS + 1;
    double *column = calloc(3 * n, sizeof *column);
    ck_assert_ptr_nonnull(column);
    const FitData data = {.n = n, .params = column, .tokens = column + n, .loss = column + 2 * n};
    for (size_t i = 0; i < n; i++) {
        column[i] = 1e6 * (double)(1 + i % 9);
        column[n + i] = 1e8 * (double)(1 + i % 11);
        column[2 * n + i] = 1.5 + 100.0 * pow(column[i], -0.3) + 90.0 * pow(column[n + i], -0.28);
    }
    ck_assert_int_eq(fit_run(&o, &data, &fit, &err), ERR_OK);
    ck_assert_int_eq(influence_run(&o, &data, &fit, &x, &err), ERR_INVALID);
    free(column);
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "influence", .set_up = set_up, .tear_down = tear_down});
}

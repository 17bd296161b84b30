#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/fit/fit.h"
#include "analysis/validate/residuals.h"
#include "common/rng.h"
#include "tests/analysis/fit/surface.h"
#include "tests/support/suite.h"

static Surface s;
static FitResult fit;

static void open(FitResidual residual)
{
    FitOptions o = fit_defaults(form_find("chinchilla"));
    Err err = ERR_INIT;
    o.loss = (FitLoss){FIT_MSE, 0.0, 1.0};
    o.residual = residual;
    o.bootstrap = 0;
    ck_assert_msg(fit_run(&o, &s.data, &fit, &err) == ERR_OK, "%s", err.msg);
}

static void take(Residuals *r)
{
    Err err = ERR_INIT;
    ck_assert_msg(residuals_run(&s.data, &fit, r, &err) == ERR_OK, "%s", err.msg);
}

START_TEST(residuals_are_the_law_less_the_measurement)
{
    Residuals r;
    surface_fill(&s, surface_law[0], 6, 7, 0.01, 2);
    for (int kind = FIT_LOG; kind <= FIT_RAW; kind++) {
        double rss = 0.0;
        open((FitResidual)kind);
        take(&r);
        for (size_t i = 0; i < s.data.n; i++) {
            const double *p =
                (const double[]){fit.param[0].value, fit.param[1].value, fit.param[2].value,
                                 fit.param[3].value, fit.param[4].value};
            double law = p[0] + p[1] * pow(s.n[i], -p[3]) + p[2] * pow(s.d[i], -p[4]);
            double want = kind == FIT_LOG ? log(law / s.loss[i]) : law - s.loss[i];
            ck_assert_double_eq_tol(r.e[i], want, 1e-9);
            rss += r.e[i] * r.e[i];
        }
        ck_assert_double_eq_tol(rss / fit.objective, 1.0, 1e-9);
        ck_assert(isnan(r.lag1) && isnan(r.icc)); /* no runs */
        residuals_release(&r);
    }
}
END_TEST

/* A term of the law that is missing shows as a slope and as too few runs. */
START_TEST(a_wrong_law_is_seen)
{
    Residuals r;
    surface_fill(&s, surface_law[0], 7, 7, 0.001, 2);
    for (size_t i = 0; i < s.data.n; i++) {
        s.loss[i] *= 1.0 + 0.02 * pow(log(s.n[i] / 1.4e8) / 3.4, 2.0); /* bent in N */
    }
    open(FIT_LOG);
    take(&r);
    ck_assert_int_eq(r.trend[0].input, FORM_N);
    ck_assert_uint_eq(r.n_trends, 3);
    ck_assert_double_lt(r.trend[0].order.statistic, -3.0);
    ck_assert_uint_eq(r.trend[0].n_bins, 7);
    for (size_t b = 0; b < 7; b++) { /* each bin against its own sums */
        double mean = 0.0;
        for (size_t j = 0; j < 7; j++) {
            mean += r.e[7 * b + j] / 7.0;
        }
        ck_assert_double_eq_tol(r.trend[0].bin[b].mean, mean, 1e-14);
        ck_assert_uint_eq(r.trend[0].bin[b].n, 7);
    }
    residuals_release(&r);
}
END_TEST

START_TEST(a_right_law_is_not_accused)
{
    size_t tilted = 0;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        Residuals r;
        surface_fill(&s, surface_law[0], 8, 9, 0.01, seed);
        open(FIT_LOG);
        take(&r);
        for (size_t k = 0; k < 3; k++) {
            tilted += r.trend[k].slope.p < 0.05 ? 1 : 0;
        }
        residuals_release(&r);
    }
    ck_assert_uint_le(tilted, 12); /* 120 tests at 5 %: 6 expected, 12 is 2.5 sd above */
}
END_TEST

START_TEST(points_of_a_run_that_err_alike_are_counted)
{
    Residuals r;
    surface_fill(&s, surface_law[0], 8, 9, 0.001, 4);
    /* twelve runs across the sizes, each with an error of its own */
    for (size_t i = 0; i < s.data.n; i++) {
        s.run[i] = (i % 9 + 3 * (i / 9)) % 12;
        s.d[i] *= 1.0 + 1e-3 * (double)(i / 9);
        s.loss[i] *= exp(0.02 * rng_normal(11, 5, s.run[i]));
    }
    s.data.run = s.run;
    s.data.n_runs = 12;
    open(FIT_LOG);
    take(&r);
    ck_assert_double_gt(r.icc, 0.8);
    ck_assert_double_lt(r.effective, 16.0); /* 12 runs, not 72 points */
    ck_assert_uint_eq(r.n_pairs, 60);
    ck_assert_double_gt(r.lag1, 0.8);
    ck_assert(isfinite(r.trend[0].clustered.t));
    /* lag 1 by hand: pairs of a run in the order of D */
    double x[72], y[72];
    size_t n = 0;
    for (size_t run = 0; run < 12; run++) {
        size_t last = SIZE_MAX;
        double from = 0.0;
        for (;;) {
            size_t next = SIZE_MAX;
            for (size_t i = 0; i < s.data.n; i++) {
                bool is_after = s.d[i] > from && i != last;
                if (s.run[i] == run && is_after && (next == SIZE_MAX || s.d[i] < s.d[next])) {
                    next = i;
                }
            }
            if (next == SIZE_MAX) {
                break;
            }
            if (last != SIZE_MAX) {
                x[n] = r.e[last];
                y[n++] = r.e[next];
            }
            from = s.d[next];
            last = next;
        }
    }
    ck_assert_uint_eq(n, r.n_pairs); /* no two points of a run share a D */
    ck_assert_double_eq_tol(r.lag1, stats_correlation(x, y, n), 1e-12);
    residuals_release(&r);
}
END_TEST

static int by_random(const void *a, const void *b)
{
    const size_t *x = a, *y = b;
    uint64_t p = rng_u64(1, 2, *x), q = rng_u64(1, 2, *y);
    return p < q ? -1 : p > q;
}

START_TEST(the_order_of_rows_decides_nothing)
{
    static Surface shuffled;
    Residuals a, b;
    size_t order[SURFACE_MAX];
    surface_fill(&s, surface_law[0], 6, 8, 0.01, 9);
    surface_fill(&shuffled, surface_law[0], 6, 8, 0.01, 9);
    open(FIT_LOG);
    take(&a);
    for (size_t i = 0; i < 48; i++) {
        order[i] = i;
    }
    qsort(order, 48, sizeof *order, by_random);
    for (size_t i = 0; i < 48; i++) {
        s.n[i] = shuffled.n[order[i]];
        s.d[i] = shuffled.d[order[i]];
        s.c[i] = shuffled.c[order[i]];
        s.loss[i] = shuffled.loss[order[i]];
    }
    open(FIT_LOG);
    take(&b);
    for (size_t k = 0; k < 3; k++) {
        ck_assert_double_eq_tol(a.trend[k].order.statistic, b.trend[k].order.statistic, 1e-12);
        ck_assert_double_eq_tol(a.trend[k].slope.t, b.trend[k].slope.t, 1e-6);
    }
    ck_assert_double_eq_tol(a.normality.statistic, b.normality.statistic, 1e-6);
    ck_assert_double_eq_tol(a.variance.statistic, b.variance.statistic, 1e-6);
    residuals_release(&a);
    residuals_release(&b);
}
END_TEST

START_TEST(a_missing_input_is_refused)
{
    Residuals r;
    Err err = ERR_INIT;
    surface_fill(&s, surface_law[0], 6, 7, 0.01, 2);
    open(FIT_LOG);
    s.data.tokens = NULL;
    ck_assert_int_eq(residuals_run(&s.data, &fit, &r, &err), ERR_INVALID);
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "residuals"});
}

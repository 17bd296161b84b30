/* Scatter of a new run: the moments give back the variances that made the data. */
#include <check.h>
#include <gsl/gsl_errno.h>
#include <math.h>
#include <string.h>

#include "analysis/fit/fit.h"
#include "analysis/use/scatter.h"
#include "common/rng.h"
#include "tests/analysis/fit/surface.h"
#include "tests/support/suite.h"

enum { RUNS = 8, STEPS = 12, STUDIES = 60 };

static Surface s;

static FitResult fit_of(uint64_t seed)
{
    static FitResult r;
    FitOptions o = fit_defaults(form_find("chinchilla"));
    Err err = ERR_INIT;
    o.loss = (FitLoss){.kind = FIT_MSE};
    o.starts = 4;
    o.bootstrap = 0;
    o.seed = seed;
    ck_assert_msg(fit_run(&o, &s.data, &r, &err) == ERR_OK, "%s", err.msg);
    return r;
}

/* Mean over studies of u^2 + w^2; plain residuals, which the law has bent to, give less. */
START_TEST(variance_components_are_unbiased)
{
    const double u = 6e-3, w = 2e-3, truth = u * u + w * w;
    double both = 0.0, between = 0.0, within = 0.0, plain = 0.0;
    for (uint64_t study = 0; study < STUDIES; study++) {
        Scatter x;
        Err err = ERR_INIT;
        surface_fill(&s, surface_law[1], RUNS, STEPS, w, study + 1);
        for (size_t i = 0; i < s.data.n; i++) {
            s.loss[i] *= exp(u * rng_normal(study + 1, 77, s.run[i]));
        }
        s.data.run = s.run;
        s.data.n_runs = RUNS;
        FitResult r = fit_of(study);
        ck_assert_int_eq(scatter_of(&r, &s.data, &x, &err), ERR_OK);
        ck_assert(x.is_by_run);
        both += (x.between * x.between + x.within * x.within) / STUDIES;
        between += x.between * x.between / STUDIES;
        within += x.within * x.within / STUDIES;
        plain += r.rmse_log * r.rmse_log / STUDIES;
    }
    /* 60 studies of about 5 degrees of freedom: sqrt(2/300) = 8 % */
    ck_assert_double_eq_tol(both / truth, 1.0, 0.2);
    ck_assert_double_eq_tol(between / (u * u), 1.0, 0.2);
    ck_assert_double_eq_tol(within / (w * w), 1.0, 0.05);
    ck_assert_double_lt(plain / truth, 0.75);
}
END_TEST

START_TEST(independent_points_have_n_minus_p_degrees_of_freedom)
{
    double square = 0.0;
    for (uint64_t study = 0; study < STUDIES; study++) {
        Scatter x;
        Err err = ERR_INIT;
        surface_fill(&s, surface_law[0], 5, 4, 1e-2, study + 1);
        FitResult r = fit_of(study);
        ck_assert_int_eq(scatter_of(&r, &s.data, &x, &err), ERR_OK);
        ck_assert(!x.is_by_run && x.between == 0.0);
        square += x.within * x.within / STUDIES;
        double mean = 0.0;
        for (size_t k = 0; k < SCATTER_QUANTILES; k++) {
            ck_assert(k == 0 || x.quantile[k] >= x.quantile[k - 1]);
            mean += x.quantile[k] * x.quantile[k] / SCATTER_QUANTILES;
        }
        /* 20 points cut at 101 places: their tails are a little short */
        ck_assert_double_eq_tol(mean / (x.within * x.within), 1.0, 0.15);
    }
    ck_assert_double_eq_tol(square / 1e-4, 1.0, 0.15); /* sqrt(2/(60*15)) = 5 % */
}
END_TEST

START_TEST(exact_data_have_none_and_too_few_points_are_refused)
{
    Scatter x;
    Err err = ERR_INIT;
    surface_fill(&s, surface_law[0], 5, 5, 0.0, 1);
    FitResult r = fit_of(1);
    ck_assert_int_eq(scatter_of(&r, &s.data, &x, &err), ERR_OK);
    ck_assert_double_lt(x.within, 1e-12);
    s.data.n = 5;
    ck_assert_int_eq(scatter_of(&r, &s.data, &x, &err), ERR_NUMERIC);
    ck_assert_ptr_nonnull(strstr(err.msg, "5 points leave no residual for 5"));
    ck_assert_double_eq(scatter_apply(FIT_RAW, 2.0, 0.25), 2.25);
    ck_assert_double_eq_tol(scatter_apply(FIT_LOG, 2.0, log(1.5)), 3.0, 1e-14);
}
END_TEST

int main(void)
{
    (void)gsl_set_error_handler_off();
    return test_main((TestPlan){.name = "analysis/use/scatter"});
}

/* Residuals with random weights: against regressions without each run, which no resampling enters. */
#include <check.h>
#include <gsl/gsl_errno.h>
#include <gsl/gsl_multifit.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/fit/bootstrap.h"
#include "analysis/fit/fit.h"
#include "analysis/fit/share.h"
#include "common/rng.h"
#include "tests/analysis/fit/surface.h"
#include "tests/support/suite.h"

enum { REPLICATES = 10000, MAX_COLUMNS = 5, MAX_UNITS = 48, MAX_REPORTED = 64 };

/* An estimated standard deviation of REPLICATES independent draws is off by a factor 1 + z
 * sqrt((k - 1)/(4 REPLICATES)), k the kurtosis: that of a sum of Webb's weights is below 3. */
#define FIVE_SIGMA (5.0 * sqrt(2.0 / (4.0 * REPLICATES)))

static Surface surface;
static FitResult result, other;
static double sigma[SURFACE_MAX];

/* Sizes by steps, runs with errors of their own. */
static void make(size_t sizes, size_t steps, double of_run, double of_point, uint64_t seed)
{
    surface_fill(&surface, surface_law[0], sizes, steps, of_point, seed);
    surface.data.run = surface.run;
    surface.data.n_runs = sizes;
    for (size_t i = 0; i < surface.data.n; i++) {
        surface.loss[i] *= exp(of_run * rng_normal(seed, 5, surface.run[i]));
        sigma[i] = 1.0 + 0.5 * sin(3.0 * (double)i);
    }
}

static FitOptions options(const char *law, FitLoss loss)
{
    FitOptions o = fit_defaults(form_find(law));
    o.loss = loss;
    o.starts = 8;
    o.bootstrap = 100;
    o.resampling = FIT_WILD;
    return o;
}

static const FitLoss mse = {FIT_MSE, 0.0, 1.0};

static void fit(const FitOptions *o, FitResult *ret)
{
    Err err = ERR_INIT;
    ck_assert_msg(fit_run(o, &surface.data, ret, &err) == ERR_OK, "%s", err.msg);
}

/* A linear regression of n points in c columns. */
typedef struct Line {
    size_t n, c, unit[SURFACE_MAX], n_units;
    double x[SURFACE_MAX][MAX_COLUMNS], y[SURFACE_MAX], weight[SURFACE_MAX];
} Line;

static Line line;

/* b [c] by gsl_multifit, without one unit (all stay when it is n_units). */
static void regress(size_t without, double *b)
{
    size_t n = 0, k = 0;
    double sum, w[SURFACE_MAX];
    for (size_t i = 0; i < line.n; i++) {
        n += line.unit[i] != without ? 1 : 0;
    }
    gsl_matrix *x = gsl_matrix_alloc(n, line.c), *cov = gsl_matrix_alloc(line.c, line.c);
    gsl_vector *y = gsl_vector_alloc(n), *c = gsl_vector_alloc(line.c);
    gsl_multifit_linear_workspace *work = gsl_multifit_linear_alloc(n, line.c);
    for (size_t i = 0; i < line.n; i++) {
        if (line.unit[i] != without) {
            for (size_t a = 0; a < line.c; a++) {
                gsl_matrix_set(x, k, a, line.x[i][a]);
            }
            gsl_vector_set(y, k, line.y[i]);
            w[k++] = line.weight[i];
        }
    }
    gsl_vector_view weights = gsl_vector_view_array(w, n);
    ck_assert_int_eq(gsl_multifit_wlinear(x, &weights.vector, y, c, cov, &sum, work), 0);
    for (size_t a = 0; a < line.c; a++) {
        b[a] = gsl_vector_get(c, a);
    }
    gsl_multifit_linear_free(work);
    gsl_vector_free(c);
    gsl_vector_free(y);
    gsl_matrix_free(cov);
    gsl_matrix_free(x);
}

/* se [c]: root of the sum over units of (b - b without it)^2. */
static void left_out(double *se)
{
    double all[MAX_COLUMNS], b[MAX_COLUMNS], sum[MAX_COLUMNS] = {0.0};
    regress(line.n_units, all);
    for (size_t u = 0; u < line.n_units; u++) {
        regress(u, b);
        for (size_t a = 0; a < line.c; a++) {
            sum[a] += (all[a] - b[a]) * (all[a] - b[a]);
        }
    }
    for (size_t a = 0; a < line.c; a++) {
        se[a] = sqrt(sum[a]);
    }
}

/* The law with its exponents held, from column `at` on: E, A, B. */
static void fill_surface(size_t at, size_t first, bool by_run)
{
    for (size_t i = 0; i < surface.data.n; i++) {
        double *x = line.x[first + i];
        x[0] = 1.0;
        x[at] = pow(surface.n[i], -0.34);
        x[at + 1] = pow(surface.d[i], -0.28);
        line.y[first + i] = surface.loss[i];
        line.weight[first + i] =
            surface.data.sigma ? 1.0 / (surface.data.sigma[i] * surface.data.sigma[i]) : 1.0;
        line.unit[first + i] = line.n_units + (by_run ? surface.run[i] : i);
    }
    line.n_units += by_run ? surface.data.n_runs : surface.data.n;
    line.n += surface.data.n;
}

static FitOptions held(void)
{
    FitOptions o = options("chinchilla", mse);
    o.residual = FIT_RAW;
    o.bootstrap = REPLICATES;
    o.fix.is_fixed[form_param(o.form, "alpha")] = true;
    o.fix.is_fixed[form_param(o.form, "beta")] = true;
    o.fix.value[form_param(o.form, "alpha")] = 0.34;
    o.fix.value[form_param(o.form, "beta")] = 0.28;
    return o;
}

static void must_be_near(const char *what, double se, double want)
{
    ck_assert_msg(fabs(se / want - 1.0) < FIVE_SIGMA, "%s: se %.6g, want %.6g", what, se, want);
}

START_TEST(a_linear_law_has_the_spread_of_fits_without_each_run)
{
    const char *const name[] = {"E", "A", "B"};
    double se[MAX_COLUMNS];
    for (int weighted = 0; weighted < 2; weighted++) {
        make(6, 8, 0.01, 0.003, 40);
        surface.data.sigma = weighted ? sigma : NULL;
        line = (Line){.c = 3};
        fill_surface(1, 0, true);
        left_out(se);
        FitOptions o = held();
        fit(&o, &result);
        ck_assert_int_eq(result.resampling, FIT_WILD);
        ck_assert_uint_eq(result.replicates_failed, 0);
        for (size_t a = 0; a < 3; a++) {
            must_be_near(name[a], fit_value(&result, name[a])->se, se[a]);
        }
    }
}
END_TEST

/* ... of observations, where each is a run: HC3; and then runs change nothing. */
START_TEST(single_points_have_the_spread_of_fits_without_each_point)
{
    double se[MAX_COLUMNS];
    make(6, 8, 0.0, 0.01, 41);
    surface.data.n_runs = 0;
    line = (Line){.c = 3};
    fill_surface(1, 0, false);
    left_out(se);
    FitOptions o = held();
    fit(&o, &result);
    must_be_near("E", fit_value(&result, "E")->se, se[0]);
    must_be_near("B", fit_value(&result, "B")->se, se[2]);
    for (size_t i = 0; i < surface.data.n; i++) {
        surface.run[i] = i;
    }
    surface.data.n_runs = surface.data.n;
    fit(&o, &other);
    ck_assert_int_eq(other.resampling, FIT_WILD);
    for (size_t k = 0; k < fit_slots(&result); k++) {
        const FitValue *a = fit_slot(&result, k), *b = fit_slot(&other, k);
        ck_assert(memcmp(&a->se, &b->se, sizeof a->se) == 0);
        ck_assert(memcmp(&a->lo, &b->lo, sizeof a->lo) == 0);
    }
}
END_TEST

/* Log residuals: a power law is a straight line in the logs. */
START_TEST(log_residuals_too)
{
    double se[MAX_COLUMNS];
    make(7, 6, 0.01, 0.003, 42);
    line = (Line){.c = 2, .n = surface.data.n, .n_units = 7};
    for (size_t i = 0; i < surface.data.n; i++) {
        line.x[i][0] = 1.0;
        line.x[i][1] = log(surface.d[i]);
        line.y[i] = log(surface.loss[i]);
        line.weight[i] = 1.0;
        line.unit[i] = surface.run[i];
    }
    left_out(se);
    FitOptions o = options("power:D", mse);
    o.bootstrap = REPLICATES;
    fit(&o, &result);
    must_be_near("alpha", fit_value(&result, "alpha")->se, se[1]);
}
END_TEST

/* Two groups with E in common: one regression of both, without each run of either. */
START_TEST(a_joint_fit_has_the_spread_of_joint_fits_without_each_run)
{
    static Surface first;
    static FitResult ret[2];
    const bool is_shared[FORM_MAX_PARAMS] = {true};
    const FitData *const data[2] = {&first.data, &surface.data};
    double se[MAX_COLUMNS];
    ShareFit whole;
    Err err = ERR_INIT;
    line = (Line){.c = 5};
    make(6, 6, 0.01, 0.003, 43);
    fill_surface(1, 0, true);
    first = surface;
    first.data.params = first.n;
    first.data.tokens = first.d;
    first.data.flops = first.c;
    first.data.loss = first.loss;
    first.data.run = first.run;
    make(5, 7, 0.01, 0.003, 44);
    fill_surface(3, line.n, true);
    left_out(se);
    FitOptions o = held();
    ck_assert_int_eq(form_param(o.form, "E"), 0);
    ck_assert_msg(share_run(&o, is_shared, data, 2, ret, &whole, &err) == ERR_OK, "%s", err.msg);
    ck_assert_int_eq(whole.resampling, FIT_WILD);
    ck_assert_uint_eq(whole.replicates_failed, 0);
    must_be_near("E", fit_value(&ret[0], "E")->se, se[0]);
    must_be_near("A of the first", fit_value(&ret[0], "A")->se, se[1]);
    must_be_near("B of the second", fit_value(&ret[1], "B")->se, se[4]);
    ck_assert_double_eq(fit_value(&ret[1], "E")->se, fit_value(&ret[0], "E")->se);
}
END_TEST

START_TEST(threads_change_not_one_bit_of_a_replicate)
{
    FitDraws draws[2];
    Err err = ERR_INIT;
    make(6, 9, 0.005, 0.002, 45);
    FitOptions o = options("chinchilla", (FitLoss){FIT_HUBER, 1e-3, 1.0});
    for (size_t t = 0; t < 2; t++) {
        o.threads = 1 + 2 * t;
        ck_assert_int_eq(fit_draws(&o, &surface.data, &result, &draws[t], &err), ERR_OK);
    }
    ck_assert_uint_eq(draws[0].n, 100);
    ck_assert_double_eq_tol(draws[0].tail, 0.005078, 2e-6); /* Phi(-2.5706), t of 5 */
    ck_assert(
        memcmp(draws[0].value, draws[1].value, sizeof(double) * draws[0].n * draws[0].width) == 0);
    fit_draws_release(&draws[0]);
    fit_draws_release(&draws[1]);
}
END_TEST

/* Huber that is quadratic everywhere has the minima of least squares, and its residuals. */
START_TEST(a_wide_huber_loss_is_least_squares)
{
    make(6, 9, 0.005, 0.002, 46);
    FitOptions o = options("chinchilla", mse);
    fit(&o, &result);
    o.loss = (FitLoss){FIT_HUBER, 1e3, 1.0};
    fit(&o, &other);
    for (size_t k = 0; k < result.n_params; k++) {
        ck_assert_double_eq_tol(other.param[k].se / result.param[k].se, 1.0, 1e-5);
    }
}
END_TEST

/* A robust fit goes through runs of few: their errors would be lost with its residuals. */
START_TEST(a_robust_loss_keeps_the_errors_of_runs)
{
    make(6, 12, 0.01, 0.0002, 47);
    FitOptions o = options("chinchilla", mse);
    fit(&o, &result);
    o.loss = (FitLoss){FIT_HUBER, 1e-3, 1.0};
    fit(&o, &other);
    double ratio = fit_value(&other, "alpha")->se / fit_value(&result, "alpha")->se;
    ck_assert_msg(ratio > 0.5 && ratio < 2.0, "se of huber is %g of that of mse", ratio);
}
END_TEST

START_TEST(auto_weights_the_residuals_of_few_runs)
{
    const struct {
        size_t runs;
        FitResampling want;
    } c[] = {{3, FIT_NO_INTERVALS}, {4, FIT_WILD},      {7, FIT_WILD},
             {8, FIT_CLUSTERS},     {40, FIT_CLUSTERS}, {0, FIT_CASES}};
    FitData data = {.n = 100};
    FitOptions o = fit_defaults(form_find("chinchilla"));
    FitOptions has_envelope = fit_defaults(form_find("paper_power"));
    FitOptions wild = options("chinchilla", mse);
    for (size_t k = 0; k < sizeof c / sizeof c[0]; k++) {
        data.n_runs = c[k].runs;
        ck_assert_int_eq(bootstrap_kind(&o, &data), c[k].want);
        ck_assert_int_eq(bootstrap_kind(&has_envelope, &data),
                         c[k].want == FIT_WILD ? FIT_CLUSTERS : c[k].want);
        ck_assert_int_eq(bootstrap_kind(&wild, &data),
                         c[k].runs == 3 ? FIT_NO_INTERVALS : FIT_WILD);
    }
}
END_TEST

/* The envelope is made of the runs' own losses, which no weight changes. */
START_TEST(an_envelope_has_no_intervals_of_weights)
{
    make(8, 12, 0.002, 0.001, 48);
    FitOptions o = options("paper_power", mse);
    fit(&o, &result);
    ck_assert(result.has_envelope && isfinite(fit_value(&result, "alpha_C")->se));
    ck_assert(isnan(fit_value(&result, "a")->se));
}
END_TEST

/* The other methods take runs for units, as where runs are drawn. */
START_TEST(the_other_intervals_are_by_run)
{
    make(6, 12, 0.01, 0.0005, 49);
    FitOptions o = options("chinchilla", mse);
    o.has_all_intervals = true;
    fit(&o, &result);
    o.resampling = FIT_CLUSTERS;
    fit(&o, &other);
    const FitValue *a = fit_value(&result, "beta"), *b = fit_value(&other, "beta");
    ck_assert_double_eq(a->by[FIT_SANDWICH].se, b->by[FIT_SANDWICH].se);
    ck_assert_double_eq(a->by[FIT_JACKKNIFE].se, b->by[FIT_JACKKNIFE].se);
    ck_assert(isfinite(a->by[FIT_BCA].lo) && a->by[FIT_BCA].lo < a->value);
}
END_TEST

START_TEST(wild_has_a_name)
{
    FitResampling kind;
    Err err = ERR_INIT;
    ck_assert_int_eq(fit_resampling_parse("wild", &kind, &err), ERR_OK);
    ck_assert_int_eq(kind, FIT_WILD);
    ck_assert_str_eq(fit_resampling_name(FIT_WILD), "wild");
    ck_assert_int_eq(fit_resampling_parse("tame", &kind, &err), ERR_USAGE);
}
END_TEST

int main(void)
{
    (void)gsl_set_error_handler_off();
    return test_main((TestPlan){.name = "analysis/fit/wild"});
}

#include <check.h>
#include <gsl/gsl_errno.h>
#include <gsl/gsl_fit.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/fit/fit.h"
#include "common/rng.h"
#include "tests/analysis/fit/surface.h"
#include "tests/support/check_close.h"
#include "tests/support/suite.h"

static Surface surface;
static FitResult result, other;

static FitOptions options(FitLoss loss, FitResidual residual)
{
    FitOptions o = fit_defaults(form_find("chinchilla"));
    o.loss = loss;
    o.residual = residual;
    o.starts = 24;
    o.bootstrap = 0;
    return o;
}

static const FitLoss mse = {FIT_MSE, 0.0, 1.0}, huber = {FIT_HUBER, 1e-3, 1.0},
                     l1 = {FIT_L1, 0.0, 1.0};

static void fit(const FitOptions *o, const FitData *data, FitResult *ret)
{
    Err err = ERR_INIT;
    ck_assert_msg(fit_run(o, data, ret, &err) == ERR_OK, "%s", err.msg);
}

/* The bar for a noise-free surface: 1e-10, a hundred times the rounding of five parameters
 * through a condition number of 1e4. */
START_TEST(six_surfaces_without_noise_are_recovered)
{
    for (size_t k = 0; k < SURFACE_COUNT; k++) {
        surface_fill(&surface, surface_law[k], 8, 9, 0.0, 0);
        for (size_t v = 0; v < 4; v++) {
            FitOptions o = options(v < 2 ? mse : huber, v % 2 ? FIT_RAW : FIT_LOG);
            fit(&o, &surface.data, &result);
            for (size_t i = 0; i < 5; i++) {
                check_close_f64(surface_name[k], 1, &result.param[i].value, &surface_law[k][i], 0.0,
                                1e-10);
            }
        }
    }
}
END_TEST

START_TEST(the_order_of_observations_does_not_matter)
{
    static Surface shuffled;
    surface_fill(&surface, surface_law[1], 8, 9, 0.01, 5);
    surface_fill(&shuffled, surface_law[1], 8, 9, 0.01, 5);
    for (size_t i = 0; i < surface.data.n; i++) {
        size_t j = rng_permute(1, 7, i, surface.data.n);
        shuffled.n[i] = surface.n[j];
        shuffled.d[i] = surface.d[j];
        shuffled.loss[i] = surface.loss[j];
    }
    FitOptions o = options(huber, FIT_LOG);
    fit(&o, &surface.data, &result);
    fit(&o, &shuffled.data, &other);
    for (size_t i = 0; i < 5; i++) { /* sums are rounded in another order: 1e-16 times 1e4 */
        check_close_f64("parameter", 1, &other.param[i].value, &result.param[i].value, 0.0, 1e-11);
    }
}
END_TEST

/* N' = k N: A' = A k^alpha, and so on; the objective on log residuals does not change. */
START_TEST(units_of_n_d_and_loss_scale_out)
{
    static Surface scaled;
    const double kn = 3.7e-3, kd = 41.0, kl = 1.4427;
    surface_fill(&surface, surface_law[0], 7, 8, 0.008, 9);
    surface_fill(&scaled, surface_law[0], 7, 8, 0.008, 9);
    for (size_t i = 0; i < surface.data.n; i++) {
        scaled.n[i] *= kn;
        scaled.d[i] *= kd;
        scaled.loss[i] *= kl;
    }
    FitOptions o = options(huber, FIT_LOG);
    fit(&o, &surface.data, &result);
    fit(&o, &scaled.data, &other);
    const double want[] = {
        result.param[0].value * kl,
        result.param[1].value * kl * pow(kn, result.param[3].value),
        result.param[2].value * kl * pow(kd, result.param[4].value),
        result.param[3].value,
        result.param[4].value,
    };
    check_close_f64("objective", 1, &other.objective, &result.objective, 0.0, 1e-11);
    for (size_t i = 0; i < 5; i++) {
        check_close_f64("parameter", 1, &other.param[i].value, &want[i], 0.0, 1e-9);
    }
}
END_TEST

/* Lowers theta by trying steps along every coordinate and some random directions, each halved
 * when none helps: no derivative, no model, nothing in common with the fitter. */
static double brute_force(const FitProblem *p, double *theta)
{
    double value = problem_value(p, theta), step = 1e-3;
    for (uint64_t round = 0; step > 1e-11 && round < 40000; round++) {
        bool has_moved = false;
        for (size_t k = 0; k < 20; k++) {
            double trial[FORM_MAX_PARAMS];
            for (size_t i = 0; i < p->p; i++) {
                double z = k < 2 * p->p ? (i == k / 2 ? (k % 2 ? -1.0 : 1.0) : 0.0)
                                        : rng_normal(11, round, 10 * k + i);
                trial[i] = theta[i] + step * z;
            }
            double next = problem_value(p, trial);
            if (next < value) {
                value = next;
                memcpy(theta, trial, sizeof trial);
                has_moved = true;
            }
        }
        step *= has_moved ? 1.3 : 0.5;
    }
    return value;
}

/* Outliers make Huber and l1 earn their keep.  No step of the brute force may find less. */
START_TEST(brute_force_finds_nothing_lower)
{
    const FitLoss losses[] = {mse, huber, l1};
    for (size_t k = 0; k < 3; k++) {
        surface_fill(&surface, surface_law[1], 6, 6, 0.004, 21);
        surface.loss[3] *= 1.09;
        surface.loss[17] *= 1.12;
        FitOptions o = options(losses[k], FIT_LOG);
        fit(&o, &surface.data, &result);
        FitProblem p;
        Err err = ERR_INIT;
        ck_assert_int_eq(problem_init(&p, o.form, o.loss, o.residual, &surface.data, &err), ERR_OK);
        double theta[FORM_MAX_PARAMS];
        memcpy(theta, result.theta, sizeof theta);
        double least = brute_force(&p, theta);
        ck_assert_double_ge(least, result.objective * (1.0 - 1e-12));
        for (size_t i = 0; i < 5; i++) {
            theta[i] = result.theta[i] + 0.02 * ((double)(i % 3) - 1.0);
        }
        ck_assert_double_ge(brute_force(&p, theta), result.objective * (1.0 - 1e-12));
        problem_release(&p);
    }
}
END_TEST

/* 16 points of a valley that is flat to 1e-4 over a factor of ten in E: Newton alone creeps
 * here by a percent a step.  All starts must end at one place. */
START_TEST(a_flat_curved_valley_is_followed_to_its_end)
{
    const double law[] = {0.4, 9.0, 62.0, 0.075, 0.19};
    surface_fill(&surface, law, 4, 4, 0.004, 8);
    FitOptions o = options(huber, FIT_LOG);
    fit(&o, &surface.data, &result);
    ck_assert_uint_eq(result.at_minimum + result.not_converged, o.starts);
    ck_assert_uint_ge(result.at_minimum, o.starts - 2);
    ck_assert(result.certificate.is_minimum);
    ck_assert_double_le(result.certificate.decrement, 1e-10);
}
END_TEST

START_TEST(least_squares_on_logs_is_the_regression_of_logs)
{
    double x[SURFACE_MAX], y[SURFACE_MAX], c0, c1, cov00, cov01, cov11, sum;
    surface_fill(&surface, surface_law[0], 6, 7, 0.02, 4);
    for (size_t i = 0; i < surface.data.n; i++) {
        x[i] = log(surface.c[i] / FORM_PFLOP_S_DAY);
        y[i] = log(surface.loss[i]);
    }
    (void)gsl_fit_linear(x, 1, y, 1, surface.data.n, &c0, &c1, &cov00, &cov01, &cov11, &sum);
    FitOptions o = fit_defaults(form_find("paper_power"));
    o.bootstrap = 0;
    fit(&o, &surface.data, &result);
    const double want[] = {exp(c0), c1};
    const double got[] = {result.param[0].value, result.param[1].value};
    check_close_f64("power law", 2, got, want, 0.0, 1e-12); /* two ways to round 42 sums */
    check_close_f64("objective", 1, &result.objective, &sum, 0.0, 1e-12);
}
END_TEST

START_TEST(a_floor_of_zero_is_a_boundary_and_says_so)
{
    const double law[] = {0.0, 12.0, 30.0, 0.12, 0.11};
    surface_fill(&surface, law, 7, 8, 0.0, 1);
    for (size_t i = 0; i < surface.data.n; i++) {
        surface.loss[i] -= 0.05 * pow(surface.n[i] / 4.7e6, 0.1); /* bends the wrong way */
    }
    FitOptions o = options(mse, FIT_LOG);
    fit(&o, &surface.data, &result);
    ck_assert_double_eq(result.param[0].value, 0.0);
    ck_assert_uint_ge(result.n_warnings, 1);
    ck_assert_ptr_nonnull(strstr(result.warning[0], "boundary: E"));
    o.bootstrap = 60;
    fit(&o, &surface.data, &result);
    ck_assert(isnan(result.param[0].lo) && isnan(result.param[0].se)); /* not "0 to 0" */
    ck_assert(isfinite(result.param[3].lo));
}
END_TEST

static void refuse(const FitOptions *o, const FitData *data, ErrCode code, const char *words)
{
    Err err = ERR_INIT;
    memset(&result, 0x5a, sizeof result);
    other = result;
    ck_assert_int_eq(fit_run(o, data, &result, &err), code);
    ck_assert_msg(strstr(err.msg, words) != NULL, "%s", err.msg);
    ck_assert_msg(memcmp(&result, &other, sizeof result) == 0, "a refusal wrote a result");
}

START_TEST(what_cannot_be_known_is_refused)
{
    FitOptions o = options(huber, FIT_LOG);
    surface_fill(&surface, surface_law[0], 5, 1 + 1, 0.0, 1);
    refuse(&o, &surface.data, ERR_NUMERIC, "different values of D; these points have 2");
    surface.data.n = 5;
    refuse(&o, &surface.data, ERR_NUMERIC, "needs at least 6 points, not 5");
    surface_fill(&surface, surface_law[0], 2, 8, 0.0, 1);
    refuse(&o, &surface.data, ERR_NUMERIC, "different values of N; these points have 2");
    surface_fill(&surface, surface_law[0], 4, 4, 0.0, 1);
    surface.loss[3] = -1.0;
    refuse(&o, &surface.data, ERR_INVALID, "observation 4 is -1");
}
END_TEST

/* The loss does not depend on N at all: A and alpha would be inventions. */
START_TEST(a_term_that_is_not_there_is_refused)
{
    const double law[] = {1.7, 0.0, 400.0, 0.3, 0.28};
    FitOptions o = options(mse, FIT_LOG);
    surface_fill(&surface, law, 5, 8, 0.0, 1);
    refuse(&o, &surface.data, ERR_NUMERIC, "chinchilla: ");
    for (size_t i = 0; i < surface.data.n; i++) {
        surface.loss[i] *= pow(surface.n[i] / 1e7, 0.05); /* and now it rises with N */
    }
    refuse(&o, &surface.data, ERR_NUMERIC, "chinchilla: ");
}
END_TEST

START_TEST(threads_change_not_one_bit)
{
    surface_fill(&surface, surface_law[1], 9, 6, 0.01, 17);
    surface.data.run = surface.run;
    surface.data.n_runs = 9;
    FitOptions o = options(huber, FIT_LOG);
    o.bootstrap = 40;
    fit(&o, &surface.data, &result);
    o.threads = 3;
    fit(&o, &surface.data, &other);
    check_same_bits_f64("objective", 1, &other.objective, &result.objective);
    for (size_t i = 0; i < 5; i++) {
        check_same_bits_f64("value", 1, &other.param[i].value, &result.param[i].value);
        check_same_bits_f64("se", 1, &other.param[i].se, &result.param[i].se);
        check_same_bits_f64("lo", 1, &other.param[i].lo, &result.param[i].lo);
        check_same_bits_f64("hi", 1, &other.param[i].hi, &result.param[i].hi);
    }
}
END_TEST

/* 40 data sets of independent points: a 95 % interval misses alpha more than 8 times with
 * probability below 1e-3 if it covers 90 %, and percentile intervals of 100 replicates do. */
START_TEST(intervals_cover_the_truth_about_as_often_as_they_say)
{
    size_t covered = 0;
    for (uint64_t seed = 0; seed < 40; seed++) {
        surface_fill(&surface, surface_law[0], 8, 8, 0.01, 100 + seed);
        FitOptions o = options(mse, FIT_LOG);
        o.starts = 4;
        o.bootstrap = 100;
        fit(&o, &surface.data, &result);
        ck_assert_int_eq(result.resampling, FIT_CASES);
        const FitValue *alpha = fit_value(&result, "alpha");
        covered += alpha->lo <= 0.34 && 0.34 <= alpha->hi ? 1 : 0;
    }
    ck_assert_uint_ge(covered, 32);
}
END_TEST

/* Points of a run that share their error: drawing points would take them for 8 times as many
 * runs as there are.  Drawing runs gives intervals at least twice as wide. */
START_TEST(runs_are_resampled_whole)
{
    surface_fill(&surface, surface_law[0], 10, 12, 0.0005, 31);
    for (size_t i = 0; i < surface.data.n; i++) {
        surface.loss[i] *= exp(0.01 * rng_normal(77, 5, surface.run[i]));
    }
    FitOptions o = options(mse, FIT_LOG);
    o.bootstrap = 100;
    fit(&o, &surface.data, &result);
    surface.data.run = surface.run;
    surface.data.n_runs = 10;
    fit(&o, &surface.data, &other);
    ck_assert_int_eq(other.resampling, FIT_CLUSTERS);
    ck_assert_double_gt(fit_value(&other, "alpha")->se, 2.0 * fit_value(&result, "alpha")->se);
}
END_TEST

START_TEST(three_runs_have_no_intervals)
{
    surface_fill(&surface, surface_law[0], 3, 12, 0.005, 31);
    surface.data.run = surface.run;
    surface.data.n_runs = 3;
    FitOptions o = options(huber, FIT_LOG);
    o.bootstrap = 50;
    fit(&o, &surface.data, &result);
    ck_assert_int_eq(result.resampling, FIT_NO_INTERVALS);
    ck_assert(isnan(result.param[0].se) && isnan(result.param[0].lo));
    bool has_warned = false;
    for (size_t i = 0; i < result.n_warnings; i++) {
        has_warned = has_warned || strncmp(result.warning[i], "few_runs: ", 10) == 0;
    }
    ck_assert(has_warned);
}
END_TEST

/* Four runs whose own errors are as large as what size does: most resampled studies have no
 * size term, and the few that have one say nothing of the spread. */
START_TEST(intervals_that_most_samples_refuse_are_not_printed)
{
    surface_fill(&surface, surface_law[0], 4, 12, 0.002, 31);
    for (size_t i = 0; i < surface.data.n; i++) {
        surface.loss[i] *= exp(0.1 * rng_normal(2, 5, surface.run[i]));
    }
    surface.data.run = surface.run;
    surface.data.n_runs = 4;
    FitOptions o = options(huber, FIT_LOG);
    o.bootstrap = 60;
    o.resampling = FIT_CLUSTERS;
    fit(&o, &surface.data, &result);
    ck_assert_uint_gt(result.replicates_failed * 2, result.replicates);
    for (size_t i = 0; i < result.n_params; i++) {
        ck_assert(isnan(result.param[i].se) && isnan(result.param[i].lo));
    }
    ck_assert_ptr_nonnull(strstr(result.warning[result.n_warnings - 1], "law; no intervals"));
}
END_TEST

START_TEST(losses_are_named_as_on_the_command_line)
{
    FitLoss loss;
    Err err = ERR_INIT;
    ck_assert_int_eq(fit_loss_parse("huber:2.5e-2", &loss, &err), ERR_OK);
    ck_assert_int_eq(loss.kind, FIT_HUBER);
    ck_assert_double_eq(loss.delta, 2.5e-2);
    ck_assert_int_eq(fit_loss_parse("l1", &loss, &err), ERR_OK);
    ck_assert_int_eq(loss.kind, FIT_L1);
    ck_assert_int_eq(fit_loss_parse("mse", &loss, &err), ERR_OK);
    const char *const bad[] = {"huber:0", "huber:-1", "huber:", "huber:x", "mae", ""};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ck_assert_int_eq(fit_loss_parse(bad[i], &loss, &err), ERR_USAGE);
    }
}
END_TEST

int main(void)
{
    (void)gsl_set_error_handler_off();
    return test_main((TestPlan){.name = "analysis/fit"});
}

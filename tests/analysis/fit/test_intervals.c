/* Intervals of every kind, and fixed parameters: against formulas that need no fitter. */
#include <check.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_errno.h>
#include <gsl/gsl_fit.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/fit/bootstrap.h"
#include "analysis/fit/fit.h"
#include "tests/analysis/fit/surface.h"
#include "tests/support/check_close.h"
#include "tests/support/suite.h"

static Surface surface;
static FitResult result;

static void fit(const FitOptions *o, FitResult *ret)
{
    Err err = ERR_INIT;
    ck_assert_msg(fit_run(o, &surface.data, ret, &err) == ERR_OK, "%s", err.msg);
}

/* A power law on log residuals is a straight line: the profile of its slope is the textbook
 * interval b +- t s_b, the jackknife is the regression without each point, and the sandwich is
 * White's formula. */
START_TEST(a_straight_line_has_the_textbook_intervals)
{
    double x[SURFACE_MAX], y[SURFACE_MAX], c0, c1, v00, v01, v11, sum;
    surface_fill(&surface, surface_law[0], 6, 7, 0.02, 4);
    size_t n = surface.data.n;
    for (size_t i = 0; i < n; i++) {
        x[i] = log(surface.d[i]);
        y[i] = log(surface.loss[i]);
    }
    (void)gsl_fit_linear(x, 1, y, 1, n, &c0, &c1, &v00, &v01, &v11, &sum);
    double mean = 0.0, spread = 0.0, white = 0.0, jack = 0.0, jack_mean = 0.0, left[SURFACE_MAX];
    for (size_t i = 0; i < n; i++) {
        mean += x[i] / (double)n;
    }
    for (size_t i = 0; i < n; i++) {
        double d = x[i] - mean, r = y[i] - c0 - c1 * x[i];
        spread += d * d;
        white += d * d * r * r;
    }
    for (size_t i = 0; i < n; i++) {
        double kept_x = x[i], kept_y = y[i], a, b, w00, w01, w11, s;
        x[i] = x[n - 1];
        y[i] = y[n - 1];
        (void)gsl_fit_linear(x, 1, y, 1, n - 1, &a, &b, &w00, &w01, &w11, &s);
        x[i] = kept_x;
        y[i] = kept_y;
        left[i] = b;
        jack_mean += b / (double)n;
    }
    for (size_t i = 0; i < n; i++) {
        jack += (left[i] - jack_mean) * (left[i] - jack_mean);
    }
    FitOptions o = fit_defaults(form_find("power:D"));
    o.bootstrap = 0;
    o.has_all_intervals = true;
    fit(&o, &result);
    const FitValue *alpha = fit_value(&result, "alpha");
    double t = gsl_cdf_tdist_Pinv(0.975, (double)n - 2.0);
    double want = -c1 - t * sqrt(v11);
    check_close_f64("profile", 1, &alpha->by[FIT_PROFILE].lo, &want, 0.0, 1e-7);
    want = -c1 + t * sqrt(v11);
    check_close_f64("profile", 1, &alpha->by[FIT_PROFILE].hi, &want, 0.0, 1e-7);
    want = sqrt(white / (spread * spread) * (double)n / ((double)n - 1.0));
    check_close_f64("sandwich", 1, &alpha->by[FIT_SANDWICH].se, &want, 0.0, 1e-7);
    want = sqrt(jack * ((double)n - 1.0) / (double)n);
    check_close_f64("jackknife", 1, &alpha->by[FIT_JACKKNIFE].se, &want, 0.0, 1e-7);
    ck_assert(isnan(alpha->by[FIT_BCA].lo)); /* no replicates, no BCa */
}
END_TEST

START_TEST(every_method_gives_every_value_an_interval)
{
    surface_fill(&surface, surface_law[0], 8, 9, 0.01, 21);
    FitOptions o = fit_defaults(form_find("chinchilla"));
    o.bootstrap = 200;
    o.has_all_intervals = true;
    o.at[0] = 1e20;
    o.n_at = 1;
    fit(&o, &result);
    ck_assert_uint_eq(fit_slots(&result), 5 + 3 + 4);
    for (size_t k = 0; k < fit_slots(&result); k++) {
        const FitValue *v = fit_slot(&result, k);
        for (size_t m = 0; m < FIT_N_METHODS; m++) {
            const FitInterval *i = &v->by[m];
            ck_assert_msg(i->lo < v->value && v->value < i->hi && i->se > 0.0,
                          "%s by %s: %g in [%g, %g], se %g", v->name, fit_method_name((FitMethod)m),
                          v->value, i->lo, i->hi, i->se);
        }
    }
    double n = result.at[0].value[0].value, d = result.at[0].value[1].value;
    double c = 6.0 * n * d;
    check_close_f64("C of the best N and D", 1, &c, &o.at[0], 0.0, 1e-12);
}
END_TEST

START_TEST(every_way_to_resample_gives_an_interval)
{
    const FitResampling kinds[] = {FIT_CASES, FIT_CLUSTERS, FIT_STRATIFIED, FIT_RESIDUALS};
    surface_fill(&surface, surface_law[0], 8, 9, 0.01, 21);
    surface.data.run = surface.run;
    surface.data.n_runs = 8;
    for (size_t i = 0; i < surface.data.n; i++) {
        surface.c[i] = exp(round(log(surface.c[i]))); /* budgets */
    }
    for (size_t k = 0; k < 4; k++) {
        FitOptions o = fit_defaults(form_find("chinchilla"));
        o.starts = 8;
        o.bootstrap = 100;
        o.resampling = kinds[k];
        fit(&o, &result);
        const FitValue *alpha = fit_value(&result, "alpha");
        ck_assert_int_eq(result.resampling, kinds[k]);
        ck_assert_msg(alpha->lo < alpha->value && alpha->value < alpha->hi, "%s: %g in [%g, %g]",
                      fit_resampling_name(kinds[k]), alpha->value, alpha->lo, alpha->hi);
    }
}
END_TEST

/* By tables: t(67) = 1.9960, t(15) = 2.1314; and what everybody uses for many points. */
/* Whoever computes from the replicates gets the intervals that the fit prints. */
START_TEST(the_replicates_give_the_printed_intervals)
{
    FitDraws draws;
    FitInterval i;
    Err err = ERR_INIT;
    surface_fill(&surface, surface_law[1], 8, 9, 0.01, 3);
    FitOptions o = fit_defaults(form_find("chinchilla"));
    ck_assert_int_eq(fit_draws(&o, &surface.data, &result, &draws, &err), ERR_OK);
    ck_assert_uint_eq(draws.n, 200);
    ck_assert_uint_eq(draws.width, fit_slots(&result));
    double *x = calloc(draws.n, sizeof *x);
    for (size_t k = 0; k < draws.width; k++) {
        for (size_t r = 0; r < draws.n; r++) {
            x[r] = fit_draw(&draws, r)[k];
        }
        ck_assert_int_eq(fit_draws_interval(x, draws.n, draws.tail, &i, &err), ERR_OK);
        const FitValue *v = fit_slot(&result, k);
        ck_assert(i.lo == v->lo && i.hi == v->hi && i.se == v->se);
    }
    for (size_t r = 0; r < draws.n; r++) {
        x[r] = 1.0;
    }
    ck_assert_int_eq(fit_draws_interval(x, draws.n, draws.tail, &i, &err), ERR_OK);
    ck_assert(isnan(i.lo) && isnan(i.hi));
    free(x);
    fit_draws_release(&draws);
}
END_TEST

START_TEST(small_samples_take_wider_quantiles)
{
    ck_assert_double_eq_tol(bootstrap_tail(FIT_CASES, 72, 5, 0), 0.01927, 2e-5);
    ck_assert_double_eq_tol(bootstrap_tail(FIT_CLUSTERS, 192, 5, 16), 0.01386, 2e-5);
    ck_assert_double_eq_tol(bootstrap_tail(FIT_CASES, 1000000, 5, 0), 0.025, 1e-6);
    ck_assert_double_eq(bootstrap_tail(FIT_CASES, 5, 5, 0), 0.0);
}
END_TEST

/* Held at the truth, a parameter stays there and the others are found; held elsewhere it costs. */
START_TEST(parameters_are_held_by_name)
{
    const double truth[] = {1.69, 406.4, 410.7, 0.34, 0.28};
    surface_fill(&surface, surface_law[0], 8, 9, 0.0, 0);
    for (size_t k = 0; k < 5; k++) {
        FitOptions o = fit_defaults(form_find("chinchilla"));
        o.bootstrap = 0;
        o.fix.is_fixed[k] = true;
        o.fix.value[k] = truth[k];
        fit(&o, &result);
        ck_assert_uint_eq(result.certificate.n_eigenvalues, 4);
        for (size_t i = 0; i < 5; i++) {
            check_close_f64("parameter", 1, &result.param[i].value, &truth[i], 0.0, 1e-9);
        }
        o.fix.value[k] = 1.01 * truth[k];
        fit(&o, &result);
        double held = 1.01 * truth[k];
        check_close_f64("held", 1, &result.param[k].value, &held, 0.0, 1e-14);
        ck_assert_double_gt(result.objective, 1e-8);
    }
}
END_TEST

START_TEST(an_asymmetric_loss_leans_below_the_points)
{
    surface_fill(&surface, surface_law[0], 8, 9, 0.02, 3);
    FitOptions o = fit_defaults(form_find("chinchilla"));
    Err err = ERR_INIT;
    o.bootstrap = 0;
    double mean[2];
    for (int k = 0; k < 2; k++) {
        ck_assert_int_eq(fit_loss_parse(k ? "asymmetric:10:1e-2" : "huber:1e-2", &o.loss, &err),
                         ERR_OK);
        fit(&o, &result);
        mean[k] = 0.0;
        for (size_t i = 0; i < surface.data.n; i++) {
            const double at[] = {surface.n[i], surface.d[i]};
            mean[k] += log(fit_predict(&result, at) / surface.loss[i]);
        }
    }
    ck_assert_double_lt(mean[1], mean[0] - 0.5); /* over 72 points of 2 % */
}
END_TEST

/* Points on one trajectory, a loss that never changes: nothing to tell the terms apart by. */
START_TEST(degenerate_points_are_refused_with_the_reason)
{
    Err err = ERR_INIT;
    FitOptions o = fit_defaults(form_find("chinchilla"));
    surface_fill(&surface, surface_law[0], 6, 6, 0.0, 1);
    for (size_t i = 0; i < surface.data.n; i++) {
        surface.n[i] = 1e7 * pow(1.2, (double)i);
        surface.d[i] = 20.0 * surface.n[i];
    }
    ck_assert_int_eq(fit_run(&o, &surface.data, &result, &err), ERR_NUMERIC);
    ck_assert_ptr_nonnull(strstr(err.msg, "D is a power of N in these points"));
    surface_fill(&surface, surface_law[0], 6, 6, 0.0, 1);
    for (size_t i = 0; i < surface.data.n; i++) {
        surface.loss[i] = 2.5;
    }
    ck_assert_int_eq(fit_run(&o, &surface.data, &result, &err), ERR_NUMERIC);
    ck_assert_ptr_nonnull(strstr(err.msg, "the loss is 2.5 at every point"));
    surface_fill(&surface, surface_law[0], 6, 6, 0.0, 1);
    surface.data.unique = surface.d;
    o = fit_defaults(form_find("data_constrained"));
    ck_assert_int_eq(fit_run(&o, &surface.data, &result, &err), ERR_NUMERIC);
    ck_assert_ptr_nonnull(strstr(err.msg, "no point has D above U"));
    surface.data.n = 0;
    ck_assert_int_eq(fit_run(&o, &surface.data, &result, &err), ERR_NUMERIC);
}
END_TEST

/* Accuracies from the lower tail of a sigmoid: the ceiling runs away, and is asked for. */
START_TEST(a_ceiling_that_is_not_seen_is_refused)
{
    double accuracy[SURFACE_MAX];
    Err err = ERR_INIT;
    surface_fill(&surface, surface_law[0], 6, 7, 0.0, 1);
    for (size_t i = 0; i < surface.data.n; i++) {
        accuracy[i] = 0.25 + exp(-3.0 * (surface.loss[i] - 0.5)) * (i % 2 ? 1.01 : 0.99);
    }
    surface.data.accuracy = accuracy;
    FitOptions o = fit_defaults(form_find("logistic"));
    o.bootstrap = 0;
    ck_assert_int_eq(fit_run(&o, &surface.data, &result, &err), ERR_NUMERIC);
    for (size_t i = 0; i < surface.data.n; i++) {
        accuracy[i] = 0.25 + 0.75 / (1.0 + exp(2.5 * (surface.loss[i] - 2.4)));
    }
    fit(&o, &result);
    const double want[] = {0.25, 1.0, 2.5, 2.4};
    for (size_t i = 0; i < 4; i++) {
        check_close_f64("sigmoid", 1, &result.param[i].value, &want[i], 0.0, 1e-8);
    }
}
END_TEST

/* Exact data of each law with an own shape, found again. */
START_TEST(other_laws_are_recovered)
{
    const struct {
        const char *law;
        double params[7];
    } c[] = {
        {"kaplan", {8.8e13, 5.4e13, 0.076, 0.095}},
        {"overtrained", {1.8, 120.0, 190.0, 0.25}},
        {"power_offset:N", {1.5, 30.0, 0.2}},
        {"power:C", {40.0, 0.05}},
        {"data_constrained", {1.87, 521.0, 1488.0, 0.35, 0.35, 15.4, 5.3}},
    };
    double unique[SURFACE_MAX];
    for (size_t k = 0; k < sizeof c / sizeof c[0]; k++) {
        const Form *f = form_find(c[k].law);
        surface_fill(&surface, surface_law[0], 8, 9, 0.0, 0);
        for (size_t i = 0; i < surface.data.n; i++) {
            unique[i] = fmin(surface.d[i], 1e9);
            double at[FORM_MAX_INPUTS] = {surface.n[i], surface.d[i], unique[i]};
            at[0] = f->input[0] == FORM_C ? surface.c[i] : at[0];
            surface.loss[i] = form_loss(f, c[k].params, at);
        }
        surface.data.unique = unique;
        FitOptions o = fit_defaults(f);
        o.bootstrap = 0;
        o.loss = (FitLoss){FIT_MSE, 0.0, 1.0};
        fit(&o, &result);
        check_close_f64(c[k].law, f->n_params,
                        (double[7]){result.param[0].value, result.param[1].value,
                                    result.param[2].value, result.param[3].value,
                                    result.param[4].value, result.param[5].value,
                                    result.param[6].value},
                        c[k].params, 0.0, 1e-7);
    }
}
END_TEST

int main(void)
{
    (void)gsl_set_error_handler_off();
    return test_main((TestPlan){.name = "analysis/fit/intervals"});
}

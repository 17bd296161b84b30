/* Nested tests: joint minima, F and p against scipy and GSL; rejection rates by simulation.
 *
 * The reference numbers are scipy 1.10's on the points of wavy(): least_squares (method lm, all tolerances
 * 1e-15) on the stacked residuals of three groups; the l1 minima by sequential linear programming with
 * linprog (HiGHS) and a shrinking box; p by scipy.stats.f.sf. */
#include <check.h>
#include <gsl/gsl_blas.h>
#include <gsl/gsl_errno.h>
#include <gsl/gsl_multifit_nlinear.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/fit/nested.h"
#include "common/rng.h"
#include "tests/analysis/fit/surface.h"
#include "tests/support/check_close.h"
#include "tests/support/suite.h"

enum { GROUPS = 3, SIZES = 6, STEPS = 5, POINTS = SIZES * STEPS };

static const double law[GROUPS][5] = {{1.69, 406.4, 410.7, 0.34, 0.28},
                                      {1.55, 300.0, 520.0, 0.36, 0.27},
                                      {1.9, 700.0, 350.0, 0.33, 0.29}};

static Surface side[GROUPS];
static FitResult full[GROUPS], shared[GROUPS];
static ShareFit whole;
static NestedGroup group[GROUPS];
static NestedTest test;

/* 6 sizes by 5 lengths, every loss off by a sine of its place. */
static void wavy(void)
{
    for (size_t g = 0; g < GROUPS; g++) {
        Surface *s = &side[g];
        for (size_t k = 0; k < POINTS; k++) {
            s->n[k] = 5e6 * pow(4.0, (double)(k / STEPS));
            s->d[k] = 2e8 * pow(5.0, (double)(k % STEPS));
            s->run[k] = k / STEPS;
            double value = law[g][0] + law[g][1] * pow(s->n[k], -law[g][3]) +
                           law[g][2] * pow(s->d[k], -law[g][4]);
            s->loss[k] = value * (1.0 + 0.01 * sin(12.9898 * (double)(k + 1) + 3.7 * (double)g));
        }
        s->data = (FitData){.n = POINTS, .params = s->n, .tokens = s->d, .loss = s->loss};
    }
}

static FitOptions options(FitLossKind kind, FitResidual residual)
{
    FitOptions o = fit_defaults(form_find("chinchilla"));
    o.loss = (FitLoss){kind, 0.0, 1.0};
    o.residual = residual;
    o.starts = 12;
    o.bootstrap = 0;
    return o;
}

/* names: of the parameters in common, as "alpha beta". */
static ErrCode nest(const FitOptions *o, const char *names, NestedMethod method, size_t n, Err *err)
{
    bool is_shared[FORM_MAX_PARAMS] = {false};
    FitOptions plain = *o;
    plain.bootstrap = 0;
    for (size_t a = 0; a < o->form->n_params; a++) {
        is_shared[a] = strstr(names, o->form->param[a].name) != NULL;
    }
    for (size_t g = 0; g < n; g++) {
        ErrCode rc = fit_run(&plain, &side[g].data, &full[g], err);
        if (rc != ERR_OK) {
            return rc;
        }
        group[g] = (NestedGroup){&side[g].data, &full[g], 11 + g};
    }
    return nested_test(o, is_shared, method, group, n, shared, &whole, &test, err);
}

static void must_nest(const FitOptions *o, const char *names, NestedMethod method)
{
    Err err = ERR_INIT;
    ck_assert_msg(nest(o, names, method, GROUPS, &err) == ERR_OK, "%s", err.msg);
}

START_TEST(minima_and_p_are_those_of_scipy)
{
    const struct {
        const char *names;
        FitResidual residual;
        size_t df1;
        double separate, together, f, p;
    } c[] = {
        {"alpha beta", FIT_LOG, 4, 0.004035759997049, 0.004231409110396, 0.908978947692,
         0.463227648889},
        {"alpha beta", FIT_RAW, 4, 0.05741634802218, 0.05934207439638, 0.628869141978,
         0.643401686736},
        {"E alpha beta", FIT_LOG, 6, 0.004035759997049, 0.01850056550725, 44.8019874843,
         7.52208989721e-23},
        {"E alpha beta", FIT_RAW, 6, 0.05741634802218, 0.2162284063902, 34.5746603186,
         1.06103355995e-19},
        {"E A B alpha beta", FIT_LOG, 10, 0.004035759997049, 1.675052095233, 3105.39341374,
         6.98885730314e-94},
    };
    wavy();
    for (size_t i = 0; i < sizeof c / sizeof c[0]; i++) {
        FitOptions o = options(FIT_MSE, c[i].residual);
        must_nest(&o, c[i].names, NESTED_AUTO);
        ck_assert_int_eq(test.method, NESTED_F);
        ck_assert_uint_eq(test.df1, c[i].df1);
        ck_assert_uint_eq(test.df2, 3 * POINTS - 15);
        check_close_f64("separate", 1, &test.full, &c[i].separate, 0.0, 1e-11);
        check_close_f64("together", 1, &test.restricted, &c[i].together, 0.0, 1e-11);
        check_close_f64("F", 1, &test.statistic, &c[i].f, 0.0, 1e-9);
        check_close_f64("p", 1, &test.p, &c[i].p, 0.0, 1e-7);
    }
}
END_TEST

START_TEST(l1_minima_are_those_of_linear_programming)
{
    const struct {
        const char *names;
        double separate, together;
    } c[] = {{"alpha beta", 0.48691388586, 0.51774645315},
             {"E alpha beta", 0.48691388586, 0.945504865642}};
    const double common[2] = {0.33600106453554457, 0.26912248466456345};
    FitOptions o = options(FIT_L1, FIT_LOG);
    wavy();
    for (size_t i = 0; i < sizeof c / sizeof c[0]; i++) {
        must_nest(&o, c[i].names, NESTED_F);
        check_close_f64("separate", 1, &test.full, &c[i].separate, 0.0, 1e-10);
        check_close_f64("together", 1, &test.restricted, &c[i].together, 0.0, 1e-10);
        ck_assert_uint_ge(whole.at_minimum, 11);
        ck_assert_double_eq(whole.decrement, 0.0);
        if (i == 0) {
            check_close_f64("alpha", 1, &shared[0].param[3].value, &common[0], 0.0, 1e-6);
            check_close_f64("beta", 1, &shared[2].param[4].value, &common[1], 0.0, 1e-6);
        }
    }
}
END_TEST

/* ---- GSL on the stacked problem ---- */

/* alpha, beta, then ln E, ln A, ln B of each group at N = 1e8, D = 1e10. */
static int stacked(const gsl_vector *x, void *ctx, gsl_vector *r)
{
    (void)ctx;
    double alpha = gsl_vector_get(x, 0), beta = gsl_vector_get(x, 1);
    for (size_t g = 0; g < GROUPS; g++) {
        double e = exp(gsl_vector_get(x, 2 + 3 * g)), a = gsl_vector_get(x, 3 + 3 * g);
        double b = gsl_vector_get(x, 4 + 3 * g);
        for (size_t i = 0; i < POINTS; i++) {
            double value = e + exp(a - alpha * log(side[g].n[i] / 1e8)) +
                           exp(b - beta * log(side[g].d[i] / 1e10));
            gsl_vector_set(r, g * POINTS + i, 1e3 * (log(value) - log(side[g].loss[i])));
        }
    }
    return GSL_SUCCESS;
}

START_TEST(gsl_ends_where_the_arrow_does)
{
    gsl_multifit_nlinear_parameters how = gsl_multifit_nlinear_default_parameters();
    gsl_multifit_nlinear_workspace *w = gsl_multifit_nlinear_alloc(
        gsl_multifit_nlinear_trust, &how, (size_t)GROUPS * POINTS, 2 + 3 * GROUPS);
    gsl_multifit_nlinear_fdf f = {.f = stacked, .n = (size_t)GROUPS * POINTS, .p = 2 + 3 * GROUPS};
    gsl_vector *x = gsl_vector_alloc(2 + 3 * GROUPS);
    int info;
    double value;
    FitOptions o = options(FIT_MSE, FIT_LOG);
    wavy();
    gsl_vector_set(x, 0, 0.3);
    gsl_vector_set(x, 1, 0.3);
    for (size_t i = 2; i < 2 + 3 * GROUPS; i++) {
        gsl_vector_set(x, i, 0.3);
    }
    (void)gsl_multifit_nlinear_init(x, &f, w);
    (void)gsl_multifit_nlinear_driver(500, 1e-13, 0.0, 0.0, NULL, NULL, &info, w);
    (void)gsl_blas_ddot(gsl_multifit_nlinear_residual(w), gsl_multifit_nlinear_residual(w), &value);
    value *= 1e-6;
    must_nest(&o, "alpha beta", NESTED_F);
    check_close_f64("objective", 1, &test.restricted, &value, 0.0, 1e-9);
    double alpha = gsl_vector_get(gsl_multifit_nlinear_position(w), 0);
    check_close_f64("alpha", 1, &shared[1].param[3].value, &alpha, 0.0, 1e-5);
    gsl_vector_free(x);
    gsl_multifit_nlinear_free(w);
}
END_TEST

/* ---- rejection rates ---- */

static void noisy(size_t sizes, bool has_runs, double shift, uint64_t seed)
{
    for (size_t g = 0; g < 2; g++) {
        Surface *s = &side[g];
        double own[5];
        memcpy(own, law[g], sizeof own);
        own[3] = 0.34;
        own[4] = g ? 0.28 * (1.0 - shift) : 0.28;
        surface_fill(s, own, sizes, 9, has_runs ? 0.002 : 0.01, seed + g);
        for (size_t i = 0; has_runs && i < s->data.n; i++) {
            s->loss[i] *= exp(0.005 * rng_normal(seed + g, 98, s->run[i]));
        }
        s->data.run = has_runs ? s->run : NULL;
        s->data.n_runs = has_runs ? sizes : 0;
    }
}

/* Of so many studies, how many have p < 0.05. */
static size_t rejections(size_t studies, bool has_runs, double shift, NestedMethod method)
{
    size_t n = 0;
    FitOptions o = options(FIT_MSE, FIT_LOG);
    o.starts = 4;
    o.bootstrap = 99;
    for (size_t i = 0; i < studies; i++) {
        Err err = ERR_INIT;
        noisy(has_runs ? 7 : 6, has_runs, shift, 100 * i + 3);
        ck_assert_msg(nest(&o, "alpha beta", method, 2, &err) == ERR_OK, "%s", err.msg);
        ck_assert(isfinite(test.p));
        n += test.p < 0.05 ? 1 : 0;
    }
    return n;
}

/* Bounds: a binomial number of 5 % leaves them once in 500 times; bench_compare has more studies. */
START_TEST(a_null_that_holds_is_rejected_as_often_as_promised)
{
    size_t by_f = rejections(200, false, 0.0, NESTED_AUTO);
    ck_assert_int_eq(test.method, NESTED_F);
    ck_assert_msg(by_f >= 2 && by_f <= 20, "F, independent points: %zu of 200", by_f);
    size_t by_bootstrap = rejections(50, true, 0.0, NESTED_AUTO);
    ck_assert_int_eq(test.method, NESTED_BOOTSTRAP);
    ck_assert_int_eq(test.unit, FIT_CLUSTERS);
    ck_assert_msg(by_bootstrap <= 8, "bootstrap, runs: %zu of 50", by_bootstrap);
    /* what the bootstrap is for */
    ck_assert_uint_ge(rejections(60, true, 0.0, NESTED_F), 15);
}
END_TEST

START_TEST(a_real_difference_is_found)
{
    ck_assert_uint_ge(rejections(20, false, 0.25, NESTED_AUTO), 18);
    ck_assert_uint_ge(rejections(20, true, 0.3, NESTED_AUTO), 18);
}
END_TEST

START_TEST(threads_change_not_one_bit)
{
    FitOptions o = options(FIT_HUBER, FIT_LOG);
    o.loss.delta = 1e-3;
    o.bootstrap = 40;
    wavy();
    must_nest(&o, "alpha beta", NESTED_AUTO);
    ck_assert_int_eq(test.method, NESTED_BOOTSTRAP);
    ck_assert_int_eq(test.unit, FIT_CASES);
    NestedTest before = test;
    ck_assert(before.p > 1.0 / 41.0);
    o.threads = 3;
    must_nest(&o, "alpha beta", NESTED_AUTO);
    check_same_bits_f64("p", 1, &test.p, &before.p);
    check_same_bits_f64("F", 1, &test.statistic, &before.statistic);
}
END_TEST

START_TEST(what_cannot_be_tested_says_why)
{
    Err err = ERR_INIT;
    FitOptions o = options(FIT_MSE, FIT_LOG);
    wavy();
    ck_assert_int_eq(nest(&o, "none", NESTED_AUTO, GROUPS, &err), ERR_USAGE);
    ck_assert_ptr_nonnull(strstr(err.msg, "a free parameter to share"));
    ck_assert_int_eq(nest(&o, "alpha", NESTED_AUTO, 1, &err), ERR_USAGE);
    o.fix = (FitFix){.is_fixed = {false, false, false, true}, .value = {0.0, 0.0, 0.0, 0.34}};
    ck_assert_int_eq(nest(&o, "alpha", NESTED_AUTO, GROUPS, &err), ERR_USAGE);
    o = options(FIT_MSE, FIT_LOG);
    must_nest(&o, "alpha", NESTED_BOOTSTRAP);
    ck_assert(isnan(test.p));
    ck_assert_ptr_nonnull(strstr(test.why, "needs replicates"));
    for (size_t g = 0; g < GROUPS; g++) { /* three runs of ten points */
        for (size_t i = 0; i < POINTS; i++) {
            side[g].run[i] = i / 10;
        }
        side[g].data.run = side[g].run;
        side[g].data.n_runs = 3;
    }
    o.bootstrap = 20;
    must_nest(&o, "alpha", NESTED_AUTO);
    ck_assert(isnan(test.p));
    ck_assert_ptr_nonnull(strstr(test.why, "3 runs in a group"));
    side[0].data.n = 5; /* as many as parameters */
    ck_assert_int_eq(nest(&o, "alpha", NESTED_AUTO, GROUPS, &err), ERR_NUMERIC);
}
END_TEST

int main(void)
{
    (void)gsl_set_error_handler_off();
    return test_main((TestPlan){.name = "analysis/fit/nested"});
}

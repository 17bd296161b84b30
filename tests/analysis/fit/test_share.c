/* One law for several groups: against the same points pooled, separate fits, and known surfaces. */
#include <check.h>
#include <gsl/gsl_errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/fit/share.h"
#include "tests/analysis/fit/surface.h"
#include "tests/support/check_close.h"
#include "tests/support/suite.h"

enum { GROUPS = 3 };

static Surface surface[GROUPS], pooled;
static FitResult result[GROUPS], other[GROUPS], alone;
static ShareFit whole, whole_too;

static const double law[GROUPS][5] = {{1.69, 406.4, 410.7, 0.34, 0.28},
                                      {1.55, 300.0, 520.0, 0.34, 0.28},
                                      {1.9, 700.0, 350.0, 0.34, 0.28}};

static FitOptions options(FitLoss loss)
{
    FitOptions o = fit_defaults(form_find("chinchilla"));
    o.loss = loss;
    o.starts = 16;
    o.bootstrap = 0;
    return o;
}

static void fill_groups(double noise)
{
    for (size_t g = 0; g < GROUPS; g++) {
        surface_fill(&surface[g], law[g], 6 + g, 7, noise, 5 + g);
    }
}

static ErrCode share(const FitOptions *o, const char *names, FitResult *ret, ShareFit *ret_whole,
                     Err *err)
{
    const FitData *data[GROUPS];
    bool is_shared[FORM_MAX_PARAMS] = {false};
    for (size_t i = 0; i < o->form->n_params; i++) {
        is_shared[i] = strstr(names, o->form->param[i].name) != NULL;
    }
    for (size_t g = 0; g < GROUPS; g++) {
        data[g] = &surface[g].data;
    }
    return share_run(o, is_shared, data, GROUPS, ret, ret_whole, err);
}

static void must_share(const FitOptions *o, const char *names, FitResult *ret, ShareFit *ret_whole)
{
    Err err = ERR_INIT;
    ck_assert_msg(share(o, names, ret, ret_whole, &err) == ERR_OK, "%s", err.msg);
}

static const FitLoss mse = {FIT_MSE, 0.0, 1.0}, huber = {FIT_HUBER, 1e-3, 1.0};

START_TEST(groups_of_known_laws_are_recovered)
{
    const FitLoss losses[] = {mse, huber};
    fill_groups(0.0);
    for (size_t k = 0; k < 2; k++) {
        FitOptions o = options(losses[k]);
        must_share(&o, "alpha,beta", result, &whole);
        for (size_t g = 0; g < GROUPS; g++) {
            for (size_t i = 0; i < 5; i++) {
                check_close_f64("parameter", 1, &result[g].param[i].value, &law[g][i], 0.0, 1e-9);
            }
        }
        ck_assert_uint_eq(whole.n_params, 2 + 3 * GROUPS);
        ck_assert_uint_eq(whole.n, 6 * 7 + 7 * 7 + 8 * 7);
        ck_assert_uint_ge(whole.at_minimum, 15);
    }
}
END_TEST

/* All points with every parameter in common: as groups in result and whole, as one in alone. */
static void pool(const FitOptions *o)
{
    Err err = ERR_INIT;
    size_t n = 0;
    for (size_t g = 0; g < GROUPS; g++) {
        for (size_t i = 0; i < surface[g].data.n; i++, n++) {
            pooled.n[n] = surface[g].n[i];
            pooled.d[n] = surface[g].d[i];
            pooled.loss[n] = surface[g].loss[i];
        }
    }
    pooled.data = (FitData){.n = n, .params = pooled.n, .tokens = pooled.d, .loss = pooled.loss};
    must_share(o, "E,A,B,alpha,beta", result, &whole);
    ck_assert_int_eq(fit_run(o, &pooled.data, &alone, &err), ERR_OK);
}

/* Nothing of its own left to a group: the fit of all points together. */
START_TEST(sharing_everything_is_the_pooled_fit)
{
    FitOptions o = options(huber);
    fill_groups(0.01);
    pool(&o);
    check_close_f64("objective", 1, &whole.objective, &alone.objective, 0.0, 1e-10);
    for (size_t i = 0; i < 5; i++) {
        check_close_f64("parameter", 1, &result[2].param[i].value, &alone.param[i].value, 0.0,
                        1e-7);
    }
}
END_TEST

/* A shared fit lies between separate fits and the pooled one, and names with E held at 0 count. */
START_TEST(sharing_costs_what_it_must)
{
    Err err = ERR_INIT;
    double separate = 0.0;
    FitOptions o = options(mse);
    fill_groups(0.01);
    for (size_t g = 0; g < GROUPS; g++) {
        ck_assert_int_eq(fit_run(&o, &surface[g].data, &alone, &err), ERR_OK);
        separate += alone.objective;
    }
    must_share(&o, "alpha,beta", result, &whole);
    must_share(&o, "E,alpha,beta", other, &whole_too);
    ck_assert_double_gt(whole.objective, separate);
    ck_assert_double_gt(whole_too.objective, whole.objective);
    ck_assert_double_eq(other[0].param[0].value, other[2].param[0].value);
    ck_assert_double_ne(result[0].param[0].value, result[2].param[0].value);
    double sum = result[0].objective + result[1].objective + result[2].objective;
    check_close_f64("sum of shares", 1, &sum, &whole.objective, 0.0, 1e-13);
    o.fix = (FitFix){.is_fixed = {true}, .value = {0.0}};
    must_share(&o, "alpha,beta", other, &whole_too);
    ck_assert_double_eq(other[1].param[0].value, 0.0);
    ck_assert_uint_eq(whole_too.n_params, 2 + 2 * GROUPS);
}
END_TEST

START_TEST(threads_change_not_one_bit)
{
    FitOptions o = options(huber);
    fill_groups(0.01);
    o.bootstrap = 30;
    must_share(&o, "alpha,beta", result, &whole);
    o.threads = 3;
    must_share(&o, "alpha,beta", other, &whole_too);
    check_same_bits_f64("objective", 1, &whole.objective, &whole_too.objective);
    for (size_t g = 0; g < GROUPS; g++) {
        for (size_t i = 0; i < 5; i++) {
            ck_assert(isfinite(result[g].param[i].se));
            check_same_bits_f64("value", 1, &result[g].param[i].value, &other[g].param[i].value);
            check_same_bits_f64("se", 1, &result[g].param[i].se, &other[g].param[i].se);
        }
    }
    check_same_bits_f64("shared interval", 1, &result[0].param[3].lo, &result[2].param[3].lo);
}
END_TEST

/* One group that shares with nobody is a plain fit: every kind of interval must be the same. */
START_TEST(intervals_of_one_group_are_those_of_a_plain_fit)
{
    const FitData *data[1] = {&surface[0].data};
    const bool is_shared[FORM_MAX_PARAMS] = {false, false, false, true, true};
    const FitLoss losses[] = {mse, {FIT_HUBER, 1e-2, 1.0}, {FIT_L1, 0.0, 1.0}};
    Err err = ERR_INIT;
    fill_groups(0.01);
    for (size_t k = 0; k < 3; k++) {
        FitOptions o = options(losses[k]);
        o.bootstrap = 60;
        o.has_all_intervals = true;
        o.at[0] = 1e21;
        o.n_at = 1;
        ck_assert_int_eq(fit_run(&o, &surface[0].data, &alone, &err), ERR_OK);
        ck_assert_msg(share_run(&o, is_shared, data, 1, result, &whole, &err) == ERR_OK, "%s",
                      err.msg);
        for (size_t slot = 0; slot < fit_slots(&alone); slot++) {
            const FitValue *want = fit_slot(&alone, slot), *got = fit_slot(&result[0], slot);
            bool is_smooth = losses[k].kind != FIT_L1;
            check_close_f64("value", 1, &got->value, &want->value, 0.0, is_smooth ? 1e-7 : 1e-6);
            for (int m = 0; m < FIT_N_METHODS; m++) {
                if (!is_smooth && m != FIT_PERCENTILE) {
                    continue; /* a plain l1 fit has the bootstrap alone */
                }
                ck_assert(isfinite(want->by[m].lo) == isfinite(got->by[m].lo));
                if (isfinite(want->by[m].lo)) {
                    check_close_f64("lo", 1, &got->by[m].lo, &want->by[m].lo, 0.0, 1e-4);
                    check_close_f64("hi", 1, &got->by[m].hi, &want->by[m].hi, 0.0, 1e-4);
                }
            }
        }
    }
}
END_TEST

/* Everything in common: sandwich and profile are the pooled fit's. */
START_TEST(intervals_of_a_pooled_fit_are_those_of_its_points)
{
    FitOptions o = options(mse);
    o.has_all_intervals = true;
    fill_groups(0.01);
    for (size_t g = 0; g < GROUPS; g++) {
        surface_fill(&surface[g], law[0], 6 + g, 7, 0.01, 5 + g);
    }
    pool(&o);
    for (size_t a = 0; a < 5; a++) {
        for (int m = FIT_SANDWICH; m <= FIT_JACKKNIFE; m++) {
            const FitInterval *got = &result[1].param[a].by[m], *want = &alone.param[a].by[m];
            double room = m == FIT_JACKKNIFE ? 0.02 : 1e-5; /* units left out by group: n_g - 1 */
            check_close_f64(fit_method_name((FitMethod)m), 1, &got->se, &want->se, 0.0, room);
        }
    }
}
END_TEST

START_TEST(few_runs_in_a_group_give_no_intervals)
{
    FitOptions o = options(mse);
    fill_groups(0.01);
    o.bootstrap = 30;
    for (size_t g = 0; g < GROUPS; g++) {
        for (size_t i = 0; i < surface[g].data.n; i++) {
            surface[g].run[i] = i % (g ? 5 : 3);
        }
        surface[g].data.run = surface[g].run;
        surface[g].data.n_runs = g ? 5 : 3;
    }
    must_share(&o, "alpha,beta", result, &whole);
    ck_assert(isnan(result[1].param[3].se));
    ck_assert_ptr_nonnull(strstr(result[1].warning[0], "few_runs"));
}
END_TEST

START_TEST(what_cannot_be_shared_is_refused)
{
    Err err = ERR_INIT;
    FitOptions o = options(mse);
    fill_groups(0.01);
    surface[1].data.n = 4;
    ck_assert_int_eq(share(&o, "alpha", result, &whole, &err), ERR_NUMERIC);
    ck_assert_ptr_nonnull(strstr(err.msg, "needs at least 6 points, not 4"));
}
END_TEST

int main(void)
{
    (void)gsl_set_error_handler_off();
    return test_main((TestPlan){.name = "analysis/fit/share"});
}

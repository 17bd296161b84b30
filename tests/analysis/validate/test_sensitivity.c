#include <check.h>
#include <math.h>
#include <string.h>

#include "analysis/validate/sensitivity.h"
#include "analysis/validate/subset.h"
#include "tests/analysis/fit/surface.h"
#include "tests/support/suite.h"

static Surface s;
static FitResult fit, other;

static const SensitivityFit *choice(const Sensitivity *x, const char *name)
{
    for (size_t i = 0; i < x->n; i++) {
        if (strcmp(x->fit[i].name, name) == 0) {
            return &x->fit[i];
        }
    }
    return NULL;
}

static void expect(const Sensitivity *x, const char *name, const FitOptions *o, const FitData *data)
{
    Err err = ERR_INIT;
    const SensitivityFit *got = choice(x, name);
    ck_assert_msg(got != NULL, "no choice \"%s\"", name);
    ck_assert_uint_eq(got->n, data->n);
    ck_assert_msg(fit_run(o, data, &other, &err) == ERR_OK, "%s: %s", name, err.msg);
    ck_assert(!got->is_refused);
    for (size_t k = 0; k < fit_slots(&other); k++) {
        ck_assert_double_eq(got->value[k], fit_slot(&other, k)->value);
    }
}

static void expect_part(const Sensitivity *x, const char *name, const FitOptions *o,
                        const bool *keep)
{
    Subset part;
    Err err = ERR_INIT;
    ck_assert_int_eq(subset_open(&s.data, keep, &part, &err), ERR_OK);
    expect(x, name, o, &part.data);
    subset_release(&part);
}

static FitOptions open(size_t bootstrap)
{
    FitOptions o = fit_defaults(form_find("chinchilla"));
    Err err = ERR_INIT;
    o.bootstrap = bootstrap;
    surface_fill(&s, surface_law[0], 6, 10, 0.004, 5);
    s.data.run = s.run;
    s.data.n_runs = 6;
    ck_assert_int_eq(fit_run(&o, &s.data, &fit, &err), ERR_OK);
    return o;
}

START_TEST(every_choice_is_the_fit_that_it_says)
{
    FitOptions o = open(0), plain = o;
    Sensitivity x;
    Err err = ERR_INIT;
    double total[SURFACE_MAX];
    bool keep[SURFACE_MAX];
    for (size_t i = 0; i < s.data.n; i++) {
        total[i] = s.n[i] + 2e6;
    }
    ck_assert_int_eq(sensitivity_run(&o, &s.data, total, &fit, &x, &err), ERR_OK);
    ck_assert_str_eq(x.fit[0].name, "as asked");
    ck_assert_double_eq(x.fit[0].value[0], fit_slot(&fit, 0)->value);
    ck_assert_ptr_null(choice(&x, "huber:1e-3, log")); /* it is what was asked */
    plain.loss = (FitLoss){FIT_MSE, 0.0, 1.0};
    expect(&x, "mse, log", &plain, &s.data);
    plain.residual = FIT_RAW;
    expect(&x, "mse, raw", &plain, &s.data);
    plain = o;
    plain.loss = (FitLoss){FIT_L1, 0.0, 1.0};
    expect(&x, "l1, log", &plain, &s.data);
    plain.loss = (FitLoss){FIT_HUBER, 1e-2, 1.0};
    expect(&x, "huber:1e-2, log", &plain, &s.data);
    FitData with = s.data;
    with.params = total;
    expect(&x, "N with embeddings", &o, &with);
    for (size_t i = 0; i < s.data.n; i++) {
        keep[i] = s.run[i] > 0;
    }
    expect_part(&x, "without the smallest size", &o, keep);
    for (size_t i = 0; i < s.data.n; i++) {
        keep[i] = s.d[i] >= 0.10 * s.d[9];
    }
    expect_part(&x, "without the first 10 % of each run", &o, keep);
    const SensitivityFit *half = choice(&x, "without the first 50 % of each run");
    ck_assert(half && half->is_refused); /* one D is left */
    ck_assert_ptr_nonnull(strstr(half->why, "different values of D"));
    ck_assert(isnan(half->value[0]));
    size_t highest = 0;
    for (size_t i = 0; i < s.data.n; i++) {
        highest = s.loss[i] > s.loss[highest] ? i : highest;
    }
    for (size_t i = 0; i < s.data.n; i++) {
        keep[i] = i != highest;
    }
    expect_part(&x, "without the highest loss", &o, keep);
    ck_assert(isnan(x.shift[0])); /* no interval: nothing is said */
    sensitivity_release(&x);
}
END_TEST

START_TEST(a_choice_that_matters_more_than_sampling_is_seen)
{
    FitOptions o = open(100);
    Sensitivity x;
    Err err = ERR_INIT;
    int e = form_param(form_find("chinchilla"), "E");
    /* warm-up: early points far too high, which only "without the first ..." leaves out */
    for (size_t i = 0; i < s.data.n; i++) {
        s.loss[i] *= i % 10 < 5 ? 1.15 : 1.0;
    }
    o.loss = (FitLoss){FIT_MSE, 0.0, 1.0};
    o.resampling = FIT_CASES;
    ck_assert_int_eq(fit_run(&o, &s.data, &fit, &err), ERR_OK);
    ck_assert_int_eq(sensitivity_run(&o, &s.data, NULL, &fit, &x, &err), ERR_OK);
    size_t slot = (size_t)form_param(form_find("chinchilla"), "beta");
    const FitValue *v = fit_slot(&fit, slot);
    bool is_outside = false;
    for (size_t i = 1; i < x.n; i++) {
        is_outside = is_outside || x.fit[i].value[slot] < v->lo || x.fit[i].value[slot] > v->hi;
    }
    ck_assert(x.is_outside[slot] == is_outside);
    ck_assert(x.is_outside[slot]);
    ck_assert_double_eq_tol(x.shift[slot],
                            (x.fit[x.worst[slot]].value[slot] - v->value) / (0.5 * (v->hi - v->lo)),
                            1e-12);
    ck_assert_int_ge(e, 0);
    sensitivity_release(&x);
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "sensitivity"});
}

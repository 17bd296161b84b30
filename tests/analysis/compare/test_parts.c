/* The parts of a comparison: what a loss costs, Holm's adjustment, the order of rows; and two groups
 * compared without a program around them. */
#include <check.h>
#include <gsl/gsl_errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/compare/difference.h"
#include "analysis/compare/reach.h"
#include "analysis/compare/verdict.h"
#include "tests/analysis/fit/surface.h"
#include "tests/support/check_close.h"
#include "tests/support/suite.h"

/* The closed form against bisection, and against the least of a fine grid of N at that C. */
START_TEST(compute_for_a_loss_of_chinchilla)
{
    Form nameless = *form_find("chinchilla");
    nameless.name = "other";
    for (size_t s = 0; s < SURFACE_COUNT; s++) {
        const double *law = surface_law[s];
        for (double share = 1.1; share < 2.0; share += 0.2) {
            double loss = law[0] * share;
            double c = reach_amount(form_find("chinchilla"), law, loss);
            double by_bisection = reach_amount(&nameless, law, loss), least = (double)INFINITY;
            check_close_f64(surface_name[s], 1, &by_bisection, &c, 0.0, 1e-11);
            double best = nameless.best_size(law, c / 6.0);
            for (int k = -2000; k <= 2000; k++) {
                double n = best * exp(1e-3 * k), d = c / 6.0 / n;
                least = fmin(least, law[0] + law[1] * pow(n, -law[3]) + law[2] * pow(d, -law[4]));
            }
            check_close_f64("least loss", 1, &least, &loss, 0.0, 1e-12);
        }
        ck_assert(isinf(reach_amount(form_find("chinchilla"), law, law[0])));
        ck_assert(isinf(reach_amount(form_find("chinchilla"), law, 0.9 * law[0])));
    }
}
END_TEST

/* Other laws: the amount found gives the loss; power laws by their inverse. */
START_TEST(compute_for_a_loss_of_other_laws)
{
    const double kaplan[] = {8.8e13, 5.4e13, 0.076, 0.095}, tied[] = {1.7, 120.0, 300.0, 0.25};
    const double power[] = {40.0, 0.05}, offset[] = {1.5, 60.0, 0.1}, paper[] = {2.2, -0.06};
    const struct {
        const char *law;
        const double *params;
        double loss;
    } c[] = {{"kaplan", kaplan, 2.5}, {"overtrained", tied, 2.4},      {"power:C", power, 3.0},
             {"power:N", power, 9.0}, {"power_offset:D", offset, 2.5}, {"paper_power", paper, 2.6}};
    for (size_t i = 0; i < sizeof c / sizeof c[0]; i++) {
        const Form *f = form_find(c[i].law);
        double amount = reach_amount(f, c[i].params, c[i].loss);
        double loss = reach_loss(f, c[i].params, amount);
        ck_assert_msg(isfinite(amount) && amount > 0.0, "%s", c[i].law);
        check_close_f64(c[i].law, 1, &loss, &c[i].loss, 0.0, 1e-12);
    }
    double want = pow(40.0 / 3.0, 1.0 / 0.05), got = reach_amount(form_find("power:C"), power, 3.0);
    check_close_f64("power", 1, &got, &want, 0.0, 1e-10);
    want = FORM_PFLOP_S_DAY * pow(2.6 / 2.2, -1.0 / 0.06);
    got = reach_amount(form_find("paper_power"), paper, 2.6);
    check_close_f64("paper_power in FLOP", 1, &got, &want, 0.0, 1e-10);
    ck_assert(isinf(reach_amount(form_find("power_offset:D"), offset, 1.5)));
    const double rising[] = {2.0, -0.5}; /* N_opt(C): no loss that falls */
    ck_assert(isnan(reach_amount(form_find("power:C"), rising, 3.0)));
    ck_assert_str_eq(reach_resource(form_find("kaplan")), "C");
    ck_assert_str_eq(reach_resource(form_find("power:N")), "N");
    ck_assert_ptr_null(reach_resource(form_find("logistic")));
    ck_assert_ptr_null(reach_resource(form_find("hyper:lr")));
}
END_TEST

START_TEST(holm_by_hand)
{
    const double none = (double)NAN;
    double got[5];
    holm_adjust((double[]){0.01, 0.04, 0.03, 0.005}, 4, got);
    check_close_f64("holm", 4, got, (double[]){0.03, 0.06, 0.06, 0.02}, 1e-15, 0.0);
    holm_adjust((double[]){0.5, 0.02, 0.02, none, 0.9}, 5, got);
    check_close_f64("ties", 3, got, (double[]){1.0, 0.08, 0.08}, 1e-15, 0.0);
    ck_assert(isnan(got[3]));
    ck_assert_double_eq(got[4], 1.0);
}
END_TEST

/* ---- whole comparisons ---- */

static Surface side[2];
static ObsGroup group[2];
static Compare comparison;

static const Compare *compare(const CompareOptions *o)
{
    static Obs obs;
    static CompareOptions kept;
    Err err = ERR_INIT;
    kept = *o;
    for (size_t g = 0; g < 2; g++) {
        group[g] = (ObsGroup){.name = g ? "tnl" : "llama", .data = side[g].data};
    }
    obs = (Obs){.by = "architecture", .group = group, .n_groups = 2};
    compare_release(&comparison);
    ck_assert_msg(compare_run("here", &obs, &kept, &comparison, &err) == ERR_OK, "%s", err.msg);
    return &comparison;
}

static CompareOptions options(void)
{
    CompareOptions o = {.fit = fit_defaults(form_find("chinchilla")), .margin = 0.1};
    o.fit.loss = (FitLoss){FIT_MSE, 0.0, 1.0};
    o.fit.starts = 8;
    o.fit.bootstrap = 200;
    return o;
}

static void fill_sides(double noise, double beta)
{
    const double law[2][5] = {{1.69, 406.4, 410.7, 0.34, 0.28}, {1.8, 350.0, 450.0, 0.34, beta}};
    for (size_t g = 0; g < 2; g++) {
        surface_fill(&side[g], law[g], 10, 12, noise, 20 + g);
    }
}

START_TEST(words_follow_what_the_data_can_say)
{
    CompareOptions o = options();
    fill_sides(0.002, 0.28);
    const Compare *c = compare(&o);
    ck_assert_int_eq(c->pair[0].verdict, COMPARE_ALIKE);
    ck_assert_ptr_nonnull(strstr(c->sentence, "llama scales like tnl: every exponent is the same"));
    fill_sides(0.02, 0.28); /* the same laws, ten times the noise */
    c = compare(&o);
    ck_assert_int_eq(c->pair[0].verdict, COMPARE_UNDECIDED);
    ck_assert_ptr_nonnull(
        strstr(c->sentence, "The data cannot tell whether llama scales like tnl"));
    ck_assert_ptr_nonnull(strstr(c->sentence, "it would have missed differences up to 0."));
    fill_sides(0.002, 0.25);
    c = compare(&o);
    ck_assert_int_eq(c->pair[0].verdict, COMPARE_DIFFER);
    ck_assert_ptr_nonnull(strstr(c->sentence, "llama and tnl scale differently (p "));
    o.null = COMPARE_ALL; /* the same exponents, another law */
    fill_sides(0.002, 0.28);
    c = compare(&o);
    ck_assert_int_eq(c->pair[0].verdict, COMPARE_DIFFER);
    ck_assert_ptr_nonnull(strstr(c->sentence, "llama and tnl are not one law"));
}
END_TEST

/* Two samples of one law: the multiplier is 1, its interval holds that 19 times of 20, and they are one
 * law.  60 studies with 95 % hold it 51 times or more, but for one series in 500. */
START_TEST(one_law_twice_is_one_law)
{
    size_t held = 0, alike = 0;
    CompareOptions o = options();
    o.null = COMPARE_ALL;
    o.fit.starts = 4;
    o.at[0] = 2.6;
    o.n_at = 1;
    for (uint64_t study = 0; study < 60; study++) {
        for (size_t g = 0; g < 2; g++) {
            surface_fill(&side[g], surface_law[0], 10, 12, 0.002, 1000 + 2 * study + g);
        }
        const Compare *c = compare(&o);
        const CompareMultiplier *m = &c->multiplier[0];
        ck_assert(m->lo < m->value && m->value < m->hi && !m->is_outside);
        held += m->lo < 1.0 && 1.0 < m->hi ? 1 : 0;
        alike += c->pair[0].verdict == COMPARE_ALIKE ? 1 : 0;
    }
    ck_assert_msg(held >= 51, "%zu of 60", held);
    ck_assert_msg(alike >= 51, "%zu of 60", alike);
    ck_assert_ptr_nonnull(strstr(comparison.sentence, "llama and tnl are one law"));
}
END_TEST

/* The losses chosen lie within both groups' data. */
START_TEST(default_losses_are_within_the_data)
{
    CompareOptions o = options();
    fill_sides(0.002, 0.28);
    const Compare *c = compare(&o);
    ck_assert_uint_eq(c->n_multipliers, COMPARE_DEFAULT_AT);
    for (size_t i = 0; i < c->n_multipliers; i++) {
        const CompareMultiplier *m = &c->multiplier[i];
        ck_assert(isfinite(m->value) && !m->is_outside);
        ck_assert(i == 0 || m->loss < c->multiplier[i - 1].loss);
    }
}
END_TEST

/* The difference's interval is that of two independent estimates: its variance is the sum of theirs. */
START_TEST(differences_are_of_independent_groups)
{
    CompareOptions o = options();
    o.fit.bootstrap = 2000;
    fill_sides(0.01, 0.27);
    const Compare *c = compare(&o);
    ck_assert_uint_eq(c->n_differences, 3);
    for (size_t i = 0; i < 3; i++) {
        const CompareDifference *d = &c->difference[i];
        const FitValue *a = fit_value(c->group[0].fit, d->name),
                       *b = fit_value(c->group[1].fit, d->name);
        double want = hypot(a->se, b->se), gap = a->value - b->value;
        check_close_f64(d->name, 1, &d->se, &want, 0.0, 0.06);
        check_close_f64("value", 1, &d->value, &gap, 0.0, 1e-15);
        ck_assert(d->lo < d->lo90 && d->lo90 < d->value && d->value < d->hi90 && d->hi90 < d->hi);
        /* p < 0.05 just where the interval leaves 0 out */
        ck_assert((d->p < 0.05) == (d->lo > 0.0 || d->hi < 0.0));
        double normal = erfc(fabs(d->value) / d->se / sqrt(2.0));
        ck_assert_msg(fabs(d->p - normal) < 0.15, "%s: p %g, %g", d->name, d->p, normal);
    }
}
END_TEST

START_TEST(losses_out_of_reach_say_so)
{
    CompareOptions o = options();
    o.at[0] = 1.6;  /* below both E */
    o.at[1] = 1.75; /* below one E only */
    o.at[2] = 1.95; /* far beyond the data */
    o.n_at = 3;
    fill_sides(0.002, 0.28);
    const Compare *c = compare(&o);
    ck_assert(isnan(c->multiplier[0].value));
    ck_assert_ptr_nonnull(strstr(c->multiplier[0].why, "the laws of llama and tnl stay above 1.6"));
    ck_assert(isnan(c->multiplier[1].value) && isnan(c->multiplier[1].lo));
    ck_assert_ptr_nonnull(strstr(c->multiplier[1].why, "not reached: the law of tnl"));
    ck_assert(c->multiplier[2].value < 1.0 && c->multiplier[2].is_outside);
}
END_TEST

START_TEST(mistakes_are_named)
{
    static Compare c;
    Err err = ERR_INIT;
    CompareOptions o = options();
    const char *only[] = {"llama", "rwkv"}, *twice[] = {"llama", "llama"};
    fill_sides(0.01, 0.28);
    for (size_t g = 0; g < 2; g++) {
        group[g] = (ObsGroup){.name = g ? "tnl" : "llama", .data = side[g].data};
    }
    Obs obs = {.by = "architecture", .group = group, .n_groups = 2};
    o.only = only;
    o.n_only = 2;
    ck_assert_int_eq(compare_run("here", &obs, &o, &c, &err), ERR_USAGE);
    ck_assert_ptr_nonnull(strstr(err.msg, "no group \"rwkv\""));
    ck_assert_ptr_nonnull(strstr(err.hint, "llama, tnl"));
    compare_release(&c);
    o.only = twice;
    ck_assert_int_eq(compare_run("here", &obs, &o, &c, &err), ERR_USAGE);
    compare_release(&c);
    o.n_only = 0;
    obs.n_groups = 1;
    ck_assert_int_eq(compare_run("here", &obs, &o, &c, &err), ERR_USAGE);
    ck_assert_ptr_nonnull(strstr(err.msg, "two groups or more"));
    compare_release(&c);
    obs.n_groups = 2;
    o.null = COMPARE_EXPONENTS_E;
    o.fit.form = form_find("kaplan");
    ck_assert_int_eq(compare_run("here", &obs, &o, &c, &err), ERR_USAGE);
    ck_assert_ptr_nonnull(strstr(err.msg, "no free irreducible loss"));
    compare_release(&c);
    o.fit.form = form_find("chinchilla");
    group[1].data.n = 4;
    ck_assert_int_eq(compare_run("here", &obs, &o, &c, &err), ERR_NUMERIC);
    ck_assert_ptr_nonnull(strstr(err.msg, "1 of 2 groups could be fitted; tnl: "));
    compare_release(&c);
}
END_TEST

int main(void)
{
    (void)gsl_set_error_handler_off();
    return test_main((TestPlan){.name = "analysis/compare"});
}

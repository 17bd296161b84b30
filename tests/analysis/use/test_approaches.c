/* Three approaches on exact laws, where all that they differ by is bias. */
#include <check.h>
#include <gsl/gsl_errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/use/explain.h"
#include "common/rng.h"
#include "tests/analysis/fit/surface.h"
#include "tests/support/suite.h"

enum { BUDGETS = 6, POINTS = 9, N = BUDGETS * POINTS };

static double size[N], tokens[N], flops[N], loss[N];
static FitData data = {.n = N, .params = size, .tokens = tokens, .flops = flops, .loss = loss};
static const Budget budget = {.flops = {.k = 6.0}, .unique = (double)INFINITY};
static Approaches all;
static Err err;

/* Budgets of C = 6e17 10^(i/1.5), nine sizes each over +-`width` decades, `shift` decades off the law's
 * optimum and drifting by `drift` a budget. */
static void fill_design(const double *p, double width, double shift, double drift, double noise)
{
    const Err fresh = ERR_INIT;
    err = fresh;
    double sum = p[3] + p[4], g = pow(p[3] * p[1] / (p[4] * p[2]), 1.0 / sum);
    for (size_t i = 0; i < N; i++) {
        double b = (double)(i / POINTS), c = 6e17 * pow(10.0, b / 1.5);
        double off = shift + drift * b + width * ((double)(i % POINTS) / 4.0 - 1.0);
        size[i] = g * pow(c / 6.0, p[4] / sum) * pow(10.0, off);
        tokens[i] = c / 6.0 / size[i];
        flops[i] = c;
        loss[i] = p[0] + p[1] * pow(size[i], -p[3]) + p[2] * pow(tokens[i], -p[4]);
        loss[i] *= exp(noise * rng_normal(7, 3, i));
    }
}

static Law fit_law(size_t bootstrap)
{
    Law l;
    FitOptions o = fit_defaults(form_find("chinchilla"));
    o.loss = (FitLoss){.kind = FIT_MSE};
    o.bootstrap = bootstrap;
    o.starts = 8;
    ck_assert_msg(law_fit(&o, &data, true, &l, &err) == ERR_OK, "%s", err.msg);
    return l;
}

static void compare(const Law *l, size_t bootstrap)
{
    const ApproachOptions o = {.at = {1e20}, .n_at = 1, .bootstrap = bootstrap, .seed = 1};
    ck_assert_msg(approaches_run(l, NULL, &data, &budget, &o, &all, &err) == ERR_OK, "%s", err.msg);
}

static Law compared(size_t bootstrap, const double *p, double width, double shift, double drift,
                    double noise)
{
    fill_design(p, width, shift, drift, noise);
    Law l = fit_law(bootstrap);
    compare(&l, bootstrap);
    return l;
}

/* Is there a sentence with both among those that explain the approaches? */
static bool says(const char *words, const char *more)
{
    Answer a = ANSWER_INIT;
    AnswerNode *list = answer_list(answer_top(&a), "disagreements");
    bool is_said = false;
    explain_approaches(&all, list);
    for (const AnswerNode *n = list->first; n; n = n->next) {
        is_said = is_said || (strstr(n->text, words) && strstr(n->text, more));
    }
    answer_release(&a);
    return is_said;
}

/* alpha = 3 beta, centred budgets of +-1 decade: a parabola's exponent is exact and its vertices lie 0.0858914829
 * decades above the optimum (numpy.polyfit of degree 2 on the same points). */
START_TEST(the_parabolas_bias_is_found_and_taken_off)
{
    const double *p = surface_law[2];
    Law l = compared(0, p, 1.0, 0.0, 0.0, 0.0);
    const Approach *iso = &all.by[APPROACH_ISOFLOP], *law = &all.by[APPROACH_LAW];
    ck_assert(!iso->is_refused && iso->has_bias);
    ck_assert_double_eq_tol(iso->value[APPROACH_A], 0.25, 1e-9);
    ck_assert_double_eq_tol(iso->bias[APPROACH_A], 0.0, 1e-9);
    ck_assert_double_eq_tol(log10(iso->bias[APPROACH_N_OPT]), 0.08589148288, 1e-8);
    ck_assert_double_eq_tol(law->value[APPROACH_A], 0.25, 1e-9);
    for (size_t i = 0; i < APPROACH_LAW; i++) {
        const Approach *r = &all.by[i];
        if (!r->is_refused) {
            /* on exact data what is left after the bias is the law itself */
            ck_assert_double_eq_tol(r->corrected[APPROACH_A], 0.25, 1e-8);
            ck_assert_double_eq_tol(r->corrected[APPROACH_N_OPT] / law->value[APPROACH_N_OPT], 1.0,
                                    1e-7);
        }
    }
    ck_assert_uint_eq(iso->points, BUDGETS);
    law_release(&l);
}
END_TEST

/* Grids that drift off centre bend the exponent too: by -0.0940966, says numpy.polyfit. */
START_TEST(grids_off_centre_are_explained_by_the_bias)
{
    Law l = compared(200, surface_law[2], 1.2, 0.3, 0.2, 2e-5);
    const Approach *iso = &all.by[APPROACH_ISOFLOP], *law = &all.by[APPROACH_LAW];
    ck_assert(!iso->is_refused);
    ck_assert_double_eq_tol(iso->bias[APPROACH_A], -0.0940966, 1e-3);
    ck_assert_double_eq_tol(law->value[APPROACH_A], 0.25, 1e-3);
    ck_assert_double_eq_tol(iso->corrected[APPROACH_A], law->value[APPROACH_A], 1e-3);
    ck_assert(says("Approaches 2 and 3 disagree", "own bias on this design accounts for it."));
    law_release(&l);
}
END_TEST

/* Models larger than the best are trained badly: no bias of a method does that. */
START_TEST(what_the_bias_does_not_explain_is_said)
{
    fill_design(surface_law[1], 0.8, 0.0, 0.0, 3e-4);
    Law l = fit_law(200);
    for (size_t i = 0; i < N; i++) { /* only the approaches see it: the law was fitted before */
        double b = (double)(i / POINTS), off = 0.2 * ((double)(i % POINTS) - 4.0);
        loss[i] += 0.02 * b * off;
    }
    compare(&l, 200);
    ck_assert(says("disagree", "more than the bias") || says("disagree", "follows the ends") ||
              says("disagree", "off centre"));
    law_release(&l);
}
END_TEST

START_TEST(intervals_hold_the_figure_and_do_not_depend_on_threads)
{
    Law l = compared(100, surface_law[1], 0.8, 0.0, 0.0, 2e-3);
    const Approach *iso = &all.by[APPROACH_ISOFLOP];
    FitInterval one = iso->interval[APPROACH_A];
    ck_assert(one.lo < iso->value[APPROACH_A] && one.hi > iso->value[APPROACH_A]);
    ck_assert(iso->interval[APPROACH_N_OPT].lo < iso->value[APPROACH_N_OPT]);
    const ApproachOptions two = {
        .at = {1e20}, .n_at = 1, .bootstrap = 100, .seed = 1, .threads = 2};
    ck_assert_int_eq(approaches_run(&l, NULL, &data, &budget, &two, &all, &err), ERR_OK);
    ck_assert(iso->interval[APPROACH_A].lo == one.lo && iso->interval[APPROACH_A].hi == one.hi);
    law_release(&l);
}
END_TEST

START_TEST(a_refused_law_leaves_the_others)
{
    fill_design(surface_law[1], 0.8, 0.0, 0.0, 0.0);
    Err why = ERR_INIT;
    (void)err_set(&why, ERR_NUMERIC, "no law here");
    const ApproachOptions o = {.bootstrap = 0};
    ck_assert_int_eq(approaches_run(NULL, &why, &data, &budget, &o, &all, &err), ERR_OK);
    ck_assert(all.by[APPROACH_LAW].is_refused && !all.by[APPROACH_ISOFLOP].is_refused);
    ck_assert_str_eq(all.by[APPROACH_LAW].refusal.msg, "no law here");
    ck_assert(!all.by[APPROACH_ISOFLOP].has_bias);
    ck_assert_double_eq(all.at[0], flops[N - 1]); /* the largest C */
    flops[5] = -1.0;
    ck_assert_int_eq(approaches_run(NULL, &why, &data, &budget, &o, &all, &err), ERR_INVALID);
    ck_assert_ptr_nonnull(strstr(err.msg, "C of observation 6"));
}
END_TEST

int main(void)
{
    (void)gsl_set_error_handler_off();
    return test_main((TestPlan){.name = "analysis/use/approaches"});
}

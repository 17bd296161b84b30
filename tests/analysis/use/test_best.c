/* Optima along a budget against closed forms, published numbers and a plain search. */
#include <check.h>
#include <gsl/gsl_errno.h>
#include <math.h>
#include <string.h>

#include "analysis/use/best.h"
#include "tests/analysis/fit/surface.h"
#include "tests/support/check_close.h"
#include "tests/support/suite.h"

static Budget budget = {.flops = {.shape = FLOPS_PROPORTIONAL, .k = 6.0},
                        .unique = (double)INFINITY};

static Curve chinchilla(const double *law)
{
    const Curve k = {.form = form_find("chinchilla"), .params = law, .budget = &budget};
    return k;
}

/* N* = G (C/6)^a, D* = (C/6)^b / G (arXiv:2203.15556, equation 4). */
static void closed_form(const double *p, double c, double *want)
{
    double sum = p[3] + p[4], g = pow(p[3] * p[1] / (p[4] * p[2]), 1.0 / sum);
    want[0] = g * pow(c / 6.0, p[4] / sum);
    want[1] = pow(c / 6.0, p[3] / sum) / g;
    want[2] = p[0] + p[1] * pow(want[0], -p[3]) + p[2] * pow(want[1], -p[4]);
}

START_LOOP_TEST(optima_of_six_surfaces_are_exact_by_formula_and_by_search, SURFACE_COUNT)
{
    const double *law = surface_law[_i];
    Curve k = chinchilla(law);
    Err err = ERR_INIT;
    for (double c = 1e17; c < 1e27; c *= 31.0) {
        double want[3];
        closed_form(law, c, want);
        for (int numeric = 0; numeric < 2; numeric++) {
            Best b;
            k.is_numeric = numeric;
            ck_assert_msg(best_for_flops(&k, c, &b, &err) == ERR_OK, "%s", err.msg);
            const double got[] = {b.n, b.d, b.loss};
            check_close_f64(surface_name[_i], 3, got, want, 0.0, 1e-10);
            ck_assert_double_eq_tol(6.0 * b.n * b.d / c, 1.0, 1e-14);
            ck_assert_double_lt(b.step, 1e-10);
        }
    }
}
END_TEST

START_TEST(other_laws_are_searched_to_their_own_formula)
{
    const double kaplan[] = {8.8e13, 5.4e13, 0.076, 0.103}, tied[] = {1.8, 300.0, 500.0, 0.3};
    const double repeats[] = {1.87, 521.0, 1488.0, 0.35, 0.35, 15.0, 5.3};
    const struct {
        const char *name;
        const double *params;
    } c[] = {{"kaplan", kaplan}, {"overtrained", tied}, {"data_constrained", repeats}};
    Err err = ERR_INIT;
    for (size_t i = 0; i < sizeof c / sizeof c[0]; i++) {
        Curve k = {.form = form_find(c[i].name), .params = c[i].params, .budget = &budget};
        Best formula, search;
        ck_assert(best_is_for(k.form));
        ck_assert_int_eq(best_for_flops(&k, 1e22, &formula, &err), ERR_OK);
        k.is_numeric = true;
        ck_assert_msg(best_for_flops(&k, 1e22, &search, &err) == ERR_OK, "%s: %s", c[i].name,
                      err.msg);
        /* at its optimum the second derivative of data_constrained jumps: sizes beyond what the tokens
         * are worth count less; differences of step 5e-3 see both sides */
        double room = i == 2 ? 1e-3 : 1e-9;
        ck_assert_msg(fabs(search.n / formula.n - 1.0) < room, "%s: %.12g, not %.12g", c[i].name,
                      search.n, formula.n);
    }
    ck_assert(!best_is_for(form_find("power:C")) && !best_is_for(form_find("hyper:lr")));
    ck_assert(!best_is_for(form_find("logistic")));
}
END_TEST

/* The least of a million sizes, 1e-5 apart in ln N. */
static Best plain_search(const Curve *k, double c)
{
    Best b = {.loss = (double)INFINITY};
    for (int i = 0; i < 1000000; i++) {
        double n = exp(14.0 + 1.5e-5 * i), d = best_tokens(k->budget, c, n);
        double loss = d > 0.0 ? best_loss_at(k, n, d) : (double)INFINITY;
        if (loss < b.loss) {
            b = (Best){.n = n, .d = d, .loss = loss};
        }
    }
    return b;
}

/* Attention on top of 6 N, tokens to be served, tokens that run out: no formula has these. */
START_TEST(a_true_budget_moves_the_optimum_to_where_a_plain_search_finds_it)
{
    const double repeats[] = {1.87, 521.0, 1488.0, 0.35, 0.35, 15.0, 5.3};
    const FlopModel attention = {.shape = FLOPS_SIX_PLUS,
                                 .k = 6.0,
                                 .m = 5.0,
                                 .g = 0.345,
                                 .centre = log(3e8),
                                 .x_lo = -2.0,
                                 .x_hi = 9.0};
    Budget b[] = {
        {.flops = attention, .unique = (double)INFINITY},
        {.flops = {.k = 6.0}, .inference = 2e12, .unique = (double)INFINITY},
        {.flops = attention, .inference = 3e11, .unique = (double)INFINITY},
        {.flops = {.k = 6.0}, .unique = 4e9},
    };
    Err err = ERR_INIT;
    for (size_t i = 0; i < sizeof b / sizeof b[0]; i++) {
        Curve k = chinchilla(surface_law[1]);
        Best got, formula;
        double want[3];
        k.budget = &b[i];
        if (i == 3) {
            k.form = form_find("data_constrained");
            k.params = repeats;
        }
        ck_assert_msg(best_for_flops(&k, 1e22, &got, &err) == ERR_OK, "%zu: %s", i, err.msg);
        Best plain = plain_search(&k, 1e22);
        ck_assert_double_eq_tol(log(got.n / plain.n), 0.0, 2e-5);
        ck_assert_double_le(got.loss, plain.loss + 1e-15);
        ck_assert_double_eq_tol(best_cost(&b[i], got.n, got.d) / 1e22, 1.0, 1e-13);
        closed_form(surface_law[1], 1e22, want);
        formula.n = want[0];
        ck_assert(i == 3 || got.n < formula.n); /* all three make large N dearer */
    }
}
END_TEST

/* L* - E = K (C/6)^-gamma with gamma = alpha beta/(alpha+beta): C by hand. */
START_LOOP_TEST(inverses_return_to_where_they_came_from, SURFACE_COUNT)
{
    const double *p = surface_law[_i];
    Curve k = chinchilla(p);
    Err err = ERR_INIT;
    double want[3], c, gamma = p[3] * p[4] / (p[3] + p[4]);
    closed_form(p, 3e21, want);
    Best b;
    ck_assert_msg(best_for_loss(&k, want[2], &c, &b, &err) == ERR_OK, "%s", err.msg);
    double by_hand =
        6.0 *
        pow((want[2] - p[0]) / (p[1] * pow(want[0] / pow(3e21 / 6.0, p[4] / (p[3] + p[4])), -p[3]) +
                                p[2] * pow(want[1] / pow(3e21 / 6.0, p[3] / (p[3] + p[4])), -p[4])),
            -1.0 / gamma);
    ck_assert_double_eq_tol(by_hand / 3e21, 1.0, 1e-10);
    ck_assert_double_eq_tol(c / by_hand, 1.0, 1e-10);
    for (int numeric = 0; numeric < 2; numeric++) {
        k.is_numeric = numeric;
        ck_assert_msg(best_for_size(&k, want[0], &c, &b, &err) == ERR_OK, "%s", err.msg);
        ck_assert_double_eq_tol(c / 3e21, 1.0, 1e-9);
        ck_assert_double_eq_tol(b.d / want[1], 1.0, 1e-9);
        ck_assert_msg(best_for_tokens(&k, want[1], &c, &b, &err) == ERR_OK, "%s", err.msg);
        ck_assert_double_eq_tol(c / 3e21, 1.0, 1e-9);
        ck_assert_double_eq_tol(b.n / want[0], 1.0, 1e-9);
    }
    double n;
    ck_assert_int_eq(best_size_of_ratio(&k, 3e21, 50.0, &n, &err), ERR_OK);
    ck_assert_double_eq_tol(n / sqrt(3e21 / 300.0), 1.0, 1e-12);
}
END_TEST

/* Huber fit of Epoch's 240 points: a quarter of N_opt(1e21) needs 1.07329324e12 tokens for L_opt, 4.4945294
 * times the compute (computed once by a fitter of other code, 9 digits of the parameters). */
START_TEST(a_quarter_of_the_best_size_costs_what_was_published)
{
    const double law[] = {1.81721810, 477.825956, 2143.42385, 0.347310, 0.367172};
    Curve k = chinchilla(law);
    Err err = ERR_INIT;
    Best b;
    double d, c;
    ck_assert_int_eq(best_for_flops(&k, 1e21, &b, &err), ERR_OK);
    ck_assert_double_eq_tol(b.d / b.n, 21.3845, 0.02);
    ck_assert_int_eq(best_tokens_to_reach(&k, b.n / 4.0, b.loss, &d, &err), ERR_OK);
    ck_assert_double_eq_tol(6.0 * b.n / 4.0 * d / 1e21, 4.4945, 2e-3);
    ck_assert_int_eq(best_for_loss(&k, best_loss_at(&k, b.n / 4.0, d), &c, &b, &err), ERR_OK);
    ck_assert_double_eq_tol(c / 1e21, 1.0, 1e-9);
}
END_TEST

START_TEST(what_has_no_answer_is_refused)
{
    Curve k = chinchilla(surface_law[0]);
    Err err = ERR_INIT;
    Best b;
    double x;
    ck_assert_int_eq(best_for_loss(&k, 1.69, &x, &b, &err), ERR_NUMERIC);
    ck_assert_ptr_nonnull(strstr(err.msg, "no compute reaches a loss of 1.69"));
    ck_assert_ptr_nonnull(strstr(err.hint, "E = 1.69"));
    ck_assert_int_eq(best_for_loss(&k, -1.0, &x, &b, &err), ERR_INVALID);
    ck_assert_int_eq(best_for_flops(&k, 0.0, &b, &err), ERR_INVALID);
    ck_assert_int_eq(best_for_flops(&k, (double)NAN, &b, &err), ERR_INVALID);
    ck_assert_int_eq(best_for_flops(&k, (double)INFINITY, &b, &err), ERR_INVALID);
    ck_assert_int_eq(best_for_size(&k, -7e9, &x, &b, &err), ERR_INVALID);
    ck_assert_int_eq(best_for_tokens(&k, (double)NAN, &x, &b, &err), ERR_INVALID);
    ck_assert_int_eq(best_tokens_to_reach(&k, 1e6, 1.8, &x, &err), ERR_NUMERIC);
    ck_assert_ptr_nonnull(strstr(err.msg, "no number of tokens"));
    ck_assert_int_eq(best_size_of_ratio(&k, 1e21, 0.0, &x, &err), ERR_INVALID);
    /* a law that only falls with D: the smallest model is always best */
    const double no_size[] = {1.0, 0.0, 400.0, 0.34, 0.28};
    Curve falls = chinchilla(no_size);
    falls.is_numeric = true;
    ck_assert_int_eq(best_for_flops(&falls, 1e21, &b, &err), ERR_NUMERIC);
    ck_assert_ptr_nonnull(strstr(err.msg, "no N has the least loss"));
    falls.is_numeric = false;
    ck_assert_int_eq(best_for_flops(&falls, 1e21, &b, &err), ERR_NUMERIC);
}
END_TEST

/* E = 0 is a law like any other: every loss is reached. */
START_TEST(a_law_without_a_floor_reaches_every_loss)
{
    const double law[] = {0.0, 50.0, 80.0, 0.22, 0.19};
    Curve k = chinchilla(law);
    Err err = ERR_INIT;
    double want[3], c;
    Best b;
    closed_form(law, 1e24, want);
    ck_assert_int_eq(best_for_loss(&k, want[2], &c, &b, &err), ERR_OK);
    ck_assert_double_eq_tol(c / 1e24, 1.0, 1e-10);
    ck_assert_int_eq(best_for_loss(&k, 0.01, &c, &b, &err), ERR_OK);
}
END_TEST

int main(void)
{
    (void)gsl_set_error_handler_off();
    return test_main((TestPlan){.name = "analysis/use/best"});
}

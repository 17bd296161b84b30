/* Over the registry: a new form is tested the moment it is listed. */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/forms/form.h"
#include "tests/support/check_close.h"
#include "tests/support/suite.h"

/* A point of theta and x with nothing special about it, repetition among it. */
static void place(const Form *f, double *theta, double *x)
{
    const double lo[] = {-2.1, -1.7, -1.9}, hi[] = {1.9, 2.3, 1.6};
    double box_lo[FORM_MAX_PARAMS], box_hi[FORM_MAX_PARAMS];
    for (size_t i = 0; i < f->n_params; i++) {
        box_lo[i] = f->param[i].lo;
        box_hi[i] = f->param[i].hi;
    }
    if (f->box) {
        f->box(lo, hi, box_lo, box_hi);
    }
    for (size_t i = 0; i < f->n_params; i++) {
        double k = (double)i;
        theta[i] = f->param[i].kind == FORM_SHAPE
                       ? box_lo[i] + (0.1415 + 0.05 * k) * (box_hi[i] - box_lo[i])
                       : 0.2385 + 0.31 * (k - 0.4 * k * k);
    }
    x[0] = 1.37;
    x[1] = 0.83;
    x[2] = f->input[f->n_inputs - 1] == FORM_PRODUCT ? x[0] * x[1] : -0.45;
}

/* Central differences with h = cbrt(eps) err by about h^2 = 4e-11 of the scale of the third
 * derivative; 1e-8 leaves room and still catches any wrong factor. */
START_TEST(derivatives_agree_with_central_differences)
{
    for (size_t i = 0; i < form_count(); i++) {
        const Form *f = form_at(i);
        double theta[FORM_MAX_PARAMS], x[FORM_MAX_INPUTS], grad[FORM_MAX_PARAMS];
        double hess[FORM_MAX_PARAMS * FORM_MAX_PARAMS];
        place(f, theta, x);
        ck_assert_double_eq(form_gradient(f, theta, x, grad), form_value(f, theta, x));
        ck_assert_double_eq(form_hessian(f, theta, x, grad, hess), form_value(f, theta, x));
        for (size_t a = 0; a < f->n_params; a++) {
            double up[FORM_MAX_PARAMS], down[FORM_MAX_PARAMS], h = 6e-6, keep = theta[a];
            theta[a] = keep + h;
            double value_up = form_gradient(f, theta, x, up);
            theta[a] = keep - h;
            double value_down = form_gradient(f, theta, x, down);
            theta[a] = keep;
            double slope = (value_up - value_down) / (2.0 * h);
            check_close_f64(f->name, 1, &grad[a], &slope, 1e-8, 1e-8);
            for (size_t b = 0; b < f->n_params; b++) {
                double curve = (up[b] - down[b]) / (2.0 * h);
                check_close_f64(f->name, 1, &hess[a * f->n_params + b], &curve, 1e-8, 1e-8);
            }
        }
    }
}
END_TEST

START_TEST(terms_add_up_to_the_value)
{
    for (size_t i = 0; i < form_count(); i++) {
        const Form *f = form_at(i);
        double theta[FORM_MAX_PARAMS], x[FORM_MAX_INPUTS], phi[FORM_MAX_TERMS], sum = 0.0;
        place(f, theta, x);
        if (f->n_terms == 0) {
            continue;
        }
        form_terms(f, theta, x, phi);
        for (size_t k = 0; k < f->n_terms; k++) {
            sum += (f->param[k].kind == FORM_LINEAR ? theta[k] : exp(theta[k])) * phi[k];
        }
        double want = form_value(f, theta, x);
        check_close_f64(f->name, 1, &sum, &want, 0.0, 1e-13); /* some roundings */
    }
}
END_TEST

START_TEST(reported_parameters_come_back)
{
    const double centre[FORM_MAX_INPUTS] = {3.3, 4.1, 4.1};
    for (size_t i = 0; i < form_count(); i++) {
        const Form *f = form_at(i);
        double theta[FORM_MAX_PARAMS], x[FORM_MAX_INPUTS], params[FORM_MAX_PARAMS];
        double back[FORM_MAX_PARAMS];
        place(f, theta, x);
        form_report(f, theta, centre, params);
        form_internal(f, params, centre, back);
        check_close_f64(f->name, f->n_params, back, theta, 1e-13, 1e-13); /* logs near 20 */
    }
}
END_TEST

/* `centres` says which inputs a parameter's report depends on: with these at 0 it is a function of
 * its own theta alone, so that --fix can hold it. */
START_TEST(a_parameter_depends_on_the_centres_it_names)
{
    for (size_t i = 0; i < form_count(); i++) {
        const Form *f = form_at(i);
        double theta[FORM_MAX_PARAMS], x[FORM_MAX_INPUTS], here[FORM_MAX_PARAMS];
        double there[FORM_MAX_PARAMS];
        const double none[FORM_MAX_INPUTS] = {0.0};
        place(f, theta, x);
        form_report(f, theta, none, here);
        for (size_t k = 0; k < form_columns(f); k++) {
            double centre[FORM_MAX_INPUTS] = {0.0};
            centre[k] = 1.25;
            form_report(f, theta, centre, there);
            for (size_t a = 0; a < f->n_params; a++) {
                bool is_named = f->param[a].centres >> k & 1u;
                bool is_shared = f->shared_centres >> k & 1u;
                ck_assert_msg((here[a] != there[a]) == is_named || is_shared,
                              "%s: %s and the centre of input %zu", f->name, f->param[a].name, k);
            }
        }
        for (size_t a = 0; a < f->n_params; a++) {
            double moved[FORM_MAX_PARAMS];
            memcpy(moved, theta, sizeof moved);
            moved[a] += 0.125;
            form_report(f, moved, none, there);
            for (size_t b = 0; b < f->n_params; b++) {
                ck_assert_msg(a == b || here[b] == there[b], "%s: %s moves %s", f->name,
                              f->param[a].name, f->param[b].name);
            }
        }
    }
}
END_TEST

START_TEST(names_are_unique_and_short_names_mean_compute)
{
    for (size_t i = 0; i < form_count(); i++) {
        ck_assert_ptr_eq(form_find(form_at(i)->name), form_at(i));
    }
    ck_assert_ptr_eq(form_find("power"), form_find("power:C"));
    ck_assert_ptr_eq(form_find("broken"), form_find("broken:C"));
    ck_assert_int_eq(form_param(form_find("chinchilla"), "beta"), 4);
    ck_assert_int_eq(form_param(form_find("chinchilla"), "gamma"), -1);
}
END_TEST

/* The size that a law calls best has a lower loss than its neighbours on N D = constant. */
START_TEST(best_sizes_are_minima)
{
    const struct {
        const char *law;
        double params[7];
    } c[] = {
        {"chinchilla", {1.69, 406.4, 410.7, 0.34, 0.28}},
        {"overtrained", {1.8, 120.0, 190.0, 0.25}},
        {"kaplan", {8.8e13, 5.4e13, 0.076, 0.095}}, /* Kaplan et al., table 2 */
    };
    for (size_t i = 0; i < sizeof c / sizeof c[0]; i++) {
        const Form *f = form_find(c[i].law);
        double nd = 1e20, best = f->best_size(c[i].params, nd);
        const double here[] = {best, nd / best};
        for (double factor = 0.98; factor < 1.03; factor += 0.04) {
            const double there[] = {best * factor, nd / (best * factor)};
            ck_assert_double_lt(form_loss(f, c[i].params, here), form_loss(f, c[i].params, there));
        }
    }
}
END_TEST

/* Muennighoff et al.: without repetition the law is chinchilla's; 4 epochs are nearly new data,
 * 40 are nearly worthless. */
START_TEST(repeated_tokens_are_worth_less_and_less)
{
    const Form *f = form_find("data_constrained");
    const double params[] = {1.87, 521.0, 1488.0, 0.35, 0.35, 15.4, 5.3};
    const double fresh[] = {1e9, 1e11, 1e11}, again[] = {1e9, 1e11, 1e10};
    const double more[] = {1e9, 2e11, 1e10}, endless[] = {1e9, 1e14, 1e10};
    const double plain[] = {1.87, 521.0, 1488.0, 0.35, 0.35};
    double want = form_loss(form_find("chinchilla"), plain, fresh);
    ck_assert_double_eq_tol(form_loss(f, params, fresh), want, 1e-12);
    ck_assert_double_gt(form_loss(f, params, again), want);
    ck_assert_double_lt(form_loss(f, params, more), form_loss(f, params, again));
    double worth = 1e10 * (1.0 + 15.4); /* D' at endless repetition */
    double limit = 1.87 + 521.0 * pow(1e9, -0.35) + 1488.0 * pow(worth, -0.35);
    ck_assert_double_ge(form_loss(f, params, endless), limit - 1e-12);
}
END_TEST

/* Caballero et al.: far below a break the slope in logs is -c0, far above -(c0 + c1). */
START_TEST(a_broken_law_has_its_two_slopes)
{
    const Form *f = form_find("broken:D");
    const double params[] = {1e-9, 3.0, 0.08, 0.45, 3e4, 0.3};
    for (int side = 0; side < 2; side++) {
        double x = side ? 1e9 : 1.0, y = 2.0 * x;
        double slope = log(form_loss(f, params, &y) / form_loss(f, params, &x)) / log(2.0);
        ck_assert_double_eq_tol(slope, side ? -0.53 : -0.08, 1e-4);
    }
}
END_TEST

/* Hoffmann et al., section 3.3 and appendix D.3, at N = 70e9, D = 1.4e12: by hand 1.93665. */
START_TEST(chinchilla_gives_the_published_loss)
{
    const Form *f = form_find("chinchilla");
    ck_assert_ptr_nonnull(f);
    const double params[] = {1.69, 406.4, 410.7, 0.34, 0.28}, inputs[] = {70e9, 1.4e12};
    ck_assert_double_eq_tol(form_loss(f, params, inputs), 1.93665, 1e-5);
}
END_TEST

/* arXiv:2406.16690 table 3, LLaMA: 3.7087 C^-0.0798 is 3.086 at C = 10 PFLOP/s-days. */
START_TEST(paper_power_gives_the_published_loss)
{
    const double params[] = {3.7087, -0.0798}, inputs[] = {10.0};
    ck_assert_double_eq_tol(form_loss(form_find("paper_power"), params, inputs), 3.086, 5e-4);
}
END_TEST

/* a + b = 1 and G by the formula: the optimum on C = 6 N D really is N = G (C/6)^a. */
START_TEST(derived_exponents_point_at_the_optimum)
{
    const Form *f = form_find("chinchilla");
    const double params[] = {1.69, 406.4, 410.7, 0.34, 0.28};
    double derived[FORM_MAX_DERIVED];
    f->derive(params, derived);
    ck_assert_double_eq_tol(derived[0] + derived[1], 1.0, 1e-15);
    double nd = 5.76e23 / 6.0, best = derived[2] * pow(nd, derived[0]);
    const double here[] = {best, nd / best};
    for (double factor = 0.99; factor < 1.02; factor += 0.02) {
        const double there[] = {best * factor, nd / (best * factor)};
        ck_assert_double_lt(form_loss(f, params, here), form_loss(f, params, there));
    }
}
END_TEST

START_TEST(an_unknown_name_finds_nothing)
{
    ck_assert_ptr_null(form_find("kaplan2"));
    ck_assert_ptr_null(form_find(""));
    ck_assert_ptr_null(form_at(form_count()));
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "analysis/forms"});
}

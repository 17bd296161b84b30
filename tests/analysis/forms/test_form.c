/* Over the registry: a new form is tested the moment it is listed. */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/forms/form.h"
#include "tests/support/check_close.h"
#include "tests/support/suite.h"

/* A point of theta and x with nothing special about it. */
static void place(const Form *f, double *theta, double *x)
{
    for (size_t k = 0; k < f->n_terms; k++) {
        theta[k] = 0.2385 - 0.31 * (double)k;
    }
    for (size_t j = f->n_terms; j < f->n_params; j++) {
        size_t q = j - f->n_terms;
        theta[j] = f->start_lo[q] + 0.1415 * (f->start_hi[q] - f->start_lo[q]);
    }
    x[0] = 1.37;
    x[1] = -0.83;
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
        ck_assert_double_eq(f->gradient(theta, x, grad), f->value(theta, x));
        ck_assert_double_eq(f->hessian(theta, x, grad, hess), f->value(theta, x));
        for (size_t a = 0; a < f->n_params; a++) {
            double up[FORM_MAX_PARAMS], down[FORM_MAX_PARAMS], h = 6e-6, keep = theta[a];
            theta[a] = keep + h;
            double value_up = f->gradient(theta, x, up);
            theta[a] = keep - h;
            double value_down = f->gradient(theta, x, down);
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
        f->terms(theta + f->n_terms, x, phi);
        for (size_t k = 0; k < f->n_terms; k++) {
            sum += exp(theta[k]) * phi[k];
        }
        double want = f->value(theta, x);
        check_close_f64(f->name, 1, &sum, &want, 0.0, 1e-14); /* three roundings */
    }
}
END_TEST

START_TEST(reported_parameters_come_back)
{
    const double centre[FORM_MAX_INPUTS] = {20.3, 23.1};
    for (size_t i = 0; i < form_count(); i++) {
        const Form *f = form_at(i);
        double theta[FORM_MAX_PARAMS], x[FORM_MAX_INPUTS], params[FORM_MAX_PARAMS];
        double back[FORM_MAX_PARAMS];
        place(f, theta, x);
        f->report(theta, centre, params);
        f->internal(params, centre, back);
        check_close_f64(f->name, f->n_params, back, theta, 1e-13, 1e-13); /* logs near 20 */
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
    ck_assert_ptr_null(form_at(form_count()));
}
END_TEST

static void fill(TCase *tc)
{
    tcase_add_test(tc, derivatives_agree_with_central_differences);
    tcase_add_test(tc, terms_add_up_to_the_value);
    tcase_add_test(tc, reported_parameters_come_back);
    tcase_add_test(tc, chinchilla_gives_the_published_loss);
    tcase_add_test(tc, paper_power_gives_the_published_loss);
    tcase_add_test(tc, derived_exponents_point_at_the_optimum);
    tcase_add_test(tc, an_unknown_name_finds_nothing);
}

int main(void)
{
    return suite_main("analysis/forms", fill);
}

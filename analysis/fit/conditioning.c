#include "analysis/fit/conditioning.h"

#include <gsl/gsl_blas.h>
#include <gsl/gsl_linalg.h>
#include <math.h>

typedef enum Posed { POSED_RAW, POSED_LOGS, POSED_CENTRED } Posed;

/* The parameters that count, linear coefficients first. */
typedef struct Free {
    size_t index[FORM_MAX_PARAMS], n, n_linear;
} Free;

static Free free_of(const FitProblem *p, const double *theta)
{
    Free f = {.n = 0};
    for (size_t k = 0; k < p->p; k++) {
        bool is_zero =
            p->form->param[k].kind == FORM_COEFFICIENT && theta[k] <= 0.5 * PROBLEM_LN_ZERO;
        if (!p->is_fixed[k] && !is_zero) {
            f.index[f.n++] = k;
            f.n_linear += k < p->form->n_terms ? 1 : 0;
        }
    }
    return f;
}

/* kappa of the columns of m, which is used up.  NaN when memory is short. */
static double kappa_of(gsl_matrix *m)
{
    size_t p = m->size2;
    gsl_vector *tau = gsl_vector_alloc(p), *s = gsl_vector_alloc(p);
    gsl_matrix *r = gsl_matrix_calloc(p, p), *v = gsl_matrix_alloc(p, p);
    double kappa = (double)NAN;
    bool is_good = tau && s && r && v && gsl_linalg_QR_decomp(m, tau) == 0;
    for (size_t i = 0; is_good && i < p; i++) {
        for (size_t j = i; j < p; j++) {
            gsl_matrix_set(r, i, j, gsl_matrix_get(m, i, j));
        }
    }
    /* one-sided Jacobi: small singular values to full relative accuracy */
    if (is_good && gsl_linalg_SV_decomp_jacobi(r, v, s) == 0) {
        double ratio = gsl_vector_get(s, 0) / gsl_vector_get(s, p - 1);
        kappa = ratio * ratio;
    }
    gsl_matrix_free(v);
    gsl_matrix_free(r);
    gsl_vector_free(s);
    gsl_vector_free(tau);
    return kappa;
}

/* J [n, free] as it is posed; NULL when memory is short. */
static gsl_matrix *jacobian(const FitProblem *p, const double *theta, const Free *f, Posed posed)
{
    const Form *form = p->form;
    double params[FORM_MAX_PARAMS], own[FORM_MAX_PARAMS], zero[FORM_MAX_INPUTS] = {0.0};
    gsl_matrix *m = gsl_matrix_alloc(p->n, f->n);
    form_report(form, theta, p->centre, params);
    form_internal(form, params, zero, own);
    for (size_t i = 0; m && i < p->n; i++) {
        double x[FORM_MAX_INPUTS] = {0.0}, at[FORM_MAX_INPUTS] = {0.0},
               grad[FORM_MAX_PARAMS] = {0.0};
        problem_point(p, i, x);
        for (size_t k = 0; k < form->n_inputs; k++) {
            at[k] = form->input[k] == FORM_PRODUCT ? at[0] * at[1] : x[k] + p->centre[k];
        }
        double law = posed == POSED_CENTRED ? form_gradient(form, theta, x, grad)
                                            : form_gradient(form, own, at, grad);
        double scale = sqrt(p->weight[i]) / (p->residual == FIT_LOG ? law : 1.0);
        for (size_t j = 0; j < f->n; j++) {
            size_t k = f->index[j];
            bool is_raw = posed == POSED_RAW && form->param[k].kind == FORM_COEFFICIENT;
            gsl_matrix_set(m, i, j, scale * grad[k] / (is_raw ? params[k] : 1.0));
        }
    }
    return m;
}

static void scale_columns(gsl_matrix *m)
{
    for (size_t j = 0; j < m->size2; j++) {
        gsl_vector_view c = gsl_matrix_column(m, j);
        double length = gsl_blas_dnrm2(&c.vector);
        (void)gsl_vector_scale(&c.vector, length > 0.0 ? 1.0 / length : 1.0);
    }
}

/* Takes the first n_linear columns out of the others (modified Gram-Schmidt, twice) and gives kappa of
 * what is left. */
static double kappa_projected(gsl_matrix *m, size_t n_linear)
{
    if (n_linear == 0 || n_linear == m->size2) {
        return (double)NAN;
    }
    for (size_t j = 0; j < m->size2; j++) {
        gsl_vector_view c = gsl_matrix_column(m, j);
        for (size_t pass = 0; pass < 2; pass++) {
            for (size_t k = 0; k < n_linear && k < j; k++) {
                gsl_vector_view q = gsl_matrix_column(m, k);
                double dot;
                (void)gsl_blas_ddot(&q.vector, &c.vector, &dot);
                (void)gsl_blas_daxpy(-dot, &q.vector, &c.vector);
            }
        }
        double length = gsl_blas_dnrm2(&c.vector);
        if (j < n_linear && length > 0.0) {
            (void)gsl_vector_scale(&c.vector, 1.0 / length);
        }
    }
    gsl_matrix_view left = gsl_matrix_submatrix(m, 0, n_linear, m->size1, m->size2 - n_linear);
    return kappa_of(&left.matrix);
}

Conditioning conditioning_of(const FitProblem *p, const double *theta)
{
    Conditioning r = {(double)NAN, (double)NAN, (double)NAN, (double)NAN, (double)NAN};
    Free f = free_of(p, theta);
    double *const slot[] = {&r.raw, &r.logs, &r.centred, &r.scaled, &r.projected};
    if (p->n > CONDITIONING_MAX || f.n == 0 || p->n < f.n) {
        return r;
    }
    for (size_t i = 0; i < sizeof slot / sizeof slot[0]; i++) {
        gsl_matrix *m = jacobian(p, theta, &f, i < POSED_CENTRED ? (Posed)i : POSED_CENTRED);
        if (m && i == 3) {
            scale_columns(m);
        }
        *slot[i] = !m ? (double)NAN : i == 4 ? kappa_projected(m, f.n_linear) : kappa_of(m);
        gsl_matrix_free(m);
    }
    return r;
}

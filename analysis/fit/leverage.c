#include "analysis/fit/leverage.h"

#include <gsl/gsl_eigen.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/fit/newton.h"

enum { P = FORM_MAX_PARAMS, P2 = P * P };

/* A unit that all but determines a direction by itself says nothing of its error there. */
#define LEAST_FREEDOM 0.01
#define NO_LEVERAGE   1e-9

/* One group: free parameters only. */
typedef struct Side {
    const FitProblem *p;
    LeverageKind kind;
    size_t n, index[P];
    double root[P2]; /* [n, n] L of M = L L' */
    double *jac;     /* [observations, n] sqrt(weight) d residual / d theta */
    gsl_eigen_symmv_workspace *work;
    gsl_matrix *a, *q;
    gsl_vector *l;
} Side;

static void side_release(Side *s)
{
    free(s->jac);
    if (s->work) {
        gsl_eigen_symmv_free(s->work);
    }
    gsl_matrix_free(s->a);
    gsl_matrix_free(s->q);
    gsl_vector_free(s->l);
}

static void fill_jacobian(Side *s, const double *theta)
{
    const FitProblem *p = s->p;
    for (size_t i = 0; i < p->n; i++) {
        double x[FORM_MAX_INPUTS], grad[P];
        problem_point(p, i, x);
        double loss = form_gradient(p->form, theta, x, grad);
        double scale = sqrt(p->weight[i]) * (p->residual == FIT_LOG ? 1.0 / loss : 1.0);
        for (size_t a = 0; a < s->n; a++) {
            s->jac[i * s->n + a] = scale * grad[s->index[a]];
        }
    }
}

static ErrCode side_open(const Arrow *j, size_t g, const double *theta, Side *s, Err *err)
{
    double inverse[P2];
    *s = (Side){.p = &j->problem[g]};
    for (size_t a = 0; a < j->p; a++) {
        if (!s->p->is_fixed[a]) {
            s->index[s->n++] = a;
        }
    }
    arrow_inverse(j, g, inverse);
    for (size_t a = 0; a < s->n; a++) {
        for (size_t b = 0; b < s->n; b++) {
            /* the curvature of a sum of squares is 2 J'J */
            s->root[a * s->n + b] = 2.0 * inverse[s->index[a] * j->p + s->index[b]];
        }
    }
    if (!dense_cholesky(s->n, s->root)) {
        s->n = 0; /* nothing to undo */
    }
    size_t n = s->n ? s->n : 1;
    s->jac = calloc(s->p->n * n + 1, sizeof *s->jac);
    s->work = gsl_eigen_symmv_alloc(n);
    s->a = gsl_matrix_alloc(n, n);
    s->q = gsl_matrix_alloc(n, n);
    s->l = gsl_vector_alloc(n);
    if (!s->jac || !s->work || !s->a || !s->q || !s->l) {
        return err_nomem(err, "leverages");
    }
    fill_jacobian(s, theta);
    return ERR_OK;
}

/* v := L' v, L lower triangular. */
static void times_root_transposed(const Side *s, double *v)
{
    for (size_t a = 0; a < s->n; a++) {
        double sum = 0.0;
        for (size_t b = a; b < s->n; b++) {
            sum += s->root[b * s->n + a] * v[b];
        }
        v[a] = sum;
    }
}

static void times_root(const Side *s, double *v)
{
    for (size_t a = s->n; a-- > 0;) {
        double sum = 0.0;
        for (size_t b = 0; b <= a; b++) {
            sum += s->root[a * s->n + b] * v[b];
        }
        v[a] = sum;
    }
}

/* a := L' (J_u' J_u) L */
static void gram_of_unit(const Side *s, const size_t *row, size_t n_rows)
{
    gsl_matrix_set_zero(s->a);
    for (size_t k = 0; k < n_rows; k++) {
        double v[P];
        memcpy(v, s->jac + row[k] * s->n, sizeof *v * s->n);
        times_root_transposed(s, v);
        for (size_t a = 0; a < s->n; a++) {
            for (size_t b = 0; b < s->n; b++) {
                gsl_matrix_set(s->a, a, b, gsl_matrix_get(s->a, a, b) + v[a] * v[b]);
            }
        }
    }
}

/* Of the k-th direction of a unit with leverage l where units have `mean`: what r gains there, over l. */
static double gain(LeverageKind kind, double l, double mean)
{
    double lost = fmin(kind == LEVERAGE_LEFT_OUT ? l : mean, 1.0 - LEAST_FREEDOM);
    double factor = 1.0 / (kind == LEVERAGE_LEFT_OUT ? 1.0 - lost : sqrt(1.0 - lost));
    return l < NO_LEVERAGE ? 0.0 : (factor - 1.0) / l;
}

/* Eigenvalues and vectors of the unit's leverages, falling. */
static bool directions(const Side *s, const size_t *row, size_t n_rows)
{
    gram_of_unit(s, row, n_rows);
    return gsl_eigen_symmv(s->a, s->l, s->q, s->work) == 0 &&
           gsl_eigen_symmv_sort(s->l, s->q, GSL_EIGEN_SORT_VAL_DESC) == 0;
}

static void free_unit(const Side *s, const double *mean, const size_t *row, size_t n_rows,
                      double *r)
{
    double v[P] = {0.0}, turned[P];
    if (!directions(s, row, n_rows)) {
        return;
    }
    for (size_t k = 0; k < n_rows; k++) {
        for (size_t a = 0; a < s->n; a++) {
            v[a] += s->jac[row[k] * s->n + a] * sqrt(s->p->weight[row[k]]) * r[row[k]];
        }
    }
    times_root_transposed(s, v);
    for (size_t a = 0; a < s->n; a++) {
        turned[a] = 0.0;
        for (size_t b = 0; b < s->n; b++) {
            turned[a] += gsl_matrix_get(s->q, b, a) * v[b];
        }
        turned[a] *= gain(s->kind, gsl_vector_get(s->l, a), mean[a]);
    }
    for (size_t a = 0; a < s->n; a++) {
        v[a] = 0.0;
        for (size_t b = 0; b < s->n; b++) {
            v[a] += gsl_matrix_get(s->q, a, b) * turned[b];
        }
    }
    times_root(s, v);
    for (size_t k = 0; k < n_rows; k++) {
        double sum = 0.0;
        for (size_t a = 0; a < s->n; a++) {
            sum += s->jac[row[k] * s->n + a] * v[a];
        }
        r[row[k]] += sum / sqrt(s->p->weight[row[k]]);
    }
}

/* Observations in the order of their runs; unit u is row[first[u] .. first[u + 1]). */
static ErrCode free_group(const Side *s, const FitData *d, bool by_run, double *r, Err *err)
{
    size_t n_units = by_run ? d->n_runs : d->n;
    size_t *first = calloc(n_units + 2, sizeof *first);
    size_t *row = calloc(d->n + 1, sizeof *row);
    double mean[P] = {0.0};
    if (!first || !row) {
        free(first);
        free(row);
        return err_nomem(err, "leverages");
    }
    for (size_t i = 0; i < d->n; i++) {
        first[(by_run ? d->run[i] : i) + 2]++;
    }
    for (size_t u = 2; u < n_units + 2; u++) {
        first[u] += first[u - 1];
    }
    for (size_t i = 0; i < d->n; i++) {
        row[first[(by_run ? d->run[i] : i) + 1]++] = i;
    }
    for (size_t u = 0; u < n_units; u++) {
        if (directions(s, row + first[u], first[u + 1] - first[u])) {
            for (size_t a = 0; a < s->n; a++) {
                mean[a] += fmax(0.0, gsl_vector_get(s->l, a)) / (double)n_units;
            }
        }
    }
    for (size_t u = 0; u < n_units; u++) {
        free_unit(s, mean, row + first[u], first[u + 1] - first[u], r);
    }
    free(first);
    free(row);
    return ERR_OK;
}

ErrCode leverage_free(const Arrow *joint, ArrowTheta *theta, const FitData *const *data,
                      bool by_run, LeverageKind kind, double **residual, Err *err)
{
    Arrow j;
    ErrCode rc = arrow_copy(joint, &j, err);
    if (rc != ERR_OK) {
        return rc;
    }
    for (size_t g = 0; g < j.n_groups; g++) {
        j.problem[g].loss = (FitLoss){FIT_MSE, 0.0, 1.0};
        for (size_t a = 0; a < j.p; a++) { /* a term that is not there has no derivative */
            j.problem[g].is_fixed[a] = j.problem[g].is_fixed[a] || theta[g][a] <= PROBLEM_LN_ZERO;
        }
    }
    if (arrow_factor(&j, theta, PROBLEM_IRLS)) {
        for (size_t g = 0; g < j.n_groups && rc == ERR_OK; g++) {
            Side s;
            rc = side_open(&j, g, theta[g], &s, err);
            s.kind = kind;
            if (rc == ERR_OK && s.n > 0) {
                rc = free_group(&s, data[g], by_run, residual[g], err);
            }
            side_release(&s);
        }
    }
    arrow_release(&j, false);
    return rc;
}

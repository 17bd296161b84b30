#include "analysis/observe/pca.h"

#include <gsl/gsl_eigen.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A cell that moves by less than this share of a column's standard deviation has come to rest. */
#define REST           1e-10
#define MAX_ITERATIONS 10000

/* ret [t] = means of the columns, cov [t, t] their covariance (divided by n). */
static void moments(const double *x, size_t n, size_t t, double *mean, gsl_matrix *cov)
{
    for (size_t j = 0; j < t; j++) {
        double sum = 0.0;
        for (size_t i = 0; i < n; i++) {
            sum += x[i * t + j];
        }
        mean[j] = sum / (double)n;
    }
    for (size_t j = 0; j < t; j++) {
        for (size_t k = 0; k <= j; k++) {
            double sum = 0.0;
            for (size_t i = 0; i < n; i++) {
                sum += (x[i * t + j] - mean[j]) * (x[i * t + k] - mean[k]);
            }
            gsl_matrix_set(cov, j, k, sum / (double)n);
            gsl_matrix_set(cov, k, j, sum / (double)n);
        }
    }
}

static double direction(const gsl_matrix *vectors, size_t t, size_t k)
{
    double sum = 0.0, size = 0.0, largest = 0.0;
    for (size_t j = 0; j < t; j++) {
        double w = gsl_matrix_get(vectors, j, k);
        sum += w;
        size += fabs(w);
        largest = fabs(w) > fabs(largest) ? w : largest;
    }
    double sign = fabs(sum) > 1e-9 * size ? sum : largest;
    return sign < 0.0 ? -1.0 : 1.0;
}

typedef struct Work {
    gsl_matrix *cov, *vectors;
    gsl_vector *values;
    gsl_eigen_symmv_workspace *eigen;
} Work;

static void work_release(Work *w)
{
    gsl_matrix_free(w->cov);
    gsl_matrix_free(w->vectors);
    gsl_vector_free(w->values);
    gsl_eigen_symmv_free(w->eigen);
    *w = (Work){0};
}

static ErrCode work_open(size_t t, Work *w, Err *err)
{
    *w = (Work){.cov = gsl_matrix_alloc(t, t),
                .vectors = gsl_matrix_alloc(t, t),
                .values = gsl_vector_alloc(t),
                .eigen = gsl_eigen_symmv_alloc(t)};
    if (!w->cov || !w->vectors || !w->values || !w->eigen) {
        work_release(w);
        return err_nomem(err, "components");
    }
    return ERR_OK;
}

/* Components of the covariance in w->cov. */
static ErrCode decompose(Work *w, size_t t, Pca *p, Err *err)
{
    double total = 0.0;
    if (gsl_eigen_symmv(w->cov, w->values, w->vectors, w->eigen) != 0) {
        return err_set(err, ERR_NUMERIC, "the principal components do not converge");
    }
    (void)gsl_eigen_symmv_sort(w->values, w->vectors, GSL_EIGEN_SORT_VAL_DESC);
    for (size_t k = 0; k < t; k++) {
        total += fmax(gsl_vector_get(w->values, k), 0.0);
    }
    if (!(total > 0.0)) {
        return err_set(err, ERR_NUMERIC, "all models have the same scores: there is no component");
    }
    for (size_t k = 0; k < t; k++) {
        double sign = direction(w->vectors, t, k);
        p->share[k] = fmax(gsl_vector_get(w->values, k), 0.0) / total;
        for (size_t j = 0; j < t; j++) {
            p->weight[k * t + j] = sign * gsl_matrix_get(w->vectors, j, k);
        }
    }
    return ERR_OK;
}

static ErrCode check(size_t n, size_t t, Err *err)
{
    if (t == 0 || t > PCA_MAX_COLUMNS) {
        return err_set(err, ERR_INVALID, "%zu benchmarks; 1 to %d are possible", t,
                       PCA_MAX_COLUMNS);
    }
    return n < 2 ? err_set(err, ERR_NUMERIC, "%zu models: components need two or more", n) : ERR_OK;
}

static ErrCode fit(Work *w, const double *x, size_t n, size_t t, bool is_scaled, Pca *ret, Err *err)
{
    ret->t = t;
    moments(x, n, t, ret->mean, w->cov);
    for (size_t j = 0; j < t; j++) {
        double variance = gsl_matrix_get(w->cov, j, j);
        ret->scale[j] = is_scaled && variance > 0.0 ? sqrt(variance) : 1.0;
    }
    for (size_t j = 0; is_scaled && j < t; j++) {
        for (size_t k = 0; k < t; k++) {
            double c = gsl_matrix_get(w->cov, j, k);
            gsl_matrix_set(w->cov, j, k, c / (ret->scale[j] * ret->scale[k]));
        }
    }
    return decompose(w, t, ret, err);
}

ErrCode pca_fit(const double *x, size_t n, size_t t, bool is_scaled, Pca *ret, Err *err)
{
    Work w = {0};
    ErrCode rc = ERR_OK;
    TRY(check(n, t, err));
    TRY(work_open(t, &w, err));
    TRY(fit(&w, x, n, t, is_scaled, ret, err));
done:
    work_release(&w);
    return rc;
}

void pca_project(const Pca *p, const double *x, size_t k, double *ret)
{
    for (size_t c = 0; c < k; c++) {
        double sum = 0.0;
        for (size_t j = 0; j < p->t; j++) {
            sum += p->weight[c * p->t + j] * (x[j] - p->mean[j]) / p->scale[j];
        }
        ret[c] = sum;
    }
}

/* ---- missing cells ---- */

/* Means and standard deviations of what is observed; counts what is missing. */
static ErrCode observe_columns(const double *x, size_t n, size_t t, Imputer *m, Err *err)
{
    m->is_clipped = true;
    for (size_t j = 0; j < t; j++) {
        double sum = 0.0, squares = 0.0;
        size_t count = 0;
        for (size_t i = 0; i < n; i++) {
            double v = x[i * t + j];
            if (isnan(v)) {
                m->n_cells++;
                continue;
            }
            m->is_clipped = m->is_clipped && v >= 0.0 && v <= 1.0;
            sum += v;
            count++;
        }
        if (count == 0) {
            return err_set(err, ERR_NUMERIC, "benchmark %zu of %zu has no score at all", j + 1, t);
        }
        m->mean[j] = sum / (double)count;
        for (size_t i = 0; i < n; i++) {
            double d = isnan(x[i * t + j]) ? 0.0 : x[i * t + j] - m->mean[j];
            squares += d * d;
        }
        m->scale[j] = squares > 0.0 ? sqrt(squares / (double)count) : 1.0;
    }
    return ERR_OK;
}

/* The cells of row z [t] that `was` misses, by k components; returns the largest move. */
static double reconstruct(const Pca *p, size_t k, const double *was, double *z)
{
    double s[PCA_MAX_COLUMNS], move = 0.0;
    pca_project(p, z, k, s);
    for (size_t j = 0; j < p->t; j++) {
        if (!isnan(was[j])) {
            continue;
        }
        double v = p->mean[j];
        for (size_t c = 0; c < k; c++) {
            v += p->scale[j] * p->weight[c * p->t + j] * s[c];
        }
        move = fmax(move, fabs(v - z[j]));
        z[j] = v;
    }
    return move;
}

static void standardise(const Imputer *m, const double *x, size_t t, double *z)
{
    for (size_t j = 0; j < t; j++) {
        z[j] = isnan(x[j]) ? 0.0 : (x[j] - m->mean[j]) / m->scale[j];
    }
}

static void put_back(const Imputer *m, const double *z, size_t t, double *x)
{
    for (size_t j = 0; j < t; j++) {
        if (isnan(x[j])) {
            double v = m->mean[j] + m->scale[j] * z[j];
            x[j] = m->is_clipped ? fmin(fmax(v, 0.0), 1.0) : v;
        }
    }
}

static ErrCode iterate(Work *w, const double *x, double *z, size_t n, size_t t, Imputer *m,
                       Err *err)
{
    do {
        double move = 0.0;
        ErrCode rc = fit(w, z, n, t, false, &m->pca, err);
        if (rc != ERR_OK) {
            return rc;
        }
        for (size_t i = 0; m->n_cells && i < n; i++) {
            move = fmax(move, reconstruct(&m->pca, m->k, x + i * t, z + i * t));
        }
        m->is_converged = move < REST;
    } while (!m->is_converged && ++m->iterations < MAX_ITERATIONS);
    return ERR_OK;
}

ErrCode impute_fit(double *x, size_t n, size_t t, size_t k, Imputer *ret, Err *err)
{
    Work w = {0};
    double *z = NULL;
    ErrCode rc = ERR_OK;
    *ret = (Imputer){.k = k};
    TRY(check(n, t, err));
    if (k == 0 || k >= t) {
        rc = err_set(err, ERR_INVALID,
                     "missing scores of %zu benchmarks take 1 to %zu components, not %zu", t, t - 1,
                     k);
        goto done;
    }
    TRY(observe_columns(x, n, t, ret, err));
    TRY(work_open(t, &w, err));
    z = malloc(n * t * sizeof *z);
    if (!z) {
        rc = err_nomem(err, "scores");
        goto done;
    }
    for (size_t i = 0; i < n; i++) {
        standardise(ret, x + i * t, t, z + i * t);
    }
    TRY(iterate(&w, x, z, n, t, ret, err));
    for (size_t i = 0; i < n; i++) {
        put_back(ret, z + i * t, t, x + i * t);
    }
done:
    free(z);
    work_release(&w);
    return rc;
}

void impute_row(const Imputer *m, double *x)
{
    double z[PCA_MAX_COLUMNS];
    standardise(m, x, m->pca.t, z);
    for (int i = 0; i < MAX_ITERATIONS && reconstruct(&m->pca, m->k, x, z) >= REST; i++) {
    }
    put_back(m, z, m->pca.t, x);
}

#include "analysis/fit/isoflop.h"

#include <gsl/gsl_fit.h>
#include <gsl/gsl_multifit.h>
#include <math.h>
#include <stdlib.h>

#include "common/order.h"

#define BUDGET_GAP 0.05

typedef struct IsoPoint {
    double ln_c, log_n, log_d, loss;
} IsoPoint;

static int by_compute(const void *a, const void *b)
{
    const IsoPoint *x = a, *y = b;
    return ORDER(x->ln_c, y->ln_c);
}

static int by_size(const void *a, const void *b)
{
    const IsoPoint *x = a, *y = b;
    return ORDER(x->log_n, y->log_n);
}

/* Vertex of the least-squares parabola of loss on x; false when it has none below. */
static bool vertex(const IsoPoint *p, size_t n, bool in_d, double *ret_x, double *ret_loss)
{
    double mean = 0.0, chisq;
    for (size_t i = 0; i < n; i++) {
        mean += (in_d ? p[i].log_d : p[i].log_n) / (double)n;
    }
    gsl_matrix *m = gsl_matrix_alloc(n, 3), *cov = gsl_matrix_alloc(3, 3);
    gsl_vector *y = gsl_vector_alloc(n), *c = gsl_vector_alloc(3);
    gsl_multifit_linear_workspace *w = gsl_multifit_linear_alloc(n, 3);
    bool is_good = m && cov && y && c && w;
    for (size_t i = 0; is_good && i < n; i++) {
        double x = (in_d ? p[i].log_d : p[i].log_n) - mean;
        gsl_matrix_set(m, i, 0, 1.0);
        gsl_matrix_set(m, i, 1, x);
        gsl_matrix_set(m, i, 2, x * x);
        gsl_vector_set(y, i, p[i].loss);
    }
    is_good =
        is_good && gsl_multifit_linear(m, y, c, cov, &chisq, w) == 0 && gsl_vector_get(c, 2) > 0.0;
    if (is_good) {
        double slope = gsl_vector_get(c, 1), curve = gsl_vector_get(c, 2);
        *ret_x = mean - 0.5 * slope / curve;
        *ret_loss = gsl_vector_get(c, 0) - 0.25 * slope * slope / curve;
    }
    gsl_multifit_linear_free(w);
    gsl_vector_free(c);
    gsl_vector_free(y);
    gsl_matrix_free(cov);
    gsl_matrix_free(m);
    return is_good;
}

static size_t distinct_sizes(const IsoPoint *p, size_t n)
{
    size_t distinct = n > 0 ? 1 : 0;
    for (size_t i = 1; i < n; i++) {
        distinct += p[i].log_n - p[i - 1].log_n > 1e-9 ? 1 : 0;
    }
    return distinct;
}

/* Points [*first, *first + *n) of a budget in the order of N: the window around the least loss. */
static void around_least(const IsoPoint *p, size_t window, size_t *first, size_t *n)
{
    size_t least = 0, half = window / 2;
    for (size_t i = 1; i < *n; i++) {
        least = p[i].loss < p[least].loss ? i : least;
    }
    size_t lo = least > half ? least - half : 0;
    size_t hi = least + half + 1 < *n ? least + half + 1 : *n;
    *first = lo;
    *n = hi - lo;
}

static void fit_budget(IsoPoint *p, size_t n, size_t window, IsoflopBudget *b)
{
    double ln_c = 0.0, log_n, log_d, loss, ignored;
    size_t first = 0;
    for (size_t i = 0; i < n; i++) {
        ln_c += p[i].ln_c / (double)n;
    }
    qsort(p, n, sizeof *p, by_size);
    if (window > 0) {
        around_least(p, window, &first, &n);
    }
    p += first;
    *b = (IsoflopBudget){.c = exp(ln_c), .n = n, .state = ISOFLOP_FEW};
    if (distinct_sizes(p, n) < ISOFLOP_MIN_POINTS) {
        return;
    }
    if (!vertex(p, n, false, &log_n, &loss) || !vertex(p, n, true, &log_d, &ignored)) {
        b->state = ISOFLOP_NO_VALE;
        return;
    }
    b->state = ISOFLOP_USED;
    b->n_opt = pow(10.0, log_n);
    b->d_opt = pow(10.0, log_d);
    b->loss = loss;
    b->is_outside = log_n < p[0].log_n || log_n > p[n - 1].log_n;
}

/* y = k C^slope through the vertices. */
static void regress(const Isoflop *f, bool of_d, double *k, double *slope, double *se)
{
    double x[ISOFLOP_MAX_BUDGETS] = {0.0}, y[ISOFLOP_MAX_BUDGETS] = {0.0}, c0, c1, v00, v01, v11,
           sum;
    size_t n = 0;
    for (size_t i = 0; i < f->n_budgets; i++) {
        const IsoflopBudget *b = &f->budget[i];
        if (b->state == ISOFLOP_USED) {
            x[n] = log10(b->c);
            y[n++] = log10(of_d ? b->d_opt : b->n_opt);
        }
    }
    (void)gsl_fit_linear(x, 1, y, 1, n, &c0, &c1, &v00, &v01, &v11, &sum);
    *k = pow(10.0, c0);
    *slope = c1;
    *se = n > 2 ? sqrt(v11) : (double)NAN;
}

ErrCode isoflop_check(const FitData *d, const char *what, Err *err)
{
    const double *const column[] = {d->params, d->tokens, d->flops, d->loss};
    static const char *const name[] = {"N", "D", "C", "loss"};
    for (size_t k = 0; k < 4; k++) {
        for (size_t i = 0; !column[k] || i < d->n; i++) {
            if (!column[k] || !(column[k][i] > 0.0) || !isfinite(column[k][i])) {
                return err_set(err, ERR_INVALID, "%s: %s of observation %zu is not positive", what,
                               name[k], i + 1);
            }
        }
    }
    return ERR_OK;
}

ErrCode isoflop_fit(const FitData *data, size_t window, Isoflop *ret, Err *err)
{
    ErrCode rc = isoflop_check(data, "isoFLOP", err);
    IsoPoint *p = rc == ERR_OK ? calloc(data->n + 1, sizeof *p) : NULL;
    if (rc != ERR_OK || !p) {
        return rc != ERR_OK ? rc : err_nomem(err, "isoFLOP");
    }
    Isoflop f = {0};
    for (size_t i = 0; i < data->n; i++) {
        p[i] = (IsoPoint){log(data->flops[i]), log10(data->params[i]), log10(data->tokens[i]),
                          data->loss[i]};
    }
    qsort(p, data->n, sizeof *p, by_compute);
    for (size_t first = 0, end = 0; first < data->n && f.n_budgets < ISOFLOP_MAX_BUDGETS;
         first = end) {
        for (end = first + 1; end < data->n && p[end].ln_c - p[end - 1].ln_c <= BUDGET_GAP; end++) {
        }
        IsoflopBudget *b = &f.budget[f.n_budgets++];
        fit_budget(p + first, end - first, window, b);
        f.n_used += b->state == ISOFLOP_USED ? 1 : 0;
        f.n_outside += b->is_outside ? 1 : 0;
    }
    free(p);
    if (f.n_used < ISOFLOP_MIN_BUDGETS) {
        (void)err_set(err, ERR_NUMERIC,
                      "isoFLOP: %zu of %zu compute budgets have a least loss inside; 2 are needed",
                      f.n_used, f.n_budgets);
        return err_hint(err, "a budget is three sizes or more at the same C (within 5 %%)");
    }
    regress(&f, false, &f.k_n, &f.a, &f.se_a);
    regress(&f, true, &f.k_d, &f.b, &f.se_b);
    *ret = f;
    return ERR_OK;
}

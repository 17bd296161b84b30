#include "analysis/use/scatter.h"

#include <gsl/gsl_linalg.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/order.h"

double scatter_apply(FitResidual residual, double loss, double e)
{
    return residual == FIT_LOG ? loss * exp(e) : loss + e;
}

/* One observation: its residual (measured against predicted) and what it counts. */
typedef struct Point {
    double e, weight;
} Point;

static int by_residual(const void *a, const void *b)
{
    const Point *x = a, *y = b;
    return ORDER(x->e, y->e);
}

/* What the moments are made of; see the header.  q_i = L^-1 j_i with J'J = LL'. */
typedef struct Moments {
    size_t p, n_runs;
    double total, between; /* sum r^2, sum_j n_j mean_j^2 */
    double *sum;           /* [n_runs, p] of q over each run */
    double *mean;          /* [n_runs] of r */
    double *count;         /* [n_runs] */
    double *q;             /* [n, p] */
} Moments;

static void moments_release(Moments *m)
{
    free(m->sum);
    free(m->mean);
    free(m->count);
    free(m->q);
}

/* Inputs of observation i as the form has them. */
static void inputs_of(const FitResult *fit, const FitData *data, size_t i, double *x)
{
    const Form *f = fit->form;
    double inputs[FORM_MAX_INPUTS] = {0.0};
    for (size_t k = 0; k < form_columns(f); k++) {
        double unit = f->input_unit[k] > 0.0 ? f->input_unit[k] : 1.0;
        inputs[k] = fit_data_input(data, f->input[k])[i] / unit;
    }
    form_place(f, inputs, fit->centre, x);
}

/* Neither held nor at its limit 0. */
static bool is_free(const FitResult *fit, size_t k)
{
    bool is_zero =
        fit->form->param[k].kind == FORM_COEFFICIENT && fit->theta[k] <= 0.5 * PROBLEM_LN_ZERO;
    return !fit->fix.is_fixed[k] && !is_zero;
}

/* Residual of observation i, and (unless NULL) the derivatives of the prediction. */
static double residual_at(const FitResult *fit, const FitData *data, size_t i, double *grad)
{
    double x[FORM_MAX_INPUTS], own[FORM_MAX_PARAMS];
    double y = fit_data_response(data, fit->form->response)[i];
    inputs_of(fit, data, i, x);
    double law = form_gradient(fit->form, fit->theta, x, own);
    size_t p = 0;
    for (size_t k = 0; k < fit->form->n_params; k++) {
        if (grad && is_free(fit, k)) {
            grad[p++] = fit->residual == FIT_LOG ? own[k] / law : own[k];
        }
    }
    return fit->residual == FIT_LOG ? log(y) - log(law) : y - law;
}

static size_t free_params(const FitResult *fit)
{
    size_t p = 0;
    for (size_t k = 0; k < fit->form->n_params; k++) {
        p += is_free(fit, k) ? 1 : 0;
    }
    return p;
}

/* q := L^-1 j for every row.  False when J'J is singular. */
static bool whiten(double *q, size_t n, size_t p)
{
    double square[FORM_MAX_PARAMS * FORM_MAX_PARAMS] = {0.0};
    for (size_t i = 0; i < n; i++) {
        for (size_t a = 0; a < p; a++) {
            for (size_t b = 0; b < p; b++) {
                square[a * p + b] += q[i * p + a] * q[i * p + b];
            }
        }
    }
    if (p == 0) {
        return true;
    }
    gsl_matrix_view m = gsl_matrix_view_array(square, p, p);
    if (gsl_linalg_cholesky_decomp1(&m.matrix) != 0) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        for (size_t a = 0; a < p; a++) {
            double x = q[i * p + a];
            for (size_t b = 0; b < a; b++) {
                x -= square[a * p + b] * q[i * p + b];
            }
            q[i * p + a] = x / square[a * p + a];
        }
    }
    return true;
}

static void sum_runs(const FitData *data, const Point *pt, Moments *m)
{
    for (size_t i = 0; i < data->n; i++) {
        size_t r = data->run[i];
        m->count[r] += 1.0;
        m->mean[r] += pt[i].e;
        for (size_t a = 0; a < m->p; a++) {
            m->sum[r * m->p + a] += m->q[i * m->p + a];
        }
    }
    for (size_t r = 0; r < m->n_runs; r++) {
        m->mean[r] /= m->count[r] > 0.0 ? m->count[r] : 1.0;
        m->between += m->count[r] * m->mean[r] * m->mean[r];
    }
}

/* tr S, tr K and tr KS of S = sum_j s_j s_j', K = sum_j s_j s_j' / n_j, s_j = sum of run j's q. */
static void traces(const Moments *m, double *tr_s, double *tr_k, double *tr_ks)
{
    double s[FORM_MAX_PARAMS * FORM_MAX_PARAMS] = {0.0}, k[FORM_MAX_PARAMS * FORM_MAX_PARAMS];
    size_t p = m->p;
    memset(k, 0, sizeof k);
    for (size_t r = 0; r < m->n_runs; r++) {
        for (size_t a = 0; a < p && m->count[r] > 0.0; a++) {
            for (size_t b = 0; b < p; b++) {
                double t = m->sum[r * p + a] * m->sum[r * p + b];
                s[a * p + b] += t;
                k[a * p + b] += t / m->count[r];
            }
        }
    }
    *tr_s = *tr_k = *tr_ks = 0.0;
    for (size_t a = 0; a < p; a++) {
        *tr_s += s[a * p + a];
        *tr_k += k[a * p + a];
        for (size_t b = 0; b < p; b++) {
            *tr_ks += k[a * p + b] * s[b * p + a];
        }
    }
}

/* u^2 and w^2 from the two sums of squares. */
static void solve_components(const Moments *m, size_t n, double *between, double *within)
{
    double tr_s, tr_k, tr_ks;
    traces(m, &tr_s, &tr_k, &tr_ks);
    double runs = 0.0, all = (double)n;
    for (size_t r = 0; r < m->n_runs; r++) {
        runs += m->count[r] > 0.0 ? 1.0 : 0.0;
    }
    double bu = all - 2.0 * tr_s + tr_ks, bw = runs - tr_k;
    double tu = all - tr_s, tw = all - (double)m->p;
    double det = bu * tw - bw * tu;
    double u = det > 0.0 ? (m->between * tw - m->total * bw) / det : 0.0;
    double w = det > 0.0 ? (m->total * bu - m->between * tu) / det : m->total / tw;
    if (!(u > 0.0)) {
        u = 0.0;
        w = m->total / tw;
    } else if (!(w > 0.0)) {
        w = 0.0;
        u = m->total / tu;
    }
    *between = sqrt(u);
    *within = sqrt(w);
}

/* The law's distribution of residuals: weighted, sorted, cut at even probabilities. */
static void fill_quantiles(Point *pt, size_t n, Scatter *s)
{
    double square = 0.0, all = 0.0, below = 0.0;
    for (size_t i = 0; i < n; i++) {
        square += pt[i].weight * pt[i].e * pt[i].e;
        all += pt[i].weight;
    }
    double variance = s->between * s->between + s->within * s->within;
    s->scale = square > 0.0 ? sqrt(variance * all / square) : 1.0;
    qsort(pt, n, sizeof *pt, by_residual);
    size_t i = 0;
    for (size_t k = 0; k < SCATTER_QUANTILES; k++) {
        double want = all * ((double)k + 0.5) / SCATTER_QUANTILES;
        /* residual i stands at the middle of its weight */
        while (i + 1 < n && below + pt[i].weight + 0.5 * pt[i + 1].weight < want) {
            below += pt[i++].weight;
        }
        double at = below + 0.5 * pt[i].weight, next = i + 1 < n ? pt[i + 1].e : pt[i].e;
        double step = i + 1 < n ? 0.5 * (pt[i].weight + pt[i + 1].weight) : 1.0;
        double share = fmin(1.0, fmax(0.0, (want - at) / step));
        s->quantile[k] = s->scale * (pt[i].e + share * (next - pt[i].e));
    }
}

static ErrCode moments_open(const FitResult *fit, const FitData *data, bool is_by_run, Moments *m,
                            Err *err)
{
    size_t runs = is_by_run ? data->n_runs : 0;
    *m = (Moments){.p = free_params(fit), .n_runs = runs};
    m->q = calloc(data->n * m->p + 1, sizeof *m->q);
    m->sum = calloc(runs * m->p + 1, sizeof *m->sum);
    m->mean = calloc(runs + 1, sizeof *m->mean);
    m->count = calloc(runs + 1, sizeof *m->count);
    return m->q && m->sum && m->mean && m->count ? ERR_OK : err_nomem(err, "scatter");
}

ErrCode scatter_of(const FitResult *fit, const FitData *data, Scatter *ret, Err *err)
{
    Scatter s = {.is_by_run = data->n_runs > 1 && data->n_runs < data->n};
    Moments m = {0};
    size_t n = data->n;
    ErrCode rc = ERR_OK;
    Point *pt = calloc(n + 1, sizeof *pt);
    if (!pt) {
        return err_nomem(err, "scatter");
    }
    TRY(moments_open(fit, data, s.is_by_run, &m, err));
    if (n <= m.p) {
        rc = err_set(err, ERR_NUMERIC, "%zu points leave no residual for %zu parameters", n, m.p);
        goto done;
    }
    for (size_t i = 0; i < n; i++) {
        pt[i] = (Point){.e = residual_at(fit, data, i, m.q + i * m.p), .weight = 1.0};
        m.total += pt[i].e * pt[i].e;
    }
    s.within = sqrt(m.total / (double)(n - m.p));
    if (s.is_by_run && whiten(m.q, n, m.p)) {
        sum_runs(data, pt, &m);
        solve_components(&m, n, &s.between, &s.within);
        for (size_t i = 0; i < n; i++) {
            pt[i].weight = 1.0 / m.count[data->run[i]];
        }
    }
    fill_quantiles(pt, n, &s);
    *ret = s;
done:
    free(pt);
    moments_release(&m);
    return rc;
}

#include "analysis/fit/envelope.h"

#include <gsl/gsl_fit.h>
#include <math.h>
#include <stdlib.h>

/* One observation on its run's curve. */
typedef struct CurvePoint {
    double key; /* run, or N when there are no runs */
    double ln_c, loss, n, per_token;
} CurvePoint;

static int by_curve(const void *a, const void *b)
{
    const CurvePoint *x = a, *y = b;
    if (x->key != y->key) {
        return x->key < y->key ? -1 : 1;
    }
    return x->ln_c < y->ln_c ? -1 : x->ln_c > y->ln_c;
}

/* Sorted points of the observations with positive weight; NULL when memory is short. */
static CurvePoint *curves(const FitData *data, const double *loss, const double *weight,
                          size_t *ret_n)
{
    CurvePoint *pt = calloc(data->n + 1, sizeof *pt);
    size_t n = 0;
    for (size_t i = 0; pt && i < data->n; i++) {
        if (weight[i] > 0.0) {
            pt[n++] = (CurvePoint){
                .key = data->n_runs ? (double)data->run[i] : data->params[i],
                .ln_c = log(data->flops[i] / FORM_PFLOP_S_DAY),
                .loss = loss[i],
                .n = data->params[i],
                .per_token = data->flops[i] / data->tokens[i],
            };
        }
    }
    if (pt) {
        qsort(pt, n, sizeof *pt, by_curve);
    }
    *ret_n = n;
    return pt;
}

/* The least interpolated loss at ln_c over all curves; false unless curves of two different N
 * reach it. */
static bool best_at(const CurvePoint *pt, size_t n, double ln_c, EnvelopePoint *ret)
{
    double first_n = 0.0;
    bool has_choice = false;
    *ret = (EnvelopePoint){.loss = INFINITY};
    for (size_t i = 0; i + 1 < n; i++) {
        const CurvePoint *p = pt + i, *q = pt + i + 1;
        if (p->key != q->key || ln_c < p->ln_c || ln_c > q->ln_c || q->ln_c <= p->ln_c) {
            continue;
        }
        double t = (ln_c - p->ln_c) / (q->ln_c - p->ln_c);
        double loss = p->loss + t * (q->loss - p->loss);
        has_choice = has_choice || (first_n > 0.0 && first_n != p->n);
        first_n = first_n > 0.0 ? first_n : p->n;
        if (loss < ret->loss) {
            double c = exp(ln_c) * FORM_PFLOP_S_DAY;
            double per_token = p->per_token + t * (q->per_token - p->per_token);
            *ret = (EnvelopePoint){.c = c, .n = p->n, .d = c / per_token, .loss = loss};
        }
    }
    return has_choice;
}

static size_t distinct_sizes(const Envelope *e)
{
    size_t n = 0;
    for (size_t i = 0; i < e->n_points; i++) {
        bool is_new = true;
        for (size_t j = 0; j < i && is_new; j++) {
            is_new = e->point[j].n != e->point[i].n;
        }
        n += is_new ? 1 : 0;
    }
    return n;
}

/* y = k x^slope through the logs of one column of the envelope. */
static void power_law(const Envelope *e, int column, double *k, double *slope)
{
    double x[ENVELOPE_GRID], y[ENVELOPE_GRID];
    for (size_t i = 0; i < e->n_points; i++) {
        const EnvelopePoint *p = &e->point[i];
        x[i] = log(p->c / FORM_PFLOP_S_DAY);
        y[i] = log(column == 0 ? p->n : column == 1 ? p->d : p->loss);
    }
    double c0, c1, cov00, cov01, cov11, sum;
    (void)gsl_fit_linear(x, 1, y, 1, e->n_points, &c0, &c1, &cov00, &cov01, &cov11, &sum);
    *k = exp(c0);
    *slope = c1;
}

static double ratio_at(const Envelope *e, const EnvelopePoint *p)
{
    double c = p->c / FORM_PFLOP_S_DAY;
    return 6.0 * e->k_n * pow(c, e->a) * e->k_d * pow(c, e->b) / p->c;
}

ErrCode envelope_fit(const FitData *data, const double *loss, const double *weight, Envelope *ret,
                     Err *err)
{
    size_t n;
    CurvePoint *pt = curves(data, loss, weight, &n);
    if (!pt) {
        return err_nomem(err, "envelope");
    }
    Envelope e = {0};
    double lo = INFINITY, hi = -INFINITY;
    for (size_t i = 0; i < n; i++) {
        lo = fmin(lo, pt[i].ln_c);
        hi = fmax(hi, pt[i].ln_c);
    }
    for (size_t g = 0; g < ENVELOPE_GRID && n > 0; g++) {
        double ln_c = lo + (hi - lo) * (double)g / (ENVELOPE_GRID - 1);
        e.n_points += best_at(pt, n, ln_c, &e.point[e.n_points]) ? 1 : 0;
    }
    free(pt);
    e.n_sizes = distinct_sizes(&e);
    if (e.n_points < 3) {
        return err_set(err, ERR_NUMERIC, "runs of different sizes never share a compute C");
    }
    if (e.n_sizes < 2) {
        return err_set(err, ERR_NUMERIC, "one size (N = %g) is best at every compute C",
                       e.point[0].n);
    }
    power_law(&e, 0, &e.k_n, &e.a);
    power_law(&e, 1, &e.k_d, &e.b);
    power_law(&e, 2, &e.beta, &e.alpha);
    e.ratio_first = ratio_at(&e, &e.point[0]);
    e.ratio_last = ratio_at(&e, &e.point[e.n_points - 1]);
    *ret = e;
    return ERR_OK;
}

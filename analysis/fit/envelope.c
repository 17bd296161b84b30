#include "analysis/fit/envelope.h"

#include <gsl/gsl_fit.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/order.h"

/* One observation on its run's curve. */
typedef struct CurvePoint {
    double key; /* run, or N when there are no runs */
    double ln_c, loss, n, per_token;
} CurvePoint;

static int by_curve(const void *a, const void *b)
{
    const CurvePoint *x = a, *y = b;
    int order = ORDER(x->key, y->key);
    return order ? order : ORDER(x->ln_c, y->ln_c);
}

/* Sorted points of the observations with positive weight; NULL when memory is short. */
static CurvePoint *curves(const FitData *data, const double *weight, size_t *ret_n)
{
    CurvePoint *pt = calloc(data->n + 1, sizeof *pt);
    size_t n = 0;
    for (size_t i = 0; pt && i < data->n; i++) {
        if (weight[i] > 0.0) {
            pt[n] = (CurvePoint){
                .key = data->n_runs ? (double)data->run[i] : data->params[i],
                .ln_c = log(data->flops[i] / FORM_PFLOP_S_DAY),
                .loss = data->loss[i],
                .n = data->params[i],
                .per_token = data->flops[i] / data->tokens[i],
            };
            n++;
        }
    }
    if (pt) {
        qsort(pt, n, sizeof *pt, by_curve);
    }
    *ret_n = n;
    return pt;
}

/* One size's loss at a given C. */
typedef struct Rival {
    double n, loss, per_token;
} Rival;

enum { MAX_RIVALS = 256 };

/* The best interpolated loss of every size that has one at ln_c, by rising N. */
static size_t rivals_at(const CurvePoint *pt, size_t n, double ln_c, Rival *rival)
{
    size_t count = 0;
    for (size_t i = 0; i + 1 < n; i++) {
        const CurvePoint *p = pt + i, *q = pt + i + 1;
        if (p->key != q->key || ln_c < p->ln_c || ln_c > q->ln_c || q->ln_c <= p->ln_c) {
            continue;
        }
        double t = (ln_c - p->ln_c) / (q->ln_c - p->ln_c);
        Rival r = {p->n, p->loss + t * (q->loss - p->loss),
                   p->per_token + t * (q->per_token - p->per_token)};
        size_t at = 0;
        while (at < count && rival[at].n < r.n) {
            at++;
        }
        if (at < count && rival[at].n == r.n) {
            rival[at] = r.loss < rival[at].loss ? r : rival[at];
        } else if (count < MAX_RIVALS) {
            memmove(rival + at + 1, rival + at, (count - at) * sizeof *rival);
            rival[at] = r;
            count++;
        }
    }
    return count;
}

/* Moves the point to the vertex of the parabola through r[-1], r[0], r[1], of which r[0] is
 * the least. */
static void refine(const Rival *r, EnvelopePoint *e)
{
    double x0 = log(r[-1].n) - log(r[0].n), x1 = log(r[1].n) - log(r[0].n);
    double y0 = r[-1].loss - r[0].loss, y1 = r[1].loss - r[0].loss;
    double curve = (y1 / x1 - y0 / x0) / (x1 - x0);
    double slope = y0 / x0 - curve * x0;
    if (!(curve > 0.0)) {
        return;
    }
    double x = -0.5 * slope / curve;
    const Rival *side = x < 0.0 ? r - 1 : r + 1;
    double share = x / (log(side->n) - log(r[0].n));
    double per_token = r[0].per_token * pow(side->per_token / r[0].per_token, share);
    e->n = r[0].n * exp(x);
    e->d = e->c / per_token;
    e->loss = r[0].loss - 0.25 * slope * slope / curve;
}

/* False where there is nothing to choose between.  *ret_plain is the point without parabola. */
static bool best_at(const CurvePoint *pt, size_t n, double ln_c, EnvelopePoint *ret,
                    EnvelopePoint *ret_plain)
{
    Rival rival[MAX_RIVALS];
    size_t count = rivals_at(pt, n, ln_c, rival), best = 0;
    if (count < 2) {
        return false;
    }
    for (size_t i = 1; i < count; i++) {
        best = rival[i].loss < rival[best].loss ? i : best;
    }
    double c = exp(ln_c) * FORM_PFLOP_S_DAY;
    const Rival *r = &rival[best];
    *ret = (EnvelopePoint){.c = c, .n = r->n, .d = c / r->per_token, .loss = r->loss, .size = r->n};
    ret->is_inner = best > 0 && best + 1 < count;
    *ret_plain = *ret;
    if (ret->is_inner) {
        refine(r, ret);
    }
    return true;
}

/* Keeps the inner points if they suffice; else all of them as they were before refine(). */
static void choose_points(Envelope *e, const EnvelopePoint *plain)
{
    size_t inner = 0, kept = 0;
    double first = 0.0;
    bool has_two = false;
    for (size_t i = 0; i < e->n_points; i++) {
        if (e->point[i].is_inner) {
            has_two = has_two || (inner > 0 && e->point[i].size != first);
            first = inner ? first : e->point[i].size;
            inner++;
        }
    }
    e->is_inner = inner >= ENVELOPE_MIN_INNER && has_two;
    for (size_t i = 0; i < e->n_points; i++) {
        EnvelopePoint *p = &e->point[i];
        if (!e->is_inner) {
            *p = p->is_inner ? plain[i] : *p;
        }
        if (p->is_inner || !e->is_inner) {
            e->point[kept++] = *p;
        }
    }
    e->n_points = kept;
}

static size_t distinct_sizes(const Envelope *e)
{
    size_t n = 0;
    for (size_t i = 0; i < e->n_points; i++) {
        bool is_new = true;
        for (size_t j = 0; j < i && is_new; j++) {
            is_new = e->point[j].size != e->point[i].size;
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

ErrCode envelope_fit(const FitData *data, const double *weight, Envelope *ret, Err *err)
{
    size_t n;
    CurvePoint *pt = curves(data, weight, &n);
    if (!pt) {
        return err_nomem(err, "envelope");
    }
    Envelope e = {0};
    EnvelopePoint plain[ENVELOPE_GRID];
    double lo = (double)INFINITY, hi = -(double)INFINITY;
    for (size_t i = 0; i < n; i++) {
        lo = fmin(lo, pt[i].ln_c);
        hi = fmax(hi, pt[i].ln_c);
    }
    for (size_t g = 0; g < ENVELOPE_GRID && n > 0; g++) {
        double ln_c = lo + (hi - lo) * (double)g / (ENVELOPE_GRID - 1);
        e.n_points += best_at(pt, n, ln_c, &e.point[e.n_points], &plain[e.n_points]) ? 1 : 0;
    }
    free(pt);
    choose_points(&e, plain);
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

/* ---- by bins of C ---- */

typedef struct BinPoint {
    double bin, loss, log_c, log_n, log_d;
} BinPoint;

/* By bin, then by loss, then by size: the order of the rows decides nothing. */
static int by_bin(const void *a, const void *b)
{
    const BinPoint *x = a, *y = b;
    int order = ORDER(x->bin, y->bin);
    order = order ? order : ORDER(x->loss, y->loss);
    return order ? order : ORDER(x->log_n, y->log_n);
}

static ErrCode fill_bins(const FitData *d, double per_decade, BinPoint *pt, Err *err)
{
    if (!d->params || !d->tokens || !d->flops || !d->loss) {
        return err_set(err, ERR_INVALID, "the envelope needs N, D, C and the loss");
    }
    for (size_t i = 0; i < d->n; i++) {
        double c = d->flops[i];
        bool is_good = c > 0.0 && isfinite(c) && d->params[i] > 0.0 && d->tokens[i] > 0.0 &&
                       isfinite(d->loss[i]);
        if (!is_good) {
            return err_set(err, ERR_INVALID, "envelope: observation %zu lacks N, D, C or a loss",
                           i + 1);
        }
        pt[i] = (BinPoint){floor(per_decade * log10(c)), d->loss[i], log10(c), log10(d->params[i]),
                           log10(d->tokens[i])};
    }
    return ERR_OK;
}

static void regress_bins(const BinPoint *pt, size_t n, bool of_d, double *k, double *slope)
{
    enum { STRIDE = sizeof *pt / sizeof(double) };
    double c0, c1, v00, v01, v11, sum;
    const double *y = of_d ? &pt->log_d : &pt->log_n;
    (void)gsl_fit_linear(&pt->log_c, STRIDE, y, STRIDE, n, &c0, &c1, &v00, &v01, &v11, &sum);
    *k = pow(10.0, c0);
    *slope = c1;
}

ErrCode envelope_bins(const FitData *data, double per_decade, EnvelopeBins *ret, Err *err)
{
    BinPoint *pt = calloc(data->n + 1, sizeof *pt);
    EnvelopeBins r = {0};
    ErrCode rc = pt ? fill_bins(data, per_decade, pt, err) : err_nomem(err, "envelope");
    if (rc == ERR_OK) {
        qsort(pt, data->n, sizeof *pt, by_bin);
        for (size_t i = 0; i < data->n; i++) {
            if (i == 0 || pt[i].bin != pt[i - 1].bin) {
                pt[r.n_bins++] = pt[i];
            }
        }
        if (r.n_bins < 3) {
            rc = err_set(err, ERR_NUMERIC,
                         "envelope: the observations fill %zu bins of C; 3 are needed", r.n_bins);
        }
    }
    if (rc == ERR_OK) {
        regress_bins(pt, r.n_bins, false, &r.k_n, &r.a);
        regress_bins(pt, r.n_bins, true, &r.k_d, &r.b);
        *ret = r;
    }
    free(pt);
    return rc;
}

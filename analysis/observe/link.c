#include "analysis/observe/link.h"

#include <gsl/gsl_multifit.h>
#include <gsl/gsl_multifit_nlinear.h>
#include <gsl/gsl_qrng.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_PARAMS = LINK_MAX_INPUTS + 3, N_STARTS = 48, MAX_ITERATIONS = 400 };
/* Objectives that agree to this are one minimum. */
#define SAME_MINIMUM 1e-8
/* The height h of arXiv:2405.10938 lies between these. */
#define LEAST_HEIGHT 0.8
/* A slope beyond this per standard deviation of the regressor is a step between two models. */
#define STEP_SLOPE   60.0
/* Of `free`: beyond these the data do not show both ends of the curve. */
#define WIDEST_RANGE 2.0
#define FARTHEST_END 1.0

/* Parameters of the solver: alpha, beta [k], then range and lo where they are free. */
typedef struct Problem {
    const double *x, *y; /* x standardised */
    size_t n, k;
    bool has_range, has_lo;
    double range, lo; /* where fixed */
} Problem;

const char *const link_names[] = {"linear", "fixed", "height", "free", NULL};

static double sigmoid(double z)
{
    return z >= 0.0 ? 1.0 / (1.0 + exp(-z)) : exp(z) / (1.0 + exp(z));
}

double link_score(const Link *l, const double *x)
{
    double z = l->alpha;
    for (size_t j = 0; j < l->k; j++) {
        z += l->beta[j] * x[j];
    }
    return z;
}

double link_predict(const Link *l, const double *x)
{
    double z = link_score(l, x);
    return l->kind == LINK_LINEAR ? z : l->lo + l->range * sigmoid(z);
}

static size_t n_params(const Problem *p)
{
    return 1 + p->k + (p->has_range ? 1 : 0) + (p->has_lo ? 1 : 0);
}

static double range_of(const Problem *p, const gsl_vector *v)
{
    return p->has_range ? gsl_vector_get(v, 1 + p->k) : p->range;
}

static double lo_of(const Problem *p, const gsl_vector *v)
{
    return p->has_lo ? gsl_vector_get(v, 1 + p->k + (p->has_range ? 1 : 0)) : p->lo;
}

static double score_of(const Problem *p, const gsl_vector *v, size_t i)
{
    double z = gsl_vector_get(v, 0);
    for (size_t j = 0; j < p->k; j++) {
        z += gsl_vector_get(v, 1 + j) * p->x[i * p->k + j];
    }
    return z;
}

static int residuals(const gsl_vector *v, void *ctx, gsl_vector *f)
{
    const Problem *p = ctx;
    for (size_t i = 0; i < p->n; i++) {
        double s = sigmoid(score_of(p, v, i));
        gsl_vector_set(f, i, lo_of(p, v) + range_of(p, v) * s - p->y[i]);
    }
    return GSL_SUCCESS;
}

static int jacobian(const gsl_vector *v, void *ctx, gsl_matrix *out)
{
    const Problem *p = ctx;
    double range = range_of(p, v);
    for (size_t i = 0; i < p->n; i++) {
        double s = sigmoid(score_of(p, v, i)), slope = range * s * (1.0 - s);
        size_t at = 1 + p->k;
        gsl_matrix_set(out, i, 0, slope);
        for (size_t j = 0; j < p->k; j++) {
            gsl_matrix_set(out, i, 1 + j, slope * p->x[i * p->k + j]);
        }
        if (p->has_range) {
            gsl_matrix_set(out, i, at++, s);
        }
        if (p->has_lo) {
            gsl_matrix_set(out, i, at, 1.0);
        }
    }
    return GSL_SUCCESS;
}

/* Improves v; the objective where it ends, or NaN. */
static double descend(Problem *p, gsl_multifit_nlinear_workspace *w, gsl_vector *v)
{
    gsl_multifit_nlinear_fdf fdf = {
        .f = residuals, .df = jacobian, .n = p->n, .p = v->size, .params = p};
    int info = 0;
    double sum = 0.0;
    if (gsl_multifit_nlinear_init(v, &fdf, w) != GSL_SUCCESS) {
        return (double)NAN;
    }
    /* GSL's gradient test is absolute; the step alone ends it, or no progress any more */
    (void)gsl_multifit_nlinear_driver(MAX_ITERATIONS, 1e-13, 0.0, 0.0, NULL, NULL, &info, w);
    const gsl_vector *f = gsl_multifit_nlinear_residual(w);
    for (size_t i = 0; i < p->n; i++) {
        sum += gsl_vector_get(f, i) * gsl_vector_get(f, i);
    }
    (void)gsl_vector_memcpy(v, gsl_multifit_nlinear_position(w));
    return sum;
}

/* ---- starts ---- */

/* Least squares of t on (1, x): coef [1 + k]. */
static ErrCode regress(const double *x, const double *t, size_t n, size_t k, double *coef, Err *err)
{
    gsl_matrix *a = gsl_matrix_alloc(n, k + 1), *cov = gsl_matrix_alloc(k + 1, k + 1);
    gsl_vector *b = gsl_vector_alloc(n), *c = gsl_vector_calloc(k + 1);
    gsl_multifit_linear_workspace *w = gsl_multifit_linear_alloc(n, k + 1);
    ErrCode rc = ERR_OK;
    if (!a || !cov || !b || !c || !w) {
        rc = err_nomem(err, "regression");
        goto done;
    }
    for (size_t i = 0; i < n; i++) {
        gsl_vector_set(b, i, t[i]);
        gsl_matrix_set(a, i, 0, 1.0);
        for (size_t j = 0; j < k; j++) {
            gsl_matrix_set(a, i, j + 1, x[i * k + j]);
        }
    }
    double chisq;
    if (gsl_multifit_linear(a, b, c, cov, &chisq, w) != GSL_SUCCESS) {
        rc = err_set(err, ERR_NUMERIC, "the regression has no solution");
        goto done;
    }
    for (size_t j = 0; j <= k; j++) {
        coef[j] = gsl_vector_get(c, j);
    }
done:
    gsl_matrix_free(a);
    gsl_matrix_free(cov);
    gsl_vector_free(b);
    gsl_vector_free(c);
    if (w) {
        gsl_multifit_linear_free(w);
    }
    return rc;
}

/* Regression of the logit of y between its ends: where the linear part would be without noise. */
static ErrCode logit_start(const Problem *p, double *coef, Err *err)
{
    double lo = (double)INFINITY, hi = -(double)INFINITY;
    double *t = calloc(p->n + 1, sizeof *t);
    if (!t) {
        return err_nomem(err, "regression");
    }
    for (size_t i = 0; i < p->n; i++) {
        lo = fmin(lo, p->y[i]);
        hi = fmax(hi, p->y[i]);
    }
    for (size_t i = 0; i < p->n; i++) {
        double share = 0.02 + 0.96 * (p->y[i] - lo) / (hi - lo);
        t[i] = log(share / (1.0 - share));
    }
    ErrCode rc = regress(p->x, t, p->n, p->k, coef, err);
    free(t);
    return rc;
}

/* Start number s: the logit regression, then its direction and others at Sobol's points: steepness
 * from 0.3 to 30 per standard deviation, middle anywhere in the data. */
static void place_start(const Problem *p, const double *coef, const double *u, size_t s,
                        gsl_vector *v)
{
    double norm = 0.0, y_lo = (double)INFINITY, y_hi = -(double)INFINITY;
    for (size_t i = 0; i < p->n; i++) {
        y_lo = fmin(y_lo, p->y[i]);
        y_hi = fmax(y_hi, p->y[i]);
    }
    double steep = 0.3 * pow(100.0, u[0]), middle = 4.0 * u[1] - 2.0, b[LINK_MAX_INPUTS];
    for (size_t j = 0; j < p->k; j++) {
        b[j] = coef[1 + j] + (s % 2 && p->k > 1 ? 4.0 * u[2 + j] - 2.0 : 0.0);
        norm += b[j] * b[j];
    }
    norm = norm > 0.0 ? sqrt(norm) : 1.0;
    gsl_vector_set(v, 0, s == 0 ? coef[0] : -steep * middle);
    for (size_t j = 0; j < p->k; j++) {
        double sign = s % 4 == 3 ? -1.0 : 1.0;
        gsl_vector_set(v, 1 + j, s == 0 ? coef[1 + j] : sign * steep * b[j] / norm);
    }
    if (p->has_range) {
        gsl_vector_set(v, 1 + p->k, p->has_lo ? y_hi - y_lo : p->range);
    }
    if (p->has_lo) {
        gsl_vector_set(v, 2 + p->k, y_lo);
    }
}

static void warm_start(const Problem *p, const Link *warm, gsl_vector *v)
{
    gsl_vector_set(v, 0, warm->alpha);
    for (size_t j = 0; j < p->k; j++) {
        gsl_vector_set(v, 1 + j, warm->beta[j]);
    }
    if (p->has_range) {
        gsl_vector_set(v, 1 + p->k, warm->range);
    }
    if (p->has_lo) {
        gsl_vector_set(v, 2 + p->k, warm->lo);
    }
}

static void keep(const Problem *p, const gsl_vector *v, double objective, Link *l)
{
    l->objective = objective;
    l->alpha = gsl_vector_get(v, 0);
    for (size_t j = 0; j < p->k; j++) {
        l->beta[j] = gsl_vector_get(v, 1 + j);
    }
    l->range = range_of(p, v);
    l->lo = lo_of(p, v);
}

static void count_minima(const double *end, size_t n, Link *l)
{
    l->starts = n;
    l->at_minimum = 0;
    for (size_t s = 0; s < n; s++) {
        l->at_minimum += end[s] <= l->objective * (1.0 + SAME_MINIMUM) ? 1 : 0;
    }
}

/* The best of all starts into *l (standardised x). */
static ErrCode search(Problem *p, const Link *warm, Link *l, Err *err)
{
    const gsl_multifit_nlinear_parameters options = gsl_multifit_nlinear_default_parameters();
    double coef[1 + LINK_MAX_INPUTS] = {0}, u[2 + LINK_MAX_INPUTS], end[N_STARTS];
    size_t n_starts = warm ? 2 : N_STARTS;
    gsl_vector *v = gsl_vector_alloc(n_params(p));
    gsl_qrng *q = gsl_qrng_alloc(gsl_qrng_sobol, (unsigned)(2 + p->k));
    gsl_multifit_nlinear_workspace *w =
        gsl_multifit_nlinear_alloc(gsl_multifit_nlinear_trust, &options, p->n, n_params(p));
    ErrCode rc = ERR_OK;
    if (!v || !q || !w) {
        rc = err_nomem(err, "link");
        goto done;
    }
    TRY(logit_start(p, coef, err));
    l->objective = (double)INFINITY;
    for (size_t s = 0; s < n_starts; s++) {
        (void)gsl_qrng_get(q, u);
        if (warm && s == 1) {
            warm_start(p, warm, v);
        } else {
            place_start(p, coef, u, s, v);
        }
        end[s] = descend(p, w, v);
        if (end[s] < l->objective) {
            keep(p, v, end[s], l);
        }
    }
    if (!isfinite(l->objective)) {
        rc = err_set(err, ERR_NUMERIC, "no start of the link ends in a minimum");
    }
    count_minima(end, n_starts, l);
done:
    if (w) {
        gsl_multifit_nlinear_free(w);
    }
    gsl_qrng_free(q);
    gsl_vector_free(v);
    return rc;
}

/* With the height between its limits: the free minimum, or the better of the two ends. */
static ErrCode search_height(Problem *p, double chance, const Link *warm, Link *l, Err *err)
{
    const double whole = 1.0 - chance;
    p->has_range = true;
    p->range = whole;
    ErrCode rc = search(p, warm, l, err);
    if (rc != ERR_OK || (l->range >= LEAST_HEIGHT * whole && l->range <= whole)) {
        return rc;
    }
    Link best = {.objective = (double)INFINITY};
    p->has_range = false;
    for (int end = 0; end < 2; end++) {
        Link here = *l;
        p->range = end ? whole : LEAST_HEIGHT * whole;
        rc = search(p, warm, &here, err);
        if (rc != ERR_OK) {
            return rc;
        }
        best = here.objective < best.objective ? here : best;
    }
    *l = best;
    return ERR_OK;
}

/* ---- checks and units ---- */

typedef struct Units {
    double mean[LINK_MAX_INPUTS], scale[LINK_MAX_INPUTS];
    double *z; /* [n, k] */
} Units;

static ErrCode standardise(const double *x, size_t n, size_t k, Units *u, Err *err)
{
    u->z = malloc(n * k * sizeof *u->z);
    if (!u->z) {
        return err_nomem(err, "link");
    }
    for (size_t j = 0; j < k; j++) {
        double sum = 0.0, squares = 0.0;
        for (size_t i = 0; i < n; i++) {
            sum += x[i * k + j];
        }
        u->mean[j] = sum / (double)n;
        for (size_t i = 0; i < n; i++) {
            squares += (x[i * k + j] - u->mean[j]) * (x[i * k + j] - u->mean[j]);
        }
        u->scale[j] = sqrt(squares / (double)n);
        if (!(u->scale[j] > 1e-12 * fabs(u->mean[j]))) {
            return err_set(err, ERR_NUMERIC, "all %zu models have the same capability", n);
        }
        for (size_t i = 0; i < n; i++) {
            u->z[i * k + j] = (x[i * k + j] - u->mean[j]) / u->scale[j];
        }
    }
    return ERR_OK;
}

static ErrCode check(LinkOptions o, const double *y, size_t n, size_t k, Err *err)
{
    size_t p = 1 + k + (o.kind == LINK_HEIGHT ? 1 : o.kind == LINK_FREE ? 2 : 0);
    double lo = (double)INFINITY, hi = -(double)INFINITY;
    if (k == 0 || k > LINK_MAX_INPUTS) {
        return err_set(err, ERR_INVALID, "a link takes 1 to %d components, not %zu",
                       LINK_MAX_INPUTS, k);
    }
    if (n < p + 1) {
        return err_set(err, ERR_NUMERIC,
                       "%zu models have both the metric and the benchmarks; %zu parameters need "
                       "%zu or more",
                       n, p, p + 1);
    }
    for (size_t i = 0; i < n; i++) {
        lo = fmin(lo, y[i]);
        hi = fmax(hi, y[i]);
    }
    return hi > lo ? ERR_OK
                   : err_set(err, ERR_NUMERIC, "the metric is %.6g for all %zu models", lo, n);
}

static void to_units(const Units *u, bool is_back, Link *l)
{
    for (size_t j = 0; j < l->k; j++) {
        if (is_back) {
            l->beta[j] /= u->scale[j];
            l->alpha -= l->beta[j] * u->mean[j];
        } else {
            l->alpha += l->beta[j] * u->mean[j];
            l->beta[j] *= u->scale[j];
        }
    }
}

/* Turned so that the range is positive: lo + range sigma(z) = (lo + range) - range sigma(-z). */
static void turn(Link *l)
{
    if (l->kind == LINK_FREE && l->range < 0.0) {
        l->lo += l->range;
        l->range = -l->range;
        l->alpha = -l->alpha;
        for (size_t j = 0; j < l->k; j++) {
            l->beta[j] = -l->beta[j];
        }
    }
}

/* Are the ends beyond reason, or does the middle of the curve lie outside the data?  Then the data
 * show one end alone, and how far the other is they cannot say. */
static bool is_unbounded(const Problem *p, const Link *l)
{
    double lo = 1.0, hi = 0.0;
    for (size_t i = 0; i < p->n; i++) {
        double s = sigmoid(link_score(l, p->x + i * p->k));
        lo = fmin(lo, s);
        hi = fmax(hi, s);
    }
    return !(l->range <= WIDEST_RANGE) || !(l->lo >= -FARTHEST_END) || lo > 0.5 || hi < 0.5;
}

/* l in standardised units. */
static void judge(Link *l)
{
    double norm = 0.0;
    for (size_t j = 0; j < l->k; j++) {
        norm += l->beta[j] * l->beta[j];
    }
    if (l->kind != LINK_LINEAR && sqrt(norm) > STEP_SLOPE) {
        (void)snprintf(
            l->warning, sizeof l->warning,
            "step: the metric jumps between two models; its steepness is not identified");
    }
}

static ErrCode solve(LinkOptions o, Problem *p, const Link *warm, Link *l, Err *err)
{
    double coef[1 + LINK_MAX_INPUTS] = {0.0};
    ErrCode rc = ERR_OK;
    *p = (Problem){
        .x = p->x, .y = p->y, .n = p->n, .k = p->k, .lo = o.chance, .range = 1.0 - o.chance};
    switch (o.kind) {
    case LINK_LINEAR:
        TRY(regress(p->x, p->y, p->n, p->k, coef, err));
        l->alpha = coef[0];
        memcpy(l->beta, coef + 1, p->k * sizeof *coef);
        l->range = 1.0;
        l->starts = l->at_minimum = 1;
        break;
    case LINK_FIXED:
        TRY(search(p, warm, l, err));
        break;
    case LINK_HEIGHT:
        TRY(search_height(p, o.chance, warm, l, err));
        break;
    case LINK_FREE:
        p->has_range = p->has_lo = true;
        TRY(search(p, warm, l, err));
        turn(l);
        break;
    }
done:
    return rc;
}

static void measure(const double *x, const double *y, Link *l)
{
    double mean = 0.0, total = 0.0;
    l->objective = 0.0;
    for (size_t i = 0; i < l->n; i++) {
        double r = link_predict(l, x + i * l->k) - y[i];
        l->objective += r * r;
        mean += y[i] / (double)l->n;
    }
    for (size_t i = 0; i < l->n; i++) {
        total += (y[i] - mean) * (y[i] - mean);
    }
    l->r2 = total > 0.0 ? 1.0 - l->objective / total : (double)NAN;
}

ErrCode link_fit(LinkOptions o, const double *x, const double *y, size_t n, size_t k,
                 const Link *warm, Link *ret, Err *err)
{
    Units u = {0};
    Link start, l = {.kind = o.kind, .n = n, .k = k};
    Problem p = {.y = y, .n = n, .k = k};
    ErrCode rc = ERR_OK;
    TRY(check(o, y, n, k, err));
    TRY(standardise(x, n, k, &u, err));
    p.x = u.z;
    if (warm) {
        start = *warm;
        to_units(&u, false, &start);
    }
    TRY(solve(o, &p, warm ? &start : NULL, &l, err));
    if (o.kind == LINK_FREE && is_unbounded(&p, &l)) {
        o.kind = l.kind = LINK_FIXED;
        TRY(solve(o, &p, NULL, &l, err));
        (void)snprintf(l.warning, sizeof l.warning,
                       "ends: the data do not show both ends of the curve; chance %.3g and "
                       "ceiling 1 are assumed",
                       o.chance);
    } else {
        judge(&l);
    }
    to_units(&u, true, &l);
    measure(x, y, &l);
    *ret = l;
done:
    free(u.z);
    return rc;
}

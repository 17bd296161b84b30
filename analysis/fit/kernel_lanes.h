/* The body of the kernel, compiled once for each instruction set with KERNEL_NAME set. */
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "analysis/fit/kernel_job.h"

typedef double V4 __attribute__((vector_size(32)));
typedef int64_t I4 __attribute__((vector_size(32)));
typedef uint64_t U4 __attribute__((vector_size(32)));

enum { MAX_PAIRS = KERNEL_MAX_P * (KERNEL_MAX_P + 1) / 2 };

#define INLINE             static inline __attribute__((always_inline))
#define SPLAT(x)           ((V4){(x), (x), (x), (x)})
/* mask ? a : b */
#define SELECT(mask, a, b) ((V4)(((I4)(a) & (mask)) | ((I4)(b) & ~(mask))))

INLINE V4 load(const double *p)
{
    V4 v;
    memcpy(&v, p, sizeof v);
    return v;
}

/* Adding it leaves the nearest whole number in the low bits. */
#define ROUNDER 6755399441055744.0

/* e^x: x = k ln 2 + r, |r| <= ln2/2; a Taylor polynomial to r^13 (remainder 4e-18) times 2^k. */
INLINE V4 exp4(V4 x)
{
    static const double c[] = {1.0 / 6227020800.0, 1.0 / 479001600.0, 1.0 / 39916800.0,
                               1.0 / 3628800.0,    1.0 / 362880.0,    1.0 / 40320.0,
                               1.0 / 5040.0,       1.0 / 720.0,       1.0 / 120.0,
                               1.0 / 24.0,         1.0 / 6.0,         0.5};
    /* beyond +-708 the result saturates near the ends of the range */
    x = SELECT((I4)(x > 708.0), SPLAT(708.0), x);
    x = SELECT((I4)(x < -708.0), SPLAT(-708.0), x);
    V4 shifted = x * 1.4426950408889634 + ROUNDER;
    V4 k = shifted - ROUNDER;
    V4 r = x - k * 6.93147180369123816490e-01;
    r = r - k * 1.90821492927058770002e-10;
    V4 s = SPLAT(c[0]);
    for (int i = 1; i < 12; i++) {
        s = s * r + c[i];
    }
    s = s * r * r + r + 1.0;
    return (V4)((U4)s + ((U4)shifted << 52));
}

/* ln x of positive normal x: x = 2^k m, m in [sqrt(1/2), sqrt(2)); with t = (m-1)/(m+1),
 * ln m = 2 t (1 + t^2/3 + t^4/5 + ...), to t^22. */
INLINE V4 log4(V4 x)
{
    U4 bits = (U4)x;
    U4 biased = (bits - (U4)SPLAT(0.70710678118654752440) + (1023ull << 52)) >> 52;
    I4 exponent = (I4)biased - 1023;
    V4 m = (V4)(bits - ((U4)exponent << 52));
    V4 k = (V4)(exponent + (I4)SPLAT(ROUNDER)) - ROUNDER;
    V4 f = m - 1.0;
    V4 t = f / (m + 1.0);
    V4 z = t * t;
    V4 s = SPLAT(1.0 / 23.0);
    for (int odd = 21; odd >= 3; odd -= 2) {
        s = s * z + 1.0 / odd;
    }
    /* 2 t = f - t f, exact to the last place: f - (t f - 2 t z s) */
    V4 small = f - t * (f - 2.0 * z * s);
    return k * 6.93147180369123816490e-01 + (small + k * 1.90821492927058770002e-10);
}

/* rho, psi = rho' and the curvature of four residuals. */
INLINE void loss4(const KernelJob *j, KernelWork work, V4 r, V4 *rho, V4 *psi, V4 *curve)
{
    if (j->is_mse) {
        *rho = r * r;
        *psi = 2.0 * r;
        *curve = SPLAT(2.0);
        return;
    }
    V4 delta = SPLAT(j->delta);
    V4 size = (V4)((I4)r & INT64_MAX);
    I4 is_inner = (I4)(size <= delta);
    V4 edge = (V4)((I4)delta | ((I4)r & INT64_MIN));
    *rho = SELECT(is_inner, 0.5 * r * r, delta * (size - 0.5 * delta));
    *psi = SELECT(is_inner, r, edge);
    *curve = SELECT(is_inner, SPLAT(1.0),
                    work == KERNEL_IRLS ? delta / SELECT(is_inner, delta, size) : SPLAT(0.0));
    if (j->over != 1.0) {
        V4 factor = SELECT((I4)(r > 0.0), SPLAT(j->over), SPLAT(1.0));
        *rho *= factor;
        *psi *= factor;
        *curve *= factor;
    }
}

INLINE double total(V4 v)
{
    return (v[0] + v[1]) + (v[2] + v[3]);
}

/* What is known of the law when a copy is compiled. */
typedef struct Shape {
    size_t p, n_terms;
    size_t n_factors[FORM_MAX_TERMS];
    size_t param[FORM_MAX_TERMS][FORM_MAX_FACTORS];
} Shape;

/* The sums over all observations. */
typedef struct Sums {
    V4 value, grad[KERNEL_MAX_P], hess[MAX_PAIRS];
} Sums;

/* dL/dtheta of four observations, and the second derivatives of each term times `slope`. */
INLINE void add_terms(const KernelJob *j, const Shape *q, bool is_exact, size_t at, V4 slope,
                      const V4 *term, V4 *d, Sums *s)
{
    for (size_t a = 0; a < q->p; a++) {
        d[a] = SPLAT(0.0);
    }
    for (size_t k = 0; k < q->n_terms; k++) {
        V4 factor[FORM_MAX_FACTORS], own = slope * term[k];
        d[k] = term[k];
        if (is_exact) {
            s->hess[k * (k + 1) / 2 + k] += own;
        }
        for (size_t f = 0; f < q->n_factors[k]; f++) {
            size_t a = q->param[k][f];
            factor[f] = j->sign[k][f] * load(j->column[k][f] + at);
            d[a] += factor[f] * term[k];
            if (is_exact) {
                V4 first = own * factor[f];
                s->hess[a * (a + 1) / 2 + k] += first;
                for (size_t e = 0; e <= f; e++) {
                    s->hess[a * (a + 1) / 2 + q->param[k][e]] += first * factor[e];
                }
            }
        }
    }
}

INLINE void four(const KernelJob *j, const Shape *q, KernelWork work, bool is_log, size_t at,
                 Sums *s)
{
    V4 term[FORM_MAX_TERMS], d[KERNEL_MAX_P], loss = SPLAT(0.0), rho, psi, curve;
    for (size_t k = 0; k < q->n_terms; k++) {
        if (q->n_factors[k] == 0) {
            term[k] = SPLAT(j->constant[k]);
        } else {
            V4 arg = SPLAT(j->start[k]);
            for (size_t f = 0; f < q->n_factors[k]; f++) {
                arg += j->slope[k][f] * load(j->column[k][f] + at);
            }
            term[k] = exp4(arg);
        }
        loss += term[k];
    }
    V4 r = (is_log ? log4(loss) : loss) - load(j->target + at);
    V4 weight = load(j->weight + at);
    loss4(j, work, r, &rho, &psi, &curve);
    s->value += weight * rho;
    if (work == KERNEL_VALUE) {
        return;
    }
    /* log: dr = dL/L, and d2r = d2L/L - dL dL'/L^2, of which the second part joins J'J */
    V4 scale = is_log ? 1.0 / loss : SPLAT(1.0);
    V4 slope = weight * psi * scale, outer = weight * curve * scale * scale;
    if (work == KERNEL_EXACT && is_log) {
        outer -= slope * scale;
    }
    add_terms(j, q, work == KERNEL_EXACT, at, slope, term, d, s);
    for (size_t a = 0, pair = 0; a < q->p; a++) {
        V4 own = outer * d[a];
        s->grad[a] += slope * d[a];
        for (size_t b = 0; b <= a; b++, pair++) {
            s->hess[pair] += own * d[b];
        }
    }
}

INLINE double all(const KernelJob *j, const Shape *q, KernelWork work, bool is_log, double *grad,
                  double *hess)
{
    Sums s;
    memset(&s, 0, sizeof s);
    for (size_t at = 0; at < j->n; at += 4) {
        four(j, q, work, is_log, at, &s);
    }
    for (size_t a = 0, pair = 0; work != KERNEL_VALUE && a < q->p; a++) {
        grad[a] = total(s.grad[a]);
        for (size_t b = 0; b <= a; b++, pair++) {
            hess[a * q->p + b] = total(s.hess[pair]);
        }
    }
    return total(s.value);
}

/* A copy for each kind of work, so that what is not asked for costs nothing. */
INLINE double of_shape(const KernelJob *j, const Shape *q, double *grad, double *hess)
{
    if (j->is_log) {
        return j->work == KERNEL_VALUE   ? all(j, q, KERNEL_VALUE, true, grad, hess)
               : j->work == KERNEL_EXACT ? all(j, q, KERNEL_EXACT, true, grad, hess)
                                         : all(j, q, KERNEL_IRLS, true, grad, hess);
    }
    return j->work == KERNEL_VALUE   ? all(j, q, KERNEL_VALUE, false, grad, hess)
           : j->work == KERNEL_EXACT ? all(j, q, KERNEL_EXACT, false, grad, hess)
                                     : all(j, q, KERNEL_IRLS, false, grad, hess);
}

/* E + A N^-alpha + B D^-beta */
static double three_terms(const KernelJob *j, double *grad, double *hess)
{
    const Shape q = {.p = 5, .n_terms = 3, .n_factors = {0, 1, 1}, .param = {{0}, {3}, {4}}};
    return of_shape(j, &q, grad, hess);
}

static double any_shape(const KernelJob *j, double *grad, double *hess)
{
    Shape q = {.p = j->p, .n_terms = j->n_terms};
    memcpy(q.n_factors, j->n_factors, sizeof q.n_factors);
    memcpy(q.param, j->param, sizeof q.param);
    return of_shape(j, &q, grad, hess);
}

double KERNEL_NAME(const KernelJob *j, double *grad, double *hess)
{
    bool is_three = j->n_terms == 3 && j->p == 5 && j->n_factors[0] == 0 && j->n_factors[1] == 1 &&
                    j->n_factors[2] == 1 && j->param[1][0] == 3 && j->param[2][0] == 4;
    return is_three ? three_terms(j, grad, hess) : any_shape(j, grad, hess);
}

#include "analysis/use/flops.h"

#include <gsl/gsl_fit.h>
#include <gsl/gsl_multifit.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/order.h"

/* C / (N D) is one number up to the rounding of a table within this. */
#define SAME_RATIO 1e-3
/* F/N below 6 by no more than rounding. */
#define SIX        (6.0 * (1.0 - 1e-6))

enum { SLOPE_STEPS = 400, MIN_SATURATING = 4, MIN_BENT = 4, MAX_NEWTON = 100, MAX_HALVINGS = 10 };

FlopModel flop_model_6nd(void)
{
    return (FlopModel){.shape = FLOPS_PROPORTIONAL, .k = 6.0};
}

/* ln e of FLOPS_SIX_PLUS. */
static double ln_excess(const FlopModel *f, double ln_n)
{
    double x = ln_n - f->centre, at = fmin(f->x_hi, fmax(f->x_lo, x));
    double slope = -f->g + 2.0 * f->bend * at;
    slope = at < x ? fmin(0.0, slope) : slope;
    return log(f->m) - f->g * at + f->bend * at * at + slope * (x - at);
}

double flop_per_token(const FlopModel *f, double n)
{
    switch (f->shape) {
    case FLOPS_SATURATING:
        return f->k * n * exp(-f->m * pow(n, -f->g));
    case FLOPS_SIX_PLUS:
        return f->k * n + (f->m > 0.0 ? n * exp(ln_excess(f, log(n))) : 0.0);
    case FLOPS_POWER:
        return f->m * pow(n, 1.0 - f->g);
    case FLOPS_PROPORTIONAL:
        break;
    }
    return f->k * n;
}

/* One size: ln N and ln(F/N). */
typedef struct SizeCost {
    double ln_n, ln_ratio;
} SizeCost;

static int by_size(const void *a, const void *b)
{
    const SizeCost *x = a, *y = b;
    return ORDER(x->ln_n, y->ln_n);
}

/* Sorts and merges observations of one N. */
static size_t merge_sizes(SizeCost *s, size_t n)
{
    size_t kept = 0;
    qsort(s, n, sizeof *s, by_size);
    for (size_t first = 0, end = 0; first < n; first = end) {
        double sum = 0.0;
        while (end < n && s[end].ln_n == s[first].ln_n) {
            sum += s[end++].ln_ratio;
        }
        s[kept++] = (SizeCost){s[first].ln_n, sum / (double)(end - first)};
    }
    return kept;
}

/* Sum of squared errors of ln F. */
static double sum_squares(const SizeCost *s, size_t n, const FlopModel *f)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        double e = log(flop_per_token(f, exp(s[i].ln_n))) - s[i].ln_n - s[i].ln_ratio;
        sum += e * e;
    }
    return sum;
}

/* One Gauss-Newton step in (ln m, -g, bend): d ln F = e/(6 + e) d ln e.  False when it is none. */
static bool improve(const SizeCost *s, size_t n, size_t p, FlopModel *f)
{
    double chisq, old = sum_squares(s, n, f);
    gsl_matrix *j = gsl_matrix_alloc(n, p), *cov = gsl_matrix_alloc(p, p);
    gsl_vector *r = gsl_vector_alloc(n), *d = gsl_vector_alloc(p);
    gsl_multifit_linear_workspace *w = gsl_multifit_linear_alloc(n, p);
    bool is_good = j && cov && r && d && w, is_better = false;
    for (size_t i = 0; is_good && i < n; i++) {
        double x = s[i].ln_n - f->centre, e = exp(ln_excess(f, s[i].ln_n)), share = e / (6.0 + e);
        for (size_t k = 0; k < p; k++) {
            gsl_matrix_set(j, i, k, share * (k == 0 ? 1.0 : k == 1 ? x : x * x));
        }
        gsl_vector_set(r, i, s[i].ln_ratio - log(6.0 + e));
    }
    is_good = is_good && gsl_multifit_linear(j, r, d, cov, &chisq, w) == 0;
    for (int half = 0; is_good && !is_better && half < MAX_HALVINGS; half++) {
        FlopModel to = *f;
        double t = ldexp(1.0, -half);
        to.m *= exp(t * gsl_vector_get(d, 0));
        to.g -= t * gsl_vector_get(d, 1);
        to.bend += p > 2 ? t * gsl_vector_get(d, 2) : 0.0;
        is_better = sum_squares(s, n, &to) < old * (1.0 - 1e-12);
        *f = is_better ? to : *f;
    }
    gsl_multifit_linear_free(w);
    gsl_vector_free(d);
    gsl_vector_free(r);
    gsl_matrix_free(cov);
    gsl_matrix_free(j);
    return is_better;
}

static void fit_excess(const SizeCost *s, size_t n, FlopModel *f)
{
    double mean = 0.0, excess = 0.0;
    for (size_t i = 0; i < n; i++) {
        mean += s[i].ln_n / (double)n;
        excess += (exp(s[i].ln_ratio) - 6.0) / (double)n;
    }
    *f = (FlopModel){.shape = FLOPS_SIX_PLUS,
                     .k = 6.0,
                     .m = excess,
                     .g = 1.0 / 3.0,
                     .sizes = n,
                     .centre = mean,
                     .x_lo = s[0].ln_n - mean,
                     .x_hi = s[n - 1].ln_n - mean};
    for (size_t p = 2; p <= (n >= MIN_BENT ? 3 : 2); p++) {
        for (int i = 0; i < MAX_NEWTON && improve(s, n, p, f); i++) {
        }
    }
}

/* ln F/N = ln k - m N^-g, linear in ln k and m at a given g; false unless it rises to a limit. */
static bool fit_saturating(const SizeCost *s, size_t n, FlopModel *f)
{
    double least = (double)INFINITY, c0, c1, v00, v01, v11, sum;
    double *z = calloc(2 * n + 1, sizeof *z);
    for (size_t i = 0; z && i < n; i++) {
        z[n + i] = s[i].ln_ratio;
    }
    /* the limit is at infinity for g = 0: a tenth is as slow as it may be */
    for (int k = SLOPE_STEPS / 10; z && n >= MIN_SATURATING && k <= SLOPE_STEPS; k++) {
        double g = (double)k / SLOPE_STEPS;
        for (size_t i = 0; i < n; i++) {
            z[i] = exp(-g * s[i].ln_n);
        }
        (void)gsl_fit_linear(z, 1, z + n, 1, n, &c0, &c1, &v00, &v01, &v11, &sum);
        if (sum < least && c1 < 0.0) {
            least = sum;
            *f = (FlopModel){.shape = FLOPS_SATURATING, .k = exp(c0), .m = -c1, .g = g, .sizes = n};
        }
    }
    free(z);
    return isfinite(least);
}

/* The better of a power and a rise to a limit, which has one parameter more. */
static void fit_below_six(const SizeCost *s, size_t n, FlopModel *f)
{
    double c0, c1, v00, v01, v11, sum;
    FlopModel rise;
    (void)gsl_fit_linear(&s->ln_n, 2, &s->ln_ratio, 2, n, &c0, &c1, &v00, &v01, &v11, &sum);
    *f = (FlopModel){.shape = FLOPS_POWER, .m = exp(c0), .g = -c1, .sizes = n};
    if (fit_saturating(s, n, &rise) && sum_squares(s, n, &rise) < 0.5 * sum) {
        *f = rise;
    }
}

static void fit_shape(const SizeCost *s, size_t n, FlopModel *f)
{
    double lo = (double)INFINITY, hi = -(double)INFINITY, mean = 0.0;
    for (size_t i = 0; i < n; i++) {
        lo = fmin(lo, s[i].ln_ratio);
        hi = fmax(hi, s[i].ln_ratio);
        mean += s[i].ln_ratio / (double)n;
    }
    *f = (FlopModel){.shape = FLOPS_PROPORTIONAL, .k = exp(mean), .sizes = n};
    if (hi - lo > SAME_RATIO && exp(lo) >= SIX) {
        fit_excess(s, n, f);
    } else if (hi - lo > SAME_RATIO) {
        fit_below_six(s, n, f);
    } else if (fabs(f->k - 6.0) < 6.0 * SAME_RATIO) {
        f->k = 6.0;
    }
    for (size_t i = 0; i < n; i++) {
        double own = log(flop_per_token(f, exp(s[i].ln_n))) - s[i].ln_n;
        f->misfit = fmax(f->misfit, fabs(own - s[i].ln_ratio));
    }
}

ErrCode flop_model_fit(const FitData *d, FlopModel *ret, Err *err)
{
    if (!d->params || !d->tokens || !d->flops || d->n == 0) {
        return err_set(err, ERR_INVALID, "FLOP per token needs N, D and C");
    }
    SizeCost *s = calloc(d->n, sizeof *s);
    if (!s) {
        return err_nomem(err, "FLOP per token");
    }
    for (size_t i = 0; i < d->n; i++) {
        double per_token = d->flops[i] / d->tokens[i];
        if (!(d->params[i] > 0.0 && d->tokens[i] > 0.0 && per_token > 0.0 && isfinite(per_token))) {
            free(s);
            return err_set(err, ERR_INVALID,
                           "FLOP per token: N, D or C of observation %zu is not positive", i + 1);
        }
        s[i] = (SizeCost){log(d->params[i]), log(per_token / d->params[i])};
    }
    fit_shape(s, merge_sizes(s, d->n), ret);
    free(s);
    return ERR_OK;
}

void flop_model_text(const FlopModel *f, char out[FLOP_TEXT_BYTES])
{
    size_t n = FLOP_TEXT_BYTES;
    switch (f->shape) {
    case FLOPS_PROPORTIONAL:
        (void)snprintf(out, n, "%.6g N", f->k);
        return;
    case FLOPS_SATURATING:
        (void)snprintf(out, n, "%.6g N exp(-%.4g N^-%.4g)", f->k, f->m, f->g);
        return;
    case FLOPS_POWER:
        (void)snprintf(out, n, "%.4g N^%.4g", f->m, 1.0 - f->g);
        return;
    case FLOPS_SIX_PLUS:
        break;
    }
    int used = snprintf(out, n, "N (6 + %.4g x^%.4g", f->m, -f->g);
    if (f->bend != 0.0) {
        used += snprintf(out + used, n - (size_t)used, " e^(%.3g ln^2 x)", f->bend);
    }
    (void)snprintf(out + used, n - (size_t)used, "), x = N/%.4g", exp(f->centre));
}

const char *flop_shape_name(FlopShape s)
{
    static const char *const name[] = {"proportional", "six_plus", "saturating", "power"};
    return name[s];
}

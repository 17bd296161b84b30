#include "analysis/compare/difference.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics.h>
#include <math.h>
#include <stdlib.h>

#include "analysis/compare/reach.h"
#include "analysis/fit/bootstrap.h"

enum { MIN_DRAWS = 20 };

/* Standard normal quantiles of 0.975 and of 0.8: a two-sided test at 5 % with power 80 %. */
#define Z_975 1.959963984540054
#define Z_80  0.841621233572914

void holm_adjust(const double *p, size_t n, double *adjusted)
{
    size_t left = 0;
    double largest = 0.0, before = -1.0;
    for (size_t i = 0; i < n; i++) {
        left += isnan(p[i]) ? 0 : 1;
        adjusted[i] = (double)NAN;
    }
    while (left > 0) {
        double least = (double)INFINITY;
        size_t ties = 0;
        for (size_t i = 0; i < n; i++) {
            least = p[i] > before ? fmin(least, p[i]) : least;
        }
        largest = fmax(largest, fmin(1.0, (double)left * least));
        for (size_t i = 0; i < n; i++) {
            if (p[i] == least) {
                adjusted[i] = largest;
                ties++;
            }
        }
        if (ties == 0) {
            return;
        }
        left -= ties;
        before = least;
    }
}

/* Quantile q of sorted x, linear between order statistics; infinite ones stay infinite. */
static double quantile(const double *x, size_t n, double q)
{
    double at = q * (double)(n - 1);
    size_t i = (size_t)at;
    double rest = at - (double)i;
    if (i + 1 >= n || rest == 0.0 || isinf(x[i])) {
        return x[i < n ? i : n - 1];
    }
    return isinf(x[i + 1]) ? x[i + 1] : x[i] + rest * (x[i + 1] - x[i]);
}

static BootstrapWidening widening_of(const FitResult *f)
{
    size_t n_free = 0;
    for (size_t a = 0; a < f->n_params; a++) {
        n_free += f->fix.is_fixed[a] ? 0 : 1;
    }
    return bootstrap_widening(f->resampling, f->n, n_free, f->n_runs);
}

/* That of the group with the fewer degrees of freedom. */
static BootstrapWidening widening(const Compare *c, size_t a, size_t b)
{
    BootstrapWidening x = widening_of(c->group[a].fit), y = widening_of(c->group[b].fit);
    return x.dof < y.dof ? x : y;
}

static double p_of(const double *x, size_t n, double value, double se, BootstrapWidening w)
{
    size_t below = 0, above = 0;
    for (size_t i = 0; i < n; i++) {
        below += x[i] <= 0.0 ? 1 : 0;
        above += x[i] >= 0.0 ? 1 : 0;
    }
    size_t beyond = below < above ? below : above;
    double share = (1.0 + (double)beyond) / (1.0 + (double)n);
    if (share >= 0.5) {
        return 1.0;
    }
    double z = -gsl_cdf_ugaussian_Pinv(share);
    double p = 2.0 * gsl_cdf_tdist_Q(z / w.scale, w.dof);
    if (beyond == 0) {
        p = fmin(p, 2.0 * gsl_cdf_tdist_Q(fabs(value) / (w.scale * se), w.dof));
    }
    return p;
}

/* Sorts x [n] and reads the intervals. */
static void summarise(double *x, size_t n, BootstrapWidening w, CompareDifference *d)
{
    if (n < MIN_DRAWS) {
        return;
    }
    gsl_sort(x, 1, n);
    if (x[0] == x[n - 1]) {
        return;
    }
    double tail = bootstrap_widened_tail(w, 0.95), tail90 = bootstrap_widened_tail(w, 0.90);
    d->se = gsl_stats_sd(x, 1, n);
    d->lo = quantile(x, n, tail);
    d->hi = quantile(x, n, 1.0 - tail);
    d->lo90 = quantile(x, n, tail90);
    d->hi90 = quantile(x, n, 1.0 - tail90);
    d->p = p_of(x, n, d->value, d->se, w);
    d->detectable = 0.5 * (d->hi - d->lo) * (Z_975 + Z_80) / Z_975;
}

static size_t shared_draws(const CompareGroup *a, const CompareGroup *b)
{
    return a->draws.n < b->draws.n ? a->draws.n : b->draws.n;
}

ErrCode difference_of(const Compare *c, size_t a, size_t b, size_t k, CompareDifference *ret,
                      Err *err)
{
    const CompareGroup *x = &c->group[a], *y = &c->group[b];
    const double va = x->fit->param[k].value, vb = y->fit->param[k].value;
    const double none = (double)NAN;
    size_t draws = shared_draws(x, y), n = 0;
    *ret = (CompareDifference){.a = a,
                               .b = b,
                               .name = c->form.param[k].name,
                               .is_tested = c->is_shared[k],
                               .value = va - vb,
                               .mean = 0.5 * (fabs(va) + fabs(vb)),
                               .se = none,
                               .lo = none,
                               .hi = none,
                               .lo90 = none,
                               .hi90 = none,
                               .p = none,
                               .p_holm = none,
                               .detectable = none};
    double *d = calloc(draws + 1, sizeof *d);
    if (!d) {
        return err_nomem(err, "difference");
    }
    for (size_t r = 0; r < draws; r++) {
        double value = fit_draw(&x->draws, r)[k] - fit_draw(&y->draws, r)[k];
        if (isfinite(value)) {
            d[n++] = value;
        }
    }
    summarise(d, n, widening(c, a, b), ret);
    free(d);
    return ERR_OK;
}

ErrCode multiplier_of(const Compare *c, CompareMultiplier *m, Err *err)
{
    const CompareGroup *x = &c->group[m->a], *y = &c->group[m->b];
    size_t draws = shared_draws(x, y), n = 0;
    double *q = calloc(draws + 1, sizeof *q);
    if (!q) {
        return err_nomem(err, "multiplier");
    }
    for (size_t r = 0; r < draws; r++) {
        const double *pa = fit_draw(&x->draws, r), *pb = fit_draw(&y->draws, r);
        if (isfinite(pa[0]) && isfinite(pb[0])) {
            double ca = reach_amount(&c->form, pa, m->loss);
            double value = ca / reach_amount(&c->form, pb, m->loss);
            if (!isnan(value)) {
                q[n++] = value;
            }
        }
    }
    if (n >= MIN_DRAWS) {
        gsl_sort(q, 1, n);
        double tail = bootstrap_widened_tail(widening(c, m->a, m->b), 0.95);
        m->lo = quantile(q, n, tail);
        m->hi = quantile(q, n, 1.0 - tail);
    }
    free(q);
    return ERR_OK;
}

#include "analysis/fit/profile.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics.h>
#include <math.h>
#include <string.h>

enum { MAX_BRACKET = 30, MAX_BISECT = 60 };

/* Between which values the end lies; `at` are signed roots of the rise, nearly linear in v. */
typedef struct Bracket {
    double inner, outer, at_inner, at_outer;
} Bracket;

static double rise_at(const Profile *p, double v)
{
    memcpy(p->theta, p->good, sizeof *p->theta * p->width);
    return sqrt(fmax(p->least(p->ctx, v, p->theta) - p->value, 0.0));
}

static void keep(const Profile *p)
{
    memcpy(p->good, p->theta, sizeof *p->theta * p->width);
}

static bool find_bracket(const Profile *p, double side, double root, Bracket *b)
{
    double step = 2.0 * p->se;
    *b = (Bracket){.inner = p->centre};
    memcpy(p->good, p->best, sizeof *p->best * p->width);
    for (size_t i = 0; i < MAX_BRACKET; i++) {
        b->outer = b->inner + side * step;
        b->at_outer = rise_at(p, b->outer);
        if (!isfinite(b->at_outer)) { /* too far for Newton from here */
            step *= 0.5;
            continue;
        }
        if (b->at_outer >= root) {
            return true;
        }
        b->inner = b->outer;
        b->at_inner = b->at_outer;
        keep(p);
    }
    return false;
}

double profile_end(const Profile *p, double side)
{
    Bracket b;
    double root = sqrt(p->limit - p->value);
    if (!find_bracket(p, side, root, &b)) {
        return (double)NAN;
    }
    for (size_t i = 0; i < MAX_BISECT; i++) {
        double share = (root - b.at_inner) / (b.at_outer - b.at_inner);
        share = fmin(fmax(share, 0.05), 0.95);
        double v = b.inner + share * (b.outer - b.inner), rise = rise_at(p, v);
        if (fabs(rise - root) < 1e-9 * root || fabs(b.outer - b.inner) < 1e-10 * p->se) {
            return v;
        }
        if (rise < root) {
            b.inner = v;
            b.at_inner = rise;
            keep(p);
        } else {
            b.outer = v;
            b.at_outer = rise;
        }
    }
    return 0.5 * (b.inner + b.outer);
}

double interval_psi(const FitLoss *l, double r, double *curve)
{
    double factor = l->kind == FIT_ASYMMETRIC && r > 0.0 ? l->over : 1.0;
    if (l->kind == FIT_MSE) {
        *curve = 2.0;
        return 2.0 * r;
    }
    bool is_inner = fabs(r) <= l->delta;
    *curve = is_inner ? factor : 0.0;
    return factor * (is_inner ? r : copysign(l->delta, r));
}

FitInterval interval_symmetric(double v, bool is_log, double se, double quantile)
{
    FitInterval i = {se, v - quantile * se, v + quantile * se};
    if (is_log) {
        i.se = se * exp(v);
        i.lo = exp(i.lo);
        i.hi = exp(i.hi);
    }
    return i;
}

void interval_bca(double a, double tail, double *draws, size_t n, FitValue *v)
{
    size_t below = 0;
    for (size_t i = 0; i < n; i++) {
        below += draws[i] < v->value ? 1 : 0;
    }
    double share = ((double)below + 0.5) / ((double)n + 1.0);
    double z0 = gsl_cdf_ugaussian_Pinv(share), end[2];
    gsl_sort(draws, 1, n);
    for (size_t i = 0; i < 2; i++) {
        double z = gsl_cdf_ugaussian_Pinv(i ? 1.0 - tail : tail);
        double q = gsl_cdf_ugaussian_P(z0 + (z0 + z) / (1.0 - a * (z0 + z)));
        if (!(q >= 0.0 && q <= 1.0)) {
            return; /* the jackknife left the finite numbers */
        }
        end[i] = gsl_stats_quantile_from_sorted_data(draws, 1, n, q);
    }
    if (draws[0] < draws[n - 1]) {
        v->by[FIT_BCA] = (FitInterval){gsl_stats_sd(draws, 1, n), end[0], end[1]};
    }
}

#include "analysis/report/frontier.h"

#include <math.h>

#define SEARCH 1e3  /* beyond the sizes observed */
#define SLACK  1.05 /* sizes and the ends of runs are steps */
#define NEAR   4.0

enum { STRIDE = 5, N_GOLDEN = 26 };

/* ln of the FLOP per token at N, by the observations' own sizes: linear in logs, by the nearest two. */
static double ln_per_token(const FitData *data, double ln_n)
{
    double below = -(double)INFINITY, above = (double)INFINITY, at_below = 0.0, at_above = 0.0;
    for (size_t i = 0; i < data->n; i++) {
        double x = log(data->params[i]), y = log(data->flops[i] / data->tokens[i]);
        if (x <= ln_n && x >= below) {
            below = x;
            at_below = y;
        }
        if (x >= ln_n && x <= above) {
            above = x;
            at_above = y;
        }
    }
    if (!isfinite(below) || !isfinite(above) || above - below < 1e-12) {
        return isfinite(below) ? at_below : at_above;
    }
    return at_below + (at_above - at_below) * (ln_n - below) / (above - below);
}

void frontier_init(Frontier *f, const FitData *data)
{
    *f = (Frontier){.n_lo = (double)INFINITY, .d_lo = (double)INFINITY};
    for (size_t i = 0; i < data->n; i++) {
        f->n_lo = fmin(f->n_lo, data->params[i]);
        f->n_hi = fmax(f->n_hi, data->params[i]);
        f->d_lo = fmin(f->d_lo, data->tokens[i]);
        f->d_hi = fmax(f->d_hi, data->tokens[i]);
    }
    double lo = log(f->n_lo), hi = log(f->n_hi);
    double at_lo = ln_per_token(data, lo), at_hi = ln_per_token(data, hi);
    double slope = hi - lo > 1e-12 ? (at_hi - at_lo) / (hi - lo) : 1.0;
    for (size_t k = 0; k < FRONTIER_SIZES; k++) {
        double span = hi - lo + 2.0 * log(SEARCH);
        double x = lo - log(SEARCH) + span * (double)k / (FRONTIER_SIZES - 1);
        double inside = fmin(fmax(x, lo), hi);
        f->ln_n[k] = x;
        f->ln_per_token[k] = ln_per_token(data, inside) + slope * (x - inside);
    }
}

/* At a place of the grid, between its sizes too. */
static FrontierPoint at_place(const Frontier *f, const Form *form, const double *params, double c,
                              double place)
{
    size_t k = (size_t)fmin(place, FRONTIER_SIZES - 2);
    double w = place - (double)k;
    double inputs[2] = {exp((1.0 - w) * f->ln_n[k] + w * f->ln_n[k + 1]), 0.0};
    inputs[1] = c / exp((1.0 - w) * f->ln_per_token[k] + w * f->ln_per_token[k + 1]);
    return (FrontierPoint){inputs[0], inputs[1], form_loss(form, params, inputs)};
}

FrontierPoint frontier_at(const Frontier *f, const Form *form, const double *params, double c)
{
    static const double golden = 0.6180339887498949;
    double best = 0.0, least = (double)INFINITY;
    for (size_t k = 0; k < FRONTIER_SIZES; k += STRIDE) {
        double loss = at_place(f, form, params, c, (double)k).loss;
        if (loss < least) {
            least = loss;
            best = (double)k;
        }
    }
    double lo = fmax(best - STRIDE, 0.0), hi = fmin(best + STRIDE, FRONTIER_SIZES - 1.0);
    double a = hi - golden * (hi - lo), b = lo + golden * (hi - lo);
    double at_a = at_place(f, form, params, c, a).loss, at_b = at_place(f, form, params, c, b).loss;
    for (int i = 0; i < N_GOLDEN; i++) {
        if (at_a < at_b) {
            hi = b;
            b = a;
            at_b = at_a;
            a = hi - golden * (hi - lo);
            at_a = at_place(f, form, params, c, a).loss;
        } else {
            lo = a;
            a = b;
            at_a = at_b;
            b = lo + golden * (hi - lo);
            at_b = at_place(f, form, params, c, b).loss;
        }
    }
    return at_place(f, form, params, c, 0.5 * (lo + hi));
}

static bool is_within(const Frontier *f, const FrontierPoint *p, double factor)
{
    return p->n * factor >= f->n_lo && p->n <= f->n_hi * factor && p->d * factor >= f->d_lo &&
           p->d <= f->d_hi * factor;
}

bool frontier_is_inside(const Frontier *f, const FrontierPoint *p)
{
    return is_within(f, p, SLACK);
}

bool frontier_is_near(const Frontier *f, const FrontierPoint *p)
{
    return is_within(f, p, NEAR);
}

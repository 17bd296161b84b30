#include "analysis/fit/frontier.h"

#include <math.h>

#define SEARCH 1e3  /* beyond the sizes observed */
#define SLACK  1.05 /* sizes and the ends of runs are steps */
#define NEAR   4.0

enum { N_GRID = 40, N_GOLDEN = 26 };

/* Bends of the least-squares polynomial: 1, u and w = u^2 - p u - q, each free of those before. */
static void fit_per_token(Frontier *f, const FitData *data)
{
    double n = (double)data->n, y0 = 0.0, u2 = 0.0, u3 = 0.0, uy = 0.0, w2 = 0.0, wy = 0.0;
    for (size_t i = 0; i < data->n; i++) {
        f->middle += log(data->params[i]) / n;
        y0 += log(data->flops[i] / data->tokens[i]) / n;
    }
    for (size_t i = 0; i < data->n; i++) {
        double u = log(data->params[i]) - f->middle;
        u2 += u * u;
        u3 += u * u * u;
        uy += u * log(data->flops[i] / data->tokens[i]);
    }
    bool has_slope = u2 / n > 1e-12;
    double slope = has_slope ? uy / u2 : 1.0, p = has_slope ? u3 / u2 : 0.0, q = u2 / n;
    for (size_t i = 0; i < data->n; i++) {
        double u = log(data->params[i]) - f->middle, w = u * u - p * u - q;
        w2 += w * w;
        wy += w * log(data->flops[i] / data->tokens[i]);
    }
    double bend = w2 > 1e-9 * u2 * u2 / n ? wy / w2 : 0.0;
    f->bend[0] = y0 - bend * q;
    f->bend[1] = slope - bend * p;
    f->bend[2] = bend;
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
    fit_per_token(f, data);
}

/* At a size: the D that C leaves, and the response there. */
static FrontierPoint at_size(const Frontier *f, const Form *form, const double *params, double c,
                             double ln_n)
{
    double in = fmin(fmax(ln_n, log(f->n_lo)), log(f->n_hi)), u = in - f->middle;
    double slope = f->bend[1] + 2.0 * f->bend[2] * u;
    double ln_f = f->bend[0] + (f->bend[1] + f->bend[2] * u) * u + slope * (ln_n - in);
    const double inputs[] = {exp(ln_n), c / exp(ln_f)};
    return (FrontierPoint){inputs[0], inputs[1], form_loss(form, params, inputs)};
}

FrontierPoint frontier_at(const Frontier *f, const Form *form, const double *params, double c)
{
    static const double golden = 0.6180339887498949;
    double lo = log(f->n_lo / SEARCH), hi = log(f->n_hi * SEARCH), step = (hi - lo) / (N_GRID - 1);
    double best = lo, least = (double)INFINITY;
    for (size_t k = 0; k < N_GRID; k++) {
        double ln_n = lo + step * (double)k, loss = at_size(f, form, params, c, ln_n).loss;
        if (loss < least) {
            least = loss;
            best = ln_n;
        }
    }
    lo = fmax(lo, best - step);
    hi = fmin(hi, best + step);
    double a = hi - golden * (hi - lo), b = lo + golden * (hi - lo);
    double at_a = at_size(f, form, params, c, a).loss, at_b = at_size(f, form, params, c, b).loss;
    for (int i = 0; i < N_GOLDEN; i++) {
        if (at_a < at_b) {
            hi = b;
            b = a;
            at_b = at_a;
            a = hi - golden * (hi - lo);
            at_a = at_size(f, form, params, c, a).loss;
        } else {
            lo = a;
            a = b;
            at_a = at_b;
            b = lo + golden * (hi - lo);
            at_b = at_size(f, form, params, c, b).loss;
        }
    }
    return at_size(f, form, params, c, 0.5 * (lo + hi));
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

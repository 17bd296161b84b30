#include "analysis/fit/frontier.h"

#include <math.h>

/* FLOP per token at N, by the observations' own sizes: linear in logs, by the nearest two. */
static double per_token(const FitData *data, double ln_n)
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
        return exp(isfinite(below) ? at_below : at_above);
    }
    return exp(at_below + (at_above - at_below) * (ln_n - below) / (above - below));
}

void frontier_init(Frontier *f, const FitData *data)
{
    double lo = (double)INFINITY, hi = -(double)INFINITY;
    for (size_t i = 0; i < data->n; i++) {
        lo = fmin(lo, log(data->params[i]));
        hi = fmax(hi, log(data->params[i]));
    }
    for (size_t k = 0; k < FRONTIER_SIZES; k++) {
        f->ln_n[k] = lo + (hi - lo) * (double)k / (FRONTIER_SIZES - 1);
        f->per_token[k] = per_token(data, f->ln_n[k]);
    }
}

double frontier_loss(const Frontier *f, const FitResult *fit, double c, double *ret_d)
{
    double least = (double)INFINITY, best_d = (double)NAN;
    for (size_t k = 0; k < FRONTIER_SIZES; k++) {
        const double inputs[] = {exp(f->ln_n[k]), c / f->per_token[k]};
        double loss = fit_predict(fit, inputs);
        if (loss < least) {
            least = loss;
            best_d = inputs[1];
        }
    }
    if (ret_d) {
        *ret_d = best_d;
    }
    return least;
}

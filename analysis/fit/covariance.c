#include "analysis/fit/covariance.h"

#include <math.h>

enum { MIN_DRAWS = 20 };

static void describe(const FitResult *f, bool in_logs, Covariance *c)
{
    *c = (Covariance){.n = f->n_params};
    for (size_t i = 0; i < c->n; i++) {
        bool is_scale = f->form->param[i].kind == FORM_COEFFICIENT && f->param[i].value > 0.0;
        c->is_log[i] = in_logs && is_scale;
    }
}

static void correlate(Covariance *c)
{
    for (size_t i = 0; i < c->n; i++) {
        for (size_t j = 0; j < c->n; j++) {
            double scale = sqrt(c->matrix[i * c->n + i] * c->matrix[j * c->n + j]);
            c->correlation[i * c->n + j] =
                scale > 0.0 ? c->matrix[i * c->n + j] / scale : (double)NAN;
        }
    }
}

static double at(const Covariance *c, const double *draw, size_t i)
{
    return c->is_log[i] ? log(draw[i]) : draw[i];
}

/* A replicate counts when all its parameters are numbers; ln 0 is none. */
static bool counts(const Covariance *c, const double *draw)
{
    for (size_t i = 0; i < c->n; i++) {
        if (!isfinite(at(c, draw, i))) {
            return false;
        }
    }
    return true;
}

bool covariance_of_draws(const FitResult *f, const FitDraws *d, bool in_logs, Covariance *ret)
{
    double mean[FORM_MAX_PARAMS] = {0};
    size_t n = 0;
    describe(f, in_logs, ret);
    for (size_t r = 0; r < d->n; r++) {
        const double *draw = fit_draw(d, r);
        bool is_in = counts(ret, draw);
        n += is_in ? 1 : 0;
        for (size_t i = 0; is_in && i < ret->n; i++) {
            mean[i] += (at(ret, draw, i) - mean[i]) / (double)n;
        }
    }
    if (n < MIN_DRAWS) {
        return false;
    }
    for (size_t r = 0; r < d->n; r++) {
        const double *draw = fit_draw(d, r);
        for (size_t k = 0; counts(ret, draw) && k < ret->n * ret->n; k++) {
            size_t i = k / ret->n, j = k % ret->n;
            ret->matrix[k] +=
                (at(ret, draw, i) - mean[i]) * (at(ret, draw, j) - mean[j]) / (double)(n - 1);
        }
    }
    correlate(ret);
    return true;
}

bool covariance_of_sandwich(const FitResult *f, bool in_logs, Covariance *ret)
{
    Covariance logs;
    describe(f, true, &logs); /* what f->sandwich is in */
    describe(f, in_logs, ret);
    if (!f->has_sandwich) {
        return false;
    }
    for (size_t k = 0; k < ret->n * ret->n; k++) {
        size_t i = k / ret->n, j = k % ret->n; /* d value = value d ln value */
        double di = logs.is_log[i] && !in_logs ? f->param[i].value : 1.0;
        double dj = logs.is_log[j] && !in_logs ? f->param[j].value : 1.0;
        ret->matrix[k] = f->sandwich[k] * di * dj;
    }
    correlate(ret);
    return true;
}

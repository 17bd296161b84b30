#include "analysis/use/law.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Stands for infinity where a quantile is taken. */
#define BEYOND 1e300

static DataSpan span_of(const double *x, size_t n)
{
    DataSpan s = {(double)NAN, (double)NAN, 0.0, 0.0};
    for (size_t i = 0; x && i < n; i++) {
        if (!(x[i] > 0.0) || !isfinite(x[i])) {
            return (DataSpan){(double)NAN, (double)NAN, (double)NAN, (double)NAN};
        }
        s.lo = fmin(s.lo, x[i]);
        s.hi = fmax(s.hi, x[i]);
        s.mean += log(x[i]) / (double)n;
    }
    for (size_t i = 0; x && i < n; i++) {
        s.sd += (log(x[i]) - s.mean) * (log(x[i]) - s.mean) / (double)n;
    }
    s.sd = sqrt(s.sd);
    return s;
}

static void describe_data(Law *l)
{
    const FitData *d = l->data;
    l->n = span_of(d->params, d->n);
    l->d = span_of(d->tokens, d->n);
    l->c = span_of(d->flops, d->n);
    for (size_t i = 0; isfinite(l->n.lo) && isfinite(l->d.lo) && i < d->n; i++) {
        l->covariance +=
            (log(d->params[i]) - l->n.mean) * (log(d->tokens[i]) - l->d.mean) / (double)d->n;
    }
}

ErrCode law_fit(const FitOptions *o, const FitData *data, bool is_6nd, Law *ret, Err *err)
{
    Law l = {.data = data};
    Err ignored = ERR_INIT;
    ErrCode rc = fit_draws(o, data, &l.fit, &l.draws, err);
    if (rc != ERR_OK) {
        return rc;
    }
    rc = scatter_of(&l.fit, data, &l.scatter, &ignored);
    l.has_scatter = rc == ERR_OK;
    if (is_6nd) {
        l.flops = flop_model_6nd();
        l.has_flops = true;
    } else if (rc != ERR_NOMEM) {
        rc = flop_model_fit(data, &l.flops, &ignored);
        l.has_flops = rc == ERR_OK;
    }
    if (rc == ERR_NOMEM) {
        *err = ignored;
        law_release(&l);
        return rc;
    }
    describe_data(&l);
    *ret = l;
    return ERR_OK;
}

void law_release(Law *l)
{
    fit_draws_release(&l->draws);
    *l = (Law){0};
}

static const double **columns_of(FitData *d, size_t k)
{
    const double **const slot[] = {&d->params, &d->tokens,  &d->flops,    &d->loss,
                                   &d->unique, &d->experts, &d->accuracy, &d->error,
                                   &d->rate,   &d->batch,   &d->sigma};
    return k < sizeof slot / sizeof slot[0] ? slot[k] : NULL;
}

ErrCode law_data_without(const FitData *data, const bool *is_out, FitData *ret, Err *err)
{
    FitData from = *data, to = {0};
    size_t *number = calloc(data->n_runs + 1, sizeof *number), *run = NULL;
    bool is_short = !number;
    for (size_t r = 0; !is_short && r < data->n_runs; r++) {
        number[r] = to.n_runs;
        to.n_runs += is_out[r] ? 0 : 1;
    }
    for (size_t k = 0; !is_short && columns_of(&from, k); k++) {
        const double *old = *columns_of(&from, k);
        double *new = old ? calloc(data->n + 1, sizeof *new) : NULL;
        *columns_of(&to, k) = new;
        is_short = old && !new;
        for (size_t i = 0, n = 0; new &&i < data->n; i++) {
            if (!is_out[data->run[i]]) {
                new[n++] = old[i];
            }
        }
    }
    run = is_short ? NULL : calloc(data->n + 1, sizeof *run);
    for (size_t i = 0; run && i < data->n; i++) {
        if (!is_out[data->run[i]]) {
            run[to.n++] = number[data->run[i]];
        }
    }
    free(number);
    to.run = run;
    if (is_short || !run) {
        law_data_release(&to);
        return err_nomem(err, "observations");
    }
    *ret = to;
    return ERR_OK;
}

void law_data_release(FitData *d)
{
    for (size_t k = 0; columns_of(d, k); k++) {
        free((void *)(uintptr_t)*columns_of(d, k)); /* ours: law_data_without made it */
    }
    free((void *)(uintptr_t)d->run);
    *d = (FitData){0};
}

const double *law_params(const Law *l, size_t r, double *own)
{
    if (r < l->draws.n) {
        return fit_draw(&l->draws, r);
    }
    for (size_t i = 0; i < l->fit.n_params; i++) {
        own[i] = l->fit.param[i].value;
    }
    return own;
}

ErrCode law_interval(const Law *l, double *x, FitInterval *ret, Err *err)
{
    size_t n = l->draws.n;
    *ret = (FitInterval){(double)NAN, (double)NAN, (double)NAN};
    if (n == 0) {
        return ERR_OK;
    }
    for (size_t i = 0; i < n; i++) {
        x[i] = isinf(x[i]) ? copysign(BEYOND, x[i]) : x[i];
    }
    ErrCode rc = fit_draws_interval(x, n, l->draws.tail, ret, err);
    double *const end[] = {&ret->se, &ret->lo, &ret->hi};
    for (size_t k = 0; k < 3; k++) {
        if (fabs(*end[k]) > 1e-6 * BEYOND || (k == 0 && !isfinite(*end[k]))) {
            *end[k] = isnan(*end[k]) ? *end[k] : copysign((double)INFINITY, *end[k]);
        }
    }
    return rc;
}

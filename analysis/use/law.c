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

enum { N_COLUMNS = 11 };

static const double **column_of(FitData *d, size_t k)
{
    const double **const slot[N_COLUMNS] = {&d->params, &d->tokens,  &d->flops,    &d->loss,
                                            &d->unique, &d->experts, &d->accuracy, &d->error,
                                            &d->rate,   &d->batch,   &d->sigma};
    return slot[k];
}

/* Column k of those kept, at `to`; where it went, or NULL when there is none. */
static const double *copy_column(const FitData *from, const double *old, const bool *is_out,
                                 double *to)
{
    size_t n = 0;
    for (size_t i = 0; old && i < from->n; i++) {
        if (!is_out[from->run[i]]) {
            to[n++] = old[i];
        }
    }
    return old ? to : NULL;
}

ErrCode law_rest(const FitData *data, const bool *is_out, LawRest *ret, Err *err)
{
    FitData from = *data;
    LawRest r = {.column = calloc(N_COLUMNS * (data->n + 1), sizeof *r.column),
                 .run = calloc(data->n + 1, sizeof *r.run)};
    size_t *number = calloc(data->n_runs + 1, sizeof *number);
    if (!number || !r.column || !r.run) {
        free(number);
        law_rest_release(&r);
        return err_nomem(err, "observations");
    }
    for (size_t k = 0; k < data->n_runs; k++) {
        number[k] = r.data.n_runs;
        r.data.n_runs += is_out[k] ? 0 : 1;
    }
    for (size_t k = 0; k < N_COLUMNS; k++) {
        double *to = r.column + k * (data->n + 1);
        *column_of(&r.data, k) = copy_column(data, *column_of(&from, k), is_out, to);
    }
    for (size_t i = 0; i < data->n; i++) {
        if (!is_out[data->run[i]]) {
            r.run[r.data.n++] = number[data->run[i]];
        }
    }
    r.data.run = r.run;
    free(number);
    *ret = r;
    return ERR_OK;
}

void law_rest_release(LawRest *r)
{
    free(r->column);
    free(r->run);
    *r = (LawRest){0};
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

#include "analysis/use/predict.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Values that a prediction interval is made of, at most. */
enum { MAX_SAMPLE = 400000 };

bool predict_is_for(const Form *f)
{
    for (size_t k = 0; k < f->n_inputs; k++) {
        FormInput i = f->input[k];
        if (i != FORM_N && i != FORM_D && i != FORM_C && i != FORM_U && i != FORM_PRODUCT) {
            return false;
        }
    }
    return true;
}

static double of_input(const PredictPoint *p, FormInput k)
{
    return k == FORM_N ? p->n : k == FORM_D ? p->d : k == FORM_C ? p->c : k == FORM_U ? p->u : 0.0;
}

/* C from N and D, D from C and N, U from D. */
static void complete(const Law *l, PredictPoint *p)
{
    if (isnan(p->c) && l->has_flops) {
        p->c = flop_per_token(&l->flops, p->n) * p->d;
    } else if (isnan(p->d) && l->has_flops) {
        p->d = p->c / flop_per_token(&l->flops, p->n);
    }
    p->u = isnan(p->u) ? p->d : fmin(p->u, p->d);
}

static ErrCode inputs_at(const Form *f, const PredictPoint *p, double *inputs, Err *err)
{
    for (size_t k = 0; k < form_columns(f); k++) {
        double x = of_input(p, f->input[k]);
        const char *name = form_input_name(f->input[k]);
        if (isnan(x)) {
            (void)err_set(err, ERR_INVALID, "%s is a law in %s, which is not given", f->name, name);
            return err_hint(err, "%s",
                            f->input[k] == FORM_C ? "--flops C, or --N and --D"
                                                  : "give --N and --D");
        }
        if (!(x > 0.0) || !isfinite(x)) {
            return err_set(err, ERR_INVALID, "%s must be a positive number, not %g", name, x);
        }
        inputs[k] = x / (f->input_unit[k] > 0.0 ? f->input_unit[k] : 1.0);
    }
    return ERR_OK;
}

static double outside_of(const DataSpan *s, double x)
{
    if (isnan(x) || isnan(s->lo)) {
        return (double)NAN;
    }
    double above = log(x / s->hi), below = log(s->lo / x);
    double far = fmax(above, below);
    return far > 1e-9 ? far : 0.0; /* rounding */
}

static double standard_of(const DataSpan *s, double x)
{
    return s->sd > 0.0 ? (log(x) - s->mean) / s->sd : (double)NAN;
}

static double mahalanobis(const Law *l, const PredictPoint *p)
{
    double u = log(p->n) - l->n.mean, v = log(p->d) - l->d.mean;
    double a = l->n.sd * l->n.sd, b = l->covariance, c = l->d.sd * l->d.sd, det = a * c - b * b;
    return det > 1e-12 * a * c ? sqrt((c * u * u - 2.0 * b * u * v + a * v * v) / det)
                               : (double)NAN;
}

static void place(const Law *l, Prediction *r)
{
    const Form *f = l->fit.form;
    r->outside = (PredictDistance){outside_of(&l->n, r->at.n), outside_of(&l->d, r->at.d),
                                   outside_of(&l->c, r->at.c)};
    r->standard = (PredictDistance){standard_of(&l->n, r->at.n), standard_of(&l->d, r->at.d),
                                    standard_of(&l->c, r->at.c)};
    r->together = mahalanobis(l, &r->at);
    for (size_t k = 0; k < form_columns(f); k++) {
        double far = f->input[k] == FORM_N   ? r->outside.n
                     : f->input[k] == FORM_D ? r->outside.d
                     : f->input[k] == FORM_C ? r->outside.c
                                             : 0.0;
        r->is_far = r->is_far || far > log(PREDICT_FAR);
    }
}

/* Interval of a new run: every replicate with every quantile of the scatter. */
static ErrCode add_scatter(const Law *l, const double *value, Prediction *r, Err *err)
{
    size_t n = l->draws.n, step = 1;
    if (n == 0 || !l->has_scatter) {
        return ERR_OK;
    }
    while (n / step * SCATTER_QUANTILES > MAX_SAMPLE) {
        step++;
    }
    double *x = malloc((n / step + 1) * SCATTER_QUANTILES * sizeof *x);
    if (!x) {
        return err_nomem(err, "prediction interval");
    }
    size_t m = 0;
    for (size_t i = 0; i < n; i += step) {
        for (size_t k = 0; k < SCATTER_QUANTILES && isfinite(value[i]); k++) {
            x[m++] = scatter_apply(l->fit.residual, value[i], l->scatter.quantile[k]);
        }
    }
    FitInterval run;
    ErrCode rc = fit_draws_interval(x, m, l->draws.tail, &run, err);
    /* quantiles of two samples differ by an order statistic; a new run is no surer than the law */
    r->run_lo = fmin(run.lo, r->law.lo);
    r->run_hi = fmax(run.hi, r->law.hi);
    free(x);
    return rc;
}

ErrCode predict_at(const Law *l, const PredictPoint *at, Prediction *ret, Err *err)
{
    const Form *f = l->fit.form;
    double inputs[FORM_MAX_INPUTS] = {0.0};
    Prediction r = {.at = *at, .run_lo = (double)NAN, .run_hi = (double)NAN};
    complete(l, &r.at);
    ErrCode rc = inputs_at(f, &r.at, inputs, err);
    if (rc != ERR_OK) {
        return rc;
    }
    r.value = fit_predict(&l->fit, inputs);
    if (!isfinite(r.value)) {
        return err_set(err, ERR_NUMERIC, "%s has no finite value there", f->name);
    }
    double *value = malloc((l->draws.n + 1) * sizeof *value);
    double *copy = malloc((l->draws.n + 1) * sizeof *copy);
    rc = value && copy ? ERR_OK : err_nomem(err, "prediction");
    for (size_t i = 0; rc == ERR_OK && i < l->draws.n; i++) {
        copy[i] = value[i] = form_loss(f, fit_draw(&l->draws, i), inputs);
    }
    if (rc == ERR_OK) {
        rc = law_interval(l, copy, &r.law, err);
    }
    /* no interval of the law (its replicates are void, or alike), none of a run */
    if (rc == ERR_OK && isfinite(r.law.lo)) {
        rc = add_scatter(l, value, &r, err);
    }
    free(value);
    free(copy);
    if (rc == ERR_OK) {
        place(l, &r);
        *ret = r;
    }
    return rc;
}

/* ---- a run left out ---- */

static PredictPoint point_of(const FitData *d, size_t i)
{
    return (PredictPoint){
        d->params ? d->params[i] : (double)NAN, d->tokens ? d->tokens[i] : (double)NAN,
        d->flops ? d->flops[i] : (double)NAN, d->unique ? d->unique[i] : (double)NAN};
}

/* Errors over all observations of the run. */
static ErrCode run_errors(const Law *l, const FitData *data, const bool *is_out, PredictedRun *r,
                          Err *err)
{
    const double *y = fit_data_response(data, l->fit.form->response);
    for (size_t i = 0; i < data->n; i++) {
        if (!is_out[data->run[i]]) {
            continue;
        }
        double inputs[FORM_MAX_INPUTS] = {0.0};
        PredictPoint at = point_of(data, i);
        complete(l, &at);
        ErrCode rc = inputs_at(l->fit.form, &at, inputs, err);
        if (rc != ERR_OK) {
            return rc;
        }
        double law = fit_predict(&l->fit, inputs);
        double e = l->fit.residual == FIT_LOG ? log(law / y[i]) : law - y[i];
        r->mean_error += e;
        r->rms_error += e * e;
        r->n++;
    }
    r->mean_error /= (double)r->n;
    r->rms_error = sqrt(r->rms_error / (double)r->n);
    return ERR_OK;
}

static size_t last_of(const FitData *data, const bool *is_out)
{
    size_t last = data->n;
    for (size_t i = 0; i < data->n; i++) {
        bool is_later = last == data->n || data->tokens[i] >= data->tokens[last];
        if (is_out[data->run[i]] && is_later) {
            last = i;
        }
    }
    return last;
}

ErrCode predict_run(const FitOptions *o, const FitData *data, const bool *is_out, bool is_6nd,
                    LawRest *rest, Law *law, PredictedRun *ret, Err *err)
{
    PredictedRun r = {0};
    size_t last = data->n_runs && data->tokens ? last_of(data, is_out) : data->n;
    if (last == data->n) {
        return err_set(err, ERR_INVALID, "there is no such run");
    }
    *rest = (LawRest){0};
    *law = (Law){0};
    ErrCode rc = law_rest(data, is_out, rest, err);
    if (rc != ERR_OK) {
        return rc;
    }
    rc = law_fit(o, &rest->data, is_6nd, law, err);
    if (rc != ERR_OK) {
        return err_wrap(err, "without this run");
    }
    PredictPoint at = point_of(data, last);
    rc = predict_at(law, &at, &r.last, err);
    if (rc == ERR_OK) {
        rc = run_errors(law, data, is_out, &r, err);
    }
    r.measured = fit_data_response(data, law->fit.form->response)[last];
    r.error = r.last.value - r.measured;
    r.is_in_law = r.measured >= r.last.law.lo && r.measured <= r.last.law.hi;
    r.is_in_run = r.measured >= r.last.run_lo && r.measured <= r.last.run_hi;
    r.n_fit = rest->data.n;
    *ret = r;
    return rc;
}

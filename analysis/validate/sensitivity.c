#include "analysis/validate/sensitivity.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/validate/influence.h"
#include "analysis/validate/levels.h"
#include "analysis/validate/subset.h"
#include "common/order.h"

typedef struct Study {
    const FitOptions *o;
    const FitData *data;
    FitResult *fit;
    Sensitivity *s;
    bool *keep; /* [n] */
} Study;

/* Fits and takes the values over by name. */
static void add_fit(Study *y, const char *name, const FitOptions *o, const FitData *data)
{
    SensitivityFit *f = &y->s->fit[y->s->n];
    FitResult *r = calloc(1, sizeof *r);
    FitOptions own = *o;
    Err err = ERR_INIT;
    if (!r || y->s->n == SENSITIVITY_MAX) {
        free(r);
        return;
    }
    own.bootstrap = 0;
    own.has_all_intervals = false;
    own.form = y->fit->form;
    *f = (SensitivityFit){.n = data->n, .is_refused = true};
    (void)snprintf(f->name, sizeof f->name, "%s", name);
    y->s->n++;
    f->is_refused = fit_run(&own, data, r, &err) != ERR_OK;
    (void)snprintf(f->why, sizeof f->why, "%.199s", err.msg);
    for (size_t k = 0; k < fit_slots(y->fit); k++) {
        f->value[k] = f->is_refused || k >= fit_slots(r) ? (double)NAN : fit_slot(r, k)->value;
    }
    free(r);
}

static bool is_same_loss(const FitOptions *a, const FitLoss *loss, FitResidual residual)
{
    return a->loss.kind == loss->kind && a->residual == residual &&
           (loss->kind != FIT_HUBER || a->loss.delta == loss->delta);
}

static void losses(Study *y)
{
    static const struct {
        const char *name;
        FitLoss loss;
        FitResidual residual;
    } choice[] = {
        {"mse, log", {FIT_MSE, 0.0, 1.0}, FIT_LOG},
        {"huber:1e-3, log", {FIT_HUBER, 1e-3, 1.0}, FIT_LOG},
        {"huber:1e-2, log", {FIT_HUBER, 1e-2, 1.0}, FIT_LOG},
        {"l1, log", {FIT_L1, 0.0, 1.0}, FIT_LOG},
        {"mse, raw", {FIT_MSE, 0.0, 1.0}, FIT_RAW},
        {"huber:1e-3, raw", {FIT_HUBER, 1e-3, 1.0}, FIT_RAW},
        {"l1, raw", {FIT_L1, 0.0, 1.0}, FIT_RAW},
    };
    for (size_t i = 0; i < sizeof choice / sizeof choice[0]; i++) {
        FitOptions o = *y->o;
        if (!is_same_loss(&o, &choice[i].loss, choice[i].residual)) {
            o.loss = choice[i].loss;
            o.residual = choice[i].residual;
            add_fit(y, choice[i].name, &o, y->data);
        }
    }
}

static ErrCode add_subset(Study *y, const char *name, Err *err)
{
    Subset part;
    size_t n = 0;
    for (size_t i = 0; i < y->data->n; i++) {
        n += y->keep[i] ? 1 : 0;
    }
    if (n == y->data->n || n == 0) {
        return ERR_OK; /* nothing is left out, or nothing is left */
    }
    ErrCode rc = subset_open(y->data, y->keep, &part, err);
    if (rc == ERR_OK) {
        add_fit(y, name, y->o, &part.data);
        subset_release(&part);
    }
    return rc;
}

/* Without the k highest losses (ties with the k-th stay). */
static ErrCode without_highest(Study *y, Err *err)
{
    static const size_t count[] = {1, 5, 10};
    const double *loss = y->data->loss;
    double *sorted = calloc(y->data->n + 1, sizeof *sorted);
    ErrCode rc = sorted ? ERR_OK : err_nomem(err, "losses");
    if (rc == ERR_OK && loss) {
        memcpy(sorted, loss, y->data->n * sizeof *loss);
        qsort(sorted, y->data->n, sizeof *sorted, order_f64);
    }
    for (size_t c = 0; c < 3 && rc == ERR_OK && loss; c++) {
        char name[48];
        if (count[c] * 4 > y->data->n) {
            break;
        }
        for (size_t i = 0; i < y->data->n; i++) {
            y->keep[i] = loss[i] <= sorted[y->data->n - 1 - count[c]];
        }
        (void)snprintf(name, sizeof name,
                       count[c] == 1 ? "without the highest loss"
                                     : "without the %zu highest losses",
                       count[c]);
        rc = add_subset(y, name, err);
    }
    free(sorted);
    return rc;
}

static ErrCode without_early(Study *y, Err *err)
{
    static const double share[] = {0.10, 0.25, 0.50};
    const FitData *data = y->data;
    if (data->n_runs == 0 || data->n_runs == data->n || !data->tokens) {
        return ERR_OK;
    }
    double *last = calloc(data->n_runs, sizeof *last);
    ErrCode rc = last ? ERR_OK : err_nomem(err, "runs");
    for (size_t i = 0; rc == ERR_OK && i < data->n; i++) {
        last[data->run[i]] = fmax(last[data->run[i]], data->tokens[i]);
    }
    for (size_t c = 0; c < 3 && rc == ERR_OK; c++) {
        char name[48];
        for (size_t i = 0; i < data->n; i++) {
            y->keep[i] = data->tokens[i] >= share[c] * last[data->run[i]];
        }
        (void)snprintf(name, sizeof name, "without the first %.0f %% of each run",
                       100.0 * share[c]);
        rc = add_subset(y, name, err);
    }
    free(last);
    return rc;
}

static ErrCode without_smallest(Study *y, Err *err)
{
    Levels l;
    if (!y->data->params) {
        return ERR_OK;
    }
    ErrCode rc = levels_make(y->data->params, y->data->n, &l, err);
    if (rc != ERR_OK) {
        return rc;
    }
    for (size_t i = 0; i < y->data->n; i++) {
        y->keep[i] = l.of[i] > 0;
    }
    rc = add_subset(
        y, l.is_classes ? "without the smallest tenth of ln N" : "without the smallest size", err);
    levels_release(&l);
    return rc;
}

static void with_embeddings(Study *y, const double *n_total)
{
    FitData data = *y->data;
    bool has_n = false;
    for (size_t k = 0; k < form_columns(y->fit->form); k++) {
        has_n = has_n || y->fit->form->input[k] == FORM_N;
    }
    if (n_total && has_n) {
        data.params = n_total;
        add_fit(y, "N with embeddings", y->o, &data);
    }
}

static void judge(Study *y)
{
    Sensitivity *s = y->s;
    for (size_t k = 0; k < fit_slots(y->fit); k++) {
        const FitValue *v = fit_slot(y->fit, k);
        double half = 0.5 * (v->hi - v->lo);
        s->shift[k] = isfinite(half) && half > 0.0 ? 0.0 : (double)NAN;
        for (size_t i = 1; i < s->n && isfinite(s->shift[k]); i++) {
            double shift = (s->fit[i].value[k] - v->value) / half;
            if (isfinite(shift) && fabs(shift) > fabs(s->shift[k])) {
                s->shift[k] = shift;
                s->worst[k] = i;
            }
            s->is_outside[k] =
                s->is_outside[k] || s->fit[i].value[k] < v->lo || s->fit[i].value[k] > v->hi;
        }
    }
}

ErrCode sensitivity_run(const FitOptions *o, const FitData *data, const double *n_total,
                        FitResult *fit, Sensitivity *ret, Err *err)
{
    Sensitivity s = {.fit = calloc(SENSITIVITY_MAX, sizeof *s.fit)};
    Study y = {.o = o, .data = data, .fit = fit, .s = &s};
    ErrCode rc = ERR_OK;
    y.keep = calloc(data->n + 1, sizeof *y.keep);
    if (!s.fit || !y.keep) {
        rc = err_nomem(err, "sensitivity");
        goto done;
    }
    s.n_shown = influence_shown(fit, s.shown);
    s.fit[0] = (SensitivityFit){.name = "as asked", .n = data->n};
    for (size_t k = 0; k < fit_slots(fit); k++) {
        s.fit[0].value[k] = fit_slot(fit, k)->value;
    }
    s.n = 1;
    losses(&y);
    TRY(without_highest(&y, err));
    TRY(without_early(&y, err));
    TRY(without_smallest(&y, err));
    with_embeddings(&y, n_total);
    judge(&y);
done:
    free(y.keep);
    return ERR_GIVE(rc, s, ret, sensitivity_release);
}

void sensitivity_release(Sensitivity *s)
{
    free(s->fit);
    *s = (Sensitivity){0};
}

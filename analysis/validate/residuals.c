#include "analysis/validate/residuals.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/validate/rival.h"
#include "common/order.h"

/* Observations in an order: by a key, then by N, D and the residual itself, so that the order of the
 * source decides nothing. */
typedef struct Ranked {
    double key[4];
    size_t at;
} Ranked;

static int by_rank(const void *a, const void *b)
{
    const Ranked *x = a, *y = b;
    for (size_t k = 0; k < 4; k++) {
        if (x->key[k] != y->key[k]) {
            return x->key[k] < y->key[k] ? -1 : 1;
        }
    }
    return ORDER(x->at, y->at);
}

static Ranked *rank(const FitData *data, const double *first, const double *e)
{
    Ranked *r = calloc(data->n + 1, sizeof *r);
    for (size_t i = 0; r && i < data->n; i++) {
        r[i] = (Ranked){{first[i], data->params ? data->params[i] : 0.0,
                         data->tokens ? data->tokens[i] : 0.0, e[i]},
                        i};
    }
    if (r) {
        qsort(r, data->n, sizeof *r, by_rank);
    }
    return r;
}

static ErrCode fill(const FitData *data, const FitResult *fit, Residuals *r, Err *err)
{
    const double *response = fit_data_response(data, fit->form->response);
    for (size_t i = 0; i < data->n; i++) {
        double inputs[FORM_MAX_INPUTS];
        if (!response || !rival_inputs(fit->form, data, i, inputs)) {
            return err_set(err, ERR_INVALID, "the observations lack an input of %s",
                           fit->form->name);
        }
        double law = fit_predict(fit, inputs);
        r->e[i] = fit->residual == FIT_LOG ? log(law / response[i]) : law - response[i];
        if (fabs(r->e[i]) > r->largest) {
            r->largest = fabs(r->e[i]);
            r->at_largest = i;
        }
    }
    return ERR_OK;
}

static ErrCode fill_bins(const double *x, const Residuals *r, ResidualTrend *t, Err *err)
{
    Levels l;
    ErrCode rc = levels_make(x, r->n, &l, err);
    if (rc != ERR_OK) {
        return rc;
    }
    double *part = calloc(r->n + 1, sizeof *part);
    t->n_bins = part ? l.n : 0;
    for (size_t k = 0; k < t->n_bins; k++) {
        size_t n = 0;
        for (size_t i = 0; i < r->n; i++) {
            if (l.of[i] == k) {
                part[n++] = r->e[i];
            }
        }
        t->bin[k] = (ResidualBin){l.lo[k], l.hi[k], n, stats_mean(part, n), stats_sd(part, n)};
    }
    rc = part ? ERR_OK : err_nomem(err, "bins");
    free(part);
    levels_release(&l);
    return rc;
}

static ErrCode fill_order(const FitData *data, const double *x, const Residuals *r,
                          ResidualTrend *t, Err *err)
{
    Ranked *order = rank(data, x, r->e);
    double *sorted = calloc(r->n + 1, sizeof *sorted);
    ErrCode rc = order && sorted ? ERR_OK : err_nomem(err, "order");
    for (size_t i = 0; rc == ERR_OK && i < r->n; i++) {
        sorted[i] = r->e[order[i].at];
    }
    if (rc == ERR_OK) {
        rc = stats_order(sorted, r->n, &t->order, err);
    }
    free(order);
    free(sorted);
    return rc;
}

static bool is_positive(const double *x, size_t n)
{
    for (size_t i = 0; x && i < n; i++) {
        if (!(x[i] > 0.0 && isfinite(x[i]))) {
            return false;
        }
    }
    return x != NULL;
}

static ErrCode add_trend(const FitData *data, FormInput input, const double *x, double *ln_x,
                         Residuals *r, Err *err)
{
    ResidualTrend *t = &r->trend[r->n_trends];
    const StatsSlope none = {(double)NAN, (double)NAN, (double)NAN, (double)NAN};
    bool has_runs = data->n_runs > 1 && data->n_runs < data->n;
    ErrCode rc = ERR_OK;
    if (!is_positive(x, r->n)) {
        return ERR_OK;
    }
    *t = (ResidualTrend){.input = input, .clustered = none};
    for (size_t i = 0; i < r->n; i++) {
        ln_x[i] = log(x[i]);
    }
    TRY(fill_bins(x, r, t, err));
    TRY(stats_slope(ln_x, r->e, r->n, NULL, 0, &t->slope, err));
    if (has_runs) {
        TRY(stats_slope(ln_x, r->e, r->n, data->run, data->n_runs, &t->clustered, err));
    }
    TRY(fill_order(data, x, r, t, err));
    r->n_trends++;
done:
    return rc;
}

/* Correlation of each residual with the next one of its run, in the order of D. */
static ErrCode fill_lag(const FitData *data, Residuals *r, Err *err)
{
    r->lag1 = (double)NAN;
    if (data->n_runs == 0 || !data->tokens) {
        return ERR_OK;
    }
    double *pair = calloc(2 * r->n + 1, sizeof *pair);
    Ranked *order = calloc(r->n + 1, sizeof *order);
    ErrCode rc = pair && order ? ERR_OK : err_nomem(err, "pairs");
    for (size_t i = 0; rc == ERR_OK && i < r->n; i++) {
        order[i] = (Ranked){{(double)data->run[i], data->tokens[i], r->e[i], 0.0}, i};
    }
    if (rc == ERR_OK) {
        qsort(order, r->n, sizeof *order, by_rank);
        for (size_t i = 0; i + 1 < r->n; i++) {
            if (order[i].key[0] == order[i + 1].key[0]) {
                pair[r->n_pairs] = r->e[order[i].at];
                pair[r->n + r->n_pairs++] = r->e[order[i + 1].at];
            }
        }
        r->lag1 = stats_correlation(pair, pair + r->n, r->n_pairs);
    }
    free(pair);
    free(order);
    return rc;
}

static ErrCode fill_variance(const FitData *data, const FitResult *fit, Residuals *r, Err *err)
{
    size_t n_inputs = form_columns(fit->form), n = r->n;
    double *column = calloc(n_inputs * n + 1, sizeof *column);
    const double *x[STATS_MAX_INPUTS] = {NULL};
    if (!column) {
        return err_nomem(err, "inputs");
    }
    for (size_t k = 0; k < n_inputs; k++) {
        const double *from = fit_data_input(data, fit->form->input[k]);
        for (size_t i = 0; i < n; i++) {
            column[k * n + i] = form_is_linear_input(fit->form->input[k]) ? from[i] : log(from[i]);
        }
        x[k] = column + k * n;
    }
    r->variance = stats_variance(r->e, x, n_inputs, n);
    free(column);
    return ERR_OK;
}

ErrCode residuals_run(const FitData *data, const FitResult *fit, Residuals *ret, Err *err)
{
    Residuals *r = ret;
    *ret = (Residuals){.n = data->n, .icc = (double)NAN, .effective = (double)NAN};
    double *scratch = calloc(data->n + 1, sizeof *scratch), skewness, kurtosis;
    ErrCode rc = ERR_OK;
    r->e = calloc(data->n + 1, sizeof *r->e);
    if (!scratch || !r->e) {
        rc = err_nomem(err, "residuals");
        goto done;
    }
    TRY(fill(data, fit, r, err));
    r->mean = stats_mean(r->e, r->n);
    r->sd = stats_sd(r->e, r->n);
    memcpy(scratch, r->e, r->n * sizeof *r->e);
    r->median = stats_median(scratch, r->n);
    r->normality = stats_normality(r->e, r->n, &skewness, &kurtosis);
    r->skewness = skewness;
    r->kurtosis = kurtosis;
    TRY(add_trend(data, FORM_N, data->params, scratch, r, err));
    TRY(add_trend(data, FORM_D, data->tokens, scratch, r, err));
    TRY(add_trend(data, FORM_C, data->flops, scratch, r, err));
    TRY(fill_variance(data, fit, r, err));
    TRY(fill_lag(data, r, err));
    if (data->n_runs > 1 && data->n_runs < data->n) {
        TRY(stats_clusters(r->e, r->n, data->run, data->n_runs, &r->icc, &r->effective, err));
    }
done:
    free(scratch);
    if (rc != ERR_OK) {
        residuals_release(ret);
    }
    return rc;
}

void residuals_release(Residuals *r)
{
    free(r->e);
    *r = (Residuals){0};
}

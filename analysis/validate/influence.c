#include "analysis/validate/influence.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/fit/bootstrap.h"
#include "analysis/validate/rival.h"
#include "common/order.h"

/* A unit that moves a value by more than this many standard errors is marked. */
#define MARKED 1.0

static bool is_in(const char *name, const char *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(name, list[i]) == 0) {
            return true;
        }
    }
    return false;
}

size_t influence_shown(FitResult *r, size_t ret[FIT_MAX_VALUES])
{
    static const char *const others[] = {"a", "N_opt", "L_opt", "tokens_per_parameter"};
    size_t n = 0;
    for (size_t k = 0; k < fit_slots(r); k++) {
        bool is_param = k < r->n_params;
        const FormParam *q = is_param ? &r->form->param[k] : NULL;
        bool is_free = is_param && !r->fix.is_fixed[k];
        bool is_few = r->n_params <= 2;
        if (is_param ? is_free && (is_few || q->kind != FORM_COEFFICIENT || q->may_vanish)
                     : is_in(fit_slot(r, k)->name, others, 4)) {
            ret[n++] = k;
        }
    }
    return n;
}

double influence_change(const Influence *x, FitResult *fit, size_t unit, size_t slot)
{
    return (x->value[unit * x->width + slot] - fit_slot(fit, slot)->value) / x->se[slot];
}

/* sqrt((G-1)/G sum (v_g - mean)^2) over the units that have a law without them. */
static double jackknife(const double *value, size_t n, size_t width)
{
    double sum = 0.0, squares = 0.0, count = 0.0;
    for (size_t u = 0; u < n; u++) {
        double v = value[u * width];
        if (isfinite(v)) {
            sum += v;
            count += 1.0;
        }
    }
    for (size_t u = 0; u < n; u++) {
        double d = value[u * width] - sum / count;
        squares += isfinite(d) ? d * d : 0.0;
    }
    return count < 3.0 ? (double)NAN : sqrt((count - 1.0) / count * squares);
}

/* sum (prediction - prediction without)^2 of the observations, in the residual's scale. */
static double moved(const FitData *data, const FitResult *fit, const double *without)
{
    double sum = 0.0;
    for (size_t i = 0; i < data->n; i++) {
        double inputs[FORM_MAX_INPUTS];
        if (rival_inputs(fit->form, data, i, inputs)) {
            double a = fit_predict(fit, inputs), b = form_loss(fit->form, without, inputs);
            double d = fit->residual == FIT_LOG ? log(b / a) : b - a;
            sum += d * d;
        }
    }
    return sum;
}

static void judge(const FitData *data, FitResult *fit, double scale, Influence *x, size_t u)
{
    InfluenceUnit *unit = &x->unit[u];
    double most = -1.0;
    unit->unit = u;
    unit->is_refused = !isfinite(x->value[u * x->width]);
    if (unit->is_refused) {
        unit->distance = (double)NAN;
        x->n_refused++;
        return;
    }
    unit->distance = moved(data, fit, x->value + u * x->width) / scale;
    for (size_t k = 0; k < x->n_shown; k++) {
        double change = fabs(influence_change(x, fit, u, x->shown[k]));
        if (change > most) {
            most = change;
            unit->most = x->shown[k];
        }
    }
    unit->is_marked = most > MARKED || unit->distance > MARKED;
    x->n_marked += unit->is_marked ? 1 : 0;
}

static int by_distance(const void *a, const void *b)
{
    const InfluenceUnit *x = a, *y = b;
    double p = x->is_refused ? (double)INFINITY : x->distance;
    double q = y->is_refused ? (double)INFINITY : y->distance;
    int order = ORDER(q, p);
    return order ? order : ORDER(x->unit, y->unit);
}

/* Rows of values in the order of the units. */
static ErrCode reorder(Influence *x, Err *err)
{
    double *sorted = calloc(x->n * x->width + 1, sizeof *sorted);
    if (!sorted) {
        return err_nomem(err, "influence");
    }
    qsort(x->unit, x->n, sizeof *x->unit, by_distance);
    for (size_t u = 0; u < x->n; u++) {
        memcpy(sorted + u * x->width, x->value + x->unit[u].unit * x->width,
               x->width * sizeof *sorted);
    }
    free(x->value);
    x->value = sorted;
    return ERR_OK;
}

/* n - p and the residuals' variance, by the fit's own residual. */
static double cook_scale(const FitResult *fit)
{
    double p = 0.0, n = (double)fit->n;
    double rms = fit->residual == FIT_LOG ? fit->rmse_log : fit->rmse;
    for (size_t k = 0; k < fit->n_params; k++) {
        p += fit->fix.is_fixed[k] ? 0.0 : 1.0;
    }
    return p * n * rms * rms / (n - p);
}

static ErrCode leave_out(const FitOptions *o, const FitData *data, const FitResult *fit,
                         Influence *x, Err *err)
{
    FitProblem p;
    Solution best = {.objective = fit->objective, .certificate = fit->certificate};
    ErrCode rc = problem_open(&p, fit->form, o->loss, o->residual, &o->fix, NULL, data, err);
    if (rc != ERR_OK) {
        return rc;
    }
    memcpy(best.theta, fit->theta, sizeof best.theta);
    for (size_t k = 0; k < p.p; k++) {
        best.is_zero[k] = !p.is_fixed[k] && best.theta[k] == PROBLEM_LN_ZERO;
    }
    rc = bootstrap_leave_out(o, data, &p, &best, fit, &x->value, &x->n, err);
    problem_release(&p);
    return rc;
}

static ErrCode fill(const FitData *data, FitResult *fit, Influence *x, Err *err)
{
    size_t shown[FIT_MAX_VALUES];
    x->n_shown = influence_shown(fit, shown);
    x->unit = calloc(x->n + 1, sizeof *x->unit);
    x->se = calloc(x->width + 1, sizeof *x->se);
    x->shown = calloc(x->n_shown + 1, sizeof *x->shown);
    if (!x->unit || !x->se || !x->shown) {
        return err_nomem(err, "influence");
    }
    memcpy(x->shown, shown, x->n_shown * sizeof *shown);
    for (size_t k = 0; k < x->width; k++) {
        double se = fit_slot(fit, k)->se;
        x->se[k] = isfinite(se) ? se : jackknife(x->value + k, x->n, x->width);
    }
    for (size_t u = 0; u < x->n; u++) {
        judge(data, fit, cook_scale(fit), x, u);
    }
    for (size_t i = 0; i < data->n; i++) {
        x->unit[x->is_by_run ? data->run[i] : i].n++;
    }
    return reorder(x, err);
}

ErrCode influence_run(const FitOptions *options, const FitData *data, FitResult *fit,
                      Influence *ret, Err *err)
{
    Influence x = {.width = fit_slots(fit)};
    FitOptions o = *options;
    o.form = fit->form;
    o.resampling = data->n_runs > 0 ? FIT_CLUSTERS : FIT_CASES;
    x.is_by_run = bootstrap_kind(&o, data) == FIT_CLUSTERS;
    if ((x.is_by_run ? data->n_runs : data->n) > INFLUENCE_MAX_UNITS) {
        return err_set(err, ERR_INVALID, "more than %d %s: none alone decides", INFLUENCE_MAX_UNITS,
                       x.is_by_run ? "runs" : "observations");
    }
    ErrCode rc = leave_out(&o, data, fit, &x, err);
    if (rc == ERR_OK) {
        rc = fill(data, fit, &x, err);
    }
    if (rc != ERR_OK) {
        influence_release(&x);
        return rc;
    }
    *ret = x;
    return ERR_OK;
}

void influence_release(Influence *x)
{
    free(x->shown);
    free(x->se);
    free(x->unit);
    free(x->value);
    *x = (Influence){0};
}

#include "analysis/validate/rival.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/order.h"
#include "common/rng.h"

bool rival_inputs(const Form *form, const FitData *data, size_t i, double *ret)
{
    for (size_t k = 0; k < form_columns(form); k++) {
        const double *column = fit_data_input(data, form->input[k]);
        if (!column || !isfinite(column[i])) {
            return false;
        }
        ret[k] = column[i] / (form->input_unit[k] > 0.0 ? form->input_unit[k] : 1.0);
    }
    return true;
}

/* ---- laws ---- */

static size_t free_params(const FitResult *r)
{
    size_t n = 0;
    for (size_t k = 0; k < r->n_params; k++) {
        n += r->fix.is_fixed[k] ? 0 : 1;
    }
    return n;
}

/* Residuals of the training points, measured against the law: ln L - ln L_law, or L - L_law. */
static ErrCode keep_noise(const FitData *data, Trained *t, Err *err)
{
    const FitResult *r = t->fit;
    const double *response = fit_data_response(data, r->form->response);
    double n = (double)data->n, p = (double)free_params(r);
    double wider = n > p ? sqrt(n / (n - p)) : 1.0;
    t->noise = calloc(data->n + 1, sizeof *t->noise);
    t->law = calloc(t->draws.n + 1, sizeof *t->law);
    t->point = calloc(t->draws.n + 1, sizeof *t->point);
    if (!t->noise || !t->law || !t->point) {
        return err_nomem(err, "residuals");
    }
    for (size_t i = 0; i < data->n; i++) {
        double inputs[FORM_MAX_INPUTS];
        if (rival_inputs(r->form, data, i, inputs)) {
            double law = fit_predict(r, inputs);
            t->noise[t->n_noise++] =
                wider * (r->residual == FIT_LOG ? log(response[i] / law) : response[i] - law);
        }
    }
    qsort(t->noise, t->n_noise, sizeof *t->noise, order_f64);
    return ERR_OK;
}

static ErrCode train_law(const Rival *rival, const Subset *known, Trained *t, Err *err)
{
    t->fit = calloc(1, sizeof *t->fit);
    if (!t->fit) {
        return err_nomem(err, "fit");
    }
    t->seed = rival->options.seed;
    ErrCode rc = fit_draws(&rival->options, &known->data, t->fit, &t->draws, err);
    return rc == ERR_OK ? keep_noise(&known->data, t, err) : rc;
}

ErrCode trained_at(const Trained *t, const double *inputs, Prediction *ret, Err *err)
{
    const FitResult *r = t->fit;
    const FitDraws *d = &t->draws;
    FitInterval law, point;
    size_t n = 0;
    *ret = PREDICTION_NONE;
    ret->value = fit_predict(r, inputs);
    for (size_t k = 0; k < d->n && t->n_noise > 0; k++) {
        double value = form_loss(r->form, fit_draw(d, k), inputs);
        uint64_t at = rng_u64(t->seed, rng_stream(RNG_BOOTSTRAP, UINT32_MAX), k) % t->n_noise;
        if (isfinite(value)) {
            t->law[n] = value;
            t->point[n++] =
                r->residual == FIT_LOG ? value * exp(t->noise[at]) : value + t->noise[at];
        }
    }
    ErrCode rc = ERR_OK;
    TRY(fit_draws_interval(t->law, n, d->tail, &law, err));
    TRY(fit_draws_interval(t->point, n, d->tail, &point, err));
    ret->law_lo = law.lo;
    ret->law_hi = law.hi;
    ret->meas_lo = point.lo;
    ret->meas_hi = point.hi;
done:
    return rc;
}

/* ---- rules of thumb ---- */

/* The neighbours in y of a value, within one level. */
typedef struct Neighbours {
    size_t below, above; /* n of the whole: there is none */
} Neighbours;

static bool is_closer(const RivalView *v, size_t i, size_t than, bool is_above)
{
    if (than == v->whole->n) {
        return true;
    }
    if (v->y[i] != v->y[than]) {
        return is_above ? v->y[i] < v->y[than] : v->y[i] > v->y[than];
    }
    return v->response[i] < v->response[than];
}

static Neighbours neighbours(const RivalView *v, size_t level, double y)
{
    Neighbours n = {v->whole->n, v->whole->n};
    for (size_t i = 0; i < v->whole->n; i++) {
        if (!v->is_known[i] || v->levels->of[i] != level) {
            continue;
        }
        if (v->y[i] <= y && is_closer(v, i, n.below, false)) {
            n.below = i;
        }
        if (v->y[i] >= y && is_closer(v, i, n.above, true)) {
            n.above = i;
        }
    }
    return n;
}

/* The one of least distance in ln y; n of the whole when no y can be compared. */
static size_t nearest(const RivalView *v, size_t level, double y)
{
    Neighbours n = neighbours(v, level, y);
    if (n.below == v->whole->n || n.above == v->whole->n) {
        return n.below == v->whole->n ? n.above : n.below;
    }
    return y / v->y[n.below] <= v->y[n.above] / y ? n.below : n.above;
}

/* ln x and ln response of a level at y: linear in ln y between neighbours, the end beyond them. */
static void level_at(const RivalView *v, size_t level, double y, double *ret_x, double *ret_r)
{
    Neighbours n = neighbours(v, level, y);
    if (n.below == v->whole->n || n.above == v->whole->n || v->y[n.below] == v->y[n.above]) {
        size_t i = nearest(v, level, y);
        *ret_x = i < v->whole->n ? log(v->x[i]) : (double)NAN;
        *ret_r = i < v->whole->n ? log(v->response[i]) : (double)NAN;
        return;
    }
    double t = log(y / v->y[n.below]) / log(v->y[n.above] / v->y[n.below]);
    *ret_x = (1.0 - t) * log(v->x[n.below]) + t * log(v->x[n.above]);
    *ret_r = (1.0 - t) * log(v->response[n.below]) + t * log(v->response[n.above]);
}

static ErrCode find_levels(const Rival *rival, const RivalView *v, Trained *t, Err *err)
{
    bool has[LEVELS_MAX] = {false};
    for (size_t i = 0; i < v->whole->n; i++) {
        has[v->levels->of[i]] = has[v->levels->of[i]] || v->is_known[i];
    }
    for (size_t level = 0; level < v->levels->n; level++) {
        if (has[level]) {
            t->level[0] = t->level[1];
            t->level[1] = level;
            t->n_levels++;
        }
    }
    if (t->n_levels < (rival->kind == RIVAL_LINE ? 2u : 1u)) {
        return err_set(err, ERR_NUMERIC, "%s needs two levels to learn from", rival->name);
    }
    return ERR_OK;
}

static double rule_of_thumb(const Trained *t, const RivalView *v, size_t i)
{
    double x[2], r[2];
    if (t->rival->kind == RIVAL_NEAREST) {
        size_t at = nearest(v, t->level[1], v->y[i]);
        return at < v->whole->n ? v->response[at] : (double)NAN;
    }
    for (int k = 0; k < 2; k++) {
        level_at(v, t->level[k], v->y[i], &x[k], &r[k]);
    }
    double slope = (r[1] - r[0]) / (x[1] - x[0]);
    return exp(r[1] + slope * (log(v->x[i]) - x[1]));
}

/* ---- both ---- */

ErrCode trained_open(const Rival *rival, const RivalView *view, const Subset *known, Trained *ret,
                     Err *err)
{
    Trained t = {.rival = rival};
    ErrCode rc = rival->kind == RIVAL_LAW ? train_law(rival, known, &t, err)
                                          : find_levels(rival, view, &t, err);
    if (rc != ERR_OK) {
        trained_release(&t);
        return rc;
    }
    *ret = t;
    return ERR_OK;
}

void trained_release(Trained *t)
{
    free(t->fit);
    free(t->noise);
    free(t->law);
    free(t->point);
    fit_draws_release(&t->draws);
    *t = (Trained){0};
}

ErrCode trained_predict(const Trained *t, const RivalView *view, size_t i, Prediction *ret,
                        Err *err)
{
    double inputs[FORM_MAX_INPUTS];
    *ret = PREDICTION_NONE;
    if (t->rival->kind != RIVAL_LAW) {
        double value = rule_of_thumb(t, view, i);
        ret->value = isfinite(value) && value > 0.0 ? value : (double)NAN;
        return ERR_OK;
    }
    return rival_inputs(t->fit->form, view->whole, i, inputs) ? trained_at(t, inputs, ret, err)
                                                              : ERR_OK;
}

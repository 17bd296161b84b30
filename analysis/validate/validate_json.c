/* The JSON of a validation.  Field names are a contract: docs/validation.md. */
#include <math.h>

#include "analysis/validate/validate.h"

static void set_real(json_t *obj, const char *key, double x)
{
    (void)json_object_set_new(obj, key, isfinite(x) ? json_real(x) : json_null());
}

static void set_count(json_t *obj, const char *key, size_t n)
{
    (void)json_object_set_new(obj, key, json_integer((json_int_t)n));
}

static void set_text(json_t *obj, const char *key, const char *s)
{
    (void)json_object_set_new(obj, key, json_string(s));
}

static json_t *interval(double lo, double hi)
{
    return isfinite(lo) && isfinite(hi) ? json_pack("[ff]", lo, hi) : json_null();
}

/* ---- hold-out ---- */

static json_t *score_json(const HoldoutScore *s)
{
    json_t *o = json_object();
    set_count(o, "n", s->n);
    set_real(o, "mean_abs_error", s->mae);
    set_real(o, "bias", s->bias);
    set_real(o, "rmse", s->rmse);
    set_real(o, "c_factor", s->c_factor);
    set_count(o, "intervals", s->n_intervals);
    set_count(o, "covered", s->covered);
    set_count(o, "law_covered", s->law_covered);
    return o;
}

static json_t *point_json(const Validation *v, size_t k)
{
    const Holdout *h = &v->holdout;
    const FitData *data = &v->group->data;
    const HoldoutPoint *p = &h->point[k];
    const double *response = fit_data_response(data, v->form->response);
    json_t *o = json_object(), *predicted = json_object();
    set_count(o, "split", p->split);
    set_count(o, "ahead", p->ahead);
    set_real(o, "c_factor", p->c_factor);
    set_real(o, "N", data->params[p->at]);
    set_real(o, "D", data->tokens[p->at]);
    set_real(o, "C", data->flops ? data->flops[p->at] : (double)NAN);
    if (data->n_runs > 0) {
        set_text(o, "run", v->group->run_name[data->run[p->at]]);
    }
    set_real(o, "measured", response[p->at]);
    for (size_t r = 0; r < h->n_rivals; r++) {
        const Prediction *q = &h->prediction[k * h->n_rivals + r];
        if (!isfinite(q->value)) {
            continue;
        }
        json_t *one = json_object();
        set_real(one, "value", q->value);
        set_real(one, "error", holdout_error(h, data, k, r));
        set_real(one, "difference", q->value - response[p->at]);
        if (isfinite(q->meas_lo)) {
            (void)json_object_set_new(one, "law", interval(q->law_lo, q->law_hi));
            (void)json_object_set_new(one, "interval", interval(q->meas_lo, q->meas_hi));
            (void)json_object_set_new(
                one, "covers",
                json_boolean(response[p->at] >= q->meas_lo && response[p->at] <= q->meas_hi));
        }
        (void)json_object_set_new(predicted, h->rival[r].name, one);
    }
    (void)json_object_set_new(o, "predicted", predicted);
    return o;
}

static json_t *split_json(const Holdout *h, const HoldoutSplit *s)
{
    json_t *o = json_object(), *refused = json_object();
    set_count(o, "levels", s->levels);
    set_real(o, "up_to", s->hi);
    set_real(o, "largest_c", s->hi_c);
    set_count(o, "n", s->n_train);
    for (size_t r = 0; r < h->n_rivals; r++) {
        if (s->is_refused[r]) {
            set_text(refused, h->rival[r].name, s->why[r]);
        }
    }
    (void)json_object_set_new(o, "refused", refused);
    return o;
}

static json_t *holdout_json(const Validation *v)
{
    const Holdout *h = &v->holdout;
    json_t *o = json_object(), *splits = json_array(), *points = json_array();
    json_t *summary = json_object(), *horizon = json_array();
    set_text(o, "by", holdout_by_name(h->by));
    set_count(o, "levels", h->levels.n);
    set_count(o, "undetermined", h->n_undetermined);
    for (size_t k = 0; k < h->n_splits; k++) {
        (void)json_array_append_new(splits, split_json(h, &h->split[k]));
    }
    for (size_t k = 0; k < h->n_points; k++) {
        (void)json_array_append_new(points, point_json(v, k));
    }
    for (size_t r = 0; r < h->n_rivals; r++) {
        (void)json_object_set_new(summary, h->rival[r].name, score_json(&h->total[r]));
    }
    for (size_t k = 0; k < LEVELS_MAX; k++) {
        json_t *laws = json_object();
        for (size_t r = 0; h->ahead[0][k].n > 0 && r < h->n_rivals; r++) {
            (void)json_object_set_new(laws, h->rival[r].name, score_json(&h->ahead[r][k]));
        }
        if (json_object_size(laws) > 0) {
            (void)json_array_append_new(
                horizon, json_pack("{s:I, s:o}", "ahead", (json_int_t)k + 1, "laws", laws));
        } else {
            json_decref(laws);
        }
    }
    (void)json_object_set_new(o, "summary", summary);
    (void)json_object_set_new(o, "horizon", horizon);
    (void)json_object_set_new(o, "splits", splits);
    (void)json_object_set_new(o, "points", points);
    return o;
}

static json_t *laws_json(const Validation *v)
{
    json_t *all = json_array();
    for (size_t i = 0; i < v->n_laws; i++) {
        const ValidateLaw *law = &v->law[i];
        const HoldoutScore *s = &v->holdout.common[law->rival];
        json_t *o = json_object();
        set_text(o, "law", v->holdout.rival[law->rival].name);
        (void)json_object_set_new(o, "asked", json_boolean(v->holdout.rival[law->rival].is_asked));
        set_count(o, "parameters", law->n_params);
        set_real(o, "aic", law->aic);
        set_real(o, "bic", law->bic);
        set_real(o, "rmse_log", law->rmse_log);
        set_count(o, "n", s->n);
        set_real(o, "mean_abs_error", s->mae);
        set_real(o, "bias", s->bias);
        (void)json_object_set_new(o, "best", json_boolean(i == v->best));
        (void)json_object_set_new(
            o, "worse_than_best",
            json_pack(
                "{s:o, s:o, s:o, s:I}", "mean",
                isfinite(law->against_best.mean) ? json_real(law->against_best.mean) : json_null(),
                "se",
                isfinite(law->against_best.se) ? json_real(law->against_best.se) : json_null(), "p",
                isfinite(law->against_best.p) ? json_real(law->against_best.p) : json_null(), "n",
                (json_int_t)law->against_best.n));
        (void)json_array_append_new(all, o);
    }
    return all;
}

static json_t *chain_json(const Validation *v)
{
    json_t *o = json_object(), *points = json_array(), *params = json_object();
    set_text(o, "law", v->chain_fit->form->name);
    for (size_t k = 0; k < v->chain_fit->n_params; k++) {
        set_real(params, v->chain_fit->param[k].name, v->chain_fit->param[k].value);
    }
    (void)json_object_set_new(o, "params", params);
    set_count(o, "n", v->chain_fit->n);
    for (size_t k = 0; k < v->n_chained; k++) {
        const ValidateChained *c = &v->chained[k];
        json_t *p = json_object();
        set_real(p, "N", v->group->data.params[c->at]);
        set_real(p, "D", v->group->data.tokens[c->at]);
        set_real(p, "loss", c->loss);
        set_real(p, "measured", c->measured);
        set_real(p, "value", c->value);
        set_real(p, "error", c->value / c->measured - 1.0);
        (void)json_array_append_new(points, p);
    }
    (void)json_object_set_new(o, "points", points);
    return o;
}

/* ---- influence, sensitivity, residuals ---- */

static json_t *influence_json(const Validation *v)
{
    const Influence *x = &v->influence;
    json_t *o = json_object(), *units = json_array(), *se = json_object();
    set_text(o, "unit", x->is_by_run ? "run" : "point");
    set_count(o, "units", x->n);
    set_count(o, "marked", x->n_marked);
    set_count(o, "refused", x->n_refused);
    for (size_t k = 0; k < x->n_shown; k++) {
        set_real(se, fit_slot(v->fit, x->shown[k])->name, x->se[x->shown[k]]);
    }
    (void)json_object_set_new(o, "se", se);
    for (size_t u = 0; u < x->n; u++) {
        const InfluenceUnit *unit = &x->unit[u];
        const FitData *data = &v->group->data;
        json_t *one = json_object(), *values = json_object(), *changes = json_object();
        if (x->is_by_run) {
            set_text(one, "run", v->group->run_name[unit->unit]);
        } else {
            set_real(one, "N", data->params ? data->params[unit->unit] : (double)NAN);
            set_real(one, "D", data->tokens ? data->tokens[unit->unit] : (double)NAN);
        }
        set_count(one, "n", unit->n);
        for (size_t k = 0; k < x->n_shown; k++) {
            const char *name = fit_slot(v->fit, x->shown[k])->name;
            set_real(values, name, x->value[u * x->width + x->shown[k]]);
            set_real(changes, name, influence_change(x, v->fit, u, x->shown[k]));
        }
        (void)json_object_set_new(one, "without", values);
        (void)json_object_set_new(one, "change", changes);
        set_real(one, "cook", unit->distance);
        (void)json_object_set_new(one, "influential", json_boolean(unit->is_marked));
        (void)json_array_append_new(units, one);
    }
    (void)json_object_set_new(o, "without", units);
    return o;
}

static json_t *sensitivity_json(const Validation *v)
{
    const Sensitivity *s = &v->sensitivity;
    json_t *o = json_object(), *choices = json_array(), *spread = json_object();
    for (size_t i = 0; i < s->n; i++) {
        json_t *one = json_object(), *values = json_object();
        set_text(one, "choice", s->fit[i].name);
        set_count(one, "n", s->fit[i].n);
        (void)json_object_set_new(one, "refused",
                                  s->fit[i].is_refused ? json_string(s->fit[i].why) : json_null());
        for (size_t k = 0; k < s->n_shown; k++) {
            set_real(values, fit_slot(v->fit, s->shown[k])->name, s->fit[i].value[s->shown[k]]);
        }
        (void)json_object_set_new(one, "values", values);
        (void)json_array_append_new(choices, one);
    }
    for (size_t k = 0; k < s->n_shown; k++) {
        size_t slot = s->shown[k];
        const FitValue *value = fit_slot(v->fit, slot);
        json_t *one = json_object();
        (void)json_object_set_new(one, "interval", interval(value->lo, value->hi));
        set_text(one, "choice", s->fit[s->worst[slot]].name);
        set_real(one, "shift", s->shift[slot]);
        (void)json_object_set_new(one, "outside", json_boolean(s->is_outside[slot]));
        (void)json_object_set_new(spread, value->name, one);
    }
    (void)json_object_set_new(o, "choices", choices);
    (void)json_object_set_new(o, "largest", spread);
    return o;
}

static json_t *slope_json(const StatsSlope *s)
{
    json_t *o = json_object();
    set_real(o, "slope", s->slope);
    set_real(o, "se", s->se);
    set_real(o, "t", s->t);
    set_real(o, "p", s->p);
    return o;
}

static json_t *test_json(const StatsTest *t)
{
    json_t *o = json_object();
    set_real(o, "statistic", t->statistic);
    set_real(o, "p", t->p);
    return o;
}

static json_t *trend_json(const ResidualTrend *t)
{
    json_t *o = json_object(), *bins = json_array();
    for (size_t b = 0; b < t->n_bins; b++) {
        json_t *one = json_object();
        set_real(one, "from", t->bin[b].lo);
        set_real(one, "to", t->bin[b].hi);
        set_count(one, "n", t->bin[b].n);
        set_real(one, "mean", t->bin[b].mean);
        set_real(one, "sd", t->bin[b].sd);
        (void)json_array_append_new(bins, one);
    }
    (void)json_object_set_new(o, "slope", slope_json(&t->slope));
    (void)json_object_set_new(o, "slope_by_run",
                              isfinite(t->clustered.t) ? slope_json(&t->clustered) : json_null());
    (void)json_object_set_new(o, "runs_test", test_json(&t->order));
    (void)json_object_set_new(o, "bins", bins);
    return o;
}

static json_t *residuals_json(const Validation *v)
{
    const Residuals *r = &v->residuals;
    json_t *o = json_object(), *by = json_object();
    set_count(o, "n", r->n);
    set_real(o, "mean", r->mean);
    set_real(o, "sd", r->sd);
    set_real(o, "median", r->median);
    set_real(o, "largest", r->largest);
    set_real(o, "skewness", r->skewness);
    set_real(o, "kurtosis", r->kurtosis);
    (void)json_object_set_new(o, "jarque_bera", test_json(&r->normality));
    (void)json_object_set_new(o, "breusch_pagan", test_json(&r->variance));
    set_real(o, "lag1", r->lag1);
    set_count(o, "pairs", r->n_pairs);
    set_real(o, "icc", r->icc);
    set_real(o, "effective_n", r->effective);
    for (size_t k = 0; k < r->n_trends; k++) {
        (void)json_object_set_new(by, form_input_name(r->trend[k].input), trend_json(&r->trend[k]));
    }
    (void)json_object_set_new(o, "by", by);
    return o;
}

/* ---- all ---- */

static void add_fit(json_t *o, FitResult *fit)
{
    json_t *values = json_object();
    for (size_t k = 0; k < fit_slots(fit); k++) {
        const FitValue *v = fit_slot(fit, k);
        json_t *one = json_object();
        set_real(one, "value", v->value);
        set_real(one, "se", v->se);
        set_real(one, "lo", v->lo);
        set_real(one, "hi", v->hi);
        (void)json_object_set_new(values, v->name, one);
    }
    (void)json_object_set_new(o, "values", values);
    set_real(o, "objective", fit->objective);
}

static json_t *group_json(const Validation *v)
{
    json_t *o = json_object();
    Buf text = BUF_INIT;
    set_text(o, "group", v->group->name);
    set_text(o, "law", v->form->name);
    set_text(o, "loss", fit_loss_name(v->options.loss.kind));
    set_real(o, "delta", v->options.loss.kind == FIT_HUBER ? v->options.loss.delta : (double)NAN);
    set_text(o, "residual", v->options.residual == FIT_LOG ? "log" : "raw");
    set_count(o, "n", v->group->data.n);
    set_count(o, "runs", v->group->data.n_runs);
    validate_sentences(v, &text);
    set_text(o, "conclusion", buf_str(&text));
    buf_release(&text);
    if (!v->is_refused && v->fit->form) {
        add_fit(o, v->fit);
    }
    const struct {
        bool is_there;
        const char *name;
        json_t *(*make)(const Validation *v);
    } part[] = {{v->has_holdout, "hold_out", holdout_json},
                {v->n_laws > 0, "laws", laws_json},
                {v->has_chain, "chain", chain_json},
                {v->has_influence, "influence", influence_json},
                {v->has_sensitivity, "sensitivity", sensitivity_json},
                {v->has_residuals, "residuals", residuals_json}};
    for (size_t i = 0; i < sizeof part / sizeof part[0]; i++) {
        if (part[i].is_there) {
            (void)json_object_set_new(o, part[i].name, part[i].make(v));
        }
    }
    return o;
}

static void add_refusal(json_t *refused, const Validation *v, const char *part, const Err *why)
{
    if (why->code != ERR_OK) {
        json_t *one = json_object();
        set_text(one, "group", v->group->name);
        set_text(one, "part", part);
        set_text(one, "reason", why->msg);
        (void)json_array_append_new(refused, one);
    }
}

json_t *validate_json(const ValidateReport *r)
{
    json_t *o = json_object(), *groups = json_array(), *refused = json_array();
    set_count(o, "schema", 1);
    set_text(o, "convention", obs_convention_name(r->obs->convention));
    for (size_t g = 0; g < r->obs->n_groups; g++) {
        const Validation *v = &r->validation[g];
        (void)json_array_append_new(groups, group_json(v));
        add_refusal(refused, v, "fit", &v->refusal);
        add_refusal(refused, v, "hold_out", &v->why_holdout);
        add_refusal(refused, v, "influence", &v->why_influence);
        add_refusal(refused, v, "residuals", &v->why_residuals);
        add_refusal(refused, v, "chain", &v->why_chain);
    }
    (void)json_object_set_new(o, "groups", groups);
    (void)json_object_set_new(o, "refused", refused);
    return o;
}

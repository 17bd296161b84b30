#include "analysis/report/provenance.h"

#include "common/json.h"

static void set(json_t *obj, const char *key, json_t *v)
{
    (void)json_object_set_new(obj, key, v);
}

static json_t *text_or_null(const char *s)
{
    return s ? json_string(s) : json_null();
}

static json_t *count(size_t n)
{
    return json_integer((json_int_t)n);
}

json_t *provenance_rows(const Obs *obs)
{
    json_t *rows = json_object();
    set(rows, "read", count(obs->n_read));
    set(rows, "used", count(obs->n_used));
    set(rows, "where", count(obs->n_where));
    set(rows, "other_tasks", count(obs->n_task));
    set(rows, "diverged", count(obs->n_diverged));
    set(rows, "early", count(obs->n_early));
    set(rows, "worse", count(obs->n_worse));
    return rows;
}

static json_t *texts(const char *const *item, size_t n)
{
    json_t *a = json_array();
    for (size_t i = 0; i < n; i++) {
        (void)json_array_append_new(a, json_string(item[i]));
    }
    return a;
}

/* The loss as --loss takes it; null: each law's own. */
static json_t *loss_option(const ReportPlan *p)
{
    if (!p->has_loss) {
        return json_null();
    }
    char delta[32], over[32];
    const char *name = fit_loss_name(p->loss.kind);
    json_number_text(p->loss.delta, delta);
    json_number_text(p->loss.over, over);
    switch (p->loss.kind) {
    case FIT_HUBER:
        return json_sprintf("%s:%s", name, delta);
    case FIT_ASYMMETRIC:
        return json_sprintf("%s:%s:%s", name, over, delta);
    case FIT_MSE:
    case FIT_L1:
        break;
    }
    return json_string(name);
}

static void add_plan(json_t *o, const ReportPlan *p)
{
    json_t *laws = json_array(), *fix = json_object(), *share = json_array(), *at = json_array();
    for (size_t i = 0; i < p->n_laws; i++) {
        (void)json_array_append_new(laws, json_string(p->law[i]->name));
    }
    for (size_t i = 0; i < p->n_fix; i++) {
        set(fix, p->fix[i].name, json_real(p->fix[i].value));
    }
    for (size_t i = 0; i < p->n_share; i++) {
        (void)json_array_append_new(share, json_string(p->share[i]));
    }
    for (size_t i = 0; i < p->n_at; i++) {
        (void)json_array_append_new(at, json_real(p->at[i]));
    }
    set(o, "law", laws);
    set(o, "loss", loss_option(p));
    set(o, "residual",
        p->has_residual ? json_string(p->residual == FIT_LOG ? "log" : "raw") : json_null());
    set(o, "fix", fix);
    set(o, "share", share);
    set(o, "at_flops", at);
    set(o, "starts", count(p->starts));
    set(o, "bootstrap", count(p->bootstrap));
    set(o, "resample", json_string(fit_resampling_name(p->resampling)));
    set(o, "intervals", json_boolean(p->has_all_intervals));
    set(o, "isoflop", json_boolean(p->has_isoflop));
    set(o, "window", count(p->isoflop_window));
    set(o, "threads", count(p->threads));
}

static void add_selection(json_t *o, const ObsOptions *s)
{
    set(o, "by", text_or_null(s->by));
    set(o, "where", texts(s->where, s->n_where));
    set(o, "map", texts(s->map, s->n_map));
    set(o, "best_per", text_or_null(s->best_per));
    set(o, "task", text_or_null(s->task));
    set(o, "final_only", json_boolean(s->is_final_only));
    set(o, "min_tokens", json_real(s->min_tokens));
    set(o, "skip_fraction", json_real(s->skip_fraction));
}

static json_t *input_json(const ObsSource *s)
{
    json_t *input = json_object();
    set(input, "sha256", json_string(s->frame.digest));
    set(input, "of", json_string(s->is_study ? "observations" : "file"));
    set(input, "rows", count(s->frame.n_rows));
    return input;
}

ErrCode provenance_add(json_t *obj, const Provenance *p, Err *err)
{
    json_t *options = json_object();
    add_plan(options, p->plan);
    add_selection(options, p->selected);
    set(options, "convention", json_string(obs_convention_name(p->obs->convention)));
    set(obj, "source", json_string(p->path));
    set(obj, "version", json_string(SLAW_VERSION));
    set(obj, "seed", json_integer((json_int_t)p->plan->seed));
    set(obj, "rows", provenance_rows(p->obs));
    set(obj, "input", input_json(p->source));
    set(obj, "options", options);
    return json_object_get(obj, "input") && json_object_get(obj, "options")
               ? ERR_OK
               : err_nomem(err, "provenance");
}

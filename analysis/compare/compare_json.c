/* The JSON of a comparison.  Field names are a contract: docs/compare.md. */
#include <math.h>

#include "analysis/compare/compare.h"
#include "analysis/compare/verdict.h"

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

static json_t *test_json(const NestedTest *t, const Err *refusal)
{
    json_t *obj = json_object();
    if (refusal) {
        (void)json_object_set_new(obj, "method", json_null());
        set_real(obj, "statistic", (double)NAN);
        set_real(obj, "p", (double)NAN);
        set_text(obj, "why", refusal->msg);
        return obj;
    }
    set_text(obj, "method", compare_method_name(t->method));
    set_real(obj, "statistic", t->statistic);
    set_count(obj, "df1", t->df1);
    set_count(obj, "df2", t->df2);
    set_real(obj, "p", t->p);
    set_count(obj, "n", t->n);
    set_real(obj, "objective_separate", t->full);
    set_real(obj, "objective_shared", t->restricted);
    set_count(obj, "parameters_separate", t->full_params);
    set_count(obj, "parameters_shared", t->restricted_params);
    if (t->method == NESTED_BOOTSTRAP) {
        set_text(obj, "unit", t->unit == FIT_CLUSTERS ? "run" : "point");
        set_count(obj, "replicates", t->replicates);
        set_count(obj, "failed", t->failed);
    }
    if (t->why[0]) {
        set_text(obj, "why", t->why);
    }
    return obj;
}

static json_t *pairs_json(const Compare *c)
{
    json_t *all = json_array();
    for (size_t i = 0; i < c->n_pairs; i++) {
        const ComparePair *p = &c->pair[i];
        json_t *obj = json_object();
        set_text(obj, "a", c->group[p->a].name);
        set_text(obj, "b", c->group[p->b].name);
        (void)json_object_set_new(obj, "test",
                                  test_json(&p->test, p->is_refused ? &p->refusal : NULL));
        set_real(obj, "p_holm", p->p_holm);
        set_text(obj, "verdict", verdict_name(p->verdict));
        set_text(obj, "sentence", p->sentence);
        (void)json_array_append_new(all, obj);
    }
    return all;
}

static json_t *differences_json(const Compare *c)
{
    json_t *all = json_array();
    for (size_t i = 0; i < c->n_differences; i++) {
        const CompareDifference *d = &c->difference[i];
        json_t *obj = json_object();
        set_text(obj, "a", c->group[d->a].name);
        set_text(obj, "b", c->group[d->b].name);
        set_text(obj, "name", d->name);
        set_real(obj, "value", d->value);
        set_real(obj, "se", d->se);
        set_real(obj, "lo", d->lo);
        set_real(obj, "hi", d->hi);
        set_real(obj, "lo90", d->lo90);
        set_real(obj, "hi90", d->hi90);
        set_real(obj, "p", d->p);
        set_real(obj, "p_holm", d->p_holm);
        set_real(obj, "detectable", d->detectable);
        (void)json_array_append_new(all, obj);
    }
    return all;
}

static json_t *multipliers_json(const Compare *c)
{
    json_t *all = json_array();
    for (size_t i = 0; i < c->n_multipliers; i++) {
        const CompareMultiplier *m = &c->multiplier[i];
        json_t *obj = json_object();
        set_text(obj, "a", c->group[m->a].name);
        set_text(obj, "b", c->group[m->b].name);
        set_real(obj, "loss", m->loss);
        set_real(obj, "value", m->value);
        set_real(obj, "lo", m->lo);
        set_real(obj, "hi", m->hi);
        set_text(obj, "of", c->resource);
        set_real(obj, "amount_a", m->amount_a);
        set_real(obj, "amount_b", m->amount_b);
        (void)json_object_set_new(obj, "outside_data", json_boolean(m->is_outside));
        if (m->why[0]) {
            set_text(obj, "why", m->why);
        }
        (void)json_array_append_new(all, obj);
    }
    return all;
}

/* The parameters under the null: what is shared once, the rest by group. */
static json_t *null_fit_json(const Compare *c)
{
    json_t *obj = json_object(), *shared = json_object(), *own = json_object();
    for (size_t g = 0; g < c->n_groups; g++) {
        const FitResult *f = &c->group[g].null;
        json_t *params = json_object();
        for (size_t a = 0; a < f->n_params; a++) {
            if (c->is_shared[a]) {
                set_real(shared, f->param[a].name, f->param[a].value);
            } else {
                set_real(params, f->param[a].name, f->param[a].value);
            }
        }
        (void)json_object_set_new(own, c->group[g].name, params);
    }
    (void)json_object_set_new(obj, "shared", shared);
    (void)json_object_set_new(obj, "by_group", own);
    set_real(obj, "aic", c->whole.aic);
    set_real(obj, "bic", c->whole.bic);
    set_count(obj, "starts", c->whole.starts);
    set_count(obj, "at_minimum", c->whole.at_minimum);
    return obj;
}

json_t *compare_json(const Compare *c)
{
    json_t *obj = report_json(&c->report), *groups = json_array();
    if (!obj) {
        json_decref(groups);
        return NULL;
    }
    (void)json_object_del(obj, "joint");
    (void)json_object_del(obj, "isoflop");
    for (size_t g = 0; g < c->n_groups; g++) {
        (void)json_array_append_new(groups, json_string(c->group[g].name));
    }
    (void)json_object_set_new(obj, "groups", groups);
    set_text(obj, "law", c->form.name);
    set_text(obj, "null", compare_null_name(c->o->null));
    (void)json_object_set_new(obj, "test", test_json(&c->test, c->is_refused ? &c->refusal : NULL));
    (void)json_object_set_new(obj, "null_fit", c->is_refused ? json_null() : null_fit_json(c));
    (void)json_object_set_new(obj, "multipliers", multipliers_json(c));
    (void)json_object_set_new(obj, "differences", differences_json(c));
    (void)json_object_set_new(obj, "pairs", pairs_json(c));
    set_real(obj, "margin", c->o->margin);
    set_text(obj, "verdict", c->sentence);
    return obj;
}

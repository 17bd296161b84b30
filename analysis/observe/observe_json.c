/* Field names are a contract: docs/observational.md. */
#include <math.h>

#include "analysis/observe/observe_report.h"

static void set(json_t *obj, const char *key, json_t *v)
{
    (void)json_object_set_new(obj, key, v);
}

static json_t *real(double x)
{
    return isfinite(x) ? json_real(x) : json_null();
}

static json_t *count(size_t n)
{
    return json_integer((json_int_t)n);
}

static json_t *interval(const FitInterval *i, const char *method)
{
    json_t *v = json_object();
    set(v, "se", real(i->se));
    set(v, "lo", real(i->lo));
    set(v, "hi", real(i->hi));
    set(v, "method", json_string(method));
    return v;
}

static void set_interval(json_t *obj, const char *key, const FitInterval *i)
{
    if (isfinite(i->se)) {
        set(obj, key, interval(i, "bootstrap"));
    }
}

static json_t *reason(const Err *why)
{
    return json_string(why->msg);
}

static json_t *reals(const double *x, size_t n)
{
    json_t *a = json_array();
    for (size_t i = 0; i < n; i++) {
        (void)json_array_append_new(a, real(x[i]));
    }
    return a;
}

static json_t *component_json(const Observe *r, size_t k)
{
    const Scores *s = r->scores;
    json_t *c = json_object(), *weights = json_object(), *intervals = json_object();
    for (size_t j = 0; j < s->t; j++) {
        set(weights, s->benchmark[j], real(r->pca.weight[k * s->t + j]));
        if (k == 0) {
            set_interval(intervals, s->benchmark[j], &r->weight[j]);
        }
    }
    set(c, "share", real(r->pca.share[k]));
    if (k < r->options.components) {
        set_interval(c, "share_interval", &r->share[k]);
    }
    set(c, "weights", weights);
    if (json_object_size(intervals)) {
        set(c, "weight_intervals", intervals);
    } else {
        json_decref(intervals);
    }
    return c;
}

static json_t *pca_json(const Observe *r)
{
    const Scores *s = r->scores;
    json_t *p = json_object(), *mean = json_object(), *components = json_array();
    for (size_t j = 0; j < s->t; j++) {
        set(mean, s->benchmark[j], real(r->pca.mean[j]));
    }
    for (size_t k = 0; k < s->t; k++) {
        (void)json_array_append_new(components, component_json(r, k));
    }
    set(p, "standardized", json_boolean(r->options.is_scaled));
    set(p, "sign", json_string("the weights of a component add up to more than zero"));
    set(p, "mean", mean);
    if (r->options.is_scaled) {
        json_t *scale = json_object();
        for (size_t j = 0; j < s->t; j++) {
            set(scale, s->benchmark[j], real(r->pca.scale[j]));
        }
        set(p, "scale", scale);
    }
    set(p, "components", components);
    return p;
}

static json_t *line_json(const Observe *r, size_t f)
{
    const ObserveLine *l = &r->line[f];
    json_t *v = json_object();
    set(v, "family", json_string(r->scores->family_name[f]));
    if (l->is_refused) {
        set(v, "reason", reason(&l->refusal));
        return v;
    }
    const FitInterval slope = {l->line.se, l->line.lo, l->line.hi};
    set(v, "n", count(l->line.n));
    set(v, "theta", real(l->line.slope));
    set(v, "theta_log10", real(l->line.slope * log(10.0)));
    set(v, "nu", real(l->line.level));
    set(v, "r2", real(l->line.r2));
    if (isfinite(l->line.se)) {
        set(v, "theta_interval", interval(&slope, "student_t"));
    }
    set(v, "C_min", real(l->c_lo));
    set(v, "C_max", real(l->c_hi));
    return v;
}

static json_t *link_json(const Link *l)
{
    json_t *v = json_object();
    set(v, "link", json_string(link_name(l->kind)));
    set(v, "n", count(l->n));
    set(v, "alpha", real(l->alpha));
    set(v, "beta", reals(l->beta, l->k));
    if (l->kind != LINK_LINEAR) {
        set(v, "lo", real(l->lo));
        set(v, "range", real(l->range));
        set(v, "ceiling", real(l->lo + l->range));
        set(v, "height", real(l->range / (1.0 - l->lo)));
    }
    if (l->k == 1 && l->kind != LINK_LINEAR) {
        set(v, "k", real(l->beta[0]));
        set(v, "x0", real(-l->alpha / l->beta[0]));
    }
    set(v, "objective", real(l->objective));
    set(v, "mse", real(l->objective / (double)l->n));
    set(v, "r2", real(l->r2));
    set(v, "starts",
        json_pack("{s:I, s:I}", "total", (json_int_t)l->starts, "at_minimum",
                  (json_int_t)l->at_minimum));
    set(v, "warnings", l->warning[0] ? json_pack("[s]", l->warning) : json_array());
    return v;
}

static json_t *target_json(const Observe *r, size_t k)
{
    const ObserveTarget *t = &r->target[k];
    if (t->is_refused) {
        json_t *v = json_object();
        set(v, "target", json_string(r->scores->target[k]));
        set(v, "reason", reason(&t->refusal));
        return v;
    }
    json_t *v = link_json(&t->link), *intervals = json_object();
    set(v, "target", json_string(r->scores->target[k]));
    set_interval(intervals, "lo", &t->lo);
    set_interval(intervals, "range", &t->range);
    set_interval(intervals, "alpha", &t->alpha);
    set_interval(intervals, "k", &t->steepness);
    set_interval(intervals, "x0", &t->middle);
    set(v, "intervals", intervals);
    return v;
}

static json_t *equivalent_json(const Observe *r)
{
    const ObserveEquivalent *e = &r->equivalent;
    const Scores *s = r->scores;
    json_t *v = json_object(), *families = json_array();
    set(v, "reference", json_string(s->family_name[e->reference]));
    set(v, "of", json_string(e->is_of_target ? s->target[0] : "component 1"));
    if (e->is_refused) {
        json_decref(families);
        set(v, "reason", reason(&e->refusal));
        return v;
    }
    set(v, "w", real(e->line.slope));
    set(v, "b", real(e->line.level));
    set(v, "r2", real(e->line.r2));
    set(v, "n", count(e->line.n));
    for (size_t f = 0; f < s->n_families; f++) {
        if (isnan(e->ratio[f])) {
            continue;
        }
        json_t *one = json_object();
        set(one, "family", json_string(s->family_name[f]));
        set(one, "ratio", real(e->ratio[f]));
        set_interval(one, "interval", &e->ratio_interval[f]);
        (void)json_array_append_new(families, one);
    }
    set(v, "families", families);
    return v;
}

static json_t *models_json(const Observe *r)
{
    const Scores *s = r->scores;
    json_t *a = json_array();
    for (size_t i = 0; i < s->n; i++) {
        json_t *m = json_object();
        size_t missing = 0;
        for (size_t j = 0; j < s->t; j++) {
            missing += isnan(s->score[i * s->t + j]) ? 1 : 0;
        }
        set(m, "model", json_string(s->model[i]));
        set(m, "family", json_string(s->family_name[s->family[i]]));
        set(m, "C", real(s->flops[i]));
        set(m, "components",
            reals(r->component + i * r->options.components, r->options.components));
        set(m, "filled_in", count(missing));
        set(m, "C_equivalent",
            r->equivalent.is_refused ? json_null() : real(r->equivalent.flops[i]));
        (void)json_array_append_new(a, m);
    }
    return a;
}

static json_t *score_json(const ObserveScore *x)
{
    json_t *v = json_object();
    set(v, "by", json_string(x->by));
    if (x->benchmark) {
        set(v, "benchmark", json_string(x->benchmark));
    }
    if (x->is_refused) {
        set(v, "reason", reason(&x->refusal));
        return v;
    }
    set(v, "n", count(x->n));
    set(v, "train_mse", real(x->train_mse));
    set(v, "test_mse", real(x->test_mse));
    set(v, "test_mae", real(x->test_mae));
    set(v, "test_bias", real(x->test_bias));
    return v;
}

static json_t *predictions_json(const Observe *r, size_t k)
{
    const ObserveHoldout *h = &r->holdout[k];
    const Scores *s = r->scores;
    json_t *a = json_array();
    for (size_t i = 0; i < h->n_test; i++) {
        size_t m = h->test[i];
        json_t *v = json_object();
        set(v, "model", json_string(s->model[m]));
        set(v, "C", real(s->flops[m]));
        set(v, "predicted", real(h->predicted[i]));
        set(v, "lo", real(h->interval[i].lo));
        set(v, "hi", real(h->interval[i].hi));
        set(v, "measured", real(s->metric[k * s->n + m]));
        (void)json_array_append_new(a, v);
    }
    return a;
}

static json_t *holdout_json(const Observe *r, size_t k)
{
    const ObserveHoldout *h = &r->holdout[k];
    json_t *v = json_object(), *scores = json_array();
    set(v, "target", json_string(r->scores->target[k]));
    set(v, "cutoff", real(r->options.cutoff));
    set(v, "n_train", count(h->n_train));
    set(v, "n_test", count(h->n_test));
    set(v, "n_without_C", count(h->n_unknown));
    if (h->is_refused) {
        json_decref(scores);
        set(v, "reason", reason(&h->refusal));
        return v;
    }
    for (size_t i = 0; i < OBSERVE_SCORES; i++) {
        (void)json_array_append_new(scores, score_json(&h->score[i]));
    }
    set(v, "link", link_json(&h->link));
    set(v, "errors", scores);
    set(v, "predictions", predictions_json(r, k));
    set(v, "measured", count(h->n_measured));
    set(v, "inside_interval", r->options.bootstrap ? count(h->n_inside) : json_null());
    return v;
}

static json_t *each(const Observe *r, size_t n, json_t *(*one)(const Observe *, size_t))
{
    json_t *a = json_array();
    for (size_t i = 0; i < n; i++) {
        (void)json_array_append_new(a, one(r, i));
    }
    return a;
}

json_t *observe_json(const Observe *r)
{
    const Scores *s = r->scores;
    json_t *v = json_object(), *names = json_array();
    for (size_t j = 0; j < s->t; j++) {
        (void)json_array_append_new(names, json_string(s->benchmark[j]));
    }
    set(v, "benchmarks", names);
    set(v, "scores", json_string(s->is_negated ? "negated" : "as given"));
    set(v, "n", count(s->n));
    set(v, "left_out",
        json_pack("{s:I, s:I, s:I}", "where", (json_int_t)s->n_where, "no_scores",
                  (json_int_t)s->n_empty, "incomplete", (json_int_t)s->n_incomplete));
    set(v, "imputation",
        json_pack("{s:I, s:I, s:I, s:b, s:b}", "cells", (json_int_t)s->n_missing, "components",
                  (json_int_t)(s->n_missing ? r->options.impute : 0), "iterations",
                  (json_int_t)r->imputer.iterations, "converged",
                  s->n_missing == 0 || r->imputer.is_converged, "clipped_to_0_1",
                  s->n_missing && r->imputer.is_clipped));
    set(v, "pca", pca_json(r));
    set(v, "families", each(r, s->n_families, line_json));
    set(v, "targets", each(r, s->n_targets, target_json));
    set(v, "equivalent", equivalent_json(r));
    set(v, "holdout", r->holdout ? each(r, s->n_targets, holdout_json) : json_array());
    set(v, "models", models_json(r));
    set(v, "replicates",
        json_pack("{s:I, s:I, s:s}", "total", (json_int_t)r->replicates, "failed",
                  (json_int_t)r->replicates_failed, "drawn",
                  r->options.is_by_family ? "families" : "models"));
    return v;
}

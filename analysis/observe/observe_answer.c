/* An observational analysis as an answer.  Field names are a contract: docs/json.md. */
#include <math.h>
#include <stdio.h>

#include "analysis/observe/observe_report.h"
#include "analysis/observe/targets_answer.h"
#include "analysis/report/fit_answer.h"

enum { SHOWN_COMPONENTS = 4 };

/* ---- components ---- */

/* A number of every benchmark. */
static void set_benchmarks(AnswerNode *in, const char *key, const Scores *s, const double *x)
{
    AnswerNode *o = answer_object(in, key);
    for (size_t j = 0; j < s->t; j++) {
        answer_set(o, s->benchmark[j], value_real(x[j]));
    }
}

static void pca_json(const Observe *r, AnswerNode *top)
{
    const Scores *s = r->scores;
    AnswerNode *p = answer_object(top, "pca");
    answer_set_all(p, "standardized sign", value_bool(r->options.is_scaled),
                   value_text("the weights of a component add up to more than zero"));
    set_benchmarks(p, "mean", s, r->pca.mean);
    if (r->options.is_scaled) {
        set_benchmarks(p, "scale", s, r->pca.scale);
    }
    AnswerNode *components = answer_list(p, "components");
    for (size_t k = 0; k < s->t; k++) {
        AnswerNode *c = answer_object(components, NULL);
        answer_set(c, "share", value_real(r->pca.share[k]));
        if (k < r->options.components) {
            observe_set_interval(c, "share_interval", &r->share[k]);
        }
        set_benchmarks(c, "weights", s, r->pca.weight + k * s->t);
        AnswerNode *known = k == 0 && r->replicates ? answer_object(c, "weight_intervals") : NULL;
        for (size_t j = 0; known && j < s->t; j++) {
            observe_set_interval(known, s->benchmark[j], &r->weight[j]);
        }
    }
}

static void components_table(const Observe *r, AnswerNode *top)
{
    static const Column column[2 + SHOWN_COMPONENTS] = {
        {NULL, "benchmark"},
        {NULL, "mean", .digits = 3, .rank = 1},
        {NULL, "PC1", .digits = 3, .help = "weight of each benchmark, with the 95 % interval"},
        {NULL, "PC2", .digits = 3, .rank = 2},
        {NULL, "PC3", .digits = 3, .rank = 3},
        {NULL, "PC4", .digits = 3, .rank = 4}};
    const Scores *s = r->scores;
    size_t shown = s->t < SHOWN_COMPONENTS ? s->t : SHOWN_COMPONENTS;
    Interval share[SHOWN_COMPONENTS] = {{0}};
    Value v[2 + SHOWN_COMPONENTS] = {value_text("share of variance")};
    AnswerNode *table = answer_table(top, NULL, "Components", column, 2 + shown);
    answer_table_use(table, TABLE_FOR_PEOPLE);
    for (size_t k = 0; k < shown; k++) {
        share[k] = fit_interval(&r->share[k], NULL);
        v[2 + k] = value_between(r->pca.share[k], k < r->options.components ? &share[k] : NULL);
    }
    (void)answer_row_of(table, v, 2 + shown);
    for (size_t j = 0; j < s->t; j++) {
        const Interval first = fit_interval(&r->weight[j], NULL);
        v[0] = value_text(s->benchmark[j]);
        v[1] = value_real(r->pca.mean[j]);
        for (size_t k = 0; k < shown; k++) {
            v[2 + k] = value_between(r->pca.weight[k * s->t + j], k == 0 ? &first : NULL);
        }
        (void)answer_row_of(table, v, 2 + shown);
    }
}

/* ---- families ---- */

/* How much was asked for and is refused. */
static size_t equivalent_answer(const Observe *r, AnswerNode *top)
{
    const ObserveEquivalent *e = &r->equivalent;
    const Scores *s = r->scores;
    AnswerNode *v = answer_object(top, "equivalent");
    answer_set_all(v, "reference of", value_text(s->family_name[e->reference]),
                   value_text(e->is_of_target ? s->target[0] : "component 1"));
    if (e->is_refused) {
        answer_set(v, "reason", value_text(e->refusal.msg));
        if (r->options.reference) {
            answer_say(top, NULL, SAY_REFUSED, "equivalent compute: %s", e->refusal.msg);
        }
        return r->options.reference ? 1 : 0;
    }
    answer_set_all(v, "w b r2 n", value_real(e->line.slope), value_real(e->line.level),
                   value_real(e->line.r2), value_size(e->line.n));
    AnswerNode *families = answer_list(v, "families");
    for (size_t f = 0; f < s->n_families; f++) {
        if (!isnan(e->ratio[f])) {
            AnswerNode *one = answer_object(families, NULL);
            answer_set_all(one, "family ratio", value_text(s->family_name[f]),
                           value_real(e->ratio[f]));
            observe_set_interval(one, "interval", &e->ratio_interval[f]);
        }
    }
    return 0;
}

/* Lines and ratios side by side; families too small for a line are in JSON alone. */
static void families_answer(const Observe *r, AnswerNode *top)
{
    const ObserveEquivalent *e = &r->equivalent;
    const Scores *s = r->scores;
    const char *reference = s->family_name[e->reference];
    char help[256];
    (void)snprintf(help, sizeof help,
                   "the compute at which family %.60s has the same %.60s, over C: geometric mean "
                   "of the family's models",
                   reference, e->is_of_target ? s->target[0] : "first component");
    const Column column[] = {
        {NULL, "family"},
        {NULL, "models", .rank = 3},
        {NULL, "C from", "FLOP", .digits = 3, .rank = 4},
        {NULL, "C to", "FLOP", .digits = 3, .rank = 4},
        {NULL, "theta", .is_symbol = true,
         .help = "PC1 = theta ln C + nu, with Student's t interval of theta"},
        {NULL, "nu", .is_symbol = true, .rank = 2},
        {NULL, "R2", NULL, NUMBER_FIXED, .rank = 2, .latex = "$R^2$"},
        {NULL, "C equivalent / C", .rank = 1, .help = help},
    };
    AnswerNode *list = answer_list(top, "families");
    AnswerNode *table = answer_table(top, NULL, "Families", COLUMNS(column));
    answer_table_use(table, TABLE_FOR_PEOPLE);
    for (size_t f = 0; f < s->n_families; f++) {
        const ObserveLine *l = &r->line[f];
        const Interval slope = {l->line.se, l->line.lo, l->line.hi, "student_t"};
        const FitInterval none = {0};
        const Interval ratio = fit_interval(e->is_refused ? &none : &e->ratio_interval[f], NULL);
        /* of the reference it is 1 by what it is */
        const Interval *own = f == e->reference ? NULL : &ratio;
        AnswerNode *v = answer_object(list, NULL);
        answer_set(v, "family", value_text(s->family_name[f]));
        if (l->is_refused) {
            answer_set(v, "reason", value_text(l->refusal.msg));
            continue;
        }
        const Value n = value_size(l->line.n), nu = value_real(l->line.level);
        const Value r2 = value_real(l->line.r2), lo = value_real(l->c_lo), hi = value_real(l->c_hi);
        answer_set_all(v, "n theta theta_log10 nu r2 C_min C_max", n, value_real(l->line.slope),
                       value_real(l->line.slope * log(10.0)), nu, r2, lo, hi);
        interval_answer(v, "theta_interval", &slope);
        answer_row(table, value_text(s->family_name[f]), n, lo, hi,
                   value_between(l->line.slope, &slope), nu, r2,
                   e->is_refused ? value_none() : value_between(e->ratio[f], own));
    }
}

/* ---- models ---- */

/* Of all models; people see it when they ask for it, CSV is this table. */
static void models_table(const Observe *r, bool is_shown, AnswerNode *top)
{
    enum { N_FIRST = 5 };
    static const char *const pc[OBSERVE_MAX_COMPONENTS] = {"PC1", "PC2", "PC3", "PC4",
                                                           "PC5", "PC6", "PC7", "PC8"};
    Column column[N_FIRST + OBSERVE_MAX_COMPONENTS] = {{"model", "model"},
                                                       {"family", "family", .rank = 2},
                                                       {"C", "C", "FLOP", .is_symbol = true},
                                                       {"C_equivalent", "C equivalent", .rank = 1},
                                                       {"filled_in"}};
    const Scores *s = r->scores;
    size_t k = r->options.components;
    for (size_t j = 0; j < k; j++) {
        column[N_FIRST + j] = (Column){.heading = pc[j], .digits = 4, .rank = j > 0 ? 3 : 0};
    }
    AnswerNode *table = answer_table(top, "models", "Models", column, N_FIRST + k);
    answer_table_use(table, is_shown ? TABLE_FOR_ALL : TABLE_FOR_CSV);
    for (size_t i = 0; i < s->n; i++) {
        size_t missing = 0;
        for (size_t j = 0; j < s->t; j++) {
            missing += isnan(s->score[i * s->t + j]) ? 1 : 0;
        }
        Value v[N_FIRST + OBSERVE_MAX_COMPONENTS] = {
            value_text(s->model[i]), value_text(s->family_name[s->family[i]]),
            value_real(s->flops[i]),
            r->equivalent.is_refused ? value_none() : value_real(r->equivalent.flops[i]),
            value_size(missing)};
        for (size_t j = 0; j < k; j++) {
            v[N_FIRST + j] = value_real(r->component[i * k + j]);
        }
        observe_set_reals(answer_row_of(table, v, N_FIRST + k), "components", r->component + i * k,
                          k);
    }
}

/* ---- sentences ---- */

static void say_notes(const Observe *r, AnswerNode *top)
{
    const Scores *s = r->scores;
    if (s->n_missing) {
        answer_say(top, NULL, r->imputer.is_converged ? SAY_NOTE : SAY_WARNING,
                   "%zu missing scores are filled in by %zu component%s%s.", s->n_missing,
                   r->options.impute, r->options.impute == 1 ? "" : "s",
                   r->imputer.is_converged ? "" : ", without coming to rest");
    }
    if (s->n_empty + s->n_incomplete) {
        answer_say(top, NULL, SAY_NOTE,
                   "Models without a score that are left out: %zu; with a missing one: %zu.",
                   s->n_empty, s->n_incomplete);
    }
    if (r->replicates) {
        answer_say(top, NULL, SAY_NOTE,
                   "The intervals are from %zu bootstrap replicates over %s, of which %zu failed.",
                   r->replicates, r->options.is_by_family ? "families" : "models",
                   r->replicates_failed);
    }
}

static void head_json(const Observe *r, AnswerNode *top)
{
    const Scores *s = r->scores;
    AnswerNode *names = answer_list(top, "benchmarks");
    for (size_t j = 0; j < s->t; j++) {
        answer_set(names, NULL, value_text(s->benchmark[j]));
    }
    answer_set_all(top, "scores n", value_text(s->is_negated ? "negated" : "as given"),
                   value_size(s->n));
    answer_set_all(answer_object(top, "left_out"), "where no_scores incomplete",
                   value_size(s->n_where), value_size(s->n_empty), value_size(s->n_incomplete));
    answer_set_all(
        answer_object(top, "imputation"), "cells components iterations converged clipped_to_0_1",
        value_size(s->n_missing), value_size(s->n_missing ? r->options.impute : 0),
        value_size(r->imputer.iterations), value_bool(s->n_missing == 0 || r->imputer.is_converged),
        value_bool(s->n_missing && r->imputer.is_clipped));
    answer_set_all(answer_object(top, "replicates"), "total failed drawn",
                   value_size(r->replicates), value_size(r->replicates_failed),
                   value_text(r->options.is_by_family ? "families" : "models"));
}

size_t observe_answer(const Observe *r, bool has_models, AnswerNode *top)
{
    const Scores *s = r->scores;
    size_t n_held = r->holdout ? s->n_targets : 0, n_refused = 0;
    head_json(r, top);
    answer_say(top, NULL, SAY_VERDICT,
               "%zu models of %zu families, %zu benchmarks%s: the first component holds %.1f %% of "
               "the variance.",
               s->n, s->n_families, s->t, s->is_negated ? " (minus their losses)" : "",
               100.0 * r->pca.share[0]);
    for (size_t k = 0; k < n_held; k++) {
        observe_say_holdout(r, k, top);
    }
    pca_json(r, top);
    components_table(r, top);
    families_answer(r, top);
    n_refused += observe_targets_answer(r, top);
    n_refused += equivalent_answer(r, top);
    AnswerNode *list = answer_list(top, "holdout");
    for (size_t k = 0; k < n_held; k++) {
        n_refused += observe_holdout_answer(r, k, list);
    }
    models_table(r, has_models, top);
    say_notes(r, top);
    return n_refused;
}

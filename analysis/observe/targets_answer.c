#include "analysis/observe/targets_answer.h"

#include <math.h>
#include <stdio.h>

#include "analysis/report/fit_answer.h"

void observe_set_interval(AnswerNode *in, const char *key, const FitInterval *i)
{
    const Interval own = fit_interval(i, "bootstrap");
    if (isfinite(i->se)) {
        answer_set_interval(in, key, &own);
    }
}

void observe_set_reals(AnswerNode *in, const char *key, const double *x, size_t n)
{
    AnswerNode *list = answer_list(in, key);
    for (size_t i = 0; i < n; i++) {
        answer_set(list, NULL, value_real(x[i]));
    }
}

/* ---- targets ---- */

static void link_json(const Link *l, AnswerNode *v)
{
    answer_set_all(v, "link n alpha objective mse r2", value_text(link_names[l->kind]),
                   value_size(l->n), value_real(l->alpha), value_real(l->objective),
                   value_real(l->objective / (double)l->n), value_real(l->r2));
    observe_set_reals(v, "beta", l->beta, l->k);
    if (l->kind != LINK_LINEAR) {
        answer_set_all(v, "lo range ceiling height", value_real(l->lo), value_real(l->range),
                       value_real(l->lo + l->range), value_real(l->range / (1.0 - l->lo)));
    }
    if (l->k == 1 && l->kind != LINK_LINEAR) {
        answer_set_all(v, "k x0", value_real(l->beta[0]), value_real(-l->alpha / l->beta[0]));
    }
    answer_set_all(answer_object(v, "starts"), "total at_minimum", value_size(l->starts),
                   value_size(l->at_minimum));
    AnswerNode *warnings = answer_list(v, "warnings");
    if (l->warning[0]) {
        answer_set(warnings, NULL, value_text(l->warning));
    }
}

/* The weights of a link are the last columns. */
enum { N_FIRST = 8, MOST = N_FIRST + LINK_MAX_INPUTS };

static size_t target_answer(const char *name, const ObserveTarget *t, size_t n, AnswerNode *list,
                            AnswerNode *table, AnswerNode *in)
{
    const Link *l = &t->link;
    const Interval lo = fit_interval(&t->lo, NULL), range = fit_interval(&t->range, NULL);
    const Interval alpha = fit_interval(&t->alpha, NULL);
    const bool is_bent = l->kind != LINK_LINEAR;
    AnswerNode *o = answer_object(list, NULL);
    answer_set(o, "target", value_text(name));
    if (t->is_refused) {
        answer_set(o, "reason", value_text(t->refusal.msg));
        answer_say(in, NULL, SAY_REFUSED, "target %s: %s", name, t->refusal.msg);
        return 1;
    }
    link_json(l, o);
    AnswerNode *intervals = answer_object(o, "intervals");
    observe_set_interval(intervals, "lo", &t->lo);
    observe_set_interval(intervals, "range", &t->range);
    observe_set_interval(intervals, "alpha", &t->alpha);
    observe_set_interval(intervals, "k", &t->steepness);
    observe_set_interval(intervals, "x0", &t->middle);
    Value v[MOST] = {value_text(name),
                     value_text(link_names[l->kind]),
                     value_size(l->n),
                     value_real(sqrt(l->objective / (double)l->n)),
                     value_real(l->r2),
                     is_bent ? value_between(l->lo, &lo) : value_none(),
                     is_bent ? value_between(l->range, &range) : value_none(),
                     value_between(l->alpha, &alpha)};
    for (size_t j = 0; j < l->k; j++) {
        v[N_FIRST + j] = value_real(l->beta[j]);
    }
    (void)answer_row_of(table, v, n);
    if (l->warning[0]) {
        answer_say(in, NULL, SAY_WARNING, "%s: %s", name, l->warning);
    }
    return 0;
}

size_t observe_targets_answer(const Observe *r, AnswerNode *top)
{
    static const char *const beta[LINK_MAX_INPUTS] = {"beta_1", "beta_2", "beta_3", "beta_4",
                                                      "beta_5", "beta_6", "beta_7", "beta_8"};
    Column column[MOST] = {{NULL, "target"},
                           {NULL, "link", .rank = 3},
                           {NULL, "models", .rank = 4},
                           {NULL, "RMSE", .digits = 3},
                           {NULL, "R2", NULL, NUMBER_FIXED, .rank = 1, .latex = "$R^2$"},
                           {NULL, "lo", .rank = 1},
                           {NULL, "range", .rank = 1},
                           {NULL, "alpha", .is_symbol = true}};
    const size_t n = N_FIRST + r->options.components;
    for (size_t j = N_FIRST; j < n; j++) {
        column[j] = (Column){.heading = beta[j - N_FIRST], .is_symbol = true, .rank = 2};
    }
    AnswerNode *list = answer_list(top, "targets");
    size_t n_refused = 0;
    if (r->scores->n_targets == 0) {
        return 0;
    }
    AnswerNode *in = answer_section(top, "Targets");
    answer_say(in, NULL, SAY_FORMULA, "E = lo + range sigma(alpha + beta S)");
    answer_say(in, NULL, SAY_PLAIN,
               "S are the components and sigma is the logistic function; a linear link is alpha + "
               "beta S itself.");
    AnswerNode *table = answer_table(in, NULL, NULL, column, n);
    answer_table_use(table, TABLE_FOR_PEOPLE);
    for (size_t k = 0; k < r->scores->n_targets; k++) {
        n_refused += target_answer(r->scores->target[k], &r->target[k], n, list, table, in);
    }
    return n_refused;
}

/* ---- held out ---- */

static void errors_table(const ObserveHoldout *h, const char *title, AnswerNode *in)
{
    static const Column column[] = {
        {"by", "predicted from",
         .help = "family_lines: each family's line in C; mean: that of the training models"},
        {"benchmark", "benchmark"},
        {"n", "models", .rank = 3},
        {"train_mse", "train MSE", .rank = 2},
        {"test_mse", "test MSE"},
        {"test_mae", "test MAE", .rank = 2},
        {"test_bias", "bias", .rank = 2, .help = "predicted less measured"},
        {"reason", "why not", .is_prose = true, .rank = 1}};
    AnswerNode *table = answer_table(in, "errors", title, COLUMNS(column));
    answer_table_use(table, TABLE_FOR_PEOPLE);
    for (size_t i = 0; i < OBSERVE_SCORES; i++) {
        const ObserveScore *x = &h->score[i];
        const Value by = value_text(x->by), benchmark = value_text(x->benchmark);
        const Value none = value_none();
        if (x->is_refused) {
            answer_row(table, by, benchmark, none, none, none, none, none,
                       value_text(x->refusal.msg));
        } else {
            answer_row(table, by, benchmark, value_size(x->n), value_real(x->train_mse),
                       value_real(x->test_mse), value_real(x->test_mae), value_real(x->test_bias),
                       none);
        }
    }
}

size_t observe_holdout_answer(const Observe *r, size_t k, AnswerNode *list)
{
    const ObserveHoldout *h = &r->holdout[k];
    const Scores *s = r->scores;
    char title[200];
    AnswerNode *v = answer_object(list, NULL);
    answer_set_all(v, "target cutoff n_train n_test n_without_C", value_text(s->target[k]),
                   value_real(r->options.cutoff), value_size(h->n_train), value_size(h->n_test),
                   value_size(h->n_unknown));
    if (h->is_refused) {
        answer_set(v, "reason", value_text(h->refusal.msg));
        answer_say(v, NULL, SAY_REFUSED, "hold-out of %s: %s", s->target[k], h->refusal.msg);
        return 1;
    }
    link_json(&h->link, answer_object(v, "link"));
    (void)snprintf(title, sizeof title, "%.100s: trained on C up to %.4g FLOP, tested above",
                   s->target[k], r->options.cutoff);
    errors_table(h, title, v);
    AnswerNode *predictions = answer_list(v, "predictions");
    for (size_t i = 0; i < h->n_test; i++) {
        size_t m = h->test[i];
        AnswerNode *one = answer_object(predictions, NULL);
        answer_set_all(one, "model C predicted measured", value_text(s->model[m]),
                       value_real(s->flops[m]), value_real(h->predicted[i]),
                       value_real(s->metric[k * s->n + m]));
        observe_set_interval(one, "interval", &h->interval[i]);
    }
    answer_set_all(v, "measured inside_interval", value_size(h->n_measured),
                   r->options.bootstrap ? value_size(h->n_inside) : value_none());
    return 0;
}

void observe_say_holdout(const Observe *r, size_t k, AnswerNode *top)
{
    const ObserveHoldout *h = &r->holdout[k];
    const ObserveScore *own = &h->score[0], *compute = &h->score[2];
    char beside[64] = "", inside[96] = "";
    if (h->is_refused || own->is_refused) {
        return;
    }
    if (!compute->is_refused) {
        (void)snprintf(beside, sizeof beside, ", %.4g from compute alone", sqrt(compute->test_mse));
    }
    if (r->options.bootstrap) {
        (void)snprintf(inside, sizeof inside,
                       "; %zu of %zu measurements lie in their 95 %% interval", h->n_inside,
                       h->n_measured);
    }
    answer_say(top, NULL, SAY_VERDICT,
               "The error (RMSE) of %s above the cut-off is %.4g from the benchmarks%s%s.",
               r->scores->target[k], sqrt(own->test_mse), beside, inside);
}

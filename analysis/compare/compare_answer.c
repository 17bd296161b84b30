/* A comparison as an answer.  Field names are a contract: docs/json.md. */
#include <math.h>
#include <stdio.h>

#include "analysis/compare/compare.h"
#include "analysis/compare/verdict.h"
#include "analysis/report/report_answer.h"

#define COUNT_OF(list) (sizeof(list) / sizeof(list)[0])

static const char bootstrap[] = "bootstrap";

static Value name_of(const Compare *c, size_t g)
{
    return value_text(c->group[g].name);
}

/* ---- the test ---- */

static void test_answer(AnswerNode *in, const NestedTest *t, const Err *refusal)
{
    AnswerNode *o = answer_object(in, "test");
    if (refusal) {
        answer_set_all(o, "method statistic p why", value_none(), value_real(t->statistic),
                       value_real(t->p), value_text(refusal->msg));
        return;
    }
    answer_set_all(o,
                   "method statistic df1 df2 p n objective_separate objective_shared "
                   "parameters_separate parameters_shared",
                   value_text(compare_method_names[t->method]), value_real(t->statistic),
                   value_size(t->df1), value_size(t->df2), value_real(t->p), value_size(t->n),
                   value_real(t->full), value_real(t->restricted), value_size(t->full_params),
                   value_size(t->restricted_params));
    if (t->method == NESTED_BOOTSTRAP) {
        answer_set_all(o, "unit replicates failed",
                       value_text(t->unit == FIT_CLUSTERS ? "run" : "point"),
                       value_size(t->replicates), value_size(t->failed));
    }
    if (t->why[0]) {
        answer_set(o, "why", value_text(t->why));
    }
}

static void test_sentence(const Compare *c, AnswerNode *top)
{
    const NestedTest *t = &c->test;
    char f[NUMBER_TEXT_BYTES], p[VERDICT_P_BYTES];
    Buf how = BUF_INIT;
    if (c->is_refused) {
        answer_say(top, NULL, SAY_REFUSED, "The shared fit: %s", c->refusal.msg);
        return;
    }
    (void)verdict_p_text(t->p, p);
    if (t->why[0]) {
        buf_printf(&how, "%s: %s", isfinite(t->p) ? "p = 1" : "no p", t->why);
    } else if (t->method == NESTED_F) {
        buf_printf(&how, "%s by the F distribution, points taken for independent", p);
    } else {
        buf_printf(&how, "%s by %zu bootstrap samples of %s under the null", p,
                   t->replicates - t->failed, t->unit == FIT_CLUSTERS ? "whole runs" : "points");
    }
    answer_say(top, NULL, SAY_PLAIN, "Null %s: F(%zu, %zu) = %s, %s.",
               compare_null_names[c->o->null], t->df1, t->df2,
               number_text(t->statistic, NUMBER_DIGITS, 4, f), buf_str(&how));
    buf_release(&how);
}

/* The parameters under the null: what is shared once (for people this alone), the rest by group. */
static void null_fit_answer(const Compare *c, AnswerNode *top)
{
    if (c->is_refused) {
        answer_set(top, "null_fit", value_none());
        return;
    }
    AnswerNode *in = answer_section(top, "In common under the null");
    AnswerNode *o = answer_object(top, "null_fit");
    AnswerNode *shared = answer_object(o, "shared"), *own = answer_object(o, "by_group");
    for (size_t g = 0; g < c->n_groups; g++) {
        const FitResult *f = &c->group[g].null;
        AnswerNode *params = answer_object(own, c->group[g].name);
        for (size_t a = 0; a < f->n_params; a++) {
            const FitValue *x = &f->param[a];
            const Column column = {.heading = x->name, .is_symbol = true};
            if (!c->is_shared[a]) {
                answer_set(params, x->name, value_real(x->value));
            } else if (g == 0) {
                answer_set(shared, x->name, value_real(x->value));
                answer_show(in, &column, value_real(x->value));
            }
        }
    }
    answer_set_all(o, "aic bic starts at_minimum", value_real(c->whole.aic),
                   value_real(c->whole.bic), value_size(c->whole.starts),
                   value_size(c->whole.at_minimum));
}

/* ---- tables ---- */

static void pairs_table(const Compare *c, AnswerNode *top)
{
    char alike[128], margin[NUMBER_TEXT_BYTES];
    (void)snprintf(alike, sizeof alike,
                   "alike: not told apart, and surely within %s %% (two one-sided tests at 5 %%)",
                   number_text(c->o->margin, NUMBER_PERCENT, 3, margin));
    const Column column[] = {
        {"a", "a"},
        {"b", "b"},
        {.heading = "F"},
        {.heading = "df1", .rank = 2},
        {.heading = "df2", .rank = 2},
        {.heading = "p", .format = NUMBER_P, .rank = 1},
        {"p_holm", "p (Holm)", .format = NUMBER_P, .help = "adjusted for all pairs"},
        {"verdict", "verdict", .help = alike}};
    AnswerNode *table = answer_table(top, "pairs", "Pairs", column, COUNT_OF(column));
    for (size_t i = 0; i < c->n_pairs; i++) {
        const ComparePair *p = &c->pair[i];
        const NestedTest *t = &p->test;
        AnswerNode *row =
            answer_row(table, name_of(c, p->a), name_of(c, p->b), value_real(t->statistic),
                       p->is_refused ? value_none() : value_size(t->df1),
                       p->is_refused ? value_none() : value_size(t->df2), value_real(t->p),
                       value_real(p->p_holm), value_text(verdict_name(p->verdict)));
        test_answer(row, t, p->is_refused ? &p->refusal : NULL);
        answer_set(row, "sentence", value_text(p->sentence));
    }
}

static void differences_table(const Compare *c, AnswerNode *top)
{
    static const Column column[] = {
        {"a", "a"},
        {"b", "b"},
        {"name", "of"},
        {"value", "a - b", .interval = "interval"},
        {"p", "p", .format = NUMBER_P, .rank = 1},
        {"p_holm", "p (Holm)", .format = NUMBER_P},
        {"detectable", "detectable", .digits = 2, .rank = 2,
         .help = "least difference that four of five such studies would have seen"}};
    AnswerNode *table = answer_table(top, "differences", "Differences", column, COUNT_OF(column));
    for (size_t i = 0; i < c->n_differences; i++) {
        const CompareDifference *d = &c->difference[i];
        const Interval interval = {d->se, d->lo, d->hi, bootstrap};
        const Interval interval90 = {d->se, d->lo90, d->hi90, bootstrap};
        AnswerNode *row = answer_row(table, name_of(c, d->a), name_of(c, d->b), value_text(d->name),
                                     value_between(d->value, &interval), value_real(d->p),
                                     value_real(d->p_holm), value_real(d->detectable));
        interval_answer(row, "interval90", &interval90);
    }
}

/* What the resource of a multiplier is, where its name does not say it. */
static const char *resource_help(const Compare *c, char help[96])
{
    if (c->form.best_size) {
        return "6 N D at the best N and D for the loss";
    }
    (void)snprintf(help, 96, "convention %s", obs_convention_name(c->report.obs->convention));
    return c->form.input[0] == FORM_C ? help : NULL;
}

static void multipliers_table(const Compare *c, AnswerNode *top)
{
    const char *resource = c->resource ? c->resource : "";
    char title[128], of_a[32], of_b[32], help[96];
    (void)snprintf(title, sizeof title, "Multipliers: %s of a over %s of b for the same loss",
                   resource, resource);
    (void)snprintf(of_a, sizeof of_a, "%s of a", resource);
    (void)snprintf(of_b, sizeof of_b, "%s of b", resource);
    const Column column[] = {
        {"a", "a"},
        {"b", "b"},
        {"loss", "loss", .digits = 6},
        {"value", "multiplier", .interval = "interval", .has_flat = true},
        {"of"},
        {"amount_a", .heading = of_a, .digits = 3, .rank = 2, .help = resource_help(c, help)},
        {"amount_b", .heading = of_b, .digits = 3, .rank = 2},
        {"outside_data"},
        {.heading = "note", .rank = 1, .is_prose = true}};
    AnswerNode *table = answer_table(top, "multipliers", title, column, COUNT_OF(column));
    if (c->resource) {
        answer_table_empty(table, "No loss was reached by all groups; --at-loss names others.");
    }
    for (size_t i = 0; i < c->n_multipliers; i++) {
        const CompareMultiplier *m = &c->multiplier[i];
        const Interval interval = {(double)NAN, m->lo, m->hi, bootstrap};
        const char *note = m->why[0] ? m->why : m->is_outside ? "outside the data" : NULL;
        AnswerNode *row = answer_row(table, name_of(c, m->a), name_of(c, m->b), value_real(m->loss),
                                     value_between(m->value, &interval), value_text(c->resource),
                                     value_real(m->amount_a), value_real(m->amount_b),
                                     value_bool(m->is_outside), value_text(note));
        if (m->why[0]) {
            answer_set(row, "why", value_text(m->why));
        }
    }
}

/* ---- CSV ---- */

/* All numbers in one table. */
static void long_table(const Compare *c, AnswerNode *top)
{
    static const Column column[] = {{"kind"},  {"a"},  {"b"},  {"name"}, {"loss"},
                                    {"value"}, {"lo"}, {"hi"}, {"p"},    {"p_holm"}};
    const Value null = value_text(compare_null_names[c->o->null]), none = value_none();
    AnswerNode *table = answer_table(top, NULL, NULL, column, COUNT_OF(column));
    answer_table_use(table, TABLE_FOR_CSV);
    answer_row(table, value_text("test"), none, none, null, none, value_real(c->test.statistic),
               none, none, value_real(c->test.p), none);
    for (size_t i = 0; i < c->n_pairs; i++) {
        const ComparePair *p = &c->pair[i];
        answer_row(table, value_text("pair"), name_of(c, p->a), name_of(c, p->b), null, none,
                   value_real(p->test.statistic), none, none, value_real(p->test.p),
                   value_real(p->p_holm));
    }
    for (size_t i = 0; i < c->n_differences; i++) {
        const CompareDifference *d = &c->difference[i];
        answer_row(table, value_text("difference"), name_of(c, d->a), name_of(c, d->b),
                   value_text(d->name), none, value_real(d->value), value_real(d->lo),
                   value_real(d->hi), value_real(d->p), value_real(d->p_holm));
    }
    for (size_t i = 0; i < c->n_multipliers; i++) {
        const CompareMultiplier *m = &c->multiplier[i];
        answer_row(table, value_text("multiplier"), name_of(c, m->a), name_of(c, m->b),
                   value_text(c->resource), value_real(m->loss), value_real(m->value),
                   value_real(m->lo), value_real(m->hi), none, none);
    }
}

/* ---- the whole ---- */

void compare_answer(const Compare *c, AnswerNode *top)
{
    AnswerNode *groups = answer_list(top, "groups");
    for (size_t g = 0; g < c->n_groups; g++) {
        answer_set(groups, NULL, name_of(c, g));
    }
    answer_set_all(top, "law null margin", value_text(c->form.name),
                   value_text(compare_null_names[c->o->null]), value_real(c->o->margin));
    answer_say(top, "verdict", SAY_VERDICT, "%s", c->sentence);
    test_answer(top, &c->test, c->is_refused ? &c->refusal : NULL);
    test_sentence(c, top);
    for (size_t i = 0; c->n_pairs > 1 && i < c->n_pairs; i++) {
        answer_say(top, NULL, SAY_PLAIN, "%s", c->pair[i].sentence);
    }
    pairs_table(c, top);
    differences_table(c, top);
    multipliers_table(c, top);
    long_table(c, top);
    null_fit_answer(c, top);
    report_laws_answer(&c->report, top);
    report_fits_answer(&c->report, top);
}

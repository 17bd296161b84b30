/* One law for people: a table with a row a group, the law of each group with its numbers, and every
 * sentence about them once. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "analysis/fit/bootstrap.h"
#include "analysis/report/formula.h"
#include "analysis/report/law_answer.h"
#include "analysis/report/report_answer.h"

enum { MAX_COLUMNS = FORM_MAX_PARAMS + 8, HELP_BYTES = 160 };

static bool is_of(const ReportFit *f, const Form *form)
{
    return f->form == form && !f->is_refused;
}

/* The first fit of a law, or NULL when all were refused. */
static const ReportFit *first_fit(const Report *r, const Form *form)
{
    for (size_t i = 0; i < r->n; i++) {
        if (is_of(&r->fit[i], form)) {
            return &r->fit[i];
        }
    }
    return NULL;
}

/* ---- the table ---- */

/* Besides the parameters: a, and b where it is not 1 - a. */
static size_t shown_values(const FitResult *f, const FitValue **value)
{
    size_t n = 0;
    for (; n < f->n_params; n++) {
        value[n] = &f->param[n];
    }
    for (size_t i = 0; i < f->n_derived; i++) {
        bool is_a = strcmp(f->derived[i].name, "a") == 0;
        bool is_b = f->form->has_envelope && strcmp(f->derived[i].name, "b") == 0;
        if (is_a || is_b) {
            value[n++] = &f->derived[i];
        }
    }
    return n;
}

/* Levels at N = 1 are what a reader needs least. */
static int rank_of(const Form *form, size_t param)
{
    bool is_level = param < form->n_params && form->param[param].kind == FORM_COEFFICIENT &&
                    !form->param[param].may_vanish;
    return is_level && form->n_params > 2 ? 3 : 0;
}

void fit_value_help(const FitValue *v, char *out, size_t bytes)
{
    bool has_unit = strcmp(v->unit, "1") != 0;
    (void)snprintf(out, bytes, has_unit ? "%s [%s]" : "%s", v->help, v->unit);
}

static void law_table(const Report *r, const FitResult *first, AnswerNode *in)
{
    const FitValue *value[MAX_COLUMNS];
    char help[MAX_COLUMNS][HELP_BYTES];
    Column column[MAX_COLUMNS] = {0};
    size_t n_values = shown_values(first, value), n = 0;
    column[n++] = (Column){.heading = r->obs->by ? r->obs->by : "group"};
    column[n++] = (Column){.heading = "points", .rank = 2};
    for (size_t i = 0; i < n_values; i++, n++) {
        fit_value_help(value[i], help[n], HELP_BYTES);
        column[n] = (Column){.heading = value[i]->name,
                             .rank = rank_of(first->form, i),
                             .help = help[n],
                             .is_symbol = true};
    }
    column[n++] = (Column){.heading = "error",
                           .unit = "%",
                           .format = NUMBER_PERCENT,
                           .rank = 1,
                           .help = "root mean square of ln(law / measured)"};
    AnswerNode *table = answer_table(in, NULL, NULL, column, n);
    answer_table_use(table, TABLE_FOR_PEOPLE);
    for (size_t k = 0; k < r->n; k++) {
        const ReportFit *f = &r->fit[k];
        Interval interval[MAX_COLUMNS];
        Value v[MAX_COLUMNS];
        if (!is_of(f, first->form)) {
            continue;
        }
        v[0] = value_text(f->group->name);
        v[1] = value_size(f->fit.n);
        for (size_t i = 0; i < n_values; i++) {
            const FitValue *x = fit_value(&f->fit, value[i]->name);
            interval[i] = x ? fit_value_interval(x) : (Interval){0};
            v[i + 2] = x ? value_between(x->value, &interval[i]) : value_none();
        }
        v[n - 1] = value_real(f->fit.rmse_log);
        (void)answer_row_of(table, v, n);
    }
}

/* ---- sentences ---- */

/* Sentence k about a fit, into `out` or elsewhere; NULL: there are no more. */
typedef const char *(*Sentence)(const ReportFit *f, size_t k, Buf *out);

static const char *warning(const ReportFit *f, size_t k, Buf *out)
{
    (void)out;
    return k < f->fit.n_warnings ? f->fit.warning[k] : NULL;
}

void fit_loss_text(const FitResult *f, Buf *out)
{
    buf_puts(out, fit_loss_name(f->loss.kind));
    if (f->loss.kind == FIT_HUBER) {
        buf_printf(out, ":%g", f->loss.delta);
    } else if (f->loss.kind == FIT_ASYMMETRIC) {
        buf_printf(out, ":%g:%g", f->loss.over, f->loss.delta);
    }
    buf_printf(out, " over %s residuals", f->residual == FIT_LOG ? "log" : "raw");
}

void fit_interval_text(const FitResult *f, Buf *out)
{
    if (f->resampling == FIT_NO_INTERVALS) {
        buf_puts(out, "There are no intervals.");
    } else {
        buf_printf(out, "Intervals of 95 %% are from %zu bootstrap samples of %s.", f->replicates,
                   bootstrap_unit_text(f->resampling));
    }
}

/* What is minimised; what the intervals are made of. */
static const char *method(const ReportFit *f, size_t k, Buf *out)
{
    buf_clear(out);
    if (k == 0) {
        buf_puts(out, "Minimised is the sum of the loss ");
        fit_loss_text(&f->fit, out);
        buf_putc(out, '.');
    } else {
        fit_interval_text(&f->fit, out);
    }
    return k < 2 ? buf_str(out) : NULL;
}

/* The next fit of the law from `at` on that has (or has not) the sentence; r->n: there is none. */
static size_t next_with(const Report *r, size_t at, const Form *form, Sentence of, const char *text,
                        bool has)
{
    Buf own = BUF_INIT;
    for (; at < r->n; at++) {
        const char *s = NULL;
        for (size_t k = 0; is_of(&r->fit[at], form) && (s = of(&r->fit[at], k, &own)); k++) {
            if (strcmp(s, text) == 0) {
                break;
            }
        }
        if (is_of(&r->fit[at], form) && (s != NULL) == has) {
            break;
        }
    }
    buf_release(&own);
    return at;
}

/* Each sentence once, with the groups that have it; without them where all have it, unless named. */
static void say_once(const Report *r, const Form *form, Sentence of, SayKind kind, bool is_named,
                     AnswerNode *in)
{
    Buf own = BUF_INIT, names = BUF_INIT;
    for (size_t i = 0; i < r->n; i++) {
        const char *s;
        for (size_t k = 0; is_of(&r->fit[i], form) && (s = of(&r->fit[i], k, &own)); k++) {
            if (next_with(r, 0, form, of, s, true) < i) {
                continue; /* it is said */
            }
            buf_clear(&names);
            if (is_named || next_with(r, 0, form, of, s, false) < r->n) {
                for (size_t g = i; g < r->n; g = next_with(r, g + 1, form, of, s, true)) {
                    buf_printf(&names, "%s%s", g > i ? ", " : "", r->fit[g].group->name);
                }
                buf_puts(&names, ": ");
            }
            answer_say(in, NULL, kind, "%s%s", buf_str(&names), s);
        }
    }
    buf_release(&own);
    buf_release(&names);
}

/* How many starts agree: the least over the groups. */
static void say_certainty(const Report *r, const FitResult *first, AnswerNode *in)
{
    const FitResult *worst = first;
    for (size_t i = 0; i < r->n; i++) {
        const FitResult *f = &r->fit[i].fit;
        if (is_of(&r->fit[i], first->form) && f->at_minimum < worst->at_minimum) {
            worst = f;
        }
    }
    char least[NUMBER_TEXT_BYTES] = "All";
    if (worst->at_minimum < worst->starts) {
        (void)snprintf(least, sizeof least, "At least %zu of", worst->at_minimum);
    }
    answer_say(in, NULL, SAY_PLAIN, "%s %zu starts of every fit end at the minimum shown.", least,
               worst->starts);
}

/* ---- formulas ---- */

void fit_formula_say(const ReportFit *f, const char *group, int digits, AnswerNode *in)
{
    Buf text = BUF_INIT;
    if (formula_text(&f->fit, digits, &text)) {
        answer_say(in, NULL, SAY_FORMULA, "%s%s%s", group ? group : "", group ? ": " : "",
                   buf_str(&text));
    }
    buf_release(&text);
}

void fit_worked_say(const ReportFit *f, int digits, AnswerNode *in)
{
    double inputs[FORM_MAX_INPUTS] = {0.0};
    Buf text = BUF_INIT;
    formula_point(&f->fit, &f->group->data, inputs);
    formula_worked(&f->fit, inputs, digits, &text);
    answer_say(in, NULL, SAY_FORMULA, "%s %s", f->group->name, buf_str(&text));
    buf_release(&text);
}

/* ---- a law ---- */

void law_equation_say(const Report *r, const Form *form, AnswerNode *in)
{
    answer_say(in, NULL, SAY_FORMULA, "%s", form->equation);
    if (form->input[0] == FORM_C) {
        answer_say(in, NULL, SAY_NOTE, "C is counted by the convention \"%s\".",
                   obs_convention_name(r->obs->convention));
    }
}

static void law_answer(const Report *r, const ReportFit *first, AnswerNode *top)
{
    const Form *form = first->form;
    AnswerNode *in = answer_section(top, "%s", form->name);
    law_equation_say(r, form, in);
    law_table(r, &first->fit, in);
    say_once(r, form, method, SAY_PLAIN, false, in);
    say_certainty(r, &first->fit, in);
    for (size_t i = 0; i < r->n; i++) {
        if (is_of(&r->fit[i], form)) {
            fit_formula_say(&r->fit[i], r->fit[i].group->name, 6, in);
        }
    }
    fit_worked_say(first, 4, in);
    say_once(r, form, warning, SAY_WARNING, true, in);
}

void report_laws_answer(const Report *r, AnswerNode *top)
{
    for (size_t i = 0; i < r->n; i++) {
        if (!r->fit[i].is_refused && first_fit(r, r->fit[i].form) == &r->fit[i]) {
            law_answer(r, &r->fit[i], top);
        }
    }
}

/* A validation as an answer.  Field names are a contract: docs/json.md. */
#include "analysis/validate/validate_answer.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "analysis/report/fit_answer.h"

#define N_OF(a) (sizeof(a) / sizeof((a)[0]))

enum { MAX_UNITS = 8, MAX_COLUMNS = FIT_MAX_VALUES + 4 };

/* A column a judged value, the first kept longest. */
static size_t value_columns(FitResult *fit, const size_t *slot, size_t n, Column like,
                            Column *column)
{
    for (size_t k = 0; k < n; k++) {
        column[k] = like;
        column[k].heading = fit_slot(fit, slot[k])->name;
        column[k].is_symbol = true;
        column[k].rank = 1 + (int)k;
    }
    return n;
}

/* ---- influence ---- */

static void unit_json(const Validation *v, size_t u, AnswerNode *units)
{
    const Influence *x = &v->influence;
    const InfluenceUnit *unit = &x->unit[u];
    const FitData *data = &v->group->data;
    AnswerNode *one = answer_object(units, NULL);
    if (x->is_by_run) {
        answer_set(one, "run", value_text(v->group->run_name[unit->unit]));
    } else {
        answer_set_all(one, "N D",
                       value_real(data->params ? data->params[unit->unit] : (double)NAN),
                       value_real(data->tokens ? data->tokens[unit->unit] : (double)NAN));
    }
    answer_set_all(one, "n cook influential", value_size(unit->n), value_real(unit->distance),
                   value_bool(unit->is_marked));
    AnswerNode *values = answer_object(one, "without"), *changes = answer_object(one, "change");
    for (size_t k = 0; k < x->n_shown; k++) {
        const char *name = fit_slot(v->fit, x->shown[k])->name;
        answer_set(values, name, value_real(x->value[u * x->width + x->shown[k]]));
        answer_set(changes, name, value_real(influence_change(x, v->fit, u, x->shown[k])));
    }
}

static void units_table(const Validation *v, AnswerNode *in)
{
    const Influence *x = &v->influence;
    Column column[MAX_COLUMNS] = {
        {.heading = x->is_by_run ? "without run" : "without"},
        {.heading = "points", .rank = FIT_MAX_VALUES + 2},
        {.heading = "Cook", .digits = 3, .help = "the predictions' shift over p s^2"},
        {.heading = "verdict", .rank = FIT_MAX_VALUES + 1}};
    const Column change = {.format = NUMBER_FIXED, .digits = 2};
    size_t n = 4 + value_columns(v->fit, x->shown, x->n_shown, change, column + 4);
    column[4].help = x->n_shown
                         ? "and the others: change in standard errors of the value; beyond 1 "
                           "the run is influential"
                         : NULL;
    AnswerNode *table = answer_table(in, NULL,
                                     x->is_by_run ? "Influence: each run left out"
                                                  : "Influence: each observation left out",
                                     column, n);
    answer_table_use(table, TABLE_FOR_PEOPLE);
    for (size_t u = 0; u < x->n && u < MAX_UNITS; u++) {
        const InfluenceUnit *unit = &x->unit[u];
        char name[128];
        Value row[MAX_COLUMNS] = {value_text(name), value_size(unit->n), value_real(unit->distance),
                                  value_text(unit->is_refused  ? "no law without it"
                                             : unit->is_marked ? "influential"
                                                               : NULL)};
        if (x->is_by_run) {
            (void)snprintf(name, sizeof name, "%s", v->group->run_name[unit->unit]);
        } else {
            validate_point_name(v, unit->unit, name, sizeof name);
        }
        for (size_t k = 0; k < x->n_shown && !unit->is_refused; k++) {
            row[4 + k] = value_real(influence_change(x, v->fit, u, x->shown[k]));
        }
        (void)answer_row_of(table, row, n);
    }
}

static void influence_answer(const Validation *v, AnswerNode *in)
{
    const Influence *x = &v->influence;
    AnswerNode *o = answer_object(in, "influence");
    answer_set_all(o, "unit units marked refused", value_text(x->is_by_run ? "run" : "point"),
                   value_size(x->n), value_size(x->n_marked), value_size(x->n_refused));
    AnswerNode *se = answer_object(o, "se"), *units = answer_list(o, "without");
    for (size_t k = 0; k < x->n_shown; k++) {
        answer_set(se, fit_slot(v->fit, x->shown[k])->name, value_real(x->se[x->shown[k]]));
    }
    for (size_t u = 0; u < x->n; u++) {
        unit_json(v, u, units);
    }
    units_table(v, in);
}

/* ---- sensitivity ---- */

static void sensitivity_json(const Validation *v, AnswerNode *in)
{
    const Sensitivity *s = &v->sensitivity;
    AnswerNode *o = answer_object(in, "sensitivity");
    AnswerNode *choices = answer_list(o, "choices"), *largest = answer_object(o, "largest");
    for (size_t i = 0; i < s->n; i++) {
        const SensitivityFit *f = &s->fit[i];
        AnswerNode *one = answer_object(choices, NULL);
        answer_set_all(one, "choice n refused", value_text(f->name), value_size(f->n),
                       value_text(f->is_refused ? f->why : NULL));
        AnswerNode *values = answer_object(one, "values");
        for (size_t k = 0; k < s->n_shown; k++) {
            answer_set(values, fit_slot(v->fit, s->shown[k])->name,
                       value_real(f->value[s->shown[k]]));
        }
    }
    for (size_t k = 0; k < s->n_shown; k++) {
        size_t slot = s->shown[k];
        const FitValue *value = fit_slot(v->fit, slot);
        const Interval own = fit_value_interval(value);
        AnswerNode *one = answer_object(largest, value->name);
        answer_set_all(one, "choice shift outside", value_text(s->fit[s->worst[slot]].name),
                       value_real(s->shift[slot]), value_bool(s->is_outside[slot]));
        interval_answer(one, "interval", &own);
    }
}

static void sensitivity_answer(const Validation *v, AnswerNode *in)
{
    const Sensitivity *s = &v->sensitivity;
    Column column[MAX_COLUMNS] = {{.heading = "choice"},
                                  {.heading = "points", .rank = FIT_MAX_VALUES + 1}};
    size_t n = 2 + value_columns(v->fit, s->shown, s->n_shown, (Column){0}, column + 2);
    Value lo[MAX_COLUMNS] = {value_text("95 % interval as asked, from")};
    Value hi[MAX_COLUMNS] = {value_text("95 % interval as asked, to")};
    Value row[MAX_COLUMNS] = {{0}};
    sensitivity_json(v, in);
    AnswerNode *table =
        answer_table(in, NULL, "Sensitivity: the same law under other choices", column, n);
    answer_table_use(table, TABLE_FOR_PEOPLE);
    for (size_t k = 0; k < s->n_shown; k++) {
        lo[2 + k] = value_real(fit_slot(v->fit, s->shown[k])->lo);
        hi[2 + k] = value_real(fit_slot(v->fit, s->shown[k])->hi);
    }
    (void)answer_row_of(table, lo, n);
    (void)answer_row_of(table, hi, n);
    for (size_t i = 0; i < s->n; i++) {
        char name[80];
        (void)snprintf(name, sizeof name, "%s%s", s->fit[i].name,
                       s->fit[i].is_refused ? " (refused)" : "");
        row[0] = value_text(name);
        row[1] = value_size(s->fit[i].n);
        for (size_t k = 0; k < s->n_shown; k++) {
            row[2 + k] = value_real(s->fit[i].value[s->shown[k]]);
        }
        (void)answer_row_of(table, row, n);
    }
}

/* ---- residuals ---- */

static void slope_json(const StatsSlope *s, const char *key, AnswerNode *in)
{
    if (isfinite(s->t)) {
        answer_set_all(answer_object(in, key), "slope se t p", value_real(s->slope),
                       value_real(s->se), value_real(s->t), value_real(s->p));
    } else {
        answer_set(in, key, value_none());
    }
}

static void test_json(const StatsTest *t, const char *key, AnswerNode *in)
{
    answer_set_all(answer_object(in, key), "statistic p", value_real(t->statistic),
                   value_real(t->p));
}

/* Along one input. */
static void trend_answer(const Validation *v, const ResidualTrend *t, AnswerNode *by)
{
    bool is_log = v->fit->residual == FIT_LOG;
    const char *unit = is_log ? "%" : NULL;
    NumberFormat format = is_log ? NUMBER_PERCENT : NUMBER_DIGITS;
    const Column column[] = {{"from", "from"},
                             {"to", "to"},
                             {"n", "points"},
                             {"mean", "mean", .unit = unit, .format = format, .digits = 3},
                             {"sd", "sd", .unit = unit, .format = format, .digits = 3},
                             {.heading = "mean/se", .format = NUMBER_FIXED, .digits = 1}};
    char title[64];
    (void)snprintf(title, sizeof title, "Residuals by %s, above 0 where the law is too high",
                   form_input_name(t->input));
    AnswerNode *o = answer_object(by, form_input_name(t->input));
    slope_json(&t->slope, "slope", o);
    slope_json(&t->clustered, "slope_by_run", o);
    test_json(&t->order, "runs_test", o);
    AnswerNode *table = answer_table(o, "bins", title, COLUMNS(column));
    answer_table_use(table, TABLE_FOR_PEOPLE);
    for (size_t b = 0; b < t->n_bins; b++) {
        const ResidualBin *bin = &t->bin[b];
        answer_row(table, value_real(bin->lo), value_real(bin->hi), value_size(bin->n),
                   value_real(bin->mean), value_real(bin->sd),
                   value_real(bin->mean / bin->sd * sqrt((double)bin->n)));
    }
}

static void test_row(AnswerNode *table, const char *name, const char *what, double statistic,
                     double p)
{
    answer_row(table, value_text(name), value_real(statistic), value_real(p), value_text(what));
}

static void tests_table(const Residuals *r, AnswerNode *in)
{
    static const Column column[] = {{.heading = "test"},
                                    {.heading = "statistic"},
                                    {.heading = "p", .format = NUMBER_P},
                                    {.heading = "small p means", .is_prose = true}};
    AnswerNode *table = answer_table(in, NULL, "Are the residuals noise?", COLUMNS(column));
    answer_table_use(table, TABLE_FOR_PEOPLE);
    for (size_t k = 0; k < r->n_trends; k++) {
        const ResidualTrend *trend = &r->trend[k];
        char name[64];
        const char *input = form_input_name(trend->input);
        bool has_runs = isfinite(trend->clustered.t);
        const StatsSlope *s = has_runs ? &trend->clustered : &trend->slope;
        (void)snprintf(name, sizeof name, "slope on ln %s, t%s", input,
                       has_runs ? " (by runs)" : "");
        test_row(table, name, "the law is tilted along it", s->t, s->p);
        (void)snprintf(name, sizeof name, "runs in the order of %s, z", input);
        test_row(table, name, "neighbours err alike (z < 0)", trend->order.statistic,
                 trend->order.p);
    }
    test_row(table, "Jarque-Bera", "not normal", r->normality.statistic, r->normality.p);
    test_row(table, "Breusch-Pagan", "scatter changes with the inputs", r->variance.statistic,
             r->variance.p);
    if (isfinite(r->icc)) {
        test_row(table, "lag-1 correlation within runs", NULL, r->lag1, (double)NAN);
        test_row(table, "intraclass correlation of runs", NULL, r->icc, (double)NAN);
        test_row(table, "effective number of points", NULL, r->effective, (double)NAN);
    }
}

static void residuals_answer(const Validation *v, AnswerNode *in)
{
    const Residuals *r = &v->residuals;
    AnswerNode *o = answer_object(in, "residuals");
    answer_set_all(o, "n mean sd median largest skewness kurtosis lag1 pairs icc effective_n",
                   value_size(r->n), value_real(r->mean), value_real(r->sd), value_real(r->median),
                   value_real(r->largest), value_real(r->skewness), value_real(r->kurtosis),
                   value_real(r->lag1), value_size(r->n_pairs), value_real(r->icc),
                   value_real(r->effective));
    test_json(&r->normality, "jarque_bera", o);
    test_json(&r->variance, "breusch_pagan", o);
    AnswerNode *by = answer_object(o, "by");
    for (size_t k = 0; k < r->n_trends; k++) {
        trend_answer(v, &r->trend[k], by);
    }
    tests_table(r, in);
}

/* ---- all ---- */

static void values_json(FitResult *fit, AnswerNode *in)
{
    answer_set(in, "objective", value_real(fit->objective));
    AnswerNode *values = answer_object(in, "values");
    for (size_t k = 0; k < fit_slots(fit); k++) {
        const FitValue *v = fit_slot(fit, k);
        const Interval own = fit_value_interval(v);
        AnswerNode *one = answer_object(values, v->name);
        answer_set(one, "value", value_real(v->value));
        interval_answer(one, "interval", &own);
    }
}

/* Every line is a sentence for people; together they are the conclusion. */
static void conclusion(const Validation *v, AnswerNode *in, AnswerNode *people)
{
    Buf text = BUF_INIT;
    validate_sentences(v, &text);
    answer_set(in, "conclusion", value_text(buf_str(&text)));
    for (const char *line = buf_str(&text); *line;) {
        size_t n = strcspn(line, "\n");
        answer_say(people, NULL, SAY_VERDICT, "%.*s", (int)n, line);
        line += n + (line[n] == '\n');
    }
    buf_release(&text);
}

static void group_answer(const ValidateReport *r, const Validation *v, AnswerNode *groups)
{
    const FitOptions *o = &v->options;
    const size_t n_runs = v->group->data.n_runs;
    char runs[48] = "";
    AnswerNode *object = answer_object(groups, NULL);
    AnswerNode *in = r->obs->by ? answer_section(object, "%s", v->group->name) : object;
    answer_set_all(object, "group law loss delta residual n runs", value_text(v->group->name),
                   value_text(v->form->name), value_text(fit_loss_name(o->loss.kind)),
                   value_real(o->loss.kind == FIT_HUBER ? o->loss.delta : (double)NAN),
                   value_text(o->residual == FIT_LOG ? "log" : "raw"), value_size(v->group->data.n),
                   value_size(n_runs));
    conclusion(v, object, in);
    (void)snprintf(runs, sizeof runs, " of %zu runs", n_runs);
    answer_say(in, NULL, SAY_PLAIN, "Validated: %s on %zu points%s.", v->form->name,
               v->group->data.n, n_runs ? runs : "");
    answer_say(in, NULL, SAY_FORMULA, "%s", v->form->equation);
    if (!v->is_refused && v->fit->form) {
        values_json(v->fit, object);
    }
    const struct {
        bool is_there;
        void (*say)(const Validation *v, AnswerNode *in);
    } part[] = {{v->has_holdout, holdout_answer},         {v->n_laws > 0, holdout_laws_answer},
                {v->has_chain, holdout_chain_answer},     {v->has_influence, influence_answer},
                {v->has_sensitivity, sensitivity_answer}, {v->has_residuals, residuals_answer}};
    for (size_t i = 0; i < N_OF(part); i++) {
        if (part[i].is_there) {
            part[i].say(v, in);
        }
    }
}

size_t validate_answer(const ValidateReport *r, AnswerNode *top)
{
    static const char *const part[] = {"fit", "hold_out", "influence", "residuals", "chain"};
    size_t n = 0;
    answer_set(top, "convention", value_text(obs_convention_name(r->obs->convention)));
    AnswerNode *groups = answer_list(top, "groups");
    for (size_t g = 0; g < r->obs->n_groups; g++) {
        group_answer(r, &r->validation[g], groups);
    }
    holdout_long_table(r, top);
    AnswerNode *refused = answer_list(top, "refused");
    for (size_t g = 0; g < r->obs->n_groups; g++) {
        const Validation *v = &r->validation[g];
        const Err *const why[] = {&v->refusal, &v->why_holdout, &v->why_influence,
                                  &v->why_residuals, &v->why_chain};
        for (size_t i = 0; i < N_OF(part); i++) {
            if (why[i]->code != ERR_OK) {
                (void)refusal_answer(refused, v->group->name, "part", part[i], why[i]);
                n++;
            }
        }
    }
    return n;
}

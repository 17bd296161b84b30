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

/* In JSON, and as a row of the table while there is room (NULL: none). */
static void unit_answer(const Validation *v, size_t u, AnswerNode *units, AnswerNode *table)
{
    const Influence *x = &v->influence;
    const InfluenceUnit *unit = &x->unit[u];
    const FitData *data = &v->group->data;
    char name[128];
    AnswerNode *one = answer_object(units, NULL);
    if (x->is_by_run) {
        (void)snprintf(name, sizeof name, "%s", v->group->run_name[unit->unit]);
        answer_set(one, "run", value_text(name));
    } else {
        validate_point_name(v, unit->unit, name, sizeof name);
        answer_set_all(one, "N D",
                       value_real(data->params ? data->params[unit->unit] : (double)NAN),
                       value_real(data->tokens ? data->tokens[unit->unit] : (double)NAN));
    }
    Value row[MAX_COLUMNS] = {value_text(name), value_size(unit->n), value_real(unit->distance),
                              value_text(unit->is_refused  ? "no law without it"
                                         : unit->is_marked ? "influential"
                                                           : NULL)};
    answer_set_all(one, "n cook influential", row[1], row[2], value_bool(unit->is_marked));
    AnswerNode *values = answer_object(one, "without"), *changes = answer_object(one, "change");
    for (size_t k = 0; k < x->n_shown; k++) {
        const char *value = fit_slot(v->fit, x->shown[k])->name;
        row[4 + k] = value_real(influence_change(x, v->fit, u, x->shown[k]));
        answer_set(values, value, value_real(x->value[u * x->width + x->shown[k]]));
        answer_set(changes, value, row[4 + k]);
    }
    if (table) {
        (void)answer_row_of(table, row, 4 + x->n_shown);
    }
}

static void influence_answer(const Validation *v, AnswerNode *in)
{
    const Influence *x = &v->influence;
    Column column[MAX_COLUMNS] = {
        {NULL, x->is_by_run ? "without run" : "without"},
        {NULL, "points", .rank = FIT_MAX_VALUES + 2},
        {NULL, "Cook", .digits = 3, .help = "the predictions' shift over p s^2"},
        {NULL, "verdict", .rank = FIT_MAX_VALUES + 1}};
    const Column change = {.format = NUMBER_FIXED, .digits = 2};
    size_t n = 4 + value_columns(v->fit, x->shown, x->n_shown, change, column + 4);
    column[4].help = "and the others: change in standard errors of the value; beyond 1 the run is "
                     "influential";
    AnswerNode *o = answer_object(in, "influence");
    answer_set_all(o, "unit units marked refused", value_text(x->is_by_run ? "run" : "point"),
                   value_size(x->n), value_size(x->n_marked), value_size(x->n_refused));
    AnswerNode *se = answer_object(o, "se"), *units = answer_list(o, "without");
    AnswerNode *table = answer_table(in, NULL, "Influence: each left out in turn", column, n);
    answer_table_use(table, TABLE_FOR_PEOPLE);
    for (size_t k = 0; k < x->n_shown; k++) {
        answer_set(se, fit_slot(v->fit, x->shown[k])->name, value_real(x->se[x->shown[k]]));
    }
    for (size_t u = 0; u < x->n; u++) {
        unit_answer(v, u, units, u < MAX_UNITS ? table : NULL);
    }
}

/* ---- sensitivity ---- */

static void choice_answer(const Validation *v, const SensitivityFit *f, AnswerNode *choices,
                          AnswerNode *table)
{
    const Sensitivity *s = &v->sensitivity;
    char name[80];
    (void)snprintf(name, sizeof name, "%s%s", f->name, f->is_refused ? " (refused)" : "");
    Value row[MAX_COLUMNS] = {value_text(name), value_size(f->n)};
    AnswerNode *one = answer_object(choices, NULL);
    answer_set_all(one, "choice n refused", value_text(f->name), row[1],
                   value_text(f->is_refused ? f->why : NULL));
    AnswerNode *values = answer_object(one, "values");
    for (size_t k = 0; k < s->n_shown; k++) {
        row[2 + k] = value_real(f->value[s->shown[k]]);
        answer_set(values, fit_slot(v->fit, s->shown[k])->name, row[2 + k]);
    }
    (void)answer_row_of(table, row, 2 + s->n_shown);
}

static void sensitivity_answer(const Validation *v, AnswerNode *in)
{
    const Sensitivity *s = &v->sensitivity;
    Column column[MAX_COLUMNS] = {{NULL, "choice"}, {NULL, "points", .rank = FIT_MAX_VALUES + 1}};
    size_t n = 2 + value_columns(v->fit, s->shown, s->n_shown, (Column){0}, column + 2);
    Value lo[MAX_COLUMNS] = {value_text("95 % interval as asked, from")};
    Value hi[MAX_COLUMNS] = {value_text("95 % interval as asked, to")};
    AnswerNode *o = answer_object(in, "sensitivity");
    AnswerNode *choices = answer_list(o, "choices"), *largest = answer_object(o, "largest");
    AnswerNode *table =
        answer_table(in, NULL, "Sensitivity: the same law under other choices", column, n);
    answer_table_use(table, TABLE_FOR_PEOPLE);
    for (size_t k = 0; k < s->n_shown; k++) {
        size_t slot = s->shown[k];
        const FitValue *value = fit_slot(v->fit, slot);
        const Interval own = fit_value_interval(value);
        AnswerNode *one = answer_object(largest, value->name);
        answer_set_all(one, "choice shift outside", value_text(s->fit[s->worst[slot]].name),
                       value_real(s->shift[slot]), value_bool(s->is_outside[slot]));
        interval_answer(one, "interval", &own);
        lo[2 + k] = value_real(own.lo);
        hi[2 + k] = value_real(own.hi);
    }
    (void)answer_row_of(table, lo, n);
    (void)answer_row_of(table, hi, n);
    for (size_t i = 0; i < s->n; i++) {
        choice_answer(v, &s->fit[i], choices, table);
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

static void test_row(AnswerNode *table, const char *name, const char *what, double statistic,
                     double p)
{
    answer_row(table, value_text(name), value_real(statistic), value_real(p), value_text(what));
}

/* In JSON and as a row. */
static void test_answer(const StatsTest *t, const char *key, AnswerNode *in, const char *name,
                        const char *what, AnswerNode *table)
{
    answer_set_all(answer_object(in, key), "statistic p", value_real(t->statistic),
                   value_real(t->p));
    test_row(table, name, what, t->statistic, t->p);
}

/* Along one input. */
static void trend_answer(const Validation *v, const ResidualTrend *t, AnswerNode *by,
                         AnswerNode *tests)
{
    bool is_log = v->fit->residual == FIT_LOG, has_runs = isfinite(t->clustered.t);
    const char *unit = is_log ? "%" : NULL, *input = form_input_name(t->input);
    NumberFormat format = is_log ? NUMBER_PERCENT : NUMBER_DIGITS;
    const Column column[] = {{"from", "from"},
                             {"to", "to"},
                             {"n", "points"},
                             {"mean", "mean", unit, format, 3},
                             {"sd", "sd", unit, format, 3},
                             {NULL, "mean/se", NULL, NUMBER_FIXED, 1}};
    const StatsSlope *s = has_runs ? &t->clustered : &t->slope;
    char text[64];
    AnswerNode *o = answer_object(by, input);
    slope_json(&t->slope, "slope", o);
    slope_json(&t->clustered, "slope_by_run", o);
    (void)snprintf(text, sizeof text, "slope on ln %s, t%s", input, has_runs ? " (by runs)" : "");
    test_row(tests, text, "the law is tilted along it", s->t, s->p);
    (void)snprintf(text, sizeof text, "runs in the order of %s, z", input);
    test_answer(&t->order, "runs_test", o, text, "neighbours err alike (z < 0)", tests);
    (void)snprintf(text, sizeof text, "Residuals by %s, above 0 where the law is too high", input);
    AnswerNode *table = answer_table(o, "bins", text, COLUMNS(column));
    answer_table_use(table, TABLE_FOR_PEOPLE);
    for (size_t b = 0; b < t->n_bins; b++) {
        const ResidualBin *bin = &t->bin[b];
        answer_row(table, value_real(bin->lo), value_real(bin->hi), value_size(bin->n),
                   value_real(bin->mean), value_real(bin->sd),
                   value_real(bin->mean / bin->sd * sqrt((double)bin->n)));
    }
}

static void residuals_answer(const Validation *v, AnswerNode *in)
{
    static const Column column[] = {{NULL, "test"},
                                    {NULL, "statistic"},
                                    {NULL, "p", NULL, NUMBER_P},
                                    {NULL, "small p means", .is_prose = true}};
    const Residuals *r = &v->residuals;
    AnswerNode *o = answer_object(in, "residuals");
    answer_set_all(o, "n mean sd median largest skewness kurtosis lag1 pairs icc effective_n",
                   value_size(r->n), value_real(r->mean), value_real(r->sd), value_real(r->median),
                   value_real(r->largest), value_real(r->skewness), value_real(r->kurtosis),
                   value_real(r->lag1), value_size(r->n_pairs), value_real(r->icc),
                   value_real(r->effective));
    AnswerNode *tests = answer_table(in, NULL, "Are the residuals noise?", COLUMNS(column));
    answer_table_use(tests, TABLE_FOR_PEOPLE);
    test_answer(&r->normality, "jarque_bera", o, "Jarque-Bera", "not normal", tests);
    test_answer(&r->variance, "breusch_pagan", o, "Breusch-Pagan",
                "scatter changes with the inputs", tests);
    AnswerNode *by = answer_object(o, "by");
    for (size_t k = 0; k < r->n_trends; k++) {
        trend_answer(v, &r->trend[k], by, tests);
    }
    if (isfinite(r->icc)) {
        const double none = (double)NAN;
        test_row(tests, "lag-1 correlation within runs", NULL, r->lag1, none);
        test_row(tests, "intraclass correlation of runs", NULL, r->icc, none);
        test_row(tests, "effective number of points", NULL, r->effective, none);
    }
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

static void group_answer(const ValidateReport *r, const Validation *v, AnswerNode *groups,
                         AnswerNode *csv)
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
    if (v->has_holdout) {
        holdout_answer(v, in, csv);
    }
    const struct {
        bool is_there;
        void (*say)(const Validation *v, AnswerNode *in);
    } part[] = {{v->n_laws > 0, holdout_laws_answer},
                {v->has_chain, holdout_chain_answer},
                {v->has_influence, influence_answer},
                {v->has_sensitivity, sensitivity_answer},
                {v->has_residuals, residuals_answer}};
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
    AnswerNode *csv = holdout_long_table(top), *groups = answer_list(top, "groups");
    for (size_t g = 0; g < r->obs->n_groups; g++) {
        group_answer(r, &r->validation[g], groups, csv);
    }
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

/* Field names are a contract: docs/json.md. */
#include "analysis/use/use_answer.h"

#include <math.h>
#include <stdio.h>

#include "analysis/report/fit_answer.h"
#include "analysis/use/explain.h"

enum { MAX_COLUMNS = 40 };

static const char bootstrap[] = "bootstrap";

/* Columns and the values of a row, one after the other. */
static size_t add_columns(Column *to, size_t n, const Column *more, size_t n_more)
{
    for (size_t i = 0; i < n_more; i++) {
        to[n + i] = more[i];
    }
    return n + n_more;
}

#define COUNT_OF(list) (sizeof(list) / sizeof(list)[0])

/* People need the law's column only where there are several. */
static size_t begin_columns(Column *to, bool has_laws)
{
    to[0] = (Column){.key = "group", .heading = "group"};
    to[1] = (Column){.key = "law", .heading = has_laws ? "law" : NULL};
    return 2;
}

/* ---- fits ---- */

static void flops_answer(AnswerNode *in, const FlopModel *f)
{
    char text[FLOP_TEXT_BYTES];
    AnswerNode *o = answer_object(in, "flops_per_token");
    flop_model_text(f, text);
    answer_set(o, "formula", value_text(text));
    answer_set(o, "shape", value_text(flop_shape_name(f->shape)));
    answer_set(o, "k", value_real(f->k));
    answer_set(o, "m", value_real(f->m));
    answer_set(o, "g", value_real(f->g));
    answer_set(o, "bend", value_real(f->bend));
    answer_set(o, "centre", value_real(f->shape == FLOPS_SIX_PLUS ? exp(f->centre) : (double)NAN));
    answer_set(o, "sizes", value_size(f->sizes));
    answer_set(o, "misfit", value_real(f->misfit));
}

void use_fit_answer(AnswerNode *fits, const UseFit *f)
{
    const FitResult *r = &f->law.fit;
    AnswerNode *o = answer_object(fits, NULL);
    fit_head_answer(o, f->group->name, r);
    answer_set(o, "resampling", value_text(fit_resampling_name(r->resampling)));
    answer_set(o, "replicates", value_size(r->replicates));
    answer_set(o, "failed", value_size(r->replicates_failed));
    if (f->law.has_scatter) {
        AnswerNode *scatter = answer_object(o, "scatter");
        answer_set(scatter, "between_runs", value_real(f->law.scatter.between));
        answer_set(scatter, "within_runs", value_real(f->law.scatter.within));
    }
    if (f->law.has_flops) {
        flops_answer(o, &f->law.flops);
    }
    for (size_t i = 0; i < r->n_warnings; i++) {
        answer_say(o, NULL, SAY_WARNING, "%s, %s: %s", f->group->name, f->form->name,
                   r->warning[i]);
    }
}

void use_cost_answer(AnswerNode *in, const UseFit *f, const char *convention)
{
    const FlopModel *m = &f->law.flops;
    char text[FLOP_TEXT_BYTES], misfit[NUMBER_TEXT_BYTES], of_data[128] = "";
    flop_model_text(m, text);
    if (m->sizes > 0 && m->misfit > 1e-6) {
        (void)snprintf(of_data, sizeof of_data, ", within %s %% of the %zu sizes of the data",
                       number_text(m->misfit, NUMBER_PERCENT, 2, misfit), m->sizes);
    }
    answer_say(in, NULL, SAY_PLAIN, "A training token of %s costs %s FLOP (convention %s%s).",
               f->group->name, text, convention, of_data);
}

/* ---- predictions ---- */

static const Column run_column = {.key = "run", .heading = "run"};

static const Column at_columns[] = {
    {.key = "N", .heading = "N", .format = NUMBER_QUANTITY, .rank = 1, .is_symbol = true},
    {.key = "D", .heading = "D", .format = NUMBER_QUANTITY, .rank = 1, .is_symbol = true},
    {.key = "C", .heading = "C", .unit = "FLOP", .rank = 2, .is_symbol = true},
};

static const Column measured_columns[] = {
    {.key = "measured", .heading = "measured", .format = NUMBER_FIXED},
    {.key = "error",
     .heading = "error",
     .format = NUMBER_FIXED,
     .help = "predicted less measured; the run was left out of the fit"},
};

static const Column predicted_columns[] = {
    {.key = "loss",
     .heading = "loss",
     .format = NUMBER_FIXED,
     .interval = "interval",
     .has_flat = true,
     .help = "the law's value, with the 95 % interval of where the curve is"},
    {.key = "new_run",
     .heading = "a new run",
     .format = NUMBER_FIXED,
     .rank = 1,
     .interval = "new_run",
     .has_flat = true,
     .flat = "predict_",
     .help = "95 % interval of a measurement of one new run, if the law holds there"},
    {.key = "outside.N",
     .heading = "N outside",
     .rank = 3,
     .help = "how many times beyond the data's range of N"},
    {.key = "outside.D",
     .heading = "D outside",
     .rank = 3,
     .help = "how many times beyond the data's range of D"},
    {.key = "outside.C",
     .heading = "C outside",
     .rank = 3,
     .help = "how many times beyond the data's range of C"},
    {.key = "standard.N"},
    {.key = "standard.D"},
    {.key = "standard.C"},
    {.key = "standard.together"},
    {.key = "far"},
};

static const Column left_out_columns[] = {
    {.key = "error_relative"}, {.key = "within.law"}, {.key = "within.run"}, {.key = "points"},
    {.key = "mean_error"},     {.key = "rms_error"},  {.key = "n_fit"},
};

AnswerNode *use_predictions(AnswerNode *top, const char *response, bool has_laws, bool has_run)
{
    Column column[MAX_COLUMNS];
    size_t n = begin_columns(column, has_laws);
    if (has_run) {
        column[n++] = run_column;
    }
    n = add_columns(column, n, at_columns, COUNT_OF(at_columns));
    if (has_run) {
        column[n - 3].rank = column[n - 2].rank = 2; /* they are the run's own */
        n = add_columns(column, n, measured_columns, COUNT_OF(measured_columns));
    }
    n = add_columns(column, n, predicted_columns, COUNT_OF(predicted_columns));
    column[n - COUNT_OF(predicted_columns)].key = response;
    column[n - COUNT_OF(predicted_columns)].heading = response;
    if (has_run) {
        n = add_columns(column, n, left_out_columns, COUNT_OF(left_out_columns));
    }
    return answer_table(top, "predictions", NULL, column, n);
}

/* In JSON the logarithm, for people the factor, where there is one. */
static Value outside_value(double ln, char *shown)
{
    shown[0] = '\0';
    return value_shown(value_real(ln),
                       ln > 0.0 ? number_text(exp(ln), NUMBER_DIGITS, 3, shown) : shown);
}

static size_t predicted_values(const Prediction *v, const Interval *law, const Interval *new_run,
                               char shown[3][NUMBER_TEXT_BYTES], Value *x)
{
    size_t n = 0;
    x[n++] = value_between(v->value, law);
    x[n++] = value_between((double)NAN, new_run);
    x[n++] = outside_value(v->outside.n, shown[0]);
    x[n++] = outside_value(v->outside.d, shown[1]);
    x[n++] = outside_value(v->outside.c, shown[2]);
    x[n++] = value_real(v->standard.n);
    x[n++] = value_real(v->standard.d);
    x[n++] = value_real(v->standard.c);
    x[n++] = value_real(v->together);
    x[n++] = value_bool(v->is_far);
    return n;
}

static Interval new_run_interval(const Prediction *v)
{
    return (Interval){.se = (double)NAN, .lo = v->run_lo, .hi = v->run_hi, .method = bootstrap};
}

void use_prediction(AnswerNode *table, const UseFit *f, const Prediction *v, const char *run,
                    const PredictedRun *r)
{
    const Interval law = fit_interval(&v->law, bootstrap), new_run = new_run_interval(v);
    char shown[3][NUMBER_TEXT_BYTES];
    Value x[MAX_COLUMNS] = {value_text(f->group->name), value_text(f->form->name)};
    size_t n = 2;
    if (r) {
        x[n++] = value_text(run);
    }
    x[n++] = value_real(v->at.n);
    x[n++] = value_real(v->at.d);
    x[n++] = value_real(v->at.c);
    if (r) {
        x[n++] = value_real(r->measured);
        x[n++] = value_real(r->error);
    }
    n += predicted_values(v, &law, &new_run, shown, x + n);
    if (r) {
        x[n++] = value_real(r->error / r->measured);
        x[n++] = value_bool(r->is_in_law);
        x[n++] = value_bool(r->is_in_run);
        x[n++] = value_size(r->n);
        x[n++] = value_real(r->mean_error);
        x[n++] = value_real(r->rms_error);
        x[n++] = value_size(r->n_fit);
    }
    AnswerNode *warnings = answer_list(answer_row_of(table, x, n), "warnings");
    if (v->is_far) {
        answer_set(warnings, NULL,
                   value_text("far: more than ten times beyond the data; no interval covers a law "
                              "that changes there"));
    }
}

void use_prediction_sentence(AnswerNode *in, const UseFit *f, const Prediction *v, const char *run,
                             const PredictedRun *r)
{
    const Interval law = fit_interval(&v->law, bootstrap), new_run = new_run_interval(v);
    const char *what = form_response_name(f->form->response);
    const int place = interval_place(&law);
    char value[NUMBER_TEXT_BYTES], of_law[INTERVAL_TEXT_BYTES], of_run[INTERVAL_TEXT_BYTES];
    (void)number_to_place(v->value, place, value);
    (void)interval_text(&law, of_law);
    (void)interval_text(&new_run, of_run);
    if (r) {
        char measured[NUMBER_TEXT_BYTES], error[NUMBER_TEXT_BYTES];
        answer_say(in, NULL, SAY_VERDICT,
                   "Without %s, %s predicts %s = %s for it; %s was measured: an error of %s "
                   "(%+.2f %%)%s.",
                   run, f->form->name, what, value, number_to_place(r->measured, place, measured),
                   number_to_place(r->error, place, error), 100.0 * r->error / r->measured,
                   !of_run[0]     ? ""
                   : r->is_in_run ? ", within the interval of a new run"
                                  : ", outside the interval of a new run");
    } else if (of_law[0] && of_run[0]) {
        answer_say(in, NULL, SAY_VERDICT,
                   "%s predicts %s = %s; the law is within %s and a new run within %s, each with "
                   "95 %%.",
                   f->form->name, what, value, of_law, of_run);
    } else {
        answer_say(in, NULL, SAY_VERDICT, "%s predicts %s = %s.", f->form->name, what, value);
    }
}

/* ---- allocations ---- */

static const Column part_columns[ANSWER_PARTS] = {
    [ANSWER_C] = {.heading = "C", .unit = "FLOP", .is_symbol = true},
    [ANSWER_N] = {.heading = "N", .format = NUMBER_QUANTITY, .is_symbol = true},
    [ANSWER_D] = {.heading = "D", .format = NUMBER_QUANTITY, .rank = 1, .is_symbol = true},
    [ANSWER_LOSS] = {.heading = "loss", .digits = 5},
    [ANSWER_RATIO] = {.heading = "D/N", .rank = 2},
    [ANSWER_TRAIN] = {.heading = NULL},
    [ANSWER_PENALTY] = {.heading = "penalty",
                        .rank = 3,
                        .help = "loss less the best loss for the same C"},
    [ANSWER_BEST_LOSS] = {.heading = "best loss", .digits = 5, .rank = 4},
    [ANSWER_BEST_C] = {.heading = "best C", .rank = 3, .help = "least FLOP for the same loss"},
    [ANSWER_FACTOR] = {.heading = "factor",
                       .help = "C over the best C: what the choice costs against the best one"},
    [ANSWER_BEST_N] = {.heading = NULL},
};

static const AnswerPart part_order[] = {
    ANSWER_C,       ANSWER_N,         ANSWER_D,      ANSWER_LOSS,   ANSWER_RATIO, ANSWER_TRAIN,
    ANSWER_PENALTY, ANSWER_BEST_LOSS, ANSWER_BEST_C, ANSWER_FACTOR, ANSWER_BEST_N};

static size_t n_parts(bool has_costs)
{
    return has_costs ? COUNT_OF(part_order) : ANSWER_TRAIN + 1;
}

AnswerNode *use_allocations(AnswerNode *top, bool has_laws, bool has_costs, bool is_mixed)
{
    static const Column place[] = {{.heading = "note", .rank = 3},
                                   {.key = "step"},
                                   {.key = "outside_data.N"},
                                   {.key = "outside_data.D"},
                                   {.key = "far"}};
    Column column[MAX_COLUMNS];
    size_t n = begin_columns(column, has_laws);
    column[n++] = (Column){.key = "question", .heading = is_mixed ? "asked" : NULL, .rank = 4};
    for (size_t i = 0; i < n_parts(has_costs); i++) {
        column[n] = part_columns[part_order[i]];
        column[n++].key = answer_part_name(part_order[i]);
    }
    n = add_columns(column, n, place, COUNT_OF(place));
    return answer_table(top, "allocations", NULL, column, n);
}

static const char *question_name(Question q)
{
    static const char *const name[] = {
        "flops", "loss", "N", "D", "N at flops", "tokens_per_parameter at flops", "N at loss"};
    return name[q];
}

void use_allocation(AnswerNode *table, const UseFit *f, const Budget *b, const Allocation *a,
                    bool has_costs)
{
    Interval interval[ANSWER_PARTS];
    Value x[MAX_COLUMNS] = {value_text(f->group->name), value_text(f->form->name),
                            value_text(question_name(a->question))};
    size_t n = 3;
    for (size_t i = 0; i < n_parts(has_costs); i++) {
        AnswerPart p = part_order[i];
        interval[p] = fit_interval(&a->interval[p], bootstrap);
        x[n++] = value_between(a->value[p], &interval[p]);
    }
    x[n++] = value_text(a->is_far                            ? "far outside the data"
                        : a->is_outside_n || a->is_outside_d ? "outside the data"
                                                             : NULL);
    x[n++] = value_real(a->step);
    x[n++] = value_bool(a->is_outside_n);
    x[n++] = value_bool(a->is_outside_d);
    x[n++] = value_bool(a->is_far);
    AnswerNode *row = answer_row_of(table, x, n);
    if (a->n_without > 0) {
        answer_set(row, "share_without", value_real((double)a->n_without / (double)a->n_draws));
    }
    if (b->inference > 0.0) {
        answer_set(row, "inference_tokens", value_real(b->inference));
    }
}

void use_allocation_sentence(AnswerNode *in, const UseFit *f, const Allocation *a)
{
    char text[ANSWER_PARTS][NUMBER_TEXT_BYTES];
    for (size_t p = 0; p < ANSWER_PARTS; p++) {
        const Column *c = &part_columns[p];
        const Interval i = fit_interval(&a->interval[p], bootstrap);
        (void)(c->format == NUMBER_DIGITS
                   ? number_to_place(a->value[p], interval_place(&i), text[p])
                   : number_text(a->value[p], c->format, c->digits, text[p]));
    }
    if (a->question < ASK_SIZE_FLOPS) {
        answer_say(in, NULL, SAY_VERDICT,
                   "By %s, C = %s FLOP is best spent on N = %s parameters and D = %s tokens (%s "
                   "tokens a parameter), with a loss of %s.",
                   f->form->name, text[ANSWER_C], text[ANSWER_N], text[ANSWER_D],
                   text[ANSWER_RATIO], text[ANSWER_LOSS]);
        return;
    }
    answer_say(
        in, NULL, SAY_VERDICT,
        "By %s, N = %s on D = %s costs C = %s FLOP and reaches a loss of %s; the best choice "
        "reaches it with %s FLOP: this one takes %s times as much.",
        f->form->name, text[ANSWER_N], text[ANSWER_D], text[ANSWER_C], text[ANSWER_LOSS],
        text[ANSWER_BEST_C], text[ANSWER_FACTOR]);
}

/* ---- approaches ---- */

static const struct {
    const char *name;
    ApproachPart part;
} constant[] = {{"a", APPROACH_A}, {"b", APPROACH_B}, {"k_N", APPROACH_K_N}, {"k_D", APPROACH_K_D}};

UseApproaches use_approaches(AnswerNode *top)
{
    static const Column column[] = {{.key = "group"},    {.key = "approach"}, {.key = "method"},
                                    {.key = "name"},     {.key = "C"},        {.key = "value"},
                                    {.key = "lo"},       {.key = "hi"},       {.key = "bias"},
                                    {.key = "corrected"}};
    AnswerNode *lines = answer_table(top, NULL, NULL, column, COUNT_OF(column));
    answer_table_use(lines, TABLE_FOR_CSV);
    return (UseApproaches){answer_list(top, "approaches"), lines};
}

/* A number of one approach in the long table. */
static void approach_line(AnswerNode *lines, const UseFit *f, const Approach *r, const char *name,
                          size_t part, double c)
{
    answer_row(lines, value_text(f->group->name), value_text(approach_number(r->kind)),
               value_text(approach_name(r->kind)), value_text(name), value_real(c),
               value_real(r->value[part]), value_real(r->interval[part].lo),
               value_real(r->interval[part].hi),
               value_real(r->has_bias ? r->bias[part] : (double)NAN),
               value_real(r->has_bias ? r->corrected[part] : (double)NAN));
}

static void approach_lines(AnswerNode *lines, const UseFit *f, const Approach *r,
                           const Approaches *all)
{
    for (size_t i = 0; i < COUNT_OF(constant); i++) {
        approach_line(lines, f, r, constant[i].name, constant[i].part, (double)NAN);
    }
    for (size_t i = 0; i < all->n_at; i++) {
        approach_line(lines, f, r, "N_opt", APPROACH_N_OPT + i, all->at[i]);
        approach_line(lines, f, r, "D_opt", APPROACH_D_OPT + i, all->at[i]);
    }
}

/* The table of a group; for people the N_opt of every C stand in it. */
static AnswerNode *approaches_table(AnswerNode *in, const UseFit *f, const Approaches *all)
{
    static const Column head[] = {
        {.key = "approach", .heading = "approach"},
        {.key = "method", .heading = "method"},
        {.key = "a", .heading = "a", .is_symbol = true, .help = "of N_opt = k_N C^a, C in FLOP"},
        {.key = "b", .heading = "b", .rank = 3, .is_symbol = true, .help = "of D_opt = k_D C^b"},
        {.key = "k_N", .heading = "k_N", .rank = 4, .is_symbol = true},
        {.key = "k_D"}};
    static const Column tail[] = {
        {.key = "bias.a",
         .heading = "bias of a",
         .rank = 2,
         .help =
             "what the approach finds without noise on the fitted law at the same N and D, less "
             "the law's own a"},
        {.key = "bias.b"},
        {.key = "bias.k_N"},
        {.key = "bias.k_D"},
        {.heading = "of N_opt", .rank = 2, .help = "the same over the law's own N_opt"},
        {.key = "a_corrected", .heading = "a corrected", .rank = 2}};
    Column column[MAX_COLUMNS];
    char name[APPROACH_MAX_AT][NUMBER_TEXT_BYTES + 16], c[NUMBER_TEXT_BYTES], title[256];
    size_t n = add_columns(column, 0, head, COUNT_OF(head));
    for (size_t i = 0; i < all->n_at; i++) {
        (void)snprintf(name[i], sizeof name[i], "N_opt(%s)",
                       number_text(all->at[i], NUMBER_DIGITS, 4, c));
        column[n++] = (Column){
            .heading = name[i], .format = NUMBER_QUANTITY, .rank = i ? 1 : 0, .is_symbol = true};
    }
    n = add_columns(column, n, tail, COUNT_OF(tail));
    (void)snprintf(title, sizeof title, "Approaches: %s", f->group->name);
    AnswerNode *table = answer_table(in, "approaches", title, column, n);
    answer_table_use(table, TABLE_FOR_PEOPLE);
    return table;
}

/* N_opt and D_opt at every C. */
static void ats_answer(AnswerNode *row, const Approach *r, const Approaches *all)
{
    AnswerNode *list = answer_list(row, "at");
    for (size_t i = 0; i < all->n_at; i++) {
        const size_t n_opt = APPROACH_N_OPT + i, d_opt = APPROACH_D_OPT + i;
        const Interval of_n = fit_interval(&r->interval[n_opt], bootstrap);
        const Interval of_d = fit_interval(&r->interval[d_opt], bootstrap);
        AnswerNode *o = answer_object(list, NULL);
        answer_set(o, "C", value_real(all->at[i]));
        answer_set(o, "N_opt", value_real(r->value[n_opt]));
        answer_set(o, "D_opt", value_real(r->value[d_opt]));
        AnswerNode *intervals = answer_object(o, "intervals");
        interval_answer(intervals, "N_opt", &of_n);
        interval_answer(intervals, "D_opt", &of_d);
        if (r->has_bias) {
            answer_set(o, "bias", value_real(r->bias[n_opt]));
            answer_set(o, "N_opt_corrected", value_real(r->corrected[n_opt]));
        }
    }
}

static Value bias_value(const Approach *r, const double *of, size_t part)
{
    return value_real(r->has_bias ? of[part] : (double)NAN);
}

static void approach_row(AnswerNode *table, const Approach *r, const Approaches *all)
{
    Interval interval[APPROACH_PARTS];
    Value x[MAX_COLUMNS] = {value_text(approach_number(r->kind)),
                            value_text(approach_name(r->kind))};
    size_t n = 2;
    for (size_t p = 0; p < APPROACH_PARTS; p++) {
        interval[p] = fit_interval(&r->interval[p], bootstrap);
    }
    for (size_t i = 0; i < COUNT_OF(constant); i++) {
        x[n++] = value_between(r->value[constant[i].part], &interval[constant[i].part]);
    }
    for (size_t i = 0; i < all->n_at; i++) {
        x[n++] = value_between(r->value[APPROACH_N_OPT + i], &interval[APPROACH_N_OPT + i]);
    }
    for (size_t i = 0; i < COUNT_OF(constant); i++) {
        x[n++] = bias_value(r, r->bias, constant[i].part);
    }
    x[n++] = bias_value(r, r->bias, APPROACH_N_OPT + all->n_at - 1);
    x[n++] = bias_value(r, r->corrected, APPROACH_A);
    for (size_t i = 2; r->is_refused && i < n; i++) {
        x[i] = value_none();
    }
    AnswerNode *row = answer_row_of(table, x, n);
    if (r->is_refused) {
        answer_set(row, "reason", value_text(r->refusal.msg));
        return;
    }
    answer_set(row, "points", value_size(r->points));
    answer_set(row, "replicates", value_size(r->replicates));
    answer_set(row, "failed", value_size(r->failed));
    ats_answer(row, r, all);
}

void use_approach(const UseApproaches *to, const UseFit *f, const Approaches *all)
{
    AnswerNode *o = answer_object(to->list, NULL);
    answer_set(o, "group", value_text(f->group->name));
    answer_set(o, "law", value_text(f->form->name));
    AnswerNode *table = approaches_table(o, f, all);
    for (size_t i = 0; i < APPROACH_NAMES; i++) {
        const Approach *r = &all->by[i];
        approach_row(table, r, all);
        if (!r->is_refused) {
            approach_lines(to->lines, f, r, all);
        } else if (r->refusal.msg[0]) {
            answer_say(o, NULL, SAY_NOTE, "Approach %s has no answer: %s.",
                       approach_number(r->kind), r->refusal.msg);
        }
    }
    explain_approaches(all, answer_list(o, "disagreements"));
}

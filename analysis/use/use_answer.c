/* Field names are a contract: docs/json.md. */
#include "analysis/use/use_answer.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "analysis/report/fit_answer.h"

enum { MAX_COLUMNS = 40 };

static const char bootstrap[] = "bootstrap";

#define COUNT_OF(list) (sizeof(list) / sizeof(list)[0])

/* ---- fits ---- */

static void flops_answer(AnswerNode *in, const FlopModel *f)
{
    char text[FLOP_TEXT_BYTES];
    flop_model_text(f, text);
    answer_set_all(answer_object(in, "flops_per_token"),
                   "formula shape k m g bend centre sizes misfit", value_text(text),
                   value_text(flop_shape_name(f->shape)), value_real(f->k), value_real(f->m),
                   value_real(f->g), value_real(f->bend),
                   value_real(f->shape == FLOPS_SIX_PLUS ? exp(f->centre) : (double)NAN),
                   value_size(f->sizes), value_real(f->misfit));
}

void use_fit_answer(AnswerNode *fits, const UseFit *f)
{
    const FitResult *r = &f->law.fit;
    AnswerNode *o = answer_object(fits, NULL);
    fit_head_answer(o, f->group->name, r);
    answer_set_all(o, "resampling replicates failed",
                   value_text(fit_resampling_name(r->resampling)), value_size(r->replicates),
                   value_size(r->replicates_failed));
    if (f->law.has_scatter) {
        answer_set_all(answer_object(o, "scatter"), "between_runs within_runs",
                       value_real(f->law.scatter.between), value_real(f->law.scatter.within));
    }
    if (f->law.has_flops) {
        flops_answer(o, &f->law.flops);
    }
    for (size_t i = 0; i < r->n_warnings; i++) {
        answer_say(o, NULL, SAY_WARNING, "%s, %s: %s", f->group->name, f->form->name,
                   r->warning[i]);
    }
}

void use_cost_answer(AnswerNode *in, const UseFit *f, bool is_only, const char *convention)
{
    const FlopModel *m = &f->law.flops;
    char text[FLOP_TEXT_BYTES], misfit[NUMBER_TEXT_BYTES], of_data[128] = "";
    flop_model_text(m, text);
    if (m->sizes > 0 && m->misfit > 1e-6) {
        (void)snprintf(of_data, sizeof of_data, ", within %s %% of the %zu sizes of the data",
                       number_text(m->misfit, NUMBER_PERCENT, 2, misfit), m->sizes);
    }
    answer_say(in, NULL, SAY_PLAIN, "A training token%s%s costs %s FLOP (convention %s%s).",
               is_only ? "" : " of ", is_only ? "" : f->group->name, text, convention, of_data);
}

/* ---- predictions ---- */

enum { AT_LAW = 1, AT_N = 3, AT_D = 4, AT_RESPONSE = 8 };

/* What is only of a run that was left out of the fit has is_of_run. */
static const struct {
    Column column;
    bool is_of_run;
} prediction[] = {
    {{"group", "group"}},
    {{"law"}},
    {{"run", "run"}, true},
    {{"N", "N", .format = NUMBER_QUANTITY, .rank = 1, .is_symbol = true}},
    {{"D", "D", .format = NUMBER_QUANTITY, .rank = 1, .is_symbol = true}},
    {{"C", "C", "FLOP", .rank = 2, .is_symbol = true}},
    {{"measured", "measured", .format = NUMBER_FIXED}, true},
    {{"error", "error", .format = NUMBER_FIXED,
      .help = "predicted less measured; the run was left out of the fit"},
     true},
    {{.format = NUMBER_FIXED,
      .interval = "interval",
      .has_flat = true,
      .help = "the law's value, with the 95 % interval of where the curve is"}},
    {{"new_run", "a new run", .format = NUMBER_FIXED, .rank = 1, .interval = "new_run",
      .has_flat = true, .flat = "predict_",
      .help = "95 % interval of a measurement of one new run, if the law holds there"}},
    {{"outside.N", "N outside", .rank = 3, .help = "how many times beyond the data's range of N"}},
    {{"outside.D", "D outside", .rank = 3, .help = "how many times beyond the data's range of D"}},
    {{"outside.C", "C outside", .rank = 3, .help = "how many times beyond the data's range of C"}},
    {{"standard.N"}},
    {{"standard.D"}},
    {{"standard.C"}},
    {{"standard.together"}},
    {{"far"}},
    {{"error_relative"}, true},
    {{"within.law"}, true},
    {{"within.run"}, true},
    {{"points"}, true},
    {{"mean_error"}, true},
    {{"rms_error"}, true},
    {{"n_fit"}, true}};

AnswerNode *use_predictions(AnswerNode *top, const char *response, bool has_laws, bool has_run)
{
    Column column[COUNT_OF(prediction)];
    size_t n = 0;
    for (size_t i = 0; i < COUNT_OF(prediction); i++) {
        if (has_run || !prediction[i].is_of_run) {
            Column *c = &column[n++];
            *c = prediction[i].column;
            c->heading = i == AT_LAW && has_laws ? "law" : c->heading;
            c->rank = has_run && (i == AT_N || i == AT_D) ? 2 : c->rank; /* the run's own */
            c->key = i == AT_RESPONSE ? response : c->key;
            c->heading = i == AT_RESPONSE ? response : c->heading;
        }
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

static Interval new_run_interval(const Prediction *v)
{
    return (Interval){.se = (double)NAN, .lo = v->run_lo, .hi = v->run_hi, .method = bootstrap};
}

void use_prediction(AnswerNode *table, const UseFit *f, const Prediction *v, const char *run,
                    const PredictedRun *r)
{
    const Interval law = fit_interval(&v->law, bootstrap), new_run = new_run_interval(v);
    char shown[3][NUMBER_TEXT_BYTES];
    const PredictedRun none = {.n = 0}, *of = r ? r : &none;
    Value x[] = {value_text(f->group->name),
                 value_text(f->form->name),
                 value_text(run),
                 value_real(v->at.n),
                 value_real(v->at.d),
                 value_real(v->at.c),
                 value_real(of->measured),
                 value_real(of->error),
                 value_between(v->value, &law),
                 value_between((double)NAN, &new_run),
                 outside_value(v->outside.n, shown[0]),
                 outside_value(v->outside.d, shown[1]),
                 outside_value(v->outside.c, shown[2]),
                 value_real(v->standard.n),
                 value_real(v->standard.d),
                 value_real(v->standard.c),
                 value_real(v->together),
                 value_bool(v->is_far),
                 value_real(of->error / of->measured),
                 value_bool(of->is_in_law),
                 value_bool(of->is_in_run),
                 value_size(of->n),
                 value_real(of->mean_error),
                 value_real(of->rms_error),
                 value_size(of->n_fit)};
    size_t n = 0;
    for (size_t i = 0; i < COUNT_OF(prediction); i++) {
        if (r || !prediction[i].is_of_run) {
            x[n++] = x[i];
        }
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

/* The best choice has the parts up to this one. */
static int n_parts(bool has_costs)
{
    return has_costs ? ANSWER_PARTS : ANSWER_TRAIN + 1;
}

AnswerNode *use_allocations(AnswerNode *top, bool has_laws, bool has_costs, bool is_mixed)
{
    static const Column place[] = {
        {.heading = "note", .rank = 3}, {"step"}, {"outside_data.N"}, {"outside_data.D"}, {"far"}};
    Column column[MAX_COLUMNS] = {
        {"group", "group"},
        {"law", .heading = has_laws ? "law" : NULL}, /* for people where there are several */
        {"question", .heading = is_mixed ? "asked" : NULL, .rank = 4}};
    size_t n = 3;
    for (int p = 0; p < n_parts(has_costs); p++) {
        column[n] = part_columns[p];
        column[n++].key = answer_part_name((AnswerPart)p);
    }
    memcpy(column + n, place, sizeof place);
    return answer_table(top, "allocations", NULL, column, n + COUNT_OF(place));
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
    for (int p = 0; p < n_parts(has_costs); p++) {
        interval[p] = fit_interval(&a->interval[p], bootstrap);
        x[n++] = value_between(a->value[p], &interval[p]);
    }
    const char *note = a->is_far                            ? "far outside the data"
                       : a->is_outside_n || a->is_outside_d ? "outside the data"
                                                            : NULL;
    const Value place[] = {value_text(note), value_real(a->step), value_bool(a->is_outside_n),
                           value_bool(a->is_outside_d), value_bool(a->is_far)};
    memcpy(x + n, place, sizeof place);
    AnswerNode *row = answer_row_of(table, x, n + COUNT_OF(place));
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

/* What was held out, as an answer. */
#include <math.h>
#include <stdio.h>

#include "analysis/report/fit_answer.h"
#include "analysis/validate/validate_answer.h"

static const double *response_of(const Validation *v)
{
    return fit_data_response(&v->group->data, v->form->response);
}

static bool is_inside(double measured, const Prediction *q)
{
    return measured >= q->meas_lo && measured <= q->meas_hi;
}

static Interval interval(double lo, double hi)
{
    return (Interval){.se = (double)NAN, .lo = lo, .hi = hi, .method = "bootstrap"};
}

/* ---- points ---- */

static void score_json(const HoldoutScore *s, const char *name, AnswerNode *in)
{
    answer_set_all(answer_object(in, name),
                   "n mean_abs_error bias rmse c_factor intervals covered law_covered",
                   value_size(s->n), value_real(s->mae), value_real(s->bias), value_real(s->rmse),
                   value_real(s->c_factor), value_size(s->n_intervals), value_size(s->covered),
                   value_size(s->law_covered));
}

/* What one rival says of a point: in JSON, and a row of CSV that begins as the point does. */
static void prediction_answer(const Validation *v, size_t k, size_t rival, const Value *point,
                              AnswerNode *predicted, AnswerNode *csv)
{
    const Holdout *h = &v->holdout;
    const Prediction *q = &h->prediction[k * h->n_rivals + rival];
    const double measured = response_of(v)[h->point[k].at];
    const Value value = value_real(q->value);
    const Value error = value_real(holdout_error(h, &v->group->data, k, rival));
    answer_row(csv, value_text(v->group->name), value_text(h->rival[rival].name),
               value_size(h->split[h->point[k].split].levels), point[0], point[2], point[3],
               point[4], point[5], point[6], point[7], value, error, value_real(q->law_lo),
               value_real(q->law_hi), value_real(q->meas_lo), value_real(q->meas_hi));
    if (!isfinite(q->value)) {
        return;
    }
    AnswerNode *one = answer_object(predicted, h->rival[rival].name);
    answer_set_all(one, "value error difference", value, error, value_real(q->value - measured));
    if (isfinite(q->meas_lo)) {
        const Interval law = interval(q->law_lo, q->law_hi);
        const Interval own = interval(q->meas_lo, q->meas_hi);
        answer_set_interval(one, "law", &law);
        answer_set_interval(one, "interval", &own);
        answer_set(one, "covers", value_bool(is_inside(measured, q)));
    }
}

/* For people with the prediction of the law that is validated, the first. */
static void point_row(const Validation *v, size_t k, AnswerNode *table, AnswerNode *csv)
{
    const Holdout *h = &v->holdout;
    const FitData *data = &v->group->data;
    const HoldoutPoint *p = &h->point[k];
    const Prediction *q = &h->prediction[k * h->n_rivals];
    const Interval own = interval(q->meas_lo, q->meas_hi), law = interval(q->law_lo, q->law_hi);
    const double measured = response_of(v)[p->at];
    const Value row[] = {value_real(h->split[p->split].hi),
                         value_size(p->split),
                         value_size(p->ahead),
                         value_real(p->c_factor),
                         value_real(data->params[p->at]),
                         value_real(data->tokens[p->at]),
                         value_real(data->flops ? data->flops[p->at] : (double)NAN),
                         value_real(measured),
                         value_between(q->value, &own),
                         value_real(holdout_error(h, data, k, 0)),
                         {.interval = &law},
                         isfinite(q->meas_lo) ? value_bool(is_inside(measured, q)) : value_none()};
    AnswerNode *o = answer_row_of(table, row, sizeof row / sizeof row[0]);
    if (data->n_runs > 0) {
        answer_set(o, "run", value_text(v->group->run_name[data->run[p->at]]));
    }
    AnswerNode *predicted = answer_object(o, "predicted");
    for (size_t r = 0; r < h->n_rivals; r++) {
        prediction_answer(v, k, r, row, predicted, csv);
    }
}

static void split_json(const Holdout *h, const HoldoutSplit *s, AnswerNode *splits)
{
    AnswerNode *o = answer_object(splits, NULL);
    answer_set_all(o, "levels up_to largest_c n", value_size(s->levels), value_real(s->hi),
                   value_real(s->hi_c), value_size(s->n_train));
    AnswerNode *refused = answer_object(o, "refused");
    for (size_t r = 0; r < h->n_rivals; r++) {
        if (s->is_refused[r]) {
            answer_set(refused, h->rival[r].name, value_text(s->why[r]));
        }
    }
}

/* ---- tables ---- */

#define C_FACTOR "C of the prediction over the largest C trained on"

/* In JSON always, for people unless they are too many. */
static void points_table(const Validation *v, const char *title, AnswerNode *in, AnswerNode *csv)
{
    static const Column column[] = {
        {NULL, "trained up to"},
        {"split"},
        {"ahead"},
        {"c_factor", "C factor", .digits = 3, .rank = 4, .help = C_FACTOR},
        {"N", "N", .is_symbol = true, .rank = 1},
        {"D", "D", .is_symbol = true, .rank = 2},
        {"C"},
        {"measured", "measured", .digits = 5},
        {NULL, "predicted", .digits = 5, .help = "with the 95 % interval of a measurement"},
        {NULL, "error", "%", NUMBER_PERCENT, 4, .help = "predicted / measured - 1"},
        {NULL, "law", .rank = 6, .help = "the 95 % interval of the law itself"},
        {NULL, "inside", .rank = 5}};
    const Holdout *h = &v->holdout;
    AnswerNode *table = answer_table(in, "points", title, COLUMNS(column));
    answer_table_use(table, h->n_points > VALIDATE_MAX_POINTS ? TABLE_FOR_CSV : TABLE_FOR_PEOPLE);
    for (size_t k = 0; k < h->n_points; k++) {
        point_row(v, k, table, csv);
    }
}

/* The points of one split and level, of the first rival. */
static void levels_table(const Validation *v, const char *title, AnswerNode *in)
{
    static const Column column[] = {
        {NULL, "trained up to"},
        {NULL, "predicted", .is_right = true},
        {NULL, "C factor", .digits = 3, .rank = 1, .help = C_FACTOR},
        {NULL, "points", .rank = 1},
        {NULL, "bias", "%", NUMBER_PERCENT, 3, .help = "mean of predicted / measured - 1"},
        {NULL, "mean |error|", "%", NUMBER_PERCENT, 3},
        {NULL, "inside", "%", NUMBER_PERCENT, 3, .help = "measurements in their 95 % interval"}};
    const Holdout *h = &v->holdout;
    AnswerNode *table = answer_table(in, NULL, title, COLUMNS(column));
    answer_table_use(table, TABLE_FOR_PEOPLE);
    for (size_t k = 0; k < h->n_points;) {
        const HoldoutPoint first = h->point[k];
        double n = 0.0, sum = 0.0, abs_sum = 0.0, inside = 0.0, with = 0.0, ln_c = 0.0;
        for (; k < h->n_points && h->point[k].split == first.split &&
               h->point[k].level == first.level;
             k++) {
            double e = holdout_error(h, &v->group->data, k, 0);
            const Prediction *q = &h->prediction[k * h->n_rivals];
            n += 1.0;
            sum += e;
            abs_sum += fabs(e);
            ln_c += log(h->point[k].c_factor);
            with += isfinite(q->meas_lo) ? 1.0 : 0.0;
            inside += is_inside(response_of(v)[h->point[k].at], q) ? 1.0 : 0.0;
        }
        answer_row(table, value_real(h->split[first.split].hi),
                   h->by == HOLDOUT_GIVEN ? value_text("--test")
                                          : value_real(h->levels.hi[first.level]),
                   value_real(exp(ln_c / n)), value_real(n), value_real(sum / n),
                   value_real(abs_sum / n), with > 0.0 ? value_real(inside / with) : value_none());
    }
}

static Value inside_of(const HoldoutScore *s, char *text, size_t size)
{
    (void)snprintf(text, size, "%zu of %zu", s->covered, s->n_intervals);
    return value_text(s->n_intervals > 0 ? text : NULL);
}

/* By how far ahead it was; conditions that the user gives know of no levels. */
static void horizon_table(const Holdout *h, AnswerNode *in)
{
    static const Column column[] = {{"ahead", "levels ahead"},
                                    {NULL, "C factor", .digits = 3, .rank = 2},
                                    {NULL, "predictions", .rank = 1},
                                    {NULL, "mean |error|", "%", NUMBER_PERCENT, 3},
                                    {NULL, "bias", "%", NUMBER_PERCENT, 3},
                                    {NULL, "inside 95 %", .is_right = true}};
    AnswerNode *table = answer_table(in, "horizon", "Held out, by how far ahead", COLUMNS(column));
    answer_table_use(table, h->by == HOLDOUT_GIVEN ? TABLE_FOR_CSV : TABLE_FOR_PEOPLE);
    for (size_t k = 0; k < LEVELS_MAX; k++) {
        const HoldoutScore *s = &h->ahead[0][k];
        char inside[64];
        if (s->n > 0) {
            AnswerNode *row = answer_row(table, value_size(k + 1), value_real(s->c_factor),
                                         value_size(s->n), value_real(s->mae), value_real(s->bias),
                                         inside_of(s, inside, sizeof inside));
            AnswerNode *laws = answer_object(row, "laws");
            for (size_t r = 0; r < h->n_rivals; r++) {
                score_json(&h->ahead[r][k], h->rival[r].name, laws);
            }
        }
    }
}

void holdout_answer(const Validation *v, AnswerNode *in, AnswerNode *csv)
{
    static const char *const held_out[] = {
        [HOLDOUT_N] = "Held out: the larger N are predicted from the smaller ones",
        [HOLDOUT_D] = "Held out: the later D are predicted from the earlier ones",
        [HOLDOUT_BUDGET] = "Held out: the larger C are predicted from the smaller ones",
        [HOLDOUT_RUN] = "Held out: the larger runs are predicted from the smaller ones",
        [HOLDOUT_GIVEN] = "Held out: as the conditions say"};
    const Holdout *h = &v->holdout;
    AnswerNode *o = answer_object(in, "hold_out");
    answer_set_all(o, "by levels undetermined", value_text(holdout_by_name(h->by)),
                   value_size(h->levels.n), value_size(h->n_undetermined));
    AnswerNode *summary = answer_object(o, "summary");
    for (size_t r = 0; r < h->n_rivals; r++) {
        score_json(&h->total[r], h->rival[r].name, summary);
    }
    horizon_table(h, o);
    AnswerNode *splits = answer_list(o, "splits");
    for (size_t k = 0; k < h->n_splits; k++) {
        split_json(h, &h->split[k], splits);
    }
    points_table(v, held_out[h->by], o, csv);
    if (h->n_points > VALIDATE_MAX_POINTS) {
        levels_table(v, held_out[h->by], in);
    }
    if (h->n_undetermined > 0) {
        answer_say(in, NULL, SAY_NOTE, "Fewer than %zu levels do not determine the law.",
                   h->n_undetermined + 1);
    }
}

void holdout_laws_answer(const Validation *v, AnswerNode *in)
{
    static const Column column[] = {
        {"law", "law"},
        {"asked"},
        {"parameters", "parameters", .rank = 6},
        {"aic", "AIC", NULL, NUMBER_FIXED, 1, .rank = 5},
        {"bic", "BIC", NULL, NUMBER_FIXED, 1, .rank = 1},
        {"rmse_log", "fit error", "%", NUMBER_PERCENT, 3, .rank = 4,
         .help = "of all points, as are AIC and BIC; the others are of the same held-out ones"},
        {"n", "predictions", .rank = 6},
        {"mean_abs_error", "mean |error|", "%", NUMBER_PERCENT, 3},
        {"bias", "bias", "%", NUMBER_PERCENT, 3, .rank = 3},
        {NULL, "inside 95 %", .is_right = true, .rank = 3},
        {"best"},
        {"worse_than_best.mean", "worse by", "%", NUMBER_PERCENT, 3, .is_right = true,
         .help = "than the best, with its standard error"},
        {"worse_than_best.se", "+-", "%", NUMBER_PERCENT, 2, .rank = 2},
        {"worse_than_best.p", "p", .format = NUMBER_P, .rank = 2},
        {"worse_than_best.n"}};
    AnswerNode *table =
        answer_table(in, "laws", "Laws, all fitted with the same loss", COLUMNS(column));
    answer_table_use(table, TABLE_FOR_PEOPLE);
    for (size_t i = 0; i < v->n_laws; i++) {
        const ValidateLaw *law = &v->law[i];
        const HoldoutPair *p = &law->against_best;
        const HoldoutScore *s = &v->holdout.common[law->rival];
        const bool is_best = i == v->best;
        char inside[64];
        const char *none = is_best ? "" : NULL;
        answer_row(table, value_text(v->holdout.rival[law->rival].name),
                   value_bool(v->holdout.rival[law->rival].is_asked), value_size(law->n_params),
                   value_real(law->aic), value_real(law->bic), value_real(law->rmse_log),
                   value_size(s->n), value_real(s->mae), value_real(s->bias),
                   inside_of(s, inside, sizeof inside), value_bool(is_best),
                   value_shown(value_real(p->mean), is_best ? "best" : NULL),
                   value_shown(value_real(p->se), none), value_shown(value_real(p->p), none),
                   value_size(p->n));
    }
    answer_say(in, NULL, SAY_NOTE,
               "Rules of thumb: line is through the last two levels in logs; nearest is the last "
               "level's observation with the nearest other input.");
}

void holdout_chain_answer(const Validation *v, AnswerNode *in)
{
    static const Column column[] = {
        {"N", "N", .is_symbol = true},           {"D", "D", .is_symbol = true},
        {"loss", "predicted loss", .digits = 5}, {"measured", "measured", .digits = 5},
        {"value", "predicted", .digits = 5},     {"error", "error", "%", NUMBER_PERCENT, 4}};
    const FitResult *f = v->chain_fit;
    AnswerNode *o = answer_object(in, "chain");
    answer_set_all(o, "law n", value_text(f->form->name), value_size(f->n));
    AnswerNode *params = answer_object(o, "params");
    for (size_t i = 0; i < f->n_params; i++) {
        answer_set(params, f->param[i].name, value_real(f->param[i].value));
    }
    AnswerNode *table = answer_table(
        o, "points", "Chained: a law of the loss at the predicted losses", COLUMNS(column));
    answer_table_use(table, TABLE_FOR_PEOPLE);
    for (size_t k = 0; k < v->n_chained; k++) {
        const ValidateChained *c = &v->chained[k];
        answer_row(table, value_real(v->group->data.params[c->at]),
                   value_real(v->group->data.tokens[c->at]), value_real(c->loss),
                   value_real(c->measured), value_real(c->value),
                   value_real(c->value / c->measured - 1.0));
    }
}

AnswerNode *holdout_long_table(AnswerNode *top)
{
    static const Column column[] = {{"group"},  {"law"},      {"levels"},    {"trained_to"},
                                    {"ahead"},  {"C_factor"}, {"N"},         {"D"},
                                    {"C"},      {"measured"}, {"predicted"}, {"error"},
                                    {"law_lo"}, {"law_hi"},   {"lo"},        {"hi"}};
    AnswerNode *table = answer_table(top, NULL, NULL, COLUMNS(column));
    answer_table_use(table, TABLE_FOR_CSV);
    return table;
}

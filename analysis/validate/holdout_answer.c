/* What was held out, as an answer. */
#include <math.h>
#include <stdio.h>

#include "analysis/validate/validate_answer.h"

static const double *response_of(const Validation *v)
{
    return fit_data_response(&v->group->data, v->form->response);
}

static double flops_of(const FitData *d, size_t i)
{
    return d->flops ? d->flops[i] : (double)NAN;
}

static bool is_inside(double measured, const Prediction *q)
{
    return measured >= q->meas_lo && measured <= q->meas_hi;
}

static Interval interval(double lo, double hi)
{
    return (Interval){.se = (double)NAN, .lo = lo, .hi = hi, .method = "bootstrap"};
}

/* ---- JSON ---- */

static void score_json(const HoldoutScore *s, const char *name, AnswerNode *in)
{
    answer_set_all(answer_object(in, name),
                   "n mean_abs_error bias rmse c_factor intervals covered law_covered",
                   value_size(s->n), value_real(s->mae), value_real(s->bias), value_real(s->rmse),
                   value_real(s->c_factor), value_size(s->n_intervals), value_size(s->covered),
                   value_size(s->law_covered));
}

static void prediction_json(const Holdout *h, const Validation *v, size_t k, size_t rival,
                            AnswerNode *in)
{
    const Prediction *q = &h->prediction[k * h->n_rivals + rival];
    double measured = response_of(v)[h->point[k].at];
    AnswerNode *one = answer_object(in, h->rival[rival].name);
    answer_set_all(one, "value error difference", value_real(q->value),
                   value_real(holdout_error(h, &v->group->data, k, rival)),
                   value_real(q->value - measured));
    if (isfinite(q->meas_lo)) {
        const Interval law = interval(q->law_lo, q->law_hi);
        const Interval own = interval(q->meas_lo, q->meas_hi);
        answer_set_interval(one, "law", &law);
        answer_set_interval(one, "interval", &own);
        answer_set(one, "covers", value_bool(is_inside(measured, q)));
    }
}

static void point_json(const Validation *v, size_t k, AnswerNode *points)
{
    const Holdout *h = &v->holdout;
    const FitData *data = &v->group->data;
    const HoldoutPoint *p = &h->point[k];
    AnswerNode *o = answer_object(points, NULL);
    answer_set_all(o, "split ahead c_factor N D C measured", value_size(p->split),
                   value_size(p->ahead), value_real(p->c_factor), value_real(data->params[p->at]),
                   value_real(data->tokens[p->at]), value_real(flops_of(data, p->at)),
                   value_real(response_of(v)[p->at]));
    if (data->n_runs > 0) {
        answer_set(o, "run", value_text(v->group->run_name[data->run[p->at]]));
    }
    AnswerNode *predicted = answer_object(o, "predicted");
    for (size_t r = 0; r < h->n_rivals; r++) {
        if (isfinite(h->prediction[k * h->n_rivals + r].value)) {
            prediction_json(h, v, k, r, predicted);
        }
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

static void holdout_json(const Validation *v, AnswerNode *o)
{
    const Holdout *h = &v->holdout;
    answer_set_all(o, "by levels undetermined", value_text(holdout_by_name(h->by)),
                   value_size(h->levels.n), value_size(h->n_undetermined));
    AnswerNode *summary = answer_object(o, "summary");
    for (size_t r = 0; r < h->n_rivals; r++) {
        score_json(&h->total[r], h->rival[r].name, summary);
    }
    AnswerNode *horizon = answer_list(o, "horizon");
    for (size_t k = 0; k < LEVELS_MAX; k++) {
        if (h->ahead[0][k].n > 0) {
            AnswerNode *one = answer_object(horizon, NULL);
            answer_set(one, "ahead", value_size(k + 1));
            AnswerNode *laws = answer_object(one, "laws");
            for (size_t r = 0; r < h->n_rivals; r++) {
                score_json(&h->ahead[r][k], h->rival[r].name, laws);
            }
        }
    }
    AnswerNode *splits = answer_list(o, "splits");
    for (size_t k = 0; k < h->n_splits; k++) {
        split_json(h, &h->split[k], splits);
    }
    AnswerNode *points = answer_list(o, "points");
    for (size_t k = 0; k < h->n_points; k++) {
        point_json(v, k, points);
    }
}

/* ---- tables ---- */

#define C_FACTOR "C of the prediction over the largest C trained on"

static void points_table(const Validation *v, const char *title, AnswerNode *in)
{
    static const Column column[] = {
        {.heading = "trained up to"},
        {.heading = "N", .is_symbol = true, .rank = 1},
        {.heading = "D", .is_symbol = true, .rank = 2},
        {.heading = "C factor", .digits = 3, .rank = 4, .help = C_FACTOR},
        {.heading = "measured", .digits = 5},
        {.heading = "predicted", .digits = 5, .help = "with the 95 % interval of a measurement"},
        {.heading = "error",
         .unit = "%",
         .format = NUMBER_PERCENT,
         .digits = 4,
         .help = "predicted / measured - 1"},
        {.heading = "law", .rank = 6, .help = "the 95 % interval of the law itself"},
        {.heading = "inside", .rank = 5}};
    const Holdout *h = &v->holdout;
    AnswerNode *table = answer_table(in, NULL, title, COLUMNS(column));
    answer_table_use(table, TABLE_FOR_PEOPLE);
    for (size_t k = 0; k < h->n_points; k++) {
        const HoldoutPoint *p = &h->point[k];
        const Prediction *q = &h->prediction[k * h->n_rivals];
        const Interval own = interval(q->meas_lo, q->meas_hi), law = interval(q->law_lo, q->law_hi);
        double measured = response_of(v)[p->at];
        Value range = value_none();
        range.interval = &law;
        answer_row(
            table, value_real(h->split[p->split].hi), value_real(v->group->data.params[p->at]),
            value_real(v->group->data.tokens[p->at]), value_real(p->c_factor), value_real(measured),
            value_between(q->value, &own), value_real(holdout_error(h, &v->group->data, k, 0)),
            range, isfinite(q->meas_lo) ? value_bool(is_inside(measured, q)) : value_none());
    }
}

/* The points of one split and level, of the first rival. */
static void levels_table(const Validation *v, const char *title, AnswerNode *in)
{
    static const Column column[] = {
        {.heading = "trained up to"},
        {.heading = "predicted", .is_right = true},
        {.heading = "C factor", .digits = 3, .rank = 1, .help = C_FACTOR},
        {.heading = "points", .rank = 1},
        {.heading = "bias",
         .unit = "%",
         .format = NUMBER_PERCENT,
         .digits = 3,
         .help = "mean of predicted / measured - 1"},
        {.heading = "mean |error|", .unit = "%", .format = NUMBER_PERCENT, .digits = 3},
        {.heading = "inside",
         .unit = "%",
         .format = NUMBER_PERCENT,
         .digits = 3,
         .help = "measurements in their 95 % interval"}};
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

/* By how far ahead it was. */
static void horizon_table(const Holdout *h, AnswerNode *in)
{
    static const Column column[] = {
        {.heading = "levels ahead"},
        {.heading = "C factor", .digits = 3, .rank = 2},
        {.heading = "predictions", .rank = 1},
        {.heading = "mean |error|", .unit = "%", .format = NUMBER_PERCENT, .digits = 3},
        {.heading = "bias", .unit = "%", .format = NUMBER_PERCENT, .digits = 3},
        {.heading = "inside 95 %", .is_right = true}};
    AnswerNode *table = answer_table(in, NULL, "By the horizon", COLUMNS(column));
    answer_table_use(table, TABLE_FOR_PEOPLE);
    for (size_t k = 0; k < LEVELS_MAX; k++) {
        const HoldoutScore *s = &h->ahead[0][k];
        char inside[64];
        if (s->n > 0) {
            answer_row(table, value_size(k + 1), value_real(s->c_factor), value_size(s->n),
                       value_real(s->mae), value_real(s->bias),
                       inside_of(s, inside, sizeof inside));
        }
    }
}

static const char *held_out(const Holdout *h)
{
    switch (h->by) {
    case HOLDOUT_N:
        return "Held out: the larger N are predicted from the smaller ones";
    case HOLDOUT_D:
        return "Held out: the later D are predicted from the earlier ones";
    case HOLDOUT_BUDGET:
        return "Held out: the larger C are predicted from the smaller ones";
    case HOLDOUT_RUN:
        return "Held out: the larger runs are predicted from the smaller ones";
    case HOLDOUT_AUTO:
    case HOLDOUT_GIVEN:
        break;
    }
    return "Held out: as the conditions say";
}

void holdout_answer(const Validation *v, AnswerNode *in)
{
    const Holdout *h = &v->holdout;
    holdout_json(v, answer_object(in, "hold_out"));
    (h->n_points > VALIDATE_MAX_POINTS ? levels_table : points_table)(v, held_out(h), in);
    if (h->by != HOLDOUT_GIVEN) {
        horizon_table(h, in);
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
        {"aic", "AIC", .format = NUMBER_FIXED, .digits = 1, .rank = 5},
        {"bic", "BIC", .format = NUMBER_FIXED, .digits = 1, .rank = 1},
        {"rmse_log", "fit error", "%", .format = NUMBER_PERCENT, .digits = 3, .rank = 4,
         .help = "of all points, as are AIC and BIC; the others are of the same held-out ones"},
        {"n", "predictions", .rank = 6},
        {"mean_abs_error", "mean |error|", "%", .format = NUMBER_PERCENT, .digits = 3},
        {"bias", "bias", "%", .format = NUMBER_PERCENT, .digits = 3, .rank = 3},
        {.heading = "inside 95 %", .is_right = true, .rank = 3},
        {"best"},
        {"worse_than_best.mean", "worse by", "%", .is_right = true, .format = NUMBER_PERCENT,
         .digits = 3, .help = "than the best, with its standard error"},
        {"worse_than_best.se", "+-", "%", .format = NUMBER_PERCENT, .digits = 2, .rank = 2},
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
        const Value mean = value_real(p->mean), p_value = value_real(p->p);
        answer_row(table, value_text(v->holdout.rival[law->rival].name),
                   value_bool(v->holdout.rival[law->rival].is_asked), value_size(law->n_params),
                   value_real(law->aic), value_real(law->bic), value_real(law->rmse_log),
                   value_size(s->n), value_real(s->mae), value_real(s->bias),
                   inside_of(s, inside, sizeof inside), value_bool(is_best),
                   is_best ? value_shown(mean, "best") : mean,
                   is_best ? value_shown(value_real(p->se), "") : value_real(p->se),
                   is_best ? value_shown(p_value, "") : p_value, value_size(p->n));
    }
    answer_say(in, NULL, SAY_NOTE,
               "Rules of thumb: line is through the last two levels in logs; nearest is the last "
               "level's observation with the nearest other input.");
}

void holdout_chain_answer(const Validation *v, AnswerNode *in)
{
    static const Column column[] = {{"N", "N", .is_symbol = true},
                                    {"D", "D", .is_symbol = true},
                                    {"loss", "predicted loss", .digits = 5},
                                    {"measured", "measured", .digits = 5},
                                    {"value", "predicted", .digits = 5},
                                    {"error", "error", "%", .format = NUMBER_PERCENT, .digits = 4}};
    const FitResult *f = v->chain_fit;
    AnswerNode *o = answer_object(in, "chain");
    answer_set_all(o, "law n", value_text(f->form->name), value_size(f->n));
    AnswerNode *params = answer_object(o, "params");
    for (size_t k = 0; k < f->n_params; k++) {
        answer_set(params, f->param[k].name, value_real(f->param[k].value));
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

static void long_row(const Validation *v, size_t k, size_t rival, AnswerNode *table)
{
    const Holdout *h = &v->holdout;
    const FitData *data = &v->group->data;
    const HoldoutPoint *p = &h->point[k];
    const Prediction *q = &h->prediction[k * h->n_rivals + rival];
    answer_row(table, value_text(v->group->name), value_text(h->rival[rival].name),
               value_size(h->split[p->split].levels), value_real(h->split[p->split].hi),
               value_size(p->ahead), value_real(p->c_factor), value_real(data->params[p->at]),
               value_real(data->tokens[p->at]), value_real(flops_of(data, p->at)),
               value_real(response_of(v)[p->at]), value_real(q->value),
               value_real(holdout_error(h, data, k, rival)), value_real(q->law_lo),
               value_real(q->law_hi), value_real(q->meas_lo), value_real(q->meas_hi));
}

void holdout_long_table(const ValidateReport *r, AnswerNode *top)
{
    static const Column column[] = {{"group"},  {"law"},      {"levels"},    {"trained_to"},
                                    {"ahead"},  {"C_factor"}, {"N"},         {"D"},
                                    {"C"},      {"measured"}, {"predicted"}, {"error"},
                                    {"law_lo"}, {"law_hi"},   {"lo"},        {"hi"}};
    AnswerNode *table = answer_table(top, NULL, NULL, COLUMNS(column));
    answer_table_use(table, TABLE_FOR_CSV);
    for (size_t g = 0; g < r->obs->n_groups; g++) {
        const Validation *v = &r->validation[g];
        for (size_t k = 0; v->has_holdout && k < v->holdout.n_points; k++) {
            for (size_t rival = 0; rival < v->holdout.n_rivals; rival++) {
                long_row(v, k, rival, table);
            }
        }
    }
}

#include "analysis/validate/validate_tables.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MAX_UNITS = 8, MAX_COLUMNS = FIT_MAX_VALUES + 4 };

static void count(Table *t, size_t n)
{
    table_digits(t, 9, (double)n);
}

static void range(Table *t, int digits, double lo, double hi)
{
    char shown[64] = "";
    if (isfinite(lo)) {
        (void)snprintf(shown, sizeof shown, "[%.*g, %.*g]", digits, lo, digits, hi);
    }
    table_text(t, shown);
}

static ErrCode finish(Table *t, TableFormat format, Buf *out, Err *err)
{
    ErrCode rc = table_print(t, format, out, err);
    table_release(t);
    return rc;
}

static const double *response_of(const Validation *v)
{
    return fit_data_response(&v->group->data, v->form->response);
}

/* ---- hold-out ---- */

ErrCode validate_points_table(const Validation *v, size_t n, TableFormat format, Buf *out, Err *err)
{
    static const TableColumn column[] = {
        {"group", false}, {"law", false},     {"levels", true},    {"trained_to", true},
        {"ahead", true},  {"C_factor", true}, {"N", true},         {"D", true},
        {"C", true},      {"measured", true}, {"predicted", true}, {"error", true},
        {"law_lo", true}, {"law_hi", true},   {"lo", true},        {"hi", true}};
    Table t;
    table_init(&t, column, sizeof column / sizeof column[0]);
    for (size_t g = 0; g < n; g++) {
        const Holdout *h = &v[g].holdout;
        const FitData *data = &v[g].group->data;
        for (size_t k = 0; v[g].has_holdout && k < h->n_points * h->n_rivals; k++) {
            const HoldoutPoint *p = &h->point[k / h->n_rivals];
            const Prediction *q = &h->prediction[k];
            const HoldoutSplit *s = &h->split[p->split];
            table_text(&t, v[g].group->name);
            table_text(&t, h->rival[k % h->n_rivals].name);
            count(&t, s->levels);
            const double number[] = {s->hi,
                                     (double)p->ahead,
                                     p->c_factor,
                                     data->params[p->at],
                                     data->tokens[p->at],
                                     data->flops ? data->flops[p->at] : (double)NAN,
                                     response_of(&v[g])[p->at],
                                     q->value,
                                     holdout_error(h, data, k / h->n_rivals, k % h->n_rivals),
                                     q->law_lo,
                                     q->law_hi,
                                     q->meas_lo,
                                     q->meas_hi};
            for (size_t i = 0; i < sizeof number / sizeof number[0]; i++) {
                table_digits(&t, 6, number[i]);
            }
        }
    }
    return finish(&t, format, out, err);
}

static ErrCode points_table(const Validation *v, TableFormat format, Buf *out, Err *err)
{
    static const TableColumn column[] = {
        {"trained up to", true},     {"N", true},         {"D", true},         {"C factor", true},
        {"measured", true},          {"predicted", true}, {"error [%]", true}, {"law 95 %", false},
        {"measurement 95 %", false}, {"inside", false}};
    const Holdout *h = &v->holdout;
    const FitData *data = &v->group->data;
    Table t;
    table_init(&t, column, sizeof column / sizeof column[0]);
    for (size_t k = 0; k < h->n_points; k++) {
        const HoldoutPoint *p = &h->point[k];
        const Prediction *q = &h->prediction[k * h->n_rivals];
        double measured = response_of(v)[p->at];
        table_digits(&t, 4, h->split[p->split].hi);
        table_digits(&t, 4, data->params[p->at]);
        table_digits(&t, 4, data->tokens[p->at]);
        table_digits(&t, 3, p->c_factor);
        table_digits(&t, 5, measured);
        table_digits(&t, 5, q->value);
        table_decimals(&t, 4, 100.0 * holdout_error(h, data, k, 0));
        range(&t, 5, q->law_lo, q->law_hi);
        range(&t, 5, q->meas_lo, q->meas_hi);
        bool is_in = measured >= q->meas_lo && measured <= q->meas_hi;
        table_text(&t, !isfinite(q->meas_lo) ? "" : is_in ? "yes" : "no");
    }
    return finish(&t, format, out, err);
}

/* The points of one split and level, of the first rival. */
static ErrCode levels_table(const Validation *v, TableFormat format, Buf *out, Err *err)
{
    static const TableColumn column[] = {
        {"trained up to", true},  {"predicted", true},        {"C factor", true},  {"points", true},
        {"mean error [%]", true}, {"mean |error| [%]", true}, {"inside [%]", true}};
    const Holdout *h = &v->holdout;
    Table t;
    table_init(&t, column, sizeof column / sizeof column[0]);
    for (size_t k = 0; k < h->n_points;) {
        const HoldoutPoint first = h->point[k];
        double n = 0.0, sum = 0.0, abs_sum = 0.0, inside = 0.0, with = 0.0, ln_c = 0.0;
        for (; k < h->n_points && h->point[k].split == first.split &&
               h->point[k].level == first.level;
             k++) {
            double e = holdout_error(h, &v->group->data, k, 0);
            const Prediction *q = &h->prediction[k * h->n_rivals];
            double measured = response_of(v)[h->point[k].at];
            n += 1.0;
            sum += e;
            abs_sum += fabs(e);
            ln_c += log(h->point[k].c_factor);
            with += isfinite(q->meas_lo) ? 1.0 : 0.0;
            inside += measured >= q->meas_lo && measured <= q->meas_hi ? 1.0 : 0.0;
        }
        table_digits(&t, 4, h->split[first.split].hi);
        if (h->by == HOLDOUT_GIVEN) {
            table_text(&t, "--test");
        } else {
            table_digits(&t, 4, h->levels.hi[first.level]);
        }
        table_digits(&t, 3, exp(ln_c / n));
        count(&t, (size_t)n);
        table_decimals(&t, 3, 100.0 * sum / n);
        table_decimals(&t, 3, 100.0 * abs_sum / n);
        table_decimals(&t, 0, with > 0.0 ? 100.0 * inside / with : (double)NAN);
    }
    return finish(&t, format, out, err);
}

ErrCode validate_holdout_table(const Validation *v, TableFormat format, Buf *out, Err *err)
{
    return v->holdout.n_points > VALIDATE_MAX_POINTS ? levels_table(v, format, out, err)
                                                     : points_table(v, format, out, err);
}

static void score_cells(Table *t, const HoldoutScore *s)
{
    count(t, s->n);
    table_decimals(t, 3, 100.0 * s->mae);
    table_decimals(t, 3, 100.0 * s->bias);
    char inside[64] = "";
    if (s->n_intervals > 0) {
        (void)snprintf(inside, sizeof inside, "%zu of %zu", s->covered, s->n_intervals);
    }
    table_text(t, inside);
}

ErrCode validate_horizon_table(const Validation *v, TableFormat format, Buf *out, Err *err)
{
    static const TableColumn column[] = {{"levels ahead", true}, {"C factor", true},
                                         {"predictions", true},  {"mean |error| [%]", true},
                                         {"bias [%]", true},     {"inside 95 %", true}};
    Table t;
    table_init(&t, column, sizeof column / sizeof column[0]);
    for (size_t k = 0; k < LEVELS_MAX; k++) {
        const HoldoutScore *s = &v->holdout.ahead[0][k];
        if (s->n > 0) {
            count(&t, k + 1);
            table_digits(&t, 3, s->c_factor);
            score_cells(&t, s);
        }
    }
    return finish(&t, format, out, err);
}

ErrCode validate_laws_table(const Validation *v, TableFormat format, Buf *out, Err *err)
{
    static const TableColumn column[] = {{"law", false},
                                         {"parameters", true},
                                         {"AIC", true},
                                         {"BIC", true},
                                         {"fit error [%]", true},
                                         {"predictions", true},
                                         {"mean |error| [%]", true},
                                         {"bias [%]", true},
                                         {"inside 95 %", true},
                                         {"worse than the best by [%]", true},
                                         {"p", true}};
    Table t;
    table_init(&t, column, sizeof column / sizeof column[0]);
    for (size_t i = 0; i < v->n_laws; i++) {
        const ValidateLaw *law = &v->law[i];
        const HoldoutPair *p = &law->against_best;
        char shown[64] = "";
        table_text(&t, v->holdout.rival[law->rival].name);
        table_digits(&t, 9, law->n_params ? (double)law->n_params : (double)NAN);
        table_decimals(&t, 1, law->aic);
        table_decimals(&t, 1, law->bic);
        table_digits(&t, 3, 100.0 * law->rmse_log);
        score_cells(&t, &v->holdout.common[law->rival]);
        if (i == v->best) {
            (void)snprintf(shown, sizeof shown, "best");
        } else if (isfinite(p->se)) {
            (void)snprintf(shown, sizeof shown, "%.3f +- %.3f", 100.0 * p->mean, 100.0 * p->se);
        } else if (isfinite(p->mean)) {
            (void)snprintf(shown, sizeof shown, "%.3f", 100.0 * p->mean);
        }
        table_text(&t, shown);
        table_digits(&t, 2, i == v->best ? (double)NAN : p->p);
    }
    return finish(&t, format, out, err);
}

ErrCode validate_chain_table(const Validation *v, TableFormat format, Buf *out, Err *err)
{
    static const TableColumn column[] = {
        {"N", true},        {"D", true},         {"predicted loss", true},
        {"measured", true}, {"predicted", true}, {"error [%]", true}};
    const FitData *data = &v->group->data;
    Table t;
    table_init(&t, column, sizeof column / sizeof column[0]);
    for (size_t k = 0; k < v->n_chained; k++) {
        const ValidateChained *c = &v->chained[k];
        table_digits(&t, 4, data->params[c->at]);
        table_digits(&t, 4, data->tokens[c->at]);
        table_digits(&t, 5, c->loss);
        table_digits(&t, 5, c->measured);
        table_digits(&t, 5, c->value);
        table_decimals(&t, 4, 100.0 * (c->value / c->measured - 1.0));
    }
    return finish(&t, format, out, err);
}

/* ---- influence and sensitivity ---- */

static size_t value_columns(FitResult *fit, const size_t *slot, size_t n, TableColumn *column)
{
    for (size_t k = 0; k < n; k++) {
        column[k] = (TableColumn){fit_slot(fit, slot[k])->name, true};
    }
    return n;
}

void validate_point_name(const Validation *v, size_t i, char *ret, size_t n)
{
    const FitData *data = &v->group->data;
    double params = data->params ? data->params[i] : (double)NAN;
    double tokens = data->tokens ? data->tokens[i] : (double)NAN;
    if (isfinite(params) && isfinite(tokens)) {
        (void)snprintf(ret, n, "N = %.4g, D = %.4g", params, tokens);
    } else if (data->flops && isfinite(data->flops[i])) {
        (void)snprintf(ret, n, "C = %.4g", data->flops[i]);
    } else {
        (void)snprintf(ret, n, "observation %zu", i + 1);
    }
}

static void unit_name(const Validation *v, const InfluenceUnit *u, char *ret, size_t n)
{
    if (v->influence.is_by_run) {
        (void)snprintf(ret, n, "%s", v->group->run_name[u->unit]);
    } else {
        validate_point_name(v, u->unit, ret, n);
    }
}

ErrCode validate_influence_table(const Validation *v, TableFormat format, Buf *out, Err *err)
{
    const Influence *x = &v->influence;
    TableColumn column[MAX_COLUMNS];
    size_t n = 0;
    column[n++] = (TableColumn){x->is_by_run ? "without run" : "without", false};
    column[n++] = (TableColumn){"points", true};
    n += value_columns(v->fit, x->shown, x->n_shown, column + n);
    column[n++] = (TableColumn){"Cook", true};
    column[n++] = (TableColumn){"", false};
    Table t;
    table_init(&t, column, n);
    for (size_t u = 0; u < x->n && (u < MAX_UNITS || format == TABLE_CSV); u++) {
        const InfluenceUnit *unit = &x->unit[u];
        char name[128];
        unit_name(v, unit, name, sizeof name);
        table_text(&t, name);
        count(&t, unit->n);
        for (size_t k = 0; k < x->n_shown; k++) {
            table_decimals(&t, 2,
                           unit->is_refused ? (double)NAN
                                            : influence_change(x, v->fit, u, x->shown[k]));
        }
        table_digits(&t, 3, unit->distance);
        table_text(&t, unit->is_refused  ? "no law without it"
                       : unit->is_marked ? "influential"
                                         : "");
    }
    return finish(&t, format, out, err);
}

ErrCode validate_sensitivity_table(const Validation *v, TableFormat format, Buf *out, Err *err)
{
    const Sensitivity *s = &v->sensitivity;
    TableColumn column[MAX_COLUMNS];
    size_t n = 0;
    column[n++] = (TableColumn){"choice", false};
    column[n++] = (TableColumn){"points", true};
    n += value_columns(v->fit, s->shown, s->n_shown, column + n);
    Table t;
    table_init(&t, column, n);
    for (size_t i = 0; i < s->n; i++) {
        char name[64];
        (void)snprintf(name, sizeof name, "%s%s", s->fit[i].name,
                       s->fit[i].is_refused ? " (refused)" : "");
        table_text(&t, name);
        count(&t, s->fit[i].n);
        for (size_t k = 0; k < s->n_shown; k++) {
            table_digits(&t, 4, s->fit[i].value[s->shown[k]]);
        }
    }
    table_text(&t, "95 % interval as asked");
    table_text(&t, "");
    for (size_t k = 0; k < s->n_shown; k++) {
        const FitValue *value = fit_slot(v->fit, s->shown[k]);
        range(&t, 3, value->lo, value->hi);
    }
    return finish(&t, format, out, err);
}

/* ---- residuals ---- */

ErrCode validate_bins_table(const Validation *v, TableFormat format, Buf *out, Err *err)
{
    static const TableColumn column[] = {{"by", false},    {"from", true},     {"to", true},
                                         {"points", true}, {"mean [%]", true}, {"sd [%]", true},
                                         {"mean/se", true}};
    const Residuals *r = &v->residuals;
    double scale = v->fit->residual == FIT_LOG ? 100.0 : 1.0;
    TableColumn own[7];
    memcpy(own, column, sizeof own);
    if (scale == 1.0) {
        own[4].name = "mean";
        own[5].name = "sd";
    }
    Table t;
    table_init(&t, own, 7);
    for (size_t k = 0; k < r->n_trends; k++) {
        const ResidualTrend *trend = &r->trend[k];
        for (size_t b = 0; b < trend->n_bins; b++) {
            const ResidualBin *bin = &trend->bin[b];
            table_text(&t, form_input_name(trend->input));
            table_digits(&t, 4, bin->lo);
            table_digits(&t, 4, bin->hi);
            count(&t, bin->n);
            table_digits(&t, 3, scale * bin->mean);
            table_digits(&t, 3, scale * bin->sd);
            table_decimals(&t, 1, bin->mean / bin->sd * sqrt((double)bin->n));
        }
    }
    return finish(&t, format, out, err);
}

static void test_row(Table *t, const char *name, const char *what, double statistic, double p)
{
    table_text(t, name);
    table_digits(t, 4, statistic);
    table_digits(t, 2, p);
    table_text(t, what);
}

ErrCode validate_tests_table(const Validation *v, TableFormat format, Buf *out, Err *err)
{
    static const TableColumn column[] = {
        {"test", false}, {"statistic", true}, {"p", true}, {"small p means", false}};
    const Residuals *r = &v->residuals;
    Table t;
    table_init(&t, column, 4);
    for (size_t k = 0; k < r->n_trends; k++) {
        const ResidualTrend *trend = &r->trend[k];
        char name[64];
        const char *input = form_input_name(trend->input);
        bool has_runs = isfinite(trend->clustered.t);
        const StatsSlope *s = has_runs ? &trend->clustered : &trend->slope;
        (void)snprintf(name, sizeof name, "slope on ln %s, t%s", input,
                       has_runs ? " (by runs)" : "");
        test_row(&t, name, "the law is tilted along it", s->t, s->p);
        (void)snprintf(name, sizeof name, "runs in the order of %s, z", input);
        test_row(&t, name, "neighbours err alike (z < 0)", trend->order.statistic, trend->order.p);
    }
    test_row(&t, "Jarque-Bera", "not normal", r->normality.statistic, r->normality.p);
    test_row(&t, "Breusch-Pagan", "scatter changes with the inputs", r->variance.statistic,
             r->variance.p);
    if (isfinite(r->icc)) {
        test_row(&t, "lag-1 correlation within runs", "", r->lag1, (double)NAN);
        test_row(&t, "intraclass correlation of runs", "", r->icc, (double)NAN);
        test_row(&t, "effective number of points", "", r->effective, (double)NAN);
    }
    return finish(&t, format, out, err);
}

/* Field names are a contract: docs/json.md. */
#include "analysis/report/report_answer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/order.h"

void report_rows_say(const Report *r, AnswerNode *top)
{
    const Obs *obs = r->obs;
    const struct {
        size_t n;
        const char *why;
    } left[] = {
        {obs->n_where, "by --where"},
        {obs->n_task, "of other tasks"},
        {obs->n_diverged, "of diverged runs"},
        {obs->n_early, "as warm-up"},
        {obs->n_worse, "with a better row beside them"},
    };
    Buf text = BUF_INIT;
    const char *sep = "; left out: ";
    for (size_t i = 0; i < sizeof left / sizeof left[0]; i++) {
        if (left[i].n) {
            buf_printf(&text, "%s%zu %s", sep, left[i].n, left[i].why);
            sep = ", ";
        }
    }
    answer_say(top, NULL, SAY_PLAIN, "%s: %zu of %zu rows used%s.", r->source, obs->n_used,
               obs->n_read, buf_str(&text));
    buf_release(&text);
}

/* ---- groups fitted together ---- */

static void joint_answer(const Report *r, AnswerNode *top)
{
    static const Column column[] = {
        {"law", "law"},
        {.heading = "shared", .help = "parameters with one value for all groups"},
        {"groups", "groups"},
        {"n", "points", .rank = 1},
        {"parameters", "parameters"},
        {"objective", "minimum", .digits = 9, .rank = 2},
        {"aic", "AIC", .digits = 6, .rank = 1},
        {"bic", "BIC", .digits = 6},
        {"starts.total"},
        {"starts.at_minimum"},
        {"decrement"},
    };
    AnswerNode *table = answer_table(top, "joint", "Groups fitted together", COLUMNS(column));
    for (size_t i = 0; i < r->n_joint; i++) {
        const ReportJoint *j = &r->joint[i];
        const ShareFit *f = &j->fit;
        Buf names = BUF_INIT;
        for (size_t k = 0; k < j->n_shared; k++) {
            buf_printf(&names, "%s%s", k ? ", " : "", j->shared[k]);
        }
        AnswerNode *row =
            answer_row(table, value_text(j->form->name), value_text(buf_str(&names)),
                       value_size(f->n_groups), value_size(f->n), value_size(f->n_params),
                       value_real(f->objective), value_real(f->aic), value_real(f->bic),
                       value_size(f->starts), value_size(f->at_minimum), value_real(f->decrement));
        AnswerNode *shared = answer_list(row, "shared");
        for (size_t k = 0; k < j->n_shared; k++) {
            answer_set(shared, NULL, value_text(j->shared[k]));
        }
        buf_release(&names);
    }
}

/* ---- approach 2 ---- */

static void budget_answer(const IsoflopBudget *b, AnswerNode *list)
{
    static const char *const state[] = {
        [ISOFLOP_USED] = "used", [ISOFLOP_FEW] = "few_points", [ISOFLOP_NO_VALE] = "no_minimum"};
    bool is_used = b->state == ISOFLOP_USED;
    answer_set_all(
        answer_object(list, NULL), "C n state N_opt D_opt loss", value_real(b->c), value_size(b->n),
        value_text(b->is_outside ? "minimum_outside" : state[b->state]),
        value_real(is_used ? b->n_opt : (double)NAN), value_real(is_used ? b->d_opt : (double)NAN),
        value_real(is_used ? b->loss : (double)NAN));
}

static Interval error_of_line(double se)
{
    return (Interval){.se = se, .lo = (double)NAN, .hi = (double)NAN, .method = "least squares"};
}

static void isoflop_answer(const Report *r, AnswerNode *top)
{
    static const Column column[] = {
        {"group", "group"},
        {"a", "a", .is_symbol = true, .help = "N_opt = k_N C^a, C in FLOP"},
        {"b", "b", .is_symbol = true, .help = "D_opt = k_D C^b"},
        {"k_N", "k_N", .is_symbol = true, .rank = 1},
        {"k_D", "k_D", .is_symbol = true, .rank = 1},
        {.heading = "budgets", .help = "used, of all"},
        {.heading = "least loss outside",
         .rank = 2,
         .help = "budgets whose least loss is not among their points"},
        {.heading = "refused", .is_prose = true, .rank = 1},
    };
    AnswerNode *table = answer_table(top, "isoflop", "IsoFLOP parabolas", COLUMNS(column));
    for (size_t i = 0; i < r->n_isoflop; i++) {
        const ReportIsoflop *f = &r->isoflop[i];
        const Isoflop *x = &f->fit;
        const Interval a = error_of_line(x->se_a), b = error_of_line(x->se_b);
        const char *name = f->group->name;
        char used[48];
        if (f->is_refused) {
            AnswerNode *row =
                answer_row(table, value_text(name), value_none(), value_none(), value_none(),
                           value_none(), value_none(), value_none(), value_text(f->refusal.msg));
            answer_set(row, "reason", value_text(f->refusal.msg));
            continue;
        }
        (void)snprintf(used, sizeof used, "%zu of %zu", x->n_used, x->n_budgets);
        AnswerNode *row =
            answer_row(table, value_text(name), value_between(x->a, &a), value_between(x->b, &b),
                       value_real(x->k_n), value_real(x->k_d), value_text(used),
                       x->n_outside ? value_size(x->n_outside) : value_none(), value_none());
        AnswerNode *budgets = answer_list(row, "budgets");
        for (size_t k = 0; k < x->n_budgets; k++) {
            budget_answer(&x->budget[k], budgets);
        }
    }
}

/* ---- for people: the best N and D, other intervals ---- */

static void optimum_table(const Report *r, AnswerNode *top)
{
    static const Column column[] = {
        {.heading = "group"},
        {.heading = "law", .rank = 1},
        {.heading = "C", .unit = "FLOP", .is_symbol = true},
        {.heading = "N_opt", .format = NUMBER_QUANTITY, .is_symbol = true},
        {.heading = "D_opt", .format = NUMBER_QUANTITY, .is_symbol = true},
        {.heading = "L_opt", .is_symbol = true},
        {.heading = "tokens per parameter", .rank = 1},
        {.heading = "within the data", .rank = 2},
    };
    AnswerNode *table = answer_table(top, NULL, "The best N and D for C = 6 N D", COLUMNS(column));
    answer_table_use(table, TABLE_FOR_PEOPLE);
    for (size_t i = 0; i < r->n; i++) {
        const FitResult *f = &r->fit[i].fit;
        for (size_t k = 0; !r->fit[i].is_refused && k < f->n_at; k++) {
            const FitAt *at = &f->at[k];
            Interval interval[FIT_PER_AT];
            Value v[3 + FIT_PER_AT + 1] = {value_text(r->fit[i].group->name),
                                           value_text(f->form->name), value_real(at->c)};
            for (size_t q = 0; q < FIT_PER_AT; q++) {
                interval[q] = fit_value_interval(&at->value[q]);
                v[3 + q] = value_between(at->value[q].value, &interval[q]);
            }
            v[3 + FIT_PER_AT] = value_bool(!at->is_outside);
            (void)answer_row_of(table, v, sizeof v / sizeof v[0]);
        }
    }
}

/* The interval of each method in a column of its own; false when there is none. */
static bool method_values(const FitValue *v, Interval interval[FIT_N_METHODS],
                          Value ret[FIT_N_METHODS])
{
    bool has_any = false;
    for (int m = FIT_PERCENTILE + 1; m < FIT_N_METHODS; m++) {
        interval[m] = fit_interval(&v->by[m], fit_method_name((FitMethod)m));
        ret[m] = value_shown(value_between(v->value, &interval[m]), "");
        has_any = has_any || !isnan(interval[m].lo) || !isnan(interval[m].hi);
    }
    return has_any;
}

static void methods_table(const Report *r, AnswerNode *top)
{
    static const Column column[] = {
        {.heading = "group"},
        {.heading = "law", .rank = 2},
        {.heading = "of"},
        {.heading = "value"},
        {.heading = "BCa", .rank = 1, .help = "the bootstrap, corrected for bias and skewness"},
        {.heading = "sandwich", .rank = 1, .help = "by the delta method"},
        {.heading = "profile", .rank = 1, .help = "values whose best fit is not clearly worse"},
        {.heading = "jackknife", .rank = 1, .help = "leaving one point or run out"},
    };
    AnswerNode *table = answer_table(top, NULL, "Other kinds of interval", COLUMNS(column));
    answer_table_use(table, TABLE_FOR_PEOPLE);
    for (size_t i = 0; i < r->n; i++) {
        const FitResult *f = &r->fit[i].fit;
        const FitValue *v;
        for (size_t k = 0; !r->fit[i].is_refused && (v = fit_value_at(f, k)); k++) {
            Interval interval[FIT_N_METHODS];
            Value by[FIT_N_METHODS];
            if (method_values(v, interval, by)) {
                answer_row(table, value_text(r->fit[i].group->name), value_text(f->form->name),
                           value_text(v->name), value_real(v->value), by[FIT_BCA], by[FIT_SANDWICH],
                           by[FIT_PROFILE], by[FIT_JACKKNIFE]);
            }
        }
    }
}

/* ---- all ---- */

void report_values_answer(const Report *r, AnswerNode *top)
{
    static const Column column[] = {{"group"}, {"law"}, {"points"}, {"name"}, {"value"}, {"unit"}};
    AnswerNode *table = answer_table(top, NULL, NULL, COLUMNS(column));
    answer_table_use(table, TABLE_FOR_CSV);
    for (size_t i = 0; i < r->n; i++) {
        const FitResult *f = &r->fit[i].fit;
        const FitValue *v;
        for (size_t k = 0; !r->fit[i].is_refused && (v = fit_value_at(f, k)); k++) {
            const Interval interval = fit_value_interval(v);
            answer_row(table, value_text(r->fit[i].group->name), value_text(f->form->name),
                       value_size(f->n), value_text(v->name), value_between(v->value, &interval),
                       value_text(v->unit));
        }
    }
}

void report_refused_answer(const Report *r, AnswerNode *top)
{
    AnswerNode *refused = answer_list(top, "refused");
    for (size_t i = 0; i < r->n; i++) {
        const ReportFit *f = &r->fit[i];
        if (f->is_refused) {
            AnswerNode *o =
                refusal_answer(refused, f->group->name, "law", f->form->name, &f->refusal);
            answer_set(o, "n", value_size(f->group->data.n));
        }
    }
}

void report_fits_answer(const Report *r, AnswerNode *top)
{
    const char *convention = obs_convention_name(r->obs->convention);
    answer_set(top, "convention", value_text(convention));
    AnswerNode *fits = answer_list(top, "fits");
    for (size_t i = 0; i < r->n; i++) {
        const ReportFit *f = &r->fit[i];
        if (!f->is_refused) {
            AnswerNode *o = answer_object(fits, NULL);
            fit_answer(o, f->group->name, &f->fit, &f->group->data, &f->draws);
            if (f->form->input[0] == FORM_C) {
                answer_set(o, "convention", value_text(convention));
            }
        }
    }
    report_refused_answer(r, top);
}

void report_answer(const Report *r, AnswerNode *top)
{
    joint_answer(r, top);
    optimum_table(r, top);
    methods_table(r, top);
    isoflop_answer(r, top);
    report_fits_answer(r, top);
}

/* ---- runs ---- */

static void run_row(AnswerNode *table, const ObsGroup *g, size_t last)
{
    const FitData *d = &g->data;
    answer_row(table, value_text(g->name), value_text(d->n_runs ? g->run_name[d->run[last]] : NULL),
               value_real(d->params[last]), value_real(d->tokens[last]), value_real(d->flops[last]),
               value_real(d->loss[last]), value_real(g->bits_per_byte[last]));
}

/* By run (or N), then by falling D, then as they are. */
static int by_run(const void *a, const void *b, void *ctx)
{
    const FitData *d = ctx;
    size_t i = *(const size_t *)a, j = *(const size_t *)b;
    double x = d->n_runs ? (double)d->run[i] : d->params[i];
    double y = d->n_runs ? (double)d->run[j] : d->params[j];
    int order = ORDER(x, y);
    order = order ? order : ORDER(d->tokens[j], d->tokens[i]);
    return order ? order : ORDER(i, j);
}

/* A row for the observation of the largest D of each run (or of each N). */
static ErrCode run_rows(AnswerNode *table, const ObsGroup *g, Err *err)
{
    FitData data = g->data;
    size_t *order = calloc(data.n + 1, sizeof *order);
    if (!order) {
        return err_nomem(err, "table");
    }
    for (size_t i = 0; i < data.n; i++) {
        order[i] = i;
    }
    qsort_r(order, data.n, sizeof *order, by_run, &data);
    for (size_t i = 0; i < data.n; i++) {
        size_t a = order[i], b = i ? order[i - 1] : a;
        bool is_same = data.n_runs ? data.run[a] == data.run[b] : data.params[a] == data.params[b];
        if (i == 0 || !is_same) {
            run_row(table, g, a);
        }
    }
    free(order);
    return ERR_OK;
}

ErrCode report_runs_answer(const Obs *obs, AnswerNode *top, Err *err)
{
    const Column column[] = {
        {"group", obs->by ? obs->by : "group"},
        {"run", "run", .rank = 3},
        {"N", "N", .format = NUMBER_QUANTITY, .rank = 1, .is_symbol = true},
        {"D", "D", .format = NUMBER_QUANTITY, .rank = 1, .is_symbol = true},
        {"C", "C", "FLOP", .rank = 2, .is_symbol = true},
        {"loss", "loss", "nats/token", .format = NUMBER_FIXED},
        {"bits_per_byte", "bits/byte", .format = NUMBER_FIXED, .rank = 2},
    };
    char title[128];
    (void)snprintf(title, sizeof title, "Last observation of each run (convention of C: %s)",
                   obs_convention_name(obs->convention));
    AnswerNode *table = answer_table(top, "runs", title, COLUMNS(column));
    for (size_t g = 0; g < obs->n_groups; g++) {
        ErrCode rc = run_rows(table, &obs->group[g], err);
        if (rc != ERR_OK) {
            return rc;
        }
    }
    return ERR_OK;
}

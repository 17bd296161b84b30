#include "analysis/report/report.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/report/formula.h"
#include "common/json.h"
#include "common/quantity.h"

FitOptions report_options(const ReportPlan *plan, const Form *form)
{
    FitOptions o = fit_defaults(form);
    o.loss = plan->has_loss ? plan->loss : o.loss;
    o.residual = plan->has_residual ? plan->residual : o.residual;
    o.starts = plan->starts;
    o.bootstrap = plan->bootstrap;
    o.resampling = plan->resampling;
    o.has_all_intervals = plan->has_all_intervals;
    memcpy(o.at, plan->at, sizeof o.at);
    o.n_at = plan->n_at;
    o.threads = plan->threads;
    o.seed = plan->seed;
    for (size_t i = 0; i < plan->n_fix; i++) {
        int k = form_param(form, plan->fix[i].name);
        if (k >= 0) {
            o.fix.is_fixed[k] = true;
            o.fix.value[k] = plan->fix[i].value;
        }
    }
    return o;
}

/* Does the law have any of the parameters to share? */
static bool shared_of(const ReportPlan *plan, const Form *form, ReportJoint *j)
{
    *j = (ReportJoint){.form = form};
    for (size_t i = 0; i < plan->n_share; i++) {
        int k = form_param(form, plan->share[i]);
        if (k >= 0) {
            j->shared[j->n_shared++] = form->param[k].name;
        }
    }
    return j->n_shared > 0;
}

/* All groups by one law.  A refusal is every group's; ERR_NOMEM and ERR_USAGE are errors. */
static ErrCode fit_together(Report *r, const FitOptions *o, ReportJoint *j, Err *err)
{
    size_t n = r->obs->n_groups;
    bool is_shared[FORM_MAX_PARAMS] = {false};
    FitResult *result = calloc(n, sizeof *result);
    const FitData **data = calloc(n, sizeof(FitData *)); /* NOLINT(bugprone-sizeof-expression) */
    Err refusal = ERR_INIT;
    ErrCode rc = result && data ? ERR_OK : err_nomem(&refusal, "joint fit");
    for (size_t i = 0; i < j->n_shared; i++) {
        is_shared[form_param(o->form, j->shared[i])] = true;
    }
    for (size_t g = 0; data && g < n; g++) {
        data[g] = &r->obs->group[g].data;
    }
    if (rc == ERR_OK) {
        rc = share_run(o, is_shared, data, n, result, &j->fit, &refusal);
    }
    if (rc == ERR_NOMEM || rc == ERR_USAGE) {
        *err = refusal;
    }
    for (size_t g = 0; g < n && rc != ERR_NOMEM && rc != ERR_USAGE; g++) {
        ReportFit *f = &r->fit[r->n++];
        *f = (ReportFit){.group = &r->obs->group[g], .form = o->form, .refusal = refusal};
        f->is_refused = rc != ERR_OK;
        f->fit = result[g];
        r->n_refused += f->is_refused ? 1 : 0;
    }
    if (rc == ERR_OK) {
        r->joint[r->n_joint++] = *j;
    }
    free(result);
    free(data);
    return rc == ERR_NOMEM || rc == ERR_USAGE ? rc : ERR_OK;
}

static ErrCode add_isoflop(Report *r, const ReportPlan *plan, Err *err)
{
    if (!plan->has_isoflop) {
        return ERR_OK;
    }
    r->isoflop = calloc(r->obs->n_groups + 1, sizeof *r->isoflop);
    if (!r->isoflop) {
        return err_nomem(err, "isoFLOP");
    }
    for (size_t g = 0; g < r->obs->n_groups; g++) {
        ReportIsoflop *f = &r->isoflop[r->n_isoflop++];
        *f = (ReportIsoflop){.group = &r->obs->group[g], .refusal = ERR_INIT};
        ErrCode rc = isoflop_fit(&f->group->data, plan->isoflop_window, &f->fit, &f->refusal);
        if (rc == ERR_NOMEM) {
            *err = f->refusal;
            return rc;
        }
        f->is_refused = rc != ERR_OK;
    }
    return ERR_OK;
}

ErrCode report_make(const char *source, const Obs *obs, const ReportPlan *plan, Report *ret,
                    Err *err)
{
    Report r = {.source = source, .obs = obs, .seed = plan->seed};
    r.fit = calloc(obs->n_groups * plan->n_laws + 1, sizeof *r.fit);
    if (!r.fit) {
        return err_nomem(err, "report");
    }
    for (size_t l = 0; l < plan->n_laws; l++) {
        FitOptions o = report_options(plan, plan->law[l]);
        ReportJoint joint;
        if (shared_of(plan, o.form, &joint) && obs->n_groups > 1) {
            ErrCode rc = fit_together(&r, &o, &joint, err);
            if (rc != ERR_OK) {
                report_release(&r);
                return rc;
            }
            continue;
        }
        for (size_t g = 0; g < obs->n_groups; g++) {
            ReportFit *f = &r.fit[r.n++];
            *f = (ReportFit){.group = &obs->group[g], .form = plan->law[l], .refusal = ERR_INIT};
            ErrCode rc = fit_draws(&o, &f->group->data, &f->fit, &f->draws, &f->refusal);
            if (rc == ERR_NOMEM) {
                *err = f->refusal;
                report_release(&r);
                return rc;
            }
            f->is_refused = rc != ERR_OK;
            f->form = f->is_refused ? f->form : f->fit.form;
            r.n_refused += f->is_refused ? 1 : 0;
        }
    }
    ErrCode rc = add_isoflop(&r, plan, err);
    if (rc != ERR_OK) {
        report_release(&r);
        return rc;
    }
    *ret = r;
    return ERR_OK;
}

void report_release(Report *r)
{
    for (size_t i = 0; i < r->n; i++) {
        fit_draws_release(&r->fit[i].draws);
    }
    free(r->fit);
    free(r->isoflop);
    *r = (Report){0};
}

/* ---- tables ---- */

/* A line above a table; in LaTeX a comment. */
static void put_heading(const char *text, TableFormat format, Buf *out)
{
    if (format == TABLE_HTML) {
        buf_puts(out, "<h3>");
        table_html_text(out, text);
        buf_puts(out, "</h3>\n");
    } else {
        buf_printf(out, "%s%s\n\n",
                   format == TABLE_MARKDOWN ? "### "
                   : format == TABLE_LATEX  ? "% "
                                            : "",
                   text);
    }
}

/* "1.817 [1.774, 1.868]" */
static void value_cell(Table *t, const FitValue *v)
{
    char shown[96] = "";
    if (v && isfinite(v->lo)) {
        (void)snprintf(shown, sizeof shown, "%.4g [%.3g, %.3g]", v->value, v->lo, v->hi);
    } else if (v) {
        (void)snprintf(shown, sizeof shown, "%.4g", v->value);
    }
    table_text(t, shown);
}

enum { MAX_LAW_COLUMNS = FORM_MAX_PARAMS + 5 };

/* Columns of a law's table: its parameters, and a and b. */
static size_t law_columns(const Report *r, const Form *f, TableColumn *column)
{
    size_t n = 0;
    column[n++] = (TableColumn){r->obs->by ? r->obs->by : "group", false};
    column[n++] = (TableColumn){"points", true};
    for (size_t i = 0; i < f->n_params; i++) {
        column[n++] = (TableColumn){f->param[i].name, true};
    }
    column[n++] = (TableColumn){"a", true};
    column[n++] = (TableColumn){"b", true};
    column[n++] = (TableColumn){"rmse_log", true};
    return n;
}

/* A line below a table: a paragraph, an item of Markdown, a comment of LaTeX. */
static void put_note(const char *group, const char *text, TableFormat format, Buf *out)
{
    if (format == TABLE_HTML) {
        buf_puts(out, "<p class=\"note\"><b>");
        table_html_text(out, group);
        buf_puts(out, "</b>: ");
        table_html_text(out, text);
        buf_puts(out, "</p>\n");
    } else {
        buf_printf(out, "%s%s: %s\n",
                   format == TABLE_MARKDOWN ? "- "
                   : format == TABLE_LATEX  ? "% "
                                            : "  ",
                   group, text);
    }
}

/* The formulas with their numbers, then every warning and refusal. */
static void put_notes(const Report *r, const Form *form, TableFormat format, Buf *out)
{
    buf_putc(out, '\n');
    for (size_t i = 0; i < r->n; i++) {
        const ReportFit *f = &r->fit[i];
        Buf formula = BUF_INIT;
        if (f->form == form && !f->is_refused && formula_text(&f->fit, 6, &formula)) {
            put_note(f->group->name, buf_str(&formula), format, out);
        }
        buf_release(&formula);
    }
    for (size_t i = 0; i < r->n; i++) {
        const ReportFit *f = &r->fit[i];
        if (f->form == form && f->is_refused) {
            put_note(f->group->name, f->refusal.msg, format, out);
        }
        for (size_t k = 0; f->form == form && !f->is_refused && k < f->fit.n_warnings; k++) {
            put_note(f->group->name, f->fit.warning[k], format, out);
        }
    }
}

static ErrCode law_table(const Report *r, const Form *form, TableFormat format, Buf *out, Err *err)
{
    TableColumn column[MAX_LAW_COLUMNS];
    size_t n = law_columns(r, form, column);
    Table t;
    table_init(&t, column, n);
    for (size_t i = 0; i < r->n; i++) {
        const ReportFit *f = &r->fit[i];
        if (f->form != form) {
            continue;
        }
        table_text(&t, f->group->name);
        table_decimals(&t, 0, (double)f->group->data.n);
        for (size_t c = 2; c + 1 < n; c++) {
            if (f->is_refused) {
                table_text(&t, "refused");
            } else {
                value_cell(&t, fit_value(&f->fit, column[c].name));
            }
        }
        table_digits(&t, 3, f->is_refused ? (double)NAN : f->fit.rmse_log);
    }
    put_heading(form->equation, format, out);
    ErrCode rc = table_print(&t, format, out, err);
    put_notes(r, form, format, out);
    buf_putc(out, '\n');
    table_release(&t);
    return rc;
}

/* One row a value. */
static ErrCode laws_long(const Report *r, TableFormat format, Buf *out, Err *err)
{
    static const TableColumn column[] = {{"group", false}, {"law", false},  {"points", true},
                                         {"name", false},  {"value", true}, {"se", true},
                                         {"lo", true},     {"hi", true},    {"unit", false}};
    Table t;
    table_init(&t, column, sizeof column / sizeof column[0]);
    for (size_t i = 0; i < r->n; i++) {
        const FitResult *f = &r->fit[i].fit;
        for (size_t k = 0; !r->fit[i].is_refused && k < f->n_params + f->n_derived; k++) {
            const FitValue *v = k < f->n_params ? &f->param[k] : &f->derived[k - f->n_params];
            table_text(&t, r->fit[i].group->name);
            table_text(&t, r->fit[i].form->name);
            table_decimals(&t, 0, (double)f->n);
            table_text(&t, v->name);
            table_digits(&t, 9, v->value);
            table_digits(&t, 9, v->se);
            table_digits(&t, 9, v->lo);
            table_digits(&t, 9, v->hi);
            table_text(&t, v->unit);
        }
    }
    ErrCode rc = table_print(&t, format, out, err);
    table_release(&t);
    return rc;
}

ErrCode report_laws_table(const Report *r, TableFormat format, Buf *out, Err *err)
{
    if (format == TABLE_CSV || format == TABLE_JSON) {
        return laws_long(r, format, out, err);
    }
    ErrCode rc = ERR_OK;
    for (size_t i = 0; i < r->n && rc == ERR_OK; i++) {
        if (i == 0 || r->fit[i].form != r->fit[i - 1].form) {
            rc = law_table(r, r->fit[i].form, format, out, err);
        }
    }
    return rc;
}

static void quantity_cell(Table *t, double x)
{
    char shown[QUANTITY_TEXT_BYTES], full[32];
    if (!isfinite(x)) {
        table_text(t, "");
        return;
    }
    json_number_text(x, full);
    table_both(t, quantity_count_text(x, shown), full);
}

static void run_row(Table *t, const ObsGroup *g, size_t last)
{
    char name[64];
    const FitData *d = &g->data;
    (void)snprintf(name, sizeof name, "N = %.4g", d->params[last]);
    table_text(t, g->name);
    table_text(t, d->n_runs ? g->run_name[d->run[last]] : name);
    quantity_cell(t, d->params[last]);
    quantity_cell(t, d->tokens[last]);
    table_digits(t, 4, d->flops[last]);
    table_decimals(t, 4, d->loss[last]);
    table_decimals(t, 4, g->bits_per_byte[last]);
}

/* By run (or N), then by falling D, then as they are. */
static int by_run(const void *a, const void *b, void *ctx)
{
    const FitData *d = ctx;
    size_t i = *(const size_t *)a, j = *(const size_t *)b;
    double x = d->n_runs ? (double)d->run[i] : d->params[i];
    double y = d->n_runs ? (double)d->run[j] : d->params[j];
    if (x != y) {
        return x < y ? -1 : 1;
    }
    if (d->tokens[i] != d->tokens[j]) {
        return d->tokens[i] > d->tokens[j] ? -1 : 1;
    }
    return i < j ? -1 : i > j;
}

/* A row for the observation of the largest D of each run (or of each N). */
static ErrCode run_rows(Table *t, const ObsGroup *g, Err *err)
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
            run_row(t, g, a);
        }
    }
    free(order);
    return ERR_OK;
}

ErrCode report_runs_table(const Obs *obs, TableFormat format, Buf *out, Err *err)
{
    const TableColumn column[] = {{obs->by ? obs->by : "group", false},
                                  {"run", false},
                                  {"N", true},
                                  {"D", true},
                                  {"C [FLOP]", true},
                                  {"loss [nats/token]", true},
                                  {"bits/byte", true}};
    Table t;
    table_init(&t, column, sizeof column / sizeof column[0]);
    ErrCode rc = ERR_OK;
    for (size_t g = 0; g < obs->n_groups && rc == ERR_OK; g++) {
        rc = run_rows(&t, &obs->group[g], err);
    }
    if (format != TABLE_CSV && format != TABLE_JSON) {
        char text[96];
        (void)snprintf(text, sizeof text, "Last observation of each run (convention of C: %s)",
                       obs_convention_name(obs->convention));
        put_heading(text, format, out);
    }
    rc = rc == ERR_OK ? table_print(&t, format, out, err) : rc;
    table_release(&t);
    return rc;
}

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "analysis/fit/bootstrap.h"
#include "analysis/fit/covariance.h"
#include "analysis/report/formula.h"
#include "analysis/report/report.h"

static void loss_text(const FitResult *f, Buf *out)
{
    buf_puts(out, fit_loss_name(f->loss.kind));
    if (f->loss.kind == FIT_HUBER) {
        buf_printf(out, ":%g", f->loss.delta);
    } else if (f->loss.kind == FIT_ASYMMETRIC) {
        buf_printf(out, ":%g:%g", f->loss.over, f->loss.delta);
    }
    buf_printf(out, " on %s residuals", f->residual == FIT_LOG ? "log" : "raw");
}

static void equation_text(const Report *r, const Form *form, Buf *out)
{
    buf_printf(out, "\n%s", form->equation);
    if (form->input[0] == FORM_C) {
        buf_printf(out, " (convention of C: %s)", obs_convention_name(r->obs->convention));
    }
    buf_putc(out, '\n');
}

/* ---- one table a law ---- */

enum { MAX_COLUMNS = FORM_MAX_PARAMS + 8, NAME_WIDTH = 9 };

/* What the summary shows of a law: its parameters, a, and b where it is not 1 - a. */
static size_t shown_values(const Form *form, const char **name)
{
    size_t n = 0;
    for (; n < form->n_params; n++) {
        name[n] = form->param[n].name;
    }
    for (size_t i = 0; i < form->n_derived; i++) {
        if (strcmp(form->derived[i].name, "a") == 0) {
            name[n++] = "a";
        }
    }
    if (form->has_envelope) {
        name[n++] = "a";
        name[n++] = "b";
    }
    return n;
}

static void value_row(Table *t, const ReportFit *f, const char *const *name, size_t n)
{
    char points[32];
    (void)snprintf(points, sizeof points, "%zu", f->group->data.n);
    table_text(t, f->group->name);
    table_text(t, points);
    for (size_t i = 0; i < n; i++) {
        const FitValue *v = f->is_refused ? NULL : fit_value(&f->fit, name[i]);
        table_digits(t, 4, v ? v->value : (double)NAN);
    }
    table_digits(t, 2, f->is_refused ? (double)NAN : 100.0 * f->fit.rmse_log);
}

static bool has_intervals(const ReportFit *f, const char *const *name, size_t n)
{
    bool has_any = false;
    for (size_t i = 0; !f->is_refused && i < n; i++) {
        const FitValue *v = fit_value(&f->fit, name[i]);
        has_any = has_any || (v && isfinite(v->lo));
    }
    return has_any;
}

static void interval_row(Table *t, const ReportFit *f, const char *const *name, size_t n)
{
    table_text(t, "");
    table_text(t, "");
    for (size_t i = 0; i < n; i++) {
        const FitValue *v = fit_value(&f->fit, name[i]);
        char shown[64] = "";
        if (v && isfinite(v->lo)) {
            (void)snprintf(shown, sizeof shown, "[%.3g, %.3g]", v->lo, v->hi);
        }
        table_text(t, shown);
    }
    table_text(t, "");
}

static ErrCode summary_table(const Report *r, const Form *form, Buf *out, Err *err)
{
    const char *name[MAX_COLUMNS];
    TableColumn column[MAX_COLUMNS];
    size_t n = shown_values(form, name);
    column[0] = (TableColumn){r->obs->by ? r->obs->by : "group", false};
    column[1] = (TableColumn){"points", true};
    for (size_t i = 0; i < n; i++) {
        column[i + 2] = (TableColumn){name[i], true};
    }
    column[n + 2] = (TableColumn){"error [%]", true};
    Table t;
    table_init(&t, column, n + 3);
    for (size_t i = 0; i < r->n; i++) {
        if (r->fit[i].form == form) {
            value_row(&t, &r->fit[i], name, n);
            if (has_intervals(&r->fit[i], name, n)) {
                interval_row(&t, &r->fit[i], name, n);
            }
        }
    }
    ErrCode rc = table_print(&t, TABLE_TEXT, out, err);
    table_release(&t);
    return rc;
}

/* The first fit of a law, or NULL when all were refused. */
static const FitResult *first_fit(const Report *r, const Form *form)
{
    for (size_t i = 0; i < r->n; i++) {
        if (r->fit[i].form == form && !r->fit[i].is_refused) {
            return &r->fit[i].fit;
        }
    }
    return NULL;
}

static void legend_text(const Form *form, const FitResult *f, Buf *out)
{
    const char *name[MAX_COLUMNS];
    size_t n = shown_values(form, name);
    buf_putc(out, '\n');
    for (size_t i = 0; i < n; i++) {
        const FitValue *v = fit_value(f, name[i]);
        if (v) {
            bool has_unit = strcmp(v->unit, "1") != 0;
            buf_printf(out, "  %-*s  %s%s%s%s\n", NAME_WIDTH, v->name, v->help,
                       has_unit ? " [" : "", has_unit ? v->unit : "", has_unit ? "]" : "");
        }
    }
    buf_printf(out, "  %-*s  100 x root mean square of ln(law / measured loss)\n", NAME_WIDTH,
               "error [%]");
    if (f->resampling != FIT_NO_INTERVALS) {
        buf_printf(out, "  %-*s  95 %% interval, %zu bootstrap samples of %s\n", NAME_WIDTH,
                   "[.., ..]", f->replicates, bootstrap_unit_text(f->resampling));
    }
    buf_printf(out, "  %-*s  sum of ", NAME_WIDTH, "minimised");
    loss_text(f, out);
    buf_putc(out, '\n');
}

/* The law of each group with its numbers, and one prediction worked out. */
static void formulas_text(const Report *r, const Form *form, Buf *out)
{
    const ReportFit *first = NULL;
    for (size_t i = 0; i < r->n; i++) {
        const ReportFit *f = &r->fit[i];
        Buf formula = BUF_INIT;
        if (f->form == form && !f->is_refused) {
            first = first ? first : f;
            if (formula_text(&f->fit, 6, &formula)) {
                buf_printf(out, "  %-*s  %s: %s\n", NAME_WIDTH, "formula", f->group->name,
                           buf_str(&formula));
            }
        }
        buf_release(&formula);
    }
    if (first) {
        double inputs[FORM_MAX_INPUTS] = {0.0};
        formula_point(&first->fit, &first->group->data, inputs);
        buf_printf(out, "  %-*s  %s: ", NAME_WIDTH, "worked", first->group->name);
        formula_worked(&first->fit, inputs, 4, out);
        buf_putc(out, '\n');
    }
}

/* "shared     alpha, beta: one value for all 3 groups". */
static void joint_text(const Report *r, const Form *form, Buf *out)
{
    for (size_t i = 0; i < r->n_joint; i++) {
        const ReportJoint *j = &r->joint[i];
        if (j->form != form) {
            continue;
        }
        buf_printf(out, "  %-*s  ", NAME_WIDTH, "shared");
        for (size_t k = 0; k < j->n_shared; k++) {
            buf_printf(out, "%s%s", k ? ", " : "", j->shared[k]);
        }
        buf_printf(out,
                   ": one value for all %zu groups; %zu parameters, objective %.10g, BIC %.1f\n",
                   j->fit.n_groups, j->fit.n_params, j->fit.objective, j->fit.bic);
    }
}

/* How many starts agree: the least over the groups. */
static void agreement_text(const Report *r, const Form *form, Buf *out)
{
    const FitResult *worst = NULL;
    for (size_t i = 0; i < r->n; i++) {
        const FitResult *f = &r->fit[i].fit;
        if (r->fit[i].form == form && !r->fit[i].is_refused &&
            (!worst || f->at_minimum < worst->at_minimum)) {
            worst = f;
        }
    }
    if (worst) {
        buf_printf(out, "  %-*s  %s%zu of %zu starts of every fit end at the minimum shown\n",
                   NAME_WIDTH, "certainty", worst->at_minimum < worst->starts ? "at least " : "",
                   worst->at_minimum, worst->starts);
    }
}

/* Does an earlier fit of the law have this warning? */
static bool is_repeated(const Report *r, size_t at, const char *warning)
{
    for (size_t i = 0; i < at; i++) {
        const FitResult *f = &r->fit[i].fit;
        for (size_t k = 0; r->fit[i].form == r->fit[at].form && k < f->n_warnings; k++) {
            if (strcmp(f->warning[k], warning) == 0) {
                return true;
            }
        }
    }
    return false;
}

/* "llama, hgrn2: envelope: ..." */
static void one_warning(const Report *r, size_t at, const char *warning, Buf *out)
{
    buf_puts(out, "  warning    ");
    const char *sep = "";
    for (size_t i = at; i < r->n; i++) {
        const FitResult *f = &r->fit[i].fit;
        for (size_t k = 0; r->fit[i].form == r->fit[at].form && k < f->n_warnings; k++) {
            if (strcmp(f->warning[k], warning) == 0) {
                buf_printf(out, "%s%s", sep, r->fit[i].group->name);
                sep = ", ";
            }
        }
    }
    buf_printf(out, ": %s\n", warning);
}

static void problems_text(const Report *r, const Form *form, Buf *out)
{
    for (size_t i = 0; i < r->n; i++) {
        const ReportFit *f = &r->fit[i];
        if (f->form == form && f->is_refused) {
            buf_printf(out, "  refused    %s: %s\n", f->group->name, f->refusal.msg);
            if (f->refusal.hint[0]) {
                buf_printf(out, "             hint: %s\n", f->refusal.hint);
            }
        }
        for (size_t k = 0; f->form == form && !f->is_refused && k < f->fit.n_warnings; k++) {
            if (!is_repeated(r, i, f->fit.warning[k])) {
                one_warning(r, i, f->fit.warning[k], out);
            }
        }
    }
}

/* "3,440 of 3,568 rows used; left out: 128 by --where". */
static void rows_text(const Obs *obs, Buf *out)
{
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
    buf_printf(out, "%zu of %zu rows used", obs->n_used, obs->n_read);
    const char *sep = "; left out: ";
    for (size_t i = 0; i < sizeof left / sizeof left[0]; i++) {
        if (left[i].n) {
            buf_printf(out, "%s%zu %s", sep, left[i].n, left[i].why);
            sep = ", ";
        }
    }
}

static void isoflop_text(const Report *r, Buf *out)
{
    if (r->n_isoflop) {
        buf_puts(out, "\nIsoFLOP parabolas: N_opt = k_N C^a, D_opt = k_D C^b, C in FLOP\n\n");
    }
    for (size_t i = 0; i < r->n_isoflop; i++) {
        const ReportIsoflop *f = &r->isoflop[i];
        if (f->is_refused) {
            buf_printf(out, "  %s: refused: %s\n", f->group->name, f->refusal.msg);
            continue;
        }
        buf_printf(out, "  %s: a = %.6g, b = %.6g, k_N = %.4g, k_D = %.4g; %zu of %zu budgets",
                   f->group->name, f->fit.a, f->fit.b, f->fit.k_n, f->fit.k_d, f->fit.n_used,
                   f->fit.n_budgets);
        if (f->fit.n_outside) {
            buf_printf(out, ", in %zu the least loss lies outside the points", f->fit.n_outside);
        }
        buf_putc(out, '\n');
    }
}

ErrCode report_text(const Report *r, Buf *out, Err *err)
{
    buf_printf(out, "%s: ", r->source);
    rows_text(r->obs, out);
    buf_putc(out, '\n');
    for (size_t i = 0; i < r->n; i++) {
        const Form *form = r->fit[i].form;
        if (i > 0 && r->fit[i - 1].form == form) {
            continue;
        }
        equation_text(r, form, out);
        buf_putc(out, '\n');
        ErrCode rc = summary_table(r, form, out, err);
        if (rc != ERR_OK) {
            return rc;
        }
        const FitResult *f = first_fit(r, form);
        if (f) {
            legend_text(form, f, out);
        }
        formulas_text(r, form, out);
        joint_text(r, form, out);
        agreement_text(r, form, out);
        problems_text(r, form, out);
    }
    isoflop_text(r, out);
    return ERR_OK;
}

/* ---- everything about every fit ---- */

static void values_text(const FitResult *f, Buf *out)
{
    static const TableColumn column[] = {{"  ", false},       {"value", true}, {"std. error", true},
                                         {"95 % from", true}, {"to", true},    {"unit", false},
                                         {"meaning", false}};
    Table t;
    Err ignored = ERR_INIT;
    table_init(&t, column, sizeof column / sizeof column[0]);
    for (size_t i = 0; i < f->n_params + f->n_derived; i++) {
        const FitValue *v = i < f->n_params ? &f->param[i] : &f->derived[i - f->n_params];
        char name[64];
        (void)snprintf(name, sizeof name, "  %s", v->name);
        table_text(&t, name);
        table_digits(&t, 9, v->value);
        table_digits(&t, 3, v->se);
        table_digits(&t, 9, v->lo);
        table_digits(&t, 9, v->hi);
        table_text(&t, strcmp(v->unit, "1") == 0 ? "" : v->unit);
        table_text(&t, v->help);
    }
    (void)table_print(&t, TABLE_TEXT, out, &ignored);
    table_release(&t);
}

/* The lower half of the correlations of the replicates. */
static void correlation_text(const ReportFit *rf, Buf *out)
{
    Covariance c;
    if (!covariance_of_draws(&rf->fit, &rf->draws, true, &c)) {
        return;
    }
    buf_puts(out, "\n  correlation of the replicates (of the logarithms of the coefficients)\n\n");
    for (size_t i = 0; i < c.n; i++) {
        buf_printf(out, "    %s%-8s", c.is_log[i] ? "ln " : "   ", rf->fit.param[i].name);
        for (size_t j = 0; j <= i; j++) {
            buf_printf(out, " %7.4f", c.correlation[i * c.n + j]);
        }
        buf_putc(out, '\n');
    }
    buf_putc(out, '\n');
}

static void fit_text(const ReportFit *rf, Buf *out)
{
    const FitResult *f = &rf->fit;
    buf_printf(out, "\n%s, %s: %zu points", rf->group->name, rf->form->name, f->n);
    if (f->n_runs) {
        buf_printf(out, " of %zu runs", f->n_runs);
    }
    buf_puts(out, "\n\n");
    values_text(f, out);
    buf_printf(out, "\n  minimised   sum of ");
    loss_text(f, out);
    buf_printf(out, " = %.10g\n", f->objective);
    buf_printf(out, "  minimum     %zu of %zu starts end here", f->at_minimum, f->starts);
    if (f->has_second) {
        buf_printf(out, "; the next minimum is %.3g times as high",
                   f->second_objective / f->objective);
    }
    if (f->loss.kind == FIT_L1) {
        buf_puts(out, "; an optimal vertex\n");
    } else {
        buf_printf(out,
                   "; one more Newton step would lower it by %.0e of itself; "
                   "least over largest curvature %.1e\n",
                   f->certificate.decrement, f->certificate.eigen_ratio);
    }
    buf_printf(out,
               "  quality     rmse %.4g nats/token, of logs %.3g, R2 %.5f, AIC %.1f, BIC %.1f\n",
               f->rmse, f->rmse_log, f->r2, f->aic, f->bic);
    if (f->resampling != FIT_NO_INTERVALS) {
        buf_printf(out, "  intervals   bootstrap of %s, %zu replicates",
                   bootstrap_unit_text(f->resampling), f->replicates);
        if (f->replicates_failed) {
            buf_printf(out, ", %zu of them without a minimum", f->replicates_failed);
        }
        buf_putc(out, '\n');
    }
    Buf formula = BUF_INIT;
    double inputs[FORM_MAX_INPUTS] = {0.0};
    if (formula_text(f, 9, &formula)) {
        buf_printf(out, "  formula     %s\n", buf_str(&formula));
    }
    buf_release(&formula);
    formula_point(f, &rf->group->data, inputs);
    buf_puts(out, "  worked      ");
    formula_worked(f, inputs, 9, out);
    buf_putc(out, '\n');
    correlation_text(rf, out);
    for (size_t i = 0; i < f->n_warnings; i++) {
        buf_printf(out, "  warning     %s\n", f->warning[i]);
    }
}

void report_details(const Report *r, Buf *out)
{
    buf_printf(out, "%s: ", r->source);
    rows_text(r->obs, out);
    buf_putc(out, '\n');
    for (size_t i = 0; i < r->n; i++) {
        const ReportFit *f = &r->fit[i];
        if (i == 0 || r->fit[i - 1].form != f->form) {
            equation_text(r, f->form, out);
        }
        if (f->is_refused) {
            buf_printf(out, "\n%s, %s: refused\n  %s\n", f->group->name, f->form->name,
                       f->refusal.msg);
            if (f->refusal.hint[0]) {
                buf_printf(out, "  hint: %s\n", f->refusal.hint);
            }
        } else {
            fit_text(f, out);
        }
    }
}

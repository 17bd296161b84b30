#include <math.h>
#include <stdio.h>
#include <string.h>

#include "analysis/compare/compare.h"
#include "analysis/compare/verdict.h"
#include "analysis/fit/bootstrap.h"

static void title(Buf *out, TableFormat format, const char *text)
{
    buf_printf(out, "\n%s%s\n\n", format == TABLE_MARKDOWN ? "### " : "", text);
}

/* "0.347 [0.31, 0.38]"; an end that is open is "..". */
static void with_interval(Table *t, double value, double lo, double hi)
{
    char shown[96] = "", low[24] = "..", high[24] = "..", full[32];
    if (isfinite(lo)) {
        (void)snprintf(low, sizeof low, "%.3g", lo);
    }
    if (isfinite(hi)) {
        (void)snprintf(high, sizeof high, "%.3g", hi);
    }
    if (isfinite(lo) || isfinite(hi)) {
        (void)snprintf(shown, sizeof shown, "%.4g [%s, %s]", value, low, high);
    } else if (isfinite(value)) {
        (void)snprintf(shown, sizeof shown, "%.4g", value);
    }
    (void)snprintf(full, sizeof full, "%.9g", value);
    table_both(t, shown, isfinite(value) ? full : "");
}

static void p_cell(Table *t, double p)
{
    char text[32], full[32];
    (void)snprintf(full, sizeof full, "%.9g", p);
    table_both(t, isfinite(p) ? verdict_p_text(p, text) : "", isfinite(p) ? full : "");
}

static ErrCode finish(Table *t, TableFormat format, Buf *out, Err *err)
{
    ErrCode rc = table_print(t, format, out, err);
    table_release(t);
    return rc;
}

static ErrCode fits_table(const Compare *c, TableFormat format, Buf *out, Err *err)
{
    TableColumn column[FORM_MAX_PARAMS + 3];
    size_t n = 0;
    Table t;
    const Obs *obs = c->report.obs;
    column[n++] = (TableColumn){obs->by ? obs->by : "group", false};
    column[n++] = (TableColumn){"points", true};
    for (size_t a = 0; a < c->form.n_params; a++) {
        column[n++] = (TableColumn){c->form.param[a].name, true};
    }
    column[n++] = (TableColumn){"error [%]", true};
    title(out, format, c->form.equation);
    table_init(&t, column, n);
    for (size_t g = 0; g < c->n_groups; g++) {
        const FitResult *f = c->group[g].fit;
        table_text(&t, c->group[g].name);
        table_decimals(&t, 0, (double)f->n);
        for (size_t a = 0; a < f->n_params; a++) {
            with_interval(&t, f->param[a].value, f->param[a].lo, f->param[a].hi);
        }
        table_digits(&t, 2, 100.0 * f->rmse_log);
    }
    if (!c->is_refused) {
        table_text(&t, "(the null)");
        table_decimals(&t, 0, (double)c->test.n);
        for (size_t a = 0; a < c->form.n_params; a++) {
            with_interval(&t, c->is_shared[a] ? c->group[0].null.param[a].value : (double)NAN,
                          (double)NAN, (double)NAN);
        }
        table_text(&t, "");
    }
    return finish(&t, format, out, err);
}

static ErrCode pairs_table(const Compare *c, TableFormat format, Buf *out, Err *err)
{
    static const TableColumn column[] = {{"a", false},       {"b", false},      {"F", true},
                                         {"df1", true},      {"df2", true},     {"p", true},
                                         {"p (Holm)", true}, {"verdict", false}};
    Table t;
    title(out, format, "Pairs");
    table_init(&t, column, sizeof column / sizeof column[0]);
    for (size_t i = 0; i < c->n_pairs; i++) {
        const ComparePair *p = &c->pair[i];
        table_text(&t, c->group[p->a].name);
        table_text(&t, c->group[p->b].name);
        table_digits(&t, 4, p->test.statistic);
        table_decimals(&t, 0, p->is_refused ? (double)NAN : (double)p->test.df1);
        table_decimals(&t, 0, p->is_refused ? (double)NAN : (double)p->test.df2);
        p_cell(&t, p->test.p);
        p_cell(&t, p->p_holm);
        table_text(&t, verdict_name(p->verdict));
    }
    return finish(&t, format, out, err);
}

static ErrCode differences_table(const Compare *c, TableFormat format, Buf *out, Err *err)
{
    static const TableColumn column[] = {{"a - b", false},     {"of", false},
                                         {"difference", true}, {"p", true},
                                         {"p (Holm)", true},   {"detectable", true}};
    Table t;
    title(out, format, "Differences");
    table_init(&t, column, sizeof column / sizeof column[0]);
    for (size_t i = 0; i < c->n_differences; i++) {
        const CompareDifference *d = &c->difference[i];
        char who[160];
        (void)snprintf(who, sizeof who, "%s - %s", c->group[d->a].name, c->group[d->b].name);
        table_text(&t, who);
        table_text(&t, d->name);
        with_interval(&t, d->value, d->lo, d->hi);
        p_cell(&t, d->p);
        p_cell(&t, d->p_holm);
        table_digits(&t, 2, d->detectable);
    }
    return finish(&t, format, out, err);
}

static ErrCode multipliers_table(const Compare *c, TableFormat format, Buf *out, Err *err)
{
    TableColumn column[] = {{"a / b", false}, {"loss", true}, {"multiplier", true},
                            {"of a", true},   {"of b", true}, {"note", false}};
    char heading[96], of_a[32], of_b[32];
    Table t;
    (void)snprintf(heading, sizeof heading, "Multipliers: %s of a over %s of b for the same loss",
                   c->resource, c->resource);
    (void)snprintf(of_a, sizeof of_a, "%s of a", c->resource);
    (void)snprintf(of_b, sizeof of_b, "%s of b", c->resource);
    column[3].name = of_a;
    column[4].name = of_b;
    title(out, format, heading);
    table_init(&t, column, sizeof column / sizeof column[0]);
    for (size_t i = 0; i < c->n_multipliers; i++) {
        const CompareMultiplier *m = &c->multiplier[i];
        char who[160];
        (void)snprintf(who, sizeof who, "%s / %s", c->group[m->a].name, c->group[m->b].name);
        table_text(&t, who);
        table_digits(&t, 6, m->loss);
        with_interval(&t, m->value, m->lo, m->hi);
        table_digits(&t, 3, isfinite(m->amount_a) ? m->amount_a : (double)NAN);
        table_digits(&t, 3, isfinite(m->amount_b) ? m->amount_b : (double)NAN);
        table_text(&t, m->why[0] ? m->why : m->is_outside ? "outside the data" : "");
    }
    return finish(&t, format, out, err);
}

/* ---- notes ---- */

static void test_line(const Compare *c, Buf *out)
{
    char p[32];
    const NestedTest *t = &c->test;
    if (c->is_refused) {
        buf_printf(out, "  no test: %s\n", c->refusal.msg);
        return;
    }
    buf_printf(out, "  null %s: F(%zu, %zu) = %.4g", compare_null_name(c->o->null), t->df1, t->df2,
               t->statistic);
    if (t->why[0]) {
        buf_printf(out, isfinite(t->p) ? ", p = 1: %s\n" : ", no p: %s\n", t->why);
    } else if (t->method == NESTED_F) {
        buf_printf(out, ", p = %s by the F distribution (points independent)\n",
                   verdict_p_text(t->p, p));
    } else {
        buf_printf(out, ", p = %s by %zu bootstrap samples of %s under the null\n",
                   verdict_p_text(t->p, p), t->replicates - t->failed,
                   t->unit == FIT_CLUSTERS ? "whole runs" : "points");
    }
}

static void notes(const Compare *c, Buf *out)
{
    const FitOptions *o = &c->o->fit;
    const FitResult *f = c->group[0].fit;
    buf_puts(out, "\n  [.., ..]     95 % interval");
    if (f->replicates) {
        buf_printf(out, ", %zu bootstrap samples of %s a group", f->replicates,
                   bootstrap_unit_text(f->resampling));
    }
    buf_printf(out, "\n  minimised    sum of %s on %s residuals\n", fit_loss_name(o->loss.kind),
               o->residual == FIT_LOG ? "log" : "raw");
    buf_puts(out,
             "  p (Holm)     adjusted for all pairs\n"
             "  detectable   least difference that four of five such studies would have seen\n");
    buf_printf(out,
               "  alike        not told apart, and surely within %.3g %% (two one-sided tests, "
               "5 %%)\n",
               100.0 * c->o->margin);
    if (c->resource && c->form.best_size) {
        buf_puts(out, "  C            6 N D [FLOP] at the best N and D for it\n");
    } else if (c->resource && c->form.input[0] == FORM_C) {
        buf_printf(out, "  C            [FLOP], convention %s\n",
                   obs_convention_name(c->report.obs->convention));
    }
    if (c->n_multipliers == 0 && c->resource) {
        buf_puts(out, "  no loss was reached by all groups: name some with --at-loss\n");
    }
    for (size_t i = 0; i < c->report.n; i++) {
        const ReportFit *r = &c->report.fit[i];
        if (r->is_refused) {
            buf_printf(out, "  refused      %s: %s\n", r->group->name, r->refusal.msg);
        }
        for (size_t k = 0; !r->is_refused && k < r->fit.n_warnings; k++) {
            buf_printf(out, "  warning      %s: %s\n", r->group->name, r->fit.warning[k]);
        }
    }
}

/* ---- CSV ---- */

typedef struct Line {
    const char *kind, *a, *b, *name;
    double loss, value, lo, hi, p, p_holm;
} Line;

static void csv_line(Table *t, const Line *l)
{
    const double number[] = {l->loss, l->value, l->lo, l->hi, l->p, l->p_holm};
    table_text(t, l->kind);
    table_text(t, l->a);
    table_text(t, l->b);
    table_text(t, l->name);
    for (size_t i = 0; i < sizeof number / sizeof number[0]; i++) {
        table_digits(t, 9, isfinite(number[i]) ? number[i] : (double)NAN);
    }
}

static ErrCode as_csv(const Compare *c, Buf *out, Err *err)
{
    static const TableColumn column[] = {
        {"kind", false}, {"a", false}, {"b", false}, {"name", false}, {"loss", true},
        {"value", true}, {"lo", true}, {"hi", true}, {"p", true},     {"p_holm", true}};
    const double none = (double)NAN;
    Table t;
    table_init(&t, column, sizeof column / sizeof column[0]);
    csv_line(&t, &(Line){"test", "", "", compare_null_name(c->o->null), none, c->test.statistic,
                         none, none, c->test.p, none});
    for (size_t i = 0; i < c->n_pairs; i++) {
        const ComparePair *p = &c->pair[i];
        csv_line(&t, &(Line){"pair", c->group[p->a].name, c->group[p->b].name,
                             compare_null_name(c->o->null), none, p->test.statistic, none, none,
                             p->test.p, p->p_holm});
    }
    for (size_t i = 0; i < c->n_differences; i++) {
        const CompareDifference *d = &c->difference[i];
        csv_line(&t, &(Line){"difference", c->group[d->a].name, c->group[d->b].name, d->name, none,
                             d->value, d->lo, d->hi, d->p, d->p_holm});
    }
    for (size_t i = 0; i < c->n_multipliers; i++) {
        const CompareMultiplier *m = &c->multiplier[i];
        csv_line(&t, &(Line){"multiplier", c->group[m->a].name, c->group[m->b].name, c->resource,
                             m->loss, m->value, m->lo, m->hi, none, none});
    }
    return finish(&t, TABLE_CSV, out, err);
}

ErrCode compare_text(const Compare *c, TableFormat format, Buf *out, Err *err)
{
    ErrCode rc = ERR_OK;
    if (format == TABLE_CSV) {
        return as_csv(c, out, err);
    }
    buf_printf(out, "%s\n", c->sentence);
    test_line(c, out);
    for (size_t i = 0; c->n_pairs > 1 && i < c->n_pairs; i++) {
        buf_printf(out, "  %s\n", c->pair[i].sentence);
    }
    TRY(fits_table(c, format, out, err));
    TRY(pairs_table(c, format, out, err));
    TRY(differences_table(c, format, out, err));
    if (c->n_multipliers) {
        TRY(multipliers_table(c, format, out, err));
    }
    notes(c, out);
done:
    return rc;
}

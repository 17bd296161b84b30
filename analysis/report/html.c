#include "analysis/report/html.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "analysis/report/formula.h"
#include "common/fsx.h"
#include "common/json.h"

enum { MAX_SVG_BYTES = 1 << 26, MAX_ROWS = 5000 };

static const char style[] =
    "body{font:16px/1.5 system-ui,sans-serif;color:#222;background:#fff;max-width:62rem;"
    "margin:2rem auto;padding:0 1rem}"
    "h1{font-size:1.6rem}h2{font-size:1.25rem;margin-top:2.2rem;border-bottom:1px solid #ddd}"
    "h3{font-size:1rem;font-family:ui-monospace,monospace}"
    "table{border-collapse:collapse;font-size:.85rem;display:block;overflow-x:auto}"
    "th,td{padding:.25rem .6rem;border-bottom:1px solid #e4e4e4;text-align:left;"
    "vertical-align:top;white-space:nowrap}thead th{border-bottom:2px solid #888}"
    ".num{text-align:right;font-variant-numeric:tabular-nums}"
    ".note{font-size:.9rem;margin:.3rem 0}.answer{background:#f2f6fa;padding:.6rem 1rem;"
    "border-left:4px solid #0072B2}"
    "figure{margin:1.5rem 0}figure svg{max-width:100%;height:auto}"
    "figcaption{font-size:.9rem;color:#444}"
    "pre{background:#f6f6f6;padding:.8rem;overflow-x:auto;font-size:.85rem;white-space:pre-wrap}"
    "code{font-family:ui-monospace,monospace}dt{font-weight:600}dd{margin:0 0 .6rem 1.2rem}";

/* What the codes of warnings mean (docs/fitting.md). */
static const struct {
    const char *code, *means;
} explained[] = {
    {"boundary", "A coefficient is 0: these points do not show it."},
    {"flat", "Parameters trade off against each other: trust predictions within the data, not "
             "single parameters."},
    {"not_unique", "Other parameters reach the same objective."},
    {"starts", "One start alone reached the minimum: more starts may find a lower one."},
    {"referee", "Another solver, from the best start, ended elsewhere."},
    {"few_sizes", "An input takes as many values as its curve has parameters: nothing shows their "
                  "errors."},
    {"few_runs", "Too few runs to see how runs differ: intervals are missing or too narrow."},
    {"few_budgets", "Too few compute budgets to resample within: intervals are missing or too "
                    "narrow."},
    {"bootstrap", "Replicates without a minimum were left out: intervals are too narrow."},
    {"outside", "The best N and D for this C are not within the data."},
    {"envelope", "The envelope of the curves rests on the ends of the runs."},
    {"drift", "The separate power laws of the envelope do not agree with C = 6 N D."},
};

static void text(Buf *out, const char *s)
{
    table_html_text(out, s);
}

/* ---- pictures ---- */

static bool begins(const char *s, const char *word)
{
    return strncmp(s, word, strlen(word)) == 0;
}

bool html_svg(Buf *out, const char *svg, const char *prefix)
{
    const char *p = strstr(svg, "<svg"), *end = strstr(svg, "</svg>");
    bool is_in_tag = false;
    if (!p || !end || end < p) {
        return false;
    }
    for (end += strlen("</svg>"); p < end; p++) {
        is_in_tag = *p == '<' || (is_in_tag && *p != '>');
        if (is_in_tag && (begins(p, " id=\"gnuplot_") || begins(p, " id='gnuplot_"))) {
            p = strchr(p + 5, p[4]); /* nothing refers to these, and they repeat */
        } else if (is_in_tag && (begins(p, " id='") || begins(p, " id=\""))) {
            buf_printf(out, " id=%c%s", p[4], prefix);
            p += 4;
        } else if (is_in_tag && (begins(p, "href='#") || begins(p, "href=\"#"))) {
            buf_printf(out, "href=%c#%s", p[5], prefix);
            p += 6;
        } else if (is_in_tag && begins(p, "url(#")) {
            buf_printf(out, "url(#%s", prefix);
            p += 4;
        } else {
            buf_putc(out, *p);
        }
    }
    buf_putc(out, '\n');
    return true;
}

static void put_figure(const HtmlPage *p, const PlotFigure *f, Buf *out)
{
    char path[FSX_PATH_BYTES], prefix[64];
    Buf svg = BUF_INIT;
    Err err = ERR_INIT;
    (void)snprintf(prefix, sizeof prefix, "%s-", f->name);
    buf_puts(out, "<figure>\n");
    if (fsx_path(path, &err, "%s/%s.svg", p->folder, f->name) != ERR_OK ||
        fsx_read(path, MAX_SVG_BYTES, &svg, &err) != ERR_OK ||
        !html_svg(out, buf_str(&svg), prefix)) {
        buf_puts(out, "<p>This picture could not be drawn.</p>\n");
    }
    buf_puts(out, "<figcaption>");
    text(out, f->title);
    buf_puts(out, "</figcaption>\n</figure>\n");
    buf_release(&svg);
}

static void put_figures(const HtmlPage *p, Buf *out)
{
    buf_puts(out, "<h2>Pictures</h2>\n");
    if (!p->figure) {
        buf_puts(out, "<p>");
        text(out, p->no_figures ? p->no_figures : "none");
        buf_puts(out, "</p>\n");
    }
    for (size_t i = 0; p->figure && i < p->figure->n; i++) {
        put_figure(p, &p->figure->figure[i], out);
    }
}

/* ---- the answer ---- */

static void put_interval(Buf *out, const FitValue *v)
{
    buf_printf(out, "%.4g", v->value);
    if (isfinite(v->lo)) {
        buf_printf(out, " (95 %%: %.3g to %.3g)", v->lo, v->hi);
    }
}

/* What a person decides with: where the loss ends, and how to spend ten times the compute. */
static void put_answer(const ReportFit *f, Buf *out)
{
    const FitValue *a = fit_value(&f->fit, "a"), *e = fit_value(&f->fit, "E");
    double inputs[FORM_MAX_INPUTS] = {0.0};
    Buf line = BUF_INIT;
    buf_puts(out, "<p class=\"answer\"><b>");
    text(out, f->group->name);
    buf_printf(out, "</b>, %s. ", f->form->name);
    if (formula_text(&f->fit, 4, &line)) {
        buf_puts(out, "<code>");
        text(out, buf_str(&line));
        buf_puts(out, "</code>. ");
    }
    if (e) {
        buf_puts(out, "The loss cannot fall below E = ");
        put_interval(out, e);
        buf_puts(out, ". ");
    }
    if (a && f->form->best_size) {
        buf_puts(out, "The best N grows as C to the power a = ");
        put_interval(out, a);
        buf_printf(out,
                   ": ten times the compute is best spent on %.2g times the parameters and %.2g "
                   "times the tokens. ",
                   pow(10.0, a->value), pow(10.0, 1.0 - a->value));
    }
    buf_printf(out, "The law misses the measured values by %.2g %% (root mean square). ",
               100.0 * f->fit.rmse_log);
    formula_point(&f->fit, &f->group->data, inputs);
    buf_clear(&line);
    formula_worked(&f->fit, inputs, 4, &line);
    buf_puts(out, "To check: ");
    text(out, buf_str(&line));
    buf_puts(out, ".</p>\n");
    buf_release(&line);
}

static void put_answers(const Report *r, Buf *out)
{
    buf_puts(out, "<h2>The question and the answer</h2>\n<p>How does the loss fall with the number "
                  "of parameters N, the training tokens D and the training compute C, and how "
                  "should compute be spent?</p>\n");
    for (size_t i = 0; i < r->n; i++) {
        const ReportFit *f = &r->fit[i];
        if (!f->is_refused) {
            put_answer(f, out);
            continue;
        }
        buf_puts(out, "<p class=\"answer\"><b>");
        text(out, f->group->name);
        buf_printf(out, "</b>, %s: no number is given. ", f->form->name);
        text(out, f->refusal.msg);
        buf_puts(out, f->refusal.hint[0] ? ". To cure it: " : "");
        text(out, f->refusal.hint);
        buf_puts(out, ".</p>\n");
    }
}

/* ---- warnings, method, provenance ---- */

static bool has_warning(const Report *r, const char *code)
{
    for (size_t i = 0; i < r->n; i++) {
        const FitResult *f = &r->fit[i].fit;
        for (size_t k = 0; !r->fit[i].is_refused && k < f->n_warnings; k++) {
            if (begins(f->warning[k], code) && f->warning[k][strlen(code)] == ':') {
                return true;
            }
        }
    }
    return false;
}

static void put_warnings(const Report *r, Buf *out)
{
    size_t n = 0;
    buf_puts(out, "<h2>Warnings</h2>\n<dl>\n");
    for (size_t i = 0; i < sizeof explained / sizeof explained[0]; i++) {
        if (has_warning(r, explained[i].code)) {
            buf_printf(out, "<dt>%s</dt>\n<dd>%s</dd>\n", explained[i].code, explained[i].means);
            n++;
        }
    }
    buf_puts(out, n ? "</dl>\n<p>Which law and group each is about stands below its table.</p>\n"
                    : "<dt>none</dt>\n<dd>No fit gave a reason to warn.</dd>\n</dl>\n");
}

static ErrCode put_method(const Report *r, Buf *out, Err *err)
{
    static const TableColumn column[] = {{"group", false},
                                         {"law", false},
                                         {"points", true},
                                         {"minimised: sum of", false},
                                         {"objective", true},
                                         {"starts at the minimum", true},
                                         {"promised decrease", true},
                                         {"replicates", true},
                                         {"error [%]", true},
                                         {"R2", true},
                                         {"BIC", true}};
    Table t;
    table_init(&t, column, sizeof column / sizeof column[0]);
    for (size_t i = 0; i < r->n; i++) {
        const FitResult *f = &r->fit[i].fit;
        char starts[64], loss[64];
        if (r->fit[i].is_refused) {
            continue;
        }
        bool has_delta = f->loss.kind == FIT_HUBER || f->loss.kind == FIT_ASYMMETRIC;
        (void)snprintf(starts, sizeof starts, "%zu of %zu", f->at_minimum, f->starts);
        (void)snprintf(loss, sizeof loss,
                       has_delta ? "%s:%g, %s residuals" : "%s%.0g, %s residuals",
                       fit_loss_name(f->loss.kind), has_delta ? f->loss.delta : 0.0,
                       f->residual == FIT_LOG ? "log" : "raw");
        table_text(&t, r->fit[i].group->name);
        table_text(&t, f->form->name);
        table_decimals(&t, 0, (double)f->n);
        table_text(&t, loss);
        table_digits(&t, 9, f->objective);
        table_text(&t, starts);
        table_digits(&t, 1, f->loss.kind == FIT_L1 ? (double)NAN : f->certificate.decrement);
        table_decimals(&t, 0, (double)f->replicates);
        table_digits(&t, 3, 100.0 * f->rmse_log);
        table_decimals(&t, 5, f->r2);
        table_decimals(&t, 1, f->bic);
    }
    buf_puts(out,
             "<h2>Method</h2>\n<p>Each law is fitted by minimising the sum over observations of "
             "the loss of its residuals, from many starting points, in centred logarithms. A "
             "minimum is printed only with its certificate: the decrease of the objective that the "
             "exact Hessian still promises, as a share of it. Intervals are those of 95 % of the "
             "bootstrap's replicates; where the runs are known whole runs are drawn, because "
             "checkpoints of one run are not independent. They cover sampling error only, not a "
             "wrong law: what lies beyond the largest N and D is extrapolation.</p>\n");
    ErrCode rc = table_print(&t, TABLE_HTML, out, err);
    table_release(&t);
    return rc;
}

static void put_pair(Buf *out, const char *name, const char *value)
{
    buf_printf(out, "<tr><th>%s</th><td>", name);
    text(out, value);
    buf_puts(out, "</td></tr>\n");
}

static void put_provenance(const HtmlPage *p, Buf *out)
{
    const json_t *input = json_object_get(p->result, "input");
    char line[128];
    Buf options = BUF_INIT;
    buf_puts(out, "<h2>Where it comes from</h2>\n<table>\n<tbody>\n");
    put_pair(out, "source", p->provenance->path);
    (void)snprintf(line, sizeof line, "SHA-256 of the %s: %s",
                   json_string_value(json_object_get(input, "of")),
                   json_string_value(json_object_get(input, "sha256")));
    put_pair(out, "digest", line);
    (void)snprintf(line, sizeof line, "%zu read, %zu used", p->provenance->obs->n_read,
                   p->provenance->obs->n_used);
    put_pair(out, "rows", line);
    put_pair(out, "convention of C", obs_convention_name(p->provenance->obs->convention));
    put_pair(out, "version", "slaw " SLAW_VERSION);
    (void)snprintf(line, sizeof line, "%llu", (unsigned long long)p->provenance->plan->seed);
    put_pair(out, "seed", line);
    buf_puts(out, "</tbody>\n</table>\n<p>The same numbers come from</p>\n<pre>");
    text(out, p->command);
    buf_puts(out, "</pre>\n<p>All options:</p>\n<pre>");
    json_pretty(json_object_get(p->result, "options"), &options);
    text(out, buf_str(&options));
    buf_puts(out, "</pre>\n");
    buf_release(&options);
}

ErrCode html_page(const HtmlPage *p, Buf *out, Err *err)
{
    ErrCode rc = ERR_OK;
    buf_puts(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                  "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                  "<title>Scaling laws of ");
    text(out, p->provenance->path);
    buf_printf(out, "</title>\n<style>%s</style>\n</head>\n<body>\n<h1>Scaling laws of ", style);
    text(out, p->provenance->path);
    buf_puts(out, "</h1>\n");
    put_answers(p->report, out);
    buf_puts(out, "<h2>Laws</h2>\n");
    TRY(report_laws_table(p->report, TABLE_HTML, out, err));
    put_figures(p, out);
    put_warnings(p->report, out);
    TRY(put_method(p->report, out, err));
    buf_puts(out, "<h2>Runs</h2>\n");
    if (p->report->obs->n_used <= MAX_ROWS) {
        TRY(report_runs_table(p->report->obs, TABLE_HTML, out, err));
    } else {
        buf_printf(
            out, "<p>%zu observations are too many for a page: slaw table --runs lists them.</p>\n",
            p->report->obs->n_used);
    }
    put_provenance(p, out);
    buf_puts(out, "</body>\n</html>\n");
    TRY(buf_ok(out, err));
done:
    return rc;
}

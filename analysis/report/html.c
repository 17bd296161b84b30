#include "analysis/report/html.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "analysis/report/law_answer.h"
#include "analysis/report/provenance.h"
#include "analysis/report/report_answer.h"
#include "answer/render.h"
#include "common/fsx.h"
#include "common/json.h"

enum { MAX_SVG_BYTES = 1 << 26, MAX_ROWS = 5000, TEXT_BYTES = 160 };

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
    html_text(f->title, out);
    buf_puts(out, "</figcaption>\n</figure>\n");
    buf_release(&svg);
}

static void put_figures(const HtmlPage *p, Buf *out)
{
    buf_puts(out, "<h2>Pictures</h2>\n");
    if (!p->figure) {
        buf_puts(out, "<p>");
        html_text(p->no_figures ? p->no_figures : "none", out);
        buf_puts(out, "</p>\n");
    }
    for (size_t i = 0; p->figure && i < p->figure->n; i++) {
        put_figure(p, &p->figure->figure[i], out);
    }
}

/* ---- the answer ---- */

/* What a person decides with: where the loss ends, and how to spend ten times the compute. */
static void answers(const Report *r, AnswerNode *top)
{
    static const Column column[] = {
        {.heading = "group"},
        {.heading = "law"},
        {.heading = "E", .is_symbol = true, .rank = 1, .help = "the loss cannot fall below it"},
        {.heading = "a",
         .is_symbol = true,
         .rank = 1,
         .help = "the best N grows as C to this power, where C = 6 N D"},
        {.heading = "N times",
         .digits = 2,
         .rank = 1,
         .help = "ten times the compute is best spent on so many times the parameters"},
        {.heading = "D times", .digits = 2, .rank = 1, .help = "and so many times the tokens"},
        {.heading = "error",
         .unit = "%",
         .format = NUMBER_PERCENT,
         .help = "by which the law misses the measured values (root mean square of logarithms)"},
    };
    AnswerNode *table = answer_table(top, NULL, "The answer", COLUMNS(column));
    answer_table_empty(table, "No law could be fitted.");
    for (size_t i = 0; i < r->n; i++) {
        const ReportFit *f = &r->fit[i];
        const FitValue *e = f->is_refused ? NULL : fit_value(&f->fit, "E");
        const FitValue *a = !f->is_refused && f->form->best_size ? fit_value(&f->fit, "a") : NULL;
        const Interval of_e = e ? fit_value_interval(e) : (Interval){0};
        const Interval of_a = a ? fit_value_interval(a) : (Interval){0};
        if (!f->is_refused) {
            answer_row(table, value_text(f->group->name), value_text(f->form->name),
                       e ? value_between(e->value, &of_e) : value_none(),
                       a ? value_between(a->value, &of_a) : value_none(),
                       a ? value_real(pow(10.0, a->value)) : value_none(),
                       a ? value_real(pow(10.0, 1.0 - a->value)) : value_none(),
                       value_real(f->fit.rmse_log));
        }
    }
}

/* ---- warnings and method ---- */

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

static void warnings(const Report *r, AnswerNode *top)
{
    static const Column column[] = {{.heading = "warning"},
                                    {.heading = "what it means", .is_prose = true}};
    AnswerNode *table = answer_table(top, NULL, "Warnings", COLUMNS(column));
    answer_table_empty(table, "No fit gave a reason to warn.");
    for (size_t i = 0; i < sizeof explained / sizeof explained[0]; i++) {
        if (has_warning(r, explained[i].code)) {
            answer_row(table, value_text(explained[i].code), value_text(explained[i].means));
        }
    }
}

static void method_row(const ReportFit *rf, AnswerNode *table)
{
    const FitResult *f = &rf->fit;
    char starts[64];
    Buf loss = BUF_INIT;
    (void)snprintf(starts, sizeof starts, "%zu of %zu", f->at_minimum, f->starts);
    fit_loss_text(f, &loss);
    answer_row(table, value_text(rf->group->name), value_text(f->form->name), value_size(f->n),
               value_text(buf_str(&loss)), value_real(f->objective), value_text(starts),
               f->loss.kind == FIT_L1 ? value_text("a vertex")
                                      : value_real(f->certificate.decrement),
               value_real(f->rmse_log), value_real(f->r2), value_real(f->bic));
    buf_release(&loss);
}

static void method(const Report *r, AnswerNode *top)
{
    static const Column column[] = {
        {.heading = "group"},
        {.heading = "law"},
        {.heading = "points"},
        {.heading = "minimised: sum of"},
        {.heading = "least value", .digits = 9},
        {.heading = "starts at the minimum"},
        {.heading = "promised decrease", .digits = 1, .is_right = true},
        {.heading = "error", .unit = "%", .format = NUMBER_PERCENT, .digits = 3},
        {.heading = "R2", .digits = 6},
        {.heading = "BIC", .digits = 6},
    };
    AnswerNode *in = answer_section(top, "Method");
    answer_say(in, NULL, SAY_PLAIN,
               "Each law is fitted by minimising the sum over observations of the loss of its "
               "residuals, from many starting points, in centred logarithms. A minimum is given "
               "only with its certificate: the decrease of the sum that the exact Hessian still "
               "promises, as a share of it, or for l1 an optimal vertex. Intervals cover sampling "
               "error only, not a wrong law: what lies beyond the largest N and D is "
               "extrapolation.");
    AnswerNode *table = answer_table(in, NULL, NULL, COLUMNS(column));
    for (size_t i = 0; i < r->n; i++) {
        if (!r->fit[i].is_refused) {
            method_row(&r->fit[i], table);
        }
    }
}

/* ---- provenance ---- */

static void provenance(const HtmlPage *p, AnswerNode *top)
{
    static const Column source = {.heading = "source"}, digest = {.heading = "digest"},
                        read = {.heading = "rows read"}, used = {.heading = "rows used"},
                        convention = {.heading = "convention of C"},
                        version = {.heading = "version"}, seed = {.heading = "seed"};
    const json_t *input = json_object_get(p->head, "input");
    char line[TEXT_BYTES];
    (void)snprintf(line, sizeof line, "SHA-256 of the %s: %s",
                   json_string_value(json_object_get(input, "of")),
                   json_string_value(json_object_get(input, "sha256")));
    AnswerNode *in = answer_section(top, "Where it comes from");
    answer_show(in, &source, value_text(p->report->source));
    answer_show(in, &digest, value_text(line));
    answer_show(in, &read, value_size(p->report->obs->n_read));
    answer_show(in, &used, value_size(p->report->obs->n_used));
    answer_show(in, &convention, value_text(obs_convention_name(p->report->obs->convention)));
    answer_show(in, &version, value_text("slaw " SLAW_VERSION));
    answer_show(in, &seed, value_count((int64_t)p->report->seed));
}

static void put_pre(const char *before, const char *text, Buf *out)
{
    buf_printf(out, "<p>%s</p>\n<pre>", before);
    html_text(text, out);
    buf_puts(out, "</pre>\n");
}

/* ---- the page ---- */

static void front(const HtmlPage *p, Buf *out)
{
    Answer a = ANSWER_INIT;
    AnswerNode *top = answer_top(&a);
    report_rows_say(p->report, top);
    answers(p->report, top);
    report_laws_answer(p->report, answer_section(top, "Laws"));
    report_answer(p->report, top);
    answer_html(&a, 2, out);
    answer_release(&a);
}

static ErrCode back(const HtmlPage *p, Buf *out, Err *err)
{
    Answer a = ANSWER_INIT, runs = ANSWER_INIT;
    AnswerNode *top = answer_top(&a), *list = answer_top(&runs);
    ErrCode rc = ERR_OK;
    warnings(p->report, top);
    method(p->report, top);
    answer_html(&a, 2, out);
    answer_release(&a);
    TRY(report_runs_answer(p->report->obs, list, err));
    if (list->last && list->last->n_rows > MAX_ROWS) {
        buf_printf(out,
                   "<h2>Runs</h2>\n<p>%zu rows are too many for a page: slaw table --runs lists "
                   "them.</p>\n",
                   list->last->n_rows);
    } else {
        answer_html(&runs, 2, out);
    }
    provenance(p, answer_top(&a));
    answer_html(&a, 2, out);
done:
    answer_release(&a);
    answer_release(&runs);
    return rc;
}

ErrCode html_page(const HtmlPage *p, Buf *out, Err *err)
{
    Buf text = BUF_INIT;
    ErrCode rc = ERR_OK;
    buf_printf(&text, "Scaling laws of %s", p->report->source);
    html_page_begin(buf_str(&text), out);
    front(p, out);
    put_figures(p, out);
    TRY(back(p, out, err));
    buf_clear(&text);
    provenance_command(p->head, "report", &text);
    put_pre("The same numbers come from", buf_str(&text), out);
    buf_clear(&text);
    json_pretty(json_object_get(p->head, "options"), &text);
    put_pre("All options:", buf_str(&text), out);
    html_page_end(out);
    TRY(buf_ok(&text, err));
    TRY(buf_ok(out, err));
done:
    buf_release(&text);
    return rc;
}

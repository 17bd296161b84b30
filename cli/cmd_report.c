#include <stdlib.h>
#include <unistd.h>

#include "analysis/report/figures.h"
#include "analysis/report/html.h"
#include "analysis/report/report_answer.h"
#include "cli/fit_args.h"
#include "common/fsx.h"

typedef struct ReportOpts {
    const char *out;
} ReportOpts;

static const Opt report_opts[] = {
    {"out", "FILE", "the page (default <study>/reports/report.html, for a CSV report.html)",
     OPT_TEXT, offsetof(ReportOpts, out)},
    {0},
};

/* Draws into a folder of its own.  Without gnuplot, or a C, the page says why it has no pictures. */
static ErrCode draw(const FitRun *r, const char *folder, Figures *f, HtmlPage *page, Err *why,
                    Err *err)
{
    const PlotOutput svg = {.formats = 1u << PLOT_SVG};
    ErrCode rc = figures_make(&r->report, NULL, 0, f, why);
    rc = rc == ERR_OK ? plot_draw(f->figure, f->n, &svg, folder, why) : rc;
    if (rc == ERR_NOMEM) {
        *err = *why;
        return rc;
    }
    page->figure = rc == ERR_OK || rc == ERR_CHILD ? f : NULL;
    page->no_figures = why->msg;
    return ERR_OK;
}

static ErrCode page_path(const FitRun *r, const char *out, char ret[FSX_PATH_BYTES], Err *err)
{
    char folder[FSX_PATH_BYTES];
    if (out || !r->source.is_study) {
        return fsx_path(ret, err, "%s", out ? out : "report.html");
    }
    ErrCode rc = fit_run_folder(r, NULL, folder, err);
    return rc == ERR_OK ? fsx_join(ret, folder, "report.html", err) : rc;
}

/* What was written. */
static void say_done(const FitRun *r, const HtmlPage *page, const char *path, AnswerNode *top)
{
    static const Column file = {"report", "page"}, column = {.heading = "pictures"};
    answer_show(top, &file, value_text(path));
    AnswerNode *pictures = answer_list(top, "pictures");
    for (size_t i = 0; page->figure && i < page->figure->n; i++) {
        answer_set(pictures, NULL, value_text(page->figure->figure[i].name));
    }
    if (page->figure) {
        answer_show(top, &column, value_size(page->figure->n));
    } else {
        answer_say(top, "no_pictures", SAY_NOTE, "There are no pictures: %s.", page->no_figures);
    }
    report_refused_answer(&r->report, top);
}

static ErrCode run(Session *s, const void *opts, int argc, char *const argv[], Err *err)
{
    const ReportOpts *o = opts;
    FitRun r = {0};
    Figures f = {0};
    Buf out = BUF_INIT;
    Err why = ERR_INIT;
    AnswerNode *top = NULL;
    json_t *head = NULL;
    char path[FSX_PATH_BYTES], folder[] = "/tmp/slaw-report-XXXXXX";
    bool has_folder = false;
    HtmlPage page = {.report = &r.report, .folder = folder};
    ErrCode rc = ERR_OK;
    (void)argc;
    TRY(fit_args_run(s, &s->fit, argv[0], &r, err));
    TRY(page_path(&r, o->out, path, err));
    TRY(fit_run_answer(s, &r, &top, err));
    page.head = head = answer_json(top);
    TRY(head ? ERR_OK : err_nomem(err, "report"));
    if (!mkdtemp(folder)) {
        rc = err_sys(err, "make %s", folder);
        goto done;
    }
    has_folder = true;
    TRY(draw(&r, folder, &f, &page, &why, err));
    TRY(html_page(&page, &out, err));
    TRY(fsx_replace(path, buf_str(&out), out.len, err));
    say_done(&r, &page, path, top);
    fit_run_status(s, &r);
done:
    if (has_folder) {
        Err ignored = ERR_INIT;
        (void)fsx_remove_tree(folder, &ignored);
    }
    figures_release(&f);
    json_decref(head);
    buf_release(&out);
    fit_run_release(&r);
    return rc;
}

const Command command_report = {
    .name = "report",
    .args = "SOURCE",
    .summary = "everything about the laws of a source as one HTML page",
    .description =
        "Fits as slaw fit does and writes one self-contained page: the answer first, tables, "
        "pictures, warnings explained, the method, and where it all comes from with the command "
        "that repeats it. It needs no network and no script to be read.",
    COMMAND_OPTS(report_opts, ReportOpts),
    .groups = {&group_rows, &group_law, &group_interval, &group_share, &group_isoflop,
               &group_optimum, &group_methods},
    .examples = {"slaw report runs/quickstart",
                 "slaw report points.csv --by model --out page.html"},
    .can_fail_part = true,
    .run = run,
};

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "analysis/report/figures.h"
#include "analysis/report/html.h"
#include "cli/fit_args.h"
#include "cli/output.h"
#include "common/fsx.h"
#include "common/json.h"

typedef struct ReportOpts {
    FitArgs fit;
    const char *out;
} ReportOpts;

static const ReportOpts report_default = {.fit = FIT_ARGS_DEFAULT};

static const Opt report_opts[] = {
    {"out", "FILE", "the page (default <study>/reports/report.html, for a CSV report.html)",
     OPT_TEXT, offsetof(ReportOpts, out)},
    FIT_ARGS_OPTS(offsetof(ReportOpts, fit)),
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

static ErrCode print_done(const Session *s, const FitRun *r, const char *path, Err *err)
{
    if (!s->is_json) {
        (void)printf("%s\n", path);
        return ERR_OK;
    }
    json_t *v = json_pack("{s:i, s:s}", "schema", 1, "report", path);
    ErrCode rc = v ? fit_run_provenance(r, v, err) : err_nomem(err, "report");
    if (rc != ERR_OK) {
        json_decref(v);
        return rc;
    }
    return output_json(v, err);
}

static ErrCode run(Session *s, const void *opts, int argc, char *const argv[], Err *err)
{
    const ReportOpts *o = opts;
    FitRun r = {0};
    Figures f = {0};
    Buf out = BUF_INIT, command = BUF_INIT;
    Err why = ERR_INIT;
    json_t *result = NULL;
    char path[FSX_PATH_BYTES], folder[] = "/tmp/slaw-report-XXXXXX";
    bool has_folder = false;
    const Provenance provenance = {argv[0], &r.source, &r.selected, &r.obs, &r.plan};
    HtmlPage page = {.report = &r.report, .provenance = &provenance, .folder = folder};
    ErrCode rc = ERR_OK;
    (void)argc;
    TRY(fit_args_run(s, &o->fit, argv[0], &r, err));
    TRY(page_path(&r, o->out, path, err));
    result = report_json(&r.report);
    TRY(result ? fit_run_provenance(&r, result, err) : err_nomem(err, "report"));
    page.result = result;
    if (!mkdtemp(folder)) {
        rc = err_sys(err, "make %s", folder);
        goto done;
    }
    has_folder = true;
    TRY(draw(&r, folder, &f, &page, &why, err));
    provenance_command(&provenance, "report", &command);
    page.command = buf_str(&command);
    TRY(html_page(&page, &out, err));
    TRY(fsx_replace(path, buf_str(&out), out.len, err));
    TRY(print_done(s, &r, path, err));
    fit_run_report_refusals(s, &r);
done:
    if (has_folder) {
        Err ignored = ERR_INIT;
        (void)fsx_remove_tree(folder, &ignored);
    }
    figures_release(&f);
    json_decref(result);
    buf_release(&command);
    buf_release(&out);
    fit_run_release(&r);
    return rc;
}

const Command command_report = {
    .name = "report",
    .args = "SOURCE",
    .summary = "everything about the laws of a source as one HTML page",
    .description =
        "Fits as slaw fit does and writes one self-contained page: the answer first, tables,\n"
        "pictures, warnings explained, the method, and where it all comes from with the command\n"
        "that repeats it.  It needs no network and no script to be read.",
    .opts = report_opts,
    .opts_size = sizeof(ReportOpts),
    .opts_default = &report_default,
    .min_args = 1,
    .max_args = 1,
    .run = run,
};

#include <stdio.h>

#include "cli/fit_args.h"
#include "cli/fit_store.h"
#include "common/fsx.h"
#include "common/json.h"

typedef struct FitOpts {
    FitArgs fit;
    const char *format;
} FitOpts;

static const FitOpts fit_default = {.fit = FIT_ARGS_DEFAULT, .format = "text"};

static const Opt fit_opts[] = {
    {"format", "NAME", "text, markdown, latex, csv or json, which is --json (default text)",
     OPT_TEXT, offsetof(FitOpts, format)},
    FIT_ARGS_OPTS(offsetof(FitOpts, fit)),
    {0},
};

/* A study keeps its latest fit beside its other reports, and all of them in its catalog. */
static ErrCode save(const Session *s, const FitRun *r, const json_t *result, Err *err)
{
    char folder[FSX_PATH_BYTES], path[FSX_PATH_BYTES];
    ErrCode rc = ERR_OK;
    bool is_stored = false;
    if (!r->source.is_study) {
        return ERR_OK;
    }
    TRY(fit_run_folder(r, NULL, folder, err));
    TRY(fsx_join(path, folder, "fit.json", err));
    TRY(json_write_file(path, result, err));
    TRY(fit_store(r->source.dir, json_object_get(result, "fits"), &is_stored, err));
    if (!is_stored && !s->is_quiet) {
        (void)fprintf(stderr, "notice: the catalog is in use; this fit is in %s only\n", path);
    }
done:
    return rc;
}

static ErrCode run(Session *s, const void *opts, int argc, char *const argv[], Err *err)
{
    const FitOpts *o = opts;
    FitRun r = {0};
    Buf out = BUF_INIT;
    json_t *result = NULL;
    TableFormat format;
    ErrCode rc = ERR_OK;
    (void)argc;
    TRY(table_format_parse(o->format, &format, err));
    TRY(fit_args_run(s, &o->fit, argv[0], &r, err));
    result = report_json(&r.report);
    if (!result) {
        rc = err_nomem(err, "report");
        goto done;
    }
    TRY(fit_run_provenance(&r, result, err));
    if (s->is_json || format == TABLE_JSON) {
        json_pretty(result, &out);
    } else if (format != TABLE_TEXT) {
        TRY(report_laws_table(&r.report, format, &out, err));
    } else if (s->verbosity > 0) {
        report_details(&r.report, &out);
    } else {
        TRY(report_text(&r.report, &out, err));
    }
    TRY(buf_ok(&out, err));
    TRY(save(s, &r, result, err));
    (void)fputs(buf_str(&out), stdout);
    fit_run_report_refusals(s, &r);
done:
    json_decref(result);
    buf_release(&out);
    fit_run_release(&r);
    return rc;
}

const Command command_fit = {
    .name = "fit",
    .args = "SOURCE",
    .summary = "fit scaling laws to a study, a catalog or a CSV file",
    .description =
        "SOURCE is a study's folder, a catalog.db, or a CSV file whose header names N, D and "
        "loss.\n"
        "Prints a table of each law with a row a group and its 95 % intervals; with --verbose "
        "each\n"
        "fit by itself, with all derived values and the evidence that it is the minimum.\n"
        "For a study it also writes reports/fit.json and the catalog's table fit.  A law that the "
        "points cannot determine is\n"
        "refused with the reason, and the exit status is 1.",
    .opts = fit_opts,
    .opts_size = sizeof(FitOpts),
    .opts_default = &fit_default,
    .min_args = 1,
    .max_args = 1,
    .run = run,
};

#include <stdio.h>

#include "cli/fit_args.h"
#include "common/json.h"

typedef struct TableOpts {
    FitArgs fit;
    const char *format;
    bool runs;
} TableOpts;

static const TableOpts table_default = {.fit = FIT_ARGS_DEFAULT, .format = "text"};

static const Opt table_opts[] = {
    {"format", "NAME", "text, markdown, latex, csv or json (default text)", OPT_TEXT,
     offsetof(TableOpts, format)},
    {"runs", NULL, "only the runs: N, D, C and the last loss", OPT_FLAG, offsetof(TableOpts, runs)},
    FIT_ARGS_OPTS(offsetof(TableOpts, fit)),
    {0},
};

static ErrCode run(Session *s, const void *opts, int argc, char *const argv[], Err *err)
{
    const TableOpts *o = opts;
    FitRun r = {0};
    Buf out = BUF_INIT;
    TableFormat format;
    json_t *result = NULL;
    ErrCode rc = ERR_OK;
    (void)argc;
    TRY(table_format_parse(o->format, &format, err));
    TRY(fit_args_run(s, &o->fit, argv[0], &r, err));
    if ((s->is_json || format == TABLE_JSON) && !o->runs) {
        result = report_json(&r.report);
        TRY(fit_run_provenance(&r, result, err));
        json_pretty(result, &out);
    } else {
        format = s->is_json ? TABLE_JSON : format;
        if (!o->runs) {
            TRY(report_laws_table(&r.report, format, &out, err));
        }
        if (o->runs || format != TABLE_CSV) {
            TRY(report_runs_table(&r.obs, format, &out, err));
        }
    }
    TRY(buf_ok(&out, err));
    (void)fputs(buf_str(&out), stdout);
    if (!o->runs) {
        fit_run_report_refusals(s, &r);
    }
done:
    json_decref(result);
    buf_release(&out);
    fit_run_release(&r);
    return rc;
}

const Command command_table = {
    .name = "table",
    .args = "SOURCE",
    .summary = "tables of the fitted laws and of the runs",
    .description =
        "One table a law: a row for each group, every parameter with its 95 % interval; then one\n"
        "row for each run.  --format csv prints one table: the laws, or with --runs the runs.",
    .opts = table_opts,
    .opts_size = sizeof(TableOpts),
    .opts_default = &table_default,
    .min_args = 1,
    .max_args = 1,
    .run = run,
};

#include "analysis/report/report_answer.h"
#include "cli/fit_args.h"

typedef struct TableOpts {
    bool runs;
} TableOpts;

static const Opt table_opts[] = {
    {"runs", NULL, "only the runs: N, D, C and the last loss; nothing is fitted", OPT_FLAG,
     offsetof(TableOpts, runs)},
    {0},
};

static ErrCode run(Session *s, const void *opts, int argc, char *const argv[], Err *err)
{
    const TableOpts *o = opts;
    FitRun r = {0};
    AnswerNode *top = NULL;
    ErrCode rc = ERR_OK;
    (void)argc;
    TRY((o->runs ? fit_args_open : fit_args_run)(s, &s->fit, argv[0], &r, err));
    r.is_unfitted = o->runs;
    TRY(fit_run_answer(s, &r, &top, err));
    if (!o->runs) {
        report_laws_answer(&r.report, top);
        report_values_answer(&r.report, top);
        report_answer(&r.report, top);
        fit_run_status(s, &r);
    }
    TRY(report_runs_answer(&r.obs, top, err));
done:
    fit_run_release(&r);
    return rc;
}

const Command command_table = {
    .name = "table",
    .args = "SOURCE",
    .summary = "tables of the fitted laws and of the runs",
    .description =
        "One table a law: a row for each group, every parameter with its 95 % interval; then one "
        "row for each run.\n"
        "--format csv prints one table: the laws, a row a value, or with --runs the runs.",
    COMMAND_OPTS(table_opts, TableOpts),
    .groups = {&group_rows, &group_law, &group_interval, &group_share, &group_isoflop,
               &group_optimum, &group_methods},
    .examples = {"slaw table runs/quickstart --format latex",
                 "slaw table points.csv --by model --runs --format csv"},
    .can_fail_part = true,
    .run = run,
};

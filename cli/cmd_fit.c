#include <stdio.h>

#include "analysis/report/report_answer.h"
#include "cli/fit_args.h"
#include "cli/fit_store.h"
#include "common/fsx.h"
#include "common/json.h"

/* A study keeps its latest fit beside its other reports, and all of them in its catalog. */
static ErrCode save(const Session *s, const FitRun *r, const AnswerNode *top, Err *err)
{
    char folder[FSX_PATH_BYTES], path[FSX_PATH_BYTES];
    json_t *result = NULL;
    ErrCode rc = ERR_OK;
    bool is_stored = false;
    if (!r->source.is_study) {
        return ERR_OK;
    }
    TRY(answer_ok(&s->answer, err));
    result = answer_json(top);
    TRY(result ? ERR_OK : err_nomem(err, "the answer"));
    TRY(fit_run_folder(r, NULL, folder, err));
    TRY(fsx_join(path, folder, "fit.json", err));
    TRY(json_write_file(path, result, err));
    TRY(fit_store(r->source.dir, json_object_get(result, "fits"), &is_stored, err));
    if (!is_stored && !s->is_quiet) {
        (void)fprintf(stderr, "notice: the catalog is in use; this fit is in %s only\n", path);
    }
done:
    json_decref(result);
    return rc;
}

static ErrCode run(Session *s, const void *opts, int argc, char *const argv[], Err *err)
{
    FitRun r = {0};
    AnswerNode *top = NULL;
    ErrCode rc = ERR_OK;
    (void)opts;
    (void)argc;
    TRY(fit_args_run(s, &s->fit, argv[0], &r, err));
    TRY(fit_run_answer(s, &r, &top, err));
    report_rows_say(&r.report, top);
    if (s->verbosity > 0) {
        report_details_answer(&r.report, top);
    } else {
        report_laws_answer(&r.report, top);
    }
    report_values_answer(&r.report, top);
    report_answer(&r.report, top);
    TRY(save(s, &r, top, err));
    fit_run_status(s, &r);
done:
    fit_run_release(&r);
    return rc;
}

const Command command_fit = {
    .name = "fit",
    .args = "SOURCE",
    .summary = "fit scaling laws to a study, a catalog or a CSV file",
    .description =
        "SOURCE is a study file or its folder, a catalog.db, or a CSV file whose header names N, D "
        "and loss.\n"
        "Prints a table of each law with a row a group and its 95 % intervals; with --verbose each "
        "fit by itself, with all derived values and the evidence that it is the minimum.\n"
        "For a study it also writes reports/fit.json and the catalog's table fit. A law that the "
        "points cannot determine is refused with the reason, and the exit status is 1.",
    .groups = {&group_rows, &group_law, &group_interval, &group_share, &group_isoflop,
               &group_optimum, &group_methods},
    .examples = {"slaw fit runs/quickstart", "slaw fit points.csv --by model --law chinchilla"},
    .can_fail_part = true,
    .run = run,
};

#include <inttypes.h>

#include "cli/catalog_arg.h"
#include "orchestrator/exchange/export.h"
#include "orchestrator/exchange/tfevents.h"

typedef enum ExportFormat { EXPORT_CSV, EXPORT_JSONL, EXPORT_TENSORBOARD } ExportFormat;

typedef struct ExportOpts {
    const char *what, *out;
    int format; /* ExportFormat */
} ExportOpts;

static const char *const export_formats[] = {"csv", "jsonl", "tensorboard", NULL};

static const Opt export_opts[] = {
    {"format", "NAME", "csv, jsonl or tensorboard (default csv)", OPT_CHOICE,
     offsetof(ExportOpts, format), export_formats, 0},
    {"what", "NAME",
     "observations, runs, attempts, checkpoints, metrics or evaluations (default observations)",
     OPT_TEXT, offsetof(ExportOpts, what)},
    {"out", "PATH",
     "file to write (default standard output); of tensorboard a folder (default "
     "<study>/reports/tensorboard)",
     OPT_TEXT, offsetof(ExportOpts, out)},
    {0},
};

static void tell(Session *s, const char *out, const char *what, int64_t n)
{
    AnswerNode *top = answer_top(&s->answer);
    answer_set(top, "out", value_text(out));
    answer_set(top, "what", value_text(what));
    answer_set(top, "rows", value_count(n));
    answer_say(top, NULL, SAY_PLAIN, "%s: %" PRId64 " %s", out, n, what);
}

static ErrCode to_tensorboard(Session *s, const ExportOpts *o, CatalogArg *a, Err *err)
{
    char folder[FSX_PATH_BYTES];
    TfTotals totals;
    ErrCode rc = ERR_OK;
    if (o->what) {
        return err_set(err, ERR_USAGE,
                       "--what goes with csv and jsonl: TensorBoard gets metrics "
                       "and evaluations");
    }
    TRY(o->out ? fsx_path(folder, err, "%s", o->out)
               : fsx_join(folder, a->dir, "reports/tensorboard", err));
    TRY(tfevents_export(a->c, folder, &totals, err));
    tell(s, folder, "scalars", totals.scalars);
    answer_set(answer_top(&s->answer), "runs", value_count(totals.runs));
done:
    return rc;
}

static ErrCode to_table(Session *s, const ExportOpts *o, CatalogArg *a, Err *err)
{
    const char *name = o->what ? o->what : "observations";
    ExportWhat what;
    OutFile file = {0};
    int64_t rows = 0;
    ErrCode rc = ERR_OK;
    TRY(export_what_parse(name, &what, err));
    TRY(outfile_open(&file, o->out, err));
    TRY(export_table(a->c, what, o->format == EXPORT_JSONL ? TABLE_OUT_JSONL : TABLE_OUT_CSV, &file,
                     &rows, err));
    TRY(outfile_commit(&file, err));
    if (o->out) {
        tell(s, o->out, name, rows);
    }
done:
    outfile_abandon(&file);
    return rc;
}

static ErrCode run(Session *s, const void *opts, int argc, char *const argv[], Err *err)
{
    const ExportOpts *o = opts;
    bool is_events = o->format == EXPORT_TENSORBOARD;
    CatalogArg a = {0};
    ErrCode rc = ERR_OK;
    (void)argc;
    if (s->is_json && !is_events && !o->out) {
        (void)err_set(err, ERR_USAGE, "--json describes what was written, and nothing is");
        return err_hint(err, "--out FILE writes the rows there; --format jsonl prints them");
    }
    TRY(catalog_arg_open(s, argv[0], s->fit.dir, &a, err));
    TRY(is_events ? to_tensorboard(s, o, &a, err) : to_table(s, o, &a, err));
done:
    catalog_arg_close(&a);
    return rc;
}

const Command command_export = {
    .name = "export",
    .args = "STUDY",
    .summary = "a study's rows as CSV or JSON lines, its curves for TensorBoard",
    .description = "Prints rows of the catalog, or writes them to a file that appears whole or "
                   "not at all. observations are what slaw fit fits: the same fit comes from the "
                   "CSV as from the study. docs/exchange.md lists the columns. With --json and a "
                   "file: what was written.",
    COMMAND_OPTS(export_opts, ExportOpts),
    .groups = {&group_study, &group_data},
    .examples = {"slaw export runs/quickstart --out rows.csv",
                 "slaw export runs/quickstart --what runs --format jsonl"},
    .is_raw = true,
    .run = run,
};

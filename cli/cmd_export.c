#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/catalog_arg.h"
#include "cli/output.h"
#include "common/words.h"
#include "orchestrator/exchange/export.h"
#include "orchestrator/exchange/tfevents.h"

typedef struct ExportOpts {
    const char *dir, *format, *what, *out;
} ExportOpts;

static const ExportOpts export_default = {.format = "csv"};

static const Opt export_opts[] = {
    {"format", "NAME", "csv, jsonl or tensorboard (default csv)", OPT_TEXT,
     offsetof(ExportOpts, format)},
    {"what", "NAME",
     "observations, runs, attempts, checkpoints, metrics or evaluations (default observations)",
     OPT_TEXT, offsetof(ExportOpts, what)},
    {"out", "PATH",
     "file to write (default standard output); of tensorboard a folder (default "
     "<study>/reports/tensorboard)",
     OPT_TEXT, offsetof(ExportOpts, out)},
    {"dir", "DIR", "the study's directory (default runs/<study>)", OPT_TEXT,
     offsetof(ExportOpts, dir)},
    {0},
};

static ErrCode tell(const Session *s, const char *out, const char *what, int64_t n, int64_t runs,
                    Err *err)
{
    if (s->is_json) {
        json_t *v = json_pack("{s:i, s:s, s:s, s:I}", "schema", 1, "out", out, "what", what, "rows",
                              (json_int_t)n);
        if (runs >= 0) {
            (void)json_object_set_new(v, "runs", json_integer((json_int_t)runs));
        }
        return output_json(v, err);
    }
    if (!s->is_quiet) {
        (void)fprintf(stderr, "%s: %" PRId64 " %s\n", out, n, what);
    }
    return ERR_OK;
}

static ErrCode to_tensorboard(const Session *s, const ExportOpts *o, CatalogArg *a, Err *err)
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
    TRY(tell(s, folder, "scalars", totals.scalars, totals.runs, err));
done:
    return rc;
}

static ErrCode to_table(const Session *s, const ExportOpts *o, CatalogArg *a, Err *err)
{
    const char *name = o->what ? o->what : "observations";
    ExportWhat what;
    OutFile file = {0};
    int64_t rows = 0;
    ErrCode rc = ERR_OK;
    TRY(export_what_parse(name, &what, err));
    TRY(outfile_open(&file, o->out, err));
    TRY(export_table(a->c, what, strcmp(o->format, "jsonl") == 0 ? TABLE_OUT_JSONL : TABLE_OUT_CSV,
                     &file, &rows, err));
    TRY(outfile_commit(&file, err));
    if (o->out) {
        TRY(tell(s, o->out, name, rows, -1, err));
    }
done:
    outfile_abandon(&file);
    return rc;
}

static ErrCode run(Session *s, const void *opts, int argc, char *const argv[], Err *err)
{
    static const char *const formats[] = {"csv", "jsonl", "tensorboard"};
    const ExportOpts *o = opts;
    size_t ignored;
    bool is_events = strcmp(o->format, "tensorboard") == 0;
    CatalogArg a = {0};
    ErrCode rc = ERR_OK;
    (void)argc;
    rc = words_enum("format", o->format, formats, 3, &ignored, err);
    if (rc != ERR_OK) {
        return rc;
    }
    if (s->is_json && !is_events && !o->out) {
        return err_set(err, ERR_USAGE,
                       "--json describes what was written: name the file with "
                       "--out, or ask for --format jsonl");
    }
    TRY(catalog_arg_open(s, argv[0], o->dir, &a, err));
    TRY(is_events ? to_tensorboard(s, o, &a, err) : to_table(s, o, &a, err));
done:
    catalog_arg_close(&a);
    return rc;
}

const Command command_export = {
    .name = "export",
    .args = "STUDY",
    .summary = "a study's rows as CSV or JSON lines, its curves for TensorBoard",
    .description = "observations are what `slaw fit` fits: the same fit comes from the CSV as from "
                   "the study.\n"
                   "Files appear whole or not at all.  docs/exchange.md lists the columns.",
    .opts = export_opts,
    .opts_size = sizeof(ExportOpts),
    .opts_default = &export_default,
    .min_args = 1,
    .max_args = 1,
    .run = run,
};

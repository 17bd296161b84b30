#include <inttypes.h>
#include <stdio.h>

#include "orchestrator/catalog/reindex.h"
#include "orchestrator/cli/command.h"
#include "orchestrator/cli/output.h"
#include "orchestrator/cli/study_arg.h"
#include "orchestrator/cli/thousands.h"
#include "orchestrator/sched/lock.h"

typedef struct ReindexOpts {
    const char *dir;
} ReindexOpts;

static const Opt reindex_opts[] = {
    {"dir", "DIR", "the study's directory (default runs/<study>)", OPT_TEXT,
     offsetof(ReindexOpts, dir)},
    {0},
};

static void on_report(void *ctx, const char *text)
{
    const Session *s = ctx;
    if (!s->is_quiet) {
        (void)fprintf(stderr, "%s\n", text);
    }
}

static ErrCode print(const Session *s, const ReindexTotals *t, Err *err)
{
    if (s->is_json) {
        return output_json(
            json_pack("{s:i, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "schema", 1, "runs",
                      (json_int_t)t->runs, "attempts", (json_int_t)t->attempts, "checkpoints",
                      (json_int_t)t->checkpoints, "metrics", (json_int_t)t->metrics, "evaluations",
                      (json_int_t)t->evaluations, "fits", (json_int_t)t->fits, "damaged_lines",
                      (json_int_t)t->damaged_lines, "problems", (json_int_t)t->problems),
            err);
    }
    char n[5][THOUSANDS_BYTES];
    (void)printf(
        "catalog rebuilt: %s runs, %s attempts, %s checkpoints, %s steps, %s evaluations\n",
        thousands(t->runs, n[0]), thousands(t->attempts, n[1]), thousands(t->checkpoints, n[2]),
        thousands(t->metrics, n[3]), thousands(t->evaluations, n[4]));
    if (t->problems + t->damaged_lines > 0) {
        (void)printf("%" PRId64 " problems and %" PRId64 " damaged event lines, listed above\n",
                     t->problems, t->damaged_lines);
    }
    return ERR_OK;
}

static ErrCode run(Session *s, const void *opts, int argc, char *const argv[], Err *err)
{
    const ReindexOpts *o = opts;
    char dir[FSX_PATH_BYTES];
    Lock lock = LOCK_INIT;
    ReindexTotals t;
    ErrCode rc = ERR_OK;
    (void)argc;
    TRY(study_arg_dir(s, argv[0], o->dir, dir, err));
    TRY(lock_acquire(dir, &lock, err));
    TRY(catalog_reindex(dir, on_report, s, &t, err));
    TRY(print(s, &t, err));

done:
    lock_release(&lock);
    return rc;
}

const Command command_reindex = {
    .name = "reindex",
    .args = "STUDY",
    .summary = "rebuild the catalog from the study's files",
    .description = "Reads study.json, the runs' folders and their events and makes catalog.db "
                   "again; the old one is\nreplaced when the new one is whole. Not while a "
                   "scheduler is at work on the study.",
    .opts = reindex_opts,
    .opts_size = sizeof(ReindexOpts),
    .min_args = 1,
    .max_args = 1,
    .run = run,
};

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "catalog/location.h"
#include "catalog/reindex.h"
#include "catalog/run_status.h"
#include "cli/command.h"
#include "cli/output.h"
#include "cli/study_arg.h"
#include "cli/thousands.h"
#include "common/clock.h"
#include "orchestrator/sched/lock.h"
#include "orchestrator/sched/run_files.h"

typedef struct ReindexOpts {
    const char *dir;
} ReindexOpts;

static const Opt reindex_opts[] = {
    {"dir", "DIR", "the study's directory (default runs/<study>)", OPT_TEXT,
     offsetof(ReindexOpts, dir)},
    {0},
};

static void report(const Session *s, const char *text)
{
    if (!s->is_quiet) {
        (void)fprintf(stderr, "%s\n", text);
    }
}

static void on_report(void *ctx, const char *text)
{
    report(ctx, text);
}

static ErrCode count_one(void *ctx, const CatalogRunIndex *r, Err *err)
{
    int64_t *n = ctx;
    (void)r;
    (void)err;
    (*n)++;
    return ERR_OK;
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

/* Rows of the runs that the study file names and that have no folder, for they were never
 * started; and what it says now of those that have one. */
static ErrCode add_runs(Catalog *c, const Study *study, Err *err)
{
    ErrCode rc = ERR_OK;
    RunFilesText text = {0};
    int64_t *ids = calloc(study->n_runs + 1, sizeof *ids);
    if (!ids) {
        return err_nomem(err, "runs");
    }
    c->free_id = 1;
    TRY(catalog_begin(c, err));
    for (size_t i = 0; i < study->n_runs; i++) {
        TRY(run_files_text(study, i, &text, err));
        const CatalogRun row = run_files_row(&study->runs[i], i, &text);
        TRY(catalog_run_upsert(c, &row, clock_unix_ms(), &ids[i], err));
    }
    TRY(catalog_run_retire_others(c, ids, study->n_runs, clock_unix_ms(), NULL, err));
    TRY(catalog_commit(c, err));

done:
    catalog_rollback(c);
    run_files_text_release(&text);
    free(ids);
    return rc;
}

/* study.yaml in the study's folder; NULL when it cannot be read, which is reported: the files of the
 * runs say most of it, and slaw run brings the rest. */
static ErrCode open_copy(const char *dir, const Session *s, int64_t *problems, Study **ret,
                         Err *err)
{
    char file[FSX_PATH_BYTES];
    Problems list = PROBLEMS_INIT;
    Err why = ERR_INIT;
    ErrCode rc = fsx_join(file, dir, "study.yaml", err);
    if (rc != ERR_OK) {
        return rc;
    }
    rc = study_open_list(file, ret, &list, &why);
    problems_release(&list);
    if (rc == ERR_NOMEM) {
        *err = why;
        return rc;
    }
    if (rc != ERR_OK) {
        *ret = NULL;
        (*problems)++;
        report(s, why.msg);
    }
    return ERR_OK;
}

/* The rows that the folders of runs do not have. */
static ErrCode complete(const char *dir, const Study *study, ReindexTotals *t, Err *err)
{
    char path[FSX_PATH_BYTES];
    Catalog *c = NULL;
    ErrCode rc = ERR_OK;
    TRY(catalog_location(dir, path, NULL, err));
    TRY(catalog_open(path, &c, err));
    TRY(add_runs(c, study, err));
    t->runs = 0;
    TRY(catalog_run_index_each(c, count_one, &t->runs, err));

done:
    catalog_close(c);
    return rc;
}

static ErrCode run(Session *s, const void *opts, int argc, char *const argv[], Err *err)
{
    const ReindexOpts *o = opts;
    char dir[FSX_PATH_BYTES];
    Lock lock = LOCK_INIT;
    Study *study = NULL;
    ReindexTotals t;
    int64_t problems = 0;
    ErrCode rc = ERR_OK;
    (void)argc;
    TRY(study_arg_dir(s, argv[0], o->dir, dir, err));
    TRY(lock_acquire(dir, &lock, err));
    TRY(open_copy(dir, s, &problems, &study, err));
    if (study) {
        TRY(run_files_restore(study, dir, err));
    }
    TRY(catalog_reindex(dir, on_report, s, &t, err));
    t.problems += problems;
    if (study) {
        TRY(complete(dir, study, &t, err));
    }
    TRY(print(s, &t, err));

done:
    study_close(study);
    lock_release(&lock);
    return rc;
}

const Command command_reindex = {
    .name = "reindex",
    .args = "STUDY",
    .summary = "rebuild the catalog from the study's files",
    .description = "Reads study.json, the runs' folders and their events and makes catalog.db "
                   "again, with study.yaml for the runs that\nwere never started; the old one is "
                   "replaced when the new one is whole. Not while a "
                   "scheduler is at work on the study.",
    .opts = reindex_opts,
    .opts_size = sizeof(ReindexOpts),
    .min_args = 1,
    .max_args = 1,
    .run = run,
};

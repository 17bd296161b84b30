#include <stdlib.h>

#include "catalog/location.h"
#include "catalog/reindex.h"
#include "catalog/run_status.h"
#include "cli/command.h"
#include "cli/study_arg.h"
#include "common/clock.h"
#include "orchestrator/sched/lock.h"
#include "orchestrator/sched/run_files.h"

/* What was found amiss: a sentence each. */
static void on_report(void *ctx, const char *text)
{
    answer_say(ctx, NULL, SAY_WARNING, "%s", text);
}

static ErrCode count_one(void *ctx, const CatalogRunIndex *r, Err *err)
{
    int64_t *n = ctx;
    (void)r;
    (void)err;
    (*n)++;
    return ERR_OK;
}

static void tell(const ReindexTotals *t, AnswerNode *top)
{
    const struct {
        const char *key, *heading;
        int64_t n;
    } row[] = {{"runs", "runs", t->runs},
               {"attempts", "attempts", t->attempts},
               {"checkpoints", "checkpoints", t->checkpoints},
               {"metrics", "steps", t->metrics},
               {"evaluations", "evaluations", t->evaluations},
               {"fits", "fits", t->fits},
               {"damaged_lines", t->damaged_lines ? "damaged event lines" : NULL, t->damaged_lines},
               {"problems", t->problems ? "problems" : NULL, t->problems}};
    answer_say(top, NULL, SAY_VERDICT, "The catalog was rebuilt from the study's files.");
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        answer_show(top, &(Column){.key = row[i].key, .heading = row[i].heading},
                    value_count(row[i].n));
    }
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
static ErrCode open_copy(const char *dir, AnswerNode *warnings, int64_t *problems, Study **ret,
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
        on_report(warnings, why.msg);
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
    char dir[FSX_PATH_BYTES];
    Lock lock = LOCK_INIT;
    Study *study = NULL;
    ReindexTotals t;
    int64_t problems = 0;
    AnswerNode *top = answer_top(&s->answer), *warnings = answer_list(top, "warnings");
    ErrCode rc = ERR_OK;
    (void)opts;
    (void)argc;
    TRY(study_arg_dir(s, argv[0], s->fit.dir, dir, err));
    TRY(lock_acquire(dir, &lock, err));
    TRY(open_copy(dir, warnings, &problems, &study, err));
    if (study) {
        TRY(run_files_restore(study, dir, err));
    }
    TRY(catalog_reindex(dir, on_report, warnings, &t, err));
    t.problems += problems;
    if (study) {
        TRY(complete(dir, study, &t, err));
    }
    tell(&t, top);

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
                   "again, with study.yaml for the runs that were never started; the old one is "
                   "replaced when the new one is whole. Refused while a scheduler works on the "
                   "study.",
    .groups = {&group_study},
    .examples = {"slaw reindex runs/quickstart", "slaw reindex runs/quickstart --json"},
    .can_be_refused = true,
    .run = run,
};

#include "orchestrator/sched/register.h"

#include <dirent.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/fsx.h"
#include "common/json.h"
#include "orchestrator/catalog/corpus.h"
#include "orchestrator/catalog/record.h"
#include "orchestrator/catalog/reindex.h"
#include "orchestrator/catalog/run_status.h"
#include "orchestrator/catalog/study.h"
#include "orchestrator/sched/run_files.h"

/* ---- catalog ------------------------------------------------------------------------- */

static bool has_runs(const char *dir)
{
    char path[FSX_PATH_BYTES];
    Err ignored = ERR_INIT;
    if (fsx_join(path, dir, "runs", &ignored) != ERR_OK) {
        return false;
    }
    DIR *d = opendir(path);
    bool has = false;
    /* One thread reads this folder. NOLINTNEXTLINE(concurrency-mt-unsafe) */
    for (struct dirent *e = d ? readdir(d) : NULL; e && !has; e = readdir(d)) {
        has = e->d_name[0] != '.';
    }
    if (d) {
        (void)closedir(d);
    }
    return has;
}

static void say_reindex(void *ctx, const char *text)
{
    job_say(ctx, "reindex: %s", text);
}

static ErrCode rebuild(const SchedOptions *o, const char *why, Err *err)
{
    JobContext x = {.options = o};
    ReindexTotals t = {0};
    job_say(&x, "%s: rebuilding it from the study's files", why);
    ErrCode rc = catalog_reindex(o->dir, say_reindex, &x, &t, err);
    if (rc == ERR_OK) {
        job_say(&x, "rebuilt: %" PRId64 " runs, %" PRId64 " attempts, %" PRId64 " checkpoints",
                t.runs, t.attempts, t.checkpoints);
    }
    return rc;
}

ErrCode register_open_catalog(const SchedOptions *o, Catalog **ret, bool *ret_rebuilt, Err *err)
{
    char path[FSX_PATH_BYTES];
    bool was_rebuilt = false;
    ErrCode rc = ERR_OK;

    TRY(fsx_join(path, o->dir, CATALOG_FILE, err));
    if (!fsx_exists(path) && has_runs(o->dir)) {
        TRY(rebuild(o, "the catalog is missing", err));
        was_rebuilt = true;
    }
    rc = catalog_open(path, ret, err);
    /* Only damage has reindexing as its cure; a newer program's catalog is left alone. */
    if (rc == ERR_FORMAT && strstr(err->hint, "reindex")) {
        TRY(rebuild(o, err->msg, err));
        was_rebuilt = true;
        rc = catalog_open(path, ret, err);
    }
    *ret_rebuilt = was_rebuilt;

done:
    return rc;
}

/* ---- study, corpus, runs ------------------------------------------------------------- */

static ErrCode put_study(const JobContext *x, Err *err)
{
    const Study *study = x->study;
    Buf resolved = BUF_INIT;
    json_canonical(study->resolved, &resolved);
    CatalogStudy row = {.name = study->name,
                        .source_path = study->file,
                        .source_sha256 = study->sha256,
                        .resolved = buf_str(&resolved),
                        .slaw_version = SLAW_VERSION};
    ErrCode rc = buf_ok(&resolved, err);
    if (rc == ERR_OK) {
        rc = catalog_study_put(x->catalog, &row, clock_unix_ms(), err);
    }
    if (rc == ERR_OK) {
        rc = study_record_write(x->options->dir, &row, err);
    }
    buf_release(&resolved);
    return rc;
}

static ErrCode put_corpus(const JobContext *x, Err *err)
{
    Arena a = ARENA_INIT;
    CatalogCorpus row = {0};
    ErrCode rc = corpus_record_read(x->options->corpus_dir, &a, &row, err);
    if (rc == ERR_OK) {
        rc = catalog_corpus_put(x->catalog, &row, err);
    }
    arena_release(&a);
    return rc;
}

static double flops_per_step(const RunSpec *r)
{
    return (r->model->flops_exact + r->model->flops_head) * (double)r->batch_tokens;
}

static ErrCode put_run(const JobContext *x, size_t position, RunFilesText *text, Job *j, Err *err)
{
    const RunSpec *r = &x->study->runs[position];
    ErrCode rc = run_files_text(x->study, position, text, err);
    *j = (Job){.spec = r, .index = position, .flops_per_step = flops_per_step(r)};
    if (rc == ERR_OK) {
        const CatalogRun row = run_files_row(r, position, text);
        rc = catalog_run_upsert(x->catalog, &row, clock_unix_ms(), &j->id, err);
    }
    return rc;
}

static void load_state(Job *j, const CatalogRunStatus *row)
{
    j->state = row->state;
    j->reason = row->reason && row->reason[0] ? strdup(row->reason) : NULL;
    j->attempts = row->attempts;
    j->step = row->step;
    j->checkpoints = row->complete;
    j->next_attempt = row->attempts;
}

/* Where every run stands, from the catalog: all its rows at once. */
static ErrCode load_states(const JobContext *x, Job *jobs, size_t n, Err *err)
{
    ErrCode rc = ERR_OK;
    Arena a = ARENA_INIT;
    CatalogRunStatus *list = NULL;
    size_t n_list = 0;
    TRY(catalog_run_status_list(x->catalog, &a, &list, &n_list, err));
    for (size_t i = 0; i < n_list && i < n; i++) {
        if (list[i].id != jobs[i].id) { /* both are in the study's order */
            rc = err_set(err, ERR_DB, "the catalog's runs are not those of the study file");
            goto done;
        }
        load_state(&jobs[i], &list[i]);
        TRY(catalog_attempt_next_number(x->catalog, jobs[i].id, &jobs[i].next_attempt, err));
    }

done:
    arena_release(&a);
    return rc;
}

static void count(JobContext *x, const Job *jobs, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        x->by_state[jobs[i].state]++;
        x->flops_left_idle += jobs[i].state == CATALOG_RUN_WAITING ? job_work_left(&jobs[i]) : 0.0;
    }
}

ErrCode register_study(JobContext *x, Job *jobs, int64_t *ret_retired, Err *err)
{
    const Study *study = x->study;
    ErrCode rc = ERR_OK;
    RunFilesText text = {0};
    int64_t *ids = calloc(study->n_runs + 1, sizeof *ids);
    if (!ids) {
        return err_nomem(err, "runs");
    }
    TRY(catalog_begin(x->catalog, err));
    TRY(put_study(x, err));
    TRY(put_corpus(x, err));
    for (size_t i = 0; i < study->n_runs; i++) {
        TRY(put_run(x, i, &text, &jobs[i], err));
        ids[i] = jobs[i].id;
    }
    TRY(catalog_run_retire_others(x->catalog, ids, study->n_runs, clock_unix_ms(), ret_retired,
                                  err));
    TRY(catalog_commit(x->catalog, err));
    TRY(load_states(x, jobs, study->n_runs, err));
    count(x, jobs, study->n_runs);

done:
    if (rc != ERR_OK) {
        catalog_rollback(x->catalog);
    }
    run_files_text_release(&text);
    free(ids);
    return rc;
}

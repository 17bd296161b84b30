#include "orchestrator/sched/register.h"

#include <dirent.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/belongs.h"
#include "catalog/corpus.h"
#include "catalog/location.h"
#include "catalog/record.h"
#include "catalog/reindex.h"
#include "catalog/run_status.h"
#include "catalog/study.h"
#include "common/fsx.h"
#include "common/json.h"
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

static ErrCode rebuild(JobContext *x, const char *why, Err *err)
{
    ReindexTotals t = {0};
    job_say(x, "%s: rebuilding it from the study's files", why);
    ErrCode rc = run_files_restore(x->study, x->options->dir, err);
    if (rc == ERR_OK) {
        rc = catalog_reindex(x->options->dir, say_reindex, x, &t, err);
    }
    if (rc == ERR_OK) {
        job_say(x, "rebuilt: %" PRId64 " runs, %" PRId64 " attempts, %" PRId64 " checkpoints",
                t.runs, t.attempts, t.checkpoints);
    }
    return rc;
}

static void say_place(const JobContext *x, const char *path)
{
    char text[2 * FSX_PATH_BYTES];
    catalog_location_notice(x->options->dir, path, text, sizeof text);
    job_say(x, "%s", text);
}

/* Damage is; a newer program's catalog and another program's database are left alone. */
static bool is_cured_by_reindex(const Err *err)
{
    static const char cure[] = "slaw reindex";
    return strncmp(err->hint, cure, sizeof cure - 1) == 0;
}

/* A catalog that is empty, or another study's, is set aside and rebuilt. */
static ErrCode replace_foreign(JobContext *x, const char *path, bool *ret_rebuilt, Err *err)
{
    ErrCode rc = ERR_OK;
    bool is_ours = true;
    char why[BELONGS_WHY_BYTES], aside[FSX_PATH_BYTES];
    TRY(catalog_belongs(x->catalog, x->options->dir, &is_ours, why, err));
    if (is_ours) {
        return ERR_OK;
    }
    catalog_close(x->catalog);
    x->catalog = NULL;
    TRY(fsx_path(aside, err, "%s.aside", path));
    if (rename(path, aside) != 0) {
        rc = err_sys(err, "rename %s to %s", path, aside);
        goto done;
    }
    TRY(rebuild(x, why, err));
    *ret_rebuilt = true;
    TRY(catalog_open(path, &x->catalog, err));

done:
    return rc;
}

ErrCode register_open_catalog(JobContext *x, bool *ret_rebuilt, Err *err)
{
    const SchedOptions *o = x->options;
    char path[FSX_PATH_BYTES];
    bool was_rebuilt = false, is_elsewhere = false;
    ErrCode rc = ERR_OK;

    TRY(catalog_location(o->dir, path, &is_elsewhere, err));
    if (is_elsewhere) {
        say_place(x, path);
    }
    if (!fsx_exists(path) && has_runs(o->dir)) {
        TRY(rebuild(x, "the catalog is missing", err));
        was_rebuilt = true;
    }
    rc = catalog_open(path, &x->catalog, err);
    if (rc == ERR_FORMAT && is_cured_by_reindex(err)) {
        TRY(rebuild(x, err->msg, err));
        was_rebuilt = true;
        rc = catalog_open(path, &x->catalog, err);
    }
    if (rc == ERR_OK && !was_rebuilt) {
        rc = replace_foreign(x, path, &was_rebuilt, err);
    }
    if (rc == ERR_OK && was_rebuilt) {
        x->catalog->free_id = 1; /* runs that were never started get theirs again (reindex.h) */
    }
    *ret_rebuilt = was_rebuilt;

done:
    return rc;
}

/* ---- study and corpus ------------------------------------------------------------------ */

/* *ret_same: the study is the one that the catalog's rows were made of, by this program. */
static ErrCode put_study(const JobContext *x, bool *ret_same, Err *err)
{
    const Study *study = x->study;
    Arena a = ARENA_INIT;
    Buf resolved = BUF_INIT;
    json_canonical(study->resolved, &resolved);
    CatalogStudy old = {0}, row = {.name = study->name,
                                   .source_path = study->file,
                                   .source_sha256 = study->sha256,
                                   .resolved = buf_str(&resolved),
                                   .slaw_version = SLAW_VERSION};
    ErrCode rc = buf_ok(&resolved, err);
    if (rc == ERR_OK) {
        Err none = ERR_INIT;
        *ret_same = catalog_study_get(x->catalog, &a, &old, &none) == ERR_OK &&
                    strcmp(old.resolved, row.resolved) == 0 &&
                    strcmp(old.slaw_version, row.slaw_version) == 0;
        rc = catalog_study_put(x->catalog, &row, clock_unix_ms(), err);
    }
    if (rc == ERR_OK) {
        rc = study_record_write(x->options->dir, &row, err);
    }
    buf_release(&resolved);
    arena_release(&a);
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

/* ---- runs ---------------------------------------------------------------------------------- */

static double flops_per_step(const RunSpec *r)
{
    return (r->model->flops_exact + r->model->flops_head) * (double)r->batch_tokens;
}

static void init_jobs(const Study *study, Job *jobs)
{
    for (size_t i = 0; i < study->n_runs; i++) {
        const RunSpec *r = &study->runs[i];
        jobs[i] = (Job){.spec = r, .index = i, .flops_per_step = flops_per_step(r)};
    }
}

/* The catalog's runs beside the study's, both in the study's order. */
typedef struct Walk {
    const Study *study;
    Job *jobs;
    size_t n;      /* rows so far */
    bool is_other; /* a row that is not the study's next run */
} Walk;

static ErrCode load_row(void *ctx, const CatalogRunStatus *row, Err *err)
{
    Walk *w = ctx;
    char hash[SHA256_HEX_BYTES];
    Job *j = &w->jobs[w->n];
    if (w->is_other || w->n++ == w->study->n_runs) {
        w->is_other = true;
        return ERR_OK;
    }
    run_spec_hash(j->spec, hash);
    if (strcmp(hash, row->hash) != 0) {
        w->is_other = true;
        return ERR_OK;
    }
    bool has_reason = row->reason && row->reason[0];
    free(j->reason);
    j->reason = has_reason ? strdup(row->reason) : NULL;
    j->id = row->id;
    j->state = row->state;
    j->attempts = row->attempts;
    j->next_attempt = row->newest_attempt + 1;
    j->step = row->step;
    j->checkpoints = row->complete;
    return has_reason && !j->reason ? err_nomem(err, "runs") : ERR_OK;
}

/* Where every run stands.  *ret_all false: the catalog has not exactly the study's runs. */
static ErrCode load_jobs(const JobContext *x, Job *jobs, bool *ret_all, Err *err)
{
    Walk w = {.study = x->study, .jobs = jobs};
    ErrCode rc = catalog_run_status_each(x->catalog, NULL, load_row, &w, err);
    *ret_all = !w.is_other && w.n == x->study->n_runs;
    return rc;
}

/* Adds what is new, updates what the study file says, retires what it does not name. */
static ErrCode put_runs(const JobContext *x, int64_t *ret_retired, Err *err)
{
    const Study *study = x->study;
    RunFilesText text = {0};
    ErrCode rc = ERR_OK;
    int64_t *ids = calloc(study->n_runs + 1, sizeof *ids);
    if (!ids) {
        return err_nomem(err, "runs");
    }
    for (size_t i = 0; i < study->n_runs; i++) {
        CatalogRun row;
        TRY(run_files_text(study, i, &text, err));
        row = run_files_row(&study->runs[i], i, &text);
        TRY(catalog_run_upsert(x->catalog, &row, clock_unix_ms(), &ids[i], err));
    }
    TRY(catalog_run_retire_others(x->catalog, ids, study->n_runs, clock_unix_ms(), ret_retired,
                                  err));

done:
    run_files_text_release(&text);
    free(ids);
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
    ErrCode rc = ERR_OK;
    bool is_same = false, has_all = false;
    init_jobs(x->study, jobs);
    *ret_retired = 0;
    TRY(catalog_begin(x->catalog, err));
    TRY(put_study(x, &is_same, err));
    TRY(put_corpus(x, err));
    if (is_same) {
        TRY(load_jobs(x, jobs, &has_all, err));
    }
    if (!has_all) {
        TRY(put_runs(x, ret_retired, err));
        TRY(load_jobs(x, jobs, &has_all, err));
    }
    if (!has_all) {
        rc = err_set(err, ERR_DB, "the catalog's runs are not those of the study file");
        goto done;
    }
    TRY(catalog_commit(x->catalog, err));
    count(x, jobs, x->study->n_runs);

done:
    catalog_rollback(x->catalog);
    return rc;
}

#include "orchestrator/sched/register.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/fsx.h"
#include "common/json.h"
#include "orchestrator/catalog/corpus.h"
#include "orchestrator/catalog/record.h"
#include "orchestrator/catalog/reindex.h"
#include "orchestrator/catalog/run_status.h"
#include "orchestrator/catalog/study.h"

enum { FILE_MAX_BYTES = 64 << 20 };

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
    for (struct dirent *e = d ? readdir(d) : NULL; e; e = readdir(d)) {
        has = has || e->d_name[0] != '.';
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

static ErrCode put_study(const Study *study, const JobContext *x, Err *err)
{
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

static CatalogRun row_of(const RunSpec *r, size_t position, const char *hash, const char *dir,
                         const char *axes, const char *config)
{
    return (CatalogRun){
        .hash = hash,
        .name = r->name,
        .dir = dir,
        .architecture = r->model->shape.arch->name,
        .size = r->model->size,
        .seed = r->seed,
        .axes = axes,
        .config = config,
        .position = (int64_t)position,
        .params = r->model->params,
        .params_total = r->model->params_total,
        .tokens = run_spec_tokens(r),
        .steps = r->steps,
        .batch_tokens = r->batch_tokens,
        .flops_6nd = r->model->flops_6nd,
        .flops_exact = r->model->flops_exact,
        .flops_paper = r->model->flops_paper,
        .checkpoints = r->checkpoints,
    };
}

static bool file_has(const char *path, const Buf *want)
{
    Buf got = BUF_INIT;
    Err ignored = ERR_INIT;
    bool same = fsx_read(path, FILE_MAX_BYTES, &got, &ignored) == ERR_OK && got.len == want->len &&
                memcmp(buf_str(&got), buf_str(want), want->len) == 0;
    buf_release(&got);
    return same;
}

/* config.json is written once: it may not change under a run's checkpoints. */
static ErrCode write_config(const char *dir, const json_t *json, Err *err)
{
    ErrCode rc = ERR_OK;
    char path[FSX_PATH_BYTES];
    Buf text = BUF_INIT;
    TRY(fsx_mkdirs(dir, err));
    TRY(fsx_join(path, dir, "config.json", err));
    json_pretty(json, &text);
    TRY(buf_ok(&text, err));
    if (!file_has(path, &text)) {
        TRY(fsx_replace(path, buf_str(&text), text.len, err));
    }

done:
    buf_release(&text);
    return rc;
}

static bool record_is_current(const char *dir, const CatalogRun *row)
{
    Arena a = ARENA_INIT;
    Err ignored = ERR_INIT;
    CatalogRun old = {0};
    bool is = run_record_read(dir, &a, &old, &ignored) == ERR_OK && old.position == row->position &&
              old.checkpoints == row->checkpoints && strcmp(old.size, row->size) == 0 &&
              strcmp(old.axes, row->axes) == 0;
    arena_release(&a);
    return is;
}

static double flops_per_step(const RunSpec *r)
{
    return (r->model->flops_exact + r->model->flops_head) * (double)r->batch_tokens;
}

static ErrCode put_run(const Study *study, size_t position, const JobContext *x, Arena *a, Job *j,
                       Err *err)
{
    ErrCode rc = ERR_OK;
    const RunSpec *r = &study->runs[position];
    char hash[SHA256_HEX_BYTES], dir[RUN_DIR_BYTES];
    json_t *json = NULL;
    Buf axes = BUF_INIT, config = BUF_INIT;
    CatalogRun row;

    *j = (Job){.run = {.spec = r,
                       .loss = (double)NAN,
                       .tokens_per_s = (double)NAN,
                       .validation_loss = (double)NAN,
                       .flops_per_step = flops_per_step(r)},
               .trouble = TROUBLE_INIT,
               .handle = LAUNCH_HANDLE_INIT};
    run_spec_hash(r, hash);
    run_spec_dir(r, dir);
    TRY(study_run_texts(study, position, &config, &axes, err));
    TRY(study_run_json(study, position, &json, err));
    row = row_of(r, position, hash, dir, buf_str(&axes), buf_str(&config));
    j->dir = arena_printf(a, "%s/%s", x->options->dir, dir);
    if (!j->dir) {
        rc = err_nomem(err, "runs");
        goto done;
    }
    TRY(catalog_run_upsert(x->catalog, &row, clock_unix_ms(), &j->id, err));
    TRY(write_config(j->dir, json, err));
    if (!record_is_current(j->dir, &row)) {
        TRY(run_record_write(j->dir, &row, err));
    }

done:
    json_decref(json);
    buf_release(&axes);
    buf_release(&config);
    return rc;
}

/* Highest number of an attempt-NNN folder of the run; -1 when there is none. */
static int64_t newest_folder(const char *dir)
{
    int64_t newest = -1;
    DIR *d = opendir(dir);
    /* One thread reads this folder. NOLINTNEXTLINE(concurrency-mt-unsafe) */
    for (struct dirent *e = d ? readdir(d) : NULL; e; e = readdir(d)) {
        static const char prefix[] = "attempt-";
        const char *digits = e->d_name + sizeof prefix - 1;
        char *end = NULL;
        if (strncmp(e->d_name, prefix, sizeof prefix - 1) == 0 && digits[0]) {
            int64_t number = strtoll(digits, &end, 10);
            newest = *end == '\0' && number > newest ? number : newest;
        }
    }
    if (d) {
        (void)closedir(d);
    }
    return newest;
}

/* Where every run stands, from the catalog (all its rows at once) and its folder. */
static ErrCode load_states(const JobContext *x, Job *jobs, size_t n, Err *err)
{
    ErrCode rc = ERR_OK;
    Arena a = ARENA_INIT;
    CatalogRunStatus *list = NULL;
    size_t n_list = 0;
    TRY(catalog_run_status_list(x->catalog, &a, &list, &n_list, err));
    for (size_t i = 0; i < n_list && i < n; i++) {
        Job *j = &jobs[i]; /* both are in the study's order */
        if (list[i].id != j->id) {
            rc = err_set(err, ERR_DB, "the catalog's runs are not those of the study file");
            goto done;
        }
        j->run.state = list[i].state;
        (void)snprintf(j->run.reason, sizeof j->run.reason, "%s",
                       list[i].reason ? list[i].reason : "");
        j->run.attempts = list[i].attempts;
        j->run.step = list[i].step;
        j->run.loss = list[i].train_loss;
        j->run.validation_loss = list[i].validation_loss;
        j->run.checkpoints = list[i].complete;
        TRY(catalog_attempt_next_number(x->catalog, j->id, &j->next_attempt, err));
        int64_t folder = newest_folder(j->dir);
        j->next_attempt = folder >= j->next_attempt ? folder + 1 : j->next_attempt;
    }

done:
    arena_release(&a);
    return rc;
}

ErrCode register_study(const Study *study, const JobContext *x, Arena *a, Job *jobs,
                       int64_t *ret_retired, Err *err)
{
    ErrCode rc = ERR_OK;
    int64_t *ids = calloc(study->n_runs + 1, sizeof *ids);
    if (!ids) {
        return err_nomem(err, "runs");
    }
    TRY(catalog_begin(x->catalog, err));
    TRY(put_study(study, x, err));
    TRY(put_corpus(x, err));
    for (size_t i = 0; i < study->n_runs; i++) {
        TRY(put_run(study, i, x, a, &jobs[i], err));
        ids[i] = jobs[i].id;
    }
    TRY(catalog_run_retire_others(x->catalog, ids, study->n_runs, clock_unix_ms(), ret_retired,
                                  err));
    TRY(catalog_commit(x->catalog, err));
    TRY(load_states(x, jobs, study->n_runs, err));

done:
    if (rc != ERR_OK) {
        catalog_rollback(x->catalog);
    }
    free(ids);
    return rc;
}

/* ---- what an earlier scheduler left --------------------------------------------------- */

static bool has_ended_on_record(const Job *j)
{
    char path[FSX_PATH_BYTES];
    Err ignored = ERR_INIT;
    return fsx_path(path, &ignored, "%s/exit.json", j->attempt_dir) == ERR_OK && fsx_exists(path);
}

/* Finds the newest attempt's process, if it still lives, and asks it to stop. */
static ErrCode ask_orphan(Job *j, const JobContext *x, Err *err)
{
    const LaunchOps *ops = x->options->launcher;
    if (j->next_attempt == 0) {
        return ERR_OK;
    }
    ErrCode rc = job_attach(j, j->next_attempt - 1, err);
    if (rc != ERR_OK || has_ended_on_record(j)) {
        job_detach(j, x);
        return rc;
    }
    Err why = ERR_INIT;
    rc = launch_recall(ops, j->attempt_dir, &j->handle, &why);
    if (rc == ERR_OK) {
        j->is_live = true;
        job_say(x, "%s: its worker (process %ld) outlived its scheduler; it is told to stop",
                j->run.spec->name, (long)j->handle.pid);
        return ops->stop(&j->handle, LAUNCH_STOP_ASK, err);
    }
    if (rc != ERR_NOTFOUND) {
        job_say(x, "%s: %s: %s", j->run.spec->name, j->attempt_dir, why.msg);
    }
    job_detach(j, x);
    return ERR_OK;
}

static ErrCode wait_for_orphan(Job *j, const JobContext *x, Err *err)
{
    const LaunchOps *ops = x->options->launcher;
    struct pollfd p = {.fd = j->handle.death_fd, .events = POLLIN};
    LaunchStatus s = {.phase = LAUNCH_RUNNING};
    ErrCode rc = ERR_OK;
    if (poll(&p, 1, (int)x->options->times.grace_again) <= 0) {
        TRY(ops->stop(&j->handle, LAUNCH_STOP_FORCE, err));
        (void)poll(&p, 1, (int)x->options->times.grace);
    }
    TRY(ops->poll(&j->handle, &s, err));
    if (s.phase == LAUNCH_RUNNING) {
        rc = err_set(err, ERR_UNAVAILABLE, "process %ld of an earlier scheduler does not end",
                     (long)j->handle.pid);
    }

done:
    job_detach(j, x);
    return rc == ERR_OK ? ERR_OK : err_wrap(err, "%s", j->run.spec->name);
}

/* The catalog has the run as running: judge its newest attempt by what it wrote. */
static ErrCode judge(Job *j, const JobContext *x, Err *err)
{
    ErrCode rc = ERR_OK;
    Arena a = ARENA_INIT;
    CatalogAttempt *list = NULL;
    const CatalogAttempt *last = NULL;
    size_t n = 0;
    TRY(catalog_attempt_list(x->catalog, j->id, &a, &list, &n, err));
    if (n == 0) {
        TRY(job_move(j, x, RUN_REQUEUE, "its scheduler died", err));
        goto done;
    }
    last = &list[n - 1];
    TRY(job_attach(j, last->number, err));
    j->started_ms = last->started_ms;
    j->has_bye = last->state != CATALOG_ATTEMPT_RUNNING; /* its bye was ingested already */
    j->bye = last->state;
    (void)snprintf(j->bye_reason, sizeof j->bye_reason, "%s", last->reason ? last->reason : "");
    TRY(fsx_mkdirs(j->attempt_dir, err)); /* exit.json needs a place */
    TRY(job_end(j, x, (LaunchStatus){.phase = LAUNCH_GONE}, NULL, false, err));

done:
    arena_release(&a);
    return rc;
}

/* Failed because somebody or the kernel killed it: that is no verdict on the run. */
static ErrCode take_up_killed(Job *j, const JobContext *x, Err *err)
{
    ErrCode rc = ERR_OK;
    Arena a = ARENA_INIT;
    CatalogAttempt *list = NULL;
    size_t n = 0;
    TRY(catalog_attempt_list(x->catalog, j->id, &a, &list, &n, err));
    if (n > 0 && list[n - 1].exit_signal == SIGKILL) {
        TRY(job_move(j, x, RUN_RETRY, "its last attempt was killed", err));
    }

done:
    arena_release(&a);
    return rc;
}

/* Its folder was made anew a moment ago, so what tells is whether any checkpoint is left. */
static bool has_checkpoints(const Job *j)
{
    char path[FSX_PATH_BYTES];
    Err ignored = ERR_INIT;
    return fsx_join(path, j->dir, "checkpoints", &ignored) == ERR_OK && fsx_is_dir(path);
}

static ErrCode catch_up_one(Job *j, const JobContext *x, Err *err)
{
    switch (j->run.state) {
    case CATALOG_RUN_RUNNING:
        return judge(j, x, err);
    case CATALOG_RUN_FAILED:
        return take_up_killed(j, x, err);
    case CATALOG_RUN_DONE:
        if (!has_checkpoints(j)) {
            job_say(x, "%s was done, but its checkpoints are gone: it runs again",
                    j->run.spec->name);
            j->run.step = 0;
            return job_move(j, x, RUN_LOSE, "its checkpoints are gone", err);
        }
        return ERR_OK;
    case CATALOG_RUN_WAITING:
    case CATALOG_RUN_DIVERGED:
    case CATALOG_RUN_RETIRED:
    case CATALOG_N_RUN_STATES:
        break;
    }
    return ERR_OK;
}

ErrCode register_catch_up(const JobContext *x, Job *jobs, size_t n, Err *err)
{
    ErrCode rc = ERR_OK;
    for (size_t i = 0; i < n; i++) {
        TRY(ask_orphan(&jobs[i], x, err));
    }
    for (size_t i = 0; i < n; i++) {
        if (jobs[i].is_live) {
            TRY(wait_for_orphan(&jobs[i], x, err));
        }
    }
    for (size_t i = 0; i < n; i++) {
        TRY(catch_up_one(&jobs[i], x, err));
    }

done:
    return rc;
}

#include "orchestrator/sched/recover.h"

#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/checkpoint.h"
#include "common/arena.h"
#include "orchestrator/sched/attempt.h"
#include "orchestrator/sched/run_files.h"

/* ---- processes ---------------------------------------------------------------------------- */

/* Whose process: a run's name, and the folder of its attempt. */
typedef struct Whose {
    const char *name;
    char dir[FSX_PATH_BYTES];
} Whose;

/* The process of an attempt, asked to stop; *ret_lives false when there is none. */
static ErrCode ask_orphan(const Whose *w, const JobContext *x, LaunchHandle **ret, bool *ret_lives,
                          Err *err)
{
    const LaunchOps *ops = x->options->launcher;
    char path[FSX_PATH_BYTES], process[LAUNCH_NAME_BYTES];
    Err why = ERR_INIT;
    ErrCode rc = fsx_join(path, w->dir, "exit.json", err);
    *ret_lives = false;
    if (rc != ERR_OK || fsx_exists(path)) {
        return rc;
    }
    rc = launch_recall(ops, w->dir, ret, &why);
    if (rc == ERR_OK) {
        *ret_lives = true;
        job_say(x, "%s: its worker (%s) outlived its scheduler; it is told to stop", w->name,
                ops->who(*ret, process));
        return ops->stop(*ret, LAUNCH_STOP_ASK, err);
    }
    if (rc != ERR_NOTFOUND) {
        job_say(x, "%s: %s: %s", w->name, w->dir, why.msg);
    }
    return ERR_OK;
}

/* Until it has ended; after a while by SIGKILL.  Releases the handle. */
static ErrCode wait_for_orphan(const char *name, const JobContext *x, LaunchHandle *h, Err *err)
{
    const LaunchOps *ops = x->options->launcher;
    struct pollfd p = {.fd = ops->fds(h).death, .events = POLLIN};
    char process[LAUNCH_NAME_BYTES];
    LaunchStatus s = {.phase = LAUNCH_RUNNING};
    ErrCode rc = ERR_OK;
    if (poll(&p, 1, (int)x->options->times.grace_again) <= 0) {
        TRY(ops->stop(h, LAUNCH_STOP_FORCE, err));
        (void)poll(&p, 1, (int)x->options->times.grace);
    }
    TRY(ops->poll(h, &s, err));
    if (s.phase == LAUNCH_RUNNING) {
        rc = err_set(err, ERR_UNAVAILABLE, "%s of an earlier scheduler does not end",
                     ops->who(h, process));
    }

done:
    ops->release(h);
    return rc == ERR_OK ? ERR_OK : err_wrap(err, "%s", name);
}

static ErrCode end_one(const Whose *w, const JobContext *x, Err *err)
{
    LaunchHandle *h = NULL;
    bool lives = false;
    ErrCode rc = ask_orphan(w, x, &h, &lives, err);
    if (rc == ERR_OK && lives) {
        return wait_for_orphan(w->name, x, h, err);
    }
    x->options->launcher->release(h);
    return rc;
}

static ErrCode whose(const char *name, const char *run_dir, int64_t number, const JobContext *x,
                     Whose *ret, Err *err)
{
    ret->name = name;
    return fsx_path(ret->dir, err, "%s/%s/attempt-%03" PRId64, x->options->dir, run_dir, number);
}

ErrCode recover_orphan(const Job *j, const JobContext *x, int64_t newest, Err *err)
{
    char dir[RUN_DIR_BYTES];
    Whose w;
    if (newest < 0) {
        return ERR_OK;
    }
    run_spec_dir(j->spec, dir);
    ErrCode rc = whose(job_name(j), dir, newest, x, &w, err);
    return rc == ERR_OK ? end_one(&w, x, err) : rc;
}

typedef struct Orphan {
    const Job *job;
    LaunchHandle *handle;
} Orphan;

/* All are asked before the first is waited for. */
static ErrCode end_orphans(const JobContext *x, const Job *jobs, size_t n, Err *err)
{
    ErrCode rc = ERR_OK;
    size_t n_running = (size_t)x->by_state[CATALOG_RUN_RUNNING], n_orphans = 0;
    Orphan *orphan = calloc(n_running + 1, sizeof *orphan);
    if (!orphan) {
        return err_nomem(err, "workers");
    }
    for (size_t i = 0; i < n && n_orphans < n_running; i++) {
        const Job *j = &jobs[i];
        char dir[FSX_PATH_BYTES], rel[RUN_DIR_BYTES];
        int64_t newest = -1;
        bool lives = false;
        Whose w;
        if (j->state != CATALOG_RUN_RUNNING) {
            continue;
        }
        TRY(job_dir(j, x, dir, err));
        TRY(run_files_newest_attempt(dir, &newest, err));
        orphan[n_orphans] = (Orphan){.job = j};
        if (newest >= 0) {
            run_spec_dir(j->spec, rel);
            TRY(whose(job_name(j), rel, newest, x, &w, err));
            TRY(ask_orphan(&w, x, &orphan[n_orphans].handle, &lives, err));
        }
        n_orphans += lives;
    }
    for (size_t i = 0; i < n_orphans; i++) {
        LaunchHandle *h = orphan[i].handle;
        orphan[i].handle = NULL;
        TRY(wait_for_orphan(job_name(orphan[i].job), x, h, err));
    }

done:
    for (size_t i = 0; i <= n_orphans; i++) { /* the last: one that could not be asked */
        x->options->launcher->release(orphan[i].handle);
    }
    free(orphan);
    return rc;
}

/* ---- rows ------------------------------------------------------------------------------- */

/* The run's newest attempt; ERR_NOTFOUND without one. */
static ErrCode newest_attempt(const Job *j, const JobContext *x, Arena *a, CatalogAttempt *ret,
                              Err *err)
{
    int64_t next = 0;
    ErrCode rc = catalog_attempt_next_number(x->catalog, j->id, &next, err);
    if (rc == ERR_OK && next == 0) {
        rc = err_set(err, ERR_NOTFOUND, "%s: has no attempt", job_name(j));
    }
    return rc == ERR_OK ? catalog_attempt_get(x->catalog, j->id, next - 1, a, ret, err) : rc;
}

/* The catalog has the run as running: judge its newest attempt by what it wrote. */
static ErrCode judge(Job *j, JobContext *x, Err *err)
{
    ErrCode rc = ERR_OK;
    Arena a = ARENA_INIT;
    CatalogAttempt last;
    Verdict ignored;
    rc = newest_attempt(j, x, &a, &last, err);
    if (rc == ERR_NOTFOUND) {
        *err = ERR_INIT;
        rc = job_move(j, x, RUN_REQUEUE, "its scheduler died", err);
        goto done;
    }
    if (rc != ERR_OK) {
        goto done;
    }
    TRY(attempt_attach(j, x, last.number, err));
    j->attempt->started_ms = last.started_ms;
    j->attempt->has_bye = last.state != CATALOG_ATTEMPT_RUNNING; /* it was ingested already */
    j->attempt->bye = last.state;
    (void)snprintf(j->attempt->bye_reason, sizeof j->attempt->bye_reason, "%s",
                   last.reason ? last.reason : "");
    TRY(fsx_mkdirs(j->attempt->dir, err)); /* exit.json needs a place */
    TRY(attempt_end(j, x, &(AttemptEnding){.status = {.phase = LAUNCH_GONE}}, &ignored, err));

done:
    attempt_detach(j, x);
    arena_release(&a);
    return rc;
}

/* Failed because somebody or the kernel killed it: that is no verdict on the run. */
static ErrCode take_up_killed(Job *j, JobContext *x, Err *err)
{
    Arena a = ARENA_INIT;
    CatalogAttempt last;
    ErrCode rc = newest_attempt(j, x, &a, &last, err);
    if (rc == ERR_NOTFOUND) {
        *err = ERR_INIT;
        rc = ERR_OK;
    } else if (rc == ERR_OK && last.exit_signal == SIGKILL) {
        rc = job_move(j, x, RUN_RETRY, "its last attempt was killed", err);
    }
    arena_release(&a);
    return rc;
}

static ErrCode check_checkpoints(Job *j, JobContext *x, Err *err)
{
    bool has_any = run_files_has_checkpoints(j, x);
    int64_t bad = 0;
    ErrCode rc = catalog_checkpoint_count_bad(x->catalog, j->id, &bad, err);
    if (rc != ERR_OK || (has_any && bad == 0)) {
        return rc;
    }
    if (has_any) {
        char why[96];
        (void)snprintf(why, sizeof why, "%" PRId64 " of its checkpoints %s missing or damaged", bad,
                       bad == 1 ? "is" : "are");
        job_say(x, "%s was done, but %s: made again", job_name(j), why);
        return job_move(j, x, RUN_LOSE, why, err);
    }
    job_say(x, "%s was done, but its checkpoints are gone: it runs again", job_name(j));
    j->step = 0;
    return job_move(j, x, RUN_LOSE, "its checkpoints are gone", err);
}

static ErrCode recover_one(Job *j, JobContext *x, Err *err)
{
    switch (j->state) {
    case CATALOG_RUN_RUNNING:
        return judge(j, x, err);
    case CATALOG_RUN_FAILED:
        return take_up_killed(j, x, err);
    case CATALOG_RUN_DONE:
        return check_checkpoints(j, x, err);
    case CATALOG_RUN_WAITING:
    case CATALOG_RUN_DIVERGED:
    case CATALOG_RUN_RETIRED:
    case CATALOG_N_RUN_STATES:
        break;
    }
    return ERR_OK;
}

/* ---- runs that the study does not name any more --------------------------------------------- */

/* Nobody will judge it again: what it wrote, and its end, for the record. */
static ErrCode end_stray(const CatalogStray *t, JobContext *x, Err *err)
{
    ErrCode rc = ERR_OK;
    Whose w;
    char events[FSX_PATH_BYTES];
    IngestResult r = {0};
    CatalogAttemptEnd end = {.state = CATALOG_ATTEMPT_LOST,
                             .exit_code = CATALOG_NONE,
                             .exit_signal = CATALOG_NONE,
                             .reason = "its scheduler died"};
    ExitRecord record;
    TRY(whose(t->name, t->dir, t->number, x, &w, err));
    TRY(end_one(&w, x, err));
    TRY(fsx_join(events, w.dir, "events.jsonl", err));
    TRY(catalog_ingest(x->catalog, t->run_id, t->number, events, NULL, &r, err));
    end.ended_ms = clock_unix_ms();
    if (r.has_bye) {
        end.state = r.bye;
        end.reason = NULL; /* its own */
        end.peak_rss_bytes = r.peak_rss_bytes;
    }
    TRY(catalog_attempt_end(x->catalog, t->run_id, t->number, &end, err));
    record = (ExitRecord){.state = end.state,
                          .code = CATALOG_NONE,
                          .signal = CATALOG_NONE,
                          .reason = r.has_bye ? (r.reason[0] ? r.reason : NULL) : end.reason,
                          .started_ms = t->started_ms,
                          .ended_ms = end.ended_ms,
                          .peak_rss_bytes = r.peak_rss_bytes > 0 ? r.peak_rss_bytes : CATALOG_NONE};
    TRY(fsx_mkdirs(w.dir, err));
    TRY(exit_record_write(w.dir, &record, err));

done:
    return rc == ERR_OK ? ERR_OK : err_wrap(err, "%s", t->name);
}

static ErrCode end_strays(JobContext *x, Err *err)
{
    Arena a = ARENA_INIT;
    CatalogStray *list = NULL;
    size_t n = 0;
    ErrCode rc = catalog_attempt_strays(x->catalog, &a, &list, &n, err);
    for (size_t i = 0; rc == ERR_OK && i < n; i++) {
        rc = end_stray(&list[i], x, err);
    }
    arena_release(&a);
    return rc;
}

ErrCode recover_all(JobContext *x, Job *jobs, size_t n, Err *err)
{
    ErrCode rc = end_orphans(x, jobs, n, err);
    if (rc == ERR_OK) {
        rc = end_strays(x, err);
    }
    for (size_t i = 0; rc == ERR_OK && i < n; i++) {
        rc = recover_one(&jobs[i], x, err);
    }
    return rc;
}

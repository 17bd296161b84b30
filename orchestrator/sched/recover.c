#include "orchestrator/sched/recover.h"

#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/arena.h"
#include "orchestrator/catalog/checkpoint.h"
#include "orchestrator/sched/attempt.h"
#include "orchestrator/sched/run_files.h"

/* ---- processes ---------------------------------------------------------------------------- */

/* The process of attempt `number`, asked to stop; *ret_lives false when there is none. */
static ErrCode ask_orphan(const Job *j, const JobContext *x, int64_t number, LaunchHandle *ret,
                          bool *ret_lives, Err *err)
{
    const LaunchOps *ops = x->options->launcher;
    char run_dir[RUN_DIR_BYTES], dir[FSX_PATH_BYTES], path[FSX_PATH_BYTES];
    Err why = ERR_INIT;
    run_spec_dir(j->spec, run_dir);
    ErrCode rc = fsx_path(dir, err, "%s/%s/attempt-%03" PRId64, x->options->dir, run_dir, number);
    *ret_lives = false;
    if (rc == ERR_OK) {
        rc = fsx_join(path, dir, "exit.json", err);
    }
    if (rc != ERR_OK || fsx_exists(path)) {
        return rc;
    }
    rc = launch_recall(ops, dir, ret, &why);
    if (rc == ERR_OK) {
        *ret_lives = true;
        job_say(x, "%s: its worker (process %ld) outlived its scheduler; it is told to stop",
                job_name(j), (long)ret->pid);
        return ops->stop(ret, LAUNCH_STOP_ASK, err);
    }
    if (rc != ERR_NOTFOUND) {
        job_say(x, "%s: %s: %s", job_name(j), dir, why.msg);
    }
    return ERR_OK;
}

/* Until it has ended; after a while by SIGKILL.  Releases the handle. */
static ErrCode wait_for_orphan(const Job *j, const JobContext *x, LaunchHandle *h, Err *err)
{
    const LaunchOps *ops = x->options->launcher;
    struct pollfd p = {.fd = h->death_fd, .events = POLLIN};
    LaunchStatus s = {.phase = LAUNCH_RUNNING};
    ErrCode rc = ERR_OK;
    if (poll(&p, 1, (int)x->options->times.grace_again) <= 0) {
        TRY(ops->stop(h, LAUNCH_STOP_FORCE, err));
        (void)poll(&p, 1, (int)x->options->times.grace);
    }
    TRY(ops->poll(h, &s, err));
    if (s.phase == LAUNCH_RUNNING) {
        rc = err_set(err, ERR_UNAVAILABLE, "process %ld of an earlier scheduler does not end",
                     (long)h->pid);
    }

done:
    ops->release(h);
    *h = LAUNCH_HANDLE_INIT;
    return rc == ERR_OK ? ERR_OK : err_wrap(err, "%s", job_name(j));
}

ErrCode recover_orphan(const Job *j, const JobContext *x, int64_t newest, Err *err)
{
    LaunchHandle h = LAUNCH_HANDLE_INIT;
    bool lives = false;
    ErrCode rc = newest < 0 ? ERR_OK : ask_orphan(j, x, newest, &h, &lives, err);
    return rc == ERR_OK && lives ? wait_for_orphan(j, x, &h, err) : rc;
}

typedef struct Orphan {
    const Job *job;
    LaunchHandle handle;
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
        char dir[FSX_PATH_BYTES];
        int64_t newest = -1;
        bool lives = false;
        if (j->state != CATALOG_RUN_RUNNING) {
            continue;
        }
        TRY(job_dir(j, x, dir, err));
        TRY(run_files_newest_attempt(dir, &newest, err));
        orphan[n_orphans] = (Orphan){.job = j, .handle = LAUNCH_HANDLE_INIT};
        if (newest >= 0) {
            TRY(ask_orphan(j, x, newest, &orphan[n_orphans].handle, &lives, err));
        }
        n_orphans += lives;
    }
    for (size_t i = 0; i < n_orphans; i++) {
        TRY(wait_for_orphan(orphan[i].job, x, &orphan[i].handle, err));
    }

done:
    for (size_t i = 0; i < n_orphans; i++) {
        x->options->launcher->release(&orphan[i].handle);
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

ErrCode recover_all(JobContext *x, Job *jobs, size_t n, Err *err)
{
    ErrCode rc = end_orphans(x, jobs, n, err);
    for (size_t i = 0; rc == ERR_OK && i < n; i++) {
        rc = recover_one(&jobs[i], x, err);
    }
    return rc;
}

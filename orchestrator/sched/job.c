#include "orchestrator/sched/job.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/checkpoint.h"
#include "catalog/record.h"

void job_say(const JobContext *x, const char *fmt, ...)
{
    const SchedObserver *o = &x->options->observer;
    if (!o->message) {
        return;
    }
    char text[1024];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    o->message(o->ctx, text);
}

const char *job_name(const Job *j)
{
    return j->spec->name;
}

ErrCode job_dir(const Job *j, const JobContext *x, char out[FSX_PATH_BYTES], Err *err)
{
    char dir[RUN_DIR_BYTES];
    run_spec_dir(j->spec, dir);
    return fsx_join(out, x->options->dir, dir, err);
}

bool job_is_settled(const Job *j)
{
    return j->state != CATALOG_RUN_WAITING && j->state != CATALOG_RUN_RUNNING;
}

double job_work_left(const Job *j)
{
    return job_is_settled(j) ? 0.0 : j->flops_per_step * (double)(j->spec->steps - j->step);
}

void job_set(Job *j, JobContext *x, CatalogRunState state, const char *reason)
{
    /* The one text may be the other's copy. */
    char *copy = reason && reason[0] ? strdup(reason) : NULL; /* NULL: a sentence less */
    if (j->state == CATALOG_RUN_WAITING) {
        x->flops_left_idle -= job_work_left(j);
    }
    x->by_state[j->state]--;
    j->state = state;
    x->by_state[state]++;
    if (state == CATALOG_RUN_WAITING) {
        x->flops_left_idle += job_work_left(j);
    }
    free(j->reason);
    j->reason = copy;
}

ErrCode job_refresh(Job *j, const JobContext *x, Err *err)
{
    int64_t step = 0;
    ErrCode rc = catalog_checkpoint_progress(x->catalog, j->id, &step, &j->checkpoints, err);
    if (rc == ERR_OK && j->step < step) {
        j->step = step;
    }
    return rc;
}

ErrCode job_note_status(const Job *j, const JobContext *x, Err *err)
{
    char dir[FSX_PATH_BYTES];
    char hash[SHA256_HEX_BYTES];
    run_spec_hash(j->spec, hash);
    StatusRecord s = {.run = hash,
                      .state = j->state,
                      .reason = j->reason,
                      .attempts = j->attempts,
                      .steps = j->spec->steps};
    ErrCode rc = catalog_checkpoint_progress(x->catalog, j->id, &s.step, &s.checkpoints, err);
    if (rc == ERR_OK) {
        rc = job_dir(j, x, dir, err);
    }
    return rc == ERR_OK ? status_record_write(dir, &s, err) : rc;
}

ErrCode job_move(Job *j, JobContext *x, RunEvent event, const char *reason, Err *err)
{
    char dir[FSX_PATH_BYTES];
    CatalogRunState to = CATALOG_RUN_WAITING;
    ErrCode rc = ERR_OK;
    TRY(run_state_next(j->state, event, &to, err));
    TRY(catalog_run_set_state(x->catalog, j->id, to, reason, clock_unix_ms(), err));
    job_set(j, x, to, reason);
    TRY(job_dir(j, x, dir, err));
    if (fsx_is_dir(dir)) {
        TRY(job_note_status(j, x, err));
    }

done:
    return rc == ERR_OK ? ERR_OK : err_wrap(err, "%s", job_name(j));
}

Trouble *job_trouble(Job *j)
{
    if (!j->trouble && (j->trouble = malloc(sizeof *j->trouble)) != NULL) {
        *j->trouble = TROUBLE_INIT;
    }
    return j->trouble;
}

void job_release(Job *j)
{
    free(j->reason);
    free(j->trouble);
    j->reason = NULL;
    j->trouble = NULL;
}

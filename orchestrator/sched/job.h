/* job.h -- a run inside the scheduler.  Private to orchestrator/sched.
 *
 * There may be a hundred thousand of them, so a Job is small: what only a run that is at
 * work needs is in its Attempt (attempt.h), what only one in trouble needs is allocated
 * when it is.  Every change of a state goes through attempt.h or job_move(), which ask
 * run_state.c, write the catalog, and then the files that record it (record.h).
 */
#ifndef ORCHESTRATOR_SCHED_JOB_H
#define ORCHESTRATOR_SCHED_JOB_H

#include "catalog/catalog.h"
#include "common/clock.h"
#include "common/fsx.h"
#include "orchestrator/sched/sched.h"
#include "orchestrator/sched/verdict.h"

typedef struct Attempt Attempt;

typedef struct Job {
    const RunSpec *spec;
    size_t index;          /* in the study */
    int64_t id;            /* of the run in the catalog */
    double flops_per_step; /* exact convention, logits included [FLOP] */
    int64_t step;          /* newest known */
    int64_t checkpoints;   /* complete */
    int64_t attempts;      /* on record */
    int64_t next_attempt;  /* above every number in the catalog; folders are looked at later */
    MonoNs not_before;     /* back-off */
    char *reason;          /* of the state; malloc'ed, NULL: none */
    Trouble *trouble;      /* NULL before the first */
    Attempt *attempt;      /* at work; NULL: none is */
    CatalogRunState state;
    bool has_files; /* config.json and run.json are as they should be */
} Job;

/* What jobs share. */
typedef struct JobContext {
    Catalog *catalog;
    const Study *study;
    const SchedOptions *options;
    size_t concurrency;                     /* threads that can be at work */
    int64_t by_state[CATALOG_N_RUN_STATES]; /* of all jobs */
    double flops_left_idle;                 /* of the waiting ones [FLOP] */
} JobContext;

/* Puts a sentence before the observer. */
void job_say(const JobContext *x, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

const char *job_name(const Job *j);

/* The run's folder into out. */
ErrCode job_dir(const Job *j, const JobContext *x, char out[FSX_PATH_BYTES], Err *err);

/* What is left to compute [FLOP]; of a run that has come to rest: 0. */
double job_work_left(const Job *j);

bool job_is_settled(const Job *j);

/* The state in memory, with the counts of the context; reason may be NULL. */
void job_set(Job *j, JobContext *x, CatalogRunState state, const char *reason);

/* Newest step and number of complete checkpoints from the catalog. */
ErrCode job_refresh(Job *j, const JobContext *x, Err *err);

/* status.json, from memory: the catalog says the same. */
ErrCode job_note_status(const Job *j, const JobContext *x, Err *err);

/* A change of the run's state without an attempt: the catalog (in the caller's transaction, if
 * one is open), memory, status.json if the run has a folder. */
ErrCode job_move(Job *j, JobContext *x, RunEvent event, const char *reason, Err *err);

/* The trouble of a job, made when it has none.  NULL when memory is short. */
Trouble *job_trouble(Job *j);

void job_release(Job *j);

#endif

/* job.h -- a run inside the scheduler: its state, and its attempt while there is one.
 *
 * Private to orchestrator/sched.  Every change of a state goes through job_begin(),
 * job_end() or job_move(), which ask run_state.c, write the catalog in one transaction,
 * and then the files that record it (record.h of the catalog).
 */
#ifndef ORCHESTRATOR_SCHED_JOB_H
#define ORCHESTRATOR_SCHED_JOB_H

#include <sched.h>

#include "common/arena.h"
#include "common/clock.h"
#include "common/machine.h"
#include "orchestrator/catalog/catalog.h"
#include "orchestrator/catalog/ingest.h"
#include "orchestrator/sched/sched.h"
#include "orchestrator/sched/verdict.h"

typedef struct Job {
    SchedRun run;    /* what observers see */
    int64_t id;      /* of the run in the catalog */
    const char *dir; /* of the run */
    Trouble trouble;
    int64_t next_attempt;
    MonoNs not_before; /* back-off */

    /* The attempt that runs now. */
    bool is_live;
    int64_t attempt;
    char *attempt_dir, *events; /* malloc'ed */
    LaunchHandle handle;
    cpu_set_t cores; /* that it was told, with run.threads */
    bool is_pinned;
    UnixMs started_ms;
    int64_t ingested_bytes;
    bool is_dirty;      /* there may be lines to ingest */
    MonoNs last_news;   /* when it last said something */
    MonoNs longest_gap; /* between two pieces of news */
    MonoNs force_at;    /* when SIGTERM becomes SIGKILL; 0: no */
    bool is_hung;
    int64_t silent_s;
    bool has_bye;
    CatalogAttemptState bye;
    int64_t peak_rss_bytes; /* of bye; 0: it did not say */
    char bye_reason[INGEST_REASON_BYTES];
} Job;

/* What jobs share. */
typedef struct JobContext {
    Catalog *catalog;
    const SchedOptions *options;
    size_t concurrency; /* threads that can be at work */
} JobContext;

/* Puts a sentence before the observer. */
void job_say(const JobContext *x, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Makes the attempt's folder and its rows, then starts the process.  A start that fails is
 * the attempt's end (judged, charged): ERR_OK.  ERR_UNAVAILABLE when no attempt could. */
ErrCode job_begin(Job *j, const JobContext *x, Err *err);

/* Brings the attempt's new lines into the catalog; in a transaction of the caller, if any. */
ErrCode job_ingest(Job *j, const JobContext *x, Err *err);

/* The attempt ended: last lines, verdict, rows, files; frees what it held.  ERR_DB, ERR_IO:
 * the attempt is over all the same. */
ErrCode job_end(Job *j, const JobContext *x, LaunchStatus status, const char *start_error,
                bool is_stopping, Err *err);

/* A change of the run's state without an attempt. */
ErrCode job_move(Job *j, const JobContext *x, RunEvent event, const char *reason, Err *err);

/* Tells the worker how many threads it has, and where; cores may be NULL: where it is.  A worker
 * that cannot be told goes on as it is. */
void job_tell_share(Job *j, size_t threads, const CoreSet *cores);

/* Points the job at attempt `number` without starting anything (catching up on an old one). */
ErrCode job_attach(Job *j, int64_t number, Err *err);
void job_detach(Job *j, const JobContext *x);

/* Bytes of the attempt's events.jsonl; 0 when there is none. */
int64_t job_events_bytes(const Job *j);

#endif

/* attempt.h -- a run at work: its newest attempt, from its folder to its exit.json.
 * Private to orchestrator/sched.
 *
 * What happens to several attempts in one turn of the loop shares a transaction:
 *
 *   attempt_prepare  folder, files, rows           } one transaction,
 *   attempt_judge    last lines, verdict, rows     } committed before
 *   attempt_start    the process                   <- a worker that the catalog does not
 *                                                     know cannot exist
 *   attempt_close    exit.json, status.json; memory is given back
 *
 * In between memory is ahead of the catalog.  If the commit fails the study stops, and
 * what it leaves is caught up from the files by the next scheduler.
 */
#ifndef ORCHESTRATOR_SCHED_ATTEMPT_H
#define ORCHESTRATOR_SCHED_ATTEMPT_H

#include <sched.h>

#include "catalog/ingest.h"
#include "catalog/record.h"
#include "common/machine.h"
#include "orchestrator/sched/job.h"

struct Attempt {
    Job *job;
    int64_t number;
    char *dir, *events;   /* malloc'ed paths */
    LaunchHandle *handle; /* NULL: not started */
    size_t threads;       /* that its worker was told to work with; 0: nothing yet */
    cpu_set_t cores;      /* where, if it is kept anywhere */
    bool is_pinned;
    UnixMs started_ms;
    int64_t ingested_bytes;
    bool is_dirty;      /* there may be lines to ingest */
    MonoNs last_news;   /* when it last said something */
    MonoNs longest_gap; /* between two pieces of news */
    MonoNs force_at;    /* when SIGTERM becomes SIGKILL; 0: no */
    bool is_stopping;   /* it was asked to stop */
    bool is_hung;
    int64_t silent_s;
    bool has_bye;
    CatalogAttemptState bye;
    int64_t peak_rss_bytes; /* of bye; 0: it did not say */
    char bye_reason[INGEST_REASON_BYTES];
    double loss, tokens_per_s, validation_loss; /* newest; NaN: none yet */
};

/* How it ended, before it is judged. */
typedef struct AttemptEnding {
    LaunchStatus status;     /* LAUNCH_GONE: its exit was not seen */
    const char *start_error; /* why it never started, else NULL */
    bool is_stopping;        /* the study is */
} AttemptEnding;

/* What attempt_judge() decided, for attempt_close().  The attempt is no longer the job's, which may
 * have begun another one by then. */
typedef struct AttemptEnd {
    Attempt *attempt; /* owned */
    Verdict verdict;
    ExitRecord record;
    int64_t wait_ms; /* back-off before the next one */
} AttemptEnd;

/* An attempt `number` of the job in memory, without any effect outside.  ERR_NOMEM. */
ErrCode attempt_attach(Job *j, const JobContext *x, int64_t number, Err *err);

/* Closes descriptors and frees it; the process is left alone.  NULL is fine. */
void attempt_free(Attempt *a, const JobContext *x);
/* The same for the job's own, if it has one. */
void attempt_detach(Job *j, const JobContext *x);

/* The next attempt's folder, the run's files if they are not there yet, and its rows; the job is
 * `running`.  In the caller's transaction.  ERR_IO, ERR_DB: nothing is left but folders. */
ErrCode attempt_prepare(Job *j, JobContext *x, Err *err);

/* Starts the process of a prepared attempt.  ERR_UNAVAILABLE: no attempt can be started;
 * ERR_IO: this one could not. */
ErrCode attempt_start(Job *j, const JobContext *x, Err *err);

/* Brings the attempt's new lines into the catalog; in the caller's transaction, if any. */
ErrCode attempt_ingest(Job *j, const JobContext *x, Err *err);

/* Last lines, verdict and rows of an attempt that has ended, in the caller's transaction; the job
 * gets its next state and is without an attempt.  On failure it keeps it. */
ErrCode attempt_judge(Job *j, JobContext *x, const AttemptEnding *how, AttemptEnd *ret, Err *err);

/* Says what is to be said, writes exit.json and status.json, and frees the attempt.  ERR_IO: freed
 * all the same. */
ErrCode attempt_close(AttemptEnd *e, const JobContext *x, Err *err);

/* attempt_judge() in a transaction of its own, and attempt_close(). */
ErrCode attempt_end(Job *j, JobContext *x, const AttemptEnding *how, Verdict *ret, Err *err);

/* Tells the worker how many threads it has, and where; cores may be NULL: where it is.  A worker
 * that cannot be told goes on as it is. */
void attempt_tell_share(const Attempt *a, const JobContext *x, size_t threads,
                        const CoreSet *cores);

/* Bytes of its events.jsonl; 0 when there is none. */
int64_t attempt_events_bytes(const Attempt *a);

/* As observers see a job with an attempt; a may be NULL. */
SchedRun attempt_view(const Job *j, const Attempt *a);

#endif

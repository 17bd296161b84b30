/* sched.h -- one process that runs a study: starts attempts, watches them, and writes
 * everything that it learns into the catalog, of which it is the only writer.
 *
 *   poll(2)  <- pidfd of every worker      death, within a millisecond
 *            <- socket of every worker     "there is news": a line was written
 *            <- signalfd                   somebody wants us to stop
 *            <- timerfd                    the earliest of all deadlines
 *
 * A turn costs what the workers at work cost, however many runs the study has: those that
 * wait are in a heap (queue.h).  What begins and ends in one turn is one transaction.
 * Nothing sleeps and nothing runs in a thread.  News is read from the attempts'
 * events.jsonl, never from the socket, at most every tick_ms and in one transaction
 * for all workers.  The longest runs start first, so that all slots finish together; when
 * fewer runs than cores are left, the idle cores go to them (share.h).
 * docs/reliability.md says what survives what.
 */
#ifndef ORCHESTRATOR_SCHED_SCHED_H
#define ORCHESTRATOR_SCHED_SCHED_H

#include <stdbool.h>
#include <stdint.h>

#include "catalog/run.h"
#include "common/err.h"
#include "orchestrator/launch/launch.h"
#include "orchestrator/spec/study.h"

/* A run as observers see it. */
typedef struct SchedRun {
    const RunSpec *spec;
    CatalogRunState state;
    const char *reason;     /* of the state; "" when there is none; lives as long as the call */
    int64_t attempts;       /* started so far, in this process or before */
    int64_t step;           /* newest reported */
    double loss;            /* of that step [nats/token]; NaN when unknown */
    double tokens_per_s;    /* NaN when unknown */
    double validation_loss; /* newest of this attempt [nats/token]; NaN when there is none */
    int64_t checkpoints;    /* complete */
    double flops_per_step;  /* exact convention, logits included [FLOP] */
    bool is_stopping;       /* its worker was asked to stop */
    size_t threads;         /* that its worker was told to work with; 0: none lives */
} SchedRun;

typedef struct SchedView {
    const SchedRun *live; /* [n_live] at work, in the order in which they started */
    size_t n_live;
    size_t n_runs; /* of the study */
    int64_t by_state[CATALOG_N_RUN_STATES];
    double flops_done, flops_total; /* of all runs; failed and diverged ones count as done */
    double elapsed_s;               /* since this scheduler began */
    double eta_s;                   /* NaN while no speed is known */
    int stop_requests;              /* signals so far */
} SchedView;

/* Who wants to know; any function may be NULL. */
typedef struct SchedObserver {
    void *ctx;
    /* Something a person should read: one sentence without a newline. */
    void (*message)(void *ctx, const char *text);
    /* Something changed, or a second went by. */
    void (*changed)(void *ctx, const SchedView *v);
    /* A run came to rest: done, failed or diverged. */
    void (*settled)(void *ctx, const SchedView *v, const SchedRun *r);
} SchedObserver;

/* All [ms]; sched_times_default() has the values that the product uses. */
typedef struct SchedTimes {
    int64_t tick;                 /* news waits at most this long for its transaction */
    int64_t housekeeping;         /* and without a socket this long */
    int64_t backoff, backoff_max; /* after the second failure; after many */
    int64_t grace, grace_again;   /* after the first and the second request to stop */
    int64_t hang_min;             /* no news for longer is a hang, unless news is slower than: */
    int64_t hang_factor;          /* times the longest silence seen so far (a ratio) */
} SchedTimes;

SchedTimes sched_times_default(void);

typedef struct SchedOptions {
    const char *dir;        /* the study's folder; exists, and the caller holds its lock */
    const char *worker;     /* path of slaw-worker */
    const char *corpus_dir; /* prepared */
    const LaunchOps *launcher;
    int64_t workers;    /* attempts at a time, >= 1 */
    int64_t threads;    /* of each; 0: as many as would be idle otherwise (share.h) */
    size_t concurrency; /* threads that can be at work on this machine; 0: ask it */
    bool is_pinned;     /* keep workers on cores of their own while all are taken */
    int64_t retries;    /* charged attempts after the first */
    bool is_fail_fast;
    const bool *is_wanted; /* [runs of the study] the others are left as they are; NULL: all */
    SchedTimes times;
    SchedObserver observer;
} SchedOptions;

typedef struct SchedSummary {
    int64_t runs, by_state[CATALOG_N_RUN_STATES];
    int64_t started;     /* attempts */
    int64_t retired;     /* runs that the study file does not name any more */
    bool was_rebuilt;    /* the catalog was made again from the files */
    bool is_interrupted; /* a signal ended it; running again goes on */
    bool is_paused;      /* a full disk ended it; running again goes on once there is space */
    char why[256];       /* with is_paused: what could not be written */
} SchedSummary;

/* Runs what is missing of the study and returns when nothing is left to do, or after a
 * signal, or when the disk is full.  Failed runs are no error: they are in the summary.
 * ERR_UNAVAILABLE: the worker program cannot be executed, or the launcher not be used;
 * ERR_DB, ERR_FORMAT, ERR_IO: the catalog or the study's folder cannot be used, or processes
 * not be started; err_is_no_space() when that is for want of space.  In every case no worker is
 * left behind.  SIGINT, SIGTERM and SIGHUP are taken over for the duration. */
ErrCode sched_run(const Study *study, const SchedOptions *o, SchedSummary *ret, Err *err);

#endif

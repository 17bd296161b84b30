/* loop.h -- the state of a scheduler, and its loop.  Private to orchestrator/sched. */
#ifndef ORCHESTRATOR_SCHED_LOOP_H
#define ORCHESTRATOR_SCHED_LOOP_H

#include <signal.h>

#include "common/arena.h"
#include "common/clock.h"
#include "orchestrator/sched/job.h"
#include "orchestrator/sched/sched.h"
#include "orchestrator/sched/share.h"

struct pollfd;

enum { LOOP_FIXED_FDS = 2 }; /* signals, timer */

typedef struct Sched {
    const SchedOptions *options;
    JobContext ctx;
    Arena arena;
    Job *jobs;          /* [n] in the study's order */
    SchedRun *runs;     /* [n] copies for observers */
    size_t *order;      /* [n] longest first */
    Share *shares;      /* [n] of those that live */
    CoreSet cores;      /* that this process may use */
    struct pollfd *fds; /* [LOOP_FIXED_FDS + 2 workers] */
    size_t n;
    int signal_fd, timer_fd;
    sigset_t old_mask;
    struct sigaction old_pipe;
    bool has_signals;
    MonoNs began, tick_at, housekeeping_at; /* tick_at 0: no news waits */
    int stop_requests;
    MonoNs requested_at;
    bool is_stopping; /* by a signal, by --fail-fast, or because of `failure` */
    bool is_interrupted;
    bool is_share_stale; /* an attempt ended since the cores were shared out */
    ErrCode failure;
    Err failure_err;
    SchedSummary summary;
} Sched;

/* Runs until no worker lives and nothing may start.  A failure of our own (the catalog cannot be
 * written, the worker program is gone) is kept, the workers are told to stop, and it is
 * returned once the last one has ended. */
ErrCode loop_run(Sched *s, Err *err);

/* SIGKILL to whoever still lives; after a failure of the loop itself. */
void loop_kill_all(Sched *s);

#endif

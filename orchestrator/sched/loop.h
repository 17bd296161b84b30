/* loop.h -- the state of a scheduler, and its loop.  Private to orchestrator/sched. */
#ifndef ORCHESTRATOR_SCHED_LOOP_H
#define ORCHESTRATOR_SCHED_LOOP_H

#include <signal.h>

#include "common/clock.h"
#include "orchestrator/sched/attempt.h"
#include "orchestrator/sched/queue.h"
#include "orchestrator/sched/sched.h"
#include "orchestrator/sched/share.h"
#include "orchestrator/sched/study_state.h"
#include "orchestrator/sched/view.h"

struct pollfd;

enum { LOOP_FIXED_FDS = 2 }; /* signals, timer */

/* What ends and begins in one turn: one transaction. */
typedef struct Turn {
    Job **ended;           /* [slots] */
    AttemptEnding *ending; /* [slots] */
    AttemptEnd *end;       /* [slots] what became of them */
    size_t n_ended;
    Job **begun; /* [slots] */
    size_t n_begun;
} Turn;

typedef struct Sched {
    const SchedOptions *options;
    JobContext ctx;
    Job *jobs; /* [n] in the study's order */
    size_t n;
    Queue ready, delayed; /* all that wait and are wanted */
    size_t slots;         /* attempts at a time, at most n */
    Job **live;           /* [slots] at work, in the order in which they started */
    size_t n_live;
    Turn turn;
    Share *shares;      /* [slots] of the live ones */
    SchedRun *runs;     /* [slots] the live ones for observers */
    ViewWork *work;     /* [slots] */
    CoreSet cores;      /* that this process may use */
    struct pollfd *fds; /* [LOOP_FIXED_FDS + 2 slots] */
    double flops_total;
    double flops_unwanted; /* of waiting runs that are left as they are */
    int signal_fd, timer_fd;
    sigset_t old_mask;
    struct sigaction old_pipe;
    bool has_signals;
    MonoNs began, tick_at, housekeeping_at; /* tick_at 0: no news waits */
    MonoNs start_at;                        /* nothing starts before: the machine was short */
    int start_failures;                     /* in a row */
    StudyState state;
    StudyCause cause;
    int stop_requests;
    MonoNs requested_at;
    bool is_share_stale; /* an attempt began or ended since the cores were shared out */
    ErrCode failure;     /* of our own: kept until the last worker has ended */
    Err failure_err;
    SchedSummary summary;
} Sched;

/* Every waiting job that is wanted into the queues. (turn.c) */
void loop_enqueue_all(Sched *s);

/* Judges what ended, begins what may start, shares the cores. (turn.c) */
void loop_take_turn(Sched *s);

/* loop_tell.c */
void loop_tell_changed(Sched *s);
void loop_tell_settled(Sched *s, const SchedRun *r);

/* loop_stop.c: nothing starts any more, for a cause; the workers are asked once. */
bool loop_is_stopping(const Sched *s);
void loop_stop_for(Sched *s, StudyCause cause);
/* For a full disk that job j met. */
void loop_pause(Sched *s, const Job *j, const char *why);
/* Keeps the first failure of our own and winds down; ERR_OK is none. */
void loop_note_failure(Sched *s, ErrCode rc, const Err *err);
/* A signal: the first stops, the second hurries, the third kills. */
void loop_on_stop_request(Sched *s);
/* Asks one worker; grace_ms later it is forced.  One that is not started yet is asked then. */
void loop_ask_to_stop(Sched *s, Job *j, LaunchStop how, int64_t grace_ms);

/* Runs until no worker lives and nothing may start; the study is then STUDY_ENDED.  A failure of
 * our own (the catalog cannot be written, the worker program is gone) is kept, the workers are
 * told to stop, and it is returned once the last one has ended. */
ErrCode loop_run(Sched *s, Err *err);

/* SIGKILL to whoever still lives; after a failure of the loop itself. */
void loop_kill_all(Sched *s);

#endif

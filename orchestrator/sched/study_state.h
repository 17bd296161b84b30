/* study_state.h -- the life of a study while a scheduler works on it.
 *
 * Nothing of it is stored: what outlives the scheduler are the states of runs and
 * attempts (run_state.h) and of checkpoints (catalog/checkpoint_state.h).  The drawing,
 * the invariants and the functions that go along its edges are in study_state.c.
 */
#ifndef ORCHESTRATOR_SCHED_STUDY_STATE_H
#define ORCHESTRATOR_SCHED_STUDY_STATE_H

#include "common/err.h"

typedef enum StudyState {
    STUDY_NEW,        /* nothing was read or written */
    STUDY_REGISTERED, /* its runs are in the catalog */
    STUDY_RUNNING,    /* attempts may start */
    STUDY_STOPPING,   /* none starts any more; those at work save their state */
    STUDY_ENDED,      /* no attempt is at work */
    N_STUDY_STATES,
} StudyState;

typedef enum StudyEvent {
    STUDY_REGISTER,
    STUDY_CATCH_UP, /* what an earlier scheduler left is ended and judged */
    STUDY_STOP,     /* for a cause */
    STUDY_DRAIN,    /* the last attempt ended and none may start */
    N_STUDY_EVENTS,
} StudyEvent;

/* Why it stops before everything is done; a later one counts more than an earlier one. */
typedef enum StudyCause {
    STUDY_NO_CAUSE,
    STUDY_FAIL_FAST,   /* a run failed, and --fail-fast */
    STUDY_INTERRUPTED, /* SIGINT, SIGTERM, SIGHUP */
    STUDY_PAUSED,      /* the disk is full */
    STUDY_BROKEN,      /* a failure of the scheduler's own: it is returned */
} StudyCause;

const char *study_state_name(StudyState s); /* "running", ... */
const char *study_event_name(StudyEvent e);

/* ERR_CONFLICT: a study in `from` cannot do that. */
ErrCode study_state_next(StudyState from, StudyEvent event, StudyState *ret, Err *err);

/* The cause that counts when another one comes. */
StudyCause study_cause_worse(StudyCause a, StudyCause b);

#endif

/* run_state.h -- the life of a run and of an attempt, as tables.
 *
 * The states are the catalog's; only these tables say how one follows another,
 * and the scheduler changes a state in no other way.  What the drawing in
 * run_state.c does not show is an error, not a silent overwrite.
 */
#ifndef ORCHESTRATOR_SCHED_RUN_STATE_H
#define ORCHESTRATOR_SCHED_RUN_STATE_H

#include "catalog/attempt.h"
#include "catalog/run.h"
#include "common/err.h"

typedef enum RunEvent {
    RUN_START,   /* an attempt begins */
    RUN_FINISH,  /* its last checkpoint is complete and the worker said done */
    RUN_REQUEUE, /* the attempt ended and another one is to follow */
    RUN_FAIL,    /* no further attempt by itself */
    RUN_DIVERGE, /* the loss left its bound: another attempt would do the same */
    RUN_RETRY,   /* a person asks for another attempt */
    RUN_LOSE,    /* checkpoints of a finished run are gone or damaged */
    RUN_RETIRE,  /* the study file does not name it any more */
    N_RUN_EVENTS,
} RunEvent;

const char *run_event_name(RunEvent e);

/* ERR_CONFLICT: a run in `from` cannot do that. */
ErrCode run_state_next(CatalogRunState from, RunEvent event, CatalogRunState *ret, Err *err);

typedef enum AttemptEvent {
    ATTEMPT_FINISH,
    ATTEMPT_INTERRUPT,
    ATTEMPT_DIVERGE,
    ATTEMPT_FAIL,
    ATTEMPT_LOSE, /* its scheduler died, and nobody saw how it ended */
    N_ATTEMPT_EVENTS,
} AttemptEvent;

const char *attempt_event_name(AttemptEvent e);

/* ERR_CONFLICT: an attempt that has ended stays as it is. */
ErrCode attempt_state_next(CatalogAttemptState from, AttemptEvent event, CatalogAttemptState *ret,
                           Err *err);

#endif

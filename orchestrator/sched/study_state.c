/* The life of a study under one scheduler.
 *
 *   new --register--> registered --catch up--> running --drain--> ended
 *         sched_run()              sched_run()    | |
 *                                                 | +-stop-+
 *                                                 v        |  loop_stop.c: loop_stop_for()
 *                                              stopping <--+  (again: a worse cause)
 *                                                 |
 *                                                 +---drain--> ended     loop_run()
 *
 * Invariants:
 *   (1) the study's lock is held from before `new` until after `ended`;
 *   (2) attempts start in `running` alone, at most `workers` of them live at a time;
 *   (3) in `running` no run is `running` in the catalog whose attempt is not a live
 *       child of this process: catching up has judged all others;
 *   (4) `ended` without a cause: every run is done, failed, diverged or retired;
 *   (5) `ended` for a cause: every run that was at work is `waiting` again or settled;
 *       only if the catalog could not be written (STUDY_BROKEN, STUDY_PAUSED) some may be
 *       `running` in it, and the next scheduler catches up on them.
 */
#include "orchestrator/sched/study_state.h"

#include "common/state_machine.h"

static const StateEdge study_edge[] = {
    {STUDY_NEW, STUDY_REGISTER, STUDY_REGISTERED},
    {STUDY_REGISTERED, STUDY_CATCH_UP, STUDY_RUNNING},
    {STUDY_RUNNING, STUDY_STOP, STUDY_STOPPING},
    {STUDY_STOPPING, STUDY_STOP, STUDY_STOPPING},
    {STUDY_RUNNING, STUDY_DRAIN, STUDY_ENDED},
    {STUDY_STOPPING, STUDY_DRAIN, STUDY_ENDED},
};

static const char *const state_name[N_STUDY_STATES] = {
    [STUDY_NEW] = "new",           [STUDY_REGISTERED] = "registered", [STUDY_RUNNING] = "running",
    [STUDY_STOPPING] = "stopping", [STUDY_ENDED] = "ended",
};

static const char *const event_name[N_STUDY_EVENTS] = {
    [STUDY_REGISTER] = "register",
    [STUDY_CATCH_UP] = "catch up",
    [STUDY_STOP] = "stop",
    [STUDY_DRAIN] = "drain",
};

static const StateMachine study_life =
    STATE_MACHINE(study_edge, event_name, "a study that is ", " cannot ");

const char *study_state_name(StudyState s)
{
    return state_name[s];
}

const char *study_event_name(StudyEvent e)
{
    return event_name[e];
}

ErrCode study_state_next(StudyState from, StudyEvent event, StudyState *ret, Err *err)
{
    return state_next(&study_life, from, state_name[from], event, ret, err);
}

StudyCause study_cause_worse(StudyCause a, StudyCause b)
{
    return a > b ? a : b;
}

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

#include <stddef.h>

static const struct {
    StudyState from;
    StudyEvent event;
    StudyState to;
} study_edge[] = {
    {STUDY_NEW, STUDY_REGISTER, STUDY_REGISTERED},
    {STUDY_REGISTERED, STUDY_CATCH_UP, STUDY_RUNNING},
    {STUDY_RUNNING, STUDY_STOP, STUDY_STOPPING},
    {STUDY_STOPPING, STUDY_STOP, STUDY_STOPPING},
    {STUDY_RUNNING, STUDY_DRAIN, STUDY_ENDED},
    {STUDY_STOPPING, STUDY_DRAIN, STUDY_ENDED},
};

const char *study_state_name(StudyState s)
{
    static const char *const name[N_STUDY_STATES] = {
        [STUDY_NEW] = "new",         [STUDY_REGISTERED] = "registered",
        [STUDY_RUNNING] = "running", [STUDY_STOPPING] = "stopping",
        [STUDY_ENDED] = "ended",
    };
    return name[s];
}

const char *study_event_name(StudyEvent e)
{
    static const char *const name[N_STUDY_EVENTS] = {
        [STUDY_REGISTER] = "register",
        [STUDY_CATCH_UP] = "catch up",
        [STUDY_STOP] = "stop",
        [STUDY_DRAIN] = "drain",
    };
    return name[e];
}

ErrCode study_state_next(StudyState from, StudyEvent event, StudyState *ret, Err *err)
{
    for (size_t i = 0; i < sizeof study_edge / sizeof study_edge[0]; i++) {
        if (study_edge[i].from == from && study_edge[i].event == event) {
            *ret = study_edge[i].to;
            return ERR_OK;
        }
    }
    return err_set(err, ERR_CONFLICT, "a study that is %s cannot %s", study_state_name(from),
                   study_event_name(event));
}

StudyCause study_cause_worse(StudyCause a, StudyCause b)
{
    return a > b ? a : b;
}

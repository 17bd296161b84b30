/* The life of a run.  The catalog stores the state; only this table changes it, so a
 * crash of the scheduler at any moment leaves every run in a state drawn here.
 *
 *                   +------------requeue------------+
 *                   v                               |
 *     (new) --> waiting -----------start-------> running --finish--> done --+
 *                ^ ^ ^                            |   |                     |
 *                | | +---retry--- failed <--fail--+   +--diverge-> diverged |
 *                | +-----retry------------------------------------/         |
 *                +-------lose-----------------------------------------------+
 *
 *     retire: from every state, to `retired`; the attempt of one that was running, its
 *     scheduler killed, is ended by recover.c.  The catalog brings a retired run back when
 *     the study file names it again.
 *
 * Invariants:
 *   (1) at most one attempt of a run is `running`, and only while the run is;
 *   (2) an attempt is `running` in the catalog before its process is started;
 *   (3) `done` implies a complete checkpoint at the last step, durable before the state;
 *   (4) a run that is `done` is started again only if checkpoints of it are gone or damaged;
 *   (5) `failed` and `diverged` end only by a person's retry;
 *   (6) an attempt that has ended never changes, and its number is never used again.
 *
 * Who makes them: start attempt.c: attempt_prepare(); finish, requeue, fail, diverge
 * attempt.c: attempt_judge(); retry retry.c: retry_runs(), recover.c: take_up_killed(); lose
 * recover.c: check_checkpoints(); retire register.c: put_runs().
 *
 * The life of an attempt:  running --finish|interrupt|diverge|fail|lose--> its end.
 */
#include "orchestrator/sched/run_state.h"

#include "common/state_machine.h"

static const StateEdge run_edge[] = {
    {CATALOG_RUN_WAITING, RUN_START, CATALOG_RUN_RUNNING},
    {CATALOG_RUN_RUNNING, RUN_FINISH, CATALOG_RUN_DONE},
    {CATALOG_RUN_RUNNING, RUN_REQUEUE, CATALOG_RUN_WAITING},
    {CATALOG_RUN_RUNNING, RUN_FAIL, CATALOG_RUN_FAILED},
    {CATALOG_RUN_RUNNING, RUN_DIVERGE, CATALOG_RUN_DIVERGED},
    {CATALOG_RUN_FAILED, RUN_RETRY, CATALOG_RUN_WAITING},
    {CATALOG_RUN_DIVERGED, RUN_RETRY, CATALOG_RUN_WAITING},
    {CATALOG_RUN_DONE, RUN_LOSE, CATALOG_RUN_WAITING},
    {CATALOG_RUN_WAITING, RUN_RETIRE, CATALOG_RUN_RETIRED},
    {CATALOG_RUN_RUNNING, RUN_RETIRE, CATALOG_RUN_RETIRED},
    {CATALOG_RUN_DONE, RUN_RETIRE, CATALOG_RUN_RETIRED},
    {CATALOG_RUN_FAILED, RUN_RETIRE, CATALOG_RUN_RETIRED},
    {CATALOG_RUN_DIVERGED, RUN_RETIRE, CATALOG_RUN_RETIRED},
};

static const char *const run_event[N_RUN_EVENTS] = {
    [RUN_START] = "start", [RUN_FINISH] = "finish",   [RUN_REQUEUE] = "requeue",
    [RUN_FAIL] = "fail",   [RUN_DIVERGE] = "diverge", [RUN_RETRY] = "retry",
    [RUN_LOSE] = "lose",   [RUN_RETIRE] = "retire",
};

static const StateMachine run_life = STATE_MACHINE(run_edge, run_event, "a ", " run cannot ");

static const StateEdge attempt_edge[] = {
    {CATALOG_ATTEMPT_RUNNING, ATTEMPT_FINISH, CATALOG_ATTEMPT_DONE},
    {CATALOG_ATTEMPT_RUNNING, ATTEMPT_INTERRUPT, CATALOG_ATTEMPT_INTERRUPTED},
    {CATALOG_ATTEMPT_RUNNING, ATTEMPT_DIVERGE, CATALOG_ATTEMPT_DIVERGED},
    {CATALOG_ATTEMPT_RUNNING, ATTEMPT_FAIL, CATALOG_ATTEMPT_FAILED},
    {CATALOG_ATTEMPT_RUNNING, ATTEMPT_LOSE, CATALOG_ATTEMPT_LOST},
};

static const char *const attempt_event[N_ATTEMPT_EVENTS] = {
    [ATTEMPT_FINISH] = "finish", [ATTEMPT_INTERRUPT] = "interrupt", [ATTEMPT_DIVERGE] = "diverge",
    [ATTEMPT_FAIL] = "fail",     [ATTEMPT_LOSE] = "lose",
};

static const StateMachine attempt_life =
    STATE_MACHINE(attempt_edge, attempt_event, "an attempt that is ", " cannot ");

const char *run_event_name(RunEvent e)
{
    return run_event[e];
}

const char *attempt_event_name(AttemptEvent e)
{
    return attempt_event[e];
}

ErrCode run_state_next(CatalogRunState from, RunEvent event, CatalogRunState *ret, Err *err)
{
    return state_next(&run_life, from, catalog_run_state_name(from), event, ret, err);
}

ErrCode attempt_state_next(CatalogAttemptState from, AttemptEvent event, CatalogAttemptState *ret,
                           Err *err)
{
    return state_next(&attempt_life, from, catalog_attempt_state_name(from), event, ret, err);
}

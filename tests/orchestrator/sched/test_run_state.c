/* The tables of run_state.c against the drawing, written down a second time as a matrix. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "orchestrator/sched/run_state.h"
#include "tests/support/suite.h"

/* The table says "there is no such transition" in two letters. */
#define NO CATALOG_N_RUN_STATES

/* Rows: from; columns in the order of RunEvent. */
static const CatalogRunState want[CATALOG_N_RUN_STATES][N_RUN_EVENTS] = {
    /* start, finish, requeue, fail, diverge, retry, lose, retire */
    [CATALOG_RUN_WAITING] = {CATALOG_RUN_RUNNING, NO, NO, NO, NO, NO, NO, CATALOG_RUN_RETIRED},
    [CATALOG_RUN_RUNNING] = {NO, CATALOG_RUN_DONE, CATALOG_RUN_WAITING, CATALOG_RUN_FAILED,
                             CATALOG_RUN_DIVERGED, NO, NO, CATALOG_RUN_RETIRED},
    [CATALOG_RUN_DONE] = {NO, NO, NO, NO, NO, NO, CATALOG_RUN_WAITING, CATALOG_RUN_RETIRED},
    [CATALOG_RUN_FAILED] = {NO, NO, NO, NO, NO, CATALOG_RUN_WAITING, NO, CATALOG_RUN_RETIRED},
    [CATALOG_RUN_DIVERGED] = {NO, NO, NO, NO, NO, CATALOG_RUN_WAITING, NO, CATALOG_RUN_RETIRED},
    [CATALOG_RUN_RETIRED] = {NO, NO, NO, NO, NO, NO, NO, NO},
};

START_TEST(every_transition_is_as_drawn_and_every_other_is_an_error)
{
    for (int from = 0; from < CATALOG_N_RUN_STATES; from++) {
        for (int e = 0; e < N_RUN_EVENTS; e++) {
            CatalogRunState to = CATALOG_N_RUN_STATES;
            Err err = ERR_INIT;
            ErrCode rc = run_state_next((CatalogRunState)from, (RunEvent)e, &to, &err);
            ck_assert_msg(to == want[from][e], "%s --%s--> %d",
                          catalog_run_state_name((CatalogRunState)from),
                          run_event_name((RunEvent)e), (int)to);
            ck_assert_int_eq(rc, to == CATALOG_N_RUN_STATES ? ERR_CONFLICT : ERR_OK);
        }
    }
}
END_TEST

START_TEST(an_illegal_transition_says_what_cannot_be)
{
    CatalogRunState to = CATALOG_N_RUN_STATES;
    Err err = ERR_INIT;
    ck_assert_int_eq(run_state_next(CATALOG_RUN_DONE, RUN_START, &to, &err), ERR_CONFLICT);
    ck_assert_str_eq(err.msg, "a done run cannot start");
}
END_TEST

START_TEST(an_attempt_ends_once)
{
    static const CatalogAttemptState end[N_ATTEMPT_EVENTS] = {
        CATALOG_ATTEMPT_DONE, CATALOG_ATTEMPT_INTERRUPTED, CATALOG_ATTEMPT_DIVERGED,
        CATALOG_ATTEMPT_FAILED, CATALOG_ATTEMPT_LOST};
    for (int from = 0; from < CATALOG_N_ATTEMPT_STATES; from++) {
        for (int e = 0; e < N_ATTEMPT_EVENTS; e++) {
            CatalogAttemptState to = CATALOG_N_ATTEMPT_STATES;
            Err err = ERR_INIT;
            ErrCode rc = attempt_state_next((CatalogAttemptState)from, (AttemptEvent)e, &to, &err);
            bool may = from == CATALOG_ATTEMPT_RUNNING;
            ck_assert_int_eq(rc, may ? ERR_OK : ERR_CONFLICT);
            ck_assert_int_eq(to, may ? end[e] : CATALOG_N_ATTEMPT_STATES);
            ck_assert_ptr_nonnull(attempt_event_name((AttemptEvent)e));
        }
    }
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "run_state"});
}

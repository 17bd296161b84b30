/* Every pair of a study's state and an event, against the drawing in study_state.c. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "orchestrator/sched/study_state.h"
#include "tests/support/suite.h"

/* Rows: from; columns: register, catch up, stop, drain.  "" is an error. */
static const char *const want[N_STUDY_STATES][N_STUDY_EVENTS] = {
    [STUDY_NEW] = {"registered", "", "", ""},
    [STUDY_REGISTERED] = {"", "running", "", ""},
    [STUDY_RUNNING] = {"", "", "stopping", "ended"},
    [STUDY_STOPPING] = {"", "", "stopping", "ended"},
    [STUDY_ENDED] = {"", "", "", ""},
};

START_TEST(only_what_is_drawn_is_possible)
{
    for (int from = 0; from < N_STUDY_STATES; from++) {
        for (int e = 0; e < N_STUDY_EVENTS; e++) {
            Err err = ERR_INIT;
            StudyState to = (StudyState)from;
            ErrCode rc = study_state_next((StudyState)from, (StudyEvent)e, &to, &err);
            if (want[from][e][0]) {
                ck_assert_int_eq(rc, ERR_OK);
                ck_assert_str_eq(study_state_name(to), want[from][e]);
            } else {
                ck_assert_int_eq(rc, ERR_CONFLICT);
                ck_assert_int_eq(to, from);
                ck_assert_ptr_nonnull(strstr(err.msg, study_state_name((StudyState)from)));
                ck_assert_ptr_nonnull(strstr(err.msg, study_event_name((StudyEvent)e)));
            }
        }
    }
}
END_TEST

START_TEST(the_worse_cause_counts)
{
    ck_assert_int_eq(study_cause_worse(STUDY_INTERRUPTED, STUDY_PAUSED), STUDY_PAUSED);
    ck_assert_int_eq(study_cause_worse(STUDY_BROKEN, STUDY_FAIL_FAST), STUDY_BROKEN);
    ck_assert_int_eq(study_cause_worse(STUDY_NO_CAUSE, STUDY_NO_CAUSE), STUDY_NO_CAUSE);
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "study_state"});
}

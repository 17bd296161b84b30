/* The contract of exit statuses (product.md, "A worker exits ..."), row by row. */
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "orchestrator/sched/verdict.h"
#include "tests/support/suite.h"

#define EXITED(c)                           \
    {                                       \
        .phase = LAUNCH_EXITED, .code = (c) \
    }
#define SIGNALED(s)                             \
    {                                           \
        .phase = LAUNCH_SIGNALED, .signal = (s) \
    }
#define UNSEEN               \
    {                        \
        .phase = LAUNCH_GONE \
    }
#define BYE(b) .has_bye = true, .bye = CATALOG_ATTEMPT_##b

static const struct {
    const char *what;
    Ending e;
    AttemptEvent attempt;
    RunEvent run;
    bool is_charged;
    const char *reason; /* somewhere in the attempt's reason */
} row[] = {
    {"done",
     {.status = EXITED(0), BYE(DONE), .is_complete = true},
     ATTEMPT_FINISH,
     RUN_FINISH,
     false,
     ""},
    {"done with a checkpoint missing",
     {.status = EXITED(0), BYE(DONE)},
     ATTEMPT_FAIL,
     RUN_REQUEUE,
     true,
     "checkpoints are missing"},
    {"0 without bye",
     {.status = EXITED(0), .is_complete = true},
     ATTEMPT_FAIL,
     RUN_REQUEUE,
     true,
     "without having said"},
    {"requeue me",
     {.status = EXITED(75), BYE(INTERRUPTED), .step = 4},
     ATTEMPT_INTERRUPT,
     RUN_REQUEUE,
     false,
     "asked to be started again"},
    {"configuration error",
     {.status = EXITED(78), .last_words = "no such key"},
     ATTEMPT_FAIL,
     RUN_FAIL,
     false,
     "no such key"},
    {"diverged",
     {.status = EXITED(79), BYE(DIVERGED), .bye_reason = "loss is inf"},
     ATTEMPT_DIVERGE,
     RUN_DIVERGE,
     false,
     "loss is inf"},
    {"diverged without a word",
     {.status = EXITED(79)},
     ATTEMPT_DIVERGE,
     RUN_DIVERGE,
     false,
     "left its bound"},
    {"any other status", {.status = EXITED(3)}, ATTEMPT_FAIL, RUN_REQUEUE, true, "exit status 3"},
    {"a signal", {.status = SIGNALED(SIGSEGV)}, ATTEMPT_FAIL, RUN_REQUEUE, true, "SIGSEGV"},
    {"a real-time signal", {.status = SIGNALED(40)}, ATTEMPT_FAIL, RUN_REQUEUE, true, "signal 40"},
    {"a hang, stopped politely",
     {.status = EXITED(75), BYE(INTERRUPTED), .is_hung = true, .silent_s = 60},
     ATTEMPT_FAIL,
     RUN_REQUEUE,
     true,
     "no news for 60 s"},
    {"while stopping: saved",
     {.status = EXITED(75), BYE(INTERRUPTED), .is_stopping = true},
     ATTEMPT_INTERRUPT,
     RUN_REQUEUE,
     false,
     ""},
    {"while stopping: killed",
     {.status = SIGNALED(SIGKILL), .is_stopping = true},
     ATTEMPT_INTERRUPT,
     RUN_REQUEUE,
     false,
     "while stopping"},
    {"while stopping: done just in time",
     {.status = EXITED(0), BYE(DONE), .is_complete = true, .is_stopping = true},
     ATTEMPT_FINISH,
     RUN_FINISH,
     false,
     ""},
    {"unseen", {.status = UNSEEN}, ATTEMPT_LOSE, RUN_REQUEUE, false, "scheduler died"},
    {"unseen, saved",
     {.status = UNSEEN, BYE(INTERRUPTED)},
     ATTEMPT_INTERRUPT,
     RUN_REQUEUE,
     false,
     ""},
    {"unseen, done",
     {.status = UNSEEN, BYE(DONE), .is_complete = true},
     ATTEMPT_FINISH,
     RUN_FINISH,
     false,
     ""},
    {"unseen, done but incomplete",
     {.status = UNSEEN, BYE(DONE)},
     ATTEMPT_LOSE,
     RUN_REQUEUE,
     false,
     ""},
    {"unseen, diverged",
     {.status = UNSEEN, BYE(DIVERGED)},
     ATTEMPT_DIVERGE,
     RUN_DIVERGE,
     false,
     ""},
    {"never started",
     {.status = UNSEEN, .start_error = "fork: no memory"},
     ATTEMPT_FAIL,
     RUN_REQUEUE,
     false,
     "fork: no memory"},
    {"the disk is full",
     {.status = EXITED(73), .last_words = "write events.jsonl: No space left on device"},
     ATTEMPT_INTERRUPT,
     RUN_REQUEUE,
     false,
     "the disk is full: write events.jsonl"},
    {"nothing can be started",
     {.status = UNSEEN, .start_error = "cannot execute x", .is_stopping = true},
     ATTEMPT_FAIL,
     RUN_REQUEUE,
     false,
     "cannot execute x"},
};

static Ending with_texts(Ending e)
{
    e.bye_reason = e.bye_reason ? e.bye_reason : "";
    e.last_words = e.last_words ? e.last_words : "";
    return e;
}

START_LOOP_TEST(an_ending_means_what_the_contract_says, sizeof row / sizeof row[0])
{
    Trouble t = TROUBLE_INIT;
    Ending e = with_texts(row[_i].e);
    Verdict v = verdict_of(&e, 1, &t);
    ck_assert_msg(v.attempt == row[_i].attempt && v.run == row[_i].run, "%s: %s, %s", row[_i].what,
                  attempt_event_name(v.attempt), run_event_name(v.run));
    ck_assert_int_eq(v.is_charged, row[_i].is_charged);
    ck_assert_int_eq(v.is_no_space, strncmp(v.reason, "the disk is full", 16) == 0);
    ck_assert_msg(strstr(v.reason, row[_i].reason), "%s: %s", row[_i].what, v.reason);
}
END_TEST

static Verdict again(Trouble *t, LaunchStatus s, int64_t step, int64_t retries)
{
    Ending e = {.status = s, .bye_reason = "", .last_words = "boom", .step = step};
    return verdict_of(&e, retries, t);
}

START_TEST(retries_are_counted)
{
    Trouble t = TROUBLE_INIT;
    LaunchStatus s = EXITED(3);
    ck_assert_int_eq(again(&t, s, 1, 2).run, RUN_REQUEUE);
    ck_assert_int_eq(again(&t, s, 2, 2).run, RUN_REQUEUE);
    ck_assert_int_eq(again(&t, s, 3, 2).run, RUN_FAIL);
}
END_TEST

START_TEST(the_same_error_at_the_same_step_twice_is_final)
{
    Trouble t = TROUBLE_INIT;
    LaunchStatus s = EXITED(3), other = EXITED(4);
    ck_assert_int_eq(again(&t, s, 7, 100).run, RUN_REQUEUE);
    ck_assert_int_eq(again(&t, other, 7, 100).run, RUN_REQUEUE);
    ck_assert_int_eq(again(&t, s, 7, 100).run, RUN_REQUEUE);
    Verdict v = again(&t, s, 7, 100);
    ck_assert_int_eq(v.run, RUN_FAIL);
    ck_assert_ptr_nonnull(strstr(v.run_reason, "twice the same"));
    ck_assert_ptr_nonnull(strstr(v.run_reason, "boom"));
}
END_TEST

START_TEST(sigkill_comes_from_outside_and_proves_nothing)
{
    Trouble t = TROUBLE_INIT;
    LaunchStatus s = SIGNALED(SIGKILL);
    ck_assert_int_eq(again(&t, s, 7, 2).run, RUN_REQUEUE);
    ck_assert_int_eq(again(&t, s, 7, 2).run, RUN_REQUEUE);
    ck_assert_int_eq(again(&t, s, 7, 2).run, RUN_FAIL); /* but it is counted */
}
END_TEST

START_TEST(two_hangs_at_one_step_are_final)
{
    Trouble t = TROUBLE_INIT;
    Ending e = {.status = SIGNALED(SIGKILL),
                .bye_reason = "",
                .last_words = "",
                .is_hung = true,
                .step = 7};
    ck_assert_int_eq(verdict_of(&e, 9, &t).run, RUN_REQUEUE);
    e.silent_s = 61;
    ck_assert_int_eq(verdict_of(&e, 9, &t).run, RUN_FAIL);
}
END_TEST

START_TEST(requeues_are_free_while_they_get_on_and_end_when_they_do_not)
{
    Trouble t = TROUBLE_INIT;
    Ending e = {.status = EXITED(75), .bye_reason = "", .last_words = ""};
    for (int i = 1; i < 50; i++) {
        e.step = i;
        ck_assert_int_eq(verdict_of(&e, 0, &t).run, RUN_REQUEUE);
    }
    RunEvent last = RUN_REQUEUE;
    int n = 0;
    for (; n < 50 && last == RUN_REQUEUE; n++) {
        last = verdict_of(&e, 0, &t).run;
    }
    ck_assert_int_eq(last, RUN_FAIL);
    ck_assert_int_eq(n, VERDICT_MAX_IDLE_REQUEUES);
}
END_TEST

START_TEST(back_off_is_none_at_first_and_doubles_up_to_its_limit)
{
    static const int64_t want[] = {0, 1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000};
    for (int64_t i = 0; i < 9; i++) {
        ck_assert_int_eq(verdict_backoff_ms(i + 1, 1000, 60000), want[i]);
    }
    ck_assert_int_eq(verdict_backoff_ms(1000000, 1000, 60000), 60000);
}
END_TEST

START_TEST(a_run_that_gets_on_does_not_wait_longer_each_time)
{
    Trouble t = TROUBLE_INIT;
    LaunchStatus s = SIGNALED(SIGKILL);
    for (int64_t step = 10; step <= 50; step += 10) {
        (void)again(&t, s, step, 9);
        ck_assert_int_eq(t.stuck, 1);
    }
    (void)again(&t, s, 50, 9);
    (void)again(&t, s, 40, 9);
    ck_assert_int_eq(t.stuck, 3);
    ck_assert_int_eq(t.failures, 7); /* retries are spent all the same */
    (void)again(&t, s, 60, 9);
    ck_assert_int_eq(t.stuck, 1);
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "verdict"});
}

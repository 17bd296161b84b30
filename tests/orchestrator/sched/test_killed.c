/* Schedulers and workers that are killed: nothing changes in the end, and nothing is lost or
 * trained twice. */
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "orchestrator/launch/process.h"
#include "tests/orchestrator/sched/four_runs.h"
#include "tests/support/suite.h"

START_TEST(a_killed_scheduler_changes_nothing_in_the_end)
{
    char *want = undisturbed();
    SchedOptions o = fixture_options(&f);
    fixture_behave("all=slow@10");
    int kills = 0;
    for (int i = 0; i < 12; i++) {
        pid_t pid = fixture_fork(&f, &o);
        /* From before the first row to the middle of the study, never twice the same. */
        (void)usleep((useconds_t)(5000 + 7919 * (i * 5 % 12)));
        (void)kill(pid, SIGKILL);
        kills += ended(pid) == -SIGKILL;
    }
    ck_assert_int_ge(kills, 6);
    fixture_behave("");
    SchedSummary s = fixture_run(&f, &o);
    ck_assert_int_eq(s.by_state[CATALOG_RUN_DONE], 4);
    want_dump(want);
    want_sql("SELECT count(*) FROM attempt WHERE state = 'running'", "0");
    s = fixture_run(&f, &o);
    ck_assert_int_eq(s.started, 0);
}
END_TEST

START_TEST(killed_workers_change_nothing_in_the_end)
{
    char *want = undisturbed();
    SchedOptions o = fixture_options(&f);
    fixture_behave("r0=kill@2*1,r1=kill@5*2,r2=kill@12*1,r3=exit@4*1");
    SchedSummary s = fixture_run(&f, &o);
    ck_assert_int_eq(s.by_state[CATALOG_RUN_DONE], 4);
    want_dump(want);
}
END_TEST

START_TEST(a_run_that_was_killed_too_often_is_taken_up_again)
{
    SchedOptions o = fixture_options(&f);
    o.retries = 0;
    fixture_behave("r2=kill@5*1");
    SchedSummary s = fixture_run(&f, &o);
    ck_assert_int_eq(s.by_state[CATALOG_RUN_FAILED], 1);
    s = fixture_run(&f, &o);
    ck_assert_int_eq(s.by_state[CATALOG_RUN_DONE], 4);
}
END_TEST

/* The scheduler is killed and r3's worker, deaf to PDEATHSIG's SIGTERM, lives on: its pid. */
static pid_t orphaned_worker(const SchedOptions *o)
{
    fixture_behave("r3=deaf@5");
    pid_t pid = fixture_fork(&f, o);
    wait_sql("SELECT count(*) FROM metric m JOIN run r ON r.id = run_id WHERE r.name = 'r3' AND"
             " step = 5",
             "1");
    ck_assert_int_eq(kill(pid, SIGKILL), 0);
    ck_assert_int_eq(ended(pid), -SIGKILL);
    pid_t orphan = (pid_t)strtol(
        fixture_sql(&f, "SELECT a.pid FROM attempt a JOIN run r ON r.id = run_id WHERE r.name ="
                        " 'r3'"),
        NULL, 10);
    ck_assert_int_gt(process_start_ticks(orphan), 0);
    return orphan;
}

START_TEST(a_worker_that_outlives_its_scheduler_is_ended_before_the_next_attempt)
{
    SchedOptions o = fixture_options(&f);
    pid_t orphan = orphaned_worker(&o);
    fixture_behave("");
    SchedSummary s = fixture_run(&f, &o);
    ck_assert_int_eq(s.by_state[CATALOG_RUN_DONE], 4);
    ck_assert_int_eq(process_start_ticks(orphan), -1);
    ck_assert_ptr_nonnull(strstr(f.log, "r3: its worker"));
    want_sql("SELECT a.state FROM attempt a JOIN run r ON r.id = run_id WHERE r.name = 'r3' AND"
             " number = 0",
             "lost");
}
END_TEST

/* The study file loses the run before anybody looks after its worker. */
START_TEST(a_worker_of_a_retired_run_does_not_train_on)
{
    SchedOptions o = fixture_options(&f);
    pid_t orphan = orphaned_worker(&o);
    f.study.n_runs = 3;
    fixture_behave("");
    SchedSummary s = fixture_run(&f, &o);
    ck_assert_int_eq(s.retired, 1);
    ck_assert_int_eq(process_start_ticks(orphan), -1);
    want_sql("SELECT r.state || ' ' || a.state || ' ' || (a.ended_ms > 0) FROM attempt a JOIN run r"
             " ON r.id = run_id WHERE r.name = 'r3'",
             "retired lost 1");
    want_sql("SELECT count(*) FROM attempt WHERE state = 'running'", "0");
    f.study.n_runs = 4; /* and back again: it goes on where it was */
    s = fixture_run(&f, &o);
    ck_assert_int_eq(s.by_state[CATALOG_RUN_DONE], 4);
    ck_assert_int_eq(s.started, 1);
}
END_TEST

/* The worker said done and the scheduler died before it heard: nothing is trained again. */
START_TEST(success_that_nobody_saw_is_still_success)
{
    SchedOptions o = fixture_options(&f);
    f.study.n_runs = 1;
    (void)fixture_run(&f, &o);
    char path[1024];
    (void)snprintf(path, sizeof path, "%s/%s/attempt-000/exit.json", f.dir, fixture_dir(&f, 0));
    ck_assert_int_eq(unlink(path), 0);
    change_sql("UPDATE run SET state='running'; UPDATE attempt SET state='running',"
               " ended_ms=NULL, exit_code=NULL, ingested_bytes=0, ingested_seq=-1;"
               " DELETE FROM checkpoint");
    SchedSummary s = fixture_run(&f, &o);
    ck_assert_int_eq(s.started, 0);
    ck_assert_int_eq(s.by_state[CATALOG_RUN_DONE], 1);
    want_sql("SELECT count(*) FROM checkpoint", "3");
}
END_TEST

int main(void)
{
    return test_main((TestPlan){
        .name = "killed", .set_up = four_runs_open, .tear_down = four_runs_close, .timeout = 30.0});
}

/* Disks that are full, folders that cannot be written, checkpoints that went bad. */
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/orchestrator/sched/four_runs.h"
#include "tests/support/suite.h"

START_TEST(a_full_disk_pauses_the_study_and_costs_no_retry)
{
    char *want = undisturbed();
    SchedOptions o = fixture_options(&f);
    o.retries = 0;
    fixture_behave("r3=full@5*1,r2=slow@20");
    SchedSummary s = fixture_run(&f, &o);
    ck_assert(s.is_paused && !s.is_interrupted);
    ck_assert_msg(strstr(s.why, "No space left on device"), "%s", s.why);
    ck_assert_ptr_nonnull(strstr(f.log, "pausing the study: r3: the disk is full"));
    ck_assert_int_eq(s.by_state[CATALOG_RUN_FAILED], 0);
    want_sql("SELECT reason FROM run WHERE name = 'r3'", "paused: the disk is full");
    want_sql("SELECT group_concat(DISTINCT state) FROM run", "waiting");
    want_sql("SELECT count(*) FROM attempt", "2"); /* nothing else was started */
    fixture_behave("");
    ck_assert_int_eq(fixture_run(&f, &o).by_state[CATALOG_RUN_DONE], 4);
    want_dump(want);
}
END_TEST

/* A folder that should hold the run is a file: no worker can be started there, whatever the run. */
START_TEST(a_study_folder_that_cannot_be_written_stops_the_study)
{
    SchedOptions o = fixture_options(&f);
    SchedSummary s = {0};
    Err err = ERR_INIT;
    char path[1024];
    (void)snprintf(path, sizeof path, "study/%s", fixture_dir(&f, 3));
    *strrchr(path, '/') = '\0';
    ck_assert_ptr_nonnull(tmpdir_write(&f.tmp, path, "in the way"));
    ErrCode rc = sched_run(&f.study, &o, &s, &err);
    ck_assert_msg(rc == ERR_IO || rc == ERR_CONFLICT, "%s", err.msg);
    ck_assert_ptr_nonnull(strstr(err.msg, "/runs"));
    want_sql("SELECT count(*) FROM attempt", "0");
    (void)snprintf(path, sizeof path, "%s/runs", f.dir);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(fixture_run(&f, &o).by_state[CATALOG_RUN_DONE], 4);
}
END_TEST

START_TEST(bad_checkpoints_bring_a_done_run_back)
{
    SchedOptions o = fixture_options(&f);
    (void)fixture_run(&f, &o);
    char *before = fixture_dump(&f);
    change_sql("UPDATE checkpoint SET state = 'corrupt' WHERE step = 12 AND"
               " run_id = (SELECT id FROM run WHERE name = 'r1')");
    SchedSummary s = fixture_run(&f, &o);
    ck_assert_int_eq(s.started, 1);
    ck_assert_int_eq(s.by_state[CATALOG_RUN_DONE], 4);
    ck_assert_ptr_nonnull(strstr(f.log, "r1 was done, but 1 of its checkpoints is missing or"));
    want_sql("SELECT count(*) FROM checkpoint WHERE state <> 'complete'", "0");
    char *after = fixture_dump(&f);
    *strstr(before, "# 6") = *strstr(after, "# 6") = '\0'; /* how many attempts were done */
    ck_assert(strcmp(before, after) == 0);
    free(before);
    free(after);
}
END_TEST

/* The catalog cannot grow any more (as on a full disk): the scheduler must end its workers,
 * say so, and a later one must go on as if nothing had been. */
START_TEST(a_catalog_that_cannot_be_written_stops_the_study_and_costs_nothing)
{
    char *want = undisturbed();
    SchedOptions o = fixture_options(&f);
    fixture_behave("all=slow@10");
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        struct rlimit limit = {.rlim_cur = 160 << 10, .rlim_max = 160 << 10};
        (void)signal(SIGXFSZ, SIG_IGN); /* EFBIG instead */
        SchedSummary s = {0};
        Err err = ERR_INIT;
        _exit(setrlimit(RLIMIT_FSIZE, &limit) == 0 && sched_run(&f.study, &o, &s, &err) == ERR_DB
                  ? 0
                  : 1);
    }
    ck_assert_int_eq(ended(pid), 0);
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
    fixture_behave("");
    ck_assert_int_eq(fixture_run(&f, &o).by_state[CATALOG_RUN_DONE], 4);
    want_dump(want);
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "no room",
                                .set_up = four_runs_open,
                                .tear_down = four_runs_close,
                                .timeout = 30.0});
}

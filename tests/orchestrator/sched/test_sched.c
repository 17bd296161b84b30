/* The scheduler with real processes: the fake worker, misbehaving on request. */
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/exit_code.h"
#include "common/fsx.h"
#include "common/machine.h"
#include "orchestrator/sched/retry.h"
#include "tests/orchestrator/sched/four_runs.h"
#include "tests/support/suite.h"

START_TEST(every_run_is_done_and_a_second_time_nothing_is)
{
    SchedOptions o = fixture_options(&f);
    SchedSummary s = fixture_run(&f, &o);
    ck_assert_int_eq(s.by_state[CATALOG_RUN_DONE], 4);
    ck_assert_int_eq(s.started, 4);
    ck_assert_int_eq(f.n_settled, 4);
    ck_assert_int_le(f.most_running, 2);
    want_sql("SELECT count(*) FROM metric", "48");
    want_sql("SELECT count(*) FROM checkpoint WHERE state = 'complete'", "12");
    want_sql("SELECT count(*) FROM observation", "12");
    char *before = fixture_dump(&f);
    s = fixture_run(&f, &o);
    ck_assert_int_eq(s.started, 0);
    ck_assert_int_eq(s.by_state[CATALOG_RUN_DONE], 4);
    want_dump(before);
}
END_TEST

/* Every share of an attempt, in order: "1:0 2:0-1", from its events. */
static const char *shares_of(int run)
{
    static char text[512];
    char path[1024];
    Err err = ERR_INIT;
    Buf events = BUF_INIT;
    (void)snprintf(path, sizeof path, "%s/%s/attempt-000/events.jsonl", f.dir,
                   fixture_dir(&f, (size_t)run));
    ck_assert_int_eq(fsx_read(path, 1 << 20, &events, &err), ERR_OK);
    text[0] = '\0';
    for (const char *p = buf_str(&events); (p = strstr(p, "\"event\":\"share\"")) != NULL; p++) {
        int threads = 0;
        char cores[64] = "any";
        (void)sscanf(p, "\"event\":\"share\",\"threads\":%d,\"cores\":\"%63[^\"]", &threads, cores);
        size_t n = strlen(text);
        (void)snprintf(text + n, sizeof text - n, "%s%d:%s", n ? " " : "", threads, cores);
    }
    buf_release(&events);
    return text;
}

/* Options for two cores, of which this process then has no others.  False: there is one. */
static bool on_two_cores(SchedOptions *o, CoreSet *two)
{
    *two = machine_cores();
    if (two->n < 2) {
        return false;
    }
    two->n = 2;
    ck_assert(machine_pin(two));
    *o = fixture_options(&f);
    o->threads = 0;
    o->concurrency = 2;
    o->is_pinned = true;
    return true;
}

/* Two runs at a time have a core each; r3, which takes three times as long as the others one
 * after the other, is the last one and gets both. */
START_TEST(the_last_run_gets_the_idle_core)
{
    SchedOptions o;
    CoreSet two;
    if (!on_two_cores(&o, &two)) {
        return;
    }
    char both[32], want[64];
    fixture_behave("all=slow@10,r3=slow@100");
    (void)fixture_run(&f, &o);
    int own = 0;
    ck_assert_int_eq(sscanf(shares_of(3), "1:%d", &own), 1);
    (void)snprintf(want, sizeof want, "1:%d 2:%s", own, core_set_text(&two, both, sizeof both));
    ck_assert_str_eq(shares_of(3), want);
    (void)snprintf(want, sizeof want, "1:%d", two.core[0] + two.core[1] - own);
    for (int i = 0; i < 3; i++) {
        ck_assert_str_eq(shares_of(i), want);
    }
    (void)snprintf(want, sizeof want, "2 %s", both);
    want_sql("SELECT threads || ' ' || cores FROM attempt a JOIN run r ON r.id = a.run_id"
             " WHERE r.name = 'r3'",
             want);
}
END_TEST

START_TEST(sharing_cores_changes_no_result_also_when_killed)
{
    SchedOptions o = fixture_options(&f);
    CoreSet two;
    (void)fixture_run(&f, &o);
    char *before = fixture_dump(&f);
    four_runs_close();
    four_runs_open();
    if (on_two_cores(&o, &two)) {
        fixture_behave("all=slow@5,r3=kill@6*1");
        (void)fixture_run(&f, &o);
        want_dump(before);
    } else {
        free(before);
    }
}
END_TEST

/* With a number in the study file nothing is shared; without pinning nobody is told a core. */
START_TEST(fixed_threads_and_free_cores_stay_so)
{
    SchedOptions o = fixture_options(&f);
    o.threads = 3;
    fixture_behave("all=slow@5");
    (void)fixture_run(&f, &o);
    for (int i = 0; i < 4; i++) {
        ck_assert_str_eq(shares_of(i), "3:any");
    }
    want_sql("SELECT count(*) FROM attempt WHERE threads = 3 AND cores IS NULL", "4");
}
END_TEST

START_TEST(the_longest_run_starts_first)
{
    SchedOptions o = fixture_options(&f);
    o.workers = 1;
    (void)fixture_run(&f, &o);
    want_sql("SELECT group_concat(name, ' ') FROM (SELECT name FROM run JOIN attempt ON run_id = id"
             " ORDER BY started_ms, name DESC)",
             "r3 r2 r1 r0");
}
END_TEST

static const struct {
    const char *fake; /* what r1 does */
    int64_t retries;
    const char *state;    /* of r1 at the end */
    const char *attempts; /* their states, by number */
    const char *reason;   /* in the run's reason; "" for none */
} trouble[] = {
    {"r1=exit@5*1", 2, "done", "failed done", ""},
    {"r1=kill@5*1", 2, "done", "failed done", ""},
    {"r1=mute*1", 2, "done", "failed done", ""},
    {"r1=requeue@5*1", 0, "done", "interrupted done", ""},
    {"r1=liar@5*1", 2, "done", "failed done", ""},
    {"r1=garbage@5", 0, "done", "done", ""},
    {"r1=exit@5", 5, "failed", "failed failed", "exit status 3: fake-worker: gives up at step 5"},
    {"r1=exit@5", 0, "failed", "failed", "exit status 3"},
    {"r1=kill@5", 2, "failed", "failed failed failed", "killed by SIGKILL"},
    {"r1=config", 5, "failed", "failed", "this configuration can never run"},
    {"r1=diverge@5", 5, "diverged", "diverged", "loss is nan"},
};

START_LOOP_TEST(trouble_ends_as_it_should_and_alone, sizeof trouble / sizeof trouble[0])
{
    SchedOptions o = fixture_options(&f);
    o.retries = trouble[_i].retries;
    fixture_behave(trouble[_i].fake);
    SchedSummary s = fixture_run(&f, &o);
    ck_assert_int_ge(s.by_state[CATALOG_RUN_DONE], 3); /* the others never notice */
    want_sql("SELECT state FROM run WHERE name = 'r1'", trouble[_i].state);
    want_sql("SELECT group_concat(a.state, ' ') FROM attempt a JOIN run r ON r.id = run_id"
             " WHERE r.name = 'r1'",
             trouble[_i].attempts);
    const char *reason = fixture_sql(&f, "SELECT reason FROM run WHERE name = 'r1'");
    ck_assert_msg(strstr(reason, trouble[_i].reason), "%s", reason);
    ck_assert_int_eq(reason[0] == '\0', trouble[_i].reason[0] == '\0');
}
END_TEST

START_TEST(damaged_lines_are_counted_and_reported)
{
    SchedOptions o = fixture_options(&f);
    fixture_behave("r1=garbage@5");
    (void)fixture_run(&f, &o);
    /* Three ended by '\n', and the unfinished one together with the good line after it. */
    want_sql("SELECT sum(damaged_lines) > 2 FROM attempt", "1");
    ck_assert_ptr_nonnull(strstr(f.log, "r1: attempt 0: events.jsonl at byte"));
}
END_TEST

START_LOOP_TEST(a_hung_worker_is_stopped_and_its_run_retried, 2)
{
    SchedOptions o = fixture_options(&f);
    o.times.hang_min = 150;
    o.times.hang_factor = 1;
    fixture_behave(_i == 0 ? "r1=hang@5*1" : "r1=deaf@5*1");
    SchedSummary s = fixture_run(&f, &o);
    ck_assert_int_eq(s.by_state[CATALOG_RUN_DONE], 4);
    want_sql("SELECT group_concat(a.state, ' ') FROM attempt a JOIN run r ON r.id = run_id"
             " WHERE r.name = 'r1'",
             "failed done");
    ck_assert_ptr_nonnull(strstr(f.log, "r1: no news for"));
    ck_assert_int_eq(strstr(f.log, "killing it") != NULL, _i == 1);
}
END_TEST

START_TEST(a_program_that_cannot_be_executed_stops_everything_at_once)
{
    SchedOptions o = fixture_options(&f);
    SchedSummary s = {0};
    Err err = ERR_INIT;
    o.worker = "/nowhere/slaw-worker";
    o.retries = 0;
    ck_assert_int_eq(sched_run(&f.study, &o, &s, &err), ERR_UNAVAILABLE);
    ck_assert_ptr_nonnull(strstr(err.msg, "/nowhere/slaw-worker"));
    want_sql("SELECT count(*) FROM run WHERE state = 'waiting'", "4");
    want_sql("SELECT count(*) <= 2 FROM attempt WHERE state = 'failed'", "1");
    o = fixture_options(&f);
    ck_assert_int_eq(fixture_run(&f, &o).by_state[CATALOG_RUN_DONE], 4);
}
END_TEST

START_TEST(fail_fast_stops_the_others_and_they_go_on_later)
{
    SchedOptions o = fixture_options(&f);
    o.is_fail_fast = true;
    fixture_behave("r3=config,r2=slow@50");
    SchedSummary s = fixture_run(&f, &o);
    ck_assert_int_eq(s.by_state[CATALOG_RUN_FAILED], 1);
    ck_assert_int_eq(s.by_state[CATALOG_RUN_WAITING], 3);
    ck_assert(!s.is_interrupted);
    fixture_behave("");
    s = fixture_run(&f, &o);
    ck_assert_int_eq(s.by_state[CATALOG_RUN_DONE], 3);
    ck_assert_int_eq(s.by_state[CATALOG_RUN_FAILED], 1); /* not without a person's retry */
}
END_TEST

START_TEST(a_run_that_left_the_study_is_retired_and_its_files_stay)
{
    SchedOptions o = fixture_options(&f);
    (void)fixture_run(&f, &o);
    f.study.n_runs = 3;
    SchedSummary s = fixture_run(&f, &o);
    ck_assert_int_eq(s.retired, 1);
    ck_assert_int_eq(s.started, 0);
    char path[1024];
    (void)snprintf(path, sizeof path, "%s/%s/checkpoints", f.dir, fixture_dir(&f, 3));
    ck_assert(fsx_is_dir(path));
    f.study.n_runs = 4;
    s = fixture_run(&f, &o);
    ck_assert_int_eq(s.started, 0);
    ck_assert_int_eq(s.by_state[CATALOG_RUN_DONE], 4);
}
END_TEST

START_TEST(checkpoints_that_vanished_are_made_again)
{
    SchedOptions o = fixture_options(&f);
    (void)fixture_run(&f, &o);
    char path[1024];
    Err err = ERR_INIT;
    (void)snprintf(path, sizeof path, "%s/%s", f.dir, fixture_dir(&f, 2));
    ck_assert_int_eq(fsx_remove_tree(path, &err), ERR_OK);
    SchedSummary s = fixture_run(&f, &o);
    ck_assert_int_eq(s.started, 1);
    ck_assert_int_eq(s.by_state[CATALOG_RUN_DONE], 4);
    (void)snprintf(path, sizeof path, "%s/%s/attempt-001/exit.json", f.dir, fixture_dir(&f, 2));
    ck_assert(fsx_exists(path)); /* numbers are not used twice */
}
END_TEST

START_LOOP_TEST(a_missing_or_damaged_catalog_is_made_again_from_the_files, 2)
{
    SchedOptions o = fixture_options(&f);
    (void)fixture_run(&f, &o);
    char *before = fixture_dump(&f);
    char path[1024];
    (void)snprintf(path, sizeof path, "%s/catalog.db", f.dir);
    if (_i == 0) {
        ck_assert_int_eq(unlink(path), 0);
    } else {
        FILE *db = fopen(path, "r+e");
        ck_assert_ptr_nonnull(db);
        for (int i = 0; i < 4096; i++) {
            (void)fputc(0x5a, db); /* the first page and its header */
        }
        ck_assert_int_eq(fclose(db), 0);
    }
    SchedSummary s = fixture_run(&f, &o);
    ck_assert(s.was_rebuilt);
    ck_assert_int_eq(s.started, 0);
    want_dump(before);
}
END_TEST

START_LOOP_TEST(a_signal_interrupts_and_the_next_run_goes_on, 3)
{
    static const int sig[] = {SIGINT, SIGTERM, SIGHUP};
    SchedOptions o = fixture_options(&f);
    fixture_behave("all=slow@20");
    pid_t pid = fixture_fork(&f, &o);
    wait_sql("SELECT count(*) > 3 FROM metric", "1");
    ck_assert_int_eq(kill(pid, sig[_i]), 0);
    ck_assert_int_eq(ended(pid), EXIT_RESUMABLE);
    want_sql("SELECT count(*) FROM run WHERE state = 'waiting'", "4");
    want_sql("SELECT group_concat(DISTINCT state) FROM attempt", "interrupted");
    fixture_behave("");
    SchedSummary s = fixture_run(&f, &o);
    ck_assert_int_eq(s.by_state[CATALOG_RUN_DONE], 4);
    want_sql("SELECT min(resumed_step) > 0 FROM attempt a JOIN run r ON r.id = run_id WHERE"
             " r.name IN ('r2', 'r3') AND a.state = 'done'",
             "1");
}
END_TEST

START_TEST(a_third_signal_kills_workers_that_will_not_stop)
{
    SchedOptions o = fixture_options(&f);
    o.times.grace = o.times.grace_again = 60000;
    fixture_behave("r3=deaf@5,r2=deaf@5");
    pid_t pid = fixture_fork(&f, &o);
    wait_sql("SELECT count(*) FROM metric WHERE step = 5", "2");
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(waitpid(pid, NULL, WNOHANG), 0);
        ck_assert_int_eq(kill(pid, i == 1 ? SIGTERM : SIGINT), 0);
        (void)usleep(100000); /* what arrives at once counts as one */
    }
    ck_assert_int_eq(ended(pid), EXIT_RESUMABLE);
    want_sql("SELECT group_concat(DISTINCT exit_signal) FROM attempt", "9");
    want_sql("SELECT group_concat(DISTINCT state) FROM run", "waiting");
}
END_TEST

START_TEST(grace_ends_in_a_kill)
{
    SchedOptions o = fixture_options(&f);
    o.times.grace = 100;
    fixture_behave("r3=deaf@5,r2=deaf@5");
    pid_t pid = fixture_fork(&f, &o);
    wait_sql("SELECT count(*) FROM metric WHERE step = 5", "2");
    ck_assert_int_eq(kill(pid, SIGTERM), 0);
    ck_assert_int_eq(ended(pid), EXIT_RESUMABLE);
    want_sql("SELECT group_concat(DISTINCT exit_signal) FROM attempt", "9");
}
END_TEST

START_TEST(retry_takes_the_named_runs_or_all_that_failed)
{
    SchedOptions o = fixture_options(&f);
    char path[600], *names[] = {(char[]){"r1"}, (char[]){"r0"}};
    char *unknown[] = {(char[]){"r1"}, (char[]){"r9"}};
    Catalog *c = NULL;
    Err err = ERR_INIT;
    int64_t n = -1;
    fixture_behave("r1=config,r2=diverge@3");
    (void)fixture_run(&f, &o);
    (void)snprintf(path, sizeof path, "%s/catalog.db", f.dir);
    ck_assert_int_eq(catalog_open(path, &c, &err), ERR_OK);
    ck_assert_int_eq(retry_runs(c, f.dir, names, 2, &n, &err), ERR_CONFLICT); /* r0 is done */
    ck_assert_ptr_nonnull(strstr(err.msg, "r0: a done run cannot retry"));
    ck_assert_int_eq(retry_runs(c, f.dir, unknown, 2, &n, &err), ERR_NOTFOUND);
    want_sql("SELECT state FROM run WHERE name = 'r1'", "failed"); /* all or none */
    ck_assert_int_eq(retry_runs(c, f.dir, names, 1, &n, &err), ERR_OK);
    ck_assert_int_eq(n, 1);
    want_sql("SELECT group_concat(state) FROM (SELECT state FROM run ORDER BY id)",
             "done,waiting,diverged,done");
    ck_assert_int_eq(retry_runs(c, f.dir, NULL, 0, &n, &err), ERR_OK);
    ck_assert_int_eq(n, 1);
    catalog_close(c);
    fixture_behave("");
    ck_assert_int_eq(fixture_run(&f, &o).by_state[CATALOG_RUN_DONE], 4);
}
END_TEST

int main(void)
{
    return test_main((TestPlan){
        .name = "sched", .set_up = four_runs_open, .tear_down = four_runs_close, .timeout = 30.0});
}

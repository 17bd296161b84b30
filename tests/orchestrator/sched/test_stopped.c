/* A worker that is held by SIGSTOP: shorter than the hang deadline, longer, and for ever.  Whatever
 * the scheduler makes of it, the catalog is that of an undisturbed study. */
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/orchestrator/sched/fixture.h"
#include "tests/support/suite.h"

enum { HANG_MS = 800, GRACE_MS = 800, STEP_MS = 30, PATIENCE_MS = 20000 };

static Fixture f;

static void setup(void)
{
    if (access("/dev/shm", W_OK) == 0) {
        (void)setenv("TMPDIR", "/dev/shm", 0);
    }
    fixture_open(&f, 2);
}

static void teardown(void)
{
    fixture_close(&f);
}

static SchedOptions options(void)
{
    SchedOptions o = fixture_options(&f);
    o.times.hang_min = HANG_MS;
    o.times.hang_factor = 1;
    o.times.grace_again = GRACE_MS;
    return o;
}

static void wait_sql(const char *sql, const char *want)
{
    for (int ms = 0; ms < PATIENCE_MS; ms += 2) {
        if (strcmp(fixture_sql(&f, sql), want) == 0) {
            return;
        }
        (void)usleep(2000);
    }
    ck_abort_msg("never: %s = %s", sql, want);
}

/* The pid of r1's worker when it has made three steps. */
static pid_t worker_at_work(void)
{
    wait_sql("SELECT count(*) > 2 FROM metric m JOIN run r ON r.id = run_id WHERE name = 'r1'",
             "1");
    const char *pid = fixture_sql(&f, "SELECT pid FROM attempt a JOIN run r ON r.id = run_id"
                                      " WHERE name = 'r1' AND a.state = 'running'");
    ck_assert_int_gt(atoi(pid), 0);
    return (pid_t)atoi(pid);
}

static char *undisturbed(void)
{
    SchedOptions o = options();
    (void)fixture_run(&f, &o);
    char *dump = fixture_dump(&f);
    teardown();
    setup();
    return dump;
}

/* How long it is held [ms], 0: until it is killed; and how often r1 is then tried. */
static const struct {
    unsigned held_ms;
    const char *attempts;
} cases[] = {
    {HANG_MS / 10, "done"},                  /* nobody notices */
    {HANG_MS + GRACE_MS / 2, "failed done"}, /* asked to stop; it does so when it goes on */
    {0, "failed done"},                      /* asked, then killed */
};

START_LOOP_TEST(a_held_worker_changes_nothing, sizeof cases / sizeof cases[0])
{
    char *want = undisturbed(), behave[32];
    SchedOptions o = options();
    (void)snprintf(behave, sizeof behave, "all=slow@%d", STEP_MS);
    fixture_behave(behave);
    pid_t scheduler = fixture_fork(&f, &o);
    pid_t worker = worker_at_work();
    ck_assert_int_eq(kill(worker, SIGSTOP), 0);
    if (cases[_i].held_ms > 0) {
        (void)usleep(1000 * cases[_i].held_ms);
        ck_assert_int_eq(kill(worker, SIGCONT), 0);
    }
    int status = 0;
    ck_assert_int_eq(waitpid(scheduler, &status, 0), scheduler);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "wait status %d", status);
    char *got = fixture_dump(&f);
    ck_assert_str_eq(got, want);
    ck_assert_str_eq(fixture_sql(&f, "SELECT group_concat(a.state, ' ') FROM attempt a JOIN run r"
                                     " ON r.id = run_id WHERE name = 'r1'"),
                     cases[_i].attempts);
    ck_assert_int_ne(kill(worker, 0), 0); /* nobody is left */
    free(got);
    free(want);
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "stopped", .set_up = setup, .tear_down = teardown});
}

/* fixture.h -- a study made by hand, its folder, and a scheduler with short deadlines that
 * runs it with the fake worker. */
#ifndef TESTS_ORCHESTRATOR_SCHED_FIXTURE_H
#define TESTS_ORCHESTRATOR_SCHED_FIXTURE_H

#include "common/arena.h"
#include "orchestrator/sched/sched.h"
#include "tests/support/tmpdir.h"

enum { FIXTURE_MAX_RUNS = 8, FIXTURE_STEPS = 12, FIXTURE_CHECKPOINTS = 3 };

typedef struct Fixture {
    TmpDir tmp;
    char dir[512], corpus[512];
    Arena arena;
    Study study;
    RunSpec runs[FIXTURE_MAX_RUNS]; /* r0, r1, ...: each larger than the one before */
    RunModels models;
    json_t *json[FIXTURE_MAX_RUNS], *axes[FIXTURE_MAX_RUNS];
    char worker[512];
    char log[65536]; /* messages, a line each */
    int64_t most_running;
    int n_settled;
} Fixture;

void fixture_open(Fixture *f, size_t n_runs);
void fixture_close(Fixture *f);

/* The folder of a run below the study's.  Lives until the next call. */
const char *fixture_dir(const Fixture *f, size_t run);

/* What the fake worker of a run shall do; see fake_worker.c. */
void fixture_behave(const char *items);

/* Options that observe into f->log; back-off, grace and hangs in tens of milliseconds. */
SchedOptions fixture_options(Fixture *f);

/* Runs it; fails the test on an error. */
SchedSummary fixture_run(Fixture *f, const SchedOptions *o);

/* One value of the study's catalog as text; "" for NULL.  Lives until the next call. */
const char *fixture_sql(const Fixture *f, const char *sql);

/* Everything in the catalog that no interruption may change, as text; the caller frees. */
char *fixture_dump(const Fixture *f);

/* Starts the scheduler in a process of its own; its exit status is 0, 75 (interrupted) or 9. */
pid_t fixture_fork(Fixture *f, const SchedOptions *o);

#endif

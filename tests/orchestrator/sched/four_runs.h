/* four_runs.h -- the fixture of most tests of the scheduler: a study of four runs.
 * .set_up = four_runs_open, .tear_down = four_runs_close. */
#ifndef TESTS_ORCHESTRATOR_SCHED_FOUR_RUNS_H
#define TESTS_ORCHESTRATOR_SCHED_FOUR_RUNS_H

#include "tests/orchestrator/sched/fixture.h"

extern Fixture f;

void four_runs_open(void);
void four_runs_close(void);

/* Fails unless the catalog answers `want`. */
void want_sql(const char *sql, const char *want);

/* Changes the catalog behind the scheduler's back. */
void change_sql(const char *sql);

/* Waits until the catalog answers `want`; ten seconds is for a machine that is very busy. */
void wait_sql(const char *sql, const char *want);

/* Exit status of a process, or minus the signal. */
int ended(pid_t pid);

/* The catalog of an undisturbed run of the same study, in a folder of its own; the caller frees. */
char *undisturbed(void);

/* Fails unless fixture_dump() is `want`, which it frees. */
void want_dump(char *want);

#endif

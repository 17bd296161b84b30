#include "tests/orchestrator/sched/four_runs.h"

#include <check.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

Fixture f;

void four_runs_open(void)
{
    if (access("/dev/shm", W_OK) == 0) { /* hundreds of fsyncs: not what is tested here */
        (void)setenv("TMPDIR", "/dev/shm", 0);
    }
    fixture_open(&f, 4);
}

void four_runs_close(void)
{
    fixture_close(&f);
}

void want_sql(const char *sql, const char *want)
{
    const char *got = fixture_sql(&f, sql);
    ck_assert_msg(strcmp(got, want) == 0, "%s\ngot  \"%s\"\nwant \"%s\"\n%s", sql, got, want,
                  f.log);
}

void wait_sql(const char *sql, const char *want)
{
    for (int i = 0; i < 5000; i++) {
        if (strcmp(fixture_sql(&f, sql), want) == 0) {
            return;
        }
        (void)usleep(2000);
    }
    ck_abort_msg("never: %s = %s", sql, want);
}

int ended(pid_t pid)
{
    int status = 0;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

void change_sql(const char *sql)
{
    char path[1024];
    sqlite3 *db = NULL;
    (void)snprintf(path, sizeof path, "%s/catalog.db", f.dir);
    ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
}

void want_dump(char *want)
{
    char *got = fixture_dump(&f);
    ck_assert_str_eq(got, want);
    free(got);
    free(want);
}

char *undisturbed(void)
{
    static Fixture calm;
    fixture_open(&calm, 4);
    SchedOptions o = fixture_options(&calm);
    (void)fixture_run(&calm, &o);
    char *dump = fixture_dump(&calm);
    fixture_close(&calm);
    return dump;
}

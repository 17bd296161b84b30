#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "orchestrator/launch/process.h"
#include "orchestrator/sched/lock.h"
#include "tests/support/suite.h"
#include "tests/support/tmpdir.h"

static TmpDir tmp;

static void setup(void)
{
    tmp = tmpdir_open();
}

static void teardown(void)
{
    tmpdir_close(&tmp);
}

START_TEST(nobody_holds_a_lock_that_nobody_took)
{
    LockHolder h;
    Err err = ERR_INIT;
    ck_assert_int_eq(lock_holder(tmp.path, &h, &err), ERR_NOTFOUND);
    Lock l = LOCK_INIT;
    ck_assert_int_eq(lock_acquire(tmp.path, &l, &err), ERR_OK);
    lock_release(&l);
    lock_release(&l);
    ck_assert_int_eq(lock_holder(tmp.path, &h, &err), ERR_NOTFOUND);
}
END_TEST

START_TEST(a_second_one_is_told_who_holds_it)
{
    Lock l = LOCK_INIT, second = LOCK_INIT;
    LockHolder h;
    Err err = ERR_INIT;
    char text[64], host[PROCESS_HOST_BYTES];
    ck_assert_int_eq(lock_acquire(tmp.path, &l, &err), ERR_OK);
    ck_assert_int_eq(lock_acquire(tmp.path, &second, &err), ERR_UNAVAILABLE);
    ck_assert_int_eq(err_exit_status(err.code), 69);
    (void)snprintf(text, sizeof text, "process %ld on host", (long)getpid());
    ck_assert_ptr_nonnull(strstr(err.msg, text));
    ck_assert_ptr_nonnull(strstr(err.msg, process_host(host)));
    ck_assert_int_eq(lock_holder(tmp.path, &h, &err), ERR_OK);
    ck_assert_int_eq(h.pid, getpid());
    ck_assert_str_eq(h.host, host);
    lock_release(&l);
    ck_assert_int_eq(lock_acquire(tmp.path, &second, &err), ERR_OK);
    lock_release(&second);
}
END_TEST

/* A child takes the lock and says so by a byte; then SIGKILL. */
START_TEST(a_killed_holder_leaves_no_lock)
{
    int ready[2];
    Lock l = LOCK_INIT;
    LockHolder h;
    Err err = ERR_INIT;
    char byte;
    ck_assert_int_eq(pipe(ready), 0);
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        _exit(lock_acquire(tmp.path, &l, &err) == ERR_OK && write(ready[1], "x", 1) == 1
                  ? (int)pause()
                  : 1);
    }
    ck_assert_int_eq(read(ready[0], &byte, 1), 1);
    ck_assert_int_eq(lock_acquire(tmp.path, &l, &err), ERR_UNAVAILABLE);
    ck_assert_int_eq(lock_holder(tmp.path, &h, &err), ERR_OK);
    ck_assert_int_eq(h.pid, pid);
    ck_assert_int_eq(kill(pid, SIGKILL), 0);
    ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
    ck_assert_int_eq(lock_holder(tmp.path, &h, &err), ERR_NOTFOUND);
    ck_assert_int_eq(lock_acquire(tmp.path, &l, &err), ERR_OK);
    lock_release(&l);
    (void)close(ready[0]);
    (void)close(ready[1]);
}
END_TEST

START_TEST(text_that_says_nothing_is_no_obstacle)
{
    (void)tmpdir_write(&tmp, "lock", "\x01 not json");
    Lock l = LOCK_INIT;
    Err err = ERR_INIT;
    ck_assert_int_eq(lock_acquire(tmp.path, &l, &err), ERR_OK);
    (void)tmpdir_write(&tmp, "unrelated", "");
    char path[300];
    (void)snprintf(path, sizeof path, "%s/lock", tmp.path);
    ck_assert_int_eq(truncate(path, 0), 0); /* held, and not yet signed */
    Lock second = LOCK_INIT;
    ck_assert_int_eq(lock_acquire(tmp.path, &second, &err), ERR_UNAVAILABLE);
    ck_assert_ptr_nonnull(strstr(err.msg, "another process"));
    lock_release(&l);
}
END_TEST

START_TEST(a_folder_that_is_not_there_is_an_io_error)
{
    Lock l = LOCK_INIT;
    LockHolder h;
    Err err = ERR_INIT;
    ck_assert_int_eq(lock_acquire("/nowhere/study", &l, &err), ERR_IO);
    ck_assert_int_eq(lock_holder("/nowhere/study", &h, &err), ERR_NOTFOUND);
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "lock", .set_up = setup, .tear_down = teardown});
}

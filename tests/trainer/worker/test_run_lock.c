#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/suite.h"
#include "tests/support/tmp.h"
#include "trainer/worker/run_lock.h"

static bool yes(void)
{
    return true;
}

typedef ErrCode RunLock(const char *run_dir, int wait_ms, bool (*should_stop)(void), int *ret_fd,
                        Err *err);

static void check_excludes(RunLock *lock, const char *message, const char *hint)
{
    Err err = ERR_INIT;
    int first = -1, second = -1;
    ck_assert_int_eq(lock(tmp.path, 0, NULL, &first, &err), ERR_OK);
    ck_assert_int_eq(lock(tmp.path, 60, NULL, &second, &err), ERR_CONFLICT);
    ck_assert_ptr_nonnull(strstr(err.msg, message));
    ck_assert_ptr_nonnull(strstr(err.hint, hint));
    ck_assert_int_eq(lock(tmp.path, 60000, yes, &second, &err), ERR_INTERRUPTED);
    (void)close(first);
    ck_assert_int_eq(lock(tmp.path, 0, NULL, &second, &err), ERR_OK);
    (void)close(second);
}

START_TEST(one_process_at_a_time)
{
    check_excludes(run_lock, "another worker", "");
}
END_TEST

/* What is used where a folder cannot be locked: two open files exclude each other. */
START_TEST(a_lock_file_does_where_folders_have_no_locks)
{
    Err err = ERR_INIT;
    int fd = -1;
    check_excludes(run_lock_by_file, "", "command");
    ck_assert_int_eq(run_lock_by_file("/proc/none", 0, NULL, &fd, &err), ERR_IO);
}
END_TEST

START_TEST(death_gives_it_back)
{
    Err err = ERR_INIT;
    int fd = -1, ready[2];
    char byte = 0;
    ck_assert_int_eq(pipe(ready), 0);
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        int held = -1;
        (void)run_lock(tmp.path, 0, NULL, &held, &err);
        (void)!write(ready[1], &byte, 1);
        (void)pause();
        _exit(0);
    }
    ck_assert_int_eq(read(ready[0], &byte, 1), 1);
    ck_assert_int_eq(run_lock(tmp.path, 0, NULL, &fd, &err), ERR_CONFLICT);
    ck_assert_int_eq(kill(pid, SIGKILL), 0);
    ck_assert_int_eq(run_lock(tmp.path, 10000, NULL, &fd, &err), ERR_OK);
    ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
    (void)close(fd);
}
END_TEST

START_TEST(there_must_be_a_folder)
{
    Err err = ERR_INIT;
    int fd = -1;
    ck_assert_int_eq(run_lock("/no/such/folder", 0, NULL, &fd, &err), ERR_NOTFOUND);
    ck_assert_int_eq(run_lock("/proc/version", 0, NULL, &fd, &err), ERR_IO);
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "run_lock", .set_up = tmp_open, .tear_down = tmp_close});
}

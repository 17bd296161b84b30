/* A disk that is full, in earnest: a small tmpfs in a mount namespace of the test. */
#include <errno.h>
#include <ftw.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/exit_code.h"
#include "common/json.h"
#include "tests/support/suite.h"
#include "tests/trainer/worker/tiny_fixture.h"
#include "trainer/worker/events.h"

static char whole[FSX_PATH_BYTES];
static int64_t whole_bytes; /* of the run's folder */

static void open_tiny(void)
{
    tiny_set_up();
    (void)tiny_run(&tiny, "whole", "tnl", NULL, NULL, whole);
    ck_assert_int_eq(tiny_wait(tiny_start(whole, tiny.corpus, -1)), 0);
    whole_bytes = tree_bytes(whole);
}

/* Mounts of our own, as root or in a namespace of users; false where neither is allowed. */
static bool own_mounts(void)
{
    return (unshare(CLONE_NEWNS) == 0 || unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0) &&
           mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}

static bool mount_small(const char *dir, int64_t bytes, unsigned long flags)
{
    char options[64];
    (void)snprintf(options, sizeof options, "size=%lld", (long long)bytes);
    return mount("none", dir, "tmpfs", flags, options) == 0;
}

static int n_leavings;

static int look_for_leavings(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)st;
    (void)kind;
    n_leavings += strstr(path + ftw->base, ".tmp.") != NULL;
    return 0;
}

/* Every folder below run/kind has its seal. */
static void check_whole_or_absent(const char *run, const char *kind, const char *seal)
{
    for (int step = 0; step <= TINY_STEPS; step++) {
        char dir[FSX_PATH_BYTES], path[FSX_PATH_BYTES];
        Err err = ERR_INIT;
        ck_assert_int_eq(fsx_path(dir, &err, "%s/%s/step-%08d", run, kind, step), ERR_OK);
        ck_assert_int_eq(fsx_join(path, dir, seal, &err), ERR_OK);
        ck_assert_msg(!fsx_exists(dir) || fsx_exists(path), "%s is half written", dir);
    }
}

/* What a full disk leaves: no half of anything.  True when there was room for the bye. */
static bool check_leavings(const char *run)
{
    n_leavings = 0;
    ck_assert_int_eq(nftw(run, look_for_leavings, 16, FTW_PHYS), 0);
    ck_assert_int_eq(n_leavings, 0);
    check_whole_or_absent(run, "state", "state.json");
    check_whole_or_absent(run, "checkpoints", "manifest.json");
    if (tiny_attempts(run) == 0) {
        return false;
    }
    json_t *e = tiny_events(run, 0); /* checks that every line is whole, and the sequence */
    const json_t *bye = tiny_event(e, "bye", -1);
    if (bye) {
        ck_assert_str_eq(json_string_value(json_object_get(bye, "status")), "failed");
        ck_assert_ptr_nonnull(
            strstr(json_string_value(json_object_get(bye, "reason")), "No space left"));
    }
    json_decref(e);
    return bye != NULL;
}

/* A worker on a disk of so many bytes; then the disk grows and another one finishes. */
static bool run_on(int64_t bytes, int *n_full, int *n_bye)
{
    char run[FSX_PATH_BYTES], name[64];
    struct stat st;
    (void)snprintf(name, sizeof name, "full-%lld", (long long)bytes);
    (void)tiny_run(&tiny, name, "tnl", NULL, NULL, run);
    ck_assert(mount_small(run, bytes, 0));
    (void)tiny_run(&tiny, name, "tnl", NULL, NULL, run); /* now below the mount */
    int status = tiny_wait(tiny_start(run, tiny.corpus, -1));
    ck_assert_int_eq(stat(run, &st), 0);
    ck_assert_msg(status == 0 || status == EXIT_NO_SPACE, "%lld bytes: exit status %d",
                  (long long)bytes, status);
    if (status != 0) {
        (*n_full)++;
        *n_bye += check_leavings(run);
        ck_assert(mount_small(run, 4 * whole_bytes, MS_REMOUNT));
        ck_assert_int_eq(tiny_wait(tiny_start(run, tiny.corpus, -1)), 0);
    }
    ck_assert_int_eq(tiny_same_checkpoints(whole, run), TINY_CHECKPOINTS);
    ck_assert_int_eq(umount(run), 0);
    return status == 0;
}

START_TEST(a_full_disk_of_any_size_loses_nothing)
{
    enum { STEP_BYTES = 12288, LEAST = 2 * 4096 };
    int n_full = 0, n_bye = 0;
    if (!own_mounts()) {
        (void)fprintf(stderr, "no mounts here (%s): not tested\n", strerror(errno));
        return;
    }
    int64_t bytes = LEAST;
    while (!run_on(bytes, &n_full, &n_bye)) {
        ck_assert_int_lt(bytes, 4 * whole_bytes);
        bytes += STEP_BYTES;
    }
    ck_assert_int_ge(n_full, 10);
    ck_assert_int_ge(n_bye, n_full / 2); /* what failed is removed first, so there is room */
}
END_TEST

/* A device that is always full stands for a disk without room for a single line. */
START_TEST(without_room_for_a_line_it_ends_with_73)
{
    char run[FSX_PATH_BYTES], path[FSX_PATH_BYTES];
    Err err = ERR_INIT;
    (void)tiny_run(&tiny, "device", "tnl", NULL, NULL, run);
    ck_assert_int_eq(fsx_join(path, run, "attempt-000", &err), ERR_OK);
    ck_assert_int_eq(fsx_mkdirs(path, &err), ERR_OK);
    ck_assert_int_eq(fsx_join(path, run, "attempt-000/events.jsonl", &err), ERR_OK);
    ck_assert_int_eq(symlink("/dev/full", path), 0);
    ck_assert_int_eq(tiny_wait(tiny_start_attempt(run, tiny.corpus, 0)), EXIT_NO_SPACE);
}
END_TEST

/* Lines of an event log on a disk with less and less room, until none is left. */
START_TEST(no_half_line_stays_in_the_log)
{
    TmpDir t = tmpdir_open();
    Err err = ERR_INIT;
    EventLog *log = NULL;
    char path[FSX_PATH_BYTES];
    Buf text = BUF_INIT;
    int n = 0;
    if (!own_mounts()) {
        (void)fprintf(stderr, "no mounts here (%s): not tested\n", strerror(errno));
        tmpdir_close(&t);
        return;
    }
    ck_assert(mount_small(t.path, 3 * 4096, 0));
    ck_assert_int_eq(event_log_open(t.path, "0123456789ab", 0, -1, &log, &err), ERR_OK);
    while (event_log_emit(log, json_pack("{s:s, s:i}", "event", "step", "step", n), &err) ==
           ERR_OK) {
        ck_assert_int_lt(n++, 1000);
    }
    ck_assert_int_eq(err.sys_errno, ENOSPC);
    ck_assert_int_gt(n, 20);
    ck_assert(mount_small(t.path, 8 * 4096, MS_REMOUNT));
    ck_assert_int_eq(event_log_emit(log, json_pack("{s:s}", "event", "bye"), &err), ERR_OK);
    event_log_close(log);
    ck_assert_int_eq(fsx_join(path, t.path, "events.jsonl", &err), ERR_OK);
    ck_assert_int_eq(fsx_read(path, 1 << 20, &text, &err), ERR_OK);
    int lines = 0;
    for (const char *p = buf_str(&text), *end; (end = strchr(p, '\n')) != NULL; p = end + 1) {
        ck_assert_msg(strncmp(p, "{\"v\":1,", 7) == 0 && end[-1] == '}', "line %d is torn", lines);
        lines++;
    }
    ck_assert_int_eq(lines, n + 1);
    ck_assert_int_eq(text.data[text.len - 1], '\n');
    buf_release(&text);
    ck_assert_int_eq(umount(t.path), 0);
    tmpdir_close(&t);
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "full", .open = open_tiny, .close = tiny_tear_down});
}

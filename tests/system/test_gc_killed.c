/* slaw gc after and before a kill, beside a scheduler, and on a disk that is full. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fsx.h"
#include "common/rng.h"
#include "tests/support/catalog_dump.h"
#include "tests/support/suite.h"
#include "tests/system/gc_study.h"

START_TEST(leavings_of_the_killed_go)
{
    const char *dir = copy_study();
    Buf out = BUF_INIT;
    shell(&out,
          "set -e; cd '%s'/runs/llama*1-*; echo half >status.json.tmp.77;"
          " echo half >attempt-000/exit.json.tmp.77; mkdir checkpoints/step-00000003;"
          " echo half >checkpoints/step-00000003/model.safetensors.tmp.77;"
          " echo half >checkpoints/step-00000002/removed.json.tmp.77;"
          " echo half >checkpoints/step-00000002/damaged.json.tmp.77;"
          " echo mine >checkpoints/step-00000002/notes.txt;"
          " cp -r state/step-00000040 state/step-00000039; cd ../..;"
          " echo old >study.json.tmp.77; touch -d '2 hours ago' study.json.tmp.77;"
          " echo live >study.json.tmp.78",
          dir);
    json_t *dry = gc_json(dir, "--keep all --dry-run", 0);
    json_t *v = gc_json(dir, "--keep all", 0);
    ck_assert_int_eq(number(v, "leftovers"), 6);
    ck_assert_int_eq(number(v, "states"), 1); /* beyond the newest two */
    ck_assert_int_eq(number(dry, "leftovers"), 6);
    ck_assert_int_eq(number(dry, "bytes"), number(v, "bytes"));
    ck_assert_int_eq(count(dir, "-name '*.tmp.77'"), 0);
    ck_assert_int_eq(count(dir, "-name step-00000003"), 0);
    ck_assert_int_eq(count(dir, "-name notes.txt"), 1);
    buf_clear(&out);
    shell(&out, "ls '%s' | grep -c 'study.json.tmp'", dir);
    ck_assert_int_eq(atoi(buf_str(&out)), 1);
    json_decref(v);
    json_decref(dry);
    buf_release(&out);
}
END_TEST

START_TEST(it_is_refused_beside_a_scheduler)
{
    const char *dir = copy_study();
    char path[FSX_PATH_BYTES], args[1200];
    Err err = ERR_INIT;
    Buf text = BUF_INIT;
    struct flock all = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    static const char holder[] =
        "{\"schema\":1,\"pid\":4711,\"host\":\"alba\",\"since\":\"2026-05-04T03:02:01.123Z\"}\n";
    ck_assert_int_eq(fsx_join(path, dir, "lock", &err), ERR_OK);
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    ck_assert_int_eq(fcntl(fd, F_OFD_SETLK, &all), 0);
    ck_assert_int_eq(fsx_write_all(fd, holder, strlen(holder), path, &err), ERR_OK);
    (void)snprintf(args, sizeof args, "gc '%s' --keep none", dir);
    ck_assert_int_eq(slaw_status(args), 69);
    stderr_text(&text);
    ck_assert_msg(strstr(buf_str(&text), "process 4711 on host alba"), "%s", buf_str(&text));
    ck_assert_int_eq(count(dir, "-name removed.json"), 0);
    json_t *v = gc_json(dir, "--keep none --dry-run", 0); /* looking is allowed */
    ck_assert_int_eq(number(v, "checkpoints"), N_RUNS * N_CHECKPOINTS);
    json_decref(v);
    (void)close(fd);
    ck_assert_int_eq(slaw_status(args), 0);
    (void)snprintf(args, sizeof args, "gc '%s' --keep some", dir);
    ck_assert_int_eq(slaw_status(args), 2);
    buf_release(&text);
}
END_TEST

static bool mount_own(const char *dir)
{
    return (unshare(CLONE_NEWNS) == 0 || unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0) &&
           mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("none", dir, "tmpfs", 0, "size=16m") == 0;
}

/* Without room for a line in the lock, a page of the log, or a removed.json. */
START_TEST(it_makes_room_on_a_disk_that_is_full)
{
    const char *dir = copy_study();
    char disk[512], study[600];
    Err err = ERR_INIT;
    (void)snprintf(disk, sizeof disk, "%s/disk", gc_tmp.path);
    (void)snprintf(study, sizeof study, "%s/base", disk);
    ck_assert_int_eq(fsx_mkdirs(disk, &err), ERR_OK);
    if (!mount_own(disk)) {
        (void)fprintf(stderr, "no mounts here (%s): not tested\n", strerror(errno));
        return;
    }
    shell(NULL,
          "cp -a '%s' '%s'; head -c 100M /dev/zero >'%s/fill' 2>/dev/null ||"
          " test \"$(stat -f -c %%a '%s')\" = 0",
          dir, study, disk, disk);
    json_t *dry = gc_json(dir, "--keep last:2 --dry-run", 0);
    json_t *v = gc_json(study, "--keep last:2", 0);
    ck_assert_int_eq(number(v, "bytes"), number(dry, "bytes"));
    ck_assert_int_eq(number(v, "states"), N_RUNS * 2);
    ck_assert_int_eq(count(study, "-name model.safetensors"), N_RUNS * 2);
    ck_assert_int_eq(status_of("verify", study), 0);
    json_decref(v);
    json_decref(dry);
    ck_assert_int_eq(umount(disk), 0);
}
END_TEST

/* ---------------------------------------------------------------- killed */

static pid_t start_gc(const char *dir, const char *rule)
{
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        int null = open("/dev/null", O_WRONLY);
        (void)dup2(null, STDOUT_FILENO);
        (void)execl(SLAW_BIN_DIR "/slaw", "slaw", "gc", dir, "--keep", rule, (char *)NULL);
        _exit(127);
    }
    return pid;
}

static MonoNs time_of_gc(const char *rule)
{
    const char *dir = copy_study();
    int status = 0;
    MonoNs start = clock_mono_ns();
    pid_t pid = start_gc(dir, rule);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
    MonoNs took = clock_mono_ns() - start;
    remove_study(dir);
    return took;
}

/* Each round: killed at a random moment; then the study must be sound as it is, for every second
 * round tries that, and the next gc must end where one ends that was never killed. */
START_TEST(killed_at_any_moment_it_is_finished_by_the_next)
{
    enum { ROUNDS = 24 };
    const char *whole = copy_study();
    char want_dir[512];
    (void)snprintf(want_dir, sizeof want_dir, "%s", whole);
    json_decref(gc_json(want_dir, "--keep last:1", 0));
    Buf want = listing(want_dir);
    char *want_rows = catalog_dump(want_dir);
    double span_us = (double)time_of_gc("last:1") / 1000.0;
    int n_killed = 0;
    for (uint64_t round = 0; round < ROUNDS; round++) {
        const char *dir = copy_study();
        int status = 0;
        pid_t pid = start_gc(dir, "last:1");
        (void)usleep((useconds_t)(rng_uniform(9, 0, round) * 1.2 * span_us));
        (void)kill(pid, SIGKILL);
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        n_killed += WIFSIGNALED(status);
        if (round % 2 == 0) {
            ck_assert_int_eq(status_of("verify", dir), 0);
            ck_assert_int_eq(status_of("run --quiet", dir), 0);
            ck_assert_str_eq(catalog_ask(dir, "SELECT count(*) FROM attempt"), "4");
        }
        if (round % 4 == 1) {
            ck_assert_int_eq(status_of("reindex", dir), 0);
            ck_assert_int_eq(status_of("verify", dir), 0);
        }
        json_decref(gc_json(dir, "--keep last:1", 0));
        Buf got = listing(dir);
        if (round % 2 != 0) { /* slaw run notes the time in files of its own */
            check_rows(buf_str(&got), buf_str(&want), "", NULL);
        }
        char *rows = catalog_dump(dir);
        check_rows(rows, want_rows, "# 3", NULL);
        free(rows);
        buf_release(&got);
        remove_study(dir);
    }
    ck_assert_int_ge(n_killed, ROUNDS / 3);
    free(want_rows);
    buf_release(&want);
}
END_TEST

/* Killed after removed.json was written, and the rule has become milder since. */
START_TEST(what_the_rule_keeps_now_is_taken_back)
{
    const char *dir = copy_study();
    shell(NULL,
          "echo '{\"schema\":1,\"rule\":\"none\",\"files\":{}}' >"
          "\"$(ls -d '%s'/runs/tnl*2-*)/checkpoints/step-00000040/removed.json\"",
          dir);
    json_decref(gc_json(dir, "--keep last:1", 0));
    ck_assert_int_eq(count(dir, "-path '*tnl*2-*step-00000040/removed.json'"), 0);
    ck_assert_int_eq(count(dir, "-name model.safetensors"), N_RUNS);
    ck_assert_int_eq(status_of("verify", dir), 0);
}
END_TEST

int main(void)
{
    return test_main(
        (TestPlan){.name = "gc killed", .open = gc_open, .close = gc_close, .timeout = 240.0});
}

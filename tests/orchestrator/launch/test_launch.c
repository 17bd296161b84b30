/* Conformance of every launcher in launch.def, with /bin/sh and the fake worker as the
 * program; and what is particular to `local`: records, orphans, reused pids. */
#include <check.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/fsx.h"
#include "orchestrator/launch/launch.h"
#include "orchestrator/launch/process.h"
#include "orchestrator/launch/worker_path.h"
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

static ErrCode start(const LaunchOps *ops, const char *script, LaunchHandle **h, Err *err)
{
    const char *argv[] = {"/bin/bash", "-c", script, NULL};
    LaunchSpec spec = {.argv = argv, .dir = tmp.path, .attempt = 7};
    return ops->start(&spec, h, err);
}

static LaunchHandle *started(const LaunchOps *ops, const char *script)
{
    LaunchHandle *h = NULL;
    Err err = ERR_INIT;
    ck_assert_msg(start(ops, script, &h, &err) == ERR_OK, "%s", err.msg);
    return h;
}

/* Ten seconds is for a machine that is very busy; it takes milliseconds. */
static void wait_readable(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    ck_assert_int_eq(poll(&p, 1, 10000), 1);
}

static LaunchStatus finish(const LaunchOps *ops, LaunchHandle *h)
{
    Err err = ERR_INIT;
    LaunchStatus s = {0};
    wait_readable(ops->fds(h).death);
    ck_assert_msg(ops->poll(h, &s, &err) == ERR_OK, "%s", err.msg);
    return s;
}

static const char *file_text(const char *name)
{
    static char text[65536];
    char path[FSX_PATH_BYTES];
    Err err = ERR_INIT;
    Buf b = BUF_INIT;
    ck_assert_int_eq(fsx_join(path, tmp.path, name, &err), ERR_OK);
    ck_assert_msg(fsx_read(path, sizeof text - 1, &b, &err) == ERR_OK, "%s", err.msg);
    (void)snprintf(text, sizeof text, "%s", buf_str(&b));
    buf_release(&b);
    return text;
}

START_LOOP_TEST(a_registry_entry_is_complete_and_usable, launcher_count())
{
    const LaunchOps *ops = launcher_at((size_t)_i);
    Err err = ERR_INIT;
    ck_assert_ptr_eq(launcher_find(ops->name), ops);
    ck_assert_msg(ops->probe(&err) == ERR_OK, "%s", err.msg);
    ck_assert_ptr_null(launcher_find("no such launcher"));
    ck_assert_ptr_null(launcher_at(launcher_count()));
}
END_TEST

/* Runs the script to its end, of which it returns the words. */
static const char *end_of(const LaunchOps *ops, const char *script, LaunchHandle **h,
                          LaunchStatus *s)
{
    static char text[LAUNCH_STATUS_BYTES];
    *h = started(ops, script);
    *s = finish(ops, *h);
    return launch_status_text(*s, text);
}

START_LOOP_TEST(an_exit_status_comes_back, launcher_count())
{
    const LaunchOps *ops = launcher_at((size_t)_i);
    LaunchHandle *h;
    LaunchStatus s;
    ck_assert_str_eq(end_of(ops, "exit 42", &h, &s), "exit status 42");
    ck_assert_int_eq(s.phase, LAUNCH_EXITED);
    ck_assert_int_eq(s.code, 42);
    Err err = ERR_INIT;
    s = (LaunchStatus){0};
    ck_assert_int_eq(ops->poll(h, &s, &err), ERR_OK); /* asked twice, it says the same */
    ck_assert_int_eq(s.code, 42);
    ck_assert_int_eq(ops->stop(h, LAUNCH_STOP_FORCE, &err), ERR_OK); /* and is past stopping */
    ops->release(h);
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1); /* no corpse is left */
}
END_TEST

START_LOOP_TEST(a_death_by_signal_comes_back, launcher_count())
{
    const LaunchOps *ops = launcher_at((size_t)_i);
    LaunchHandle *h;
    LaunchStatus s;
    ck_assert_str_eq(end_of(ops, "kill -SEGV $$", &h, &s), "killed by SIGSEGV");
    ck_assert_int_eq(s.phase, LAUNCH_SIGNALED);
    ck_assert_int_eq(s.signal, SIGSEGV);
    ops->release(h);
}
END_TEST

START_LOOP_TEST(what_cannot_be_started_is_named, launcher_count())
{
    const LaunchOps *ops = launcher_at((size_t)_i);
    const struct {
        const char *program, *dir;
        ErrCode want;
        const char *words;
    } c[] = {{"/nowhere/slaw-worker", tmp.path, ERR_UNAVAILABLE, "/nowhere/slaw-worker"},
             {"/etc/passwd", tmp.path, ERR_UNAVAILABLE, "/etc/passwd"},
             {"/bin/sh", "/nowhere/attempt-000", ERR_IO, ""}};
    for (size_t i = 0; i < sizeof c / sizeof c[0]; i++) {
        const char *argv[] = {c[i].program, NULL};
        LaunchSpec spec = {.argv = argv, .dir = c[i].dir};
        LaunchHandle *h = NULL;
        Err err = ERR_INIT;
        ck_assert_int_eq(ops->start(&spec, &h, &err), c[i].want);
        ck_assert_ptr_nonnull(strstr(err.msg, c[i].words));
        ck_assert_ptr_null(h);
    }
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
}
END_TEST

START_LOOP_TEST(stop_asks_and_then_forces, launcher_count())
{
    const LaunchOps *ops = launcher_at((size_t)_i);
    Err err = ERR_INIT;
    LaunchHandle *h =
        started(ops, "trap 'exit 75' TERM; echo >&$SLAW_SOCKET_FD; while :; do sleep 0.01; done");
    wait_readable(ops->fds(h).news); /* the trap is set */
    LaunchStatus s = {0};
    ck_assert_int_eq(ops->poll(h, &s, &err), ERR_OK);
    ck_assert_int_eq(s.phase, LAUNCH_RUNNING);
    ck_assert_int_eq(ops->stop(h, LAUNCH_STOP_ASK, &err), ERR_OK);
    ck_assert_int_eq(finish(ops, h).code, 75);
    ops->release(h);

    h = started(ops, "trap '' TERM; echo >&$SLAW_SOCKET_FD; while :; do sleep 0.01; done");
    wait_readable(ops->fds(h).news);
    ck_assert_int_eq(ops->stop(h, LAUNCH_STOP_ASK, &err), ERR_OK);
    ck_assert_int_eq(ops->stop(h, LAUNCH_STOP_FORCE, &err), ERR_OK);
    s = finish(ops, h);
    ck_assert_int_eq(s.phase, LAUNCH_SIGNALED);
    ck_assert_int_eq(s.signal, SIGKILL);
    ops->release(h);
}
END_TEST

START_LOOP_TEST(output_environment_and_socket_reach_the_worker, launcher_count())
{
    const LaunchOps *ops = launcher_at((size_t)_i);
    ck_assert_int_eq(setenv("SLAW_ATTEMPT", "99", 1), 0); /* an outer attempt's is replaced */
    LaunchHandle *h =
        started(ops, "echo out $SLAW_ATTEMPT; echo err >&2; echo news >&$SLAW_SOCKET_FD");
    LaunchStatus s = finish(ops, h);
    ck_assert_int_eq(s.code, 0);
    char news[16] = "";
    ck_assert_int_eq(read(ops->fds(h).news, news, sizeof news - 1), 5);
    ck_assert_str_eq(news, "news\n");
    ck_assert_str_eq(file_text("stdout.log"), "out 7\n");
    ck_assert_str_eq(file_text("stderr.log"), "err\n");
    ck_assert_ptr_nonnull(strstr(file_text("environment"), "SLAW_ATTEMPT=7\n"));
    ck_assert_ptr_null(strstr(file_text("environment"), "SLAW_ATTEMPT=99"));
    ops->release(h);
    (void)unsetenv("SLAW_ATTEMPT");
}
END_TEST

/* What a worker says is taken, and what it is told reaches it; after it has left there is no news. */
START_LOOP_TEST(worker_and_scheduler_talk, launcher_count())
{
    const LaunchOps *ops = launcher_at((size_t)_i);
    LaunchHandle *h = started(
        ops,
        "echo ready >&$SLAW_SOCKET_FD; until read -r line <&$SLAW_SOCKET_FD; do sleep 0.01; done; "
        "echo \"heard $line\"; test \"$line\" = go");
    wait_readable(ops->fds(h).news);
    ck_assert(ops->hear(h));
    ck_assert(!ops->hear(h));
    ops->tell(h, "go\n", 3);
    ck_assert_int_eq(finish(ops, h).code, 0);
    ck_assert(!ops->hear(h));
    ck_assert_int_eq(ops->fds(h).news, -1);
    ops->tell(h, "too late\n", 9);
    ck_assert_str_eq(file_text("stdout.log"), "heard go\n");
    ops->release(h);
    ck_assert_int_eq(ops->fds(NULL).death, -1);
    ck_assert_int_eq(ops->fds(NULL).news, -1);
    ops->tell(NULL, "nobody\n", 7);
    ops->release(NULL);
}
END_TEST

START_LOOP_TEST(the_command_file_repeats_the_attempt, launcher_count())
{
    const LaunchOps *ops = launcher_at((size_t)_i);
    LaunchHandle *h = started(ops, "echo 'it'\\''s \"$SLAW_ATTEMPT\"'");
    (void)finish(ops, h);
    ops->release(h);
    char line[FSX_PATH_BYTES + 32];
    (void)snprintf(line, sizeof line, "/bin/sh %s/command > %s/again", tmp.path, tmp.path);
    ck_assert_int_eq(system(line), 0); /* NOLINT: our own script, in a test */
    ck_assert_str_eq(file_text("again"), file_text("stdout.log"));
}
END_TEST

START_LOOP_TEST(secrets_in_the_environment_are_not_recorded, launcher_count())
{
    const LaunchOps *ops = launcher_at((size_t)_i);
    ck_assert_int_eq(setenv("CLOUD_TOKEN", "hunter2", 1), 0);
    LaunchHandle *h = started(ops, "test \"$CLOUD_TOKEN\" = hunter2");
    ck_assert_int_eq(finish(ops, h).code, 0); /* the worker has it */
    ck_assert_ptr_null(strstr(file_text("environment"), "hunter2"));
    ops->release(h);
}
END_TEST

START_LOOP_TEST(signals_are_unblocked_and_have_their_default_action, launcher_count())
{
    const LaunchOps *ops = launcher_at((size_t)_i);
    sigset_t all;
    (void)sigfillset(&all);
    (void)sigprocmask(SIG_SETMASK, &all, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    LaunchHandle *h = started(ops, "grep -E '^Sig(Blk|Ign):' /proc/self/status");
    (void)finish(ops, h);
    ck_assert_str_eq(file_text("stdout.log"),
                     "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
    ops->release(h);
}
END_TEST

START_LOOP_TEST(a_handle_finds_the_process_again, launcher_count())
{
    const LaunchOps *ops = launcher_at((size_t)_i);
    Err err = ERR_INIT;
    LaunchHandle *h = started(ops, "while :; do sleep 0.01; done");
    LaunchHandle *again = NULL;
    ck_assert_msg(launch_recall(ops, tmp.path, &again, &err) == ERR_OK, "%s", err.msg);
    char one[LAUNCH_NAME_BYTES], other[LAUNCH_NAME_BYTES];
    ck_assert_str_eq(ops->who(again, one), ops->who(h, other));
    LaunchStatus s = {0};
    ck_assert_int_eq(ops->poll(again, &s, &err), ERR_OK);
    ck_assert_int_eq(s.phase, LAUNCH_RUNNING);
    ck_assert_int_eq(ops->stop(again, LAUNCH_STOP_FORCE, &err), ERR_OK);
    wait_readable(ops->fds(again).death);
    ck_assert_int_eq(ops->poll(again, &s, &err), ERR_OK);
    ck_assert_int_eq(s.phase, LAUNCH_GONE);
    ops->release(again);
    (void)finish(ops, h);
    ops->release(h);
    ck_assert_int_eq(launch_recall(ops, tmp.path, &again, &err), ERR_NOTFOUND);
}
END_TEST

START_LOOP_TEST(text_that_is_no_handle_is_refused, launcher_count())
{
    const LaunchOps *ops = launcher_at((size_t)_i);
    LaunchHandle *h = NULL;
    Err err = ERR_INIT;
    ck_assert_int_eq(ops->parse("", &h, &err), ERR_FORMAT);
    ck_assert_int_eq(ops->parse("pid 12", &h, &err), ERR_FORMAT);
    ck_assert_int_eq(launch_recall(ops, tmp.path, &h, &err), ERR_NOTFOUND); /* no file */
    (void)tmpdir_write(&tmp, "command", "#!/bin/sh\nexit\n");
    ck_assert_int_eq(launch_recall(ops, tmp.path, &h, &err), ERR_FORMAT);
}
END_TEST

/* A reused pid, another boot and another host, each against this very process. */
START_TEST(local_handle_of_a_reused_pid_is_gone)
{
    char boot[PROCESS_BOOT_BYTES], host[PROCESS_HOST_BYTES], text[512];
    Err err = ERR_INIT;
    LaunchHandle *h = NULL;
    int64_t ticks = process_start_ticks(getpid());
    ck_assert_int_gt(ticks, 0);
    (void)process_boot_id(boot);
    (void)process_host(host);
    (void)snprintf(text, sizeof text, "local pid=%ld start=%" PRId64 " boot=%s host=%s",
                   (long)getpid(), ticks, boot, host);
    ck_assert_int_eq(launcher_local.parse(text, &h, &err), ERR_OK);
    launcher_local.release(h);
    (void)snprintf(text, sizeof text, "local pid=%ld start=%" PRId64 " boot=%s host=%s",
                   (long)getpid(), ticks - 1, boot, host);
    ck_assert_int_eq(launcher_local.parse(text, &h, &err), ERR_NOTFOUND);
    (void)snprintf(text, sizeof text, "local pid=%ld start=%" PRId64 " boot=%s host=%s",
                   (long)getpid(), ticks, "another-boot", host);
    ck_assert_int_eq(launcher_local.parse(text, &h, &err), ERR_NOTFOUND);
    (void)snprintf(text, sizeof text, "local pid=%ld start=%" PRId64 " boot=%s host=%s",
                   (long)getpid(), ticks, boot, "another-host");
    ck_assert_int_eq(launcher_local.parse(text, &h, &err), ERR_CONFLICT);
}
END_TEST

/* A middle process starts a worker and is killed: the worker must follow it. */
START_TEST(local_worker_dies_with_its_scheduler)
{
    Err err = ERR_INIT;
    pid_t middle = fork();
    ck_assert_int_ge(middle, 0);
    if (middle == 0) {
        LaunchHandle *h = NULL;
        _exit(start(&launcher_local, "while :; do sleep 0.05; done", &h, &err) == ERR_OK
                  ? (int)pause()
                  : 9);
    }
    LaunchHandle *h = NULL;
    ErrCode rc = ERR_NOTFOUND;
    for (int i = 0; i < 1000 && rc != ERR_OK; i++) {
        rc = launch_recall(&launcher_local, tmp.path, &h, &err);
        (void)usleep(2000);
    }
    ck_assert_msg(rc == ERR_OK, "%s", err.msg);
    ck_assert_int_eq(kill(middle, SIGKILL), 0);
    wait_readable(launcher_local.fds(h).death);
    LaunchStatus s = {0};
    ck_assert_int_eq(launcher_local.poll(h, &s, &err), ERR_OK);
    ck_assert_int_eq(s.phase, LAUNCH_GONE);
    launcher_local.release(h);
    ck_assert_int_eq(waitpid(middle, NULL, 0), middle);
}
END_TEST

/* What a worker started in the background does not train on when the worker has ended. */
START_TEST(local_nothing_of_an_ended_attempt_goes_on)
{
    ck_assert_int_eq(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
    char script[FSX_PATH_BYTES];
    (void)snprintf(script, sizeof script, "sleep 1000 & echo $! > '%s/left'; exit 3", tmp.path);
    LaunchHandle *h = started(&launcher_local, script);
    LaunchStatus s = finish(&launcher_local, h);
    ck_assert_int_eq(s.code, 3);
    pid_t left = (pid_t)strtol(file_text("left"), NULL, 10);
    ck_assert_int_gt(process_start_ticks(left), 0);
    launcher_local.release(h);
    for (int i = 0; i < 5000 && process_start_ticks(left) > 0; i++) {
        (void)usleep(2000);
    }
    ck_assert_int_eq(process_start_ticks(left), -1);
}
END_TEST

START_TEST(worker_path_obeys_the_variable_and_refuses_a_bad_one)
{
    char path[FSX_PATH_BYTES];
    Err err = ERR_INIT;
    ck_assert_int_eq(setenv("SLAW_WORKER", "/bin/sh", 1), 0);
    ck_assert_int_eq(worker_path(path, &err), ERR_OK);
    ck_assert_str_eq(path, "/bin/sh");
    ck_assert_int_eq(setenv("SLAW_WORKER", "/etc/passwd", 1), 0);
    ck_assert_int_eq(worker_path(path, &err), ERR_UNAVAILABLE);
    ck_assert_ptr_nonnull(strstr(err.msg, "/etc/passwd"));
}
END_TEST

START_TEST(worker_path_falls_back_to_path_and_says_where_it_looked)
{
    char path[FSX_PATH_BYTES], want[FSX_PATH_BYTES];
    Err err = ERR_INIT;
    (void)unsetenv("SLAW_WORKER");
    ck_assert_int_eq(setenv("PATH", tmp.path, 1), 0);
    ck_assert_int_eq(worker_path(path, &err), ERR_UNAVAILABLE);
    ck_assert_ptr_nonnull(strstr(err.msg, "PATH"));
    ck_assert_ptr_nonnull(strstr(err.hint, "SLAW_WORKER"));
    (void)snprintf(want, sizeof want, "%s/slaw-worker", tmp.path);
    ck_assert_int_eq(symlink("/bin/sh", want), 0);
    ck_assert_int_eq(worker_path(path, &err), ERR_OK);
    ck_assert_str_eq(path, want);
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "launch", .set_up = setup, .tear_down = teardown});
}

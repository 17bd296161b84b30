#include "orchestrator/cli/worker_probe.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/clock.h"
#include "common/json.h"
#include "orchestrator/launch/worker_path.h"

enum { PATIENCE_MS = 10000, ANSWER_MAX_BYTES = 65536 };

/* Starts `path probe` with its standard output going to the pipe's end `out`. */
static ErrCode start(char *path, int out, pid_t *ret, Err *err)
{
    char verb[] = "probe";
    char *const argv[] = {path, verb, NULL};
    posix_spawn_file_actions_t actions;
    if (posix_spawn_file_actions_init(&actions) != 0) {
        return err_nomem(err, "the probe");
    }
    int failed = posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    if (failed == 0) {
        failed = posix_spawn(ret, path, &actions, NULL, argv, environ);
    }
    (void)posix_spawn_file_actions_destroy(&actions);
    if (failed != 0) {
        errno = failed;
        (void)err_sys(err, "%s", path);
        return err->code = ERR_UNAVAILABLE;
    }
    return ERR_OK;
}

/* Reads until the end of the answer, at most PATIENCE_MS long. */
static ErrCode collect(int fd, Buf *answer, Err *err)
{
    MonoNs deadline = clock_mono_ns() + PATIENCE_MS * (MonoNs)NS_PER_MS;
    for (;;) {
        int64_t left_ms = (deadline - clock_mono_ns()) / NS_PER_MS;
        struct pollfd p = {.fd = fd, .events = POLLIN};
        int n = left_ms > 0 ? poll(&p, 1, (int)left_ms) : 0;
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0 || answer->len > ANSWER_MAX_BYTES) {
            return err_set(err, ERR_UNAVAILABLE, "slaw-worker probe does not answer");
        }
        char chunk[4096];
        ssize_t k = read(fd, chunk, sizeof chunk);
        if (k == 0) {
            return buf_ok(answer, err);
        }
        if (k > 0) {
            buf_add(answer, chunk, (size_t)k);
        } else if (errno != EINTR) {
            return err_sys(err, "read from slaw-worker probe");
        }
    }
}

static ErrCode read_answer(const Buf *answer, double *ret, Err *err)
{
    double speed = 0.0;
    json_t *v = json_loadb(buf_str(answer), answer->len, 0, NULL);
    if (!json_is_object(v)) {
        json_decref(v);
        return err_set(err, ERR_CHILD, "slaw-worker probe printed no JSON object");
    }
    ErrCode rc = json_get_f64(v, "flops_per_second", &speed, err);
    json_decref(v);
    if (rc != ERR_OK) {
        (void)err_wrap(err, "slaw-worker probe");
        return err->code = ERR_CHILD;
    }
    if (!(speed > 0.0)) {
        return err_set(err, ERR_CHILD, "slaw-worker probe measured nothing");
    }
    *ret = speed;
    return ERR_OK;
}

ErrCode worker_probe(double *ret_flops_per_second, Err *err)
{
    char path[FSX_PATH_BYTES];
    ErrCode rc = worker_path(path, err);
    if (rc != ERR_OK) {
        return rc;
    }
    int fd[2];
    if (pipe2(fd, O_CLOEXEC) != 0) {
        return err_sys(err, "pipe");
    }
    pid_t pid = 0;
    Buf answer = BUF_INIT;
    rc = start(path, fd[1], &pid, err);
    (void)close(fd[1]);
    if (rc == ERR_OK) {
        rc = collect(fd[0], &answer, err);
        if (rc != ERR_OK) {
            (void)kill(pid, SIGKILL);
        }
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
        }
    }
    (void)close(fd[0]);
    if (rc == ERR_OK) {
        rc = read_answer(&answer, ret_flops_per_second, err);
    }
    buf_release(&answer);
    return rc;
}

#include "cli/detach.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

/* Until the child says so or its end of the pipe is closed, as it is when it dies. */
static bool hears_ready(int fd)
{
    char ready = 0;
    ssize_t n;
    do {
        n = read(fd, &ready, 1);
    } while (n < 0 && errno == EINTR);
    return n == 1;
}

ErrCode detach_begin(Detach *d, DetachOutcome *ret, Err *err)
{
    int pipe_fd[2];
    *ret = (DetachOutcome){0};
    if (pipe2(pipe_fd, O_CLOEXEC) != 0) {
        return err_sys(err, "pipe");
    }
    (void)fflush(NULL); /* or both would print what is still in the buffers */
    pid_t pid = fork();
    if (pid < 0) {
        ErrCode rc = err_sys(err, "fork");
        (void)close(pipe_fd[0]);
        (void)close(pipe_fd[1]);
        return rc;
    }
    if (pid == 0) {
        (void)close(pipe_fd[0]);
        (void)setsid(); /* a child of fork leads no group: it cannot fail */
        d->ready_fd = pipe_fd[1];
        *ret = (DetachOutcome){.is_child = true, .pid = getpid()};
        return ERR_OK;
    }
    (void)close(pipe_fd[1]);
    *ret = (DetachOutcome){.is_ready = hears_ready(pipe_fd[0]), .pid = pid};
    (void)close(pipe_fd[0]);
    if (!ret->is_ready) {
        int status = 0;
        pid_t got;
        do {
            got = waitpid(pid, &status, 0);
        } while (got < 0 && errno == EINTR);
        ret->exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
    return ERR_OK;
}

ErrCode detach_ready(Detach *d, const char *log_path, Err *err)
{
    if (d->ready_fd < 0) {
        return ERR_OK;
    }
    ErrCode rc = ERR_OK;
    int in = open("/dev/null", O_RDONLY | O_CLOEXEC);
    int out = open(log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    (void)fflush(NULL);
    if (in < 0 || out < 0 || dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 ||
        dup2(out, STDERR_FILENO) < 0) {
        rc = err_sys(err, "%s", out < 0 ? log_path : "/dev/null");
    } else {
        (void)!write(d->ready_fd, "r", 1); /* a parent that is gone does not wait */
        (void)close(d->ready_fd);
        d->ready_fd = -1;
    }
    if (in >= 0) {
        (void)close(in);
    }
    if (out >= 0) {
        (void)close(out);
    }
    return rc;
}

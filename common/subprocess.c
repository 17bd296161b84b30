#include "common/subprocess.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fsx.h"

/* The child's standard descriptors; -1: /dev/null for input, our own for error. */
typedef struct Ends {
    int in, out, err;
} Ends;

static bool is_locale(const char *entry)
{
    return strncmp(entry, "LC_ALL=", 7) == 0 || strncmp(entry, "LANGUAGE=", 9) == 0;
}

/* The environment with LC_ALL=C; the array is the caller's, the strings are not. */
static char **environment_in_c_locale(void)
{
    static char c_locale[] = "LC_ALL=C";
    size_t n = 0;
    while (environ[n]) {
        n++;
    }
    char **env = calloc(n + 2, sizeof *env);
    if (!env) {
        return NULL;
    }
    size_t k = 0;
    env[k++] = c_locale;
    for (size_t i = 0; i < n; i++) {
        if (!is_locale(environ[i])) {
            env[k++] = environ[i];
        }
    }
    return env;
}

/* posix_spawn's own calls return an error number; one name for all of them. */
static int set_up(posix_spawn_file_actions_t *files, posix_spawnattr_t *attr, const char *cwd,
                  Ends ends)
{
    sigset_t none, all;
    (void)sigemptyset(&none);
    (void)sigfillset(&all);
    int e = ends.in >= 0
                ? posix_spawn_file_actions_adddup2(files, ends.in, STDIN_FILENO)
                : posix_spawn_file_actions_addopen(files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    e = e ? e : posix_spawn_file_actions_adddup2(files, ends.out, STDOUT_FILENO);
    if (ends.err >= 0) {
        e = e ? e : posix_spawn_file_actions_adddup2(files, ends.err, STDERR_FILENO);
    }
    if (cwd) {
        e = e ? e : posix_spawn_file_actions_addchdir_np(files, cwd);
    }
    e = e ? e : posix_spawnattr_setsigmask(attr, &none);
    e = e ? e : posix_spawnattr_setsigdefault(attr, &all);
    return e ? e : posix_spawnattr_setflags(attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
}

static int spawn(const char *const argv[], const char *cwd, Ends ends, pid_t *ret_pid)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attr;
    char **env = environment_in_c_locale();
    if (!env) {
        return ENOMEM;
    }
    int e = posix_spawn_file_actions_init(&files);
    if (e == 0) {
        e = posix_spawnattr_init(&attr);
        if (e == 0) {
            e = set_up(&files, &attr, cwd, ends);
            /* exec's argv is char *const[] for history's sake; it is not written to */
            union {
                const char *const *in;
                char *const *out;
            } args = {.in = argv};
            e = e ? e : posix_spawnp(ret_pid, argv[0], &files, &attr, args.out, env);
            (void)posix_spawnattr_destroy(&attr);
        }
        (void)posix_spawn_file_actions_destroy(&files);
    }
    free(env);
    return e;
}

static ErrCode drain(int fd, Buf *output, Err *err)
{
    char block[4096];
    for (;;) {
        ssize_t n = read(fd, block, sizeof block);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return err_sys(err, "read from a pipe");
        }
        if (n == 0) {
            return ERR_OK;
        }
        buf_add(output, block, (size_t)n);
    }
}

static ErrCode reap(pid_t pid, const char *name, int *ret_status, Err *err)
{
    int status = 0;
    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR) {
            return err_sys(err, "wait for %s", name);
        }
    }
    *ret_status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    return ERR_OK;
}

static ErrCode cannot_start(const char *name, int e, Err *err)
{
    if (e == ENOENT) {
        return err_set(err, ERR_UNAVAILABLE, "there is no program %s on this machine", name);
    }
    errno = e;
    return err_sys(err, "start %s", name);
}

ErrCode subprocess_run(const char *const argv[], const char *cwd, Buf *output, int *ret_status,
                       Err *err)
{
    int fds[2];
    pid_t pid = 0;
    if (pipe2(fds, O_CLOEXEC) != 0) {
        return err_sys(err, "pipe");
    }
    int e = spawn(argv, cwd, (Ends){.in = -1, .out = fds[1], .err = fds[1]}, &pid);
    (void)close(fds[1]);
    if (e != 0) {
        (void)close(fds[0]);
        if (cwd && !fsx_is_dir(cwd)) { /* posix_spawn says ENOENT for this, too */
            return err_set(err, ERR_IO, "start %s: there is no folder %s", argv[0], cwd);
        }
        return cannot_start(argv[0], e, err);
    }
    ErrCode rc = drain(fds[0], output, err);
    (void)close(fds[0]);
    Err other = ERR_INIT;
    ErrCode reaped = reap(pid, argv[0], ret_status, rc == ERR_OK ? err : &other);
    rc = rc == ERR_OK ? reaped : rc;
    return rc == ERR_OK ? buf_ok(output, err) : rc;
}

/* ---- questions --------------------------------------------------------------------------- */

/* A descriptor from which the n bytes can be read; -1 with errno. */
static int input_of(const void *bytes, size_t n, Err *err)
{
    int fd = memfd_create("question", MFD_CLOEXEC);
    if (fd < 0) {
        (void)err_sys(err, "memfd_create");
        return -1;
    }
    if (fsx_write_all(fd, bytes, n, "a question", err) != ERR_OK || lseek(fd, 0, SEEK_SET) != 0) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

/* Reads to the end of the answer, or until patience or room is used up. */
static ErrCode collect(int fd, const SubprocessAsk *ask, const char *name, Buf *output, Err *err)
{
    MonoNs deadline = clock_mono_ns() + ask->patience_ms * (MonoNs)NS_PER_MS;
    size_t before = output->len;
    for (;;) {
        int64_t left_ms = (deadline - clock_mono_ns()) / NS_PER_MS;
        struct pollfd p = {.fd = fd, .events = POLLIN};
        int n = left_ms > 0 ? poll(&p, 1, (int)left_ms) : 0;
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0 || output->len - before > ask->max_bytes) {
            return err_set(err, ERR_UNAVAILABLE, "%s does not answer", name);
        }
        char block[4096];
        ssize_t k = read(fd, block, sizeof block);
        if (k == 0) {
            return ERR_OK;
        }
        if (k > 0) {
            buf_add(output, block, (size_t)k);
        } else if (errno != EINTR) {
            return err_sys(err, "read from %s", name);
        }
    }
}

ErrCode subprocess_ask(const char *const argv[], const SubprocessAsk *ask, Buf *output,
                       int *ret_status, Err *err)
{
    int fds[2];
    pid_t pid = 0;
    int in = input_of(ask->input, ask->input_bytes, err);
    if (in < 0) {
        return err->code;
    }
    if (pipe2(fds, O_CLOEXEC) != 0) {
        (void)close(in);
        return err_sys(err, "pipe");
    }
    int e = spawn(argv, NULL, (Ends){.in = in, .out = fds[1], .err = -1}, &pid);
    (void)close(in);
    (void)close(fds[1]);
    ErrCode rc =
        e == 0 ? collect(fds[0], ask, argv[0], output, err) : cannot_start(argv[0], e, err);
    (void)close(fds[0]);
    if (e != 0) {
        return rc;
    }
    if (rc != ERR_OK) {
        (void)kill(pid, SIGKILL);
    }
    Err other = ERR_INIT;
    ErrCode reaped = reap(pid, argv[0], ret_status, rc == ERR_OK ? err : &other);
    rc = rc == ERR_OK ? reaped : rc;
    return rc == ERR_OK ? buf_ok(output, err) : rc;
}

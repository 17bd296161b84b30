#include "common/subprocess.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/fsx.h"

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
                  int output_fd)
{
    sigset_t none, all;
    (void)sigemptyset(&none);
    (void)sigfillset(&all);
    int e = posix_spawn_file_actions_addopen(files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    e = e ? e : posix_spawn_file_actions_adddup2(files, output_fd, STDOUT_FILENO);
    e = e ? e : posix_spawn_file_actions_adddup2(files, output_fd, STDERR_FILENO);
    if (cwd) {
        e = e ? e : posix_spawn_file_actions_addchdir_np(files, cwd);
    }
    e = e ? e : posix_spawnattr_setsigmask(attr, &none);
    e = e ? e : posix_spawnattr_setsigdefault(attr, &all);
    return e ? e : posix_spawnattr_setflags(attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
}

static int spawn(const char *const argv[], const char *cwd, int output_fd, pid_t *ret_pid)
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
            e = set_up(&files, &attr, cwd, output_fd);
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

ErrCode subprocess_run(const char *const argv[], const char *cwd, Buf *output, int *ret_status,
                       Err *err)
{
    int fds[2];
    pid_t pid = 0;
    if (pipe2(fds, O_CLOEXEC) != 0) {
        return err_sys(err, "pipe");
    }
    int e = spawn(argv, cwd, fds[1], &pid);
    (void)close(fds[1]);
    if (e != 0) {
        (void)close(fds[0]);
        if (cwd && !fsx_is_dir(cwd)) { /* posix_spawn says ENOENT for this, too */
            return err_set(err, ERR_IO, "start %s: there is no folder %s", argv[0], cwd);
        }
        if (e == ENOENT) {
            return err_set(err, ERR_UNAVAILABLE, "there is no program %s on this machine", argv[0]);
        }
        errno = e;
        return err_sys(err, "start %s", argv[0]);
    }
    ErrCode rc = drain(fds[0], output, err);
    (void)close(fds[0]);
    Err other = ERR_INIT;
    ErrCode reaped = reap(pid, argv[0], ret_status, rc == ERR_OK ? err : &other);
    rc = rc == ERR_OK ? reaped : rc;
    return rc == ERR_OK ? buf_ok(output, err) : rc;
}

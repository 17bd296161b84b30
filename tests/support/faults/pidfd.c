/* pidfd.c -- pidfd_open(2) and pidfd_send_signal(2) for a machine without them: valgrind 3.19 knows
 * no such system calls.
 *
 * Loaded by LD_PRELOAD.  The descriptor is the reading end of a pipe, which a thread closes at its
 * other end when the process has ended: poll(2) then says so, as of a pidfd.  The process is left
 * to be waited for. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MAX_FDS = 4096 };
static pid_t pid_of[MAX_FDS]; /* by descriptor */

typedef struct Watch {
    pid_t pid;
    int fd;
} Watch;

/* By value in a pointer's bits: a thread that never ends leaks no memory. */
static uintptr_t packed(Watch w)
{
    return (uintptr_t)(unsigned)w.pid << 32 | (unsigned)w.fd;
}

static void *watch(void *arg)
{
    pid_t pid = (pid_t)((uintptr_t)arg >> 32);
    int fd = (int)((uintptr_t)arg & UINT32_MAX);
    siginfo_t info;
    const struct timespec pause = {.tv_nsec = 2000000};
    while (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT) != 0) {
        if (errno == ECHILD && kill(pid, 0) != 0) { /* not ours; gone */
            break;
        }
        (void)nanosleep(&pause, NULL);
    }
    (void)close(fd);
    return NULL;
}

int pidfd_open(pid_t pid, unsigned int flags)
{
    int fd[2];
    pthread_t thread;
    pthread_attr_t detached;
    sigset_t all, before;
    (void)flags;
    if (kill(pid, 0) != 0 || pipe2(fd, O_CLOEXEC) != 0) {
        return -1;
    }
    (void)pthread_attr_init(&detached);
    (void)pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before); /* the program's signals are not for it */
    uintptr_t arg = packed((Watch){.pid = pid, .fd = fd[1]});
    /* NOLINTNEXTLINE(performance-no-int-to-ptr): it is no pointer */
    int rc = pthread_create(&thread, &detached, watch, (void *)arg);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    (void)pthread_attr_destroy(&detached);
    if (rc != 0) {
        (void)close(fd[0]);
        (void)close(fd[1]);
        errno = rc;
        return -1;
    }
    if (fd[0] < MAX_FDS) {
        pid_of[fd[0]] = pid;
    }
    return fd[0];
}

int pidfd_send_signal(int pidfd, int sig, siginfo_t *info, unsigned int flags)
{
    (void)info, (void)flags;
    if (pidfd < 0 || pidfd >= MAX_FDS || pid_of[pidfd] <= 0) {
        errno = EBADF;
        return -1;
    }
    return kill(pid_of[pidfd], sig);
}

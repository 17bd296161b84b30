#include "trainer/worker/stop.h"

#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <unistd.h>

static volatile sig_atomic_t stop_signal, save_signal;

static void on_stop(int sig)
{
    stop_signal = sig;
}

static void on_save(int sig)
{
    save_signal = sig;
}

static void handle(int sig, void (*handler)(int))
{
    struct sigaction action = {.sa_flags = SA_RESTART};
    action.sa_handler = handler;
    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(sig, &action, NULL); /* fails only for a signal that does not exist */
}

void stop_install(void)
{
    stop_signal = save_signal = 0;
    handle(SIGTERM, on_stop);
    handle(SIGINT, on_stop);
    handle(SIGUSR1, on_save);
    handle(SIGPIPE, SIG_IGN);
    handle(SIGXFSZ, SIG_IGN); /* write(2) says EFBIG, and the attempt ends with a reason */
}

bool stop_requested(void)
{
    return stop_signal != 0;
}

const char *stop_name(void)
{
    return stop_signal == SIGTERM ? "SIGTERM" : stop_signal == SIGINT ? "SIGINT" : "";
}

bool stop_take_save(void)
{
    bool is_set = save_signal != 0;
    save_signal = 0;
    return is_set;
}

void stop_with_parent(int socket_fd)
{
    pid_t parent = getppid();
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM); /* an old kernel: the socket still tells */
    struct pollfd p = {.fd = socket_fd, .events = 0};
    bool is_closed = socket_fd >= 0 && poll(&p, 1, 0) == 1 && (p.revents & POLLHUP) != 0;
    if (getppid() != parent || is_closed) {
        stop_signal = SIGTERM;
    }
}

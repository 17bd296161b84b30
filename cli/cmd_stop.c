/* slaw stop: ask the scheduler of a study to wind down. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/study_arg.h"
#include "orchestrator/launch/process.h"
#include "orchestrator/sched/lock.h"

typedef struct StopOpts {
    int64_t wait_s;
} StopOpts;

static const StopOpts stop_default = {.wait_s = 60};

static const Opt stop_opts[] = {
    {"wait", "S", "seconds to wait for its end; 0: do not (default: 60)", OPT_I64,
     offsetof(StopOpts, wait_s)},
    {0},
};

/* The process that holds the lock, by a descriptor that no other process can take over:
 * opened first, and the lock looked at again. */
static ErrCode open_holder(const char *dir, LockHolder *h, int *ret_fd, Err *err)
{
    char host[PROCESS_HOST_BYTES];
    ErrCode rc = lock_holder(dir, h, err);
    if (rc != ERR_OK) {
        return rc;
    }
    if (h->pid == 0) {
        return err_set(err, ERR_UNAVAILABLE, "a scheduler is just starting; try again");
    }
    if (strcmp(h->host, process_host(host)) != 0) {
        (void)err_set(err, ERR_UNAVAILABLE, "the scheduler is process %ld on host %s, this is %s",
                      (long)h->pid, h->host, host);
        return err_hint(err, "run slaw stop there");
    }
    int fd = pidfd_open(h->pid, 0);
    if (fd < 0) {
        return errno == ESRCH ? err_set(err, ERR_NOTFOUND, "no scheduler is working on this study")
                              : err_sys(err, "process %ld", (long)h->pid);
    }
    LockHolder again;
    rc = lock_holder(dir, &again, err);
    if (rc == ERR_OK && again.pid != h->pid) {
        rc = err_set(err, ERR_UNAVAILABLE, "the scheduler has just changed; try again");
    }
    if (rc != ERR_OK) {
        (void)close(fd);
        return rc;
    }
    *ret_fd = fd;
    return ERR_OK;
}

static ErrCode send_and_wait(int fd, const LockHolder *h, int64_t wait_s, bool *ret_ended, Err *err)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    if (pidfd_send_signal(fd, SIGTERM, NULL, 0) != 0 && errno != ESRCH) {
        return err_sys(err, "signal to process %ld", (long)h->pid);
    }
    int64_t ms = wait_s > 86400 ? 86400000 : wait_s * 1000;
    *ret_ended = poll(&p, 1, (int)ms) == 1;
    return ERR_OK;
}

static void tell(Session *s, const LockHolder *h, const char *dir, bool has_ended)
{
    AnswerNode *top = answer_top(&s->answer);
    answer_show(top, &(Column){"pid"}, value_count(h->pid));
    answer_show(top, &(Column){"ended"}, value_bool(has_ended));
    if (has_ended) {
        answer_say(top, NULL, SAY_PLAIN, "Process %ld has stopped.", (long)h->pid);
    } else {
        answer_say(top, NULL, SAY_PLAIN,
                   "Process %ld was told to stop; its workers save their state.", (long)h->pid);
    }
    answer_say(top, NULL, SAY_HINT, "slaw run %s goes on with the study.", dir);
}

static ErrCode run(Session *s, const void *opts, int argc, char *const argv[], Err *err)
{
    const StopOpts *o = opts;
    char dir[FSX_PATH_BYTES];
    LockHolder h;
    int fd = -1;
    bool has_ended = false;
    (void)argc;
    if (o->wait_s < 0) {
        return err_set(err, ERR_USAGE, "--wait takes 0 or more");
    }
    ErrCode rc = study_arg_dir(s, argv[0], s->fit.dir, dir, err);
    if (rc == ERR_OK) {
        rc = open_holder(dir, &h, &fd, err);
    }
    if (rc == ERR_OK) {
        rc = send_and_wait(fd, &h, o->wait_s, &has_ended, err);
        (void)close(fd);
    }
    if (rc == ERR_OK) {
        tell(s, &h, dir, has_ended);
    }
    return rc;
}

const Command command_stop = {
    .name = "stop",
    .args = "STUDY",
    .summary = "stop the scheduler of a study; its workers save their state",
    .description = "Finds the process that holds the study's lock, sends it SIGTERM and waits for "
                   "its end. Stopping twice hurries it, three times kills its workers.",
    COMMAND_OPTS(stop_opts, StopOpts),
    .opts_default = &stop_default,
    .groups = {&group_study},
    .examples = {"slaw stop runs/quickstart", "slaw stop runs/quickstart --wait 0"},
    .can_be_refused = true,
    .run = run,
};

#include "orchestrator/sched/sched.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "orchestrator/sched/loop.h"
#include "orchestrator/sched/register.h"

SchedTimes sched_times_default(void)
{
    return (SchedTimes){.tick = 100,
                        .housekeeping = 1000,
                        .backoff = 1000,
                        .backoff_max = 60000,
                        .grace = 30000,
                        .grace_again = 5000,
                        .hang_min = 60000,
                        .hang_factor = 20};
}

static ErrCode open_signals(Sched *s, Err *err)
{
    sigset_t mask;
    (void)sigemptyset(&mask);
    (void)sigaddset(&mask, SIGINT);
    (void)sigaddset(&mask, SIGTERM);
    (void)sigaddset(&mask, SIGHUP);
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    /* The scheduler has one thread. NOLINTNEXTLINE(concurrency-mt-unsafe) */
    if (sigprocmask(SIG_BLOCK, &mask, &s->old_mask) != 0 ||
        sigaction(SIGPIPE, &ignore, &s->old_pipe) != 0) { /* a closed terminal is no reason */
        return err_sys(err, "signals");
    }
    s->has_signals = true;
    s->signal_fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
    s->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (s->signal_fd < 0 || s->timer_fd < 0) {
        return err_sys(err, "signalfd");
    }
    return ERR_OK;
}

static ErrCode alloc_all(Sched *s, Err *err)
{
    size_t n = s->n + 1; /* never of size zero */
    s->jobs = calloc(n, sizeof *s->jobs);
    s->runs = calloc(n, sizeof *s->runs);
    s->order = calloc(n, sizeof *s->order);
    s->shares = calloc(n, sizeof *s->shares);
    s->fds = calloc(LOOP_FIXED_FDS + 2 * n, sizeof *s->fds);
    if (!s->jobs || !s->runs || !s->order || !s->shares || !s->fds) {
        return err_nomem(err, "runs");
    }
    for (size_t i = 0; i < s->n; i++) {
        s->jobs[i].handle = LAUNCH_HANDLE_INIT;
    }
    return ERR_OK;
}

static void sched_release(Sched *s)
{
    if (s->jobs) {
        loop_kill_all(s);
    }
    for (size_t i = 0; s->jobs && i < s->n; i++) {
        job_detach(&s->jobs[i], &s->ctx);
    }
    if (s->signal_fd >= 0) {
        (void)close(s->signal_fd);
    }
    if (s->timer_fd >= 0) {
        (void)close(s->timer_fd);
    }
    if (s->has_signals) {
        (void)sigaction(SIGPIPE, &s->old_pipe, NULL);
        /* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
        (void)sigprocmask(SIG_SETMASK, &s->old_mask, NULL);
    }
    catalog_close(s->ctx.catalog);
    free(s->jobs);
    free(s->runs);
    free(s->order);
    free(s->shares);
    free(s->fds);
    arena_release(&s->arena);
}

static void fill_summary(Sched *s)
{
    s->summary.runs = (int64_t)s->n;
    s->summary.is_interrupted = s->is_interrupted;
    for (size_t i = 0; i < s->n; i++) {
        s->summary.by_state[s->jobs[i].run.state]++;
    }
}

ErrCode sched_run(const Study *study, const SchedOptions *o, SchedSummary *ret, Err *err)
{
    Sched s = {.options = o, .n = study->n_runs, .signal_fd = -1, .timer_fd = -1};
    ErrCode rc = ERR_OK;
    s.ctx.options = o;
    s.ctx.concurrency = o->concurrency > 0 ? o->concurrency : machine_concurrency();
    s.cores = machine_cores();
    s.began = clock_mono_ns();

    TRY(alloc_all(&s, err));
    TRY(o->launcher->probe(err));
    TRY(open_signals(&s, err));
    TRY(register_open_catalog(o, &s.ctx.catalog, &s.summary.was_rebuilt, err));
    TRY(register_study(study, &s.ctx, &s.arena, s.jobs, &s.summary.retired, err));
    TRY(register_catch_up(&s.ctx, s.jobs, s.n, err));
    TRY(loop_run(&s, err));
    fill_summary(&s);
    *ret = s.summary;

done:
    sched_release(&s);
    return rc;
}

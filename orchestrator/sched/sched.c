#include "orchestrator/sched/sched.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "orchestrator/sched/loop.h"
#include "orchestrator/sched/recover.h"
#include "orchestrator/sched/register.h"

SchedTimes sched_times_default(void)
{
    return (SchedTimes){.tick = 200,
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

/* An array of at least one element. */
static void *zeroed(size_t n, size_t size)
{
    return calloc(n + 1, size);
}

/* What a worker leaves behind when it dies becomes our child, to be ended and reaped, and not
 * init's; on a kernel without it, only the reaping is init's. */
static void become_subreaper(bool is)
{
    (void)prctl(PR_SET_CHILD_SUBREAPER, is ? 1 : 0, 0, 0, 0);
}

static ErrCode alloc_all(Sched *s, Err *err)
{
    Turn *t = &s->turn;
    size_t n = s->slots;
    s->jobs = zeroed(s->n, sizeof *s->jobs);
    s->live = zeroed(n, sizeof(Job *));
    t->ended = zeroed(n, sizeof(Job *));
    t->ending = zeroed(n, sizeof *t->ending);
    t->end = zeroed(n, sizeof *t->end);
    t->begun = zeroed(n, sizeof(Job *));
    s->shares = zeroed(n, sizeof *s->shares);
    s->runs = zeroed(n, sizeof *s->runs);
    s->work = zeroed(n, sizeof *s->work);
    s->fds = zeroed(LOOP_FIXED_FDS + 2 * n, sizeof *s->fds);
    if (!s->jobs || !s->live || !t->ended || !t->ending || !t->end || !t->begun || !s->shares ||
        !s->runs || !s->work || !s->fds) {
        return err_nomem(err, "runs");
    }
    ErrCode rc = queue_init(&s->ready, s->n, queue_by_work, err);
    return rc == ERR_OK ? queue_init(&s->delayed, s->n, queue_by_time, err) : rc;
}

static void free_all(Sched *s)
{
    Turn *t = &s->turn;
    for (size_t i = 0; s->jobs && i < s->n; i++) {
        attempt_detach(&s->jobs[i], &s->ctx);
        job_release(&s->jobs[i]);
    }
    queue_release(&s->ready);
    queue_release(&s->delayed);
    void *all[] = {s->jobs,          (void *)s->live, (void *)t->ended, t->ending, t->end,
                   (void *)t->begun, s->shares,       s->runs,          s->work,   s->fds};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        free(all[i]);
    }
}

static void sched_release(Sched *s)
{
    if (s->live) {
        loop_kill_all(s);
    }
    free_all(s);
    become_subreaper(false);
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
}

static void fill_summary(Sched *s)
{
    s->summary.runs = (int64_t)s->n;
    s->summary.is_interrupted = s->cause == STUDY_INTERRUPTED;
    s->summary.is_paused = s->cause == STUDY_PAUSED;
    for (size_t i = 0; i < CATALOG_N_RUN_STATES; i++) {
        s->summary.by_state[i] = s->ctx.by_state[i];
    }
}

static void add_up_work(Sched *s)
{
    for (size_t i = 0; i < s->n; i++) {
        s->flops_total += s->jobs[i].flops_per_step * (double)s->jobs[i].spec->steps;
    }
}

ErrCode sched_run(const Study *study, const SchedOptions *o, SchedSummary *ret, Err *err)
{
    Sched s = {.options = o, .n = study->n_runs, .signal_fd = -1, .timer_fd = -1};
    ErrCode rc = ERR_OK;
    s.slots = (size_t)o->workers < s.n ? (size_t)o->workers : s.n;
    s.ctx = (JobContext){.study = study, .options = o};
    s.ctx.concurrency = o->concurrency > 0 ? o->concurrency : machine_concurrency();
    s.cores = machine_cores();
    s.began = clock_mono_ns();

    TRY(alloc_all(&s, err));
    TRY(o->launcher->probe(err));
    TRY(open_signals(&s, err));
    become_subreaper(true);
    TRY(register_open_catalog(&s.ctx, &s.summary.was_rebuilt, err));
    TRY(register_study(&s.ctx, s.jobs, &s.summary.retired, err));
    TRY(study_state_next(s.state, STUDY_REGISTER, &s.state, err));
    add_up_work(&s);
    TRY(recover_all(&s.ctx, s.jobs, s.n, err));
    TRY(study_state_next(s.state, STUDY_CATCH_UP, &s.state, err));
    loop_enqueue_all(&s);
    machine_trim(); /* of what planning and registering needed; the loop may run for days */
    TRY(loop_run(&s, err));
    fill_summary(&s);
    *ret = s.summary;

done:
    sched_release(&s);
    return rc;
}

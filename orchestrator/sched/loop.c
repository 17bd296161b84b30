/* loop.c -- one turn of the scheduler:
 *
 *   start what may start -> arm the timer for the earliest deadline -> poll
 *     -> signals, news, deaths -> deadlines that have passed -> again
 */
#include "orchestrator/sched/loop.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "orchestrator/sched/view.h"

enum { FD_SIGNAL, FD_TIMER };

/* Steps between two `step` lines of a worker, and the slowest computing [FLOP/s] that is
 * not yet called a hang: until a speed was seen, silence is judged by the work. */
enum { STEPS_A_LINE = 10 };
static const double slowest_flops = 1e9;
static const MonoNs same_request = 20 * (MonoNs)NS_PER_MS;

/* ---- observers ------------------------------------------------------------------------ */

static SchedView current_view(Sched *s)
{
    for (size_t i = 0; i < s->n; i++) {
        s->runs[i] = s->jobs[i].run;
    }
    double elapsed_s = (double)(clock_mono_ns() - s->began) / (double)NS_PER_S;
    SchedView v = view_of(s->runs, s->n, s->options->workers, elapsed_s);
    v.stop_requests = s->stop_requests;
    return v;
}

static void tell_changed(Sched *s)
{
    const SchedObserver *o = &s->options->observer;
    if (o->changed) {
        SchedView v = current_view(s);
        o->changed(o->ctx, &v);
    }
}

static void tell_settled(Sched *s, const Job *j)
{
    const SchedObserver *o = &s->options->observer;
    if (o->settled && j->run.state != CATALOG_RUN_WAITING && j->run.state != CATALOG_RUN_RUNNING) {
        SchedView v = current_view(s);
        o->settled(o->ctx, &v, (size_t)(j - s->jobs));
    }
}

/* ---- stopping ------------------------------------------------------------------------- */

static int64_t n_live(const Sched *s)
{
    int64_t n = 0;
    for (size_t i = 0; i < s->n; i++) {
        n += s->jobs[i].is_live;
    }
    return n;
}

static void ask_to_stop(Sched *s, Job *j, LaunchStop how, int64_t grace_ms)
{
    Err err = ERR_INIT;
    if (s->options->launcher->stop(&j->handle, how, &err) != ERR_OK) {
        job_say(&s->ctx, "%s: %s", j->run.spec->name, err.msg);
    }
    j->run.is_stopping = true;
    j->force_at = how == LAUNCH_STOP_FORCE ? 0 : clock_mono_ns() + grace_ms * NS_PER_MS;
}

static void ask_all(Sched *s, LaunchStop how, int64_t grace_ms)
{
    for (size_t i = 0; i < s->n; i++) {
        if (s->jobs[i].is_live) {
            ask_to_stop(s, &s->jobs[i], how, grace_ms);
        }
    }
}

static void begin_stop(Sched *s)
{
    if (!s->is_stopping) {
        s->is_stopping = true;
        ask_all(s, LAUNCH_STOP_ASK, s->options->times.grace);
    }
}

/* Keeps the first failure of our own and winds down; later ones are its echoes. */
static void note_failure(Sched *s, ErrCode rc, const Err *err)
{
    if (rc != ERR_OK && s->failure == ERR_OK) {
        s->failure = rc;
        s->failure_err = *err;
        begin_stop(s);
    }
}

static void on_stop_request(Sched *s)
{
    const SchedTimes *t = &s->options->times;
    int64_t live = n_live(s);
    s->is_interrupted = true;
    s->stop_requests++;
    if (s->stop_requests == 1) {
        job_say(&s->ctx, "stopping: %" PRId64 " worker%s will save their state; again to hurry",
                live, live == 1 ? "" : "s");
        s->is_stopping = true;
        ask_all(s, LAUNCH_STOP_ASK, t->grace);
    } else if (s->stop_requests == 2) {
        job_say(&s->ctx, "hurrying: %" PRId64 " s for %" PRId64 " worker%s; again to kill",
                t->grace_again / MS_PER_S, live, live == 1 ? "" : "s");
        ask_all(s, LAUNCH_STOP_ASK, t->grace_again);
    } else {
        ask_all(s, LAUNCH_STOP_FORCE, 0);
    }
}

/* ---- starting and ending --------------------------------------------------------------- */

static void after_end(Sched *s, Job *j)
{
    tell_settled(s, j);
    bool is_bad = j->run.state == CATALOG_RUN_FAILED || j->run.state == CATALOG_RUN_DIVERGED;
    if (is_bad && s->options->is_fail_fast && !s->is_stopping) {
        job_say(&s->ctx, "stopping at the first failure, as asked");
        begin_stop(s);
    }
}

static bool may_start(const Sched *s, const Job *j, MonoNs now)
{
    return !s->is_stopping && !j->is_live && j->run.state == CATALOG_RUN_WAITING &&
           j->not_before <= now;
}

static bool has_waiting(const Sched *s)
{
    for (size_t i = 0; i < s->n && !s->is_stopping; i++) {
        if (s->jobs[i].run.state == CATALOG_RUN_WAITING) {
            return true;
        }
    }
    return false;
}

static void apply_share(Sched *s, Job *j, const Share *x)
{
    bool moves =
        s->options->is_pinned && (x->is_pinned != j->is_pinned || !CPU_EQUAL(&x->cores, &j->cores));
    if (!moves && x->threads == j->run.threads) {
        return;
    }
    CoreSet cores = {.n = 0};
    for (size_t i = 0; i < s->cores.n; i++) {
        if (CPU_ISSET((size_t)s->cores.core[i], &x->cores)) {
            cores.core[cores.n++] = s->cores.core[i];
        }
    }
    /* A new worker that is to be kept nowhere is where it should be. */
    bool is_told = moves && (x->is_pinned || j->run.threads > 0);
    if (is_told || x->threads != j->run.threads) {
        job_tell_share(j, x->threads, is_told ? &cores : NULL);
    }
    j->run.threads = x->threads;
    j->cores = x->cores;
    j->is_pinned = x->is_pinned;
}

/* Shares cores out anew and tells those for whom something changes. */
static void share_out(Sched *s)
{
    const SchedOptions *o = s->options;
    size_t n = 0;
    for (size_t i = 0; i < s->n; i++) {
        const Job *j = &s->jobs[i];
        if (j->is_live) {
            int64_t steps_left = j->run.spec->steps - j->run.step;
            s->shares[n++] = (Share){.work_left = j->run.flops_per_step * (double)steps_left,
                                     .most = s->ctx.concurrency,
                                     .cores = j->cores,
                                     .is_pinned = j->is_pinned};
        }
    }
    s->is_share_stale = false;
    share_threads(s->shares, n, s->ctx.concurrency, (size_t)o->threads);
    share_cores(s->shares, n, &s->cores);
    n = 0;
    for (size_t i = 0; i < s->n; i++) {
        Job *j = &s->jobs[i];
        if (j->is_live) {
            apply_share(s, j, &s->shares[n++]);
        }
    }
}

static void start_due(Sched *s)
{
    int64_t free_slots = s->options->workers - n_live(s);
    if (free_slots <= 0 || !has_waiting(s)) {
        return;
    }
    bool has_started = false;
    view_longest_first((current_view(s).runs), s->n, s->order);
    for (size_t i = 0; i < s->n && free_slots > 0; i++) {
        Job *j = &s->jobs[s->order[i]];
        Err err = ERR_INIT;
        if (!may_start(s, j, clock_mono_ns())) {
            continue;
        }
        note_failure(s, job_begin(j, &s->ctx, &err), &err);
        s->summary.started++;
        has_started = true;
        if (j->is_live) {
            free_slots--;
        } else {
            after_end(s, j);
        }
    }
    if (has_started) {
        share_out(s);
        tell_changed(s);
    }
}

static void check_death(Sched *s, Job *j)
{
    LaunchStatus status = {0};
    Err err = ERR_INIT;
    ErrCode rc = s->options->launcher->poll(&j->handle, &status, &err);
    if (rc == ERR_OK && status.phase == LAUNCH_RUNNING) {
        return;
    }
    note_failure(s, rc, &err);
    rc = job_end(j, &s->ctx, status, NULL, s->is_stopping, &err);
    note_failure(s, rc, &err);
    after_end(s, j);
    s->is_share_stale = true; /* its cores are free, if nobody starts in its place */
}

/* ---- news ------------------------------------------------------------------------------ */

static void has_news(Sched *s, Job *j)
{
    MonoNs now = clock_mono_ns();
    MonoNs gap = now - j->last_news;
    j->longest_gap = gap > j->longest_gap ? gap : j->longest_gap;
    j->last_news = now;
    j->is_dirty = true;
    if (s->tick_at == 0) {
        s->tick_at = now + s->options->times.tick * NS_PER_MS;
    }
}

/* The bytes themselves are of no interest: they are in the file. */
static void drain_news(Sched *s, Job *j)
{
    char waste[16384];
    ssize_t n;
    bool got = false;
    if (j->handle.news_fd < 0) {
        return;
    }
    while ((n = recv(j->handle.news_fd, waste, sizeof waste, MSG_DONTWAIT)) > 0) {
        got = true;
    }
    bool is_closed = n == 0 || (errno != EAGAIN && errno != EINTR);
    if (is_closed) {
        (void)close(j->handle.news_fd); /* housekeeping looks at the file from now on */
        j->handle.news_fd = -1;
    }
    if (got) {
        has_news(s, j);
    }
}

static ErrCode ingest_all(Sched *s, Err *err)
{
    ErrCode rc = ERR_OK;
    TRY(catalog_begin(s->ctx.catalog, err));
    for (size_t i = 0; i < s->n; i++) {
        if (s->jobs[i].is_live && s->jobs[i].is_dirty) {
            drain_news(s, &s->jobs[i]); /* before the file: a line is written there first */
            TRY(job_ingest(&s->jobs[i], &s->ctx, err));
        }
    }
    TRY(catalog_commit(s->ctx.catalog, err));

done:
    if (rc != ERR_OK) {
        catalog_rollback(s->ctx.catalog);
    }
    return rc;
}

static void tick(Sched *s)
{
    Err err = ERR_INIT;
    note_failure(s, ingest_all(s, &err), &err);
    s->tick_at = 0;
    tell_changed(s);
}

/* ---- deadlines -------------------------------------------------------------------------- */

/* Silence after which a worker is held to be hung [ns]. */
static MonoNs silence_limit(const Sched *s, const Job *j)
{
    const SchedTimes *t = &s->options->times;
    MonoNs limit = t->hang_min * NS_PER_MS;
    MonoNs seen = t->hang_factor * j->longest_gap;
    if (isnan(j->run.tokens_per_s)) { /* no step line yet */
        double expected_s = STEPS_A_LINE * j->run.flops_per_step / slowest_flops;
        MonoNs expected = (MonoNs)(fmin(expected_s, 1e6) * (double)NS_PER_S);
        limit = expected > limit ? expected : limit;
    }
    return seen > limit ? seen : limit;
}

static void check_silence(Sched *s, Job *j, MonoNs now)
{
    if (j->is_hung || j->run.is_stopping || now - j->last_news < silence_limit(s, j)) {
        return;
    }
    j->is_hung = true;
    j->silent_s = silence_limit(s, j) / NS_PER_S;
    job_say(&s->ctx, "%s: no news for %" PRId64 " s: stopping it", j->run.spec->name, j->silent_s);
    ask_to_stop(s, j, LAUNCH_STOP_ASK, s->options->times.grace_again);
}

static void keep_house(Sched *s, MonoNs now)
{
    s->housekeeping_at = now + s->options->times.housekeeping * NS_PER_MS;
    for (size_t i = 0; i < s->n; i++) {
        Job *j = &s->jobs[i];
        if (!j->is_live) {
            continue;
        }
        if (job_events_bytes(j) > j->ingested_bytes && !j->is_dirty && j->handle.news_fd < 0) {
            has_news(s, j);
        }
        check_silence(s, j, now);
        if (j->handle.death_fd < 0) {
            check_death(s, j);
        }
    }
    tell_changed(s);
}

static void pass_deadlines(Sched *s)
{
    MonoNs now = clock_mono_ns();
    if (s->tick_at != 0 && s->tick_at <= now) {
        tick(s);
    }
    for (size_t i = 0; i < s->n; i++) {
        Job *j = &s->jobs[i];
        if (j->is_live && j->force_at != 0 && j->force_at <= now) {
            job_say(&s->ctx, "%s: its worker did not stop when asked: killing it",
                    j->run.spec->name);
            ask_to_stop(s, j, LAUNCH_STOP_FORCE, 0);
        }
    }
    if (s->housekeeping_at <= now) {
        keep_house(s, now);
    }
}

static MonoNs earlier(MonoNs a, MonoNs b)
{
    return b != 0 && b < a ? b : a;
}

static ErrCode arm_timer(Sched *s, Err *err)
{
    MonoNs at = s->housekeeping_at;
    at = earlier(at, s->tick_at);
    for (size_t i = 0; i < s->n; i++) {
        const Job *j = &s->jobs[i];
        if (j->is_live) {
            at = earlier(at, j->force_at);
        } else if (j->run.state == CATALOG_RUN_WAITING) {
            /* One that is due and has no free slot waits for a death, not for the timer. */
            at = j->not_before > clock_mono_ns() ? earlier(at, j->not_before) : at;
        }
    }
    struct itimerspec when = {
        .it_value = {.tv_sec = (time_t)(at / NS_PER_S), .tv_nsec = at % NS_PER_S}};
    if (timerfd_settime(s->timer_fd, TFD_TIMER_ABSTIME, &when, NULL) != 0) {
        return err_sys(err, "timerfd");
    }
    return ERR_OK;
}

/* ---- the loop ---------------------------------------------------------------------------- */

/* What arrives at once is one request: a shell or timeout(1) signals us and our group. */
static void read_signals(Sched *s)
{
    struct signalfd_siginfo info;
    MonoNs now = clock_mono_ns();
    bool has_any = false;
    while (read(s->signal_fd, &info, sizeof info) == (ssize_t)sizeof info) {
        has_any = true;
    }
    if (has_any && (s->stop_requests == 0 || now - s->requested_at > same_request)) {
        s->requested_at = now;
        on_stop_request(s);
    }
}

static size_t fill_fds(Sched *s)
{
    size_t n = LOOP_FIXED_FDS;
    s->fds[FD_SIGNAL] = (struct pollfd){.fd = s->signal_fd, .events = POLLIN};
    s->fds[FD_TIMER] = (struct pollfd){.fd = s->timer_fd, .events = POLLIN};
    for (size_t i = 0; i < s->n; i++) {
        const Job *j = &s->jobs[i];
        if (j->is_live) { /* poll ignores a negative descriptor; one whose tick is set needs none */
            int news_fd = j->is_dirty ? -1 : j->handle.news_fd;
            s->fds[n++] = (struct pollfd){.fd = j->handle.death_fd, .events = POLLIN};
            s->fds[n++] = (struct pollfd){.fd = news_fd, .events = POLLIN};
        }
    }
    return n;
}

static void read_workers(Sched *s)
{
    size_t at = LOOP_FIXED_FDS;
    for (size_t i = 0; i < s->n; i++) {
        Job *j = &s->jobs[i];
        if (!j->is_live) {
            continue; /* none begins or ends between fill_fds and here, but by our own hand */
        }
        bool is_dead = s->fds[at].revents != 0, has_said = s->fds[at + 1].revents != 0;
        at += 2;
        if (has_said) {
            drain_news(s, j);
        }
        if (is_dead) {
            check_death(s, j);
        }
    }
}

static ErrCode loop_once(Sched *s, Err *err)
{
    ErrCode rc = arm_timer(s, err);
    if (rc != ERR_OK) {
        return rc;
    }
    size_t n = fill_fds(s);
    if (poll(s->fds, (nfds_t)n, -1) < 0) {
        return errno == EINTR ? ERR_OK : err_sys(err, "poll");
    }
    uint64_t expirations;
    (void)!read(s->timer_fd, &expirations, sizeof expirations); /* only to make it quiet */
    read_workers(s);
    if (s->fds[FD_SIGNAL].revents != 0) {
        read_signals(s);
    }
    pass_deadlines(s);
    return ERR_OK;
}

ErrCode loop_run(Sched *s, Err *err)
{
    ErrCode rc = ERR_OK;
    s->housekeeping_at = clock_mono_ns() + s->options->times.housekeeping * NS_PER_MS;
    for (;;) {
        start_due(s);
        if (s->is_share_stale) {
            share_out(s);
        }
        if (n_live(s) == 0 && !has_waiting(s)) {
            break;
        }
        TRY(loop_once(s, err));
    }
    tell_changed(s);
    if (s->failure != ERR_OK) {
        *err = s->failure_err;
        rc = s->failure;
    }

done:
    return rc;
}

void loop_kill_all(Sched *s)
{
    ask_all(s, LAUNCH_STOP_FORCE, 0);
}

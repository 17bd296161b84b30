/* loop.c -- one turn of the scheduler:
 *
 *   rows of what ended and of what may start, in one transaction -> start it
 *     -> arm the timer for the earliest deadline -> poll
 *     -> signals, news, deaths -> deadlines that have passed -> again
 */
#include "orchestrator/sched/loop.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum { FD_SIGNAL, FD_TIMER };

/* Steps between two `step` lines of a worker, and the slowest computing [FLOP/s] that is
 * not yet called a hang: until a speed was seen, silence is judged by the work. */
enum { STEPS_A_LINE = 10 };
static const double slowest_flops = 1e9;
static const MonoNs same_request = 20 * (MonoNs)NS_PER_MS;

/* ---- news and deaths ----------------------------------------------------------------------- */

static void has_news(Sched *s, Attempt *a)
{
    MonoNs now = clock_mono_ns();
    MonoNs gap = now - a->last_news;
    a->longest_gap = gap > a->longest_gap ? gap : a->longest_gap;
    a->last_news = now;
    a->is_dirty = true;
    if (s->tick_at == 0) {
        s->tick_at = now + s->options->times.tick * NS_PER_MS;
    }
}

static void drain_news(Sched *s, Attempt *a)
{
    if (a->handle && s->options->launcher->hear(a->handle)) {
        has_news(s, a);
    }
}

/* Notes it for the next turn if it has ended. */
static void check_death(Sched *s, Job *j)
{
    Turn *t = &s->turn;
    LaunchStatus status = {0};
    Err err = ERR_INIT;
    ErrCode rc = s->options->launcher->poll(j->attempt->handle, &status, &err);
    if (rc == ERR_OK && status.phase == LAUNCH_RUNNING) {
        return;
    }
    loop_note_failure(s, rc, &err);
    for (size_t i = 0; i < t->n_ended; i++) {
        if (t->ended[i] == j) {
            return;
        }
    }
    t->ended[t->n_ended] = j;
    t->ending[t->n_ended++] = (AttemptEnding){.status = status};
}

static ErrCode ingest_all(Sched *s, Err *err)
{
    ErrCode rc = ERR_OK;
    TRY(catalog_begin(s->ctx.catalog, err));
    for (size_t i = 0; i < s->n_live; i++) {
        drain_news(s, s->live[i]->attempt); /* before the file: it has a line first */
        if (s->live[i]->attempt->is_dirty) {
            TRY(attempt_ingest(s->live[i], &s->ctx, err));
        }
    }
    TRY(catalog_commit(s->ctx.catalog, err));

done:
    catalog_rollback(s->ctx.catalog);
    return rc;
}

static void tick(Sched *s)
{
    Err err = ERR_INIT;
    loop_note_failure(s, ingest_all(s, &err), &err);
    s->tick_at = 0;
    loop_tell_changed(s);
}

/* ---- deadlines -------------------------------------------------------------------------- */

/* Silence after which a worker is held to be hung [ns]. */
static MonoNs silence_limit(const Sched *s, const Job *j)
{
    const SchedTimes *t = &s->options->times;
    MonoNs limit = t->hang_min * NS_PER_MS;
    MonoNs seen = t->hang_factor * j->attempt->longest_gap;
    if (isnan(j->attempt->tokens_per_s)) { /* no step line yet */
        double expected_s = STEPS_A_LINE * j->flops_per_step / slowest_flops;
        MonoNs expected = (MonoNs)(fmin(expected_s, 1e6) * (double)NS_PER_S);
        limit = expected > limit ? expected : limit;
    }
    return seen > limit ? seen : limit;
}

static void check_silence(Sched *s, Job *j, MonoNs now)
{
    Attempt *a = j->attempt;
    if (a->is_hung || a->is_stopping || now - a->last_news < silence_limit(s, j)) {
        return;
    }
    a->is_hung = true;
    a->silent_s = silence_limit(s, j) / NS_PER_S;
    job_say(&s->ctx, "%s: no news for %" PRId64 " s: stopping it", job_name(j), a->silent_s);
    loop_ask_to_stop(s, j, LAUNCH_STOP_ASK, s->options->times.grace_again);
}

static void keep_house(Sched *s, MonoNs now)
{
    s->housekeeping_at = now + s->options->times.housekeeping * NS_PER_MS;
    for (size_t i = 0; i < s->n_live; i++) {
        Attempt *a = s->live[i]->attempt;
        LaunchFds fds = s->options->launcher->fds(a->handle);
        if (fds.news < 0 && !a->is_dirty && attempt_events_bytes(a) > a->ingested_bytes) {
            has_news(s, a);
        }
        check_silence(s, s->live[i], now);
        if (fds.death < 0 && a->handle) {
            check_death(s, s->live[i]);
        }
    }
    loop_tell_changed(s);
}

static void pass_deadlines(Sched *s)
{
    MonoNs now = clock_mono_ns();
    if (s->tick_at != 0 && s->tick_at <= now) {
        tick(s);
    }
    for (size_t i = 0; i < s->n_live; i++) {
        Job *j = s->live[i];
        if (j->attempt->force_at != 0 && j->attempt->force_at <= now) {
            job_say(&s->ctx, "%s: its worker did not stop when asked: killing it", job_name(j));
            loop_ask_to_stop(s, j, LAUNCH_STOP_FORCE, 0);
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
    const Job *next = queue_first(&s->delayed);
    MonoNs at = earlier(s->housekeeping_at, s->tick_at);
    at = earlier(at, next ? next->not_before : 0);
    at = earlier(at, s->ready.n > 0 && s->start_at > clock_mono_ns() ? s->start_at : 0);
    for (size_t i = 0; i < s->n_live; i++) {
        at = earlier(at, s->live[i]->attempt->force_at);
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
        loop_on_stop_request(s);
    }
}

static size_t fill_fds(Sched *s)
{
    size_t n = LOOP_FIXED_FDS;
    s->fds[FD_SIGNAL] = (struct pollfd){.fd = s->signal_fd, .events = POLLIN};
    s->fds[FD_TIMER] = (struct pollfd){.fd = s->timer_fd, .events = POLLIN};
    for (size_t i = 0; i < s->n_live; i++) {
        const Attempt *a = s->live[i]->attempt;
        /* poll ignores a negative descriptor: once a tick is set, news wakes nobody */
        LaunchFds fds = s->options->launcher->fds(a->handle);
        s->fds[n++] = (struct pollfd){.fd = fds.death, .events = POLLIN};
        s->fds[n++] = (struct pollfd){.fd = s->tick_at != 0 ? -1 : fds.news, .events = POLLIN};
    }
    return n;
}

static void read_workers(Sched *s)
{
    for (size_t i = 0; i < s->n_live; i++) { /* the same as in fill_fds() */
        const struct pollfd *fd = &s->fds[LOOP_FIXED_FDS + 2 * i];
        if (fd[1].revents != 0) {
            drain_news(s, s->live[i]->attempt);
        }
        if (fd[0].revents != 0) {
            check_death(s, s->live[i]);
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

static bool is_drained(const Sched *s)
{
    return s->n_live == 0 && (loop_is_stopping(s) || s->ready.n + s->delayed.n == 0);
}

ErrCode loop_run(Sched *s, Err *err)
{
    ErrCode rc = ERR_OK;
    s->housekeeping_at = clock_mono_ns() + s->options->times.housekeeping * NS_PER_MS;
    for (;;) {
        loop_take_turn(s);
        if (is_drained(s)) {
            break;
        }
        TRY(loop_once(s, err));
    }
    TRY(study_state_next(s->state, STUDY_DRAIN, &s->state, err));
    loop_tell_changed(s);
    if (s->failure != ERR_OK) {
        *err = s->failure_err;
        rc = s->failure;
    }

done:
    return rc;
}

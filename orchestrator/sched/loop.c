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
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum { FD_SIGNAL, FD_TIMER };

/* Steps between two `step` lines of a worker, and the slowest computing [FLOP/s] that is
 * not yet called a hang: until a speed was seen, silence is judged by the work. */
enum { STEPS_A_LINE = 10 };
static const double slowest_flops = 1e9;
static const MonoNs same_request = 20 * (MonoNs)NS_PER_MS;

/* Starts that fail in a row, each after a longer wait, before the study stops. */
enum { MAX_START_FAILURES = 5 };

/* ---- observers ------------------------------------------------------------------------ */

static double eta_s(const Sched *s, double *ret_live_left)
{
    const Job *longest = queue_first(&s->ready);
    ViewLeft left = {.live = s->work,
                     .n_live = s->n_live,
                     .idle = fmax(s->ctx.flops_left_idle, 0.0),
                     .longest_idle = longest ? job_work_left(longest) : 0.0,
                     .n_idle = s->ctx.by_state[CATALOG_RUN_WAITING],
                     .workers = s->options->workers};
    *ret_live_left = 0.0;
    for (size_t i = 0; i < s->n_live; i++) {
        const Job *j = s->live[i];
        double flops_a_token = j->flops_per_step / (double)j->spec->batch_tokens;
        s->work[i] = (ViewWork){.left = job_work_left(j),
                                .flops_per_s = j->attempt->tokens_per_s * flops_a_token};
        *ret_live_left += s->work[i].left;
    }
    return view_eta_s(&left);
}

static SchedView current_view(Sched *s)
{
    double live_left = 0.0;
    SchedView v = {.live = s->runs,
                   .n_live = s->n_live,
                   .n_runs = s->n,
                   .flops_total = s->flops_total,
                   .eta_s = eta_s(s, &live_left),
                   .elapsed_s = (double)(clock_mono_ns() - s->began) / (double)NS_PER_S,
                   .stop_requests = s->stop_requests};
    v.flops_done = s->flops_total - live_left - fmax(s->ctx.flops_left_idle, 0.0);
    for (size_t i = 0; i < CATALOG_N_RUN_STATES; i++) {
        v.by_state[i] = s->ctx.by_state[i];
    }
    for (size_t i = 0; i < s->n_live; i++) {
        s->runs[i] = attempt_view(s->live[i], s->live[i]->attempt);
    }
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

static void tell_settled(Sched *s, const SchedRun *r)
{
    const SchedObserver *o = &s->options->observer;
    if (o->settled) {
        SchedView v = current_view(s);
        o->settled(o->ctx, &v, r);
    }
}

/* ---- stopping ------------------------------------------------------------------------- */

static void ask_to_stop(Sched *s, Job *j, LaunchStop how, int64_t grace_ms)
{
    Err err = ERR_INIT;
    Attempt *a = j->attempt;
    if (a->handle.pid < 0) {
        return; /* it is about to be started, and asked then */
    }
    if (s->options->launcher->stop(&a->handle, how, &err) != ERR_OK) {
        job_say(&s->ctx, "%s: %s", job_name(j), err.msg);
    }
    a->is_stopping = true;
    a->force_at = how == LAUNCH_STOP_FORCE ? 0 : clock_mono_ns() + grace_ms * NS_PER_MS;
}

static void ask_all(Sched *s, LaunchStop how, int64_t grace_ms)
{
    for (size_t i = 0; i < s->n_live; i++) {
        ask_to_stop(s, s->live[i], how, grace_ms);
    }
}

static bool is_stopping(const Sched *s)
{
    return s->state == STUDY_STOPPING;
}

/* Nothing starts any more; the workers are asked once. */
static void stop_for(Sched *s, StudyCause cause)
{
    bool is_first = !is_stopping(s);
    Err err = ERR_INIT;
    if (study_state_next(s->state, STUDY_STOP, &s->state, &err) != ERR_OK) {
        job_say(&s->ctx, "%s", err.msg); /* not while the loop runs */
        return;
    }
    s->cause = study_cause_worse(s->cause, cause);
    if (is_first) {
        ask_all(s, LAUNCH_STOP_ASK, s->options->times.grace);
    }
}

static void pause_study(Sched *s, const Job *j, const char *why)
{
    if (s->cause != STUDY_PAUSED) {
        (void)snprintf(s->summary.why, sizeof s->summary.why, "%.100s: %.150s", job_name(j), why);
        job_say(&s->ctx, "pausing the study: %s", s->summary.why);
    }
    stop_for(s, STUDY_PAUSED);
}

/* Keeps the first failure of our own and winds down; later ones are its echoes. */
static void note_failure(Sched *s, ErrCode rc, const Err *err)
{
    if (rc != ERR_OK && s->failure == ERR_OK) {
        s->failure = rc;
        s->failure_err = *err;
        stop_for(s, err_is_no_space(err) ? STUDY_PAUSED : STUDY_BROKEN);
    }
}

static void on_stop_request(Sched *s)
{
    const SchedTimes *t = &s->options->times;
    const char *plural = s->n_live == 1 ? "" : "s";
    s->stop_requests++;
    if (s->stop_requests == 1) {
        job_say(&s->ctx, "stopping: %zu worker%s will save their state; again to hurry", s->n_live,
                plural);
        stop_for(s, STUDY_INTERRUPTED);
    } else if (s->stop_requests == 2) {
        job_say(&s->ctx, "hurrying: %" PRId64 " s for %zu worker%s; again to kill",
                t->grace_again / MS_PER_S, s->n_live, plural);
        ask_all(s, LAUNCH_STOP_ASK, t->grace_again);
    } else {
        ask_all(s, LAUNCH_STOP_FORCE, 0);
    }
}

/* ---- sharing cores ----------------------------------------------------------------------- */

static void apply_share(Sched *s, Attempt *a, const Share *x)
{
    bool moves =
        s->options->is_pinned && (x->is_pinned != a->is_pinned || !CPU_EQUAL(&x->cores, &a->cores));
    if (!moves && x->threads == a->threads) {
        return;
    }
    CoreSet cores = {.n = 0};
    for (size_t i = 0; i < s->cores.n; i++) {
        if (CPU_ISSET((size_t)s->cores.core[i], &x->cores)) {
            cores.core[cores.n++] = s->cores.core[i];
        }
    }
    /* A new worker that is to be kept nowhere is where it should be. */
    bool is_told = moves && (x->is_pinned || a->threads > 0);
    if (is_told || x->threads != a->threads) {
        attempt_tell_share(a, x->threads, is_told ? &cores : NULL);
    }
    a->threads = x->threads;
    a->cores = x->cores;
    a->is_pinned = x->is_pinned;
}

/* Shares cores out anew and tells those for whom something changes. */
static void share_out(Sched *s)
{
    for (size_t i = 0; i < s->n_live; i++) {
        const Attempt *a = s->live[i]->attempt;
        s->shares[i] = (Share){.work_left = job_work_left(s->live[i]),
                               .most = s->ctx.concurrency,
                               .cores = a->cores,
                               .is_pinned = a->is_pinned};
    }
    s->is_share_stale = false;
    share_threads(s->shares, s->n_live, s->ctx.concurrency, (size_t)s->options->threads);
    share_cores(s->shares, s->n_live, &s->cores);
    for (size_t i = 0; i < s->n_live; i++) {
        apply_share(s, s->live[i]->attempt, &s->shares[i]);
    }
}

/* ---- queues ------------------------------------------------------------------------------ */

static void enqueue(Sched *s, Job *j)
{
    queue_add(j->not_before > clock_mono_ns() ? &s->delayed : &s->ready, j);
}

void loop_enqueue_all(Sched *s)
{
    for (size_t i = 0; i < s->n; i++) {
        if (s->jobs[i].state == CATALOG_RUN_WAITING) {
            enqueue(s, &s->jobs[i]);
        }
    }
}

static void wake_delayed(Sched *s, MonoNs now)
{
    for (const Job *j; (j = queue_first(&s->delayed)) != NULL && j->not_before <= now;) {
        queue_add(&s->ready, queue_take(&s->delayed));
    }
}

/* ---- a turn: what ended, what begins -------------------------------------------------------- */

static void remove_live(Sched *s, const Job *j)
{
    size_t k = 0;
    for (size_t i = 0; i < s->n_live; i++) {
        if (s->live[i] != j) {
            s->live[k++] = s->live[i];
        }
    }
    s->n_live = k;
    s->is_share_stale = true; /* its cores are free, if nobody starts in its place */
}

static bool may_start(const Sched *s)
{
    return s->state == STUDY_RUNNING && s->ready.n > 0 && s->n_live < s->slots &&
           s->start_at <= clock_mono_ns();
}

static ErrCode judge_ended(Sched *s, Err *err)
{
    Turn *t = &s->turn;
    for (size_t i = 0; i < t->n_ended; i++) {
        Job *j = t->ended[i];
        t->ending[i].is_stopping = is_stopping(s);
        ErrCode rc = attempt_judge(j, &s->ctx, &t->ending[i], &t->end[i], err);
        if (rc != ERR_OK) {
            return rc;
        }
        remove_live(s, j);
        if (j->state == CATALOG_RUN_WAITING) {
            enqueue(s, j); /* it may even begin again in this turn */
        }
        if (t->end[i].verdict.is_no_space) {
            pause_study(s, j, t->end[i].verdict.reason);
        }
    }
    return ERR_OK;
}

static ErrCode prepare_due(Sched *s, Err *err)
{
    Turn *t = &s->turn;
    while (may_start(s)) {
        Job *j = queue_take(&s->ready);
        ErrCode rc = attempt_prepare(j, &s->ctx, err);
        if (rc != ERR_OK) {
            queue_add(&s->ready, j);
            if (rc != ERR_IO) {
                return rc;
            }
            note_failure(s, rc, err); /* of files, before any row: the others' rows are good */
            break;
        }
        s->live[s->n_live++] = t->begun[t->n_begun++] = j;
        s->is_share_stale = true;
    }
    return ERR_OK;
}

static ErrCode turn_rows(Sched *s, Err *err)
{
    ErrCode rc = ERR_OK;
    TRY(catalog_begin(s->ctx.catalog, err));
    TRY(judge_ended(s, err));
    TRY(prepare_due(s, err));
    TRY(catalog_commit(s->ctx.catalog, err));

done:
    if (rc != ERR_OK) {
        catalog_rollback(s->ctx.catalog);
    }
    return rc;
}

/* The rows were not written: nothing that was prepared starts, and what ended is left for the next
 * scheduler to judge. */
static void forget_turn(Sched *s)
{
    Turn *t = &s->turn;
    for (size_t i = 0; i < t->n_begun; i++) {
        Job *j = t->begun[i];
        remove_live(s, j);
        attempt_detach(j, &s->ctx);
        job_set(j, &s->ctx, CATALOG_RUN_WAITING, NULL);
        j->attempts--;
        enqueue(s, j);
    }
    for (size_t i = 0; i < t->n_ended; i++) {
        remove_live(s, t->ended[i]);
        attempt_free(t->end[i].attempt, &s->ctx); /* judged, or not yet */
        t->end[i].attempt = NULL;
        attempt_detach(t->ended[i], &s->ctx);
    }
}

static void after_end(Sched *s, const Job *j, const SchedRun *r)
{
    if (job_is_settled(j)) {
        tell_settled(s, r);
    }
    bool is_bad = j->state == CATALOG_RUN_FAILED || j->state == CATALOG_RUN_DIVERGED;
    if (is_bad && s->options->is_fail_fast && !is_stopping(s)) {
        job_say(&s->ctx, "stopping at the first failure, as asked");
        stop_for(s, STUDY_FAIL_FAST);
    }
}

static void close_ended(Sched *s)
{
    Turn *t = &s->turn;
    for (size_t i = 0; i < t->n_ended; i++) {
        Job *j = t->ended[i];
        Err err = ERR_INIT;
        SchedRun seen = attempt_view(j, t->end[i].attempt); /* its losses go with it */
        ErrCode rc = attempt_close(&t->end[i], &s->ctx, &err);
        note_failure(s, rc, &err);
        after_end(s, j, &seen);
    }
}

/* No fault of the run: want of processes, memory or descriptors, a full disk, no program. */
static void start_failed(Sched *s, Job *j, ErrCode rc, const Err *why)
{
    Verdict ignored;
    Err err = ERR_INIT;
    bool is_final = rc == ERR_UNAVAILABLE || ++s->start_failures >= MAX_START_FAILURES;
    AttemptEnding how = {.status = {.phase = LAUNCH_GONE},
                         .start_error = why->msg,
                         .is_stopping = is_final || is_stopping(s)};
    remove_live(s, j);
    ErrCode ended = attempt_end(j, &s->ctx, &how, &ignored, &err);
    note_failure(s, ended, &err);
    if (ended == ERR_OK) {
        enqueue(s, j);
    }
    if (err_is_no_space(why)) {
        pause_study(s, j, why->msg);
    } else if (is_final) {
        note_failure(s, rc, why);
    }
    int64_t wait_ms = verdict_backoff_ms(s->start_failures, s->options->times.backoff,
                                         s->options->times.backoff_max);
    s->start_at = clock_mono_ns() + wait_ms * NS_PER_MS;
}

static void start_begun(Sched *s)
{
    Turn *t = &s->turn;
    for (size_t i = 0; i < t->n_begun; i++) {
        Err err = ERR_INIT;
        ErrCode rc = attempt_start(t->begun[i], &s->ctx, &err);
        s->summary.started++;
        if (rc != ERR_OK) {
            start_failed(s, t->begun[i], rc, &err);
        } else {
            s->start_failures = 0;
            if (is_stopping(s)) { /* for a failure a moment ago */
                ask_to_stop(s, t->begun[i], LAUNCH_STOP_ASK, s->options->times.grace);
            }
        }
    }
}

static void take_turn(Sched *s)
{
    Turn *t = &s->turn;
    Err err = ERR_INIT;
    wake_delayed(s, clock_mono_ns());
    if (t->n_ended > 0 || may_start(s)) {
        ErrCode rc = turn_rows(s, &err);
        if (rc == ERR_OK) {
            close_ended(s);
            start_begun(s);
        } else {
            forget_turn(s);
            note_failure(s, rc, &err);
        }
        t->n_ended = t->n_begun = 0;
        tell_changed(s);
    }
    if (s->is_share_stale) {
        share_out(s);
    }
}

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

/* The bytes themselves are of no interest: they are in the file. */
static void drain_news(Sched *s, Attempt *a)
{
    char waste[16384];
    ssize_t n;
    bool got = false;
    if (a->handle.news_fd < 0) {
        return;
    }
    while ((n = recv(a->handle.news_fd, waste, sizeof waste, MSG_DONTWAIT)) > 0) {
        got = true;
    }
    bool is_closed = n == 0 || (errno != EAGAIN && errno != EINTR);
    if (is_closed) {
        (void)close(a->handle.news_fd); /* housekeeping looks at the file from now on */
        a->handle.news_fd = -1;
    }
    if (got) {
        has_news(s, a);
    }
}

/* Notes it for the next turn if it has ended. */
static void check_death(Sched *s, Job *j)
{
    Turn *t = &s->turn;
    LaunchStatus status = {0};
    Err err = ERR_INIT;
    ErrCode rc = s->options->launcher->poll(&j->attempt->handle, &status, &err);
    if (rc == ERR_OK && status.phase == LAUNCH_RUNNING) {
        return;
    }
    note_failure(s, rc, &err);
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
        if (s->live[i]->attempt->is_dirty) {
            drain_news(s, s->live[i]->attempt); /* before the file: it has a line first */
            TRY(attempt_ingest(s->live[i], &s->ctx, err));
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
    ask_to_stop(s, j, LAUNCH_STOP_ASK, s->options->times.grace_again);
}

static void keep_house(Sched *s, MonoNs now)
{
    s->housekeeping_at = now + s->options->times.housekeeping * NS_PER_MS;
    for (size_t i = 0; i < s->n_live; i++) {
        Attempt *a = s->live[i]->attempt;
        if (a->handle.news_fd < 0 && !a->is_dirty && attempt_events_bytes(a) > a->ingested_bytes) {
            has_news(s, a);
        }
        check_silence(s, s->live[i], now);
        if (a->handle.death_fd < 0) {
            check_death(s, s->live[i]);
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
    for (size_t i = 0; i < s->n_live; i++) {
        Job *j = s->live[i];
        if (j->attempt->force_at != 0 && j->attempt->force_at <= now) {
            job_say(&s->ctx, "%s: its worker did not stop when asked: killing it", job_name(j));
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
        on_stop_request(s);
    }
}

static size_t fill_fds(Sched *s)
{
    size_t n = LOOP_FIXED_FDS;
    s->fds[FD_SIGNAL] = (struct pollfd){.fd = s->signal_fd, .events = POLLIN};
    s->fds[FD_TIMER] = (struct pollfd){.fd = s->timer_fd, .events = POLLIN};
    for (size_t i = 0; i < s->n_live; i++) {
        const Attempt *a = s->live[i]->attempt;
        /* poll ignores a negative descriptor; one whose tick is set needs none */
        s->fds[n++] = (struct pollfd){.fd = a->handle.death_fd, .events = POLLIN};
        s->fds[n++] = (struct pollfd){.fd = a->is_dirty ? -1 : a->handle.news_fd, .events = POLLIN};
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
    return s->n_live == 0 && (is_stopping(s) || s->ready.n + s->delayed.n == 0);
}

ErrCode loop_run(Sched *s, Err *err)
{
    ErrCode rc = ERR_OK;
    s->housekeeping_at = clock_mono_ns() + s->options->times.housekeeping * NS_PER_MS;
    for (;;) {
        take_turn(s);
        if (is_drained(s)) {
            break;
        }
        TRY(loop_once(s, err));
    }
    TRY(study_state_next(s->state, STUDY_DRAIN, &s->state, err));
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

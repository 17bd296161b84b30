/* turn.c -- a turn of the loop: what ended is judged, what may start begins, in one transaction;
 * then the cores are shared out. */
#include <stdio.h>

#include "orchestrator/sched/loop.h"

/* Starts that fail in a row, each after a longer wait, before the study stops. */
enum { MAX_START_FAILURES = 5 };

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
        attempt_tell_share(a, &s->ctx, x->threads, is_told ? &cores : NULL);
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
    const bool *is_wanted = s->options->is_wanted;
    for (size_t i = 0; i < s->n; i++) {
        Job *j = &s->jobs[i];
        if (j->state != CATALOG_RUN_WAITING) {
            continue;
        }
        if (is_wanted && !is_wanted[i]) {
            s->flops_unwanted += job_work_left(j);
        } else {
            enqueue(s, j);
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
        t->ending[i].is_stopping = loop_is_stopping(s);
        ErrCode rc = attempt_judge(j, &s->ctx, &t->ending[i], &t->end[i], err);
        if (rc != ERR_OK) {
            return rc;
        }
        remove_live(s, j);
        if (j->state == CATALOG_RUN_WAITING) {
            enqueue(s, j); /* it may even begin again in this turn */
        }
        if (t->end[i].verdict.is_no_space) {
            loop_pause(s, j, t->end[i].verdict.reason);
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
            loop_note_failure(s, rc, err); /* of files, before any row: the others' rows are good */
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
    catalog_rollback(s->ctx.catalog);
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
        loop_tell_settled(s, r);
    }
    bool is_bad = j->state == CATALOG_RUN_FAILED || j->state == CATALOG_RUN_DIVERGED;
    if (is_bad && s->options->is_fail_fast && !loop_is_stopping(s)) {
        job_say(&s->ctx, "stopping at the first failure, as asked");
        loop_stop_for(s, STUDY_FAIL_FAST);
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
        loop_note_failure(s, rc, &err);
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
                         .is_stopping = is_final || loop_is_stopping(s)};
    remove_live(s, j);
    ErrCode ended = attempt_end(j, &s->ctx, &how, &ignored, &err);
    loop_note_failure(s, ended, &err);
    if (ended == ERR_OK) {
        enqueue(s, j);
    }
    if (err_is_no_space(why)) {
        loop_pause(s, j, why->msg);
    } else if (is_final) {
        loop_note_failure(s, rc, why);
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
            if (loop_is_stopping(s)) { /* for a failure a moment ago */
                loop_ask_to_stop(s, t->begun[i], LAUNCH_STOP_ASK, s->options->times.grace);
            }
        }
    }
}

void loop_take_turn(Sched *s)
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
            loop_note_failure(s, rc, &err);
        }
        t->n_ended = t->n_begun = 0;
        loop_tell_changed(s);
    }
    if (s->is_share_stale) {
        share_out(s);
    }
}

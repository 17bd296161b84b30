#include "orchestrator/sched/verdict.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "common/exit_code.h"

/* Names may be as long as they like: the text is cut, never the program. */
static void set_reason(char out[VERDICT_REASON_BYTES], const char *a, const char *colon,
                       const char *b)
{
    (void)snprintf(out, VERDICT_REASON_BYTES, "%.120s%s%.120s", a, b[0] ? colon : "", b);
}

static bool exited(const Ending *e, int code)
{
    return e->status.phase == LAUNCH_EXITED && e->status.code == code;
}

static bool said(const Ending *e, CatalogAttemptState bye)
{
    return e->has_bye && e->bye == bye;
}

/* Why a charged attempt ended, in one line. */
static void failure_reason(const Ending *e, char out[VERDICT_REASON_BYTES])
{
    char status[LAUNCH_STATUS_BYTES];
    const char *more = e->bye_reason[0] ? e->bye_reason : e->last_words;
    if (e->is_hung) {
        (void)snprintf(out, VERDICT_REASON_BYTES, "no news for %" PRId64 " s", e->silent_s);
    } else if (exited(e, 0) && said(e, CATALOG_ATTEMPT_DONE)) {
        set_reason(out, "it said done, but checkpoints are missing", ": ", "");
    } else if (exited(e, 0)) {
        set_reason(out, "exit status 0 without having said that it is done", ": ", more);
    } else {
        set_reason(out, launch_status_text(e->status, status), ": ", more);
    }
}

/* The same error at the same step is no accident.  SIGKILL is: it comes from outside (a
 * person, the kernel when memory is short), whatever the step. */
static bool is_repeated(const Ending *e, const Trouble *t, const char *reason)
{
    bool is_killed = e->status.phase == LAUNCH_SIGNALED && e->status.signal == SIGKILL;
    if (t->failures == 0 || t->step != e->step || t->was_hung != e->is_hung) {
        return false;
    }
    return e->is_hung || (!is_killed && strcmp(t->reason, reason) == 0);
}

/* A failure that may pass: another attempt, unless there were enough or it is always
 * the same one. */
static void charge(const Ending *e, int64_t retries, Trouble *t, Verdict *v)
{
    v->attempt = ATTEMPT_FAIL;
    failure_reason(e, v->reason);
    bool is_same = is_repeated(e, t, v->reason);
    t->failures++;
    t->stuck = e->step > t->step ? 1 : t->stuck + 1;
    t->step = e->step;
    t->was_hung = e->is_hung;
    (void)snprintf(t->reason, sizeof t->reason, "%s", v->reason);
    v->is_charged = true;
    if (is_same) {
        v->run = RUN_FAIL;
        set_reason(v->run_reason, "twice the same at the same step", ": ", v->reason);
    } else if (t->failures > retries) {
        v->run = RUN_FAIL;
        set_reason(v->run_reason, v->reason, "", "");
    } else {
        v->run = RUN_REQUEUE;
        v->is_delayed = true;
        set_reason(v->run_reason, "to be retried", ": ", v->reason);
    }
}

/* It saved its state and asks to be started again; free of charge while it gets on. */
static void requeue(const Ending *e, int64_t retries, Trouble *t, Verdict *v)
{
    bool is_idle = !e->is_stopping && e->step <= t->requeue_step;
    t->idle_requeues = is_idle ? t->idle_requeues + 1 : 0;
    t->requeue_step = e->step;
    if (t->idle_requeues >= VERDICT_MAX_IDLE_REQUEUES) {
        charge(e, retries, t, v);
        return;
    }
    v->attempt = ATTEMPT_INTERRUPT;
    v->run = RUN_REQUEUE;
    v->is_delayed = is_idle;
    set_reason(v->reason, e->bye_reason[0] ? e->bye_reason : "asked to be started again", "", "");
    (void)snprintf(v->run_reason, sizeof v->run_reason, "interrupted at step %" PRId64, e->step);
}

static void end_for_good(const Ending *e, AttemptEvent attempt, RunEvent run, const char *fallback,
                         Verdict *v)
{
    const char *more = e->bye_reason[0] ? e->bye_reason : e->last_words;
    v->attempt = attempt;
    v->run = run;
    set_reason(v->reason, more[0] ? more : fallback, "", "");
    (void)snprintf(v->run_reason, sizeof v->run_reason, "%s", v->reason);
}

/* It could not write: the run goes on when there is space again. */
static void no_space(const Ending *e, Verdict *v)
{
    const char *more = e->bye_reason[0] ? e->bye_reason : e->last_words;
    v->attempt = ATTEMPT_INTERRUPT;
    v->run = RUN_REQUEUE;
    v->is_no_space = true;
    set_reason(v->reason, "the disk is full", ": ", more);
    set_reason(v->run_reason, "paused: the disk is full", "", "");
}

/* Seen by nobody: the worker of a scheduler that died. */
static void lost(const Ending *e, Verdict *v)
{
    v->attempt = said(e, CATALOG_ATTEMPT_INTERRUPTED) ? ATTEMPT_INTERRUPT : ATTEMPT_LOSE;
    v->run = RUN_REQUEUE;
    set_reason(v->reason, "its scheduler died", "", "");
    set_reason(v->run_reason, "its scheduler died", "", "");
}

Verdict verdict_of(const Ending *e, int64_t retries, Trouble *t)
{
    Verdict v = {.attempt = ATTEMPT_FINISH, .run = RUN_FINISH};
    bool is_unseen = e->status.phase == LAUNCH_GONE;
    if (e->start_error) { /* of the machine: the loop decides what becomes of the study */
        v = (Verdict){.attempt = ATTEMPT_FAIL, .run = RUN_REQUEUE, .is_delayed = !e->is_stopping};
        set_reason(v.reason, e->start_error, "", "");
        set_reason(v.run_reason, "could not be started", ": ", e->start_error);
        return v;
    }
    if (said(e, CATALOG_ATTEMPT_DONE) && e->is_complete && (is_unseen || exited(e, 0))) {
        return v;
    }
    if (exited(e, EXIT_DIVERGED) || (is_unseen && said(e, CATALOG_ATTEMPT_DIVERGED))) {
        end_for_good(e, ATTEMPT_DIVERGE, RUN_DIVERGE, "the loss left its bound", &v);
    } else if (is_unseen) {
        lost(e, &v);
    } else if (exited(e, EXIT_BAD_CONFIG)) {
        end_for_good(e, ATTEMPT_FAIL, RUN_FAIL, "the worker refuses this configuration", &v);
    } else if (exited(e, EXIT_NO_SPACE)) {
        no_space(e, &v);
    } else if (exited(e, EXIT_RESUMABLE) && !e->is_hung) {
        requeue(e, retries, t, &v);
    } else if (e->is_stopping && e->status.phase == LAUNCH_SIGNALED) {
        v.attempt = ATTEMPT_INTERRUPT; /* ended by our own hand, or with us */
        v.run = RUN_REQUEUE;
        char text[LAUNCH_STATUS_BYTES];
        set_reason(v.reason, launch_status_text(e->status, text), " while stopping", " ");
        (void)snprintf(v.run_reason, sizeof v.run_reason, "interrupted at step %" PRId64, e->step);
    } else {
        charge(e, retries, t, &v);
    }
    return v;
}

int64_t verdict_backoff_ms(int64_t failures, int64_t first_ms, int64_t max_ms)
{
    int64_t ms = failures > 1 ? first_ms : 0;
    for (int64_t i = 2; i < failures && ms < max_ms; i++) {
        ms *= 2;
    }
    return ms < max_ms ? ms : max_ms;
}

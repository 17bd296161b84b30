/* Stopping: for a signal, a failure, a full disk. */
#include <inttypes.h>
#include <stdio.h>

#include "orchestrator/sched/loop.h"

void loop_ask_to_stop(Sched *s, Job *j, LaunchStop how, int64_t grace_ms)
{
    Err err = ERR_INIT;
    Attempt *a = j->attempt;
    if (!a->handle) {
        return; /* it is about to be started, and asked then */
    }
    if (s->options->launcher->stop(a->handle, how, &err) != ERR_OK) {
        job_say(&s->ctx, "%s: %s", job_name(j), err.msg);
    }
    a->is_stopping = true;
    a->force_at = how == LAUNCH_STOP_FORCE ? 0 : clock_mono_ns() + grace_ms * NS_PER_MS;
}

static void ask_all(Sched *s, LaunchStop how, int64_t grace_ms)
{
    for (size_t i = 0; i < s->n_live; i++) {
        loop_ask_to_stop(s, s->live[i], how, grace_ms);
    }
}

bool loop_is_stopping(const Sched *s)
{
    return s->state == STUDY_STOPPING;
}

/* Nothing starts any more; the workers are asked once. */
void loop_stop_for(Sched *s, StudyCause cause)
{
    bool is_first = !loop_is_stopping(s);
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

void loop_pause(Sched *s, const Job *j, const char *why)
{
    if (s->cause != STUDY_PAUSED) {
        (void)snprintf(s->summary.why, sizeof s->summary.why, "%.100s: %.150s", job_name(j), why);
        job_say(&s->ctx, "pausing the study: %s", s->summary.why);
    }
    loop_stop_for(s, STUDY_PAUSED);
}

/* Keeps the first failure of our own and winds down; later ones are its echoes. */
void loop_note_failure(Sched *s, ErrCode rc, const Err *err)
{
    if (rc != ERR_OK && s->failure == ERR_OK) {
        s->failure = rc;
        s->failure_err = *err;
        loop_stop_for(s, err_is_no_space(err) ? STUDY_PAUSED : STUDY_BROKEN);
    }
}

void loop_on_stop_request(Sched *s)
{
    const SchedTimes *t = &s->options->times;
    const char *plural = s->n_live == 1 ? "" : "s";
    s->stop_requests++;
    if (s->stop_requests == 1) {
        job_say(&s->ctx, "stopping: %zu worker%s will save their state; again to hurry", s->n_live,
                plural);
        loop_stop_for(s, STUDY_INTERRUPTED);
    } else if (s->stop_requests == 2) {
        job_say(&s->ctx, "hurrying: %" PRId64 " s for %zu worker%s; again to kill",
                t->grace_again / MS_PER_S, s->n_live, plural);
        ask_all(s, LAUNCH_STOP_ASK, t->grace_again);
    } else {
        ask_all(s, LAUNCH_STOP_FORCE, 0);
    }
}

void loop_kill_all(Sched *s)
{
    ask_all(s, LAUNCH_STOP_FORCE, 0);
}

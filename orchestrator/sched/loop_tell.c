/* What observers are told. */
#include <math.h>

#include "orchestrator/sched/loop.h"

static double eta_s(const Sched *s, double *ret_live_left)
{
    const Job *longest = queue_first(&s->ready);
    ViewLeft left = {.live = s->work,
                     .n_live = s->n_live,
                     .idle = fmax(s->ctx.flops_left_idle - s->flops_unwanted, 0.0),
                     .longest_idle = longest ? job_work_left(longest) : 0.0,
                     .n_idle = (int64_t)(s->ready.n + s->delayed.n),
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

void loop_tell_changed(Sched *s)
{
    const SchedObserver *o = &s->options->observer;
    if (o->changed) {
        SchedView v = current_view(s);
        o->changed(o->ctx, &v);
    }
}

void loop_tell_settled(Sched *s, const SchedRun *r)
{
    const SchedObserver *o = &s->options->observer;
    if (o->settled) {
        SchedView v = current_view(s);
        o->settled(o->ctx, &v, r);
    }
}

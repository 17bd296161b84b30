#include <stdio.h>
#include <string.h>

#include "trainer/worker/event_body.h"
#include "trainer/worker/loop_parts.h"

/* ---------------------------------------------------------------- events */

int64_t loop_tokens_at(const Loop *l, int64_t step)
{
    return step * l->config.batch_tokens;
}

enum { CORES_BYTES = 1024 };

/* NULL when the threads may run anywhere. */
static const char *cores_text(const Loop *l, char out[CORES_BYTES])
{
    return l->is_pinned ? core_set_text(&l->cores, out, CORES_BYTES) : NULL;
}

ErrCode loop_say_hello(Loop *l, Err *err)
{
    char cores[CORES_BYTES];
    json_t *hello = event_hello(&l->config.shape, l->kern->isa, l->state.step, l->threads,
                                cores_text(l, cores));
    return event_log_emit(l->events, hello, err);
}

ErrCode loop_say_step(Loop *l, double loss, double grad_norm, double lr, Err *err)
{
    double seconds = (double)l->timed_ns / (double)NS_PER_S;
    StepReport report = {.step = l->state.step,
                         .tokens = loop_tokens_at(l, l->state.step),
                         .loss = loss,
                         .grad_norm = grad_norm,
                         .lr = lr,
                         .tokens_per_s = seconds > 0.0 ? (double)l->timed_tokens / seconds : 0.0};
    l->timed_tokens = 0;
    l->timed_ns = 0;
    return event_log_emit(l->events, event_step(&report), err);
}

ErrCode loop_say_checkpoint(Loop *l, const Ckpt *c, const CkptReceipt *r, Err *err)
{
    ErrCode rc = ERR_OK;
    for (size_t i = 0; i < c->n_evaluations; i++) {
        TRY(event_log_emit(l->events, event_evaluation(c, &c->evaluation[i]), err));
    }
    TRY(event_log_emit(l->events, event_checkpoint(c, r), err));
done:
    return rc;
}

ErrCode loop_say_bye(Loop *l, ErrCode result, const char *why, Err *err)
{
    const char *status = result == ERR_OK            ? "done"
                         : result == ERR_INTERRUPTED ? "interrupted"
                         : result == ERR_NUMERIC     ? "diverged"
                                                     : "failed";
    ErrCode rc = event_log_emit(l->events,
                                event_bye(status, l->state.step, result == ERR_OK ? "" : why), err);
    return rc == ERR_OK ? event_log_sync(l->events, err) : rc;
}

/* ---------------------------------------------------------------- threads */

static size_t between(int64_t x, size_t most)
{
    return x < 1 ? 1 : (size_t)x > most ? most : (size_t)x;
}

void loop_set_threads(Loop *l, const LoopOptions *o)
{
    int64_t n = o->threads > 0 ? o->threads : l->config.threads;
    n = n == THREADS_AUTO ? (int64_t)machine_concurrency() : n;
    l->most_threads = (size_t)(o->most > n ? o->most : n);
    l->threads = (size_t)n;
}

bool loop_take_share(Loop *l)
{
    ControlShare wish;
    if (!control_poll(&l->control, event_log_socket(l->events), &wish)) {
        return false;
    }
    size_t threads = between((int64_t)wish.threads, l->most_threads);
    bool is_new = threads != l->threads;
    l->threads = threads;
    if (l->model) {
        model_set_threads(l->model, threads);
    }
    if (wish.has_cores) {
        bool is_pinned = machine_pin(&wish.cores); /* a core that is gone: where we are */
        is_new = is_new || is_pinned != l->is_pinned || wish.cores.n != l->cores.n ||
                 memcmp(wish.cores.core, l->cores.core, wish.cores.n * sizeof(int)) != 0;
        l->cores = wish.cores;
        l->is_pinned = is_pinned;
    }
    return is_new;
}

ErrCode loop_follow_share(Loop *l, Err *err)
{
    char cores[CORES_BYTES];
    return loop_take_share(l)
               ? event_log_emit(l->events, event_share(l->threads, cores_text(l, cores)), err)
               : ERR_OK;
}

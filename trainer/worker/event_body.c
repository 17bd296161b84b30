#include "trainer/worker/event_body.h"

#include <math.h>
#include <unistd.h>

#include "common/json.h"
#include "common/machine.h"

json_t *event_hello(const ModelShape *s, const char *isa, int64_t resumed_step, size_t threads,
                    const char *cores)
{
    char host[256] = "";
    (void)gethostname(host, sizeof host - 1); /* "" when it has none */
    return json_pack("{s:s, s:s, s:I, s:s, s:s, s:I, s:I, s:I, s:I, s:s?}", "event", "hello",
                     "version", SLAW_VERSION, "pid", (json_int_t)getpid(), "host", host, "isa", isa,
                     "parameters", (json_int_t)arch_params(s), "parameters_total",
                     (json_int_t)arch_params_total(s), "resumed_step", (json_int_t)resumed_step,
                     "threads", (json_int_t)threads, "cores", cores);
}

json_t *event_share(size_t threads, const char *cores)
{
    return json_pack("{s:s, s:I, s:s?}", "event", "share", "threads", (json_int_t)threads, "cores",
                     cores);
}

json_t *event_step(const StepReport *s)
{
    return json_pack("{s:s, s:I, s:I, s:o, s:o, s:f, s:f}", "event", "step", "step",
                     (json_int_t)s->step, "tokens", (json_int_t)s->tokens, "loss",
                     json_real_or_name(s->loss), "grad_norm", json_real_or_name(s->grad_norm), "lr",
                     s->lr, "tokens_per_s", round(s->tokens_per_s));
}

json_t *event_evaluation(const Ckpt *c, const CkptEvaluation *e)
{
    return json_pack("{s:s, s:I, s:I, s:s, s:o, s:o, s:I}", "event", "evaluation", "step",
                     (json_int_t)c->step, "tokens", (json_int_t)c->tokens, "task", e->task, "loss",
                     json_real_or_name(e->loss), "bits_per_byte",
                     json_real_or_name(e->bits_per_byte), "items", (json_int_t)e->items);
}

json_t *event_checkpoint(const Ckpt *c, const CkptReceipt *r)
{
    return json_pack("{s:s, s:I, s:I, s:s, s:I, s:s, s:o}", "event", "checkpoint", "step",
                     (json_int_t)c->step, "tokens", (json_int_t)c->tokens, "path", r->path, "bytes",
                     (json_int_t)r->bytes, "digest", r->digest, "train_loss",
                     json_real_or_name(c->train_loss));
}

json_t *event_bye(const char *status, int64_t step, const char *reason)
{
    return json_pack("{s:s, s:s, s:I, s:s, s:I}", "event", "bye", "status", status, "step",
                     (json_int_t)step, "reason", reason, "peak_rss_bytes",
                     (json_int_t)machine_peak_rss());
}

/* event_body.h -- the members of each event (common/wire.h lists them).
 *
 * All return a new object for event_log_emit(), or NULL when memory is short, which
 * event_log_emit() reports.
 */
#ifndef TRAINER_WORKER_EVENT_BODY_H
#define TRAINER_WORKER_EVENT_BODY_H

#include <jansson.h>

#include "trainer/arch/arch.h"
#include "trainer/worker/ckpt.h"

/* cores: "0,2-3", NULL when the threads are not pinned. */
json_t *event_hello(const ModelShape *s, const char *isa, int64_t resumed_step, size_t threads,
                    const char *cores);
json_t *event_share(size_t threads, const char *cores);

typedef struct StepReport {
    int64_t step, tokens;
    double loss, grad_norm, lr, tokens_per_s;
} StepReport;

json_t *event_step(const StepReport *s);
json_t *event_evaluation(const Ckpt *c, const CkptEvaluation *e);
json_t *event_checkpoint(const Ckpt *c, const CkptReceipt *r);
json_t *event_bye(const char *status, int64_t step, const char *reason);

#endif

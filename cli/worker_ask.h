/* worker_ask.h -- questions to slaw-worker, which alone knows kernels and models: a fault in one
 * of them costs an answer, not this program. */
#ifndef CLI_WORKER_ASK_H
#define CLI_WORKER_ASK_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "orchestrator/plan/plan.h"

/* Runs `slaw-worker WORDS...` (NULL-terminated, the verb first) with `question` (may be NULL) on
 * its standard input and reads one JSON object from its standard output; the caller owns *ret.
 * ERR_UNAVAILABLE: there is no worker, or it did not answer within patience_ms; ERR_CHILD: it
 * failed or its answer cannot be read. */
ErrCode worker_ask(const char *const words[], const json_t *question, int64_t patience_ms,
                   json_t **ret, Err *err);

/* What runs of every kind take, into cost [kinds->n]: `slaw-worker estimate` over one run of
 * each.  `seconds` is for its measurements; 0: memory only, speeds stay unknown.  Errors as
 * above. */
ErrCode worker_estimate(const Study *study, const PlanKinds *kinds, double seconds, PlanCost *cost,
                        Err *err);

#endif

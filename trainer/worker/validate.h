/* validate.h -- the loss on the held-out part of the corpus.
 *
 * The validation tokens are cut into consecutive windows of n inputs (sampler.h);
 * the loss is the mean over all windows, every position of every window counts,
 * and each window starts from an empty state.  Bits per byte = loss / ln 2 /
 * (bytes per token of the validation part).
 */
#ifndef TRAINER_WORKER_VALIDATE_H
#define TRAINER_WORKER_VALIDATE_H

#include <stdbool.h>

#include "trainer/data/sampler.h"
#include "trainer/models/model.h"
#include "trainer/worker/ckpt.h"

/* Scores `m` in batches of s->sequences windows; `tokens` is room for one batch,
 * [s->sequences, n+1].  False, and nothing returned, if `should_stop` (may be NULL) said so
 * between two batches. */
bool validate(Model *m, const Sampler *s, uint16_t *tokens, bool (*should_stop)(void),
              CkptEvaluation *ret);

/* ERR_INVALID when the validation part has no whole window. */
ErrCode validate_check(const Sampler *s, Err *err);

#endif

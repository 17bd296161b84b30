/* sampler.h -- which text a training step sees: a function of (seed, step) alone.
 *
 * The train part is cut into non-overlapping windows of n tokens (window w covers
 * inputs w n .. w n + n - 1 and, as targets, the same shifted by one).  Epoch e
 * visits all windows once in the order of a seeded permutation; step s (0-based)
 * of B sequences takes positions s B .. s B + B - 1 of that endless list.  Nothing
 * is stored, so resuming cannot change the order.
 *
 * Validation cuts its tokens the same way, in order: floor((tokens - 1) / n) windows.
 */
#ifndef TRAINER_DATA_SAMPLER_H
#define TRAINER_DATA_SAMPLER_H

#include "trainer/data/corpus.h"

typedef struct Sampler {
    const Corpus *corpus; /* borrowed */
    uint64_t seed;
    int64_t sequence;  /* n [tokens] */
    int64_t sequences; /* B, a step */
    int64_t n_windows; /* of one epoch */
} Sampler;

/* ERR_INVALID when the train part has no whole window. */
ErrCode sampler_init(const Corpus *c, uint64_t seed, int64_t sequence, int64_t sequences,
                     Sampler *ret, Err *err);

/* Tokens of step s into out [B, n+1]. */
void sampler_batch(const Sampler *s, int64_t step, uint16_t *out);

int64_t sampler_validation_windows(const Sampler *s);
/* Windows first .. first+count-1 of the validation part into out [count, n+1]. */
void sampler_validation(const Sampler *s, int64_t first, int64_t count, uint16_t *out);

#endif

/* rng.h -- counter-based random numbers: a pure function of (seed, stream, index).
 *
 * Philox 4x32-10 (Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy
 * as 1, 2, 3", SC 2011).  No state is carried, so order of use, threads and
 * resumption cannot change a number.  A stream names the purpose
 * (RNG_INIT + tensor index, RNG_SAMPLER + epoch, ...).
 */
#ifndef COMMON_RNG_H
#define COMMON_RNG_H

#include <stdint.h>

/* Purposes; the low 32 bits of a stream are free for a sub-index. */
typedef enum RngPurpose {
    RNG_INIT = 1,    /* parameter initialisation; sub-index = tensor */
    RNG_SAMPLER = 2, /* order of training windows; sub-index = epoch */
    RNG_SPLIT = 3,   /* which documents are held out */
    RNG_GENERATE = 4,
    RNG_BOOTSTRAP = 5, /* sub-index = replicate */
    RNG_STARTS = 6,    /* starting points of a fit */
    RNG_STUDY = 16,    /* noise of a simulated study; sub-index = study */
} RngPurpose;

static inline uint64_t rng_stream(RngPurpose purpose, uint32_t sub)
{
    return ((uint64_t)purpose << 32) | sub;
}

/* 64 uniform bits. */
uint64_t rng_u64(uint64_t seed, uint64_t stream, uint64_t index);

/* Uniform in [0, 1), 53 bits. */
double rng_uniform(uint64_t seed, uint64_t stream, uint64_t index);

/* Standard normal (Box-Muller; each index costs one pair and uses its cosine). */
double rng_normal(uint64_t seed, uint64_t stream, uint64_t index);

/* The index-th element of a random permutation of 0..n-1 (a cycle-walking
 * Feistel network): a bijection for every n >= 1, in O(1) memory. */
uint64_t rng_permute(uint64_t seed, uint64_t stream, uint64_t index, uint64_t n);

#endif

/* kern_digest.h -- what the digests of kern_digest.c and kern_digest_rows.c share. */
#ifndef TESTS_TRAINER_CORE_KERN_DIGEST_H
#define TESTS_TRAINER_CORE_KERN_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#include "tests/trainer/core/kern_cases.h"
#include "trainer/core/kern.h"

typedef uint64_t Digest;

enum { N_SLOT = 14, SLOT_FLOATS = 1 << 18, MARGIN = 16 };

/* n numbers that end with the slot; the floats before them are the margin. */
float *fill(size_t slot, size_t n, uint64_t seed, double sd, DataKind kind);

void digest_float(Digest *d, float x);
void digest_double(Digest *d, double x);

/* The array and its margin. */
void digest_array(Digest *d, size_t n, const float *x);

/* Runs a statement for every length n and kind of numbers, each with a seed of its own. */
#define EACH_CASE(...)                                                    \
    for (size_t s = 0; s < N_DATA_LENGTH; s++) {                          \
        for (int of_kind = DATA_PLAIN; of_kind <= DATA_WILD; of_kind++) { \
            const size_t n = data_length[s];                              \
            const DataKind kind = (DataKind)of_kind;                      \
            const uint64_t seed = 3 * s + (uint64_t)of_kind;              \
            __VA_ARGS__;                                                  \
        }                                                                 \
    }

/* kern_digest_rows.c */
void digest_glu(Digest *d, const Kern *k);
void digest_glu_grad(Digest *d, const Kern *k);
void digest_swiglu(Digest *d, const Kern *k);
void digest_swiglu_grad(Digest *d, const Kern *k);
void digest_rmsnorm(Digest *d, const Kern *k);
void digest_add_rmsnorm(Digest *d, const Kern *k);
void digest_rmsnorm_dx(Digest *d, const Kern *k);
void digest_rmsnorm_dw(Digest *d, const Kern *k);
void digest_normgate(Digest *d, const Kern *k);
void digest_normgate_grad(Digest *d, const Kern *k);
void digest_rope(Digest *d, const Kern *k);
void digest_silu_lrpe(Digest *d, const Kern *k);
void digest_silu_lrpe_grad(Digest *d, const Kern *k);
void digest_lrpe_theta_grad(Digest *d, const Kern *k);
void digest_softmax_tile(Digest *d, const Kern *k);
void digest_softmax_end(Digest *d, const Kern *k);
void digest_softmax_tile_grad(Digest *d, const Kern *k);
void digest_dot_rows(Digest *d, const Kern *k);

#endif

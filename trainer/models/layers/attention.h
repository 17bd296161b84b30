/* attention.h -- causal softmax attention of one head, in tiles of rows.
 *
 *     o_i = sum_{j<=i} P_ij v_j,  P_i = softmax_{j<=i}( q_i . k_j )
 *
 * (q already carries the 1/sqrt(p)).  Scores exist for one tile of ATTENTION_TILE query
 * rows at a time, against the keys up to its last row; backward forms them again. */
#ifndef TRAINER_MODELS_LAYERS_ATTENTION_H
#define TRAINER_MODELS_LAYERS_ATTENTION_H

#include "trainer/core/kern.h"

enum { ATTENTION_TILE = 64 };

/* q, k, v [n,p] of one head, rows ld apart. */
typedef struct AttentionIn {
    size_t n, p, ld;
    const Real *q, *k, *v;
} AttentionIn;

/* o [n,p] (ldo).  scores: scratch [ATTENTION_TILE, n]. */
void attention_forward(const Kern *kern, const AttentionIn *in, Real *scores, Real *o, size_t ldo);

typedef struct AttentionGrad {
    Real *dq, *dk, *dv; /* [n,p] each, all set */
    size_t ld;
} AttentionGrad;

/* From dout [n,p] and o [n,p] (ldo both).  scores, dscores: scratch [ATTENTION_TILE, n]. */
void attention_backward(const Kern *kern, const AttentionIn *in, const Real *o, const Real *dout,
                        size_t ldo, Real *scores, Real *dscores, const AttentionGrad *ret);

/* One query against a cache: o [p] from q [p] and k, v [n,p] (ld).  scores: scratch [n]. */
void attention_decode(const Kern *kern, const AttentionIn *in, Real *scores, Real *o);

#endif

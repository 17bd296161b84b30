/* attention.h -- causal softmax attention of one head, tile by tile.
 *
 *     o_i = sum_{j<=i} P_ij v_j,   P_ij = 2^(s_ij - lse_i),   s_ij = q_i . k_j
 *
 * Scores are in bits: q carries log2(e) / sqrt(p), so that weights are powers of two, which
 * cost less than those of e.  Scores exist for one tile of ATTENTION_TILE queries against as
 * many keys; forward moves each row's maximum and sum on from tile to tile (arXiv:2205.14135)
 * and keeps their log-sum-exp, from which backward forms the weights again.  Tiles above the
 * diagonal are left out, and half of what lies above it in a tile on the diagonal. */
#ifndef TRAINER_MODELS_LAYERS_ATTENTION_H
#define TRAINER_MODELS_LAYERS_ATTENTION_H

#include <stdbool.h>

#include "trainer/core/kern.h"
#include "trainer/models/mem.h"

enum { ATTENTION_TILE = 64 };

/* Scratch for one head at a time; of one thread. */
typedef struct AttentionWork {
    Real *s, *ds;                     /* [ATTENTION_TILE,ATTENTION_TILE] */
    Real *max, *sum, *scale;          /* [tile] [tile,KERN_LANES] [tile] */
    char *key, *value, *key_rows;     /* packed: every tile's k^T, v (backward: v^T), k */
    char *query_rows, *dout_rows;     /* packed: one tile's q and dout */
    size_t columns_bytes, rows_bytes; /* of one packed tile: transposed, as it lies */
} AttentionWork;

/* For sequences of at most seq positions and heads of width p, with the table that the
 * functions below are given. */
void attention_layout_work(AttentionWork *work, const Kern *kern, size_t seq, size_t p, bool trains,
                           Mem *mem);

/* q, k, v [n,p] of one head, rows ld apart. */
typedef struct AttentionIn {
    size_t n, p, ld;
    const Real *q, *k, *v;
} AttentionIn;

/* o [n,p] (ldo), lse [n]. */
void attention_forward(const Kern *kern, AttentionWork *work, const AttentionIn *in, Real *o,
                       size_t ldo, Real *lse);

/* What backward needs of the output: o, its gradient [n,p] (ldo both), lse [n]. */
typedef struct AttentionOut {
    const Real *o, *dout;
    size_t ldo;
    const Real *lse;
} AttentionOut;

/* Set, [n,p] each.  As if scores were in nats: dq and dk are the gradients of q and k divided
 * by ln 2. */
typedef struct AttentionGrad {
    Real *dq, *dk, *dv;
    size_t ld;
} AttentionGrad;

void attention_backward(const Kern *kern, AttentionWork *work, const AttentionIn *in,
                        const AttentionOut *out, const AttentionGrad *ret);

/* One query, in nats (it carries 1/sqrt(p) alone), against a cache: o [p] from q [p] and
 * k, v [n,p] (ld).  scores: scratch [n]. */
void attention_decode(const Kern *kern, const AttentionIn *in, Real *scores, Real *o);

#endif

/* head.h -- token embedding, and the output tied to it: logits z = x E^T, cross-entropy.
 *
 * Logits exist for one tile of rows at a time; their gradient is formed in place and used
 * at once, so nothing of size rows x V is kept. */
#ifndef TRAINER_MODELS_LAYERS_HEAD_H
#define TRAINER_MODELS_LAYERS_HEAD_H

#include "trainer/core/kern.h"

/* Rows of a tile for a vocabulary: about 64 Ki logits, 8 to 256 rows. */
size_t head_tile_rows(size_t vocab);

/* x [rows,d] = E[token[r]]. */
void embedding_forward(size_t rows, size_t d, const Real *table, const uint16_t *token, Real *x);

/* dtable[token[r]] += dx[r]. */
void embedding_backward(const Kern *k, size_t rows, size_t d, const uint16_t *token, const Real *dx,
                        Real *dtable);

typedef struct Head {
    const Kern *kern;
    size_t d, vocab;
    const Real *table; /* [V,d] */
    size_t tile_rows;
    Real *logits; /* [tile_rows, V] scratch */
    Real *nll;    /* [tile_rows] scratch */
} Head;

/* Sum of the losses of rows x [rows,d] [nats].  With dtable: also dx [rows,d] (set) and
 * dtable (added to), the gradients of grad_scale times that sum. */
double head_loss(const Head *head, size_t rows, const Real *x, const uint16_t *target,
                 double grad_scale, Real *dx, Real *dtable);

#endif

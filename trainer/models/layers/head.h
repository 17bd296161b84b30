/* head.h -- token embedding, and the output tied to it: logits z = x E^T, cross-entropy.
 *
 * Logits exist for one tile of rows at a time; their gradient is formed in place and used
 * at once, so nothing of size rows x V is kept. */
#ifndef TRAINER_MODELS_LAYERS_HEAD_H
#define TRAINER_MODELS_LAYERS_HEAD_H

#include "trainer/models/layers/linear.h"

/* Rows of a tile for one thread: about 64 Ki logits, 8 to 256 rows, a multiple of 8. */
size_t head_tile_rows(size_t vocab);

/* x [rows,d] = E[token[r]]. */
void embedding_forward(size_t rows, size_t d, const Real *table, const uint16_t *token, Real *x);

/* dtable[token[r]] += dx[r] for the columns of one share, in the order of the rows. */
void embedding_backward(const Kern *k, size_t rows, size_t d, Share columns, const uint16_t *token,
                        const Real *dx, Real *dtable);

typedef struct Head {
    const Kern *kern;
    size_t vocab;
    const Linear *table; /* E [V,d] */
    size_t tile_rows;
    Real *logits; /* [tile_rows, V] scratch */
} Head;

/* Losses nll [rows] of all rows of a part, x [rows,d] [nats].  With grad_scale != 0 also dx
 * [rows,d] (set) and the table's gradient (added to), of grad_scale times their sum.  All
 * threads of the part take part; x must be whole before, and all is whole after. */
void head_loss(const Head *head, const Part *part, const Real *x, const uint16_t *target,
               double grad_scale, Real *nll, Real *dx);

#endif

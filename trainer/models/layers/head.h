/* head.h -- token embedding, and the output tied to it: logits z = x E^T, cross-entropy.
 *
 * Logits exist for one tile of rows and of the vocabulary at a time.  Where the whole
 * vocabulary is one tile their gradient is formed in place and used at once; a larger one
 * goes by twice, first for the sums and then, its logits formed again, for the gradient. */
#ifndef TRAINER_MODELS_LAYERS_HEAD_H
#define TRAINER_MODELS_LAYERS_HEAD_H

#include "trainer/models/layers/linear.h"

enum {
    HEAD_TILE_ROWS = 256,     /* of a tile, for each thread; even: see sequences_of_part() */
    HEAD_TILE_COLUMNS = 4096, /* of the vocabulary */
};

/* Tiles that a vocabulary takes, and their matrices among the model's. */
size_t head_tiles(size_t vocab);
Linear *head_bind(Model *m, const ModelTensor *table, size_t *ret_n);

/* x [rows,d] = E[token[r]]. */
void embedding_forward(size_t rows, size_t d, const Real *table, const uint16_t *token, Real *x);

/* dtable[token[r]] += dx[r] for the columns of one share, in the order of the rows. */
void embedding_backward(const Kern *k, size_t rows, size_t d, Share columns, const uint16_t *token,
                        const Real *dx, Real *dtable);

typedef struct Head {
    const Kern *kern;
    size_t d;
    const Linear *table; /* E [V,d] in n_tiles of at most HEAD_TILE_COLUMNS rows */
    size_t n_tiles;
    size_t tile_rows;
    Real *logits; /* [tile_rows, rows of the first of table] scratch */
    Real *lse;    /* [3,tile_rows] scratch */
} Head;

/* Logits [rows,V] of x [rows,d]. */
void head_logits(const Kern *k, const Linear *table, size_t n_tiles, size_t rows, const Real *x,
                 Real *logits);

/* Losses nll [rows] of all rows of a part, x [rows,d] [nats].  With grad_scale != 0 also dx
 * [rows,d] (set) and the table's gradient (added to), of grad_scale times their sum.  All
 * threads of the part take part; x must be whole before, and all is whole after. */
void head_loss(const Head *head, const Part *part, const Real *x, const uint16_t *target,
               double grad_scale, Real *nll, Real *dx);

#endif

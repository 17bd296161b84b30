/* mlp.h -- gated MLP: x += Wd ( (Wu xb) * f(Wg xb) ), f = identity (SGLU, arXiv:2406.16690
 * eq. 10) or silu (SwiGLU, arXiv:2002.05202).
 *
 * Wg and Wu lie one after the other, so that both products are one: gu [rows, 2g]. */
#ifndef TRAINER_MODELS_LAYERS_MLP_H
#define TRAINER_MODELS_LAYERS_MLP_H

#include <stdbool.h>

#include "trainer/models/layers/linear.h"

typedef struct Mlp {
    size_t d, g;
    bool is_swish;
    const Linear *gate_up; /* [2g,d] */
    const Linear *down;    /* [d,g] */
} Mlp;

/* x [rows,d] += mlp(xb [rows,d]); keeps gu [rows,2g].  Scratch: y [rows,g]. */
void mlp_forward(const Kern *k, const Mlp *w, size_t rows, const Real *xb, Real *gu, Real *y,
                 Real *x);

/* From dx [rows,d] of the output: dxb [rows,d] is set, gu [rows,2g] becomes its own gradient
 * and y [rows,g] what forward had there. */
void mlp_backward(const Kern *k, const Mlp *w, size_t rows, Real *gu, const Real *dx, Real *y,
                  Real *dxb);

/* Adds to the weights' gradients, this thread's share, over all rows of the part. */
void mlp_backward_w(const Kern *k, const Mlp *w, const Part *part, const Real *xb, const Real *y,
                    const Real *dx, const Real *dgu);

#endif

/* linear.h -- y = x W^T with W [out][in], and its backward pass.
 *
 * W is packed once after each change of the parameters (linear_pack), in the two forms in
 * which products read it. */
#ifndef TRAINER_MODELS_LAYERS_LINEAR_H
#define TRAINER_MODELS_LAYERS_LINEAR_H

#include "trainer/models/ops.h"

void linear_layout(Linear *w, const Kern *k, bool trains, Mem *mem);
void linear_pack(const Linear *w, const Kern *k);

/* y [rows,out] (ldy) = or += x [rows,in] (ldx) W^T. */
static inline void linear_forward(const Kern *k, const Linear *w, size_t rows, const Real *x,
                                  size_t ldx, Real *y, size_t ldy, KernAcc acc)
{
    k->gemm_packed(rows, w->out, w->in, x, ldx, w->forward, y, ldy, acc);
}

/* dx [rows,in] (lddx) = or += dy [rows,out] (lddy) W. */
static inline void linear_backward_x(const Kern *k, const Linear *w, size_t rows, const Real *dy,
                                     size_t lddy, Real *dx, size_t lddx, KernAcc acc)
{
    k->gemm_packed(rows, w->in, w->out, dy, lddy, w->backward, dx, lddx, acc);
}

/* dW [out,in] += dy^T x over all rows of a part, this thread's share of dW. */
void linear_backward_w(const Kern *k, const Linear *w, const Part *part, const Real *dy,
                       size_t lddy, const Real *x, size_t ldx);

#endif

/* linear.h -- y = x W^T with W [out][in], and its backward pass. */
#ifndef TRAINER_MODELS_LAYERS_LINEAR_H
#define TRAINER_MODELS_LAYERS_LINEAR_H

#include "trainer/core/kern.h"

/* y [rows,out] (ldy) = or += x [rows,in] (ldx) W^T. */
static inline void linear_forward(const Kern *k, size_t rows, size_t in, size_t out, const Real *x,
                                  size_t ldx, const Real *w, Real *y, size_t ldy, KernAcc acc)
{
    k->gemm_nt(rows, out, in, x, ldx, w, in, y, ldy, acc);
}

/* dx [rows,in] (lddx) = or += dy [rows,out] (lddy) W. */
static inline void linear_backward_x(const Kern *k, size_t rows, size_t in, size_t out,
                                     const Real *dy, size_t lddy, const Real *w, Real *dx,
                                     size_t lddx, KernAcc acc)
{
    k->gemm_nn(rows, in, out, dy, lddy, w, in, dx, lddx, acc);
}

/* dW [out,in] += dy^T x. */
static inline void linear_backward_w(const Kern *k, size_t rows, size_t in, size_t out,
                                     const Real *dy, size_t lddy, const Real *x, size_t ldx,
                                     Real *dw)
{
    k->gemm_tn(out, in, rows, dy, lddy, x, ldx, dw, in, KERN_ADD);
}

#endif

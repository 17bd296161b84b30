/* gemm_scalar.h -- the products' twins: one fused operation after the other over ascending k.
 *
 * Each is written once over the two functions that read its operands: as they are, or
 * rounded to bfloat16.  A packed operand is the plain matrix [k,n], rounded when packed.
 */
#ifndef TRAINER_CORE_ISA_SCALAR_GEMM_SCALAR_H
#define TRAINER_CORE_ISA_SCALAR_GEMM_SCALAR_H

#include "trainer/core/kern.h"
#include "trainer/core/real_math.h"

/* Element (i, p) of the left operand is a[i row + p step], (p, j) of the right one
 * b[p step_b + j column]. */
typedef struct ScalarProduct {
    size_t m, n, k;
    const Real *a;
    size_t row, step;
    const Real *b;
    size_t step_b, column;
    Real *c;
    size_t ldc;
    KernAcc acc;
} ScalarProduct;

static inline Real as_is(Real x)
{
    return x;
}

static inline void product(const ScalarProduct *x, Real (*read)(Real))
{
    for (size_t i = 0; i < x->m; i++) {
        for (size_t j = 0; j < x->n; j++) {
            Real sum = x->acc == KERN_ADD ? x->c[i * x->ldc + j] : (Real)0;
            for (size_t p = 0; p < x->k; p++) {
                sum = real_fma(read(x->a[i * x->row + p * x->step]),
                               read(x->b[p * x->step_b + j * x->column]), sum);
            }
            x->c[i * x->ldc + j] = sum;
        }
    }
}

static inline void pack(size_t n, size_t k, const Real *b, size_t step, size_t column, Real *to,
                        Real (*read)(Real))
{
    for (size_t p = 0; p < k; p++) {
        for (size_t j = 0; j < n; j++) {
            to[p * n + j] = read(b[p * step + j * column]);
        }
    }
}

static size_t packed_bytes(size_t n, size_t k)
{
    return (n * k * sizeof(Real) + 63) / 64 * 64;
}

#define GEMM_SCALAR(suffix, read)                                                               \
    static void gemm_nn##suffix(size_t m, size_t n, size_t k, const Real *a, size_t lda,        \
                                const Real *b, size_t ldb, Real *c, size_t ldc, KernAcc acc)    \
    {                                                                                           \
        product(&(ScalarProduct){m, n, k, a, lda, 1, b, ldb, 1, c, ldc, acc}, read);            \
    }                                                                                           \
    static void gemm_nt##suffix(size_t m, size_t n, size_t k, const Real *a, size_t lda,        \
                                const Real *b, size_t ldb, Real *c, size_t ldc, KernAcc acc)    \
    {                                                                                           \
        product(&(ScalarProduct){m, n, k, a, lda, 1, b, 1, ldb, c, ldc, acc}, read);            \
    }                                                                                           \
    static void gemm_tn##suffix(size_t m, size_t n, size_t k, const Real *a, size_t lda,        \
                                const Real *b, size_t ldb, Real *c, size_t ldc, KernAcc acc)    \
    {                                                                                           \
        product(&(ScalarProduct){m, n, k, a, 1, lda, b, ldb, 1, c, ldc, acc}, read);            \
    }                                                                                           \
    static void pack_nn##suffix(size_t n, size_t k, const Real *b, size_t ldb, void *to)        \
    {                                                                                           \
        pack(n, k, b, ldb, 1, to, read);                                                        \
    }                                                                                           \
    static void pack_nt##suffix(size_t n, size_t k, const Real *b, size_t ldb, void *to)        \
    {                                                                                           \
        pack(n, k, b, 1, ldb, to, read);                                                        \
    }                                                                                           \
    static void gemm_packed##suffix(size_t m, size_t n, size_t k, const Real *a, size_t lda,    \
                                    const void *b, Real *c, size_t ldc, KernAcc acc)            \
    {                                                                                           \
        gemm_nn##suffix(m, n, k, a, lda, b, n, c, ldc, acc);                                    \
    }                                                                                           \
    static void gemm_tn_packed##suffix(size_t m, size_t n, size_t k, const Real *a, size_t lda, \
                                       const void *b, Real *c, size_t ldc, KernAcc acc)         \
    {                                                                                           \
        gemm_tn##suffix(m, n, k, a, lda, b, n, c, ldc, acc);                                    \
    }

GEMM_SCALAR(, as_is)
GEMM_SCALAR(_bf16, real_bf16)

#endif

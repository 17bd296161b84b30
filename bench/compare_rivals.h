/* compare_rivals.h -- one matrix product as oneDNN and OpenBLAS do it, for compare_products.
 *
 * Each open function readies everything that need not be paid again for the next product of the
 * same weights (descriptions, kernels made at run time, B in the library's own order), so that
 * run() is the product alone.  All run on one thread: see compare_products.c.
 */
#ifndef BENCH_COMPARE_RIVALS_H
#define BENCH_COMPARE_RIVALS_H

#include <stdbool.h>
#include <stddef.h>

typedef enum Orientation {
    PRODUCT_NN, /* A[m,k] B[k,n] */
    PRODUCT_NT, /* A[m,k] B[n,k]^T */
    PRODUCT_TN, /* A[k,m]^T B[k,n] */
} Orientation;

/* C [m,n] = A B, dense row-major float operands, borrowed. */
typedef struct Product {
    Orientation orientation;
    size_t m, n, k;
    const float *a, *b;
} Product;

typedef struct Rival Rival;

/* oneDNN's matmul, operands float or (is_bf16) bfloat16, converted beforehand, C in float.
 * has_own_format: B lies in the order that oneDNN asks for.  NULL without oneDNN, or when it
 * has no such product. */
Rival *rival_dnnl_open(const Product *p, bool is_bf16, bool has_own_format);
void rival_dnnl_run(Rival *r);
const float *rival_dnnl_result(const Rival *r); /* C of the last run */
void rival_dnnl_close(Rival *r);                /* NULL is fine */

/* "2.6.3", or NULL without oneDNN. */
const char *rival_dnnl_version(void);

/* cblas_sgemm into c [m,n]; false without OpenBLAS. */
bool rival_openblas_run(const Product *p, float *c);
/* Version and the kernels it chose, or NULL without OpenBLAS; readies it for one thread. */
const char *rival_openblas_version(void);

#endif

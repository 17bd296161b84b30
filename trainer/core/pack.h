/* pack.h -- where gemm copies parts of its operands, one buffer per thread.
 *
 * It is thread-local storage of fixed size, so a matrix product never
 * allocates and two threads never share a panel.
 */
#ifndef TRAINER_CORE_PACK_H
#define TRAINER_CORE_PACK_H

#include <stdalign.h>

enum {
    PACK_K = 256,     /* depth of a block */
    PACK_N = 256,     /* its columns of B at that depth: 256 KiB, which stay in L2 */
    PACK_ROW_MAX = 16 /* floats per k of one tile of A: 16 KiB, which stay in L1 */
};

typedef struct PackBuffer {
    alignas(64) float right[PACK_K * PACK_N];
    alignas(64) float left[PACK_K * PACK_ROW_MAX];
} PackBuffer;

/* This thread's buffer. */
PackBuffer *pack_buffer(void);

#endif

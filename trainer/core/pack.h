/* pack.h -- where gemm copies parts of its operands, one buffer per thread.
 *
 * It is thread-local storage of fixed size, so a matrix product never
 * allocates and two threads never share a panel.
 */
#ifndef TRAINER_CORE_PACK_H
#define TRAINER_CORE_PACK_H

#include <stdalign.h>

enum {
    PACK_K = 256,           /* depth of a block: steps of k, each a float or a pair of bfloat16 */
    PACK_N = 256,           /* columns of B at that depth: 256 KiB, which stay in L2 */
    PACK_PAD = 16,          /* between rows, so that they do not fall on the same lines of L1 */
    PACK_LEFT_FLOATS = 192, /* per step of a block of A's rows: 192 KiB, beside it in L2 */
    PACK_ROWS = 32          /* of B, converted on their way into a panel */
};

typedef struct PackBuffer {
    alignas(64) float right[PACK_K * PACK_N];
    alignas(64) float left[PACK_K * PACK_LEFT_FLOATS];
    alignas(64) float rows[PACK_ROWS * (PACK_K + PACK_PAD)];
} PackBuffer;

/* This thread's buffer. */
PackBuffer *pack_buffer(void);

#endif

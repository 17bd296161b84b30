/* pack.h -- the buffer into which gemm copies panels of B, one per thread.
 *
 * It is thread-local storage of fixed size, so a matrix product never
 * allocates and two threads never share a panel.
 */
#ifndef TRAINER_CORE_PACK_H
#define TRAINER_CORE_PACK_H

enum { PACK_K = 256, PACK_N = 256 }; /* 256 KiB: a block of B that stays in L2 */

/* This thread's PACK_K * PACK_N floats, aligned to 64 bytes. */
float *pack_buffer(void);

#endif

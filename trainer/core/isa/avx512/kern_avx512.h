#ifndef TRAINER_CORE_ISA_AVX512_KERN_AVX512_H
#define TRAINER_CORE_ISA_AVX512_KERN_AVX512_H

#include "trainer/core/kern.h"

/* Data, not code, so that a CPU without this ISA may touch it. */
extern const Kern kern_avx512;
extern const Kern kern_avx512_bf16; /* products of operands rounded to bfloat16 */

#endif

#ifndef TRAINER_CORE_ISA_AVX2_KERN_AVX2_H
#define TRAINER_CORE_ISA_AVX2_KERN_AVX2_H

#include "trainer/core/kern.h"

/* Data, not code, so that a CPU without this ISA may touch it. */
extern const Kern kern_avx2;
extern const Kern kern_avx2_bf16; /* products of operands rounded to bfloat16 */

#endif

#ifndef TRAINER_CORE_ISA_AVX512BF16_KERN_AVX512BF16_H
#define TRAINER_CORE_ISA_AVX512BF16_KERN_AVX512BF16_H

#include "trainer/core/kern.h"

/* Data, not code, so that a CPU without this ISA may touch it. */
extern const Kern kern_avx512bf16;
extern const Kern kern_avx512bf16_bf16; /* products of operands rounded to bfloat16 */

#endif

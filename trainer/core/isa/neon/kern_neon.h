#ifndef TRAINER_CORE_ISA_NEON_KERN_NEON_H
#define TRAINER_CORE_ISA_NEON_KERN_NEON_H

#include "trainer/core/kern.h"

extern const Kern kern_neon;
extern const Kern kern_neon_bf16; /* products of operands rounded to bfloat16 */

#endif

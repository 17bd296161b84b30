/* kern_neon.c -- the kernels on the Advanced SIMD of AArch64. */
#include <string.h>

#include "trainer/core/isa/neon/kern_neon.h"
#include "trainer/core/isa/neon/vec_neon.h"

#include "trainer/core/vec/gemm_vec.h"
#include "trainer/core/vec/kern_vec.h"

const Kern kern_neon = {KERN_VEC()};
const Kern kern_neon_bf16 = {KERN_VEC(_bf16)};

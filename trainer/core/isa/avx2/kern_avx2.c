/* kern_avx2.c -- the kernels on AVX2 and FMA; compiled with those flags, never called without. */
#include <string.h>

#include "trainer/core/isa/avx2/kern_avx2.h"
#include "trainer/core/isa/avx2/vec_avx2.h"

#include "trainer/core/vec/gemm_vec.h"
#include "trainer/core/vec/kern_vec.h"

const Kern kern_avx2 = {KERN_VEC()};
const Kern kern_avx2_bf16 = {KERN_VEC(_bf16)};

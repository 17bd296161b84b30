/* kern_avx512.c -- the kernels on AVX-512 (F, DQ, VL); compiled with those flags, never called without. */
#include <string.h>

#include "trainer/core/isa/avx512/kern_avx512.h"
#include "trainer/core/isa/avx512/vec_avx512.h"

#include "trainer/core/vec/gemm_vec.h"
#include "trainer/core/vec/kern_vec.h"

const Kern kern_avx512 = {KERN_VEC()};
const Kern kern_avx512_bf16 = {KERN_VEC(_bf16)};

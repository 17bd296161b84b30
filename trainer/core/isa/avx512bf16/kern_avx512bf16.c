/* kern_avx512bf16.c -- the kernels on AVX-512 (F, BW, DQ, VL, BF16); compiled with those
 * flags, never called without. */
#include <string.h>

#include "trainer/core/isa/avx512bf16/kern_avx512bf16.h"
#include "trainer/core/isa/avx512bf16/vec_avx512bf16.h"

#include "trainer/core/vec/gemm_vec.h"
#include "trainer/core/vec/kern_vec.h"

const Kern kern_avx512bf16 = {KERN_VEC()};
const Kern kern_avx512bf16_bf16 = {KERN_VEC(_bf16)};

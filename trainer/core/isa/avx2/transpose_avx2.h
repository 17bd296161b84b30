/* transpose_avx2.h -- eight by eight floats transposed in registers. */
#ifndef TRAINER_CORE_ISA_AVX2_TRANSPOSE_AVX2_H
#define TRAINER_CORE_ISA_AVX2_TRANSPOSE_AVX2_H

#include <immintrin.h>
#include <stddef.h>

#include "trainer/core/vec/vec_fn.h"

enum { TRANSPOSE = 8 };

/* to[j][i] = from[i][j] for an 8 by 8 block. */
VEC_FN void tile_transpose(const float *from, size_t ld_from, float *to, size_t ld_to)
{
    __m256 r[8];
    __m256 s[8];
    UNROLL
    for (size_t i = 0; i < 8; i++) {
        r[i] = _mm256_loadu_ps(from + i * ld_from);
    }
    UNROLL
    for (size_t i = 0; i < 8; i += 2) {
        s[i] = _mm256_unpacklo_ps(r[i], r[i + 1]);
        s[i + 1] = _mm256_unpackhi_ps(r[i], r[i + 1]);
    }
    UNROLL
    for (size_t i = 0; i < 8; i += 4) {
        r[i] = _mm256_shuffle_ps(s[i], s[i + 2], 0x44);
        r[i + 1] = _mm256_shuffle_ps(s[i], s[i + 2], 0xEE);
        r[i + 2] = _mm256_shuffle_ps(s[i + 1], s[i + 3], 0x44);
        r[i + 3] = _mm256_shuffle_ps(s[i + 1], s[i + 3], 0xEE);
    }
    UNROLL
    for (size_t i = 0; i < 4; i++) {
        _mm256_storeu_ps(to + i * ld_to, _mm256_permute2f128_ps(r[i], r[i + 4], 0x20));
        _mm256_storeu_ps(to + (i + 4) * ld_to, _mm256_permute2f128_ps(r[i], r[i + 4], 0x31));
    }
}

#endif

/* vec_avx512bf16.h -- pairs of bfloat16 in the 32-bit lanes of a register (contract:
 * vec/gemm_vec.h), beside everything of AVX-512.
 *
 * VDPBF16PS adds two products a lane to a float; it takes denormal operands for 0. */
#ifndef TRAINER_CORE_ISA_AVX512BF16_VEC_AVX512BF16_H
#define TRAINER_CORE_ISA_AVX512BF16_VEC_AVX512BF16_H

#define TILE_HAS_PAIRS 1
#include "trainer/core/isa/avx512/vec_avx512.h"

/* Lane j: even[j] and, in its upper half, odd[j]. */
VEC_FN Tile tile_pairs(Tile even, Tile odd)
{
    const __m512i order =
        _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22, 6,
                         21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
    __m512i words = (__m512i)_mm512_cvtne2ps_pbh(odd, even);
    return _mm512_castsi512_ps(_mm512_permutexvar_epi16(order, words));
}

/* Lane j: x[2j] and x[2j+1], of count floats. */
VEC_FN Tile tile_row_pairs(const float *x, size_t count)
{
    __m512 low = count >= 16 ? _mm512_loadu_ps(x) : tile_load_part(x, count);
    __m512 high = count >= 32  ? _mm512_loadu_ps(x + 16)
                  : count > 16 ? tile_load_part(x + 16, count - 16)
                               : _mm512_setzero_ps();
    return _mm512_castsi512_ps((__m512i)_mm512_cvtne2ps_pbh(high, low));
}

VEC_FN Tile tile_dot(Tile a, Tile b, Tile c)
{
    return _mm512_dpbf16_ps(c, (__m512bh)a, (__m512bh)b);
}

#endif

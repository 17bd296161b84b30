/* vec_avx512.h -- the sixteen lanes as one register (contract: vec/vec.h). */
#ifndef TRAINER_CORE_ISA_AVX512_VEC_AVX512_H
#define TRAINER_CORE_ISA_AVX512_VEC_AVX512_H

#include <immintrin.h>
#include <stddef.h>

#include "trainer/core/isa/avx2/tile_avx2.h"
#include "trainer/core/vec/vec_fn.h"

typedef __m512 Vec;

VEC_FN __mmask16 vec_first(size_t count)
{
    return (__mmask16)((1U << count) - 1U);
}

VEC_FN Vec vec_set1(float x)
{
    return _mm512_set1_ps(x);
}

VEC_FN Vec vec_load(const float *p, size_t count)
{
    return count == 16 ? _mm512_loadu_ps(p) : _mm512_maskz_loadu_ps(vec_first(count), p);
}

VEC_FN void vec_store(float *p, size_t count, Vec x)
{
    if (count == 16) {
        _mm512_storeu_ps(p, x);
    } else {
        _mm512_mask_storeu_ps(p, vec_first(count), x);
    }
}

VEC_FN Vec vec_keep(size_t count, Vec fresh, Vec old)
{
    return count == 16 ? fresh : _mm512_mask_mov_ps(old, vec_first(count), fresh);
}

VEC_FN Vec vec_add(Vec a, Vec b)
{
    return _mm512_add_ps(a, b);
}

VEC_FN Vec vec_sub(Vec a, Vec b)
{
    return _mm512_sub_ps(a, b);
}

VEC_FN Vec vec_mul(Vec a, Vec b)
{
    return _mm512_mul_ps(a, b);
}

VEC_FN Vec vec_div(Vec a, Vec b)
{
    return _mm512_div_ps(a, b);
}

VEC_FN Vec vec_fma(Vec a, Vec b, Vec c)
{
    return _mm512_fmadd_ps(a, b, c);
}

VEC_FN Vec vec_fnma(Vec a, Vec b, Vec c)
{
    return _mm512_fnmadd_ps(a, b, c);
}

VEC_FN Vec vec_sqrt(Vec x)
{
    return _mm512_sqrt_ps(x);
}

VEC_FN Vec vec_max(Vec a, Vec b)
{
    return _mm512_max_ps(a, b);
}

VEC_FN Vec vec_min(Vec a, Vec b)
{
    return _mm512_min_ps(a, b);
}

VEC_FN Vec vec_minus_abs(Vec x)
{
    return _mm512_or_ps(x, _mm512_set1_ps(-0.0f));
}

VEC_FN Vec vec_if_negative(Vec x, Vec a, Vec b)
{
    return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(x, _mm512_setzero_ps(), _CMP_LT_OQ), b, a);
}

/* The last product of the twin's scaling is its only rounding, so this is the same number. */
VEC_FN Vec vec_scale_pow2(Vec p, Vec shifted, Vec n)
{
    (void)shifted;
    return _mm512_scalef_ps(p, n);
}

VEC_FN Vec vec_add_exponent(Vec p, Vec shifted)
{
    __m512i n = _mm512_slli_epi32(_mm512_castps_si512(shifted), 23);
    return _mm512_castsi512_ps(_mm512_add_epi32(n, _mm512_castps_si512(p)));
}

VEC_FN float vec_fold(Vec v)
{
    __m256 h8 = _mm256_add_ps(_mm512_castps512_ps256(v), _mm512_extractf32x8_ps(v, 1));
    __m128 h4 = _mm_add_ps(_mm256_castps256_ps128(h8), _mm256_extractf128_ps(h8, 1));
    __m128 h2 = _mm_add_ps(h4, _mm_movehl_ps(h4, h4));
    return _mm_cvtss_f32(_mm_add_ss(h2, _mm_movehdup_ps(h2)));
}

VEC_FN float vec_fold_max(Vec v)
{
    return _mm512_reduce_max_ps(v);
}

typedef struct VecD {
    __m512d lo, hi;
} VecD;

VEC_FN VecD vecd_zero(void)
{
    return (VecD){_mm512_setzero_pd(), _mm512_setzero_pd()};
}

VEC_FN VecD vecd_square_add(Vec x, VecD acc)
{
    __m512d lo = _mm512_cvtps_pd(_mm512_castps512_ps256(x));
    __m512d hi = _mm512_cvtps_pd(_mm512_extractf32x8_ps(x, 1));
    return (VecD){_mm512_fmadd_pd(lo, lo, acc.lo), _mm512_fmadd_pd(hi, hi, acc.hi)};
}

/* Lanes 0..7 and 8..15 of the first count. */
VEC_FN VecD vecd_load(const double *p, size_t count)
{
    __mmask16 first = vec_first(count);
    return (VecD){_mm512_maskz_loadu_pd((__mmask8)first, p),
                  _mm512_maskz_loadu_pd((__mmask8)(first >> 8), p + 8)};
}

VEC_FN void vecd_store(double *p, size_t count, VecD x)
{
    __mmask16 first = vec_first(count);
    _mm512_mask_storeu_pd(p, (__mmask8)first, x.lo);
    _mm512_mask_storeu_pd(p + 8, (__mmask8)(first >> 8), x.hi);
}

VEC_FN VecD vecd_add(VecD acc, Vec x)
{
    __m512d lo = _mm512_cvtps_pd(_mm512_castps512_ps256(x));
    __m512d hi = _mm512_cvtps_pd(_mm512_extractf32x8_ps(x, 1));
    return (VecD){_mm512_add_pd(acc.lo, lo), _mm512_add_pd(acc.hi, hi)};
}

VEC_FN VecD vecd_scaled_add(VecD acc, double scale, Vec x)
{
    __m512d s = _mm512_set1_pd(scale);
    __m512d lo = _mm512_cvtps_pd(_mm512_castps512_ps256(x));
    __m512d hi = _mm512_cvtps_pd(_mm512_extractf32x8_ps(x, 1));
    return (VecD){_mm512_fmadd_pd(s, lo, acc.lo), _mm512_fmadd_pd(s, hi, acc.hi)};
}

VEC_FN Vec vecd_round(VecD x)
{
    return _mm512_insertf32x8(_mm512_castps256_ps512(_mm512_cvtpd_ps(x.lo)), _mm512_cvtpd_ps(x.hi),
                              1);
}

VEC_FN double vecd_fold(VecD v)
{
    __m512d h8 = _mm512_add_pd(v.lo, v.hi);
    __m256d h4 = _mm256_add_pd(_mm512_castpd512_pd256(h8), _mm512_extractf64x4_pd(h8, 1));
    __m128d h2 = _mm_add_pd(_mm256_castpd256_pd128(h4), _mm256_extractf128_pd(h4, 1));
    return _mm_cvtsd_f64(_mm_add_sd(h2, _mm_unpackhi_pd(h2, h2)));
}

/* ---- matrix products: one register of a tile ---- */

#ifndef TILE_HAS_PAIRS
#define TILE_HAS_PAIRS 0
#endif

enum { TILE_W = 16, TILE_ROWS = 14, TILE_GATHER_LEFT = 0 };
#define TILE_SHAPES(X) X(14) X(8) X(4) X(2) X(1)

TILE_OF(__m512, _mm512)

VEC_FN Tile tile_load_part(const float *p, size_t count)
{
    return _mm512_maskz_loadu_ps(vec_first(count), p);
}

VEC_FN void tile_store_part(float *p, size_t count, Tile x)
{
    _mm512_mask_storeu_ps(p, vec_first(count), x);
}

#if !TILE_HAS_PAIRS
/* Each float rounded to bfloat16 (real_bf16). */
VEC_FN Tile tile_round(Tile x)
{
    __m512i u = _mm512_castps_si512(x);
    __m512i odd = _mm512_and_si512(_mm512_srli_epi32(u, 16), _mm512_set1_epi32(1));
    __m512i up = _mm512_add_epi32(u, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7FFF)));
    __mmask16 is_nan = _mm512_cmp_ps_mask(x, x, _CMP_UNORD_Q);
    up = _mm512_mask_or_epi32(up, is_nan, u, _mm512_set1_epi32(0x00400000));
    return _mm512_castsi512_ps(_mm512_and_si512(up, _mm512_set1_epi32((int)0xFFFF0000)));
}
#endif

#include "trainer/core/isa/avx2/transpose_avx2.h"

#endif

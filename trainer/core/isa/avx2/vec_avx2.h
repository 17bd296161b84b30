/* vec_avx2.h -- the sixteen lanes as two registers (contract: vec/vec.h). */
#ifndef TRAINER_CORE_ISA_AVX2_VEC_AVX2_H
#define TRAINER_CORE_ISA_AVX2_VEC_AVX2_H

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#include "trainer/core/isa/avx2/tile_avx2.h"
#include "trainer/core/vec/vec_fn.h"

typedef struct Vec {
    __m256 lo, hi; /* lanes 0..7 and 8..15 */
} Vec;

/* Lane j of the result is all ones when first + j < count. */
VEC_FN __m256i half_mask(size_t count, int first)
{
    __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)count - first), lane);
}

VEC_FN Vec vec_set1(float x)
{
    return (Vec){_mm256_set1_ps(x), _mm256_set1_ps(x)};
}

VEC_FN Vec vec_load(const float *p, size_t count)
{
    if (count == 16) {
        return (Vec){_mm256_loadu_ps(p), _mm256_loadu_ps(p + 8)};
    }
    __m256 hi = count > 8 ? _mm256_maskload_ps(p + 8, half_mask(count, 8)) : _mm256_setzero_ps();
    return (Vec){_mm256_maskload_ps(p, half_mask(count, 0)), hi};
}

VEC_FN void vec_store(float *p, size_t count, Vec x)
{
    if (count == 16) {
        _mm256_storeu_ps(p, x.lo);
        _mm256_storeu_ps(p + 8, x.hi);
        return;
    }
    _mm256_maskstore_ps(p, half_mask(count, 0), x.lo);
    if (count > 8) {
        _mm256_maskstore_ps(p + 8, half_mask(count, 8), x.hi);
    }
}

VEC_FN Vec vec_keep(size_t count, Vec fresh, Vec old)
{
    if (count == 16) {
        return fresh;
    }
    return (Vec){
        _mm256_blendv_ps(old.lo, fresh.lo, _mm256_castsi256_ps(half_mask(count, 0))),
        _mm256_blendv_ps(old.hi, fresh.hi, _mm256_castsi256_ps(half_mask(count, 8))),
    };
}

VEC_FN Vec vec_add(Vec a, Vec b)
{
    return (Vec){_mm256_add_ps(a.lo, b.lo), _mm256_add_ps(a.hi, b.hi)};
}

VEC_FN Vec vec_sub(Vec a, Vec b)
{
    return (Vec){_mm256_sub_ps(a.lo, b.lo), _mm256_sub_ps(a.hi, b.hi)};
}

VEC_FN Vec vec_mul(Vec a, Vec b)
{
    return (Vec){_mm256_mul_ps(a.lo, b.lo), _mm256_mul_ps(a.hi, b.hi)};
}

VEC_FN Vec vec_div(Vec a, Vec b)
{
    return (Vec){_mm256_div_ps(a.lo, b.lo), _mm256_div_ps(a.hi, b.hi)};
}

VEC_FN Vec vec_fma(Vec a, Vec b, Vec c)
{
    return (Vec){_mm256_fmadd_ps(a.lo, b.lo, c.lo), _mm256_fmadd_ps(a.hi, b.hi, c.hi)};
}

VEC_FN Vec vec_fnma(Vec a, Vec b, Vec c)
{
    return (Vec){_mm256_fnmadd_ps(a.lo, b.lo, c.lo), _mm256_fnmadd_ps(a.hi, b.hi, c.hi)};
}

VEC_FN Vec vec_sqrt(Vec x)
{
    return (Vec){_mm256_sqrt_ps(x.lo), _mm256_sqrt_ps(x.hi)};
}

VEC_FN Vec vec_max(Vec a, Vec b)
{
    return (Vec){_mm256_max_ps(a.lo, b.lo), _mm256_max_ps(a.hi, b.hi)};
}

VEC_FN Vec vec_min(Vec a, Vec b)
{
    return (Vec){_mm256_min_ps(a.lo, b.lo), _mm256_min_ps(a.hi, b.hi)};
}

VEC_FN Vec vec_minus_abs(Vec x)
{
    __m256 sign = _mm256_set1_ps(-0.0f);
    return (Vec){_mm256_or_ps(x.lo, sign), _mm256_or_ps(x.hi, sign)};
}

VEC_FN Vec vec_if_negative(Vec x, Vec a, Vec b)
{
    __m256 zero = _mm256_setzero_ps();
    return (Vec){
        _mm256_blendv_ps(b.lo, a.lo, _mm256_cmp_ps(x.lo, zero, _CMP_LT_OQ)),
        _mm256_blendv_ps(b.hi, a.hi, _mm256_cmp_ps(x.hi, zero, _CMP_LT_OQ)),
    };
}

/* real_exp's last line: 2^n as 2^h 2^(n-h), read off the bits of n + EXP_MAGIC. */
VEC_FN __m256 half_scale_pow2(__m256 p, __m256 shifted)
{
    __m256i u = _mm256_sub_epi32(_mm256_castps_si256(shifted), _mm256_set1_epi32(0x4B400000 - 256));
    __m256i h = _mm256_srli_epi32(u, 1);
    __m256i one = _mm256_set1_epi32(1);
    __m256i s1 = _mm256_slli_epi32(_mm256_sub_epi32(h, one), 23);
    __m256i s2 = _mm256_slli_epi32(_mm256_sub_epi32(_mm256_sub_epi32(u, h), one), 23);
    return _mm256_mul_ps(_mm256_mul_ps(p, _mm256_castsi256_ps(s1)), _mm256_castsi256_ps(s2));
}

VEC_FN Vec vec_scale_pow2(Vec p, Vec shifted, Vec n)
{
    (void)n;
    return (Vec){half_scale_pow2(p.lo, shifted.lo), half_scale_pow2(p.hi, shifted.hi)};
}

VEC_FN __m256 half_add_exponent(__m256 p, __m256 shifted)
{
    __m256i n = _mm256_slli_epi32(_mm256_castps_si256(shifted), 23);
    return _mm256_castsi256_ps(_mm256_add_epi32(n, _mm256_castps_si256(p)));
}

VEC_FN Vec vec_add_exponent(Vec p, Vec shifted)
{
    return (Vec){half_add_exponent(p.lo, shifted.lo), half_add_exponent(p.hi, shifted.hi)};
}

VEC_FN float vec_fold(Vec v)
{
    __m256 h8 = _mm256_add_ps(v.lo, v.hi);
    __m128 h4 = _mm_add_ps(_mm256_castps256_ps128(h8), _mm256_extractf128_ps(h8, 1));
    __m128 h2 = _mm_add_ps(h4, _mm_movehl_ps(h4, h4));
    return _mm_cvtss_f32(_mm_add_ss(h2, _mm_movehdup_ps(h2)));
}

VEC_FN float vec_fold_max(Vec v)
{
    __m256 h8 = _mm256_max_ps(v.lo, v.hi);
    __m128 h4 = _mm_max_ps(_mm256_castps256_ps128(h8), _mm256_extractf128_ps(h8, 1));
    __m128 h2 = _mm_max_ps(h4, _mm_movehl_ps(h4, h4));
    return _mm_cvtss_f32(_mm_max_ss(h2, _mm_movehdup_ps(h2)));
}

typedef struct VecD {
    __m256d q[4]; /* lanes 0..3, 4..7, 8..11, 12..15 */
} VecD;

VEC_FN VecD vecd_zero(void)
{
    __m256d zero = _mm256_setzero_pd();
    return (VecD){{zero, zero, zero, zero}};
}

VEC_FN __m256d quarter_square_add(__m128 x, __m256d acc)
{
    __m256d d = _mm256_cvtps_pd(x);
    return _mm256_fmadd_pd(d, d, acc);
}

VEC_FN VecD vecd_square_add(Vec x, VecD acc)
{
    return (VecD){{
        quarter_square_add(_mm256_castps256_ps128(x.lo), acc.q[0]),
        quarter_square_add(_mm256_extractf128_ps(x.lo, 1), acc.q[1]),
        quarter_square_add(_mm256_castps256_ps128(x.hi), acc.q[2]),
        quarter_square_add(_mm256_extractf128_ps(x.hi, 1), acc.q[3]),
    }};
}

/* Lane j of the result is all ones when 4 i + j < count. */
VEC_FN __m256i quarter_mask(size_t count, size_t i)
{
    __m256i lane = _mm256_setr_epi64x(0, 1, 2, 3);
    return _mm256_cmpgt_epi64(_mm256_set1_epi64x((long long)count - 4 * (long long)i), lane);
}

VEC_FN VecD vecd_load(const double *p, size_t count)
{
    VecD x = vecd_zero();
    UNROLL
    for (size_t i = 0; i < 4; i++) {
        if (count > 4 * i) {
            x.q[i] = _mm256_maskload_pd(p + 4 * i, quarter_mask(count, i));
        }
    }
    return x;
}

VEC_FN void vecd_store(double *p, size_t count, VecD x)
{
    UNROLL
    for (size_t i = 0; i < 4; i++) {
        if (count > 4 * i) {
            _mm256_maskstore_pd(p + 4 * i, quarter_mask(count, i), x.q[i]);
        }
    }
}

VEC_FN VecD vecd_add(VecD acc, Vec x)
{
    return (VecD){{
        _mm256_add_pd(acc.q[0], _mm256_cvtps_pd(_mm256_castps256_ps128(x.lo))),
        _mm256_add_pd(acc.q[1], _mm256_cvtps_pd(_mm256_extractf128_ps(x.lo, 1))),
        _mm256_add_pd(acc.q[2], _mm256_cvtps_pd(_mm256_castps256_ps128(x.hi))),
        _mm256_add_pd(acc.q[3], _mm256_cvtps_pd(_mm256_extractf128_ps(x.hi, 1))),
    }};
}

VEC_FN VecD vecd_scaled_add(VecD acc, double scale, Vec x)
{
    __m256d s = _mm256_set1_pd(scale);
    __m128 x1 = _mm256_extractf128_ps(x.lo, 1), x3 = _mm256_extractf128_ps(x.hi, 1);
    return (VecD){{
        _mm256_fmadd_pd(s, _mm256_cvtps_pd(_mm256_castps256_ps128(x.lo)), acc.q[0]),
        _mm256_fmadd_pd(s, _mm256_cvtps_pd(x1), acc.q[1]),
        _mm256_fmadd_pd(s, _mm256_cvtps_pd(_mm256_castps256_ps128(x.hi)), acc.q[2]),
        _mm256_fmadd_pd(s, _mm256_cvtps_pd(x3), acc.q[3]),
    }};
}

VEC_FN Vec vecd_round(VecD x)
{
    return (Vec){_mm256_set_m128(_mm256_cvtpd_ps(x.q[1]), _mm256_cvtpd_ps(x.q[0])),
                 _mm256_set_m128(_mm256_cvtpd_ps(x.q[3]), _mm256_cvtpd_ps(x.q[2]))};
}

VEC_FN double vecd_fold(VecD v)
{
    __m256d h4 = _mm256_add_pd(_mm256_add_pd(v.q[0], v.q[2]), _mm256_add_pd(v.q[1], v.q[3]));
    __m128d h2 = _mm_add_pd(_mm256_castpd256_pd128(h4), _mm256_extractf128_pd(h4, 1));
    return _mm_cvtsd_f64(_mm_add_sd(h2, _mm_unpackhi_pd(h2, h2)));
}

/* ---- matrix products: one register of a tile ---- */

#define TILE_HAS_PAIRS 0
enum { TILE_W = 8, TILE_ROWS = 6, TILE_GATHER_LEFT = 1 };
#define TILE_SHAPES(X) X(6) X(4) X(2) X(1)

TILE_OF(__m256, _mm256)

VEC_FN Tile tile_load_part(const float *p, size_t count)
{
    return _mm256_maskload_ps(p, half_mask(count, 0));
}

VEC_FN void tile_store_part(float *p, size_t count, Tile x)
{
    _mm256_maskstore_ps(p, half_mask(count, 0), x);
}

/* Each float rounded to bfloat16 (real_bf16). */
VEC_FN Tile tile_round(Tile x)
{
    __m256i u = _mm256_castps_si256(x);
    __m256i odd = _mm256_and_si256(_mm256_srli_epi32(u, 16), _mm256_set1_epi32(1));
    __m256i up = _mm256_add_epi32(u, _mm256_add_epi32(odd, _mm256_set1_epi32(0x7FFF)));
    __m256i quiet = _mm256_or_si256(u, _mm256_set1_epi32(0x00400000));
    __m256 kept = _mm256_blendv_ps(_mm256_castsi256_ps(up), _mm256_castsi256_ps(quiet),
                                   _mm256_cmp_ps(x, x, _CMP_UNORD_Q));
    return _mm256_and_ps(kept, _mm256_castsi256_ps(_mm256_set1_epi32((int)0xFFFF0000)));
}

#include "trainer/core/isa/avx2/transpose_avx2.h"

#endif

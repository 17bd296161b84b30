/* vec_neon.h -- the sixteen lanes as four registers (contract: vec/vec.h). */
#ifndef TRAINER_CORE_ISA_NEON_VEC_NEON_H
#define TRAINER_CORE_ISA_NEON_VEC_NEON_H

#include <arm_neon.h>
#include <stddef.h>
#include <stdint.h>

#include "trainer/core/vec/vec_fn.h"

typedef struct Vec {
    float32x4_t q[4]; /* lanes 0..3, 4..7, 8..11, 12..15 */
} Vec;

/* ---- tails: NEON has no masked access, so a quarter is read and written in parts ---- */

/* The first count floats, at most four; +0 for the rest. */
VEC_FN float32x4_t quarter_load(const float *p, size_t count)
{
    const float32x2_t zero = vdup_n_f32(0.0f);
    switch (count) {
    case 0:
        return vdupq_n_f32(0.0f);
    case 1:
        return vcombine_f32(vld1_lane_f32(p, zero, 0), zero);
    case 2:
        return vcombine_f32(vld1_f32(p), zero);
    case 3:
        return vcombine_f32(vld1_f32(p), vld1_lane_f32(p + 2, zero, 0));
    default:
        return vld1q_f32(p);
    }
}

VEC_FN void quarter_store(float *p, size_t count, float32x4_t x)
{
    switch (count) {
    case 0:
        break;
    case 1:
        vst1q_lane_f32(p, x, 0);
        break;
    case 2:
        vst1_f32(p, vget_low_f32(x));
        break;
    case 3:
        vst1_f32(p, vget_low_f32(x));
        vst1q_lane_f32(p + 2, x, 2);
        break;
    default:
        vst1q_f32(p, x);
    }
}

/* How many of count floats are left where quarter i begins. */
VEC_FN size_t quarter_left(size_t count, size_t i)
{
    return count > 4 * i ? count - 4 * i : 0;
}

/* fresh where the lane's number in the quarter is below count, else old */
VEC_FN float32x4_t quarter_keep(size_t count, float32x4_t fresh, float32x4_t old)
{
    static const uint32_t number[4] = {0, 1, 2, 3};
    return vbslq_f32(vcltq_u32(vld1q_u32(number), vdupq_n_u32((uint32_t)count)), fresh, old);
}

VEC_FN Vec vec_set1(float x)
{
    float32x4_t q = vdupq_n_f32(x);
    return (Vec){{q, q, q, q}};
}

VEC_FN Vec vec_load(const float *p, size_t count)
{
    Vec x = vec_set1(0.0f);
    UNROLL
    for (size_t i = 0; i < 4; i++) {
        if (count > 4 * i) {
            x.q[i] = quarter_load(p + 4 * i, count - 4 * i);
        }
    }
    return x;
}

VEC_FN void vec_store(float *p, size_t count, Vec x)
{
    UNROLL
    for (size_t i = 0; i < 4; i++) {
        if (count > 4 * i) {
            quarter_store(p + 4 * i, count - 4 * i, x.q[i]);
        }
    }
}

VEC_FN Vec vec_keep(size_t count, Vec fresh, Vec old)
{
    if (count == 16) {
        return fresh;
    }
    return (Vec){{
        quarter_keep(quarter_left(count, 0), fresh.q[0], old.q[0]),
        quarter_keep(quarter_left(count, 1), fresh.q[1], old.q[1]),
        quarter_keep(quarter_left(count, 2), fresh.q[2], old.q[2]),
        quarter_keep(quarter_left(count, 3), fresh.q[3], old.q[3]),
    }};
}

/* ---- arithmetic: a function of quarters, four times ---- */

#define VEC_UNARY(name, quarter)                                                            \
    VEC_FN Vec name(Vec x)                                                                  \
    {                                                                                       \
        return (Vec){{quarter(x.q[0]), quarter(x.q[1]), quarter(x.q[2]), quarter(x.q[3])}}; \
    }
#define VEC_BINARY(name, quarter)                                                                \
    VEC_FN Vec name(Vec a, Vec b)                                                                \
    {                                                                                            \
        return (Vec){{quarter(a.q[0], b.q[0]), quarter(a.q[1], b.q[1]), quarter(a.q[2], b.q[2]), \
                      quarter(a.q[3], b.q[3])}};                                                 \
    }
#define VEC_TERNARY(name, quarter)                                                        \
    VEC_FN Vec name(Vec a, Vec b, Vec c)                                                  \
    {                                                                                     \
        return (Vec){{quarter(a.q[0], b.q[0], c.q[0]), quarter(a.q[1], b.q[1], c.q[1]),   \
                      quarter(a.q[2], b.q[2], c.q[2]), quarter(a.q[3], b.q[3], c.q[3])}}; \
    }

/* The instruction adds to its first operand. */
VEC_FN float32x4_t quarter_fma(float32x4_t a, float32x4_t b, float32x4_t c)
{
    return vfmaq_f32(c, a, b);
}

VEC_FN float32x4_t quarter_fnma(float32x4_t a, float32x4_t b, float32x4_t c)
{
    return vfmsq_f32(c, a, b);
}

/* FMAX would return the NaN of either side. */
VEC_FN float32x4_t quarter_max(float32x4_t a, float32x4_t b)
{
    return vbslq_f32(vcgtq_f32(a, b), a, b);
}

VEC_FN float32x4_t quarter_min(float32x4_t a, float32x4_t b)
{
    return vbslq_f32(vcltq_f32(a, b), a, b);
}

VEC_FN float32x4_t quarter_minus_abs(float32x4_t x)
{
    return vnegq_f32(vabsq_f32(x));
}

VEC_FN float32x4_t quarter_if_negative(float32x4_t x, float32x4_t a, float32x4_t b)
{
    return vbslq_f32(vcltzq_f32(x), a, b);
}

/* real_exp's last line: 2^n as 2^h 2^(n-h), read off the bits of n + EXP_MAGIC. */
VEC_FN float32x4_t quarter_scale_pow2(float32x4_t p, float32x4_t shifted)
{
    uint32x4_t u = vsubq_u32(vreinterpretq_u32_f32(shifted), vdupq_n_u32(0x4B400000 - 256));
    uint32x4_t h = vshrq_n_u32(u, 1);
    uint32x4_t one = vdupq_n_u32(1);
    uint32x4_t s1 = vshlq_n_u32(vsubq_u32(h, one), 23);
    uint32x4_t s2 = vshlq_n_u32(vsubq_u32(vsubq_u32(u, h), one), 23);
    return vmulq_f32(vmulq_f32(p, vreinterpretq_f32_u32(s1)), vreinterpretq_f32_u32(s2));
}

VEC_FN float32x4_t quarter_add_exponent(float32x4_t p, float32x4_t shifted)
{
    uint32x4_t n = vshlq_n_u32(vreinterpretq_u32_f32(shifted), 23);
    return vreinterpretq_f32_u32(vaddq_u32(n, vreinterpretq_u32_f32(p)));
}

VEC_BINARY(vec_add, vaddq_f32)
VEC_BINARY(vec_sub, vsubq_f32)
VEC_BINARY(vec_mul, vmulq_f32)
VEC_BINARY(vec_div, vdivq_f32)
VEC_TERNARY(vec_fma, quarter_fma)
VEC_TERNARY(vec_fnma, quarter_fnma)
VEC_UNARY(vec_sqrt, vsqrtq_f32)
VEC_BINARY(vec_max, quarter_max)
VEC_BINARY(vec_min, quarter_min)
VEC_UNARY(vec_minus_abs, quarter_minus_abs)
VEC_TERNARY(vec_if_negative, quarter_if_negative)
VEC_BINARY(vec_scale_pow2_shifted, quarter_scale_pow2)
VEC_BINARY(vec_add_exponent, quarter_add_exponent)

VEC_FN Vec vec_scale_pow2(Vec p, Vec shifted, Vec n)
{
    (void)n;
    return vec_scale_pow2_shifted(p, shifted);
}

/* ---- folds ---- */

VEC_FN float vec_fold(Vec v)
{
    float32x4_t h4 = vaddq_f32(vaddq_f32(v.q[0], v.q[2]), vaddq_f32(v.q[1], v.q[3]));
    float32x2_t h2 = vadd_f32(vget_low_f32(h4), vget_high_f32(h4));
    return vget_lane_f32(h2, 0) + vget_lane_f32(h2, 1);
}

/* No lane is a NaN: row_max passes them over. */
VEC_FN float vec_fold_max(Vec v)
{
    float32x4_t h4 = quarter_max(quarter_max(v.q[0], v.q[2]), quarter_max(v.q[1], v.q[3]));
    return vmaxvq_f32(h4);
}

typedef struct VecD {
    float64x2_t e[8]; /* lanes 0..1, 2..3, ... 14..15 */
} VecD;

VEC_FN VecD vecd_zero(void)
{
    float64x2_t zero = vdupq_n_f64(0.0);
    return (VecD){{zero, zero, zero, zero, zero, zero, zero, zero}};
}

VEC_FN float64x2_t eighth_low(float32x4_t x, float64x2_t acc)
{
    float64x2_t d = vcvt_f64_f32(vget_low_f32(x));
    return vfmaq_f64(acc, d, d);
}

VEC_FN float64x2_t eighth_high(float32x4_t x, float64x2_t acc)
{
    float64x2_t d = vcvt_high_f64_f32(x);
    return vfmaq_f64(acc, d, d);
}

VEC_FN VecD vecd_square_add(Vec x, VecD acc)
{
    return (VecD){{
        eighth_low(x.q[0], acc.e[0]),
        eighth_high(x.q[0], acc.e[1]),
        eighth_low(x.q[1], acc.e[2]),
        eighth_high(x.q[1], acc.e[3]),
        eighth_low(x.q[2], acc.e[4]),
        eighth_high(x.q[2], acc.e[5]),
        eighth_low(x.q[3], acc.e[6]),
        eighth_high(x.q[3], acc.e[7]),
    }};
}

VEC_FN VecD vecd_load(const double *p, size_t count)
{
    VecD x = vecd_zero();
    UNROLL
    for (size_t i = 0; i < 8; i++) {
        if (count >= 2 * i + 2) {
            x.e[i] = vld1q_f64(p + 2 * i);
        } else if (count > 2 * i) {
            x.e[i] = vld1q_lane_f64(p + 2 * i, x.e[i], 0);
        }
    }
    return x;
}

VEC_FN void vecd_store(double *p, size_t count, VecD x)
{
    UNROLL
    for (size_t i = 0; i < 8; i++) {
        if (count >= 2 * i + 2) {
            vst1q_f64(p + 2 * i, x.e[i]);
        } else if (count > 2 * i) {
            vst1q_lane_f64(p + 2 * i, x.e[i], 0);
        }
    }
}

VEC_FN VecD vecd_add(VecD acc, Vec x)
{
    UNROLL
    for (size_t i = 0; i < 4; i++) {
        acc.e[2 * i] = vaddq_f64(acc.e[2 * i], vcvt_f64_f32(vget_low_f32(x.q[i])));
        acc.e[2 * i + 1] = vaddq_f64(acc.e[2 * i + 1], vcvt_high_f64_f32(x.q[i]));
    }
    return acc;
}

VEC_FN VecD vecd_scaled_add(VecD acc, double scale, Vec x)
{
    float64x2_t s = vdupq_n_f64(scale);
    UNROLL
    for (size_t i = 0; i < 4; i++) {
        acc.e[2 * i] = vfmaq_f64(acc.e[2 * i], s, vcvt_f64_f32(vget_low_f32(x.q[i])));
        acc.e[2 * i + 1] = vfmaq_f64(acc.e[2 * i + 1], s, vcvt_high_f64_f32(x.q[i]));
    }
    return acc;
}

VEC_FN Vec vecd_round(VecD x)
{
    Vec y = vec_set1(0.0f);
    UNROLL
    for (size_t i = 0; i < 4; i++) {
        y.q[i] = vcvt_high_f32_f64(vcvt_f32_f64(x.e[2 * i]), x.e[2 * i + 1]);
    }
    return y;
}

VEC_FN double vecd_fold(VecD v)
{
    float64x2_t h4_low = vaddq_f64(vaddq_f64(v.e[0], v.e[4]), vaddq_f64(v.e[2], v.e[6]));
    float64x2_t h4_high = vaddq_f64(vaddq_f64(v.e[1], v.e[5]), vaddq_f64(v.e[3], v.e[7]));
    float64x2_t h2 = vaddq_f64(h4_low, h4_high);
    return vgetq_lane_f64(h2, 0) + vgetq_lane_f64(h2, 1);
}

/* ---- matrix products: a "register" of a tile is two, so 6 x 2 of them take 24 of 32 ---- */

#define TILE_HAS_PAIRS 0
enum { TILE_W = 8, TILE_ROWS = 6, TILE_GATHER_LEFT = 1, TRANSPOSE = 4 };
#define TILE_SHAPES(X) X(6) X(4) X(2) X(1)

typedef struct Tile {
    float32x4_t lo, hi;
} Tile;

VEC_FN Tile tile_set1(float x)
{
    float32x4_t q = vdupq_n_f32(x);
    return (Tile){q, q};
}

VEC_FN Tile tile_zero(void)
{
    return tile_set1(0.0f);
}

VEC_FN Tile tile_load(const float *p)
{
    return (Tile){vld1q_f32(p), vld1q_f32(p + 4)};
}

VEC_FN void tile_store(float *p, Tile x)
{
    vst1q_f32(p, x.lo);
    vst1q_f32(p + 4, x.hi);
}

VEC_FN Tile tile_load_part(const float *p, size_t count)
{
    float32x4_t hi = count > 4 ? quarter_load(p + 4, count - 4) : vdupq_n_f32(0.0f);
    return (Tile){quarter_load(p, count), hi};
}

VEC_FN void tile_store_part(float *p, size_t count, Tile x)
{
    quarter_store(p, count, x.lo);
    if (count > 4) {
        quarter_store(p + 4, count - 4, x.hi);
    }
}

VEC_FN Tile tile_fma(Tile a, Tile b, Tile c)
{
    return (Tile){quarter_fma(a.lo, b.lo, c.lo), quarter_fma(a.hi, b.hi, c.hi)};
}

VEC_FN float32x4_t quarter_round(float32x4_t x)
{
    uint32x4_t u = vreinterpretq_u32_f32(x);
    uint32x4_t odd = vandq_u32(vshrq_n_u32(u, 16), vdupq_n_u32(1));
    uint32x4_t up = vaddq_u32(u, vaddq_u32(odd, vdupq_n_u32(0x7FFF)));
    uint32x4_t quiet = vorrq_u32(u, vdupq_n_u32(0x00400000));
    uint32x4_t kept = vbslq_u32(vceqq_f32(x, x), up, quiet);
    return vreinterpretq_f32_u32(vandq_u32(kept, vdupq_n_u32(0xFFFF0000U)));
}

/* Each float rounded to bfloat16 (real_bf16). */
VEC_FN Tile tile_round(Tile x)
{
    return (Tile){quarter_round(x.lo), quarter_round(x.hi)};
}

/* The same half of a and of b, one after the other. */
VEC_FN float32x4_t low_halves(float32x4_t a, float32x4_t b)
{
    return vcombine_f32(vget_low_f32(a), vget_low_f32(b));
}

VEC_FN float32x4_t high_halves(float32x4_t a, float32x4_t b)
{
    return vcombine_f32(vget_high_f32(a), vget_high_f32(b));
}

/* to[j][i] = from[i][j] for a 4 by 4 block. */
VEC_FN void tile_transpose(const float *from, size_t ld_from, float *to, size_t ld_to)
{
    float32x4_t r0 = vld1q_f32(from);
    float32x4_t r1 = vld1q_f32(from + ld_from);
    float32x4_t r2 = vld1q_f32(from + 2 * ld_from);
    float32x4_t r3 = vld1q_f32(from + 3 * ld_from);
    float32x4_t even01 = vtrn1q_f32(r0, r1); /* r0[0] r1[0] r0[2] r1[2] */
    float32x4_t odd01 = vtrn2q_f32(r0, r1);  /* r0[1] r1[1] r0[3] r1[3] */
    float32x4_t even23 = vtrn1q_f32(r2, r3);
    float32x4_t odd23 = vtrn2q_f32(r2, r3);
    vst1q_f32(to, low_halves(even01, even23));
    vst1q_f32(to + ld_to, low_halves(odd01, odd23));
    vst1q_f32(to + 2 * ld_to, high_halves(even01, even23));
    vst1q_f32(to + 3 * ld_to, high_halves(odd01, odd23));
}

#endif

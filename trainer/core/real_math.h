/* real_math.h -- the scalar functions that kernels are defined by.
 *
 * With Real = float these are our own, made of IEEE operations in a stated
 * order, so that every ISA can repeat them bit for bit (numerics.md gives the
 * measured errors).  With Real = double they are libm's.
 *
 *   exp:   x = n ln2 + r, |r| <= ln2/2;  e^x = 2^n (1 + r + r^2 q(r))
 *   exp2:  x = n + r, |r| <= 1/2;  2^x = 2^n (1 + r c(r))
 *   log1p: s = f / (2 + f);  log(1 + f) = 2 atanh(s) = f - s (f - s^2 P(s^2))
 *
 * q is the minimax polynomial of degree 4 for the relative error of e^r
 * (2^-28.2), c that of degree 5 for the relative error of 2^r (2^-28.5; its
 * coefficients as floats 2^-25.9), P that of degree 4 for the relative error of
 * atanh on s^2 <= 1/9 (2^-33.1), all from a Remez exchange in 50 digits.
 */
#ifndef TRAINER_CORE_REAL_MATH_H
#define TRAINER_CORE_REAL_MATH_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "trainer/core/real.h"

#define EXP_MIN     (-104.0f) /* e^x rounds to 0 below: half the least denormal is e^-103.97 */
#define EXP_MAX     89.0f     /* e^x overflows above 88.7228 */
#define EXP_LOG2E   0x1.715476p+0f
#define EXP_LN2_HI  0x1.62e400p-1f /* 15 bits: n times this is exact */
#define EXP_LN2_LO  0x1.7f7d1cp-20f
#define EXP_MAGIC   12582912.0f /* 1.5 * 2^23: adding it rounds to an integer */
#define EXP_MAGIC_U UINT32_C(0x4B400000)
#define EXP_Q0      0x1.fffffcp-2f
#define EXP_Q1      0x1.55548ap-3f
#define EXP_Q2      0x1.555916p-5f
#define EXP_Q3      0x1.123fc6p-7f
#define EXP_Q4      0x1.6a1a9cp-10f
#define EXP2_MIN    (-126.0f) /* smaller x count as this: 2^x stays normal */
#define EXP2_C1     0x1.62e432p-1f
#define EXP2_C2     0x1.ebfbe4p-3f
#define EXP2_C3     0x1.c6ae6ep-5f
#define EXP2_C4     0x1.3b270ep-7f
#define EXP2_C5     0x1.5f7276p-10f
#define EXP2_C6     0x1.470b48p-13f
#define LOG2_E      1.4426950408889634 /* 1 / ln 2 */
#define LN_2        0.6931471805599453
#define ATANH_P0    0x1.555558p-1f
#define ATANH_P1    0x1.9996a8p-2f
#define ATANH_P2    0x1.250972p-2f
#define ATANH_P3    0x1.b6d698p-3f
#define ATANH_P4    0x1.f1af08p-3f

#if REAL_IS_DOUBLE

static inline Real real_fma(Real a, Real b, Real c)
{
    return fma(a, b, c);
}

static inline Real real_sqrt(Real x)
{
    return sqrt(x);
}

static inline Real real_exp(Real x)
{
    return exp(x);
}

static inline Real real_exp2(Real x)
{
    return exp2(x);
}

static inline Real real_log1p(Real f)
{
    return log1p(f);
}

static inline Real real_log(Real x)
{
    return log(x);
}

#else

static inline Real real_fma(Real a, Real b, Real c)
{
    return fmaf(a, b, c);
}

static inline Real real_sqrt(Real x)
{
    return sqrtf(x);
}

static inline uint32_t real_bits(float x)
{
    uint32_t u;
    memcpy(&u, &x, sizeof u);
    return u;
}

static inline float real_from_bits(uint32_t u)
{
    float x;
    memcpy(&x, &u, sizeof x);
    return x;
}

/* e^x for every float: 0 below, inf above, NaN for NaN. */
static inline Real real_exp(Real x)
{
    /* Written so that a NaN passes both comparisons. */
    x = EXP_MIN > x ? EXP_MIN : x;
    x = EXP_MAX < x ? EXP_MAX : x;
    float t = fmaf(x, EXP_LOG2E, EXP_MAGIC);
    float n = t - EXP_MAGIC;
    float r = fmaf(n, -EXP_LN2_LO, fmaf(n, -EXP_LN2_HI, x));
    float q = fmaf(EXP_Q4, r, EXP_Q3);
    q = fmaf(q, r, EXP_Q2);
    q = fmaf(q, r, EXP_Q1);
    q = fmaf(q, r, EXP_Q0);
    float p = fmaf(q, r * r, r) + 1.0f;
    /* 2^n as 2^h 2^(n-h), each a normal number; only the last product can round. */
    uint32_t u = real_bits(t) - EXP_MAGIC_U + 256; /* n + 256 > 0 */
    uint32_t h = u >> 1;
    return p * real_from_bits((h - 1) << 23) * real_from_bits((u - h - 1) << 23);
}

/* 2^x for x <= 127 and NaN, at least 2^-126: weights of a softmax, where less is nothing. */
static inline Real real_exp2(Real x)
{
    x = EXP2_MIN > x ? EXP2_MIN : x; /* a NaN passes */
    float t = x + EXP_MAGIC;
    float r = x - (t - EXP_MAGIC);
    float p = fmaf(EXP2_C6, r, EXP2_C5);
    p = fmaf(p, r, EXP2_C4);
    p = fmaf(p, r, EXP2_C3);
    p = fmaf(p, r, EXP2_C2);
    p = fmaf(p, r, EXP2_C1);
    p = fmaf(p, r, 1.0f);
    /* The low bits of t are n; those of EXP_MAGIC leave with the shift. */
    return real_from_bits((real_bits(t) << 23) + real_bits(p));
}

/* log(1 + f) for f in [-0.3, 1], to about 1 ulp however small f is. */
static inline Real real_log1p(Real f)
{
    float s = f / (2.0f + f);
    float s2 = s * s;
    float p = fmaf(ATANH_P4, s2, ATANH_P3);
    p = fmaf(p, s2, ATANH_P2);
    p = fmaf(p, s2, ATANH_P1);
    p = fmaf(p, s2, ATANH_P0);
    return fmaf(-s, fmaf(-s2, p, f), f);
}

/* log x for a normal x > 0; inf and NaN return themselves. */
static inline Real real_log(Real x)
{
    if (!(x < INFINITY)) {
        return x;
    }
    /* x = 2^n (1 + f) with 1 + f in [sqrt(1/2), sqrt(2)) */
    uint32_t u = real_bits(x) + (UINT32_C(0x3F800000) - UINT32_C(0x3F3504F3));
    float n = (float)((int32_t)(u >> 23) - 127);
    float f = real_from_bits((u & UINT32_C(0x007FFFFF)) + UINT32_C(0x3F3504F3)) - 1.0f;
    return fmaf(n, EXP_LN2_HI, fmaf(n, EXP_LN2_LO, real_log1p(f)));
}

#endif

/* x rounded to bfloat16, to nearest, ties to even; a NaN stays one. */
static inline Real real_bf16(Real x)
{
    float f = (float)x;
    uint32_t u;
    memcpy(&u, &f, sizeof u);
    u = f == f ? u + UINT32_C(0x7FFF) + ((u >> 16) & 1U) : u | UINT32_C(0x00400000);
    u &= UINT32_C(0xFFFF0000);
    memcpy(&f, &u, sizeof f);
    return (Real)f;
}

/* 1 / (1 + e^-x), exact to a few ulp on both sides. */
static inline Real real_sigmoid(Real x)
{
    Real e = real_exp(-(x < (Real)0 ? -x : x));
    return (x < (Real)0 ? e : (Real)1) / ((Real)1 + e);
}

/* min(x, 0) - log(1 + e^-|x|) */
static inline Real real_log_sigmoid(Real x)
{
    Real e = real_exp(-(x < (Real)0 ? -x : x));
    return ((Real)0 < x ? (Real)0 : x) - real_log1p(e);
}

/* d/dx x sigmoid(x) = s (1 + x (1 - s)), given s */
static inline Real real_silu_slope(Real x, Real s)
{
    return s * real_fma(x, (Real)1 - s, (Real)1);
}

#endif

/* vec.h -- the kernels' functions on sixteen lanes.
 *
 * An ISA's vec_<isa>.h comes first.  It defines Vec, sixteen floats, and
 *   vec_set1, vec_add .. vec_sqrt   lane by lane, each one IEEE operation;
 *   vec_fma, vec_fnma               a b + c and c - a b, rounded once;
 *   vec_max(a, b)                   a > b ? a : b     (so b when one is NaN)
 *   vec_min(a, b)                   a < b ? a : b
 *   vec_minus_abs(x)                -|x|
 *   vec_if_negative(x, a, b)        x < 0 ? a : b
 *   vec_load/store(p, count)        the first count lanes only; others load as +0
 *   vec_keep(count, fresh, old)     the first count lanes of fresh, the rest of old
 *   vec_scale_pow2(p, n + magic, n) p 2^n, rounded once
 *   vec_add_exponent(p, n + magic)  p 2^n where that is normal: n added to p's bits
 *   vec_fold, vec_fold_max          all lanes into one, sums 8, 4, 2, 1
 *   VecD, vecd_*                    sixteen doubles; vecd_load/store as above, vecd_add(acc, x)
 *                                   adds floats, vecd_scaled_add(acc, scale, x) a multiple
 *                                   of them (fused), vecd_round gives floats
 * count is the constant 16 in the body of a loop, so its test vanishes there.
 * Each function below is the one of real_math.h, operation for operation.
 */
#ifndef TRAINER_CORE_VEC_VEC_H
#define TRAINER_CORE_VEC_VEC_H

#include "trainer/core/real_math.h"

VEC_FN Vec vec_exp(Vec x)
{
    x = vec_max(vec_set1(EXP_MIN), x);
    x = vec_min(vec_set1(EXP_MAX), x);
    Vec t = vec_fma(x, vec_set1(EXP_LOG2E), vec_set1(EXP_MAGIC));
    Vec n = vec_sub(t, vec_set1(EXP_MAGIC));
    Vec r = vec_fma(n, vec_set1(-EXP_LN2_LO), vec_fma(n, vec_set1(-EXP_LN2_HI), x));
    Vec q = vec_fma(vec_set1(EXP_Q4), r, vec_set1(EXP_Q3));
    q = vec_fma(q, r, vec_set1(EXP_Q2));
    q = vec_fma(q, r, vec_set1(EXP_Q1));
    q = vec_fma(q, r, vec_set1(EXP_Q0));
    Vec p = vec_add(vec_fma(q, vec_mul(r, r), r), vec_set1(1.0f));
    return vec_scale_pow2(p, t, n);
}

VEC_FN Vec vec_exp2(Vec x)
{
    Vec magic = vec_set1(EXP_MAGIC);
    x = vec_max(vec_set1(EXP2_MIN), x);
    Vec t = vec_add(x, magic);
    Vec r = vec_sub(x, vec_sub(t, magic));
    Vec p = vec_fma(vec_set1(EXP2_C6), r, vec_set1(EXP2_C5));
    p = vec_fma(p, r, vec_set1(EXP2_C4));
    p = vec_fma(p, r, vec_set1(EXP2_C3));
    p = vec_fma(p, r, vec_set1(EXP2_C2));
    p = vec_fma(p, r, vec_set1(EXP2_C1));
    p = vec_fma(p, r, vec_set1(1.0f));
    return vec_add_exponent(p, t);
}

VEC_FN Vec vec_log1p(Vec f)
{
    Vec s = vec_div(f, vec_add(vec_set1(2.0f), f));
    Vec s2 = vec_mul(s, s);
    Vec p = vec_fma(vec_set1(ATANH_P4), s2, vec_set1(ATANH_P3));
    p = vec_fma(p, s2, vec_set1(ATANH_P2));
    p = vec_fma(p, s2, vec_set1(ATANH_P1));
    p = vec_fma(p, s2, vec_set1(ATANH_P0));
    return vec_fnma(s, vec_fnma(s2, p, f), f);
}

VEC_FN Vec vec_sigmoid(Vec x)
{
    Vec one = vec_set1(1.0f);
    Vec e = vec_exp(vec_minus_abs(x));
    return vec_div(vec_if_negative(x, e, one), vec_add(one, e));
}

VEC_FN Vec vec_log_sigmoid(Vec x)
{
    Vec e = vec_exp(vec_minus_abs(x));
    return vec_sub(vec_min(vec_set1(0.0f), x), vec_log1p(e));
}

VEC_FN Vec vec_silu_slope(Vec x, Vec s)
{
    Vec one = vec_set1(1.0f);
    return vec_mul(s, vec_fma(x, vec_sub(one, s), one));
}

/* Runs a statement for each block of lanes: i is its first element, c its size
 * (the constant 16 but for the last). */
#define EACH_BLOCK(n, statement)                         \
    do {                                                 \
        size_t i = 0;                                    \
        for (; i + KERN_LANES <= (n); i += KERN_LANES) { \
            const size_t c = KERN_LANES;                 \
            statement;                                   \
        }                                                \
        if (i < (n)) {                                   \
            const size_t c = (n)-i;                      \
            statement;                                   \
        }                                                \
    } while (0)

#endif

/* softmax_scalar.h -- the twins of the softmax over tiles. */
#ifndef TRAINER_CORE_ISA_SCALAR_SOFTMAX_SCALAR_H
#define TRAINER_CORE_ISA_SCALAR_SOFTMAX_SCALAR_H

#include <math.h>
#include <string.h>

#include "trainer/core/isa/scalar/lanes_scalar.h"

static inline Real row_max(size_t n, const Real *x)
{
    Real max = -(Real)INFINITY;
    for (size_t j = 0; j < n; j++) {
        max = x[j] > max ? x[j] : max; /* a NaN is passed over here and met by exp */
    }
    return max;
}

static inline size_t valid_of(size_t n, size_t valid, size_t row)
{
    return valid + row < n ? valid + row : n;
}

static void softmax_tile(size_t rows, size_t n, size_t ld, size_t valid, Real *s, Real *max,
                         Real *sum, Real *scale)
{
    for (size_t i = 0; i < rows; i++) {
        size_t used = valid_of(n, valid, i);
        Real *si = s + i * ld, *lane = sum + i * KERN_LANES;
        Real here = row_max(used, si);
        Real next = here > max[i] ? here : max[i];
        scale[i] = real_exp2(max[i] - next);
        max[i] = next;
        for (size_t j = 0; j < KERN_LANES; j++) {
            lane[j] *= scale[i];
        }
        for (size_t j = 0; j < n; j++) {
            si[j] = j < used ? real_exp2(si[j] - next) : (Real)0;
            if (j < used) {
                lane[j % KERN_LANES] += si[j];
            }
        }
    }
}

static void softmax_end(size_t rows, const Real *max, const Real *sum, Real *scale, Real *lse)
{
    for (size_t i = 0; i < rows; i++) {
        Real lane[KERN_LANES];
        memcpy(lane, sum + i * KERN_LANES, sizeof lane);
        Real total = fold_lanes(lane);
        scale[i] = (Real)1 / total;
        lse[i] = real_fma(real_log(total), (Real)LOG2_E, max[i]);
    }
}

static void softmax_tile_grad(size_t rows, size_t n, size_t ld, size_t valid, const Real *lse,
                              const Real *along, Real *s, Real *dp)
{
    for (size_t i = 0; i < rows; i++) {
        size_t used = valid_of(n, valid, i);
        Real *si = s + i * ld, *di = dp + i * ld;
        for (size_t j = 0; j < n; j++) {
            si[j] = j < used ? real_exp2(si[j] - lse[i]) : (Real)0;
            di[j] = j < used ? si[j] * (di[j] - along[i]) : (Real)0;
        }
    }
}

static void dot_rows(size_t rows, size_t n, const Real *a, const Real *b, size_t ld, Real *y)
{
    for (size_t i = 0; i < rows; i++) {
        y[i] = lanes_dot(n, a + i * ld, b + i * ld);
    }
}

#endif

/* lanes_scalar.h -- how the twins add up: sixteen partial sums, folded pairwise. */
#ifndef TRAINER_CORE_ISA_SCALAR_LANES_SCALAR_H
#define TRAINER_CORE_ISA_SCALAR_LANES_SCALAR_H

#include "trainer/core/kern.h"
#include "trainer/core/real_math.h"

/* Folds the sixteen lanes pairwise; each ISA must add in this order. */
static inline Real fold_lanes(Real lane[KERN_LANES])
{
    for (size_t half = KERN_LANES / 2; half > 0; half /= 2) {
        for (size_t j = 0; j < half; j++) {
            lane[j] += lane[j + half];
        }
    }
    return lane[0];
}

static inline Real lanes_dot(size_t n, const Real *x, const Real *y)
{
    Real lane[KERN_LANES] = {0};
    for (size_t i = 0; i < n; i++) {
        lane[i % KERN_LANES] = real_fma(x[i], y[i], lane[i % KERN_LANES]);
    }
    return fold_lanes(lane);
}

#endif

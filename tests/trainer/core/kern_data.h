/* kern_data.h -- arrays for kernel tests: of exact size, so that ASan sees a stray
 * load, and of numbers that include the awkward ones. */
#ifndef TESTS_TRAINER_CORE_KERN_DATA_H
#define TESTS_TRAINER_CORE_KERN_DATA_H

#include <check.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/rng.h"
#include "tests/trainer/core/kern_cases.h"
#include "trainer/core/kern.h"

/* n numbers of the given standard deviation; free() them. */
static inline Real *data_new(size_t n, uint64_t seed, double sd, DataKind kind)
{
    const size_t n_special = N_DATA_SPECIAL - (kind == DATA_WILD ? 0 : 3);
    Real *x = malloc(n * sizeof *x + (n == 0));
    ck_assert_ptr_nonnull(x);
    for (size_t i = 0; i < n; i++) {
        x[i] = (Real)(sd * rng_normal(seed, 1, i));
        if (kind != DATA_PLAIN && i % 3 == seed % 3) {
            x[i] = (Real)data_special[(i / 3 + seed) % n_special];
        }
    }
    return x;
}

static inline Real *data_copy(size_t n, const Real *x)
{
    Real *y = malloc(n * sizeof *y + (n == 0));
    ck_assert_ptr_nonnull(y);
    if (n > 0) {
        memcpy(y, x, n * sizeof *y);
    }
    return y;
}

#endif

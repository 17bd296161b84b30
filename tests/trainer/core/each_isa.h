/* each_isa.h -- compares every ISA of this CPU with the twins, bit for bit. */
#ifndef TESTS_TRAINER_CORE_EACH_ISA_H
#define TESTS_TRAINER_CORE_EACH_ISA_H

#include "tests/support/check_close.h"
#include "tests/trainer/core/kern_data.h"
#include "trainer/core/kern.h"

typedef void (*CompareFn)(const Kern *twin, const Kern *k);

static inline void each_isa(CompareFn compare)
{
    for (size_t i = 0; kern_isa_name(i); i++) {
        const Kern *k = kern_for_isa(kern_isa_name(i));
        if (k) {
            compare(kern_for_isa("scalar"), k);
        }
    }
}

/* Compares and frees both.  The one freedom: which NaN stands for NaN. */
static inline void same(const char *what, size_t n, float *got, float *want)
{
    for (size_t i = 0; i < n; i++) {
        got[i] = isnan(got[i]) ? NAN : got[i];
        want[i] = isnan(want[i]) ? NAN : want[i];
    }
    check_same_bits_f32(what, n, got, want);
    free(got);
    free(want);
}

#endif

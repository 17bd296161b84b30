/* kern_cases.h -- what kernels are tried on: lengths, awkward numbers and a step of AdamW. */
#ifndef TESTS_TRAINER_CORE_KERN_CASES_H
#define TESTS_TRAINER_CORE_KERN_CASES_H

#include <math.h>
#include <stddef.h>

#include "trainer/core/kern.h"

typedef enum DataKind {
    DATA_PLAIN,   /* normal deviates */
    DATA_AWKWARD, /* every third one a zero, a denormal, a huge or tiny number */
    DATA_WILD,    /* infinities and NaN too */
} DataKind;

/* The last three are those of DATA_WILD alone. */
static const double data_special[] = {
    0.0,
    -0.0,
    1.0,
    -1.0,
    1e-45,
    -1e-45,
    1e-40,
    -3e-39,
    1e-38,
    2e-20,
    -1e19,
    3e30,
    -3e38,
    0.69314718,
    -0.34657359,
    5.0,
    -16.0,
    17.0,
    -87.3,
    -87.4,
    88.7,
    88.73,
    -88.8,
    -100.0,
    -103.9,
    -103.98,
    -104.1,
    100.0,
    128.0,
    -1000.0,
    1e-7,
    -1e-8,
    1e20,
    -1e20,
    0x1p-126,
    0x1p-149,
    0x1p-125,
    (double)INFINITY,
    (double)-INFINITY,
    (double)NAN,
};
enum { N_DATA_SPECIAL = sizeof data_special / sizeof data_special[0] };

/* Lengths with every tail of sixteen lanes, and some of many blocks. */
static const size_t data_length[] = {0,  1,  2,  3,   5,   7,   8,   9,   11,  13,  15,  16,
                                     17, 18, 23, 24,  25,  31,  32,  33,  40,  47,  48,  49,
                                     63, 64, 65, 100, 127, 128, 129, 255, 256, 257, 700, 1000};
enum { N_DATA_LENGTH = sizeof data_length / sizeof data_length[0] };

/* A step of AdamW in which every factor counts. */
static const KernAdamw adamw_case = {.lr = 3e-4f,
                                     .beta1 = 0.9f,
                                     .beta2 = 0.95f,
                                     .eps = 1e-8f,
                                     .weight_decay = 0.1f,
                                     .c1 = 3.69f,
                                     .c2 = 7.01f,
                                     .grad_scale = 0.37f};

#endif

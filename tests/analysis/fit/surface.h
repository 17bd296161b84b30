/* surface.h -- observations made from a known law, for tests of the fitter. */
#ifndef TESTS_ANALYSIS_FIT_SURFACE_H
#define TESTS_ANALYSIS_FIT_SURFACE_H

#include <stdint.h>

#include "analysis/fit/fit.h"

enum { SURFACE_MAX = 512 };

typedef struct Surface {
    double n[SURFACE_MAX], d[SURFACE_MAX], c[SURFACE_MAX], loss[SURFACE_MAX];
    size_t run[SURFACE_MAX];
    FitData data; /* points at the arrays above: fill in place, do not copy */
} Surface;

/* Parameters E, A, B, alpha, beta of six surfaces of very different shape. */
enum { SURFACE_COUNT = 6 };
extern const double surface_law[SURFACE_COUNT][5];
extern const char *const surface_name[SURFACE_COUNT];

/* A grid of `sizes` N by `steps` D, one run an N; every loss times exp(noise z). */
void surface_fill(Surface *s, const double *law, size_t sizes, size_t steps, double noise,
                  uint64_t seed);

#endif

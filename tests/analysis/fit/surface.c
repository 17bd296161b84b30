#include "tests/analysis/fit/surface.h"

#include <math.h>

#include "common/rng.h"

const double surface_law[SURFACE_COUNT][5] = {
    {1.69, 406.4, 410.7, 0.34, 0.28},          /* Hoffmann et al. 2022 */
    {1.8172, 482.01, 2085.43, 0.3478, 0.3658}, /* Besiroglu et al. 2024 */
    {1.69, 406.4, 410.7, 0.465, 0.155},        /* exponents far apart */
    {0.3, 50.0, 80.0, 0.22, 0.19},             /* little is irreducible */
    {2.1, 25000.0, 900000.0, 0.62, 0.7},       /* steep: coefficients span decades */
    {1.5, 300.0, 300.0, 0.3, 0.3},             /* symmetric in N and D */
};

const char *const surface_name[SURFACE_COUNT] = {"hoffmann",  "besiroglu", "imbalanced",
                                                 "low floor", "steep",     "symmetric"};

void surface_fill(Surface *s, const double *law, size_t sizes, size_t steps, double noise,
                  uint64_t seed)
{
    size_t k = 0;
    for (size_t i = 0; i < sizes; i++) {
        for (size_t j = 0; j < steps; j++, k++) {
            s->n[k] = 4.7e6 * pow(900.0, (double)i / (double)(sizes - 1));
            s->d[k] = 1.9e8 * pow(700.0, (double)j / (double)(steps - 1));
            s->c[k] = 6.0 * s->n[k] * s->d[k];
            s->run[k] = i;
            double loss = law[0] + law[1] * pow(s->n[k], -law[3]) + law[2] * pow(s->d[k], -law[4]);
            s->loss[k] = loss * exp(noise * rng_normal(seed, 99, k));
        }
    }
    s->data = (FitData){.n = k, .params = s->n, .tokens = s->d, .flops = s->c, .loss = s->loss};
}

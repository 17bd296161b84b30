#include <math.h>
#include <string.h>

#include "common/rng.h"
#include "tests/support/suite.h"

/* Known answers of Philox 4x32-10 (Random123's kat_vectors): counter and key of all
 * ones give 408f276d 41c83b0e a20bc7c6 6d5451fd; of zeros 6627e8d5 e169c58d bc57ac4c 9b00dbd8. */
START_TEST(philox_gives_its_published_answers)
{
    ck_assert_uint_eq(rng_u64(0, 0, 0), 0xe169c58d6627e8d5ULL);
    ck_assert_uint_eq(rng_u64(UINT64_MAX, UINT64_MAX, UINT64_MAX), 0x41c83b0e408f276dULL);
}
END_TEST

/* Mean of n uniforms has sd 1/sqrt(12 n), of n normals 1/sqrt(n); their squares'
 * mean sd sqrt(2/n).  Five of these is the bound: 1 in 1.7 million by chance, and
 * the numbers are fixed, so it cannot flicker. */
START_TEST(moments_are_right)
{
    enum { N = 200000 };
    double u = 0.0, z = 0.0, zz = 0.0;
    for (uint64_t i = 0; i < N; i++) {
        double x = rng_uniform(11, 3, i);
        ck_assert(x >= 0.0 && x < 1.0);
        u += x;
        double g = rng_normal(11, 4, i);
        z += g;
        zz += g * g;
    }
    ck_assert_double_lt(fabs(u / N - 0.5), 5.0 / sqrt(12.0 * N));
    ck_assert_double_lt(fabs(z / N), 5.0 / sqrt((double)N));
    ck_assert_double_lt(fabs(zz / N - 1.0), 5.0 * sqrt(2.0 / N));
}
END_TEST

START_TEST(a_permutation_visits_everything_once)
{
    static const uint64_t size[] = {1, 2, 3, 5, 16, 17, 1000, 4099};
    for (size_t s = 0; s < sizeof size / sizeof size[0]; s++) {
        uint64_t n = size[s];
        unsigned char *seen = calloc(n, 1);
        ck_assert_ptr_nonnull(seen);
        for (uint64_t i = 0; i < n; i++) {
            uint64_t j = rng_permute(5, rng_stream(RNG_SAMPLER, 2), i, n);
            ck_assert_uint_lt(j, n);
            ck_assert_uint_eq(seen[j], 0);
            seen[j] = 1;
        }
        free(seen);
    }
}
END_TEST

START_TEST(permutations_differ_by_seed_and_epoch)
{
    enum { N = 1000 };
    int same_seed = 0, same_epoch = 0, fixed = 0;
    for (uint64_t i = 0; i < N; i++) {
        uint64_t a = rng_permute(1, rng_stream(RNG_SAMPLER, 0), i, N);
        same_seed += a == rng_permute(2, rng_stream(RNG_SAMPLER, 0), i, N);
        same_epoch += a == rng_permute(1, rng_stream(RNG_SAMPLER, 1), i, N);
        fixed += a == i;
    }
    /* each count is about Poisson(1); 12 has probability below 1e-9 */
    ck_assert_int_lt(same_seed, 12);
    ck_assert_int_lt(same_epoch, 12);
    ck_assert_int_lt(fixed, 12);
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "rng"});
}

#include "common/rng.h"

#include <math.h>

typedef struct Philox {
    uint32_t word[4];
} Philox;

static Philox philox4x32(uint64_t key, uint64_t hi, uint64_t lo)
{
    enum { ROUNDS = 10 };
    const uint64_t mul0 = 0xD2511F53U, mul1 = 0xCD9E8D57U;
    const uint32_t weyl0 = 0x9E3779B9U, weyl1 = 0xBB67AE85U;
    uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
    Philox x = {{(uint32_t)lo, (uint32_t)(lo >> 32), (uint32_t)hi, (uint32_t)(hi >> 32)}};
    for (int r = 0; r < ROUNDS; r++) {
        uint64_t p0 = mul0 * x.word[0], p1 = mul1 * x.word[2];
        x = (Philox){{(uint32_t)(p1 >> 32) ^ x.word[1] ^ k0, (uint32_t)p1,
                      (uint32_t)(p0 >> 32) ^ x.word[3] ^ k1, (uint32_t)p0}};
        k0 += weyl0;
        k1 += weyl1;
    }
    return x;
}

uint64_t rng_u64(uint64_t seed, uint64_t stream, uint64_t index)
{
    Philox x = philox4x32(seed, stream, index);
    return (uint64_t)x.word[1] << 32 | x.word[0];
}

static double unit(uint64_t bits)
{
    return (double)(bits >> 11) * 0x1p-53;
}

double rng_uniform(uint64_t seed, uint64_t stream, uint64_t index)
{
    return unit(rng_u64(seed, stream, index));
}

double rng_normal(uint64_t seed, uint64_t stream, uint64_t index)
{
    const double two_pi = 6.283185307179586476925;
    Philox x = philox4x32(seed, stream, index);
    double u = 1.0 - unit((uint64_t)x.word[1] << 32 | x.word[0]); /* in (0, 1] */
    double v = unit((uint64_t)x.word[3] << 32 | x.word[2]);
    return sqrt(-2.0 * log(u)) * cos(two_pi * v);
}

uint64_t rng_permute(uint64_t seed, uint64_t stream, uint64_t index, uint64_t n)
{
    enum { ROUNDS = 6 };
    unsigned half = 1;
    while (half < 32 && (UINT64_C(1) << (2 * half)) < n) {
        half++;
    }
    const uint64_t mask = (UINT64_C(1) << half) - 1;
    uint64_t x = index;
    do { /* walk the cycle until inside; at most 4 tries a step on average */
        uint64_t left = x >> half, right = x & mask;
        for (uint64_t r = 0; r < ROUNDS; r++) {
            uint64_t mixed = rng_u64(seed, stream, right << 8 | r) & mask;
            uint64_t next = left ^ mixed;
            left = right;
            right = next;
        }
        x = left << half | right;
    } while (x >= n);
    return x;
}

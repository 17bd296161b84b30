/* The softmax over tiles: on every ISA the bits of the twin, and the softmax of whole rows. */
#include "tests/support/suite.h"
#include "tests/trainer/core/each_isa.h"
#include "trainer/core/real_math.h"

enum { ROWS = 19, LD_GAP = 3 };

typedef struct Tile {
    float *s, *max, *sum, *scale, *lse, *dp;
} Tile;

static Tile tile_new(size_t n, uint64_t seed, DataKind kind)
{
    Tile t = {data_new(ROWS * (n + LD_GAP), seed, 10.0, kind),
              data_new(ROWS, seed + 1, 3.0, DATA_PLAIN),
              data_new((size_t)ROWS * KERN_LANES, seed + 2, 1.0, DATA_PLAIN),
              data_new(ROWS, 1, 1.0, DATA_PLAIN),
              data_new(ROWS, 2, 1.0, DATA_PLAIN),
              data_new(ROWS * (n + LD_GAP), seed + 3, 1.0, kind)};
    t.max[0] = -INFINITY; /* a row's first tile */
    return t;
}

static void same_tile(size_t n, Tile got, Tile want)
{
    same("s", ROWS * (n + LD_GAP), got.s, want.s);
    same("max", ROWS, got.max, want.max);
    same("sum", (size_t)ROWS * KERN_LANES, got.sum, want.sum);
    same("scale", ROWS, got.scale, want.scale);
    same("lse", ROWS, got.lse, want.lse);
    same("dp", ROWS * (n + LD_GAP), got.dp, want.dp);
}

static void compare_tiles(const Kern *twin, const Kern *k)
{
    for (size_t s = 0; s < 3 * N_DATA_LENGTH; s++) {
        size_t n = data_length[s / 3], ld = n + LD_GAP, valid = (size_t[]){n, 1, n / 2}[s % 3];
        DataKind kind = (DataKind[]){DATA_PLAIN, DATA_AWKWARD, DATA_WILD}[s / 3 % 3];
        Tile t[2];
        const Kern *both[2] = {k, twin};
        for (size_t i = 0; i < 2; i++) {
            t[i] = tile_new(n, s, kind);
            both[i]->softmax_tile(ROWS, n, ld, valid, t[i].s, t[i].max, t[i].sum, t[i].scale);
        }
        same_tile(n, t[0], t[1]);
        for (size_t i = 0; i < 2; i++) {
            t[i] = tile_new(n, s, kind);
            both[i]->softmax_tile_grad(ROWS, n, ld, valid, t[i].max, t[i].scale, t[i].s, t[i].dp);
        }
        same_tile(n, t[0], t[1]);
        for (size_t i = 0; i < 2; i++) {
            t[i] = tile_new(n, s, kind);
            both[i]->dot_rows(ROWS, n, t[i].s, t[i].dp, ld, t[i].lse);
            both[i]->scale_rows(ROWS, n, t[i].lse, t[i].s, ld, t[i].s, ld);
            both[i]->softmax_end(ROWS, t[i].max, t[i].sum, t[i].scale, t[i].lse);
        }
        same_tile(n, t[0], t[1]);
    }
}

START_TEST(tiles_repeat_on_every_isa)
{
    each_isa(compare_tiles);
}
END_TEST

/* 2^x of every 4001st float: 0.947 units in the last place is the worst of all of them in its
 * range (docs/numerics.md); below it 2^-126. */
static double worst_power(const Kern *k)
{
    double worst = 0.0;
    float zero[1] = {0.0f};
    for (uint64_t bits = 0; bits <= UINT32_MAX; bits += 4001) {
        uint32_t u = (uint32_t)bits;
        float x, dp = 0.0f;
        memcpy(&x, &u, sizeof x);
        if (!(x <= 1.0f)) {
            continue;
        }
        k->softmax_tile_grad(1, 1, 1, 1, zero, zero, &x, &dp);
        float from;
        memcpy(&from, &u, sizeof from);
        double want = exp2(fmax((double)from, -126.0));
        int exponent;
        (void)frexp(want, &exponent);
        worst = fmax(worst, fabs((double)x - want) / ldexp(1.0, exponent - 24));
    }
    return worst;
}

static void check_power(const Kern *twin, const Kern *k)
{
    (void)twin;
    ck_assert_double_le(worst_power(k), 0.95);
}

START_TEST(powers_are_right_to_0_95_ulp)
{
    each_isa(check_power);
}
END_TEST

/* Three tiles of a row against its softmax in double.  Each weight is off by 2 u from its
 * power and by the rounding of its exponent, at most 64 u here; sums add 19 u, the scale of a
 * tile 3 u each time: below 100 u in all, 6e-6. */
START_TEST(tiles_make_the_softmax_of_a_row)
{
    enum { N = 40, TILES = 3, ALL = N * TILES };
    const Kern *k = kern_get();
    float *x = data_new((size_t)ROWS * ALL, 1, 10.0, DATA_PLAIN);
    float part[ROWS * N], max[ROWS], sum[ROWS * KERN_LANES] = {0}, scale[ROWS], lse[ROWS];
    double weight[ROWS] = {0}; /* of the first column, as the tiles pass */
    for (size_t i = 0; i < ROWS; i++) {
        max[i] = -INFINITY;
    }
    for (size_t t = 0; t < TILES; t++) {
        for (size_t i = 0; i < (size_t)ROWS * N; i++) {
            part[i] = x[i / N * ALL + t * N + i % N];
        }
        k->softmax_tile(ROWS, N, N, N, part, max, sum, scale);
        for (size_t i = 0; i < ROWS; i++) {
            weight[i] = t == 0 ? (double)part[i * N] : weight[i] * (double)scale[i];
        }
    }
    k->softmax_end(ROWS, max, sum, scale, lse);
    for (size_t i = 0; i < ROWS; i++) {
        double total = 0.0;
        for (size_t j = 0; j < ALL; j++) {
            total += exp2((double)x[i * ALL + j]);
        }
        double want = exp2((double)x[i * ALL]) / total;
        ck_assert_double_le(fabs(weight[i] * (double)scale[i] - want), 6e-6 * want);
        ck_assert_double_le(fabs((double)lse[i] - log2(total)), 6e-6 * (1.0 + log2(total)));
        /* In backward the weight comes from lse alone, which is rounded to 2^-19 at most. */
        float s = x[i * ALL], dp = 5.0f, along = 3.0f;
        k->softmax_tile_grad(1, 1, 1, 1, &lse[i], &along, &s, &dp);
        ck_assert_double_le(fabs((double)s - want), 1e-5 * want);
        ck_assert_double_le(fabs((double)dp - 2.0 * want), 1e-5 * 2.0 * want);
    }
    free(x);
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "softmax over tiles"});
}

/* kern_digest -- a digest of the bits that every kernel returns, for every ISA of this machine.
 *
 *   kern_digest [FILE]
 *
 * Prints "ISA KERNEL DIGEST" lines.  Exits 1 if an ISA differs from the scalar twins, or a
 * kernel from its "KERNEL DIGEST" line in FILE.  Inputs are made of integers and exact
 * operations, so equal lines on two machines mean equal bits on both.
 *
 * A digest (FNV-1a, 64 bits) takes every output over many lengths and numbers; each NaN counts
 * as the same one.  Arrays end where a page without access begins: a kernel that reaches
 * beyond one does not live to print.
 */
#include <assert.h>
#include <inttypes.h>
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/rng.h"
#include "tests/trainer/core/kern_digest.h"
#include "trainer/core/kern.h"

/* ---- the digest ---- */

static const Digest digest_begin = UINT64_C(0xCBF29CE484222325);

static void digest_bytes(Digest *d, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++) {
        *d = (*d ^ (value >> (8 * i) & 0xFF)) * UINT64_C(0x100000001B3);
    }
}

void digest_float(Digest *d, float x)
{
    uint32_t u;
    memcpy(&u, &x, sizeof u);
    digest_bytes(d, isnan(x) ? UINT32_C(0x7FC00000) : u, 4);
}

void digest_double(Digest *d, double x)
{
    uint64_t u;
    memcpy(&u, &x, sizeof u);
    digest_bytes(d, isnan(x) ? UINT64_C(0x7FF8000000000000) : u, 8);
}

/* ---- arrays ---- */

static float *slot_end[N_SLOT];

static void slots_open(void)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t bytes = SLOT_FLOATS * sizeof(float); /* a multiple of every page size in use */
    for (size_t i = 0; i < N_SLOT; i++) {
        char *p =
            mmap(NULL, bytes + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (p == MAP_FAILED || mprotect(p + bytes, page, PROT_NONE) != 0) {
            perror("kern_digest: mmap");
            exit(2);
        }
        slot_end[i] = (float *)(void *)(p + bytes);
    }
}

float *fill(size_t slot, size_t n, uint64_t seed, double sd, DataKind kind)
{
    const size_t n_special = N_DATA_SPECIAL - (kind == DATA_WILD ? 0 : 3);
    assert(n + MARGIN <= SLOT_FLOATS);
    float *x = slot_end[slot] - n;
    for (size_t i = 0; i < MARGIN; i++) {
        x[-1 - (ptrdiff_t)i] = 12345.0f;
    }
    for (size_t i = 0; i < n; i++) {
        uint64_t u = rng_u64(seed, slot, i);
        int64_t sum = (int64_t)((u & UINT32_MAX) + (u >> 32)) - ((int64_t)1 << 32);
        x[i] = (float)(sd * 0x1p-31 * (double)sum);
        if (kind != DATA_PLAIN && i % 3 == (seed + slot) % 3) {
            x[i] = (float)data_special[(i / 3 + seed + slot) % n_special];
        }
    }
    return x;
}

void digest_array(Digest *d, size_t n, const float *x)
{
    const float *at = x - MARGIN;
    for (size_t i = 0; i < n + MARGIN; i++) {
        digest_float(d, at[i]);
    }
}

/* ---- matrix products ---- */

typedef void (*GemmFn)(size_t m, size_t n, size_t k, const float *a, size_t lda, const float *b,
                       size_t ldb, float *c, size_t ldc, KernAcc acc);

typedef enum Orientation { NN, NT, TN } Orientation;

static size_t matrix_size(size_t rows, size_t cols, size_t ld)
{
    return rows > 0 && cols > 0 ? (rows - 1) * ld + cols : 0;
}

static void digest_product(Digest *d, GemmFn f, Orientation o, const size_t mnk[3], DataKind kind)
{
    size_t m = mnk[0], n = mnk[1], k = mnk[2];
    size_t gap = (m + n + k) % 4;
    size_t lda = (o == TN ? m : k) + gap;
    size_t ldb = (o == NT ? k : n) + 2 * gap;
    size_t ldc = n + 3 * gap;
    size_t a_size = o == TN ? matrix_size(k, m, lda) : matrix_size(m, k, lda);
    size_t b_size = o == NT ? matrix_size(n, k, ldb) : matrix_size(k, n, ldb);
    size_t c_size = matrix_size(m, n, ldc);
    for (int acc = KERN_SET; acc <= KERN_ADD; acc++) {
        const float *a = fill(0, a_size, m, 1.0, kind);
        const float *b = fill(1, b_size, n, 1.0, kind);
        float *c = fill(2, c_size, k, 1.0, DATA_PLAIN);
        f(m, n, k, a, lda, b, ldb, c, ldc, (KernAcc)acc);
        digest_array(d, c_size, c);
    }
}

static void digest_gemm(Digest *d, GemmFn f, Orientation o)
{
    static const size_t ms[] = {0, 1, 3, 6, 13, 15, 29, 57};
    static const size_t ns[] = {0, 1, 2, 3, 5, 6, 7, 8, 12, 15, 17, 31, 33, 49};
    static const size_t ks[] = {0, 1, 4, 7, 17};
    /* blocks of k and of n; few and many rows */
    static const size_t large[][3] = {{5, 40, 256},   {60, 33, 257}, {3, 300, 600},
                                      {15, 270, 250}, {1, 70, 1100}, {61, 1, 513}};
    for (size_t i = 0; i < 8 * 14 * 5; i++) {
        const size_t mnk[3] = {ms[i / 70], ns[i / 5 % 14], ks[i % 5]};
        digest_product(d, f, o, mnk, i % 2 == 0 ? DATA_PLAIN : DATA_AWKWARD);
    }
    for (size_t i = 0; i < sizeof large / sizeof large[0]; i++) {
        digest_product(d, f, o, large[i], DATA_PLAIN);
    }
    digest_product(d, f, o, (const size_t[]){29, 33, 17}, DATA_WILD);
}

static void digest_gemm_nn(Digest *d, const Kern *k)
{
    digest_gemm(d, k->gemm_nn, NN);
}

static void digest_gemm_nt(Digest *d, const Kern *k)
{
    digest_gemm(d, k->gemm_nt, NT);
}

static void digest_gemm_tn(Digest *d, const Kern *k)
{
    digest_gemm(d, k->gemm_tn, TN);
}

/* Products on a packed right operand, in the shape of the others. */
static const Kern *packing;
alignas(64) static float packed[1 << 18];

static void packed_nn(size_t m, size_t n, size_t k, const float *a, size_t lda, const float *b,
                      size_t ldb, float *c, size_t ldc, KernAcc acc)
{
    packing->pack_nn(n, k, b, ldb, packed);
    packing->gemm_packed(m, n, k, a, lda, packed, c, ldc, acc);
}

static void packed_nt(size_t m, size_t n, size_t k, const float *a, size_t lda, const float *b,
                      size_t ldb, float *c, size_t ldc, KernAcc acc)
{
    packing->pack_nt(n, k, b, ldb, packed);
    packing->gemm_packed(m, n, k, a, lda, packed, c, ldc, acc);
}

static void packed_tn(size_t m, size_t n, size_t k, const float *a, size_t lda, const float *b,
                      size_t ldb, float *c, size_t ldc, KernAcc acc)
{
    packing->pack_nn(n, k, b, ldb, packed);
    packing->gemm_tn_packed(m, n, k, a, lda, packed, c, ldc, acc);
}

static void digest_packed(Digest *d, const Kern *k)
{
    packing = k;
    digest_gemm(d, packed_nn, NN);
    digest_gemm(d, packed_nt, NT);
    digest_gemm(d, packed_tn, TN);
}

/* The CPU's own dot product of pairs has bits of its own: there, the table before it. */
static void digest_bf16(Digest *d, const Kern *k)
{
    const Kern *emulated = strcmp(k->isa, "avx512bf16") == 0 ? kern_for_isa("avx512") : k;
    const Kern *b = kern_bf16(emulated);
    digest_gemm(d, b->gemm_nn, NN);
    digest_gemm(d, b->gemm_nt, NT);
    digest_gemm(d, b->gemm_tn, TN);
    digest_packed(d, b);
}

/* ---- reductions ---- */

static void digest_dot(Digest *d, const Kern *k)
{
    EACH_CASE(digest_float(d, k->dot(n, fill(0, n, seed, 1.0, kind), fill(1, n, seed, 1.0, kind))));
    float *x = fill(0, 21, 0, 1.0, DATA_PLAIN);
    for (size_t i = 0; i < 21; i++) {
        x[i] = i % 2 == 0 ? 0x1p-80f : -0x1p-80f; /* every product rounds to -0 */
    }
    digest_float(d, k->dot(20, x, x + 1));
}

static void digest_sum(Digest *d, const Kern *k)
{
    EACH_CASE(digest_float(d, k->sum(n, fill(0, n, seed, 1.0, kind))));
}

static void digest_sum_squares(Digest *d, const Kern *k)
{
    EACH_CASE(digest_double(d, k->sum_squares(n, fill(0, n, seed, 1.0, kind))));
}

/* ---- elementwise ---- */

typedef void (*UnaryFn)(size_t n, const float *x, float *y);
typedef void (*BinaryFn)(size_t n, const float *a, const float *b, float *y);

/* Every 4099th bit pattern of a float, with tails. */
static void digest_sweep(Digest *d, UnaryFn f)
{
    enum { STRIDE = 4099, CHUNK = 4093 };
    float *x = fill(0, CHUNK, 0, 1.0, DATA_PLAIN);
    float *y = fill(1, CHUNK, 0, 1.0, DATA_PLAIN);
    for (uint64_t bits = 0; bits <= UINT32_MAX;) {
        for (size_t i = 0; i < CHUNK; i++, bits += STRIDE) {
            uint32_t u = (uint32_t)bits;
            memcpy(&x[i], &u, sizeof u);
        }
        f(CHUNK, x, y);
        digest_array(d, CHUNK, y);
    }
}

static void digest_unary(Digest *d, UnaryFn f)
{
    EACH_CASE({
        float *x = fill(0, n, seed, 20.0, kind);
        float *y = fill(1, n, seed, 1.0, DATA_PLAIN);
        f(n, x, y);
        digest_array(d, n, y);
        f(n, x, x);
        digest_array(d, n, x);
    });
    digest_sweep(d, f);
}

static void digest_binary(Digest *d, BinaryFn f)
{
    EACH_CASE({
        float *a = fill(0, n, seed, 5.0, kind);
        float *b = fill(1, n, seed, 5.0, kind);
        float *y = fill(2, n, seed, 1.0, DATA_AWKWARD);
        f(n, a, b, y);
        digest_array(d, n, y);
        f(n, a, b, a);
        digest_array(d, n, a);
    });
}

#define DIGEST_UNARY(name)                              \
    static void digest_##name(Digest *d, const Kern *k) \
    {                                                   \
        digest_unary(d, k->name);                       \
    }
#define DIGEST_BINARY(name)                             \
    static void digest_##name(Digest *d, const Kern *k) \
    {                                                   \
        digest_binary(d, k->name);                      \
    }

DIGEST_UNARY(exp)
DIGEST_UNARY(sigmoid)
DIGEST_UNARY(log_sigmoid)
DIGEST_UNARY(silu)
DIGEST_BINARY(add)
DIGEST_BINARY(mul)
DIGEST_BINARY(mul_add)
DIGEST_BINARY(silu_grad)

static void digest_axpy(Digest *d, const Kern *k)
{
    EACH_CASE({
        float *y = fill(1, n, seed, 5.0, kind);
        k->axpy(n, -1.7f, fill(0, n, seed, 5.0, kind), y);
        digest_array(d, n, y);
    });
}

static void digest_scale(Digest *d, const Kern *k)
{
    EACH_CASE({
        float *y = fill(1, n, seed, 5.0, DATA_PLAIN);
        k->scale(n, 0.3f, fill(0, n, seed, 5.0, kind), y);
        digest_array(d, n, y);
    });
}

/* ---- rows ---- */

enum { ROWS = 3 };

static void digest_softmax(Digest *d, const Kern *k)
{
    EACH_CASE({
        const size_t valid[ROWS + 1] = {n, n / 2, n > 0 ? n - 1 : 0, 0};
        float *x = fill(0, (ROWS + 1) * n, seed, 10.0, kind);
        float *lse = fill(1, ROWS + 1, seed, 1.0, DATA_PLAIN);
        k->softmax(ROWS + 1, n, x, valid, lse);
        digest_array(d, (ROWS + 1) * n, x);
        digest_array(d, ROWS + 1, lse);
    });
}

static void digest_cross_entropy(Digest *d, const Kern *k)
{
    static const float scale[3] = {0.0f, 1.0f / 7.0f, -2.5f};
    EACH_CASE({
        const uint16_t target[ROWS] = {0, (uint16_t)(n - 1), (uint16_t)(n / 2)};
        for (size_t i = 0; n > 0 && i < 3; i++) {
            float *z = fill(0, ROWS * n, seed, 10.0, kind);
            float *nll = fill(1, ROWS, seed, 1.0, DATA_PLAIN);
            k->cross_entropy(ROWS, n, z, target, scale[i], nll);
            digest_array(d, ROWS * n, z);
            digest_array(d, ROWS, nll);
        }
    });
}

/* ---- linear attention ---- */

/* n doubles that end with the slot. */
static double *fill_doubles(size_t slot, size_t n, uint64_t seed)
{
    double *x = (double *)(void *)fill(slot, 2 * n, seed, 1.0, DATA_PLAIN);
    for (size_t i = 0; i < n; i++) {
        x[i] = (double)(int64_t)rng_u64(seed, slot, i) * 0x1p-63;
    }
    return x;
}

static void digest_doubles(Digest *d, size_t n, const double *x)
{
    for (size_t i = 0; i < n; i++) {
        digest_double(d, x[i]);
    }
}

/* Rows times a factor a row, or one a column. */
#define DIGEST_FACTORS(kernel, by_length, by_kind)                                  \
    static void digest_##kernel(Digest *d, const Kern *k)                           \
    {                                                                               \
        EACH_CASE({                                                                 \
            float *x = fill(0, ROWS * n, seed, 3.0, kind);                          \
            float *y = fill(1, ROWS * n, seed, 1.0, DATA_PLAIN);                    \
            k->kernel(ROWS, n, fill(2, by_length, seed, 1.0, by_kind), x, n, y, n); \
            digest_array(d, ROWS *n, y);                                            \
        });                                                                         \
    }
DIGEST_FACTORS(scale_rows, ROWS, DATA_PLAIN)
DIGEST_FACTORS(mul_rows, n, kind)

static void digest_mul_toeplitz(Digest *d, const Kern *k)
{
    EACH_CASE({
        const size_t before = ROWS - 1;
        float *a = fill(0, ROWS * n, seed, 3.0, kind);
        const float *t = fill(1, before + n, seed, 1.0, kind);
        k->mul_toeplitz(n > 0 ? ROWS : 0, n, t + before, a, n);
        digest_array(d, ROWS * n, a);
    });
}

static void digest_sum_rows(Digest *d, const Kern *k)
{
    EACH_CASE({
        double *sum = fill_doubles(1, n, seed);
        k->sum_rows(ROWS, n, fill(0, ROWS * n, seed, 3.0, kind), n, sum);
        digest_doubles(d, n, sum);
    });
}

/* Rows of a sub-chunk: whole, short, longer than the lanes. */
static const size_t sub_rows[] = {16, 5, 21};

/* g < 0 of every size, 0 and -inf too */
static float *fill_gates(size_t slot, size_t n, uint64_t seed, DataKind kind)
{
    float *g = fill(slot, n, seed, 2.0, kind);
    for (size_t i = 0; i < n; i++) {
        g[i] = -fabsf(g[i]);
    }
    return g;
}

static void digest_decay_factors(Digest *d, const Kern *k)
{
    EACH_CASE({
        const size_t rows = 35, sub = sub_rows[s % 3], blocks = (rows + sub - 1) / sub;
        KernDecay x = {.rows = rows, .sub = sub, .n = n, .ldq = n, .ldk = n, .ldg = n};
        x.q = fill(0, rows * n, seed, 1.0, kind);
        x.k = fill(1, rows * n, seed, 1.0, kind);
        x.g = fill_gates(2, rows * n, seed, kind);
        x.f = fill(3, rows * n, seed, 1.0, DATA_PLAIN);
        x.near = fill(4, rows * n, seed, 1.0, DATA_PLAIN);
        x.far = fill(5, rows * n, seed, 1.0, DATA_PLAIN);
        x.key = fill(6, rows * n, seed, 1.0, DATA_PLAIN);
        x.whole = fill(7, blocks * n, seed, 1.0, DATA_PLAIN);
        x.before = fill(8, (blocks + 1) * n, seed, 1.0, DATA_PLAIN);
        k->decay_factors(&x);
        digest_array(d, rows * n, x.f);
        digest_array(d, rows * n, x.near);
        digest_array(d, rows * n, x.far);
        digest_array(d, rows * n, x.key);
        digest_array(d, blocks * n, x.whole);
        digest_array(d, (blocks + 1) * n, x.before);
    });
}

static void digest_decay_inside(Digest *d, const Kern *k)
{
    EACH_CASE({
        const size_t rows = sub_rows[s % 3];
        const float *q = fill(0, rows * n, seed, 1.0, kind);
        const float *key = fill(1, rows * n, seed, 1.0, kind);
        float *f = fill_gates(2, rows * n, seed, DATA_PLAIN);
        float *p = fill(3, rows * rows, seed, 1.0, DATA_PLAIN);
        k->exp(rows * n, f, f);
        k->decay_inside(rows, n, q, n, key, n, f, p, rows);
        digest_array(d, rows * rows, p);
    });
}

static void digest_decay_grad(Digest *d, const Kern *k)
{
    EACH_CASE({
        const size_t rows = sub_rows[s % 3];
        KernDecayGrad x = {
            .rows = rows, .n = n, .ldq = n, .ldk = n, .ldp = rows, .lddq = n, .lddk = n, .lddg = n};
        float *f = fill_gates(2, rows * n, seed, DATA_PLAIN);
        k->exp(rows * n, f, f);
        x.q = fill(0, rows * n, seed, 1.0, kind);
        x.k = fill(1, rows * n, seed, 1.0, kind);
        x.f = f;
        x.p = fill(3, rows * rows, seed, 1.0, DATA_PLAIN);
        x.dnear = fill(4, rows * n, seed, 1.0, kind);
        x.dkey = fill(5, rows * n, seed, 1.0, kind);
        x.dq = fill(6, rows * n, seed, 1.0, DATA_PLAIN);
        x.dk = fill(7, rows * n, seed, 1.0, DATA_PLAIN);
        x.dg = fill(8, rows * n, seed, 1.0, DATA_PLAIN);
        x.sum = fill_doubles(9, n, seed);
        k->decay_grad(&x);
        digest_array(d, rows * n, x.dq);
        digest_array(d, rows * n, x.dk);
        digest_array(d, rows * n, x.dg);
        digest_doubles(d, n, x.sum);
    });
}

/* Whole, short and long ends of sub_rows. */
static void digest_filter(Digest *d, const Kern *k)
{
    EACH_CASE({
        const size_t rows = sub_rows[s % 3];
        float *y = fill(2, rows * n, seed, 1.0, DATA_PLAIN);
        k->filter(rows, n, n, fill(0, rows * n, seed, 1.0, kind),
                  fill(1, rows * n, seed, 1.0, kind), y);
        digest_array(d, rows * n, y);
    });
}

static void digest_filter_grad(Digest *d, const Kern *k)
{
    EACH_CASE({
        const size_t rows = sub_rows[s % 3];
        float *dx = fill(3, rows * n, seed, 1.0, DATA_PLAIN);
        float *dk = fill(4, rows * n, seed, 1.0, DATA_PLAIN);
        k->filter_grad(rows, n, n, fill(0, rows * n, seed, 1.0, kind),
                       fill(1, rows * n, seed, 1.0, kind), fill(2, rows * n, seed, 1.0, kind), dx,
                       dk);
        digest_array(d, rows * n, dx);
        digest_array(d, rows * n, dk);
    });
}

static void digest_gates(Digest *d, const Kern *k, const KernBound *b, size_t n, uint64_t seed,
                         DataKind kind)
{
    float *z = fill(4, ROWS * 3 * n, seed, 8.0, kind);
    float *out[4] = {fill(5, ROWS * n, seed, 1.0, DATA_PLAIN), fill(6, ROWS * n, seed, 1.0, kind),
                     fill(7, ROWS * n, seed, 1.0, DATA_PLAIN),
                     fill(8, ROWS * 3 * n, seed, 1.0, DATA_PLAIN)};
    k->hgrn2_gates_grad(ROWS, n, z, 3 * n, b, out[0], out[1], out[2], out[3]);
    digest_array(d, ROWS * n, out[2]);
    digest_array(d, ROWS * 3 * n, out[3]);
    k->hgrn2_gates(ROWS, n, z, 3 * n, b, out[0], out[1], out[2]);
    for (size_t i = 0; i < 3; i++) {
        digest_array(d, ROWS * n, out[i]);
    }
}

/* Both directions, with a bound and without. */
static void digest_hgrn2_gates(Digest *d, const Kern *k)
{
    EACH_CASE({
        float *of[4];
        for (size_t j = 0; j < 4; j++) {
            of[j] = fill(j, n, seed, 1.0, DATA_PLAIN);
            for (size_t i = 0; i < n; i++) {
                of[j][i] = fabsf(of[j][i]) * (j < 2 ? 0.25f : 2.0f);
            }
        }
        const KernBound b = {.lb = of[0], .open = of[1], .log_lb = of[2], .log_open = of[3]};
        digest_gates(d, k, &b, n, seed, kind);
        digest_gates(d, k, NULL, n, seed, kind);
    });
}

/* Both directions, over two tiles. */
static void digest_cross_entropy_tile(Digest *d, const Kern *k)
{
    EACH_CASE({
        float *z = fill(0, ROWS * n, seed, 10.0, kind);
        float *max = fill(1, ROWS, seed, 1.0, DATA_PLAIN);
        float *sum = fill(2, ROWS, seed, 1.0, DATA_PLAIN);
        for (size_t i = 0; i < ROWS; i++) {
            max[i] = -INFINITY;
            sum[i] = 0.0f;
        }
        k->cross_entropy_tile(ROWS, n / 2, z, n, max, sum);
        k->cross_entropy_tile(ROWS, n - n / 2, z + n / 2, n, max, sum);
        digest_array(d, ROWS, max);
        digest_array(d, ROWS, sum);
        k->cross_entropy_tile_grad(ROWS, n, z, n, max, sum);
        digest_array(d, ROWS * n, z);
    });
}

/* ---- optimiser ---- */

static void digest_adamw(Digest *d, const Kern *k)
{
    EACH_CASE({
        float *p = fill(1, n, seed, 1.0, DATA_PLAIN);
        float *m = fill(2, n, seed, 0.1, kind);
        float *v = fill(3, n, seed, 0.1, DATA_PLAIN);
        for (size_t i = 0; i < n; i++) {
            v[i] *= v[i];
        }
        k->adamw(n, &adamw_case, fill(0, n, seed, 1.0, kind), p, m, v);
        digest_array(d, n, p);
        digest_array(d, n, m);
        digest_array(d, n, v);
    });
}

/* ---- all of them ---- */

/* clang-format off */
#define KERNELS(X) \
    X(gemm_nn) X(gemm_nt) X(gemm_tn) X(packed) X(bf16) X(dot) X(sum) X(sum_squares) X(add) \
    X(mul) X(mul_add) X(axpy) X(scale) X(exp) X(sigmoid) X(log_sigmoid) \
    X(silu) X(silu_grad) X(glu) X(glu_grad) X(swiglu) X(swiglu_grad) X(rmsnorm) \
    X(add_rmsnorm) X(rmsnorm_dx) X(rmsnorm_dw) X(normgate) X(normgate_grad) X(softmax) \
    X(rope) X(silu_lrpe) X(silu_lrpe_grad) X(lrpe_theta_grad) \
    X(softmax_tile) X(softmax_end) X(softmax_tile_grad) X(dot_rows) X(cross_entropy) X(cross_entropy_tile) X(adamw) \
    X(scale_rows) X(mul_rows) X(mul_toeplitz) X(sum_rows) X(decay_factors) X(decay_inside) \
    X(decay_grad) X(hgrn2_gates) X(filter) X(filter_grad)
/* clang-format on */

static const struct Case {
    const char *name;
    void (*digest)(Digest *d, const Kern *k);
} cases[] = {
#define CASE(id) {#id, digest_##id},
    KERNELS(CASE)
#undef CASE
};
enum { N_CASE = sizeof cases / sizeof cases[0] };

/* `packed` digests the five entries of packed operands, `bf16` all eight products,
 * `cross_entropy_tile` and `hgrn2_gates` both directions. */
static_assert(N_CASE + 5 == (sizeof(Kern) - offsetof(Kern, gemm_nn)) / sizeof(void (*)(void)),
              "a kernel is missing here");

/* The digests of FILE's lines, in the order of cases; a name that it lacks stays 0. */
static void expected_read(const char *path, Digest expected[N_CASE])
{
    FILE *f = fopen(path, "r");
    if (!f) {
        perror(path);
        exit(2);
    }
    char name[32];
    Digest value;
    while (fscanf(f, "%31s %" SCNx64, name, &value) == 2) {
        for (size_t i = 0; i < N_CASE; i++) {
            if (strcmp(cases[i].name, name) == 0) {
                expected[i] = value;
            }
        }
    }
    (void)fclose(f);
}

static Digest digest_of(const struct Case *c, const char *isa)
{
    Digest d = digest_begin;
    c->digest(&d, kern_for_isa(isa));
    return d;
}

int main(int argc, char **argv)
{
    Digest expected[N_CASE] = {0};
    int status = 0;
    slots_open();
    if (argc > 1) {
        expected_read(argv[1], expected);
    }
    for (size_t i = 0; kern_isa_name(i); i++) {
        const char *isa = kern_isa_name(i);
        for (size_t j = 0; kern_for_isa(isa) && j < N_CASE; j++) {
            Digest d = digest_of(&cases[j], isa);
            bool is_first = i == 0 && argc == 1;
            expected[j] = is_first ? d : expected[j];
            printf("%s %s %016" PRIx64 "%s\n", isa, cases[j].name, d,
                   d == expected[j] ? "" : " DIFFERS");
            status = d == expected[j] ? status : 1;
        }
    }
    return status;
}

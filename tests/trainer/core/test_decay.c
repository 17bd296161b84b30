/* The kernels of linear attention: the same bits on every ISA, and sums written out with
 * e^(b_i - b_j) in long double.
 *
 * Built twice: test_decay_f64.c includes this file for Real = double. */
#include "tests/support/suite.h"
#include "tests/trainer/core/kern_data.h"
#include "trainer/core/kern.h"

/* ---- one chunk and all that the kernels make of it -------------------------------------- */

enum { ROWS_MAX = 45, N_MAX = 80, GAP = 3, LD = N_MAX + GAP, SIZE = ROWS_MAX * LD };

typedef struct Chunk {
    size_t rows, sub, n;
    Real q[SIZE], k[SIZE], g[SIZE], p[SIZE], dnear[SIZE], dkey[SIZE];
    Real f[SIZE], near[SIZE], far[SIZE], key[SIZE], whole[SIZE], before[SIZE + LD];
    Real inside[SIZE]; /* of the first sub-chunk, [sub, LD] */
    Real dq[SIZE], dk[SIZE], dg[SIZE];
    double sum[N_MAX + GAP];
} Chunk;

/* Numbers of a kind, the same in every call; those of different `seed` < 8 differ. */
static void take(size_t n, Real *to, size_t seed, DataKind kind)
{
    static Real *pool[3];
    const size_t shift = 617;
    if (!pool[kind]) {
        pool[kind] = data_new(SIZE + 8 * shift, 1, 1.0, kind);
    }
    ck_assert_uint_le(n, SIZE);
    memcpy(to, pool[kind] + seed * shift, n * sizeof *to);
}

/* Gates of mean strength -strength; outputs full of a number that nobody should keep. */
static void make(Chunk *x, size_t rows, size_t sub, size_t n, double strength, DataKind kind)
{
    x->rows = rows;
    x->sub = sub;
    x->n = n;
    take(SIZE, x->q, 0, kind);
    take(SIZE, x->k, 1, kind);
    take(SIZE, x->p, 2, DATA_PLAIN);
    take(SIZE, x->dnear, 3, kind);
    take(SIZE, x->dkey, 4, kind);
    take(SIZE, x->g, 5, DATA_PLAIN);
    for (size_t i = 0; i < SIZE; i++) {
        x->g[i] = (Real)(-1.25 * strength * fabs((double)x->g[i])); /* mean |normal| = 0.8 */
        x->f[i] = x->near[i] = x->far[i] = x->key[i] = x->whole[i] = x->before[i] = (Real)77;
        x->inside[i] = x->dq[i] = x->dk[i] = x->dg[i] = (Real)77;
    }
    for (size_t a = 0; a < N_MAX + GAP; a++) {
        x->sum[a] = (double)x->q[a + 7];
    }
}

static size_t first_rows(const Chunk *x)
{
    return x->rows < x->sub ? x->rows : x->sub;
}

static void run(const Kern *k, Chunk *x)
{
    k->decay_factors(&(KernDecay){.rows = x->rows,
                                  .sub = x->sub,
                                  .n = x->n,
                                  .q = x->q,
                                  .k = x->k,
                                  .g = x->g,
                                  .ldq = LD,
                                  .ldk = LD,
                                  .ldg = LD,
                                  .f = x->f,
                                  .near = x->near,
                                  .far = x->far,
                                  .key = x->key,
                                  .whole = x->whole,
                                  .before = x->before});
    k->decay_inside(first_rows(x), x->n, x->q, LD, x->k, LD, x->f, x->inside, LD);
    k->decay_grad(&(KernDecayGrad){.rows = first_rows(x),
                                   .n = x->n,
                                   .q = x->q,
                                   .k = x->k,
                                   .f = x->f,
                                   .p = x->p,
                                   .dnear = x->dnear,
                                   .dkey = x->dkey,
                                   .ldq = LD,
                                   .ldk = LD,
                                   .ldp = LD,
                                   .dq = x->dq,
                                   .dk = x->dk,
                                   .dg = x->dg,
                                   .lddq = LD,
                                   .lddk = LD,
                                   .lddg = LD,
                                   .sum = x->sum});
}

static const size_t cuts[][2] = {{1, 1},   {7, 16},  {15, 16}, {16, 16},
                                 {45, 16}, {33, 32}, {40, 17}, {11, 3}};
static const size_t widths[] = {0, 1, 7, 15, 16, 17, 32, 33, 64, 80};
enum { N_CUTS = sizeof cuts / sizeof *cuts, N_WIDTHS = sizeof widths / sizeof *widths };

/* ---- bits ----------------------------------------------------------------------------------- */

#if !REAL_IS_DOUBLE

static bool same_bits(size_t n, const void *a, const void *b)
{
    return memcmp(a, b, n) == 0;
}

static void same(const char *what, const Chunk *x, size_t n, const float *got, const float *want)
{
    for (size_t i = 0; i < n; i++) {
        bool is_same = same_bits(sizeof *got, &got[i], &want[i]);
        if (!is_same && !(isnan(got[i]) && isnan(want[i]))) { /* an assertion costs a write */
            ck_abort_msg("%s[%zu] of %zu rows in %zu, %zu channels: %a, not %a", what, i, x->rows,
                         x->sub, x->n, (double)got[i], (double)want[i]);
        }
    }
}

static void compare_chunk(const Kern *k, const size_t cut[2], size_t n, DataKind kind)
{
    static Chunk got, want;
    make(&got, cut[0], cut[1], n, n % 2 == 0 ? 1.0 : 9.0, kind);
    want = got;
    run(k, &got);
    run(kern_for_isa("scalar"), &want);
    same("f", &got, SIZE, got.f, want.f);
    same("near", &got, SIZE, got.near, want.near);
    same("far", &got, SIZE, got.far, want.far);
    same("key", &got, SIZE, got.key, want.key);
    same("whole", &got, SIZE, got.whole, want.whole);
    same("before", &got, SIZE, got.before, want.before);
    same("inside", &got, SIZE, got.inside, want.inside);
    same("dq", &got, SIZE, got.dq, want.dq);
    same("dk", &got, SIZE, got.dk, want.dk);
    same("dg", &got, SIZE, got.dg, want.dg);
    for (size_t a = 0; a < N_MAX + GAP; a++) {
        bool is_same = same_bits(sizeof *got.sum, &got.sum[a], &want.sum[a]);
        if (!is_same && !(isnan(got.sum[a]) && isnan(want.sum[a]))) {
            ck_abort_msg("sum[%zu]: %a, not %a", a, got.sum[a], want.sum[a]);
        }
    }
}

START_TEST(chunks_repeat_on_every_isa)
{
    for (size_t i = 0; kern_isa_name(i); i++) {
        const Kern *k = kern_for_isa(kern_isa_name(i));
        for (size_t c = 0; k && c < (size_t)N_CUTS * N_WIDTHS; c++) {
            DataKind kind = c % 3 == 0 ? DATA_AWKWARD : c % 7 == 0 ? DATA_WILD : DATA_PLAIN;
            compare_chunk(k, cuts[c / N_WIDTHS], widths[c % N_WIDTHS], kind);
        }
    }
}
END_TEST

static void compare_rows(const Kern *k, size_t rows, size_t n)
{
    static float x[SIZE], y[3][SIZE], want[3][SIZE];
    float s[ROWS_MAX];
    double sum[2][N_MAX];
    const Kern *twin = kern_for_isa("scalar");
    take(SIZE, x, 0, DATA_WILD);
    take(ROWS_MAX, s, 1, DATA_PLAIN);
    memset(y, 0, sizeof y);
    memset(want, 0, sizeof want);
    memcpy(y[2], x, sizeof x);
    memcpy(want[2], x, sizeof x);
    k->scale_rows(rows, n, s, x, LD, y[0], n + 1);
    twin->scale_rows(rows, n, s, x, LD, want[0], n + 1);
    k->mul_rows(rows, n, x, x + 1, LD, y[1], n + 1);
    twin->mul_rows(rows, n, x, x + 1, LD, want[1], n + 1);
    k->mul_rows(rows, n, x + SIZE - LD, y[2], LD, y[2], LD); /* in place */
    twin->mul_rows(rows, n, x + SIZE - LD, want[2], LD, want[2], LD);
    k->mul_toeplitz(rows, n, x + ROWS_MAX, y[0], n + 1);
    twin->mul_toeplitz(rows, n, x + ROWS_MAX, want[0], n + 1);
    const Chunk where = {.rows = rows, .n = n};
    same("scale_rows, mul_toeplitz", &where, SIZE, y[0], want[0]);
    same("mul_rows", &where, SIZE, y[1], want[1]);
    same("mul_rows in place", &where, SIZE, y[2], want[2]);
    take(SIZE, x, 0, DATA_AWKWARD);
    for (size_t a = 0; a < N_MAX; a++) {
        sum[0][a] = sum[1][a] = 1.0 / (double)(a + 3);
    }
    k->sum_rows(rows, n, x, LD, sum[0]);
    twin->sum_rows(rows, n, x, LD, sum[1]);
    ck_assert_mem_eq(sum[0], sum[1], sizeof sum[0]);
}

START_TEST(rows_repeat_on_every_isa)
{
    for (size_t i = 0; kern_isa_name(i); i++) {
        const Kern *k = kern_for_isa(kern_isa_name(i));
        for (size_t c = 0; k && c < N_WIDTHS; c++) {
            compare_rows(k, 0, widths[c]);
            compare_rows(k, 13, widths[c]);
        }
    }
}
END_TEST

static void compare_filter(const Kern *k, size_t rows, size_t n, DataKind kind)
{
    static float filter[SIZE], x[SIZE], dy[SIZE], got[3][SIZE], want[3][SIZE];
    const Kern *twin = kern_for_isa("scalar");
    const Chunk where = {.rows = rows, .n = n};
    take(SIZE, filter, 0, kind);
    take(SIZE, x, 1, kind);
    take(SIZE, dy, 2, kind);
    for (size_t i = 0; i < 3; i++) {
        take(SIZE, got[i], 3 + i, DATA_PLAIN);
        memcpy(want[i], got[i], sizeof want[i]);
    }
    k->filter(rows, n, LD, filter, x, got[0]);
    twin->filter(rows, n, LD, filter, x, want[0]);
    k->filter_grad(rows, n, LD, filter, x, dy, got[1], got[2]);
    twin->filter_grad(rows, n, LD, filter, x, dy, want[1], want[2]);
    same("filter y", &where, SIZE, got[0], want[0]);
    same("filter dx", &where, SIZE, got[1], want[1]);
    same("filter dk", &where, SIZE, got[2], want[2]);
}

START_TEST(filters_repeat_on_every_isa)
{
    static const size_t rows[] = {0, 1, 15, 16, 17};
    for (size_t i = 0; kern_isa_name(i); i++) {
        const Kern *k = kern_for_isa(kern_isa_name(i));
        for (size_t c = 0; k && c < (size_t)5 * N_WIDTHS; c++) {
            compare_filter(k, rows[c / N_WIDTHS], widths[c % N_WIDTHS], (DataKind)(c % 3));
        }
    }
}
END_TEST

#endif

/* ---- values --------------------------------------------------------------------------------- */

/* With u the rounding: a factor that is a product of s numbers e^g is off by s (2 + 1) u (an
 * exp by 2 u, then a product), e^(sum of s) by (2 + s |sum|) u.  Sums of m terms in a chain
 * add m u of the sum of their absolute values.  Twice that, as numerics.md derives; 1e-35 is
 * for what underflows. */
static const double rounding = REAL_IS_DOUBLE ? 0x1p-53 : 0x1p-24;

static void close_to(const char *what, size_t i, size_t a, Real got, long double want, double terms,
                     long double weight)
{
    double allowed = 2.0 * terms * rounding * (double)weight + 1e-35;
    if (!(fabs((double)((long double)got - want)) <= allowed)) {
        ck_abort_msg("%s[%zu,%zu]: %.9g, not %.9g (allowed %.3g)", what, i, a, (double)got,
                     (double)want, allowed);
    }
}

/* g summed over the rows from .. to - 1. */
static long double sum_g(const Chunk *x, size_t from, size_t to, size_t a)
{
    long double sum = 0;
    for (size_t i = from; i < to; i++) {
        sum += (long double)x->g[i * LD + a];
    }
    return sum;
}

static void check_factors(const Chunk *x)
{
    for (size_t i = 0; i < x->rows; i++) {
        size_t first = i / x->sub * x->sub;
        size_t end = first + x->sub < x->rows ? first + x->sub : x->rows;
        for (size_t a = 0; a < x->n; a++) {
            size_t at = i * x->n + a;
            long double q = (long double)x->q[i * LD + a], k = (long double)x->k[i * LD + a];
            long double near = q * expl(sum_g(x, first, i + 1, a));
            long double before = sum_g(x, 0, first, a), far = near * expl(before);
            long double key = k * expl(sum_g(x, i + 1, end, a));
            double s = 3.0 * (double)x->sub + 1.0;
            size_t block = first / x->sub;
            double far_terms = s + 4.0 * (double)block + (double)x->sub * (double)-before;
            close_to("f", i, a, x->f[at], expl((long double)x->g[i * LD + a]), 2.0, 1.0L);
            close_to("near", i, a, x->near[at], near, s, fabsl(near));
            close_to("key", i, a, x->key[at], key, s, fabsl(key));
            close_to("far", i, a, x->far[at], far, far_terms, fabsl(far));
        }
    }
    size_t blocks = (x->rows + x->sub - 1) / x->sub;
    for (size_t a = 0; a < x->n; a++) {
        long double all = sum_g(x, 0, x->rows, a);
        double terms = 4.0 * (double)blocks + (double)x->sub * (double)-all;
        close_to("before", blocks, a, x->before[blocks * x->n + a], expl(all), terms, expl(all));
    }
}

static void check_inside(const Chunk *x)
{
    for (size_t i = 0; i < first_rows(x); i++) {
        for (size_t j = 0; j < first_rows(x); j++) {
            long double sum = 0, weight = 0;
            for (size_t a = 0; j <= i && a < x->n; a++) {
                long double term = (long double)x->q[i * LD + a] * (long double)x->k[j * LD + a] *
                                   expl(sum_g(x, j + 1, i + 1, a));
                sum += term;
                weight += fabsl(term);
            }
            double terms = 3.0 * (double)x->sub + (double)x->n;
            close_to("inside", i, j, x->inside[i * LD + j], sum, terms, weight);
        }
    }
}

/* sum over j of p q-or-k e^(b_i - b_j), with what comes from outside. */
static void check_grad_of(const Chunk *x, size_t i, size_t a)
{
    size_t rows = first_rows(x);
    double terms = 4.0 * (double)rows + 4.0;
    long double dq = (long double)x->dnear[i * x->n + a] * expl(sum_g(x, 0, i + 1, a));
    long double dk = (long double)x->dkey[i * x->n + a] * expl(sum_g(x, i + 1, rows, a));
    long double dq_weight = fabsl(dq), dk_weight = fabsl(dk);
    for (size_t j = 0; j <= i; j++) {
        long double term = (long double)x->p[i * LD + j] * (long double)x->k[j * LD + a] *
                           expl(sum_g(x, j + 1, i + 1, a));
        dq += term;
        dq_weight += fabsl(term);
    }
    for (size_t j = i; j < rows; j++) {
        long double term = (long double)x->p[j * LD + i] * (long double)x->q[j * LD + a] *
                           expl(sum_g(x, i + 1, j + 1, a));
        dk += term;
        dk_weight += fabsl(term);
    }
    close_to("dq", i, a, x->dq[i * LD + a], dq, terms, dq_weight);
    close_to("dk", i, a, x->dk[i * LD + a], dk, terms, dk_weight);
}

/* dg from the dq and dk that were returned: two roundings a row, one at the end. */
static void check_decay_grad(const Chunk *x, const double *sum, size_t a)
{
    long double dg = (long double)sum[a], weight = fabsl(dg);
    for (size_t i = first_rows(x); i-- > 0;) {
        long double of_q = (long double)x->q[i * LD + a] * (long double)x->dq[i * LD + a];
        long double of_k = (long double)x->k[i * LD + a] * (long double)x->dk[i * LD + a];
        dg += of_q - of_k;
        weight += fabsl(of_q) + fabsl(of_k);
        close_to("dg", i, a, x->dg[i * LD + a], dg, 3.0, weight);
    }
}

static const double strengths[] = {0.0, 1e-7, 1.0, 10.0};

START_LOOP_TEST(chunks_follow_the_formulas, sizeof strengths / sizeof *strengths)
{
    static Chunk x, before;
    for (size_t c = 0; c < (size_t)N_CUTS * N_WIDTHS; c++) {
        make(&x, cuts[c / N_WIDTHS][0], cuts[c / N_WIDTHS][1], widths[c % N_WIDTHS], strengths[_i],
             DATA_PLAIN);
        before = x;
        run(kern_get(), &x);
        check_factors(&x);
        check_inside(&x);
        for (size_t a = 0; a < x.n; a++) {
            for (size_t i = 0; i < first_rows(&x); i++) {
                check_grad_of(&x, i, a);
            }
            check_decay_grad(&x, before.sum, a);
        }
    }
}
END_TEST

/* A gate that is shut, e^-1000, is a factor of 0, and nothing else notices. */
START_TEST(a_shut_gate_forgets_everything)
{
    static Chunk x;
    const size_t row = 5;
    make(&x, 32, 16, 20, 1.0, DATA_PLAIN);
    for (size_t a = 0; a < x.n; a++) {
        x.g[row * LD + a] = (Real)-1000;
    }
    run(kern_get(), &x);
    for (size_t a = 0; a < x.n; a++) {
        ck_assert(x.f[5 * x.n + a] == (Real)0 && x.near[9 * x.n + a] == (Real)0);
        ck_assert(x.key[4 * x.n + a] == (Real)0 && x.key[5 * x.n + a] != (Real)0);
        ck_assert(x.whole[a] == (Real)0 && x.far[20 * x.n + a] == (Real)0);
    }
    ck_assert(x.inside[9 * LD + 4] == (Real)0 && x.inside[9 * LD + 5] != (Real)0);
}
END_TEST

/* A chain of at most `rows` fused sums on what was there. */
START_LOOP_TEST(filters_follow_the_formulas, 2)
{
    static Real filter[SIZE], x[SIZE], dy[SIZE], out[3][SIZE], old[3][SIZE];
    const size_t rows = _i == 0 ? 16 : 13, n = 33;
    take(SIZE, filter, 0, DATA_PLAIN);
    take(SIZE, x, 1, DATA_PLAIN);
    take(SIZE, dy, 2, DATA_PLAIN);
    for (size_t i = 0; i < 3; i++) {
        take(SIZE, out[i], 3 + i, DATA_PLAIN);
        memcpy(old[i], out[i], sizeof old[i]);
    }
    kern_get()->filter(rows, n, LD, filter, x, out[0]);
    kern_get()->filter_grad(rows, n, LD, filter, x, dy, out[1], out[2]);
    const Real *left[3] = {filter, filter, x}, *right[3] = {x, dy, dy};
    for (size_t at = 0; at < 3 * rows * n; at++) {
        size_t which = at / (rows * n), r = at / n % rows, a = at % n;
        long double sum = (long double)old[which][r * LD + a], weight = fabsl(sum);
        for (size_t s = which == 0 ? 0 : r; s < (which == 0 ? r + 1 : rows); s++) {
            size_t apart = which == 0 ? r - s : s - r;
            long double term =
                (long double)left[which][apart * LD + a] * (long double)right[which][s * LD + a];
            sum += term;
            weight += fabsl(term);
        }
        close_to("filter", at, a, out[which][r * LD + a], sum, (double)rows, weight);
    }
}
END_TEST

START_TEST(rows_follow_their_formulas)
{
    const Real s[] = {2, (Real)-0.5}, x[] = {1, 2, 3, 4, 5, 6}, w[] = {10, 20, 0};
    Real y[6] = {0};
    double sum[] = {0.25, 1.0};
    kern_get()->scale_rows(2, 2, s, x, 3, y, 2);
    ck_assert_mem_eq(y, ((Real[]){2, 4, -2, (Real)-2.5, 0, 0}), sizeof y);
    kern_get()->mul_rows(2, 2, w, x, 3, y, 4);
    ck_assert_mem_eq(y, ((Real[]){10, 40, -2, (Real)-2.5, 40, 100}), sizeof y);
    kern_get()->mul_toeplitz(2, 2, w + 1, y, 4); /* 20 on the diagonal, 10 below it */
    ck_assert(y[0] == 200 && y[1] == 0 && y[4] == 400 && y[5] == 2000);
    kern_get()->sum_rows(2, 2, x, 3, sum);
    ck_assert(sum[0] == 5.25 && sum[1] == 8.0);
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "kernels of linear attention"});
}

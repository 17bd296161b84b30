/* The matrix products: bits against the twin, and the numbers against plain double; packed
 * operands against unpacked ones; operands rounded to bfloat16. */
#include <stdio.h>
#include <string.h>

#include "common/rng.h"
#include "tests/support/check_close.h"
#include "tests/support/suite.h"
#include "tests/trainer/core/kern_data.h"
#include "trainer/core/kern.h"

typedef void (*GemmFn)(size_t m, size_t n, size_t k, const float *a, size_t lda, const float *b,
                       size_t ldb, float *c, size_t ldc, KernAcc acc);

typedef enum Orientation { NN, NT, TN, N_ORIENTATION } Orientation;

static GemmFn gemm_of(const Kern *k, Orientation o)
{
    return o == NN ? k->gemm_nn : o == NT ? k->gemm_nt : k->gemm_tn;
}

/* One product with its operands; the matrices end at their last element. */
typedef struct Product {
    Orientation o;
    size_t m, n, k, lda, ldb, ldc, a_size, b_size, c_size;
    float *a, *b, *c;
} Product;

static size_t matrix_size(size_t rows, size_t cols, size_t ld)
{
    return rows > 0 && cols > 0 ? (rows - 1) * ld + cols : 0;
}

static Product product_new(Orientation o, size_t m, size_t n, size_t k, size_t gap, DataKind kind)
{
    size_t a_rows = o == TN ? k : m;
    size_t a_cols = o == TN ? m : k;
    size_t b_rows = o == NT ? n : k;
    size_t b_cols = o == NT ? k : n;
    Product p = {.o = o, .m = m, .n = n, .k = k};
    p.lda = a_cols + gap;
    p.ldb = b_cols + 2 * gap;
    p.ldc = n + 3 * gap;
    p.a_size = matrix_size(a_rows, a_cols, p.lda);
    p.b_size = matrix_size(b_rows, b_cols, p.ldb);
    p.c_size = matrix_size(m, n, p.ldc);
    p.a = data_new(p.a_size, m + 1, 1.0, kind);
    p.b = data_new(p.b_size, n + 2, 1.0, kind);
    p.c = data_new(p.c_size, k + 3, 1.0, DATA_PLAIN);
    return p;
}

static void product_free(Product *p)
{
    free(p->a);
    free(p->b);
    free(p->c);
}

/* C of one table, its right operand packed beforehand or not. */
static float *multiply(const Kern *k, const Product *p, KernAcc acc, bool is_packed)
{
    float *c = data_copy(p->c_size, p->c);
    if (!is_packed) {
        gemm_of(k, p->o)(p->m, p->n, p->k, p->a, p->lda, p->b, p->ldb, c, p->ldc, acc);
        return c;
    }
    void *packed = aligned_alloc(64, k->packed_bytes(p->n, p->k) + 64);
    ck_assert_ptr_nonnull(packed);
    (p->o == NT ? k->pack_nt : k->pack_nn)(p->n, p->k, p->b, p->ldb, packed);
    (p->o == TN ? k->gemm_tn_packed : k->gemm_packed)(p->m, p->n, p->k, p->a, p->lda, packed, c,
                                                      p->ldc, acc);
    free(packed);
    return c;
}

static void same_bits(const char *table, const Product *p, const float *got, const float *want)
{
    char what[128];
    (void)snprintf(what, sizeof what, "%s orientation %d, %zu x %zu x %zu, ldc %zu", table,
                   (int)p->o, p->m, p->n, p->k, p->ldc);
    check_same_bits_f32(what, p->c_size, got, want);
}

/* The CPU's own products of pairs have bits of their own. */
static bool has_own_bits(const Kern *k, bool is_bf16)
{
    return is_bf16 && strcmp(k->isa, "avx512bf16") == 0;
}

/* Every ISA against the twin: the whole of C, the gaps between its rows included; and the
 * packed products against the others. */
static void same_product(const Product *p, KernAcc acc, bool is_bf16)
{
    const Kern *twin = kern_for_isa("scalar");
    float *want = multiply(is_bf16 ? kern_bf16(twin) : twin, p, acc, false);
    for (size_t i = 0; kern_isa_name(i); i++) {
        const Kern *k = kern_for_isa(kern_isa_name(i));
        if (!k) {
            continue;
        }
        k = is_bf16 ? kern_bf16(k) : k;
        float *got = multiply(k, p, acc, false), *packed = multiply(k, p, acc, true);
        if (!has_own_bits(k, is_bf16)) {
            same_bits(k->isa, p, got, want);
        }
        same_bits("packed", p, packed, got);
        free(got);
        free(packed);
    }
    free(want);
}

static void compare_shape(size_t m, size_t n, size_t k, size_t gap, DataKind kind)
{
    for (int o = 0; o < N_ORIENTATION; o++) {
        Product p = product_new((Orientation)o, m, n, k, gap, kind);
        for (int is_bf16 = 0; is_bf16 <= 1; is_bf16++) {
            same_product(&p, KERN_SET, is_bf16 == 1);
            same_product(&p, KERN_ADD, is_bf16 == 1);
        }
        product_free(&p);
    }
}

START_TEST(every_tile_shape_repeats_on_every_isa)
{
    static const size_t m[] = {0, 1, 3, 6, 13, 15, 29, 57};
    static const size_t n[] = {0, 1, 7, 8, 15, 17, 31, 33, 49};
    static const size_t k[] = {0, 1, 7, 17};
    for (size_t im = 0; im < sizeof m / sizeof m[0]; im++) {
        for (size_t in = 0; in < sizeof n / sizeof n[0]; in++) {
            for (size_t ik = 0; ik < sizeof k / sizeof k[0]; ik++) {
                compare_shape(m[im], n[in], k[ik], (im + in + ik) % 4, DATA_PLAIN);
            }
        }
    }
}
END_TEST

START_TEST(blocks_of_k_and_of_n_do_not_show)
{
    compare_shape(5, 40, 256, 0, DATA_PLAIN);
    compare_shape(60, 33, 257, 1, DATA_PLAIN);
    compare_shape(3, 300, 600, 0, DATA_PLAIN);  /* three blocks of k */
    compare_shape(57, 270, 250, 0, DATA_PLAIN); /* two blocks of n */
    compare_shape(1, 70, 1100, 0, DATA_PLAIN);
    compare_shape(61, 1, 513, 2, DATA_PLAIN);
}
END_TEST

START_TEST(zeros_denormals_and_underflow_repeat)
{
    compare_shape(29, 33, 17, 0, DATA_AWKWARD);
    compare_shape(60, 65, 40, 1, DATA_AWKWARD);
}
END_TEST

/* Against a plain sum in double.  A chain of k fused operations errs by at most
 * gamma_k sum |a b|, gamma_k = k u / (1 - k u), u = 2^-24 (Higham, Accuracy and Stability
 * of Numerical Algorithms, 2nd ed., section 3.1); starting from C adds |C| to the sum. */
static void check_against_double(const Kern *kern, const Product *p, KernAcc acc)
{
    float *got = multiply(kern, p, acc, false);
    double ku = (double)p->k * 0x1p-24;
    for (size_t i = 0; i < p->m; i++) {
        for (size_t j = 0; j < p->n; j++) {
            double sum = acc == KERN_ADD ? (double)p->c[i * p->ldc + j] : 0.0;
            double size = fabs(sum);
            for (size_t q = 0; q < p->k; q++) {
                double a = (double)(p->o == TN ? p->a[q * p->lda + i] : p->a[i * p->lda + q]);
                double b = (double)(p->o == NT ? p->b[j * p->ldb + q] : p->b[q * p->ldb + j]);
                sum += a * b;
                size += fabs(a * b);
            }
            ck_assert_double_le(fabs((double)got[i * p->ldc + j] - sum), ku / (1.0 - ku) * size);
        }
    }
    free(got);
}

START_TEST(products_are_right_within_the_bound_of_a_chain)
{
    static const size_t shape[][3] = {{1, 1, 1}, {64, 32, 64}, {37, 70, 29}, {17, 41, 700}};
    for (size_t s = 0; s < sizeof shape / sizeof shape[0]; s++) {
        for (int o = 0; o < N_ORIENTATION; o++) {
            Product p = product_new((Orientation)o, shape[s][0], shape[s][1], shape[s][2], s % 3,
                                    DATA_PLAIN);
            check_against_double(kern_get(), &p, KERN_SET);
            check_against_double(kern_get(), &p, KERN_ADD);
            product_free(&p);
        }
    }
}
END_TEST

/* x with the upper half of its bits alone: what bfloat16 can hold. */
static void truncate_all(size_t n, float *x)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t u;
        memcpy(&u, &x[i], sizeof u);
        u &= UINT32_C(0xFFFF0000);
        memcpy(&x[i], &u, sizeof u);
    }
}

/* Products of two bfloat16 are exact in a float, so on operands that need no rounding the
 * bound of a chain holds, whatever the order in which a CPU adds. */
START_TEST(bf16_products_are_right_within_the_bound_of_a_chain)
{
    static const size_t shape[][3] = {{1, 1, 1},   {64, 32, 64},  {37, 70, 29},
                                      {17, 41, 1}, {17, 41, 701}, {130, 33, 1030}};
    for (size_t s = 0; s < sizeof shape / sizeof shape[0]; s++) {
        for (int o = 0; o < N_ORIENTATION; o++) {
            Product p = product_new((Orientation)o, shape[s][0], shape[s][1], shape[s][2], s % 3,
                                    DATA_PLAIN);
            truncate_all(p.a_size, p.a);
            truncate_all(p.b_size, p.b);
            check_against_double(kern_bf16(kern_get()), &p, KERN_SET);
            check_against_double(kern_bf16(kern_get()), &p, KERN_ADD);
            product_free(&p);
        }
    }
}
END_TEST

/* 1 x x with every kind of tie and neighbour of one: what is left is x rounded. */
START_TEST(operands_round_to_nearest_even)
{
    static const struct {
        float x, rounded;
    } some[] = {
        {0x1.00p0f, 0x1.00p0f},      {0x1.01p0f, 0x1.00p0f},     {0x1.010002p0f, 0x1.02p0f},
        {0x1.03p0f, 0x1.04p0f},      {0x1.02fffep0f, 0x1.02p0f}, {-0x1.03p0f, -0x1.04p0f},
        {0x1.ffp0f, 0x1p1f},         {0x1.fefffep0f, 0x1.fep0f}, {0x1.fffffep127f, INFINITY},
        {INFINITY, INFINITY},        {-INFINITY, -INFINITY},     {0x1.8p-120f, 0x1.8p-120f},
        {-0x1.01p-100f, -0x1p-100f},
    };
    for (size_t i = 0; kern_isa_name(i); i++) {
        const Kern *k = kern_for_isa(kern_isa_name(i));
        for (size_t s = 0; k && s < sizeof some / sizeof some[0]; s++) {
            const float one = 1.0f, x = some[s].x, nan = NAN;
            float c = 0.0f;
            kern_bf16(k)->gemm_nn(1, 1, 1, &x, 1, &one, 1, &c, 1, KERN_SET);
            check_same_bits_f32(k->isa, 1, &c, &some[s].rounded);
            kern_bf16(k)->gemm_nt(1, 1, 1, &one, 1, &x, 1, &c, 1, KERN_SET);
            check_same_bits_f32(k->isa, 1, &c, &some[s].rounded);
            kern_bf16(k)->gemm_tn(1, 1, 1, &nan, 1, &one, 1, &c, 1, KERN_SET);
            ck_assert_msg(isnan(c), "%s: NaN became %g", k->isa, (double)c);
        }
    }
}
END_TEST

START_TEST(a_bf16_table_is_its_own_bf16_table)
{
    const Kern *b = kern_bf16(kern_get());
    ck_assert_ptr_ne(b, kern_get());
    ck_assert_ptr_eq(kern_bf16(b), b);
    ck_assert_str_eq(b->isa, kern_get()->isa);
    ck_assert(b->rmsnorm == kern_get()->rmsnorm);
}
END_TEST

START_TEST(nothing_is_touched_where_a_side_is_zero)
{
    const float a[4] = {1.0f, 2.0f, 3.0f, 4.0f};
    float c[4] = {5.0f, 6.0f, 7.0f, 8.0f};
    const float kept[4] = {5.0f, 6.0f, 7.0f, 8.0f};
    const float zeros[4] = {0};
    kern_get()->gemm_nn(0, 4, 1, a, 1, a, 4, c, 4, KERN_SET);
    kern_get()->gemm_nt(4, 0, 1, a, 1, a, 1, c, 1, KERN_SET);
    kern_get()->gemm_tn(2, 2, 0, a, 2, a, 2, c, 2, KERN_ADD);
    check_same_bits_f32("C", 4, c, kept);
    kern_get()->gemm_tn(2, 2, 0, a, 2, a, 2, c, 2, KERN_SET);
    check_same_bits_f32("an empty sum", 4, c, zeros);
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "gemm"});
}

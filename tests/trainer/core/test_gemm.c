/* The matrix products: bits against the twin, and the numbers against plain double. */
#include <stdio.h>

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

/* Every ISA against the twin: the whole of C, the gaps between its rows included. */
static void same_product(const Product *p, KernAcc acc)
{
    float *want = data_copy(p->c_size, p->c);
    gemm_of(kern_for_isa("scalar"), p->o)(p->m, p->n, p->k, p->a, p->lda, p->b, p->ldb, want,
                                          p->ldc, acc);
    for (size_t i = 1; kern_isa_name(i); i++) {
        const Kern *k = kern_for_isa(kern_isa_name(i));
        if (k) {
            float *got = data_copy(p->c_size, p->c);
            gemm_of(k, p->o)(p->m, p->n, p->k, p->a, p->lda, p->b, p->ldb, got, p->ldc, acc);
            char what[128];
            (void)snprintf(what, sizeof what, "%s orientation %d, %zu x %zu x %zu, ldc %zu", k->isa,
                           (int)p->o, p->m, p->n, p->k, p->ldc);
            check_same_bits_f32(what, p->c_size, got, want);
            free(got);
        }
    }
    free(want);
}

static void compare_shape(size_t m, size_t n, size_t k, size_t gap, DataKind kind)
{
    for (int o = 0; o < N_ORIENTATION; o++) {
        Product p = product_new((Orientation)o, m, n, k, gap, kind);
        same_product(&p, KERN_SET);
        same_product(&p, KERN_ADD);
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
static void check_against_double(const Product *p, KernAcc acc)
{
    float *got = data_copy(p->c_size, p->c);
    gemm_of(kern_get(), p->o)(p->m, p->n, p->k, p->a, p->lda, p->b, p->ldb, got, p->ldc, acc);
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
            check_against_double(&p, KERN_SET);
            check_against_double(&p, KERN_ADD);
            product_free(&p);
        }
    }
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

static void fill(TCase *tc)
{
    tcase_add_test(tc, every_tile_shape_repeats_on_every_isa);
    tcase_add_test(tc, blocks_of_k_and_of_n_do_not_show);
    tcase_add_test(tc, zeros_denormals_and_underflow_repeat);
    tcase_add_test(tc, products_are_right_within_the_bound_of_a_chain);
    tcase_add_test(tc, nothing_is_touched_where_a_side_is_zero);
}

int main(void)
{
    return suite_main("gemm", fill);
}

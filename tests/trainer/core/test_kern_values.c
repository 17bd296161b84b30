/* The float kernels against the same formulas in plain double. */
#include "tests/support/check_close.h"
#include "tests/support/suite.h"
#include "tests/trainer/core/kern_data.h"
#include "trainer/core/kern.h"

enum { ROWS = 5, VOCAB = 256, LOGITS = ROWS * VOCAB };

static double true_logsumexp(size_t n, const float *z)
{
    double max = -HUGE_VAL;
    for (size_t j = 0; j < n; j++) {
        max = fmax(max, (double)z[j]);
    }
    double total = exp((double)z[0] - max);
    for (size_t j = 1; j < n; j++) {
        total += exp((double)z[j] - max);
    }
    return max + log(total);
}

static const uint16_t target[ROWS] = {0, 255, 17, 128, 101};

/* With u = 2^-24: e^(z - max) is off by 2 u from exp and |z - max| u from the rounding of
 * its argument, relative; 256 of them in 16 lanes add 15 + 4 roundings.  A term at
 * distance t weighs e^-t, and t e^-t < 0.4, so the sum is off by less than 30 u and nll by
 * as much, absolute: 70 u = 4.2e-6 leaves a factor 2.  A probability has its own t u on
 * top, below 40 u while p > 5e-18; its last rounding next to the 1 of the target costs
 * u = 0.014 x 70 u more, hence p + 0.02. */
static void check_cross_entropy(double sd)
{
    float *z = data_new(LOGITS, 3, sd, DATA_PLAIN);
    float *dz = data_copy(LOGITS, z);
    float nll[ROWS];
    kern_get()->cross_entropy(ROWS, VOCAB, dz, target, 0.25f, nll);
    for (size_t i = 0; i < ROWS; i++) {
        double lse = true_logsumexp(VOCAB, z + i * VOCAB);
        double want = lse - (double)z[i * VOCAB + target[i]];
        ck_assert_double_le(fabs((double)nll[i] - want), 4.2e-6 + 0x1p-23 * want);
        for (size_t j = 0; j < VOCAB; j++) {
            double p = exp((double)z[i * VOCAB + j] - lse);
            double grad = 0.25 * (p - (j == target[i] ? 1.0 : 0.0));
            ck_assert_double_le(fabs((double)dz[i * VOCAB + j] - grad), 0.25 * 4.2e-6 * (p + 0.02));
        }
    }
    free(z);
    free(dz);
}

START_TEST(cross_entropy_is_logsumexp_minus_the_target)
{
    check_cross_entropy(1.0);
    check_cross_entropy(10.0);
}
END_TEST

START_TEST(cross_entropy_survives_logits_of_ten_thousand)
{
    float z[VOCAB];
    for (size_t j = 0; j < VOCAB; j++) {
        z[j] = j == 9 ? 1e4f : -1e4f;
    }
    float nll[2];
    float dz[2 * VOCAB];
    const uint16_t right_wrong[2] = {9, 10};
    memcpy(dz, z, sizeof z);
    memcpy(dz + VOCAB, z, sizeof z);
    kern_get()->cross_entropy(2, VOCAB, dz, right_wrong, 1.0f, nll);
    ck_assert_double_eq((double)nll[0], 0.0);
    ck_assert_double_eq((double)nll[1], 2e4);
    ck_assert_double_eq((double)dz[9], 0.0);
    ck_assert_double_eq((double)dz[VOCAB + 9], 1.0);
    ck_assert_double_eq((double)dz[VOCAB + 10], -1.0);
}
END_TEST

START_TEST(without_a_gradient_the_logits_stay)
{
    float *z = data_new(LOGITS, 4, 3.0, DATA_PLAIN);
    float *kept = data_copy(LOGITS, z);
    float nll[ROWS];
    kern_get()->cross_entropy(ROWS, VOCAB, z, target, 0.0f, nll);
    check_same_bits_f32("z", LOGITS, z, kept);
    free(z);
    free(kept);
}
END_TEST

/* Same bound as the cross-entropy; here n = 100. */
START_TEST(softmax_uses_the_valid_columns_only)
{
    enum { N = 100, ALL = ROWS * N };
    const size_t valid[ROWS] = {N, 1, 0, 63, 17};
    float *x = data_new(ALL, 5, 4.0, DATA_PLAIN);
    float *y = data_copy(ALL, x);
    float lse[ROWS];
    kern_get()->softmax(ROWS, N, y, valid, lse);
    for (size_t i = 0; i < ROWS; i++) {
        double want = true_logsumexp(valid[i], x + i * N);
        if (valid[i] == 0) {
            ck_assert(isinf(lse[i]) && lse[i] < 0.0f);
        } else {
            ck_assert_double_le(fabs((double)lse[i] - want), 4.2e-6 + 0x1p-23 * fabs(want));
        }
        for (size_t j = 0; j < N; j++) {
            double p = j < valid[i] ? exp((double)x[i * N + j] - want) : 0.0;
            ck_assert_double_le(fabs((double)y[i * N + j] - p), 4.2e-6 * p);
        }
    }
    free(x);
    free(y);
}
END_TEST

/* The mean of squares errs by (d / 16 + 5) u / 2 after the square root, y by three more
 * roundings: below 16 u = 1e-6 for d = 200. */
START_TEST(rmsnorm_gives_rows_of_mean_square_one)
{
    enum { D = 200, ALL = ROWS * D };
    float *x = data_new(ALL, 6, 7.0, DATA_PLAIN);
    float *w = data_new(D, 7, 1.0, DATA_PLAIN);
    float y[ALL];
    float plain[ALL];
    float rstd[ROWS];
    kern_get()->rmsnorm(ROWS, D, 1e-6f, x, w, y, rstd);
    kern_get()->rmsnorm(ROWS, D, 1e-6f, x, NULL, plain, rstd);
    for (size_t i = 0; i < ROWS; i++) {
        double squares = 0.0;
        for (size_t j = 0; j < D; j++) {
            squares += (double)x[i * D + j] * (double)x[i * D + j];
        }
        double r = 1.0 / sqrt(squares / D + 1e-6);
        ck_assert_double_le(fabs((double)rstd[i] - r), 1e-6 * r);
        for (size_t j = 0; j < D; j++) {
            double want = (double)x[i * D + j] * r;
            double weighted = want * (double)w[j];
            ck_assert_double_le(fabs((double)plain[i * D + j] - want), 1e-6 * fabs(want));
            ck_assert_double_le(fabs((double)y[i * D + j] - weighted), 1e-6 * fabs(weighted));
        }
    }
    free(x);
    free(w);
}
END_TEST

/* Lanes of 1000 / 16 terms: (63 + 4) u of the sum of magnitudes in float, 1e-13 in double. */
START_TEST(reductions_are_sums)
{
    enum { N = 1000 };
    float *x = data_new(N, 8, 1.0, DATA_PLAIN);
    float *y = data_new(N, 9, 1.0, DATA_PLAIN);
    double sum = 0.0;
    double dot = 0.0;
    double squares = 0.0;
    double size = 0.0;
    for (size_t i = 0; i < N; i++) {
        sum += (double)x[i];
        dot += (double)x[i] * (double)y[i];
        squares += (double)x[i] * (double)x[i];
        size += fabs((double)x[i]) * fmax(1.0, fabs((double)y[i]));
    }
    ck_assert_double_le(fabs((double)kern_get()->sum(N, x) - sum), 67 * 0x1p-24 * size);
    ck_assert_double_le(fabs((double)kern_get()->dot(N, x, y) - dot), 67 * 0x1p-24 * size);
    ck_assert_double_le(fabs(kern_get()->sum_squares(N, x) - squares), 1e-13 * squares);
    free(x);
    free(y);
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "kern values"});
}

/* Every kernel of every ISA this CPU has returns the bits of its scalar twin.
 * The one freedom: which NaN stands for NaN. */
#include "common/rng.h"
#include "tests/support/suite.h"
#include "tests/trainer/core/each_isa.h"
#include "trainer/core/kern.h"

/* ---- elementwise ---- */

typedef struct Unary {
    const char *name;
    void (*run)(size_t n, const float *x, float *y);
} Unary;

enum { N_UNARY = 4 };

static Unary unary(const Kern *k, size_t i)
{
    const Unary all[N_UNARY] = {{"exp", k->exp},
                                {"sigmoid", k->sigmoid},
                                {"log_sigmoid", k->log_sigmoid},
                                {"silu", k->silu}};
    return all[i];
}

static void compare_unary(const Kern *twin, const Kern *k)
{
    for (size_t f = 0; f < N_UNARY; f++) {
        for (size_t s = 0; s < N_DATA_LENGTH; s++) {
            size_t n = data_length[s];
            float *x = data_new(n, s + 1, 20.0, DATA_WILD);
            float *got = data_new(n, 7, 1.0, DATA_PLAIN);
            float *want = data_copy(n, got);
            unary(k, f).run(n, x, got);
            unary(twin, f).run(n, x, want);
            same(unary(k, f).name, n, got, data_copy(n, want));
            unary(k, f).run(n, x, x);
            same("in place", n, x, want);
        }
    }
}

START_TEST(exp_and_its_family_repeat_on_every_isa)
{
    each_isa(compare_unary);
}
END_TEST

typedef struct Binary {
    const char *name;
    void (*run)(size_t n, const float *a, const float *b, float *y);
} Binary;

enum { N_BINARY = 4 };

static Binary binary(const Kern *k, size_t i)
{
    const Binary all[N_BINARY] = {
        {"add", k->add}, {"mul", k->mul}, {"mul_add", k->mul_add}, {"silu_grad", k->silu_grad}};
    return all[i];
}

static void compare_binary(const Kern *twin, const Kern *k)
{
    for (size_t f = 0; f < N_BINARY; f++) {
        for (size_t s = 0; s < N_DATA_LENGTH; s++) {
            size_t n = data_length[s];
            float *a = data_new(n, s + 1, 5.0, DATA_WILD);
            float *b = data_new(n, s + 3, 5.0, DATA_WILD);
            float *got = data_new(n, s + 2, 1.0, DATA_AWKWARD);
            float *want = data_copy(n, got);
            binary(k, f).run(n, a, b, got);
            binary(twin, f).run(n, a, b, want);
            same(binary(k, f).name, n, got, want);
            want = data_copy(n, a);
            binary(k, f).run(n, a, b, a);
            binary(twin, f).run(n, want, b, want);
            same("in place", n, a, want);
            free(b);
        }
    }
}

START_TEST(sums_and_products_repeat_on_every_isa)
{
    each_isa(compare_binary);
}
END_TEST

static void compare_scaled(const Kern *twin, const Kern *k)
{
    for (size_t s = 0; s < N_DATA_LENGTH; s++) {
        size_t n = data_length[s];
        float *x = data_new(n, s + 1, 5.0, DATA_WILD);
        float *got = data_new(n, s + 2, 5.0, DATA_WILD);
        float *want = data_copy(n, got);
        k->axpy(n, -1.7f, x, got);
        twin->axpy(n, -1.7f, x, want);
        same("axpy", n, got, want);
        want = data_copy(n, x);
        k->scale(n, 0.3f, x, x);
        twin->scale(n, 0.3f, want, want);
        same("scale", n, x, want);
    }
}

START_TEST(axpy_and_scale_repeat_on_every_isa)
{
    each_isa(compare_scaled);
}
END_TEST

/* ---- reductions ---- */

static void compare_reductions(const Kern *twin, const Kern *k)
{
    for (size_t s = 0; s < N_DATA_LENGTH; s++) {
        for (int kind = DATA_PLAIN; kind <= DATA_WILD; kind++) {
            size_t n = data_length[s];
            float *x = data_new(n, s + 1, 1.0, (DataKind)kind);
            float *y = data_new(n, s + 2, 1.0, (DataKind)kind);
            float got[] = {k->dot(n, x, y), k->sum(n, x)};
            float want[] = {twin->dot(n, x, y), twin->sum(n, x)};
            same("dot, sum", 2, data_copy(2, got), data_copy(2, want));
            double got_squares = k->sum_squares(n, x);
            double want_squares = twin->sum_squares(n, x);
            if (!isnan(want_squares)) {
                check_same_bits_f64("sum_squares", 1, &got_squares, &want_squares);
            }
            ck_assert_int_eq(isnan(got_squares), isnan(want_squares));
            free(x);
            free(y);
        }
    }
}

START_TEST(reductions_repeat_on_every_isa)
{
    each_isa(compare_reductions);
}
END_TEST

/* A lane that underflowed to -0 must stay -0 through a tail that misses it: one fused
 * product of -2^-150 rounds to -0, and sixteen such lanes fold to -0. */
static void compare_negative_zero(const Kern *twin, const Kern *k)
{
    float x[16 + 5];
    float y[16 + 5];
    for (size_t i = 0; i < 21; i++) {
        x[i] = 0x1p-100f;
        y[i] = -0x1p-60f;
    }
    ck_assert(signbit(twin->dot(21, x, y)));
    ck_assert(signbit(k->dot(21, x, y)));
}

START_TEST(a_tail_leaves_the_other_lanes_alone)
{
    each_isa(compare_negative_zero);
}
END_TEST

/* ---- rows ---- */

static void compare_softmax(const Kern *twin, const Kern *k)
{
    enum { ROWS = 4 };
    for (size_t s = 0; s < N_DATA_LENGTH; s++) {
        size_t n = data_length[s];
        const size_t valid[ROWS] = {n, n / 2, n > 0 ? n - 1 : 0, 0};
        float *got = data_new(ROWS * n, s + 1, 10.0, s % 2 == 0 ? DATA_AWKWARD : DATA_WILD);
        float *want = data_copy(ROWS * n, got);
        float *without = data_copy(ROWS * n, got);
        float lse[2][ROWS];
        k->softmax(ROWS, n, got, valid, lse[0]);
        twin->softmax(ROWS, n, want, valid, lse[1]);
        k->softmax(ROWS, n, without, valid, NULL);
        same("softmax lse", ROWS, data_copy(ROWS, lse[0]), data_copy(ROWS, lse[1]));
        same("softmax", ROWS * n, got, data_copy(ROWS * n, want));
        same("softmax without lse", ROWS * n, without, want);
    }
}

START_TEST(softmax_repeats_on_every_isa)
{
    each_isa(compare_softmax);
}
END_TEST

static void compare_cross_entropy(const Kern *twin, const Kern *k)
{
    enum { ROWS = 3 };
    for (size_t s = 1; s / 3 < N_DATA_LENGTH; s++) {
        size_t vocab = data_length[s / 3];
        if (vocab == 0) {
            continue;
        }
        const uint16_t target[ROWS] = {0, (uint16_t)(vocab - 1), (uint16_t)(vocab / 2)};
        float scale = s % 3 == 0 ? 0.0f : s % 3 == 1 ? 1.0f / 7.0f : -2.5f;
        float *got = data_new(ROWS * vocab, s + 1, 10.0, s % 2 == 0 ? DATA_AWKWARD : DATA_WILD);
        float *want = data_copy(ROWS * vocab, got);
        float nll[2][ROWS];
        k->cross_entropy(ROWS, vocab, got, target, scale, nll[0]);
        twin->cross_entropy(ROWS, vocab, want, target, scale, nll[1]);
        same("nll", ROWS, data_copy(ROWS, nll[0]), data_copy(ROWS, nll[1]));
        same("dz", ROWS * vocab, got, want);
    }
}

START_TEST(cross_entropy_repeats_on_every_isa)
{
    each_isa(compare_cross_entropy);
}
END_TEST

/* ---- optimiser ---- */

static void compare_adamw(const Kern *twin, const Kern *k)
{
    for (size_t s = 0; s < N_DATA_LENGTH; s++) {
        size_t n = data_length[s];
        float *g = data_new(n, s + 1, 1.0, DATA_AWKWARD);
        float *state[2][3];
        const Kern *both[2] = {k, twin};
        for (size_t i = 0; i < 2; i++) {
            state[i][0] = data_new(n, s + 2, 1.0, DATA_PLAIN);
            state[i][1] = data_new(n, s + 3, 0.1, DATA_AWKWARD);
            state[i][2] = data_new(n, s + 4, 0.1, DATA_PLAIN);
            for (size_t j = 0; j < n; j++) {
                state[i][2][j] *= state[i][2][j];
            }
            both[i]->adamw(n, &adamw_case, g, state[i][0], state[i][1], state[i][2]);
        }
        same("adamw p", n, state[0][0], state[1][0]);
        same("adamw m", n, state[0][1], state[1][1]);
        same("adamw v", n, state[0][2], state[1][2]);
        free(g);
    }
}

START_TEST(adamw_repeats_on_every_isa)
{
    each_isa(compare_adamw);
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "kern bits"});
}

/* The kernels over rows: on every ISA the bits of the scalar twin. */
#include "tests/support/suite.h"
#include "tests/trainer/core/each_isa.h"

enum { ROWS = 3 };

static const DataKind kinds[] = {DATA_PLAIN, DATA_AWKWARD, DATA_WILD};

/* ---- gated units ---- */

typedef void (*GateFn)(size_t rows, size_t g, const float *gu, float *y);
typedef void (*GateGradFn)(size_t rows, size_t g, const float *gu, const float *dy, float *y,
                           float *dgu);

static void compare_gate(const char *what, GateFn want_fn, GateFn got_fn)
{
    for (size_t s = 0; s < N_DATA_LENGTH; s++) {
        size_t g = data_length[s], n = ROWS * g;
        float *gu = data_new(2 * n, s + 1, 4.0, kinds[s % 3]);
        float *got = data_new(n, 1, 1.0, DATA_PLAIN), *want = data_copy(n, got);
        got_fn(ROWS, g, gu, got);
        want_fn(ROWS, g, gu, want);
        same(what, n, got, want);
        free(gu);
    }
}

/* Into buffers of their own, and over the inputs. */
static void compare_gate_grad(const char *what, GateGradFn want_fn, GateGradFn got_fn)
{
    for (size_t s = 0; s < N_DATA_LENGTH; s++) {
        size_t g = data_length[s], n = ROWS * g;
        float *gu = data_new(2 * n, s + 1, 4.0, kinds[s % 3]);
        float *dy = data_new(n, s + 2, 1.0, kinds[(s + 1) % 3]);
        float *y[2] = {data_new(n, 1, 1.0, DATA_PLAIN), data_new(n, 1, 1.0, DATA_PLAIN)};
        float *dgu[2] = {data_new(2 * n, 2, 1.0, DATA_PLAIN), data_new(2 * n, 2, 1.0, DATA_PLAIN)};
        got_fn(ROWS, g, gu, dy, y[0], dgu[0]);
        want_fn(ROWS, g, gu, dy, y[1], dgu[1]);
        same(what, n, y[0], data_copy(n, y[1]));
        same(what, 2 * n, dgu[0], data_copy(2 * n, dgu[1]));
        got_fn(ROWS, g, gu, dy, dy, gu);
        same("in place", n, dy, y[1]);
        same("in place", 2 * n, gu, dgu[1]);
    }
}

static void compare_gates(const Kern *twin, const Kern *k)
{
    compare_gate("glu", twin->glu, k->glu);
    compare_gate("swiglu", twin->swiglu, k->swiglu);
    compare_gate_grad("glu_grad", twin->glu_grad, k->glu_grad);
    compare_gate_grad("swiglu_grad", twin->swiglu_grad, k->swiglu_grad);
}

START_TEST(gated_units_repeat_on_every_isa)
{
    each_isa(compare_gates);
}
END_TEST

/* What the gradient gives as y is what forward gave. */
static void compare_again(const Kern *twin, const Kern *k)
{
    enum { G = 37, N = ROWS * G };
    const GateFn forward[] = {twin->glu, twin->swiglu};
    const GateGradFn grad[] = {k->glu_grad, k->swiglu_grad};
    for (size_t f = 0; f < 2; f++) {
        float *gu = data_new((size_t)2 * N, 1, 4.0, DATA_WILD);
        float *dy = data_new(N, 2, 1.0, DATA_PLAIN), *y = data_copy(N, dy);
        forward[f](ROWS, G, gu, y);
        grad[f](ROWS, G, gu, dy, dy, gu);
        same("y again", N, dy, y);
        free(gu);
    }
}

START_TEST(gradients_of_gates_repeat_the_forward_pass)
{
    each_isa(compare_again);
}
END_TEST

static void fill(TCase *tc)
{
    tcase_add_test(tc, gated_units_repeat_on_every_isa);
    tcase_add_test(tc, gradients_of_gates_repeat_the_forward_pass);
}

int main(void)
{
    return suite_main("rows", fill);
}

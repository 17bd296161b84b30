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

/* ---- norms ---- */

/* One call of each kernel that normalises; every output and its length. */
typedef struct Norms {
    float *y, *rstd, *sum, *sum_y, *dx, *dw, *gated, *dz, *dout, *again;
} Norms;

static Norms norms_of(const Kern *k, size_t d, const float *x, const float *w, const float *dy,
                      KernAcc acc)
{
    size_t n = ROWS * d;
    Norms r = {data_new(n, 1, 1.0, DATA_PLAIN), data_new(ROWS, 2, 1.0, DATA_PLAIN),
               data_new(n, 3, 1.0, DATA_PLAIN), data_new(n, 4, 1.0, DATA_PLAIN),
               data_new(n, 5, 1.0, DATA_PLAIN), data_new(d, 6, 1.0, DATA_PLAIN),
               data_new(n, 7, 1.0, DATA_PLAIN), data_copy(n, dy), /* first the gate */
               data_new(n, 8, 1.0, DATA_PLAIN), data_copy(n, dy)};
    float rstd[ROWS];
    k->rmsnorm(ROWS, d, 1e-6f, x, w, r.y, r.rstd);
    k->add_rmsnorm(ROWS, d, 1e-6f, x, r.sum, w, r.sum_y, rstd);
    k->rmsnorm_dx(ROWS, d, x, w, r.rstd, dy, r.dx, acc);
    k->rmsnorm_dw(ROWS, d - d / 3, d, x + d / 3, r.rstd, dy + d / 3, r.dw);
    k->normgate(ROWS, d, 1e-6f, x, dy, r.gated, rstd);
    k->normgate_grad(ROWS, d, x, r.dz, r.rstd, r.again, r.again, r.dz, r.dout);
    return r;
}

static void same_norms(size_t d, Norms got, Norms want)
{
    size_t n = ROWS * d;
    same("rmsnorm y", n, got.y, want.y);
    same("rmsnorm rstd", ROWS, got.rstd, want.rstd);
    same("add_rmsnorm sum", n, got.sum, want.sum);
    same("add_rmsnorm y", n, got.sum_y, want.sum_y);
    same("rmsnorm_dx", n, got.dx, want.dx);
    same("rmsnorm_dw", d, got.dw, want.dw);
    same("normgate", n, got.gated, want.gated);
    same("normgate_grad y", n, got.again, want.again);
    same("normgate_grad dz", n, got.dz, want.dz);
    same("normgate_grad dout", n, got.dout, want.dout);
}

static void compare_norms(const Kern *twin, const Kern *k)
{
    for (size_t s = 0; s / 4 < N_DATA_LENGTH; s++) {
        size_t d = data_length[s / 4];
        DataKind kind = kinds[s % 3];
        float *x = data_new(ROWS * d, s + 1, 3.0, kind);
        float *w = s % 2 == 0 ? NULL : data_new(d, s + 2, 1.0, DATA_PLAIN);
        float *dy = data_new(ROWS * d, s + 3, 1.0, kind);
        KernAcc acc = s / 2 % 2 == 0 ? KERN_SET : KERN_ADD;
        same_norms(d, norms_of(k, d, x, w, dy, acc), norms_of(twin, d, x, w, dy, acc));
        free(x);
        free(w);
        free(dy);
    }
}

START_TEST(norms_repeat_on_every_isa)
{
    each_isa(compare_norms);
}
END_TEST

/* A fused kernel gives what its parts give. */
static void compare_with_parts(const Kern *twin, const Kern *k)
{
    enum { D = 37, N = ROWS * D };
    float *x = data_new(N, 1, 2.0, DATA_PLAIN), *a = data_new(N, 2, 2.0, DATA_PLAIN);
    float *w = data_new(D, 3, 1.0, DATA_PLAIN), *y = data_copy(N, x), *want = data_copy(N, x);
    float *sum = data_copy(N, a), rstd[2][ROWS];
    k->add_rmsnorm(ROWS, D, 1e-6f, x, a, w, y, rstd[0]);
    twin->add(N, x, sum, sum);
    twin->rmsnorm(ROWS, D, 1e-6f, sum, w, want, rstd[1]);
    same("sum", N, a, sum);
    check_same_bits_f32("rstd", ROWS, rstd[0], rstd[1]);
    check_same_bits_f32("norm of the sum", N, y, want);
    k->normgate(ROWS, D, 1e-6f, x, want, y, rstd[0]);
    twin->sigmoid(N, want, want);
    float *normed = data_copy(N, x);
    twin->rmsnorm(ROWS, D, 1e-6f, x, NULL, normed, rstd[1]);
    twin->mul(N, normed, want, want);
    check_same_bits_f32("rstd of the gate", ROWS, rstd[0], rstd[1]);
    same("gate", N, y, want);
    free(x);
    free(w);
    free(normed);
}

START_TEST(fused_norms_are_their_parts)
{
    each_isa(compare_with_parts);
}
END_TEST

/* Columns in parts, and rows in parts, give the bits of one call. */
static void compare_split(const Kern *twin, const Kern *k)
{
    enum { D = 150, CUT = 67 };
    float *x = data_new((size_t)ROWS * D, 1, 2.0, DATA_PLAIN);
    float *dy = data_new((size_t)ROWS * D, 2, 1.0, DATA_PLAIN);
    float *rstd = data_new(ROWS, 3, 1.0, DATA_PLAIN);
    float *want = data_new(D, 4, 1.0, DATA_PLAIN), *got = data_copy(D, want);
    twin->rmsnorm_dw(ROWS, D, D, x, rstd, dy, want);
    k->rmsnorm_dw(1, D, D, x, rstd, dy, got);
    k->rmsnorm_dw(ROWS - 1, CUT, D, x + D, rstd + 1, dy + D, got);
    k->rmsnorm_dw(ROWS - 1, D - CUT, D, x + D + CUT, rstd + 1, dy + D + CUT, got + CUT);
    same("dw in parts", D, got, want);
    free(x);
    free(dy);
    free(rstd);
}

START_TEST(parts_of_a_weight_gradient_do_not_show)
{
    each_isa(compare_split);
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "rows"});
}

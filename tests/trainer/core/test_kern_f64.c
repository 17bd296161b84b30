/* The double build: gradients against central differences, formulas against themselves
 * written plainly. */
#include "tests/support/check_close.h"
#include "tests/support/suite.h"
#include "tests/trainer/core/kern_data.h"
#include "trainer/core/kern.h"

static const Kern *k; /* set by main */

/* Central differences of f along each of x[0..n).  With h = 1e-5 the truncation is about
 * h^2 f'''/6 ~ 1e-10 and the rounding 1e-16 f / h ~ 1e-11 f, for functions of size and
 * derivatives about 1 as here; hence the tolerance 1e-8, a hundred times that. */
typedef double (*ScalarFn)(const void *at);

static const double grad_tol = 1e-8;

static void check_gradient(const char *what, ScalarFn f, const void *at, size_t n, double *x,
                           const double *grad)
{
    const double h = 1e-5;
    for (size_t i = 0; i < n; i++) {
        double kept = x[i];
        x[i] = kept + h;
        double up = f(at);
        x[i] = kept - h;
        double down = f(at);
        x[i] = kept;
        double want = (up - down) / (2.0 * h);
        ck_assert_msg(fabs(grad[i] - want) <= grad_tol * (1.0 + fabs(want)),
                      "%s[%zu]: %.12g, differences give %.12g", what, i, grad[i], want);
    }
}

/* sum_i dy_i y_i, the scalar whose gradient a backward kernel gives for dy. */
static double weighted_sum(size_t n, const double *dy, const double *y)
{
    double s = 0.0;
    for (size_t i = 0; i < n; i++) {
        s += dy[i] * y[i];
    }
    return s;
}

/* ---- gates ---- */

enum { N = 37, GATE_ROWS = 2, N_GATE = 2 * GATE_ROWS * N };

typedef struct Gate {
    void (*forward)(size_t rows, size_t g, const double *gu, double *y);
    double *gu, *dy;
} Gate;

static double gate_value(const void *at)
{
    const Gate *gate = at;
    double y[GATE_ROWS * N];
    gate->forward(GATE_ROWS, N, gate->gu, y);
    return weighted_sum((size_t)GATE_ROWS * N, gate->dy, y);
}

START_TEST(gradients_of_gates_match_differences)
{
    double *gu = data_new(N_GATE, 1, 1.7, DATA_PLAIN);
    double *dy = data_new((size_t)GATE_ROWS * N, 3, 1.0, DATA_PLAIN);
    double y[GATE_ROWS * N];
    double dgu[N_GATE];
    Gate gate = {k->glu, gu, dy};
    k->glu_grad(GATE_ROWS, N, gu, dy, y, dgu);
    check_gradient("glu", gate_value, &gate, N_GATE, gu, dgu);
    gate.forward = k->swiglu;
    k->swiglu_grad(GATE_ROWS, N, gu, dy, y, dgu);
    check_gradient("swiglu", gate_value, &gate, N_GATE, gu, dgu);
    free(gu);
    free(dy);
}
END_TEST

/* In each row gate | up; three roundings of 1.1e-16. */
START_TEST(gates_multiply_the_upper_half)
{
    double *gu = data_new(N_GATE, 1, 1.7, DATA_PLAIN);
    double y[2][GATE_ROWS * N];
    k->glu(GATE_ROWS, N, gu, y[0]);
    k->swiglu(GATE_ROWS, N, gu, y[1]);
    for (size_t i = 0; i < (size_t)GATE_ROWS * N; i++) {
        double gate = gu[i / N * 2 * N + i % N], up = gu[i / N * 2 * N + N + i % N];
        double want[2] = {up * gate, up * gate / (1.0 + exp(-gate))};
        for (size_t f = 0; f < 2; f++) {
            ck_assert_double_le(fabs(y[f][i] - want[f]), 1e-15 * fabs(want[f]));
        }
    }
    free(gu);
}
END_TEST

typedef struct Slope {
    double *x, *dy;
} Slope;

static double silu_value(const void *at)
{
    const Slope *slope = at;
    double y[N];
    k->silu(N, slope->x, y);
    return weighted_sum(N, slope->dy, y);
}

static double log_sigmoid_value(const void *at)
{
    const Slope *slope = at;
    double y[N];
    k->log_sigmoid(N, slope->x, y);
    return weighted_sum(N, slope->dy, y);
}

/* d log sigmoid(x) / dx = 1 - sigmoid(x) */
START_TEST(slopes_of_the_exp_family_match_differences)
{
    double *x = data_new(N, 4, 3.0, DATA_PLAIN);
    double *dy = data_new(N, 5, 1.0, DATA_PLAIN);
    double dx[N];
    Slope slope = {x, dy};
    k->silu_grad(N, x, dy, dx);
    check_gradient("silu", silu_value, &slope, N, x, dx);
    k->sigmoid(N, x, dx);
    for (size_t i = 0; i < N; i++) {
        dx[i] = dy[i] * (1.0 - dx[i]);
    }
    check_gradient("log_sigmoid", log_sigmoid_value, &slope, N, x, dx);
    free(x);
    free(dy);
}
END_TEST

/* The formulas lose two or three roundings of 1.1e-16 each; 1e-15 relative. */
START_TEST(the_exp_family_is_libms_in_double)
{
    double *x = data_new(1000, 6, 5.0, DATA_PLAIN);
    double y[4][1000];
    double want[4][1000];
    for (size_t i = 0; i < 1000; i++) {
        double s = 1.0 / (1.0 + exp(-x[i]));
        want[0][i] = exp(x[i]);
        want[1][i] = s;
        want[2][i] = -log1p(exp(-x[i]));
        want[3][i] = x[i] * s;
    }
    k->exp(1000, x, y[0]);
    k->sigmoid(1000, x, y[1]);
    k->log_sigmoid(1000, x, y[2]);
    k->silu(1000, x, y[3]);
    for (size_t f = 0; f < 4; f++) {
        check_close_f64("exp, sigmoid, log_sigmoid, silu", 1000, y[f], want[f], 0.0, 1e-15);
    }
    free(x);
}
END_TEST

/* ---- rows ---- */

enum { ROWS = 4, D = 19, ALL = ROWS * D };

typedef struct Norm {
    double *x, *w, *dy;
} Norm;

static const double norm_eps = 1e-2; /* large, so that a wrong eps in the gradient shows */

static double norm_value(const void *at)
{
    const Norm *norm = at;
    double y[ALL];
    double rstd[ROWS];
    k->rmsnorm(ROWS, D, norm_eps, norm->x, norm->w, y, rstd);
    return weighted_sum(ALL, norm->dy, y);
}

START_TEST(gradient_of_rmsnorm_matches_differences)
{
    Norm norm = {data_new(ALL, 7, 0.8, DATA_PLAIN), data_new(D, 8, 1.0, DATA_PLAIN),
                 data_new(ALL, 9, 1.0, DATA_PLAIN)};
    double *w = norm.w;
    for (int with_weight = 0; with_weight < 2; with_weight++) {
        double y[ALL];
        double rstd[ROWS];
        double dx[ALL];
        double dw[D] = {0};
        norm.w = with_weight ? w : NULL;
        k->rmsnorm(ROWS, D, norm_eps, norm.x, norm.w, y, rstd);
        k->rmsnorm_dx(ROWS, D, norm.x, norm.w, rstd, norm.dy, dx, KERN_SET);
        k->rmsnorm_dw(ROWS, D, D, norm.x, rstd, norm.dy, dw);
        check_gradient("rmsnorm dx", norm_value, &norm, ALL, norm.x, dx);
        if (with_weight) {
            check_gradient("rmsnorm dw", norm_value, &norm, D, norm.w, dw);
        }
    }
    free(norm.x);
    free(norm.dy);
    free(w);
}
END_TEST

START_TEST(gradient_of_rmsnorm_is_added)
{
    const double x[3] = {1.0, -2.0, 0.5};
    const double w[3] = {0.7, 1.1, -0.4};
    const double dy[3] = {0.3, 0.2, -0.9};
    const double rstd = 0.75;
    double dx[2][3] = {{0}, {10.0, 20.0, 30.0}};
    double dw[2][3] = {{0}, {40.0, 50.0, 60.0}};
    for (size_t i = 0; i < 2; i++) {
        k->rmsnorm_dx(1, 3, x, w, &rstd, dy, dx[i], i == 0 ? KERN_SET : KERN_ADD);
        k->rmsnorm_dw(1, 3, 3, x, &rstd, dy, dw[i]);
    }
    for (size_t j = 0; j < 3; j++) {
        dx[1][j] -= 10.0 * (double)(j + 1);
        dw[1][j] -= 10.0 * (double)(j + 4);
    }
    check_close_f64("dx", 3, dx[1], dx[0], 1e-13, 0.0); /* 60 loses 7e-15 */
    check_close_f64("dw", 3, dw[1], dw[0], 1e-13, 0.0);
}
END_TEST

typedef struct Gated {
    double *o, *z, *dy;
} Gated;

static double normgate_value(const void *at)
{
    const Gated *gated = at;
    double y[ALL];
    double rstd[ROWS];
    k->normgate(ROWS, D, norm_eps, gated->o, gated->z, y, rstd);
    return weighted_sum(ALL, gated->dy, y);
}

START_TEST(gradient_of_normgate_matches_differences)
{
    Gated gated = {data_new(ALL, 7, 0.8, DATA_PLAIN), data_new(ALL, 8, 2.0, DATA_PLAIN),
                   data_new(ALL, 9, 1.0, DATA_PLAIN)};
    double y[ALL], again[ALL], dz[ALL], dout[ALL], rstd[ROWS];
    k->normgate(ROWS, D, norm_eps, gated.o, gated.z, y, rstd);
    k->normgate_grad(ROWS, D, gated.o, gated.z, rstd, gated.dy, again, dz, dout);
    check_gradient("normgate do", normgate_value, &gated, ALL, gated.o, dout);
    check_gradient("normgate dz", normgate_value, &gated, ALL, gated.z, dz);
    check_close_f64("y again", ALL, again, y, 0.0, 0.0);
    for (size_t i = 0; i < ROWS; i++) {
        double squares = weighted_sum(D, gated.o + i * D, gated.o + i * D);
        for (size_t j = i * D; j < (i + 1) * D; j++) {
            double want = gated.o[j] / sqrt(squares / D + norm_eps) / (1.0 + exp(-gated.z[j]));
            ck_assert_double_le(fabs(y[j] - want), 1e-14 * fabs(want));
        }
    }
    free(gated.o);
    free(gated.z);
    free(gated.dy);
}
END_TEST

typedef struct Logits {
    double *z;
    const uint16_t *target;
    const size_t *valid;
} Logits;

static double nll_value(const void *at)
{
    const Logits *logits = at;
    double nll[ROWS];
    k->cross_entropy(ROWS, D, logits->z, logits->target, 0.0, nll);
    return 0.3 * (nll[0] + nll[1] + nll[2] + nll[3]);
}

START_TEST(gradient_of_cross_entropy_matches_differences)
{
    const uint16_t target[ROWS] = {0, D - 1, 5, 5};
    double *z = data_new(ALL, 10, 2.0, DATA_PLAIN);
    double *dz = data_copy(ALL, z);
    double nll[ROWS];
    Logits logits = {.z = z, .target = target};
    k->cross_entropy(ROWS, D, dz, target, 0.3, nll);
    check_gradient("dz", nll_value, &logits, ALL, z, dz);
    free(z);
    free(dz);
}
END_TEST

static double lse_value(const void *at)
{
    const Logits *logits = at;
    double *scratch = data_copy(ALL, logits->z);
    double lse[ROWS];
    k->softmax(ROWS, D, scratch, logits->valid, lse);
    free(scratch);
    return lse[0] + lse[1] + lse[2] + lse[3];
}

/* d lse / dx_j = softmax_j: zero beyond the valid columns. */
START_TEST(softmax_is_the_gradient_of_its_lse)
{
    const size_t valid[ROWS] = {D, 1, 7, 16};
    double *x = data_new(ALL, 11, 2.0, DATA_PLAIN);
    double *p = data_copy(ALL, x);
    double lse[ROWS];
    Logits logits = {.z = x, .valid = valid};
    k->softmax(ROWS, D, p, valid, lse);
    check_gradient("softmax", lse_value, &logits, ALL, x, p);
    free(x);
    free(p);
}
END_TEST

/* ---- products, optimiser ---- */

START_TEST(products_have_their_orientations)
{
    /* A = [1 2 3; 4 5 6], B = [7 8; 9 10; 11 12]: AB = [58 64; 139 154] */
    const double a[] = {1, 2, 3, 4, 5, 6};
    const double at[] = {1, 4, 2, 5, 3, 6};
    const double b[] = {7, 8, 9, 10, 11, 12};
    const double bt[] = {7, 9, 11, 8, 10, 12};
    const double ab[] = {58, 64, 139, 154};
    const double twice[] = {116, 128, 278, 308};
    double c[4] = {9, 9, 9, 9};
    k->gemm_nn(2, 2, 3, a, 3, b, 2, c, 2, KERN_SET);
    check_same_bits_f64("nn", 4, c, ab);
    k->gemm_nt(2, 2, 3, a, 3, bt, 3, c, 2, KERN_SET);
    check_same_bits_f64("nt", 4, c, ab);
    k->gemm_tn(2, 2, 3, at, 2, b, 2, c, 2, KERN_SET);
    check_same_bits_f64("tn", 4, c, ab);
    k->gemm_tn(2, 2, 3, at, 2, b, 2, c, 2, KERN_ADD);
    check_same_bits_f64("added", 4, c, twice);
}
END_TEST

/* Three steps of AdamW as algorithm 2 of arXiv:1711.05101 writes them (its schedule
 * multiplier and learning rate as one lr on both terms), with m-hat and v-hat spelt out. */
START_TEST(adamw_follows_its_paper)
{
    enum { STEPS = 3 };
    const double lr = 0.02;
    const double b1 = 0.9;
    const double b2 = 0.99;
    double *p = data_new(N, 12, 1.0, DATA_PLAIN);
    double *want = data_copy(N, p);
    double m[N] = {0};
    double v[N] = {0};
    double want_m[N] = {0};
    double want_v[N] = {0};
    for (int step = 1; step <= STEPS; step++) {
        double *g = data_new(N, 20 + (uint64_t)step, 1.0, DATA_PLAIN);
        KernAdamw how = {lr, b1, b2, 1e-8, 0.1, 1 / (1 - pow(b1, step)), 1 / (1 - pow(b2, step)),
                         0.5};
        k->adamw(N, &how, g, p, m, v);
        for (size_t i = 0; i < N; i++) {
            double gi = 0.5 * g[i];
            want_m[i] = b1 * want_m[i] + (1 - b1) * gi;
            want_v[i] = b2 * want_v[i] + (1 - b2) * gi * gi;
            double m_hat = want_m[i] / (1 - pow(b1, step));
            double v_hat = want_v[i] / (1 - pow(b2, step));
            want[i] -= lr * (m_hat / (sqrt(v_hat) + 1e-8) + 0.1 * want[i]);
        }
        free(g);
    }
    /* a dozen roundings of 1.1e-16 a step, values about 1, cancellation in m */
    check_close_f64("p", N, p, want, 1e-14, 0.0);
    check_close_f64("m", N, m, want_m, 1e-14, 0.0);
    check_close_f64("v", N, v, want_v, 1e-14, 0.0);
    free(p);
    free(want);
}
END_TEST

START_TEST(the_double_build_knows_the_twins_only)
{
    ck_assert_str_eq(kern_get()->isa, "scalar");
    ck_assert_ptr_null(kern_isa_name(1));
}
END_TEST

int main(void)
{
    k = kern_get();
    return test_main((TestPlan){.name = "kern f64"});
}

/* HGRN2's gates: the same bits on every ISA, values against the formulas in long double,
 * gradients against central differences.
 *
 * Built twice: test_gates_f64.c includes this file for Real = double. */
#include "tests/support/suite.h"
#include "tests/trainer/core/kern_data.h"
#include "trainer/core/kern.h"

enum { ROWS = 3, D_MAX = 100, SIZE = ROWS * 3 * D_MAX };

typedef struct Gates {
    size_t d;
    bool has_bound;
    Real lb[D_MAX], open[D_MAX], log_lb[D_MAX], log_open[D_MAX];
    Real z[SIZE], q[SIZE], k[SIZE], g[SIZE];     /* z [ROWS,3d] */
    Real dq[SIZE], dk[SIZE], dg[SIZE], dz[SIZE]; /* dz [ROWS,3d] */
} Gates;

static void set_bound(Gates *x, size_t j, double lb)
{
    x->lb[j] = (Real)lb;
    x->open[j] = (Real)(1.0 - lb);
    x->log_lb[j] = (Real)-log(lb);
    x->log_open[j] = (Real)-log1p(-lb);
}

static void take(Real *to, uint64_t seed, double sd, DataKind kind)
{
    Real *x = data_new(SIZE, seed, sd, kind);
    memcpy(to, x, sizeof(Real) * SIZE);
    free(x);
}

/* Bounds from 1e-12 up to 1 - 1e-6. */
static void make(Gates *x, size_t d, bool has_bound, double sd, DataKind kind)
{
    memset(x, 0, sizeof *x);
    x->d = d;
    x->has_bound = has_bound;
    for (size_t j = 0; j < d; j++) {
        double u = rng_uniform(d, 1, j);
        set_bound(x, j, j % 3 == 0 ? exp(-27.0 * u) * 0.9 : j % 3 == 1 ? 1.0 - exp(-13.0 * u) : u);
    }
    take(x->z, d + 1, sd, kind);
    take(x->dq, d + 2, 1.0, DATA_PLAIN);
    take(x->dk, d + 3, 1.0, DATA_PLAIN);
    take(x->dg, d + 4, 1.0, DATA_PLAIN);
}

static void run(const Kern *k, Gates *x)
{
    const KernBound b = {
        .lb = x->lb, .open = x->open, .log_lb = x->log_lb, .log_open = x->log_open};
    const KernBound *bound = x->has_bound ? &b : NULL;
    k->hgrn2_gates(ROWS, x->d, x->z, 3 * x->d, bound, x->q, x->k, x->g);
    k->hgrn2_gates_grad(ROWS, x->d, x->z, 3 * x->d, bound, x->dq, x->dk, x->dg, x->dz);
}

#if !REAL_IS_DOUBLE

static bool same_bits(size_t n, const void *a, const void *b)
{
    return memcmp(a, b, n) == 0;
}

static void same(const char *what, size_t d, const float *got, const float *want)
{
    for (size_t i = 0; i < SIZE; i++) {
        bool is_same = same_bits(sizeof *got, &got[i], &want[i]);
        if (!is_same && !(isnan(got[i]) && isnan(want[i]))) { /* an assertion costs a write */
            ck_abort_msg("%s[%zu], d = %zu: %a, not %a", what, i, d, (double)got[i],
                         (double)want[i]);
        }
    }
}

static void compare(const Kern *k, size_t d, bool has_bound, DataKind kind)
{
    static Gates got, want;
    make(&got, d, has_bound, 8.0, kind);
    want = got;
    run(k, &got);
    run(kern_for_isa("scalar"), &want);
    same("q", d, got.q, want.q);
    same("k", d, got.k, want.k);
    same("g", d, got.g, want.g);
    same("dg", d, got.dg, want.dg);
    same("dz", d, got.dz, want.dz);
}

START_TEST(gates_repeat_on_every_isa)
{
    for (size_t i = 0; kern_isa_name(i); i++) {
        const Kern *k = kern_for_isa(kern_isa_name(i));
        for (size_t s = 0; k && s < N_DATA_LENGTH && data_length[s] <= D_MAX; s++) {
            for (int kind = DATA_PLAIN; kind <= DATA_WILD; kind++) {
                compare(k, data_length[s], false, (DataKind)kind);
                compare(k, data_length[s], true, (DataKind)kind);
            }
        }
    }
}
END_TEST

#endif

static const double rounding = REAL_IS_DOUBLE ? 0x1p-53 : 0x1p-24;

static void close_to(const char *what, size_t i, Real got, long double want, double allowed)
{
    if (!(fabs((double)((long double)got - want)) <= allowed + 1e-37)) {
        ck_abort_msg("%s[%zu]: %.9g, not %.9g (allowed %.3g)", what, i, (double)got, (double)want,
                     allowed);
    }
}

/* ln f of gate z_f, from the smaller of f and 1 - f */
static long double true_log(long double lb, long double open, long double z)
{
    long double f = lb + open / (1.0L + expl(-z)), rest = open / (1.0L + expl(z));
    return rest < 0.5L ? log1pl(-rest) : logl(f);
}

/* A sigmoid is off by 5 roundings; ln f by those of log_sigmoid and by what w is off, at most
 * the roundings of its terms (d ln f / dw = 1 - f <= abs(ln f)); f by 7, df by 9. */
static void check_row(const Gates *x, size_t row)
{
    const double u = rounding;
    for (size_t j = 0; j < x->d; j++) {
        size_t at = row * x->d + j;
        long double lb = x->has_bound ? (long double)x->lb[j] : 0.0L;
        long double open = x->has_bound ? (long double)x->open[j] : 1.0L;
        long double zq = (long double)x->z[row * 3 * x->d + j];
        long double z = (long double)x->z[row * 3 * x->d + x->d + j];
        long double q = zq / (1.0L + expl(-zq)), k = open / (1.0L + expl(z));
        long double g = true_log(lb, open, z);
        double terms = fabs((double)z) + (double)x->log_lb[j] + (double)x->log_open[j];
        close_to("q", at, x->q[at], q, 8 * u * fabs((double)q));
        close_to("k", at, x->k[at], k, 8 * u * fabs((double)k));
        close_to("g", at, x->g[at], g, (8 + 4 * terms) * u * fabs((double)g));
    }
}

START_TEST(gates_follow_their_formulas)
{
    static Gates x;
    static const double sd[] = {1.0, 8.0, 25.0};
    for (size_t i = 0; i < 6; i++) {
        make(&x, 97, i % 2 == 0, sd[i / 2], DATA_PLAIN);
        run(kern_get(), &x);
        for (size_t row = 0; row < ROWS; row++) {
            check_row(&x, row);
        }
    }
}
END_TEST

/* Where f underflows: without a bound, g = z and its gradient stay finite. */
START_TEST(a_gate_shut_for_good_has_a_finite_gradient)
{
    static Gates x;
    make(&x, 4, false, 1.0, DATA_PLAIN);
    for (size_t j = 0; j < 4; j++) {
        x.z[4 + j] = (Real)-2000;
    }
    run(kern_get(), &x);
    for (size_t j = 0; j < 4; j++) {
        ck_assert(x.g[j] == (Real)-2000 && x.k[j] == (Real)1 && x.dz[4 + j] == x.dg[j]);
    }
}
END_TEST

#if REAL_IS_DOUBLE

static double objective(const Gates *x, Gates *y)
{
    double sum = 0.0;
    *y = *x;
    run(kern_get(), y);
    for (size_t i = 0; i < ROWS * x->d; i++) {
        sum += x->dq[i] * y->q[i] + x->dk[i] * y->k[i] + x->dg[i] * y->g[i];
    }
    return sum;
}

/* Central differences with h = 1e-5: truncation about 1e-10, rounding about 1e-11. */
START_LOOP_TEST(gradients_of_gates_agree_with_differences, 2)
{
    static Gates x, y, got;
    const double h = 1e-5;
    make(&x, 9, _i == 1, 2.0, DATA_PLAIN);
    for (size_t j = 0; j < x.d; j++) {
        set_bound(&x, j, 0.1 + 0.08 * (double)j);
    }
    got = x;
    run(kern_get(), &got);
    for (size_t row = 0; row < ROWS; row++) {
        for (size_t j = 0; j < 2 * x.d; j++) {
            size_t at = row * 3 * x.d + j;
            double kept = x.z[at];
            x.z[at] = kept + h;
            double up = objective(&x, &y);
            x.z[at] = kept - h;
            double want = (up - objective(&x, &y)) / (2 * h);
            x.z[at] = kept;
            ck_assert_double_le(fabs(got.dz[at] - want), 1e-8 * (1.0 + fabs(want)));
        }
    }
    for (size_t j = 0; x.has_bound && j < x.d; j++) {
        double lb = x.lb[j];
        set_bound(&x, j, lb + h);
        double up = objective(&x, &y);
        set_bound(&x, j, lb - h);
        double want = (up - objective(&x, &y)) / (2 * h);
        set_bound(&x, j, lb);
        double dlb = got.dg[j] + got.dg[x.d + j] + got.dg[2 * x.d + j];
        ck_assert_double_le(fabs(dlb - want), 1e-8 * (1.0 + fabs(want)));
    }
}
END_TEST

#endif

int main(void)
{
    return test_main((TestPlan){.name = "kernels of HGRN2's gates"});
}

/* Positions by rotation: on every ISA the bits of the twin, the values of the formula. */
#include "tests/support/suite.h"
#include "tests/trainer/core/each_isa.h"

enum { ROWS = 5, H = 3, PERIOD = 4, FIRST = 2, GAP = 3 };

static KernTurn turn_of(size_t p, const float *cosine, const float *sine)
{
    return (KernTurn){.rows = ROWS,
                      .h = H,
                      .p = p,
                      .first = FIRST,
                      .period = PERIOD,
                      .cosine = cosine,
                      .sine = sine};
}

/* Rows of x, y and their gradients for heads of width p; rows are GAP apart. */
typedef struct Rows {
    float *turned, *x, *y, *dy, *dx;
    double dtheta[H * 1000];
} Rows;

static void run(const Kern *k, const KernTurn *t, uint64_t seed, DataKind kind, Rows *ret)
{
    size_t one = H * t->p + GAP, two = 2 * H * t->p + GAP;
    ret->turned = data_new(ROWS * one, seed, 2.0, kind);
    ret->x = data_new(ROWS * one, seed + 1, 4.0, kind);
    ret->y = data_new(ROWS * two, seed + 2, 1.0, DATA_PLAIN);
    ret->dy = data_new(ROWS * two, seed + 3, 1.0, kind);
    ret->dx = data_new(ROWS * one, seed + 4, 1.0, DATA_PLAIN);
    for (size_t j = 0; j < H * t->p; j++) {
        ret->dtheta[j] = (double)j;
    }
    if (t->p % 2 == 0) {
        k->rope(t, 0.3f, seed % 2 == 0 ? 1.0f : -1.0f, ret->turned, one);
    }
    k->silu_lrpe(t, ret->x, one, ret->y, two);
    k->silu_lrpe_grad(t, ret->x, one, ret->dy, two, ret->dx, one);
    k->lrpe_theta_grad(t, ret->y, ret->dy, two, ret->dtheta);
}

static void compare_turns(const Kern *twin, const Kern *k)
{
    static Rows got, want;
    for (size_t s = 0; s < N_DATA_LENGTH; s++) {
        size_t p = data_length[s], one = H * p + GAP, two = 2 * H * p + GAP;
        float *cosine = data_new(PERIOD * H * p, s + 1, 1.0, DATA_PLAIN);
        float *sine = data_new(PERIOD * H * p, s + 2, 1.0, DATA_PLAIN);
        KernTurn t = turn_of(p, cosine, sine);
        DataKind kind = (DataKind[]){DATA_PLAIN, DATA_AWKWARD}[s % 2];
        run(k, &t, s, kind, &got);
        run(twin, &t, s, kind, &want);
        same("rope", ROWS * one, got.turned, want.turned);
        same("x", ROWS * one, got.x, want.x);
        same("silu_lrpe", ROWS * two, got.y, want.y);
        same("dy", ROWS * two, got.dy, want.dy);
        same("silu_lrpe_grad", ROWS * one, got.dx, want.dx);
        for (size_t j = 0; j < H * p; j++) {
            ck_assert(got.dtheta[j] == want.dtheta[j] ||
                      (isnan(got.dtheta[j]) && isnan(want.dtheta[j])));
        }
        free(cosine);
        free(sine);
    }
}

START_TEST(rotations_repeat_on_every_isa)
{
    each_isa(compare_turns);
}
END_TEST

/* Rows in parts and heads in parts give the bits of one call. */
static void compare_split(const Kern *twin, const Kern *k)
{
    enum { P = 20, ONE = H * P + GAP, TWO = 2 * H * P + GAP };
    static Rows want;
    float *cosine = data_new((size_t)PERIOD * H * P, 1, 1.0, DATA_PLAIN);
    float *sine = data_new((size_t)PERIOD * H * P, 2, 1.0, DATA_PLAIN);
    KernTurn t = turn_of(P, cosine, sine);
    double dtheta[H * P];
    float *x = data_new((size_t)ROWS * ONE, 0, 2.0, DATA_PLAIN);
    run(twin, &t, 0, DATA_PLAIN, &want);
    KernTurn part = t;
    part.rows = 3;
    k->rope(&part, 0.3f, 1.0f, x, ONE);
    part.rows = ROWS - 3;
    part.first = (FIRST + 3) % PERIOD;
    k->rope(&part, 0.3f, 1.0f, x + (size_t)3 * ONE, ONE);
    same("rows in parts", (size_t)ROWS * ONE, x, want.turned);
    for (size_t j = 0; j < (size_t)H * P; j++) {
        dtheta[j] = (double)j;
    }
    part = t;
    part.h = 1;
    k->lrpe_theta_grad(&part, want.y, want.dy, TWO, dtheta);
    part.h = H - 1;
    k->lrpe_theta_grad(&part, want.y + (size_t)2 * P, want.dy + (size_t)2 * P, TWO, dtheta + P);
    check_same_bits_f64("heads in parts", (size_t)H * P, dtheta, want.dtheta);
    free(want.x);
    free(want.y);
    free(want.dy);
    free(want.dx);
    free(cosine);
    free(sine);
}

START_TEST(parts_do_not_show)
{
    each_isa(compare_split);
}
END_TEST

/* The kernels in double are held to differences by test_layers.c.  Here a float's row against
 * the formula: three roundings of 2^-24 for a turn, six with silu (3.2 of them its own). */
static void compare_formula(const Kern *twin, const Kern *k)
{
    enum { P = 34, HALF = P / 2 };
    static Rows got;
    float cosine[PERIOD * H * P], sine[PERIOD * H * P];
    (void)twin;
    for (size_t j = 0; j < (size_t)PERIOD * H * P; j++) {
        cosine[j] = cosf(0.1f * (float)j);
        sine[j] = sinf(0.1f * (float)j);
    }
    KernTurn t = turn_of(P, cosine, sine);
    run(k, &t, 0, DATA_PLAIN, &got);
    float *was = data_new((size_t)ROWS * (H * P + GAP), 0, 2.0, DATA_PLAIN);
    for (size_t i = 0; i < (size_t)ROWS * H * HALF; i++) {
        size_t row = i / (H * HALF), head = i / HALF % H, j = i % HALF;
        size_t at = row * (H * P + GAP) + head * P + j, angle = (FIRST + row) % PERIOD * HALF + j;
        double a = (double)was[at], b = (double)was[at + HALF];
        double c = 0.3 * (double)cosine[angle], s = 0.3 * (double)sine[angle];
        double size = 4 * 0x1p-24 * 0.3 * (fabs(a) + fabs(b));
        ck_assert_double_le(fabs((double)got.turned[at] - (a * c - b * s)), size);
        ck_assert_double_le(fabs((double)got.turned[at + HALF] - (a * s + b * c)), size);
    }
    for (size_t i = 0; i < (size_t)ROWS * H * P; i++) {
        size_t row = i / (H * P), head = i / P % H, j = i % P;
        size_t to = row * (2 * H * P + GAP) + head * 2 * P + j;
        size_t angle = (FIRST + row) % PERIOD * H * P + head * P + j;
        double x = (double)got.x[row * (H * P + GAP) + head * P + j];
        double f = x / (1.0 + exp(-x)), size = 5 * 0x1p-23 * fabs(f);
        ck_assert_double_le(fabs((double)got.y[to] - f * (double)cosine[angle]), size);
        ck_assert_double_le(fabs((double)got.y[to + P] - f * (double)sine[angle]), size);
    }
    free(was);
    free(got.turned);
    free(got.x);
    free(got.y);
    free(got.dy);
    free(got.dx);
}

START_TEST(rotations_are_their_formula)
{
    each_isa(compare_formula);
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "rotations"});
}

/* The linear-attention operation alone, against golden numbers, the recurrence and its
 * transpose written as loops, the quadratic form, and finite differences.
 *
 * Built with Real = double; test_linattn_f32.c builds it again for float. */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/arena.h"
#include "common/rng.h"
#include "tests/support/suite.h"
#include "tests/trainer/models/model_support.h"
#include "trainer/models/layers/linattn.h"

/* ---- one problem and its answers -------------------------------------------------------- */

enum { N_MAX = 200, P_MAX = 8 };

typedef struct Problem {
    size_t n, pk, pv;
    double q[N_MAX * P_MAX], k[N_MAX * P_MAX], v[N_MAX * P_MAX], g[N_MAX * P_MAX];
    double s0[P_MAX * P_MAX], dout[N_MAX * P_MAX], ds[P_MAX * P_MAX];
} Problem;

typedef struct Answer {
    double o[N_MAX * P_MAX], s[P_MAX * P_MAX];
    double dq[N_MAX * P_MAX], dk[N_MAX * P_MAX], dv[N_MAX * P_MAX], dg[N_MAX * P_MAX];
    double ds0[P_MAX * P_MAX];
} Answer;

/* S_t = diag(e^g) S + k v^T, o = S^T q, every state kept; then the transpose of each line. */
static void recurrence(const Problem *x, Answer *y)
{
    size_t pk = x->pk, pv = x->pv, size = pk * pv;
    double *states = calloc((x->n + 1) * size, sizeof *states), *ds = y->ds0;
    ck_assert_ptr_nonnull(states);
    *y = (Answer){0};
    memcpy(states, x->s0, size * sizeof *states);
    for (size_t t = 0; t < x->n; t++) {
        double *s = states + (t + 1) * size;
        for (size_t a = 0; a < pk; a++) {
            for (size_t c = 0; c < pv; c++) {
                s[a * pv + c] = exp(x->g[t * pk + a]) * s[(a * pv) + c - size] +
                                x->k[t * pk + a] * x->v[t * pv + c];
                y->o[t * pv + c] += s[a * pv + c] * x->q[t * pk + a];
            }
        }
    }
    memcpy(y->s, states + x->n * size, size * sizeof *states);
    memcpy(ds, x->ds, size * sizeof *ds);
    for (size_t t = x->n; t-- > 0;) {
        const double *s = states + (t + 1) * size;
        for (size_t a = 0; a < pk; a++) {
            double f = exp(x->g[t * pk + a]);
            for (size_t c = 0; c < pv; c++) {
                size_t at = a * pv + c;
                ds[at] += x->q[t * pk + a] * x->dout[t * pv + c];
                y->dq[t * pk + a] += s[at] * x->dout[t * pv + c];
                y->dk[t * pk + a] += ds[at] * x->v[t * pv + c];
                y->dv[t * pv + c] += ds[at] * x->k[t * pk + a];
                y->dg[t * pk + a] += f * ds[at] * s[at - size];
                ds[at] *= f;
            }
        }
    }
    free(states);
}

/* The operation under test: q, k, v, g in rows that are ld apart, as in a model. */
static void operation(const Problem *x, Decay decay, size_t chunk, size_t sub, Answer *y)
{
    enum { LD = P_MAX + 3 };
    static Real q[N_MAX * LD], k[N_MAX * LD], v[N_MAX * LD], g[N_MAX * LD], o[N_MAX * LD];
    static Real dq[N_MAX * LD], dk[N_MAX * LD], dv[N_MAX * LD], dg[N_MAX * LD], dout[N_MAX * LD];
    Real state[P_MAX * P_MAX], ds[P_MAX * P_MAX], end[P_MAX * P_MAX];
    LinAttn w = {
        .kern = kern_get(), .decay = decay, .pk = x->pk, .pv = x->pv, .chunk = chunk, .sub = sub};
    LinAttnWork work;
    Arena arena = ARENA_INIT;
    Mem mem = {.arena = &arena};
    linattn_layout_tables(&w, &mem);
    linattn_layout_work(&w, &work, &mem);
    size_t chunks = linattn_chunks(&w, x->n), size = x->pk * x->pv;
    LinAttnKept kept = {.states = mem_reals(&mem, chunks * size),
                        .a = mem_reals(&mem, chunks * chunk * chunk)};
    ck_assert(!mem.is_short);
    linattn_set_rate(&w, decay == DECAY_SCALAR ? -x->g[0] : 0.0);
    for (size_t t = 0; t < x->n; t++) {
        for (size_t a = 0; a < x->pk; a++) {
            q[t * LD + a] = (Real)x->q[t * x->pk + a];
            k[t * LD + a] = (Real)x->k[t * x->pk + a];
            g[t * LD + a] = (Real)x->g[t * x->pk + a];
        }
        for (size_t c = 0; c < x->pv; c++) {
            v[t * LD + c] = (Real)x->v[t * x->pv + c];
            dout[t * LD + c] = (Real)x->dout[t * x->pv + c];
        }
    }
    for (size_t i = 0; i < size; i++) {
        state[i] = (Real)x->s0[i];
        ds[i] = (Real)x->ds[i];
    }
    LinAttnIn in = {
        .n = x->n, .q = q, .k = k, .v = v, .g = g, .ldq = LD, .ldk = LD, .ldv = LD, .ldg = LD};
    LinAttnGrad grad = {
        .dq = dq, .dk = dk, .dv = dv, .dg = dg, .lddq = LD, .lddk = LD, .lddv = LD, .lddg = LD};
    linattn_forward(&w, &work, &in, state, o, LD, &kept);
    memcpy(end, state, sizeof end);
    linattn_backward(&w, &work, &in, &kept, end, dout, LD, ds, &grad);
    for (size_t t = 0; t < x->n; t++) {
        for (size_t a = 0; a < x->pk; a++) {
            y->dq[t * x->pk + a] = (double)dq[t * LD + a];
            y->dk[t * x->pk + a] = (double)dk[t * LD + a];
            y->dg[t * x->pk + a] = (double)dg[t * LD + a];
        }
        for (size_t c = 0; c < x->pv; c++) {
            y->o[t * x->pv + c] = (double)o[t * LD + c];
            y->dv[t * x->pv + c] = (double)dv[t * LD + c];
        }
    }
    for (size_t i = 0; i < size; i++) {
        y->s[i] = (double)end[i];
        y->ds0[i] = (double)ds[i];
    }
    arena_release(&arena);
}

static double largest(size_t n, const double *x)
{
    double max = 0.0;
    for (size_t i = 0; i < n; i++) {
        max = fmax(max, fabs(x[i]));
    }
    return max;
}

/* Differences relative to the largest element: double 1e-12 (about 200 terms of size one,
 * 1e-16 each, with room); float 1e-4, the same reasoning with 6e-8. */
static void compare(const char *what, size_t n, const double *got, const double *want)
{
    double allowed = (REAL_IS_DOUBLE ? 1e-12 : 1e-4) * (1.0 + largest(n, want));
    for (size_t i = 0; i < n; i++) {
        ck_assert_msg(fabs(got[i] - want[i]) <= allowed, "%s[%zu]: got %.15g, want %.15g", what, i,
                      got[i], want[i]);
    }
}

static void compare_all(const Problem *x, Decay decay, const Answer *got, const Answer *want)
{
    compare("o", x->n * x->pv, got->o, want->o);
    compare("S", x->pk * x->pv, got->s, want->s);
    compare("dq", x->n * x->pk, got->dq, want->dq);
    compare("dk", x->n * x->pk, got->dk, want->dk);
    compare("dv", x->n * x->pv, got->dv, want->dv);
    compare("dS0", x->pk * x->pv, got->ds0, want->ds0);
    if (decay == DECAY_CHANNEL) {
        compare("dg", x->n * x->pk, got->dg, want->dg);
    }
}

static void fill(size_t n, double *x, uint64_t seed)
{
    for (size_t i = 0; i < n; i++) {
        x[i] = rng_normal(seed, 3, i);
    }
}

/* g < 0 of mean about -1 by channel, constant for a scalar decay, 0 for none. */
static void make(Problem *x, size_t n, size_t pk, size_t pv, Decay decay, uint64_t seed)
{
    *x = (Problem){.n = n, .pk = pk, .pv = pv};
    fill(n * pk, x->q, seed);
    fill(n * pk, x->k, seed + 1);
    fill(n * pv, x->v, seed + 2);
    fill(n * pv, x->dout, seed + 3);
    fill(pk * pv, x->s0, seed + 4);
    fill(pk * pv, x->ds, seed + 5);
    for (size_t i = 0; i < n * pk; i++) {
        double z = 2.0 * rng_normal(seed, 9, i);
        x->g[i] = decay == DECAY_CHANNEL ? -log1p(exp(-z)) : decay == DECAY_SCALAR ? -0.11 : 0.0;
    }
}

/* ---- tests -------------------------------------------------------------------------------- */

static const Decay decays[] = {DECAY_NONE, DECAY_SCALAR, DECAY_CHANNEL};
static const size_t cuts[][2] = {{1, 1}, {8, 3}, {16, 4}, {64, 16}, {1000, 1000}, {64, 64}, {5, 8}};
static const size_t lengths[] = {1, 2, 7, 16, 63, 64, 65, 128, 151};

START_LOOP_TEST(chunks_equal_the_recurrence, 3)
{
    static Problem x;
    static Answer want, got;
    Decay decay = decays[_i];
    for (size_t l = 0; l < sizeof lengths / sizeof *lengths; l++) {
        make(&x, lengths[l], 5, 7, decay, 20 + l);
        recurrence(&x, &want);
        for (size_t c = 0; c < sizeof cuts / sizeof *cuts; c++) {
            size_t chunk = cuts[c][0] > x.n ? x.n : cuts[c][0];
            size_t sub = cuts[c][1] > x.n ? x.n : cuts[c][1];
            operation(&x, decay, chunk, sub, &got);
            compare_all(&x, decay, &got, &want);
        }
    }
}
END_TEST

/* o_i = sum_{j<=i} sum_a q_ia k_ja e^{G_i - G_j} v_j: the quadratic form, from the sums G. */
START_TEST(the_recurrence_equals_the_quadratic_form)
{
    static Problem x;
    static Answer want;
    make(&x, 50, 5, 7, DECAY_CHANNEL, 3);
    memset(x.s0, 0, sizeof x.s0);
    recurrence(&x, &want);
    static double o[N_MAX * P_MAX], sum[N_MAX * P_MAX];
    memset(o, 0, sizeof o);
    for (size_t t = 0; t < x.n * x.pk; t++) {
        sum[t] = x.g[t] + (t >= x.pk ? sum[t - x.pk] : 0.0);
    }
    for (size_t i = 0; i < x.n; i++) {
        for (size_t j = 0; j <= i; j++) {
            for (size_t a = 0; a < x.pk; a++) {
                double w = x.q[i * x.pk + a] * x.k[j * x.pk + a] *
                           exp(sum[i * x.pk + a] - sum[j * x.pk + a]);
                for (size_t c = 0; c < x.pv; c++) {
                    o[i * x.pv + c] += w * x.v[j * x.pv + c];
                }
            }
        }
    }
    compare("o", x.n * x.pv, o, want.o);
}
END_TEST

/* Strong forgetting (exponents of hundreds in a chunk), almost none, none, gates shut in
 * places; e^{-b} would overflow in the first of these. */
START_LOOP_TEST(extreme_decays_stay_exact, 5)
{
    static const double kinds[] = {-10.0, -1e-7, 0.0, -30.0, -100.0};
    static Problem x;
    static Answer want, got;
    make(&x, 150, 6, 6, DECAY_CHANNEL, 8);
    double strength = kinds[_i];
    for (size_t i = 0; i < x.n * x.pk; i++) {
        x.g[i] = strength * (strength < -1.0 ? rng_uniform(4, 4, i) : 1.0);
    }
    recurrence(&x, &want);
    operation(&x, DECAY_CHANNEL, 64, 16, &got);
    compare_all(&x, DECAY_CHANNEL, &got, &want);
    for (size_t i = 0; i < x.n * x.pv; i++) {
        ck_assert(isfinite(got.o[i]));
    }
}
END_TEST

START_TEST(open_gates_with_no_input_change_nothing)
{
    static Problem x;
    static Answer want, got;
    make(&x, 70, 4, 4, DECAY_CHANNEL, 8); /* f = 1 and k = 0 in rows 10 .. 59 */
    for (size_t i = 10 * x.pk; i < 60 * x.pk; i++) {
        x.g[i] = 0.0;
        x.k[i] = 0.0;
    }
    recurrence(&x, &want);
    operation(&x, DECAY_CHANNEL, 16, 4, &got);
    compare_all(&x, DECAY_CHANNEL, &got, &want);
}
END_TEST

START_TEST(one_constant_decay_agrees_in_both_forms)
{
    static Problem x;
    static Answer channel, scalar;
    make(&x, 130, 6, 6, DECAY_SCALAR, 8);
    operation(&x, DECAY_CHANNEL, 64, 16, &channel);
    operation(&x, DECAY_SCALAR, 64, 16, &scalar);
    compare_all(&x, DECAY_SCALAR, &channel, &scalar);
    for (size_t i = 0; i < x.n * x.pk; i++) {
        x.g[i] = 0.0;
    }
    operation(&x, DECAY_CHANNEL, 64, 16, &channel);
    operation(&x, DECAY_NONE, 64, 16, &scalar);
    compare_all(&x, DECAY_NONE, &channel, &scalar);
}
END_TEST

/* With an empty initial state the first decay acts on nothing. */
START_TEST(first_decay_has_no_gradient_from_an_empty_state)
{
    static Problem x;
    static Answer got;
    make(&x, 199, 6, 6, DECAY_CHANNEL, 12);
    memset(x.s0, 0, sizeof x.s0);
    operation(&x, DECAY_CHANNEL, 64, 16, &got);
    double allowed = (REAL_IS_DOUBLE ? 1e-12 : 1e-4) * largest(x.n * x.pk, got.dg);
    for (size_t a = 0; a < x.pk; a++) {
        ck_assert_double_le(fabs(got.dg[a]), allowed);
    }
}
END_TEST

/* Chunks up to any row, then the recurrence: the state is the same thing. */
START_LOOP_TEST(steps_go_on_from_a_chunkwise_state, 3)
{
    static Problem x;
    static Answer want;
    Decay decay = decays[_i];
    make(&x, 90, 4, 6, decay, 31);
    recurrence(&x, &want);
    LinAttn w = {.kern = kern_get(), .decay = decay, .pk = 4, .pv = 6, .chunk = 64, .sub = 16};
    LinAttnWork work;
    Arena arena = ARENA_INIT;
    Mem mem = {.arena = &arena};
    linattn_layout_tables(&w, &mem);
    linattn_layout_work(&w, &work, &mem);
    linattn_set_rate(&w, decay == DECAY_SCALAR ? 0.11 : 0.0);
    Real *q = mem_reals(&mem, 5 * N_MAX * P_MAX);
    ck_assert(!mem.is_short && q);
    Real *k = q + N_MAX * P_MAX, *v = k + N_MAX * P_MAX;
    Real *g = v + N_MAX * P_MAX, *o = g + N_MAX * P_MAX;
    for (size_t i = 0; i < N_MAX * P_MAX; i++) {
        q[i] = (Real)x.q[i], k[i] = (Real)x.k[i], v[i] = (Real)x.v[i], g[i] = (Real)x.g[i];
    }
    for (size_t from = 0; from <= 90; from += 30) {
        Real state[P_MAX * P_MAX];
        for (size_t i = 0; i < 24; i++) {
            state[i] = (Real)x.s0[i];
        }
        LinAttnIn in = {
            .n = from, .q = q, .k = k, .v = v, .g = g, .ldq = 4, .ldk = 4, .ldv = 6, .ldg = 4};
        linattn_forward(&w, &work, &in, state, o, 6, NULL);
        for (size_t t = from; t < x.n; t++) {
            linattn_step(&w, &work, q + t * 4, k + t * 4, v + t * 6, g + t * 4, state, o + t * 6);
        }
        double got[N_MAX * P_MAX];
        for (size_t i = 0; i < x.n * 6; i++) {
            got[i] = (double)o[i];
        }
        compare("o", x.n * 6, got, want.o);
    }
    arena_release(&arena);
}
END_TEST

#if REAL_IS_DOUBLE
/* Printed by an independent implementation; fourteen decimals. */
START_TEST(golden_numbers)
{
    static const double o[] = {
        0.61984911367154, 0.28685554069647, 1.40283681865798, 0.81079763984733, 1.27924895907713,
        0.82850188634139, 1.00147460215944, 0.84169985386567, 1.16389719268299, 1.65870068213309};
    static const double s[] = {0.58633551871067, 0.03254731384247, -1.30742157994050,
                               -1.90155279175961};
    static const double dq[] = {
        1.13557174422548,  0.52556729351564, 1.81669452358197,  0.30977703703664, 1.41332524931846,
        -0.36690032277130, 0.58240704094877, -0.59080366593361, 0.14944924655445, 0.08230303630468};
    static const double dk[] = {
        1.61713228755055, 1.82860483961546, 2.11662751358355,  1.24941733626628,  1.39113477910354,
        0.16034224993050, 0.34242139103225, -0.17007162156820, -0.00285651944810, 0.05987574508671};
    static const double dv[] = {
        2.18523597680855, 1.47792910059427, 1.16870981770291,  0.60039756956907, 0.41483866072264,
        0.02054706481421, 0.28262197433283, -0.12693962773417, 0.22639809478692, -0.19229288455054};
    static const double dg[] = {0,
                                0,
                                1.24931291044396,
                                0.31152791538386,
                                1.33950319774610,
                                0.00764308606717,
                                0.44204675700338,
                                0.04960218620372,
                                0.00453313378522,
                                -0.01190937087430};
    static Problem x;
    static Answer got;
    x = (Problem){.n = 5, .pk = 2, .pv = 2};
    for (size_t at = 0; at < 10; at++) {
        double t = (double)(at / 2), i = (double)(at % 2);
        x.q[at] = sin(.3 + .7 * t + 1.1 * i);
        x.k[at] = cos(.2 + .5 * t + .9 * i);
        x.v[at] = sin(1. + .4 * t - .6 * i);
        x.g[at] = -0.1 - 0.2 * fabs(sin(.8 * t + .3 * i));
        x.dout[at] = cos(.1 + .3 * t + .5 * i);
    }
    for (size_t chunk = 1; chunk <= 5; chunk++) {
        operation(&x, DECAY_CHANNEL, chunk, chunk == 5 ? 2 : 1, &got);
        compare("o", 10, got.o, o);
        compare("S", 4, got.s, s);
        compare("dq", 10, got.dq, dq);
        compare("dk", 10, got.dk, dk);
        compare("dv", 10, got.dv, dv);
        compare("dg", 10, got.dg, dg);
    }
    for (size_t at = 0; at < 10; at++) {
        x.g[at] = log(.9);
    }
    operation(&x, DECAY_SCALAR, 3, 1, &got);
    compare("o[4], decay .9", 2, got.o + 8, (double[]){1.18017247564345, 1.71954374677848});
    compare("S, decay .9", 4, got.s,
            (double[]){0.97924864137753, 0.27291007701287, -1.30735009452210, -1.95989381423624});
    operation(&x, DECAY_NONE, 3, 1, &got);
    compare("o[4], no decay", 2, got.o + 8, (double[]){1.23700227822703, 1.83789224065280});
}
END_TEST

static double objective(const Problem *x, Decay decay)
{
    static Answer y;
    double sum = 0.0;
    operation(x, decay, 8, 3, &y);
    for (size_t i = 0; i < x->n * x->pv; i++) {
        sum += y.o[i] * x->dout[i];
    }
    for (size_t i = 0; i < x->pk * x->pv; i++) {
        sum += y.s[i] * x->ds[i];
    }
    return sum;
}

static void check_slopes(const char *what, const Problem *x, Decay decay, double *at, size_t n,
                         const double *grad)
{
    double h = 1e-3; /* the objective is a polynomial but for e^g: h^4 f^(5) < 1e-11 */
    for (size_t i = 0; i < n; i += 1 + n / 7) {
        double was = at[i], f[4];
        for (int s = 0; s < 4; s++) {
            at[i] = was + h * (double[]){1, -1, 2, -2}[s];
            f[s] = objective(x, decay);
        }
        at[i] = was;
        double slope = (8.0 * (f[0] - f[1]) - (f[2] - f[3])) / (12.0 * h);
        ck_assert_msg(fabs(grad[i] - slope) <= 1e-8 * (1.0 + fabs(slope)),
                      "%s[%zu]: gradient %.12g, differences %.12g", what, i, grad[i], slope);
    }
}

START_LOOP_TEST(gradients_are_those_of_finite_differences, 3)
{
    static Problem x;
    static Answer y;
    Decay decay = decays[_i];
    make(&x, 21, 4, 3, decay, 17);
    operation(&x, decay, 8, 3, &y);
    check_slopes("q", &x, decay, x.q, x.n * x.pk, y.dq);
    check_slopes("k", &x, decay, x.k, x.n * x.pk, y.dk);
    check_slopes("v", &x, decay, x.v, x.n * x.pv, y.dv);
    check_slopes("S0", &x, decay, x.s0, x.pk * x.pv, y.ds0);
    if (decay == DECAY_CHANNEL) {
        check_slopes("g", &x, decay, x.g, x.n * x.pk, y.dg);
    }
}
END_TEST
#endif

int main(void)
{
    return test_main((TestPlan){.name = "linattn"});
}

/* The layers alone, in double: against their definitions and finite differences. */
#include <check.h>
#include <math.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "common/arena.h"
#include "tests/support/suite.h"
#include "tests/trainer/models/model_support.h"
#include "trainer/core/real_math.h"
#include "trainer/models/layers/attention.h"
#include "trainer/models/layers/head.h"
#include "trainer/models/layers/mlp.h"
#include "trainer/models/layers/rope.h"
#include "trainer/models/layers/tpe.h"

static void fill(size_t n, Real *x, uint64_t seed)
{
    for (size_t i = 0; i < n; i++) {
        x[i] = rng_normal(seed, 5, i);
    }
}

static void check_near(const char *what, double got, double want, double allowed)
{
    ck_assert_msg(fabs(got - want) <= allowed * (1.0 + fabs(want)), "%s: got %.15g, want %.15g",
                  what, got, want);
}

/* Objective of a layer: the upstream gradient times its output. */
typedef double (*Objective)(void *ctx);

/* Compares grad [n] with five-point differences of f in x [n], at about nine elements.
 * h = 1e-4: truncation and rounding are both below 1e-10. */
static void check_slopes(const char *what, size_t n, Real *x, const Real *grad, Objective f,
                         void *ctx)
{
    const double h = 1e-4;
    for (size_t i = 0; i < n; i += 1 + n / 9) {
        Real was = x[i];
        double y[4];
        for (int s = 0; s < 4; s++) {
            x[i] = was + h * (double[]){1, -1, 2, -2}[s];
            y[s] = f(ctx);
        }
        x[i] = was;
        check_near(what, grad[i], (8.0 * (y[0] - y[1]) - (y[2] - y[3])) / (12.0 * h), 1e-8);
    }
}

static double inner(size_t n, const Real *x, const Real *y)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        sum += x[i] * y[i];
    }
    return sum;
}

/* ---- positions ------------------------------------------------------------------------ */

enum { P = 6, HEADS = 2, D = P * HEADS };

/* One row of h heads at a position whose sines are given. */
static KernTurn turn_at(size_t h, const Real *cosine, const Real *sine)
{
    return (KernTurn){.rows = 1, .h = h, .p = P, .period = 1, .cosine = cosine, .sine = sine};
}

static double rope_score(size_t t, size_t s, const Real *q, const Real *k)
{
    double theta[P / 2];
    Real c[P / 2], si[P / 2], a[P], b[P];
    KernTurn turn = turn_at(1, c, si);
    memcpy(a, q, sizeof a);
    memcpy(b, k, sizeof b);
    rope_theta(P, 10000.0, theta);
    angles_at(t, P / 2, theta, c, si);
    kern_get()->rope(&turn, 1.0, 1.0, a, P);
    angles_at(s, P / 2, theta, c, si);
    kern_get()->rope(&turn, 1.0, 1.0, b, P);
    return inner(P, a, b);
}

static double lrpe_score(size_t t, size_t s, const double *theta, const Real *q, const Real *k)
{
    Real c[P], si[P], a[2 * P], b[2 * P];
    KernTurn turn = turn_at(1, c, si);
    angles_at(t, P, theta, c, si);
    kern_get()->silu_lrpe(&turn, q, P, a, (size_t)2 * P);
    angles_at(s, P, theta, c, si);
    kern_get()->silu_lrpe(&turn, k, P, b, (size_t)2 * P);
    return inner((size_t)2 * P, a, b);
}

static double silu(double x)
{
    return x / (1.0 + exp(-x));
}

START_TEST(scores_depend_on_distance_alone)
{
    Real q[P], k[P];
    double theta[P] = {1.0, 0.3, 0.01, 0.0, 2.7, 1e-8};
    fill(P, q, 1);
    fill(P, k, 2);
    for (size_t s = 0; s < 9; s++) {
        /* 1000 radians carry 1e-13 of rounding. */
        check_near("RoPE", rope_score(s + 1007, 1000, q, k), rope_score(s + 7, 0, q, k), 1e-11);
        double want = 0.0;
        for (size_t j = 0; j < P; j++) {
            want += silu(q[j]) * silu(k[j]) * cos(((double)s + 7.0) * theta[j]);
        }
        check_near("LRPE", lrpe_score(s + 1007, 1000, theta, q, k), want, 1e-11);
    }
}
END_TEST

START_TEST(rope_turns_pairs_half_a_head_apart)
{
    double theta[P / 2];
    Real c[P / 2], s[P / 2], x[P] = {1, 0, 0, 0, 0, 0};
    rope_theta(P, 100.0, theta);
    angles_at(3, P / 2, theta, c, s);
    KernTurn turn = turn_at(1, c, s);
    kern_get()->rope(&turn, 2.0, 1.0, x, P);
    check_near("x[0]", x[0], 2.0 * cos(3.0), 1e-15);
    check_near("x[3]", x[3], 2.0 * sin(3.0), 1e-15);
    check_near("theta[1]", theta[1], pow(100.0, -1.0 / 3.0), 1e-15);
    kern_get()->rope(&turn, 0.5, -1.0, x, P); /* turns it back */
    check_near("x[0] again", x[0], 1.0, 1e-15);
    check_near("x[3] again", x[3], 0.0, 1e-15);
}
END_TEST

enum { LROWS = 70, LT = 33 }; /* more rows than a block, sequences of LT */

typedef struct Lrpe {
    Real x[LROWS * 2 * D], y[LROWS * 4 * D], dy[LROWS * 4 * D];
    Real cosine[LT * D], sine[LT * D], theta[D];
} Lrpe;

/* Rows from position 5 on. */
static KernTurn lrpe_turn(Lrpe *w)
{
    double theta[D];
    for (size_t j = 0; j < D; j++) {
        theta[j] = w->theta[j];
    }
    for (size_t t = 0; t < LT; t++) {
        angles_at(t, D, theta, w->cosine + t * D, w->sine + t * D);
    }
    return (KernTurn){.rows = LROWS,
                      .h = HEADS,
                      .p = P,
                      .first = 5,
                      .period = LT,
                      .cosine = w->cosine,
                      .sine = w->sine};
}

static double lrpe_objective(void *ctx)
{
    Lrpe *w = ctx;
    KernTurn turn = lrpe_turn(w);
    lrpe_forward(kern_get(), &turn, w->x, (size_t)2 * D, w->y, (size_t)4 * D);
    return inner((size_t)LROWS * 4 * D, w->y, w->dy);
}

START_TEST(lrpe_gradients)
{
    static Lrpe w;
    static Real dx[LROWS * 2 * D], dtheta_r[D];
    double dtheta[D] = {0};
    fill((size_t)LROWS * 2 * D, w.x, 3);
    fill((size_t)LROWS * 4 * D, w.dy, 4);
    fill(D, w.theta, 5);
    (void)lrpe_objective(&w);
    KernTurn turn = lrpe_turn(&w);
    lrpe_backward(kern_get(), &turn, w.x, (size_t)2 * D, w.dy, (size_t)4 * D, dx, (size_t)2 * D);
    for (size_t of_key = 0; of_key < 2; of_key++) {
        size_t at = of_key * 2 * D;
        kern_get()->lrpe_theta_grad(&turn, w.y + at, w.dy + at, (size_t)4 * D, dtheta);
    }
    for (size_t j = 0; j < D; j++) {
        dtheta_r[j] = dtheta[j];
    }
    check_slopes("dx", (size_t)LROWS * 2 * D, w.x, dx, lrpe_objective, &w);
    check_slopes("dtheta", D, w.theta, dtheta_r, lrpe_objective, &w);
    (void)lrpe_objective(&w);
    for (size_t r = 0; r < LROWS; r++) {
        double t = (double)((5 + r) % LT);
        for (size_t j = 0; j < D; j++) {
            const Real *y = w.y + r * 4 * D + j / P * 2 * P + j % P;
            double f = silu(w.x[r * 2 * D + j]), angle = t * w.theta[j];
            check_near("y cos", y[0], f * cos(angle), 1e-14);
            check_near("y sin", y[P], f * sin(angle), 1e-14);
        }
    }
}
END_TEST

/* ---- attention ------------------------------------------------------------------------ */

enum { N = 150, AP = 4, LD = 13 };

typedef struct Attention {
    size_t n;
    AttentionWork work;
    Arena arena;
    Real q[N * LD], k[N * LD], v[N * LD], dout[N * LD];
    Real bits[N * LD], o[N * LD], lse[N];
    Real dq[N * LD], dk[N * LD], dv[N * LD];
} Attention;

static void attention_open(Attention *w)
{
    *w = (Attention){0};
    Mem mem = {.arena = &w->arena};
    attention_layout_work(&w->work, kern_get(), N, AP, true, &mem);
    ck_assert(!mem.is_short);
    fill((size_t)N * LD, w->q, 1);
    fill((size_t)N * LD, w->k, 2);
    fill((size_t)N * LD, w->v, 3);
    fill((size_t)N * LD, w->dout, 4);
}

/* With the query as attention takes it: its scores are in bits. */
static AttentionIn attention_in(Attention *w, size_t n)
{
    for (size_t i = 0; i < (size_t)N * LD; i++) {
        w->bits[i] = w->q[i] * LOG2_E;
    }
    return (AttentionIn){.n = n, .p = AP, .ld = LD, .q = w->bits, .k = w->k, .v = w->v};
}

/* Softmax attention as a recurrence: for every query a linear RNN that starts again,
 * s_j = s_{j-1} + e^{q k_j}, o_j = (s_{j-1}/s_j) o_{j-1} + (1 - s_{j-1}/s_j) v_j
 * (arXiv:2406.16690 section 5). */
static void check_recurrence(const Attention *w, size_t i)
{
    double s = 0.0, o[AP] = {0};
    for (size_t j = 0; j <= i; j++) {
        double next = s + exp(inner(AP, w->q + i * LD, w->k + j * LD));
        for (size_t c = 0; c < AP; c++) {
            o[c] = s / next * o[c] + (1.0 - s / next) * w->v[j * LD + c];
        }
        s = next;
    }
    for (size_t c = 0; c < AP; c++) {
        check_near("o", w->o[i * LD + c], o[c], 1e-12);
    }
    check_near("lse", w->lse[i], log2(s), 1e-13);
}

START_TEST(attention_is_a_recurrence_per_query)
{
    static Attention w;
    Real one[AP], scores[N];
    attention_open(&w);
    static const size_t lengths[] = {1, 5, 31, 32, 33, 63, 64, 65, 97, 128, N};
    for (size_t l = 0; l < sizeof lengths / sizeof *lengths; l++) {
        size_t n = lengths[l];
        AttentionIn in = attention_in(&w, n);
        attention_forward(kern_get(), &w.work, &in, w.o, LD, w.lse);
        for (size_t i = 0; i < n; i++) {
            check_recurrence(&w, i);
        }
        in.q = w.q + (n - 1) * LD;
        attention_decode(kern_get(), &in, scores, one);
        for (size_t c = 0; c < AP; c++) {
            check_near("decoded", one[c], w.o[(n - 1) * LD + c], 1e-13);
        }
    }
    arena_release(&w.arena);
}
END_TEST

/* Scores of thousands: a row's maximum moves on from tile to tile, no weight overflows, and
 * the output is the value of the key with the largest score. */
START_TEST(attention_survives_large_scores)
{
    static Attention w;
    attention_open(&w);
    for (size_t i = 0; i < N; i++) {
        size_t up = i * 37 % N; /* meets every tile */
        w.q[i * LD] = 1.0;
        w.k[i * LD] = 1000.0 * (double)up;
        memset(w.q + i * LD + 1, 0, (AP - 1) * sizeof *w.q);
    }
    AttentionIn in = attention_in(&w, N);
    attention_forward(kern_get(), &w.work, &in, w.o, LD, w.lse);
    size_t best = 0;
    for (size_t i = 0; i < N; i++) {
        best = w.k[i * LD] > w.k[best * LD] ? i : best;
        check_near("lse", w.lse[i], w.k[best * LD] * LOG2_E, 1e-15);
        for (size_t c = 0; c < AP; c++) {
            check_near("o", w.o[i * LD + c], w.v[best * LD + c], 1e-15);
        }
    }
    arena_release(&w.arena);
}
END_TEST

static double attention_objective(void *ctx)
{
    Attention *w = ctx;
    AttentionIn in = attention_in(w, w->n);
    attention_forward(kern_get(), &w->work, &in, w->o, LD, w->lse);
    double sum = 0.0;
    for (size_t i = 0; i < w->n; i++) {
        sum += inner(AP, w->o + i * LD, w->dout + i * LD);
    }
    return sum;
}

START_LOOP_TEST(attention_gradients, 4)
{
    static Attention w;
    attention_open(&w);
    w.n = (size_t[]){7, 40, 64, N}[_i];
    (void)attention_objective(&w);
    AttentionIn in = attention_in(&w, w.n);
    AttentionOut out = {.o = w.o, .dout = w.dout, .ldo = LD, .lse = w.lse};
    AttentionGrad grad = {.dq = w.dq, .dk = w.dk, .dv = w.dv, .ld = LD};
    attention_backward(kern_get(), &w.work, &in, &out, &grad);
    for (size_t i = 0; i < (size_t)N * LD; i++) {
        w.dk[i] *= LN_2; /* dq is that of the query in nats */
    }
    /* Between rows lie nine numbers that are not ours: their gradient is untouched, 0. */
    check_slopes("dq", w.n * LD, w.q, w.dq, attention_objective, &w);
    check_slopes("dk", w.n * LD, w.k, w.dk, attention_objective, &w);
    check_slopes("dv", w.n * LD, w.v, w.dv, attention_objective, &w);
    arena_release(&w.arena);
}
END_TEST

/* ---- TPE ------------------------------------------------------------------------------- */

enum { TN = 53, TD = 5, TE = 3 };

typedef struct Filter {
    Tpe tpe;
    Arena arena;
    Real x[TN * TD], y[TN * TD], dy[TN * TD], b[TD * TE], lam_r[TE];
    double lam[TE];
} Filter;

static void filter_derive(Filter *w)
{
    for (size_t j = 0; j < TE; j++) {
        w->lam[j] = w->lam_r[j];
    }
    tpe_derive(&w->tpe, w->lam);
}

static void filter_open(Filter *w)
{
    *w = (Filter){.lam_r = {0.5, 0.97, 0.0}};
    w->tpe = (Tpe){.kern = kern_get(), .d = TD, .e = TE, .learns_decay = true, .b = w->b};
    Mem mem = {.arena = &w->arena};
    tpe_layout(&w->tpe, TN, true, &mem);
    ck_assert(!mem.is_short);
    fill((size_t)TN * TD, w->x, 1);
    fill((size_t)TN * TD, w->dy, 2);
    fill((size_t)TD * TE, w->b, 3);
    filter_derive(w);
}

static double filter_objective(void *ctx)
{
    Filter *w = ctx;
    filter_derive(w);
    tpe_forward(&w->tpe, 0, TD, TN, w->x, w->y);
    return inner((size_t)TN * TD, w->y, w->dy);
}

START_TEST(tpe_is_a_toeplitz_product_and_a_recurrence)
{
    static Filter w;
    Real state[TD * TE] = {0}, row[TD];
    filter_open(&w);
    tpe_forward(&w.tpe, 0, TD, TN, w.x, w.y);
    for (size_t t = 0; t < TN; t++) {
        tpe_step(&w.tpe, w.x + t * TD, state, row);
        for (size_t c = 0; c < TD; c++) {
            double want = 0.0;
            for (size_t s = 0; s <= t; s++) {
                for (size_t j = 0; j < TE; j++) {
                    want += w.b[c * TE + j] * pow(w.lam[j], (double)(t - s)) * w.x[s * TD + c];
                }
            }
            check_near("y", w.y[t * TD + c], want, 1e-12);
            check_near("step", row[c], want, 1e-12);
        }
    }
    arena_release(&w.arena);
}
END_TEST

START_TEST(tpe_gradients)
{
    static Filter w;
    Real dx[TN * TD] = {0}, db[TD * TE] = {0}, dlam_r[TE];
    double dlam[TE];
    filter_open(&w);
    (void)filter_objective(&w);
    tpe_grads_begin(&w.tpe);
    tpe_backward(&w.tpe, 0, TD, TN, w.x, w.dy, dx, db);
    tpe_grads_end(&w.tpe, w.lam, db, dlam);
    for (size_t j = 0; j < TE; j++) {
        dlam_r[j] = dlam[j];
    }
    check_slopes("dx", (size_t)TN * TD, w.x, dx, filter_objective, &w);
    check_slopes("db", (size_t)TD * TE, w.b, db, filter_objective, &w);
    check_slopes("dlam", TE, w.lam_r, dlam_r, filter_objective, &w);
    arena_release(&w.arena);
}
END_TEST

/* Channels one after the other, or some together: the same numbers. */
START_TEST(tpe_channels_do_not_meet)
{
    static Filter w, part;
    static const size_t cut[] = {0, 1, 3, TD};
    Real dx[2][TN * TD] = {0}, db[2][TD * TE] = {0};
    double dlam[TE];
    filter_open(&w);
    filter_open(&part);
    w.tpe.learns_decay = part.tpe.learns_decay = false;
    tpe_grads_begin(&w.tpe);
    tpe_grads_begin(&part.tpe);
    tpe_forward(&w.tpe, 0, TD, TN, w.x, w.y);
    tpe_backward(&w.tpe, 0, TD, TN, w.x, w.dy, dx[0], db[0]);
    for (size_t i = 0; i < 3; i++) {
        size_t count = cut[i + 1] - cut[i];
        tpe_forward(&part.tpe, cut[i], count, TN, part.x, part.y);
        tpe_backward(&part.tpe, cut[i], count, TN, part.x, part.dy, dx[1], db[1]);
    }
    tpe_grads_end(&w.tpe, w.lam, db[0], dlam);
    tpe_grads_end(&part.tpe, part.lam, db[1], dlam);
    ck_assert_mem_eq(w.y, part.y, sizeof w.y);
    ck_assert_mem_eq(dx[0], dx[1], sizeof dx[0]);
    ck_assert_mem_eq(db[0], db[1], sizeof db[0]);
    arena_release(&w.arena);
    arena_release(&part.arena);
}
END_TEST

/* ---- MLP, gate, head ---------------------------------------------------------------------- */

enum { ROWS = 5, MD = 6, MG = 4, V = 7 };

/* A matrix outside a model, with room for its packed forms (the twins pack a plain copy). */
typedef struct Matrix {
    ModelTensor tensor;
    Linear linear;
    alignas(64) Real forward[64], backward[64];
} Matrix;

static const Linear *matrix_pack(Matrix *w, size_t in, size_t out, Real *data, Real *grad)
{
    ck_assert_uint_le(kern_get()->packed_bytes(in, out), sizeof w->forward);
    w->tensor = (ModelTensor){.n = in * out, .data = data, .grad = grad};
    w->linear = (Linear){
        .w = &w->tensor, .in = in, .out = out, .forward = w->forward, .backward = w->backward};
    linear_pack(&w->linear, kern_get());
    return &w->linear;
}

/* All rows as one thread's. */
static Part whole_part(Team *team, size_t rows)
{
    return (Part){.b = 1, .t = rows, .rows = rows, .team = team, .threads = 1, .n = rows};
}

typedef struct Unit {
    bool is_swish;
    Matrix gate_up_w, down_w;
    Real dwgu[2 * MG * MD], ddown[MD * MG];
    Real x[ROWS * MD], wgu[2 * MG * MD], down[MD * MG], dout[ROWS * MD];
    Real gu[ROWS * 2 * MG], y[ROWS * MG], out[ROWS * MD];
} Unit;

static Mlp unit_mlp(Unit *w)
{
    return (Mlp){.d = MD,
                 .g = MG,
                 .is_swish = w->is_swish,
                 .gate_up = matrix_pack(&w->gate_up_w, MD, (size_t)2 * MG, w->wgu, w->dwgu),
                 .down = matrix_pack(&w->down_w, MG, MD, w->down, w->ddown)};
}

static double mlp_objective(void *ctx)
{
    Unit *w = ctx;
    Mlp mlp = unit_mlp(w);
    memset(w->out, 0, sizeof w->out);
    mlp_forward(kern_get(), &mlp, ROWS, w->x, w->gu, w->y, w->out);
    return inner((size_t)ROWS * MD, w->out, w->dout);
}

START_LOOP_TEST(mlp_gradients, 2)
{
    static Unit w;
    static Real gu[ROWS * 2 * MG], y[ROWS * MG], dx[ROWS * MD];
    Team team = {.threads = 1, .active = 1};
    Part part = whole_part(&team, ROWS);
    w.is_swish = _i == 1;
    fill((size_t)ROWS * MD, w.x, 1);
    fill((size_t)2 * MG * MD, w.wgu, 2);
    fill((size_t)MD * MG, w.down, 3);
    fill((size_t)ROWS * MD, w.dout, 4);
    (void)mlp_objective(&w);
    Mlp mlp = unit_mlp(&w);
    memset(w.dwgu, 0, sizeof w.dwgu);
    memset(w.ddown, 0, sizeof w.ddown);
    memcpy(gu, w.gu, sizeof gu);
    mlp_backward(kern_get(), &mlp, ROWS, gu, w.dout, y, dx);
    mlp_backward_w(kern_get(), &mlp, &part, w.x, y, w.dout, gu);
    check_slopes("dx", (size_t)ROWS * MD, w.x, dx, mlp_objective, &w);
    check_slopes("dwgu", (size_t)2 * MG * MD, w.wgu, w.dwgu, mlp_objective, &w);
    check_slopes("ddown", (size_t)MD * MG, w.down, w.ddown, mlp_objective, &w);
}
END_TEST

typedef struct Output {
    size_t columns; /* of a tile of the vocabulary */
    Matrix table_w[V];
    Real x[ROWS * MD], table[V * MD], logits[2 * V], lse[3 * 2];
} Output;

static const uint16_t targets[ROWS] = {3, 0, 6, 3, 1};

static double output_loss(Output *w, Real *dx, Real *dtable)
{
    Real nll[ROWS];
    double sum = 0.0;
    Team team = {.threads = 1, .active = 1};
    Part part = whole_part(&team, ROWS);
    Linear table[V];
    size_t n = 0;
    for (size_t row = 0; row < V; row += w->columns, n++) {
        size_t left = V - row, rows = left < w->columns ? left : w->columns;
        table[n] = *matrix_pack(&w->table_w[n], MD, rows, w->table + row * MD, dtable);
        w->table_w[n].tensor.data = w->table; /* the whole table; its gradient begins there too */
        table[n].row = row;
    }
    Head head = {.kern = kern_get(),
                 .d = MD,
                 .table = table,
                 .n_tiles = n,
                 .tile_rows = 2,
                 .logits = w->logits,
                 .lse = w->lse};
    head_loss(&head, &part, w->x, targets, dtable ? 0.25 : 0.0, nll, dx);
    for (size_t r = 0; r < ROWS; r++) {
        sum += (double)nll[r];
    }
    return sum;
}

static double output_objective(void *ctx)
{
    return 0.25 * output_loss(ctx, NULL, NULL);
}

START_LOOP_TEST(head_loss_is_cross_entropy_over_tiles, 3)
{
    static const size_t columns[] = {V, 3, 1};
    static Output w;
    Real dx[ROWS * MD], dtable[V * MD] = {0};
    double want = 0.0;
    w.columns = columns[_i];
    fill((size_t)ROWS * MD, w.x, 1);
    fill((size_t)V * MD, w.table, 2);
    for (size_t r = 0; r < ROWS; r++) {
        double total = 0.0, at = inner(MD, w.x + r * MD, w.table + targets[r] * MD);
        for (size_t c = 0; c < V; c++) {
            total += exp(inner(MD, w.x + r * MD, w.table + c * MD) - at);
        }
        want += log(total);
    }
    check_near("loss", output_loss(&w, NULL, NULL), want, 1e-14);
    check_near("loss", output_loss(&w, dx, dtable), want, 1e-14);
    check_slopes("dx", (size_t)ROWS * MD, w.x, dx, output_objective, &w);
    check_slopes("dE", (size_t)V * MD, w.table, dtable, output_objective, &w);
    ck_assert_uint_eq(head_tiles(HEAD_TILE_COLUMNS), 1);
    ck_assert_uint_eq(head_tiles(HEAD_TILE_COLUMNS + 1), 2);
}
END_TEST

START_TEST(embedding_copies_and_scatters)
{
    Real table[V * MD], x[ROWS * MD], dtable[V * MD] = {0};
    fill((size_t)V * MD, table, 1);
    embedding_forward(ROWS, MD, table, targets, x);
    embedding_backward(kern_get(), ROWS, MD, (Share){0, 2}, targets, x, dtable);
    embedding_backward(kern_get(), ROWS, MD, (Share){2, MD}, targets, x, dtable);
    for (size_t c = 0; c < MD; c++) {
        check_near("row 3, seen twice", dtable[3 * MD + c], 2.0 * table[3 * MD + c], 0.0);
        check_near("row 2, never seen", dtable[2 * MD + c], 0.0, 0.0);
    }
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "layers"});
}

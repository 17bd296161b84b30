/* Digests of the kernels over rows. */
#include "tests/trainer/core/kern_digest.h"

enum { ROWS = 3 };

/* ---- gated units ---- */

typedef void (*GateFn)(size_t rows, size_t g, const float *gu, float *y);
typedef void (*GateGradFn)(size_t rows, size_t g, const float *gu, const float *dy, float *y,
                           float *dgu);

static void digest_gate(Digest *d, GateFn f)
{
    EACH_CASE({
        float *y = fill(1, ROWS * n, seed, 1.0, DATA_PLAIN);
        f(ROWS, n, fill(0, 2 * ROWS * n, seed, 4.0, kind), y);
        digest_array(d, ROWS * n, y);
    });
}

static void digest_gate_grad(Digest *d, GateGradFn f)
{
    EACH_CASE({
        float *y = fill(2, ROWS * n, seed, 1.0, DATA_PLAIN);
        float *dgu = fill(3, 2 * ROWS * n, seed, 1.0, DATA_PLAIN);
        f(ROWS, n, fill(0, 2 * ROWS * n, seed, 4.0, kind), fill(1, ROWS * n, seed, 1.0, kind), y,
          dgu);
        digest_array(d, ROWS * n, y);
        digest_array(d, 2 * ROWS * n, dgu);
    });
}

void digest_glu(Digest *d, const Kern *k)
{
    digest_gate(d, k->glu);
}

void digest_swiglu(Digest *d, const Kern *k)
{
    digest_gate(d, k->swiglu);
}

void digest_glu_grad(Digest *d, const Kern *k)
{
    digest_gate_grad(d, k->glu_grad);
}

void digest_swiglu_grad(Digest *d, const Kern *k)
{
    digest_gate_grad(d, k->swiglu_grad);
}

/* ---- norms ---- */

void digest_rmsnorm(Digest *d, const Kern *k)
{
    EACH_CASE({
        float *x = fill(0, ROWS * n, seed, 3.0, kind);
        float *w = fill(1, n, seed, 1.0, DATA_PLAIN);
        float *y = fill(2, ROWS * n, seed, 1.0, DATA_PLAIN);
        float *rstd = fill(3, ROWS, seed, 1.0, DATA_PLAIN);
        k->rmsnorm(ROWS, n, 1e-6f, x, w, y, rstd);
        digest_array(d, ROWS * n, y);
        digest_array(d, ROWS, rstd);
        k->rmsnorm(ROWS, n, 1e-6f, x, NULL, y, rstd);
        digest_array(d, ROWS * n, y);
    });
}

void digest_add_rmsnorm(Digest *d, const Kern *k)
{
    EACH_CASE({
        float *a = fill(1, ROWS * n, seed, 1.0, kind);
        float *y = fill(3, ROWS * n, seed, 1.0, DATA_PLAIN);
        float *rstd = fill(4, ROWS, seed, 1.0, DATA_PLAIN);
        k->add_rmsnorm(ROWS, n, 1e-6f, fill(0, ROWS * n, seed, 3.0, kind), a,
                       fill(2, n, seed, 1.0, DATA_PLAIN), y, rstd);
        digest_array(d, ROWS * n, a);
        digest_array(d, ROWS * n, y);
        digest_array(d, ROWS, rstd);
    });
}

void digest_rmsnorm_dx(Digest *d, const Kern *k)
{
    EACH_CASE({
        float *x = fill(0, ROWS * n, seed, 3.0, kind);
        float *w = fill(1, n, seed, 1.0, DATA_PLAIN);
        float *rstd = fill(2, ROWS, seed, 1.0, DATA_PLAIN);
        float *dy = fill(3, ROWS * n, seed, 1.0, kind);
        float *dx = fill(4, ROWS * n, seed, 1.0, DATA_PLAIN);
        k->rmsnorm_dx(ROWS, n, x, w, rstd, dy, dx, KERN_SET);
        k->rmsnorm_dx(ROWS, n, x, NULL, rstd, dy, dx, KERN_ADD);
        digest_array(d, ROWS * n, dx);
    });
}

void digest_rmsnorm_dw(Digest *d, const Kern *k)
{
    EACH_CASE({
        float *dw = fill(3, n, seed, 1.0, DATA_PLAIN);
        k->rmsnorm_dw(ROWS, n, n, fill(0, ROWS * n, seed, 3.0, kind),
                      fill(1, ROWS, seed, 1.0, DATA_PLAIN), fill(2, ROWS * n, seed, 1.0, kind), dw);
        digest_array(d, n, dw);
    });
}

void digest_normgate(Digest *d, const Kern *k)
{
    EACH_CASE({
        float *y = fill(2, ROWS * n, seed, 1.0, DATA_PLAIN);
        float *rstd = fill(3, ROWS, seed, 1.0, DATA_PLAIN);
        k->normgate(ROWS, n, 1e-6f, fill(0, ROWS * n, seed, 3.0, kind),
                    fill(1, ROWS * n, seed, 4.0, kind), y, rstd);
        digest_array(d, ROWS * n, y);
        digest_array(d, ROWS, rstd);
    });
}

void digest_normgate_grad(Digest *d, const Kern *k)
{
    EACH_CASE({
        float *y = fill(4, ROWS * n, seed, 1.0, DATA_PLAIN);
        float *dz = fill(5, ROWS * n, seed, 1.0, DATA_PLAIN);
        float *dout = fill(6, ROWS * n, seed, 1.0, DATA_PLAIN);
        k->normgate_grad(ROWS, n, fill(0, ROWS * n, seed, 3.0, kind),
                         fill(1, ROWS * n, seed, 4.0, kind), fill(2, ROWS, seed, 1.0, DATA_PLAIN),
                         fill(3, ROWS * n, seed, 1.0, kind), y, dz, dout);
        digest_array(d, ROWS * n, y);
        digest_array(d, ROWS * n, dz);
        digest_array(d, ROWS * n, dout);
    });
}

/* ---- softmax over tiles ---- */

void digest_softmax_tile(Digest *d, const Kern *k)
{
    EACH_CASE({
        float *x = fill(0, ROWS * n, seed, 10.0, kind);
        float *max = fill(1, ROWS, seed, 5.0, DATA_PLAIN);
        float *sum = fill(2, (size_t)ROWS * KERN_LANES, seed, 1.0, DATA_PLAIN);
        float *scale = fill(3, ROWS, seed, 1.0, DATA_PLAIN);
        k->softmax_tile(ROWS, n, n, n / 2, x, max, sum, scale);
        digest_array(d, ROWS * n, x);
        digest_array(d, ROWS, max);
        digest_array(d, (size_t)ROWS * KERN_LANES, sum);
        digest_array(d, ROWS, scale);
    });
}

void digest_softmax_end(Digest *d, const Kern *k)
{
    EACH_CASE({
        float *sum = fill(1, n * KERN_LANES, seed, 1.0, DATA_PLAIN);
        float *scale = fill(2, n, seed, 1.0, DATA_PLAIN);
        float *lse = fill(3, n, seed, 1.0, DATA_PLAIN);
        for (size_t i = 0; i < n * KERN_LANES; i++) {
            sum[i] *= sum[i];
        }
        k->softmax_end(n, fill(0, n, seed, 5.0, kind), sum, scale, lse);
        digest_array(d, n, scale);
        digest_array(d, n, lse);
    });
}

void digest_softmax_tile_grad(Digest *d, const Kern *k)
{
    EACH_CASE({
        float *x = fill(2, ROWS * n, seed, 10.0, kind);
        float *dp = fill(3, ROWS * n, seed, 1.0, kind);
        k->softmax_tile_grad(ROWS, n, n, n / 2, fill(0, ROWS, seed, 5.0, DATA_PLAIN),
                             fill(1, ROWS, seed, 1.0, DATA_PLAIN), x, dp);
        digest_array(d, ROWS * n, x);
        digest_array(d, ROWS * n, dp);
    });
}

void digest_dot_rows(Digest *d, const Kern *k)
{
    EACH_CASE({
        float *y = fill(2, ROWS, seed, 1.0, DATA_PLAIN);
        k->dot_rows(ROWS, n, fill(0, ROWS * n, seed, 1.0, kind), fill(1, ROWS * n, seed, 1.0, kind),
                    n, y);
        digest_array(d, ROWS, y);
    });
}

/* ---- positions ---- */

enum { HEADS = 2, PERIOD = 2 };

/* ROWS rows of HEADS heads of width p, from position 1 on. */
static KernTurn turn_of(size_t p, uint64_t seed)
{
    return (KernTurn){.rows = ROWS,
                      .h = HEADS,
                      .p = p,
                      .first = 1,
                      .period = PERIOD,
                      .cosine = fill(0, PERIOD * HEADS * p, seed, 1.0, DATA_PLAIN),
                      .sine = fill(1, PERIOD * HEADS * p, seed, 1.0, DATA_PLAIN)};
}

void digest_rope(Digest *d, const Kern *k)
{
    EACH_CASE({
        KernTurn t = turn_of(2 * n, seed);
        float *x = fill(2, ROWS * HEADS * 2 * n, seed, 2.0, kind);
        k->rope(&t, 0.3f, -1.0f, x, HEADS * 2 * n);
        digest_array(d, ROWS * HEADS * 2 * n, x);
    });
}

void digest_silu_lrpe(Digest *d, const Kern *k)
{
    EACH_CASE({
        KernTurn t = turn_of(n, seed);
        float *y = fill(3, ROWS * HEADS * 2 * n, seed, 1.0, DATA_PLAIN);
        k->silu_lrpe(&t, fill(2, ROWS * HEADS * n, seed, 4.0, kind), HEADS * n, y, HEADS * 2 * n);
        digest_array(d, ROWS * HEADS * 2 * n, y);
    });
}

void digest_silu_lrpe_grad(Digest *d, const Kern *k)
{
    EACH_CASE({
        KernTurn t = turn_of(n, seed);
        float *dx = fill(4, ROWS * HEADS * n, seed, 1.0, DATA_PLAIN);
        k->silu_lrpe_grad(&t, fill(2, ROWS * HEADS * n, seed, 4.0, kind), HEADS * n,
                          fill(3, ROWS * HEADS * 2 * n, seed, 1.0, kind), HEADS * 2 * n, dx,
                          HEADS * n);
        digest_array(d, ROWS * HEADS * n, dx);
    });
}

void digest_lrpe_theta_grad(Digest *d, const Kern *k)
{
    enum { MOST = 1000 };
    double dtheta[HEADS * MOST];
    EACH_CASE({
        KernTurn t = turn_of(n, seed);
        for (size_t j = 0; j < HEADS * n; j++) {
            dtheta[j] = (double)j;
        }
        k->lrpe_theta_grad(&t, fill(2, ROWS * HEADS * 2 * n, seed, 1.0, kind),
                           fill(3, ROWS * HEADS * 2 * n, seed, 1.0, kind), HEADS * 2 * n, dtheta);
        for (size_t j = 0; j < HEADS * n; j++) {
            digest_double(d, dtheta[j]);
        }
    });
}

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

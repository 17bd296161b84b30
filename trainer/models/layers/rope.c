#include "trainer/models/layers/rope.h"

#include <math.h>

void angles_at(size_t t, size_t w, const double *theta, Real *cosine, Real *sine)
{
    for (size_t j = 0; j < w; j++) {
        double angle = (double)t * theta[j];
        cosine[j] = (Real)cos(angle);
        sine[j] = (Real)sin(angle);
    }
}

void rope_theta(size_t p, double base, double *theta)
{
    for (size_t j = 0; j < p / 2; j++) {
        theta[j] = pow(base, -2.0 * (double)j / (double)p);
    }
}

/* Rows whose sines stay in cache from the queries to the keys. */
enum { BLOCK_ROWS = 32 };

static KernTurn block_of(const KernTurn *t, size_t row)
{
    KernTurn block = *t;
    block.rows = t->rows - row < BLOCK_ROWS ? t->rows - row : BLOCK_ROWS;
    block.first = (t->first + row) % t->period;
    return block;
}

void lrpe_forward(const Kern *k, const KernTurn *t, const Real *x, size_t ldx, Real *y, size_t ldy)
{
    size_t d = t->h * t->p;
    for (size_t r = 0; r < t->rows; r += BLOCK_ROWS) {
        KernTurn block = block_of(t, r);
        k->silu_lrpe(&block, x + r * ldx, ldx, y + r * ldy, ldy);
        k->silu_lrpe(&block, x + r * ldx + d, ldx, y + r * ldy + 2 * d, ldy);
    }
}

void lrpe_backward(const Kern *k, const KernTurn *t, const Real *x, size_t ldx, const Real *dy,
                   size_t lddy, Real *dx, size_t lddx)
{
    size_t d = t->h * t->p;
    for (size_t r = 0; r < t->rows; r += BLOCK_ROWS) {
        KernTurn block = block_of(t, r);
        k->silu_lrpe_grad(&block, x + r * ldx, ldx, dy + r * lddy, lddy, dx + r * lddx, lddx);
        k->silu_lrpe_grad(&block, x + r * ldx + d, ldx, dy + r * lddy + 2 * d, lddy,
                          dx + r * lddx + d, lddx);
    }
}

/* turn_scalar.h -- the twins of the rotations. */
#ifndef TRAINER_CORE_ISA_SCALAR_TURN_SCALAR_H
#define TRAINER_CORE_ISA_SCALAR_TURN_SCALAR_H

#include "trainer/core/kern.h"
#include "trainer/core/real_math.h"

static void rope(const KernTurn *t, Real scale, Real turn, Real *x, size_t ld)
{
    size_t half = t->p / 2;
    for (size_t i = 0; i < t->rows * t->h; i++) {
        size_t row = i / t->h, at = (t->first + row) % t->period * half;
        Real *x1 = x + row * ld + i % t->h * t->p, *x2 = x1 + half;
        for (size_t j = 0; j < half; j++) {
            Real a = scale * x1[j], b = scale * x2[j];
            Real c = t->cosine[at + j], s = turn * t->sine[at + j];
            x1[j] = real_fma(-b, s, a * c);
            x2[j] = real_fma(b, c, a * s);
        }
    }
}

static void silu_lrpe(const KernTurn *t, const Real *x, size_t ldx, Real *y, size_t ldy)
{
    size_t d = t->h * t->p;
    for (size_t row = 0; row < t->rows; row++) {
        size_t at = (t->first + row) % t->period * d;
        for (size_t j = 0; j < d; j++) {
            Real xj = x[row * ldx + j], f = xj * real_sigmoid(xj);
            Real *to = y + row * ldy + j / t->p * 2 * t->p + j % t->p;
            to[0] = f * t->cosine[at + j];
            to[t->p] = f * t->sine[at + j];
        }
    }
}

static void silu_lrpe_grad(const KernTurn *t, const Real *x, size_t ldx, const Real *dy,
                           size_t lddy, Real *dx, size_t lddx)
{
    size_t d = t->h * t->p;
    for (size_t row = 0; row < t->rows; row++) {
        size_t at = (t->first + row) % t->period * d;
        for (size_t j = 0; j < d; j++) {
            const Real *from = dy + row * lddy + j / t->p * 2 * t->p + j % t->p;
            Real xj = x[row * ldx + j];
            Real f = real_fma(from[t->p], t->sine[at + j], from[0] * t->cosine[at + j]);
            dx[row * lddx + j] = f * real_silu_slope(xj, real_sigmoid(xj));
        }
    }
}

static void lrpe_theta_grad(const KernTurn *t, const Real *y, const Real *dy, size_t ld,
                            double *dtheta)
{
    for (size_t row = 0; row < t->rows; row++) {
        double position = (double)((t->first + row) % t->period);
        for (size_t j = 0; j < t->h * t->p; j++) {
            size_t c = row * ld + j / t->p * 2 * t->p + j % t->p, s = c + t->p;
            Real moment = real_fma(-dy[c], y[s], dy[s] * y[c]);
            dtheta[j] = fma(position, (double)moment, dtheta[j]);
        }
    }
}

#define SCALAR_TURN                                                         \
    .rope = rope, .silu_lrpe = silu_lrpe, .silu_lrpe_grad = silu_lrpe_grad, \
    .lrpe_theta_grad = lrpe_theta_grad

#endif

/* norm_scalar.h -- the twins of the normalisations. */
#ifndef TRAINER_CORE_ISA_SCALAR_NORM_SCALAR_H
#define TRAINER_CORE_ISA_SCALAR_NORM_SCALAR_H

#include "trainer/core/isa/scalar/lanes_scalar.h"

static Real rstd_of(size_t d, Real eps, const Real *x)
{
    Real mean = d > 0 ? lanes_dot(d, x, x) / (Real)d : (Real)0;
    return (Real)1 / real_sqrt(mean + eps);
}

static void rmsnorm(size_t rows, size_t d, Real eps, const Real *x, const Real *w, Real *y,
                    Real *rstd)
{
    for (size_t i = 0; i < rows; i++) {
        const Real *xi = x + i * d;
        rstd[i] = rstd_of(d, eps, xi);
        for (size_t j = 0; j < d; j++) {
            Real normed = xi[j] * rstd[i];
            y[i * d + j] = w ? normed * w[j] : normed;
        }
    }
}

static void add_rmsnorm(size_t rows, size_t d, Real eps, const Real *x, Real *a, const Real *w,
                        Real *y, Real *rstd)
{
    for (size_t i = 0; i < rows * d; i++) {
        a[i] = x[i] + a[i];
    }
    rmsnorm(rows, d, eps, a, w, y, rstd);
}

/* With n = x r and t = dy w: dx = r (t - n mean(t n)). */
static void rmsnorm_dx(size_t rows, size_t d, const Real *x, const Real *w, const Real *rstd,
                       const Real *dy, Real *dx, KernAcc acc)
{
    for (size_t i = 0; i < rows && d > 0; i++) {
        const Real *xi = x + i * d, *dyi = dy + i * d;
        Real *dxi = dx + i * d;
        Real lane[KERN_LANES] = {0};
        for (size_t j = 0; j < d; j++) {
            Real t = w ? dyi[j] * w[j] : dyi[j];
            lane[j % KERN_LANES] = real_fma(t, xi[j] * rstd[i], lane[j % KERN_LANES]);
        }
        Real mean = fold_lanes(lane) / (Real)d;
        for (size_t j = 0; j < d; j++) {
            Real t = w ? dyi[j] * w[j] : dyi[j];
            Real along = real_fma(-(xi[j] * rstd[i]), mean, t);
            dxi[j] = acc == KERN_ADD ? real_fma(rstd[i], along, dxi[j]) : rstd[i] * along;
        }
    }
}

static void rmsnorm_dw(size_t rows, size_t cols, size_t ld, const Real *x, const Real *rstd,
                       const Real *dy, Real *dw)
{
    for (size_t i = 0; i < rows; i++) {
        for (size_t j = 0; j < cols; j++) {
            dw[j] = real_fma(dy[i * ld + j], x[i * ld + j] * rstd[i], dw[j]);
        }
    }
}

static void normgate(size_t rows, size_t d, Real eps, const Real *o, const Real *z, Real *y,
                     Real *rstd)
{
    for (size_t i = 0; i < rows; i++) {
        const Real *oi = o + i * d;
        rstd[i] = rstd_of(d, eps, oi);
        for (size_t j = 0; j < d; j++) {
            y[i * d + j] = oi[j] * rstd[i] * real_sigmoid(z[i * d + j]);
        }
    }
}

/* With n = o r, s = sigma(z) and t = dy s: dz = dy n s (1 - s), do = r (t - n mean(t n)). */
static void normgate_grad(size_t rows, size_t d, const Real *o, const Real *z, const Real *rstd,
                          const Real *dy, Real *y, Real *dz, Real *dout)
{
    for (size_t i = 0; i < rows && d > 0; i++) {
        const Real *oi = o + i * d;
        Real *di = dout + i * d;
        Real lane[KERN_LANES] = {0};
        for (size_t j = 0; j < d; j++) {
            size_t at = i * d + j;
            Real s = real_sigmoid(z[at]), n = oi[j] * rstd[i], g = dy[at];
            di[j] = g * s;
            y[at] = n * s;
            dz[at] = g * n * (s * ((Real)1 - s));
            lane[j % KERN_LANES] = real_fma(di[j], n, lane[j % KERN_LANES]);
        }
        Real mean = fold_lanes(lane) / (Real)d;
        for (size_t j = 0; j < d; j++) {
            di[j] = rstd[i] * real_fma(-(oi[j] * rstd[i]), mean, di[j]);
        }
    }
}

#endif

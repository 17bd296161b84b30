/* kern_scalar.c -- the twins: each kernel as the plain loop that defines it.
 *
 * Built with Real = float, these are the bits that every ISA must return; with
 * Real = double, the reference for finite differences.  Written to be read, not
 * to be fast: without -mfma each fused operation is a call into libm.
 */
#include <math.h>

#include "trainer/core/isa.h"
#include "trainer/core/isa/scalar/gate_scalar.h"
#include "trainer/core/isa/scalar/gemm_scalar.h"
#include "trainer/core/isa/scalar/lanes_scalar.h"
#include "trainer/core/isa/scalar/norm_scalar.h"
#include "trainer/core/isa/scalar/softmax_scalar.h"
#include "trainer/core/isa/scalar/turn_scalar.h"
#include "trainer/core/kern_table.h"
#include "trainer/core/real_math.h"

/* ---- reductions ---- */

static Real sum(size_t n, const Real *x)
{
    Real lane[KERN_LANES] = {0};
    for (size_t i = 0; i < n; i++) {
        lane[i % KERN_LANES] += x[i];
    }
    return fold_lanes(lane);
}

static double sum_squares(size_t n, const Real *x)
{
    double lane[KERN_LANES] = {0};
    for (size_t i = 0; i < n; i++) {
        lane[i % KERN_LANES] = fma((double)x[i], (double)x[i], lane[i % KERN_LANES]);
    }
    for (size_t half = KERN_LANES / 2; half > 0; half /= 2) {
        for (size_t j = 0; j < half; j++) {
            lane[j] += lane[j + half];
        }
    }
    return lane[0];
}

/* ---- elementwise ---- */

static void add(size_t n, const Real *a, const Real *b, Real *y)
{
    for (size_t i = 0; i < n; i++) {
        y[i] = a[i] + b[i];
    }
}

static void mul(size_t n, const Real *a, const Real *b, Real *y)
{
    for (size_t i = 0; i < n; i++) {
        y[i] = a[i] * b[i];
    }
}

static void mul_add(size_t n, const Real *a, const Real *b, Real *y)
{
    for (size_t i = 0; i < n; i++) {
        y[i] = real_fma(a[i], b[i], y[i]);
    }
}

static void axpy(size_t n, Real alpha, const Real *x, Real *y)
{
    for (size_t i = 0; i < n; i++) {
        y[i] = real_fma(alpha, x[i], y[i]);
    }
}

static void scale(size_t n, Real alpha, const Real *x, Real *y)
{
    for (size_t i = 0; i < n; i++) {
        y[i] = alpha * x[i];
    }
}

static void exp_all(size_t n, const Real *x, Real *y)
{
    for (size_t i = 0; i < n; i++) {
        y[i] = real_exp(x[i]);
    }
}

static void sigmoid(size_t n, const Real *x, Real *y)
{
    for (size_t i = 0; i < n; i++) {
        y[i] = real_sigmoid(x[i]);
    }
}

static void log_sigmoid(size_t n, const Real *x, Real *y)
{
    for (size_t i = 0; i < n; i++) {
        y[i] = real_log_sigmoid(x[i]);
    }
}

static void silu(size_t n, const Real *x, Real *y)
{
    for (size_t i = 0; i < n; i++) {
        y[i] = x[i] * real_sigmoid(x[i]);
    }
}

static void silu_grad(size_t n, const Real *x, const Real *dy, Real *dx)
{
    for (size_t i = 0; i < n; i++) {
        dx[i] = dy[i] * real_silu_slope(x[i], real_sigmoid(x[i]));
    }
}

/* ---- rows ---- */

static void softmax(size_t rows, size_t n, Real *x, const size_t *valid, Real *lse)
{
    for (size_t i = 0; i < rows; i++) {
        Real *xi = x + i * n;
        Real lane[KERN_LANES] = {0};
        Real max = row_max(valid[i], xi);
        for (size_t j = 0; j < valid[i]; j++) {
            xi[j] = real_exp(xi[j] - max);
            lane[j % KERN_LANES] += xi[j];
        }
        Real total = fold_lanes(lane);
        Real inverse = (Real)1 / total;
        for (size_t j = 0; j < n; j++) {
            xi[j] = j < valid[i] ? xi[j] * inverse : (Real)0;
        }
        if (lse) {
            lse[i] = valid[i] > 0 ? max + real_log(total) : -(Real)INFINITY;
        }
    }
}

static void cross_entropy(size_t rows, size_t vocab, Real *z, const uint16_t *target,
                          Real grad_scale, Real *nll)
{
    bool want_grad = grad_scale < (Real)0 || grad_scale > (Real)0;
    for (size_t i = 0; i < rows; i++) {
        Real *zi = z + i * vocab;
        Real lane[KERN_LANES] = {0};
        Real max = row_max(vocab, zi);
        Real at_target = zi[target[i]] - max;
        for (size_t j = 0; j < vocab; j++) {
            Real e = real_exp(zi[j] - max);
            lane[j % KERN_LANES] += e;
            zi[j] = want_grad ? e : zi[j];
        }
        Real total = fold_lanes(lane);
        nll[i] = real_log(total) - at_target; /* the maximum cancels: it is never added */
        if (want_grad) {
            scale(vocab, grad_scale / total, zi, zi);
            zi[target[i]] -= grad_scale;
        }
    }
}

static void cross_entropy_tile(size_t rows, size_t n, const Real *z, size_t ld, Real *max,
                               Real *sum)
{
    for (size_t i = 0; i < rows; i++) {
        const Real *zi = z + i * ld;
        Real lane[KERN_LANES] = {0};
        Real here = row_max(n, zi);
        Real now = max[i] > here ? max[i] : here;
        for (size_t j = 0; j < n; j++) {
            lane[j % KERN_LANES] += real_exp(zi[j] - now);
        }
        sum[i] = real_fma(sum[i], real_exp(max[i] - now), fold_lanes(lane));
        max[i] = now;
    }
}

static void cross_entropy_tile_grad(size_t rows, size_t n, Real *z, size_t ld, const Real *max,
                                    const Real *factor)
{
    for (size_t i = 0; i < rows; i++) {
        for (size_t j = 0; j < n; j++) {
            z[i * ld + j] = factor[i] * real_exp(z[i * ld + j] - max[i]);
        }
    }
}

/* ---- optimiser ---- */

static void adamw(size_t n, const KernAdamw *k, const Real *g, Real *p, Real *m, Real *v)
{
    const Real one_minus_beta1 = (Real)1 - k->beta1;
    const Real one_minus_beta2 = (Real)1 - k->beta2;
    for (size_t i = 0; i < n; i++) {
        Real gi = k->grad_scale * g[i];
        m[i] = real_fma(k->beta1, m[i], one_minus_beta1 * gi);
        v[i] = real_fma(k->beta2, v[i], one_minus_beta2 * gi * gi);
        Real step = m[i] * k->c1 / (real_sqrt(v[i] * k->c2) + k->eps);
        p[i] = real_fma(-k->lr, real_fma(k->weight_decay, p[i], step), p[i]);
    }
}

/* ---- linear attention ---- */

#include "trainer/core/isa/scalar/decay_scalar.h"
#include "trainer/core/isa/scalar/filter_scalar.h"
#include "trainer/core/isa/scalar/hgrn2_scalar.h"

static bool supported(void)
{
    return true;
}

#define SCALAR(suffix)                                                                 \
    KERN_PRODUCTS(suffix), .packed_bytes = packed_bytes, .dot = lanes_dot, KERN_PLAIN, \
                           SCALAR_DECAY, SCALAR_GATES, SCALAR_TURN, SCALAR_FILTER

static void install(Kern *k)
{
    *k = (Kern){SCALAR()};
}

static void install_bf16(Kern *k)
{
    *k = (Kern){SCALAR(_bf16)};
}

const KernIsa kern_isa_scalar = {
    .name = "scalar", .supported = supported, .install = install, .install_bf16 = install_bf16};

/* decay_scalar.h -- the twins of linear attention's kernels; included by kern_scalar.c. */
#include "trainer/core/isa/mul_rows.h"

static void scale_rows(size_t rows, size_t n, const Real *s, const Real *x, size_t ldx, Real *y,
                       size_t ldy)
{
    for (size_t i = 0; i < rows; i++) {
        scale(n, s[i], x + i * ldx, y + i * ldy);
    }
}

static void sum_rows(size_t rows, size_t n, const Real *x, size_t ldx, double *sum)
{
    for (size_t i = 0; i < rows; i++) {
        for (size_t a = 0; a < n; a++) {
            sum[a] += (double)x[i * ldx + a];
        }
    }
}

/* Rows first .. end, one sub-chunk, of channel a. */
static void factors_of_channel(const KernDecay *x, size_t first, size_t end, size_t a)
{
    size_t block = first / x->sub, n = x->n;
    Real total = (Real)0, fore = (Real)1, rest = (Real)1;
    Real before = first > 0 ? x->before[block * n + a] : (Real)1;
    for (size_t i = first; i < end; i++) {
        Real g = x->g[i * x->ldg + a];
        Real f = real_exp(g);
        total += g;
        fore *= f;
        x->f[i * n + a] = f;
        x->near[i * n + a] = x->q[i * x->ldq + a] * fore;
        x->far[i * n + a] = x->near[i * n + a] * before;
    }
    for (size_t i = end; i-- > first;) {
        x->key[i * n + a] = x->k[i * x->ldk + a] * rest;
        rest *= x->f[i * n + a];
    }
    Real whole = real_exp(total);
    x->whole[block * n + a] = whole;
    x->before[block * n + a] = before;
    x->before[(block + 1) * n + a] = before * whole;
}

static void decay_factors(const KernDecay *x)
{
    for (size_t first = 0; first < x->rows; first += x->sub) {
        size_t end = first + x->sub < x->rows ? first + x->sub : x->rows;
        for (size_t a = 0; a < x->n; a++) {
            factors_of_channel(x, first, end, a);
        }
    }
}

static void decay_inside(size_t rows, size_t n, const Real *q, size_t ldq, const Real *k,
                         size_t ldk, const Real *f, Real *p, size_t ldp)
{
    for (size_t j = 0; j < rows; j++) {
        for (size_t i = 0; i < rows; i++) {
            p[i * ldp + j] = (Real)0;
        }
        for (size_t a = 0; a < n; a++) {
            Real key = k[j * ldk + a];
            for (size_t i = j; i < rows; i++) {
                key = i > j ? key * f[i * n + a] : key;
                p[i * ldp + j] = real_fma(q[i * ldq + a], key, p[i * ldp + j]);
            }
        }
    }
}

/* sum over j <= i of p_ij k_j (f after j up to i), Horner */
static Real query_inside(const KernDecayGrad *x, size_t i, size_t a)
{
    Real sum = (Real)0;
    for (size_t j = 0; j <= i; j++) {
        sum = real_fma(x->p[i * x->ldp + j], x->k[j * x->ldk + a], sum * x->f[j * x->n + a]);
    }
    return sum;
}

/* sum over i >= j of p_ij q_i (f after j up to i) */
static Real key_inside(const KernDecayGrad *x, size_t j, size_t a)
{
    Real sum = (Real)0;
    for (size_t i = x->rows; i-- > j;) {
        sum = real_fma(x->p[i * x->ldp + j], x->q[i * x->ldq + a], sum);
        sum = i > j ? sum * x->f[i * x->n + a] : sum;
    }
    return sum;
}

static void decay_grad_of_channel(const KernDecayGrad *x, size_t a)
{
    Real fore = (Real)1, rest = (Real)1;
    for (size_t i = 0; i < x->rows; i++) {
        fore *= x->f[i * x->n + a];
        x->dq[i * x->lddq + a] = real_fma(fore, x->dnear[i * x->n + a], query_inside(x, i, a));
    }
    for (size_t j = x->rows; j-- > 0;) {
        Real dk = real_fma(rest, x->dkey[j * x->n + a], key_inside(x, j, a));
        Real from_q = x->q[j * x->ldq + a] * x->dq[j * x->lddq + a];
        rest *= x->f[j * x->n + a];
        x->dk[j * x->lddk + a] = dk;
        x->sum[a] += (double)real_fma(-x->k[j * x->ldk + a], dk, from_q);
        x->dg[j * x->lddg + a] = (Real)x->sum[a];
    }
}

static void decay_grad(const KernDecayGrad *x)
{
    for (size_t a = 0; a < x->n; a++) {
        decay_grad_of_channel(x, a);
    }
}

#define SCALAR_DECAY                                                                    \
    .scale_rows = scale_rows, .mul_rows = mul_rows, .mul_toeplitz = mul_toeplitz,       \
    .sum_rows = sum_rows, .decay_factors = decay_factors, .decay_inside = decay_inside, \
    .decay_grad = decay_grad

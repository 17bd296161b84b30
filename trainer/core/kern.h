/* kern.h -- the kernel table: every hot loop of the trainer, one pointer each.
 *
 * CONTRACT.  In float, all implementations of a kernel return the same bits on
 * every ISA and for every thread count.  Three rules make that cheap:
 *   - a matrix product accumulates each output over k in ascending order with
 *     one fused multiply-add per k, starting from 0 (or from C when it
 *     accumulates), so tile shape cannot matter;
 *   - a reduction keeps KERN_LANES partial sums, lane j taking elements
 *     j, j+16, j+32, ..., and folds them pairwise 8, 4, 2, 1;
 *   - exp and its family are one polynomial, the same operations everywhere.
 * A study rerun on another machine therefore repeats its loss curves.
 *
 * Shapes are row-major; ld* is the distance between rows, in elements.
 * Pointers need no alignment, outputs must not overlap inputs unless said.
 * Size 0 is allowed everywhere.  No kernel allocates, and none can fail.
 */
#ifndef TRAINER_CORE_KERN_H
#define TRAINER_CORE_KERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trainer/core/real.h"

enum { KERN_LANES = 16 };

struct KernAdamw;
struct KernBound;
struct KernDecay;
struct KernDecayGrad;
struct KernTurn;

typedef enum KernAcc { KERN_SET, KERN_ADD } KernAcc; /* C = AB, or C += AB */

typedef struct Kern {
    const char *isa;

    /* Matrix products, C is [m,n]. */
    /* A[m,k] B[k,n] */
    void (*gemm_nn)(size_t m, size_t n, size_t k, const Real *a, size_t lda, const Real *b,
                    size_t ldb, Real *c, size_t ldc, KernAcc acc);
    /* A[m,k] B[n,k]^T: y = x W^T of a linear layer */
    void (*gemm_nt)(size_t m, size_t n, size_t k, const Real *a, size_t lda, const Real *b,
                    size_t ldb, Real *c, size_t ldc, KernAcc acc);
    /* A[k,m]^T B[k,n]: dW = dy^T x */
    void (*gemm_tn)(size_t m, size_t n, size_t k, const Real *a, size_t lda, const Real *b,
                    size_t ldb, Real *c, size_t ldc, KernAcc acc);

    /* A right operand packed once for many products: B is [k,n], in pack_nt given as its
     * transpose [n,k].  `to` has packed_bytes(n, k) bytes, 64-byte aligned.  The products
     * return the bits of gemm_nn / gemm_nt and gemm_tn.  Only the table that packed it
     * can read it. */
    size_t (*packed_bytes)(size_t n, size_t k);
    void (*pack_nn)(size_t n, size_t k, const Real *b, size_t ldb, void *to);
    void (*pack_nt)(size_t n, size_t k, const Real *b, size_t ldb, void *to);
    /* A[m,k] B */
    void (*gemm_packed)(size_t m, size_t n, size_t k, const Real *a, size_t lda, const void *b,
                        Real *c, size_t ldc, KernAcc acc);
    /* A[k,m]^T B */
    void (*gemm_tn_packed)(size_t m, size_t n, size_t k, const Real *a, size_t lda, const void *b,
                           Real *c, size_t ldc, KernAcc acc);

    /* Reductions over [n]. */
    Real (*dot)(size_t n, const Real *x, const Real *y);
    Real (*sum)(size_t n, const Real *x);
    double (*sum_squares)(size_t n, const Real *x); /* lanes in double */

    /* Elementwise over [n]; y may be x in all of them. */
    void (*add)(size_t n, const Real *a, const Real *b, Real *y);     /* y = a + b */
    void (*mul)(size_t n, const Real *a, const Real *b, Real *y);     /* y = a b */
    void (*mul_add)(size_t n, const Real *a, const Real *b, Real *y); /* y += a b (fused) */
    void (*axpy)(size_t n, Real alpha, const Real *x, Real *y);       /* y += alpha x (fused) */
    void (*scale)(size_t n, Real alpha, const Real *x, Real *y);      /* y = alpha x */
    void (*exp)(size_t n, const Real *x, Real *y);
    void (*sigmoid)(size_t n, const Real *x, Real *y);
    void (*log_sigmoid)(size_t n, const Real *x, Real *y);                /* -softplus(-x) */
    void (*silu)(size_t n, const Real *x, Real *y);                       /* x sigmoid(x) */
    void (*silu_grad)(size_t n, const Real *x, const Real *dy, Real *dx); /* dx = dy s(1+x(1-s)) */

    /* Gated units over rows gu [rows,2g], in each row gate | up: y [rows,g] = up f(gate). */
    void (*glu)(size_t rows, size_t g, const Real *gu, Real *y);    /* f = identity */
    void (*swiglu)(size_t rows, size_t g, const Real *gu, Real *y); /* f = silu */
    /* dgu [rows,2g] = gradient of gu from dy, and y once more: y may be dy, dgu may be gu. */
    void (*glu_grad)(size_t rows, size_t g, const Real *gu, const Real *dy, Real *y, Real *dgu);
    void (*swiglu_grad)(size_t rows, size_t g, const Real *gu, const Real *dy, Real *y, Real *dgu);

    /* RMS normalisation of rows, x [rows,d]: r = (mean x^2 + eps)^-1/2, y = x r (w).
     * w is [d] or NULL (SRMSNorm, arXiv:2405.17381 eq. 14).  Keeps r in rstd [rows]. */
    void (*rmsnorm)(size_t rows, size_t d, Real eps, const Real *x, const Real *w, Real *y,
                    Real *rstd);
    /* The same after a += x, a [rows,d]: a residual and the norm of the sum. */
    void (*add_rmsnorm)(size_t rows, size_t d, Real eps, const Real *x, Real *a, const Real *w,
                        Real *y, Real *rstd);
    /* dx [rows,d] = or += the gradient of x. */
    void (*rmsnorm_dx)(size_t rows, size_t d, const Real *x, const Real *w, const Real *rstd,
                       const Real *dy, Real *dx, KernAcc acc);
    /* dw [cols] += sum over the rows, in their order, of dy x r: for the first cols columns of
     * x and dy, whose rows are ld apart. */
    void (*rmsnorm_dw)(size_t rows, size_t cols, size_t ld, const Real *x, const Real *rstd,
                       const Real *dy, Real *dw);

    /* Gate of a norm, all [rows,d]: y = SRMSNorm(o) sigmoid(z), keeping r in rstd [rows]. */
    void (*normgate)(size_t rows, size_t d, Real eps, const Real *o, const Real *z, Real *y,
                     Real *rstd);
    /* dz and dout (of o) are set, and y once more: y may be dy, dz may be z. */
    void (*normgate_grad)(size_t rows, size_t d, const Real *o, const Real *z, const Real *rstd,
                          const Real *dy, Real *y, Real *dz, Real *dout);

    /* Row softmax of scores x [rows,n], in place; row i uses its first valid[i] columns
     * and the others become 0.  lse [rows] = log sum exp (may be NULL). */
    void (*softmax)(size_t rows, size_t n, Real *x, const size_t *valid, Real *lse);

    /* Positions by rotation, whole rows of heads at a time (KernTurn).
     * rope: the halves x1, x2 of each head of x (ld) become
     * scale (x1 cos - turn x2 sin, turn x1 sin + x2 cos); turn = -1 is the transpose of 1. */
    void (*rope)(const struct KernTurn *t, Real scale, Real turn, Real *x, size_t ld);
    /* y [rows][h][2p] = [silu(x) cos ; silu(x) sin] from x [rows][h p]; and dx from x, dy. */
    void (*silu_lrpe)(const struct KernTurn *t, const Real *x, size_t ldx, Real *y, size_t ldy);
    void (*silu_lrpe_grad)(const struct KernTurn *t, const Real *x, size_t ldx, const Real *dy,
                           size_t lddy, Real *dx, size_t lddx);
    /* dtheta [h p] += sum over the rows, in their order, of position (dy_s y_c - dy_c y_s);
     * the moment in Real, the sum in double. */
    void (*lrpe_theta_grad)(const struct KernTurn *t, const Real *y, const Real *dy, size_t ld,
                            double *dtheta);

    /* Softmax over tiles of columns, in units of bits: weight 2^(s - max).  Row i of a tile
     * s [rows,n] (ld) uses its first valid + i columns, n at most; the others become 0.
     * softmax_tile takes the next tile of each row: max [rows] (at first -inf) moves up, s
     * becomes 2^(s - max), scale [rows] = 2^(old max - max), at least 2^-126, is what earlier
     * tiles weigh now, and sum [rows,KERN_LANES] (at first 0) = sum scale + the weights. */
    void (*softmax_tile)(size_t rows, size_t n, size_t ld, size_t valid, Real *s, Real *max,
                         Real *sum, Real *scale);
    /* After the last tile: scale = 1 / sum, lse = max + log2(sum). */
    void (*softmax_end)(size_t rows, const Real *max, const Real *sum, Real *scale, Real *lse);
    /* Weights once more, and the gradient of scores in nats from that of the weights:
     * s becomes P = 2^(s - lse), dp becomes P (dp - along); along [rows]. */
    void (*softmax_tile_grad)(size_t rows, size_t n, size_t ld, size_t valid, const Real *lse,
                              const Real *along, Real *s, Real *dp);
    /* y [rows] = rows of a [rows,n] (ld) times rows of b. */
    void (*dot_rows)(size_t rows, size_t n, const Real *a, const Real *b, size_t ld, Real *y);

    /* Cross-entropy of logits z [rows,V] against target [rows], in place:
     * nll[i] = logsumexp(z_i) - z_i[target] [nats]; if grad_scale != 0, z becomes
     * grad_scale (softmax(z) - onehot), else it is left as it was. */
    void (*cross_entropy)(size_t rows, size_t vocab, Real *z, const uint16_t *target,
                          Real grad_scale, Real *nll);

    /* The same over a vocabulary that comes in tiles of columns, z [rows,n] (ld).  First, tile
     * after tile: max and sum [rows] of e^(z - max), from -inf and 0; z stays as it is.
     * Then, with factor = grad_scale / sum, z becomes factor e^(z - max). */
    void (*cross_entropy_tile)(size_t rows, size_t n, const Real *z, size_t ld, Real *max,
                               Real *sum);
    void (*cross_entropy_tile_grad)(size_t rows, size_t n, Real *z, size_t ld, const Real *max,
                                    const Real *factor);

    /* Rows of n: y_i = s_i x_i with s [rows]; y_i = w x_i elementwise with w [n]; y may be x. */
    void (*scale_rows)(size_t rows, size_t n, const Real *s, const Real *x, size_t ldx, Real *y,
                       size_t ldy);
    void (*mul_rows)(size_t rows, size_t n, const Real *w, const Real *x, size_t ldx, Real *y,
                     size_t ldy);
    /* a_ij *= t[j - i], t the middle of a table */
    void (*mul_toeplitz)(size_t rows, size_t n, const Real *t, Real *a, size_t lda);
    /* sum [n] += the rows of x, one after the other */
    void (*sum_rows)(size_t rows, size_t n, const Real *x, size_t ldx, double *sum);

    /* Linear attention whose decay differs by channel (models/layers/linattn_channel.c): the
     * factors of a chunk; A = the pairs of one sub-chunk, p [rows,rows], with f [rows,n]:
     * p_ij = sum_a q_ia k_ja f_{j+1,a} .. f_ia (j <= i, a ascending, the product from the
     * left), else 0; the gradients of one sub-chunk. */
    void (*decay_factors)(const struct KernDecay *x);
    void (*decay_inside)(size_t rows, size_t n, const Real *q, size_t ldq, const Real *k,
                         size_t ldk, const Real *f, Real *p, size_t ldp);
    void (*decay_grad)(const struct KernDecayGrad *x);

    /* One causal filter a channel, rows ld apart: y_i += sum_{s<=i} k_{i-s} x_s for n channels
     * of `rows` rows.  Backward: dx_s += k_{i-s} dy_i and dk_{i-s} += x_s dy_i for all s <= i,
     * each a chain over i. */
    void (*filter)(size_t rows, size_t n, size_t ld, const Real *k, const Real *x, Real *y);
    void (*filter_grad)(size_t rows, size_t n, size_t ld, const Real *k, const Real *x,
                        const Real *dy, Real *dx, Real *dk);

    /* HGRN2's gates.  A row of z: z_q [d] | z_f [d], ldz apart; those of the others [rows,d].
     *     q = silu(z_q),  k = (1-lb) sigmoid(-z_f),  g = ln f,  f = lb + (1-lb) sigmoid(z_f)
     * ln f loses everything when taken of f near 0 or 1; with w = logit f,
     *     w = z_f - ln(1-lb) - log_sigmoid(z_f - ln lb),  g = log_sigmoid(w).
     * b NULL: lb = 0. */
    void (*hgrn2_gates)(size_t rows, size_t d, const Real *z, size_t ldz, const struct KernBound *b,
                        Real *q, Real *k, Real *g);
    /* dz (ldz apart): silu's gradient from dq, and with s = sigmoid(z_f), df = dg / f - dk,
     *     dz_f = df (1-s) (1-lb) s;  dg becomes df (1-s), the summand of dlb.
     * b NULL: dz_f = (dg - dk s) (1-s), where f may be 0; dg stays. */
    void (*hgrn2_gates_grad)(size_t rows, size_t d, const Real *z, size_t ldz,
                             const struct KernBound *b, const Real *dq, const Real *dk, Real *dg,
                             Real *dz);

    /* One AdamW update of p [n] from gradient g, in one pass:
     * g' = grad_scale g; m = b1 m + (1-b1) g'; v = b2 v + (1-b2) g'^2;
     * p -= lr ( wd p + (m c1) / (sqrt(v c2) + eps) ),  c1 = 1/(1-b1^step), c2 = 1/(1-b2^step).
     * Loshchilov & Hutter, arXiv:1711.05101. */
    void (*adamw)(size_t n, const struct KernAdamw *k, const Real *g, Real *p, Real *m, Real *v);
} Kern;

/* rows of h heads of width p; row r is at position (first + r) mod period, first < period.
 * Tables of the positions' sines: [period,p/2] for rope, p even; [period,h p] for LRPE. */
typedef struct KernTurn {
    size_t rows, h, p, first, period;
    const Real *cosine, *sine;
} KernTurn;

typedef struct KernAdamw {
    Real lr, beta1, beta2, eps, weight_decay, c1, c2, grad_scale;
} KernAdamw;

/* HGRN2's lower bound lb of the gates, [d] each. */
typedef struct KernBound {
    const Real *lb, *open;         /* lb and 1 - lb */
    const Real *log_lb, *log_open; /* -ln lb and -ln(1 - lb) */
} KernBound;

/* One chunk in sub-chunks of `sub` rows (the last may be shorter).  Where it says [rows,n],
 * rows are n apart.  With f = e^g, fore_i = the product of f from the sub-chunk's first row to
 * i, rest_j = that from the row after j to its last: */
typedef struct KernDecay {
    size_t rows, sub, n;
    const Real *q, *k, *g;
    size_t ldq, ldk, ldg;
    Real *f;      /* [rows,n] */
    Real *near;   /* [rows,n] q fore */
    Real *far;    /* [rows,n] near times `before` of the row's sub-chunk */
    Real *key;    /* [rows,n] k rest */
    Real *whole;  /* [sub-chunks,n] e^(sum of g over the sub-chunk) */
    Real *before; /* [sub-chunks + 1,n] product of `whole` of the sub-chunks before */
} KernDecay;

/* One sub-chunk, with f [rows,n], p [rows,rows] (j <= i read), dnear and dkey [rows,n]:
 *     dq_i = fore_i dnear_i + sum_{j<=i} p_ij k_j f_{j+1} .. f_i
 *     dk_j = rest_j dkey_j  + sum_{i>=j} p_ij q_i f_{j+1} .. f_i
 *     dg_i = sum, after sum [n] += q_i dq_i - k_i dk_i, from the last row to the first */
typedef struct KernDecayGrad {
    size_t rows, n;
    const Real *q, *k, *f, *p, *dnear, *dkey;
    size_t ldq, ldk, ldp;
    Real *dq, *dk, *dg;
    size_t lddq, lddk, lddg;
    double *sum;
} KernDecayGrad;

/* The best table for this CPU, built once on first use; thread-safe.  SLAW_ISA
 * (scalar, avx2, avx512, ...) caps the choice, for tests and for bisecting. */
const Kern *kern_get(void);

/* The same table with products that round both operands to bfloat16 (to nearest even) and
 * add in float.  avx512bf16 multiplies pairs with the CPU's own instruction, whose order of
 * additions is the CPU's; every other ISA returns the bits of the scalar twin. */
const Kern *kern_bf16(const Kern *k);

/* Table for one named ISA, or NULL if it is unknown or this CPU lacks it. */
const Kern *kern_for_isa(const char *isa);

/* The i-th ISA this build knows (NULL past the end), weakest first. */
const char *kern_isa_name(size_t i);

/* What became of it: "used", "supported", "capped by SLAW_ISA", "not supported by this CPU".
 * NULL past the end. */
const char *kern_isa_status(size_t i);

#endif

#include "trainer/models/layers/attention.h"

#include <string.h>

/* P of the rows i0 .. i0+m against columns 0 .. i0+m, into p [m, i0+m]. */
static void tile_probabilities(const Kern *kern, const AttentionIn *in, size_t i0, size_t m,
                               Real *p)
{
    size_t cols = i0 + m;
    size_t valid[ATTENTION_TILE];
    for (size_t i = 0; i < m; i++) {
        valid[i] = i0 + i + 1;
    }
    kern->gemm_nt(m, cols, in->p, in->q + i0 * in->ld, in->ld, in->k, in->ld, p, cols, KERN_SET);
    kern->softmax(m, cols, p, valid, NULL);
}

static size_t tile_size(size_t n, size_t i0)
{
    return n - i0 < ATTENTION_TILE ? n - i0 : ATTENTION_TILE;
}

void attention_forward(const Kern *kern, const AttentionIn *in, Real *scores, Real *o, size_t ldo)
{
    for (size_t i0 = 0; i0 < in->n; i0 += ATTENTION_TILE) {
        size_t m = tile_size(in->n, i0);
        tile_probabilities(kern, in, i0, m, scores);
        kern->gemm_nn(m, in->p, i0 + m, scores, i0 + m, in->v, in->ld, o + i0 * ldo, ldo, KERN_SET);
    }
}

static void clear(size_t n, size_t p, Real *x, size_t ld)
{
    for (size_t i = 0; i < n; i++) {
        memset(x + i * ld, 0, p * sizeof *x);
    }
}

/* dS = P * (dP - D), D_i = dO_i . O_i, in place over dP. */
static void tile_score_grad(const Kern *kern, const AttentionIn *in, size_t i0, size_t m,
                            const Real *o, const Real *dout, size_t ldo, const Real *p, Real *dp)
{
    size_t cols = i0 + m;
    for (size_t i = 0; i < m; i++) {
        size_t row = i0 + i;
        Real along = kern->dot(in->p, dout + row * ldo, o + row * ldo);
        kern->mul(cols, dp + i * cols, p + i * cols, dp + i * cols);
        kern->axpy(cols, -along, p + i * cols, dp + i * cols);
    }
}

void attention_backward(const Kern *kern, const AttentionIn *in, const Real *o, const Real *dout,
                        size_t ldo, Real *scores, Real *dscores, const AttentionGrad *ret)
{
    clear(in->n, in->p, ret->dk, ret->ld);
    clear(in->n, in->p, ret->dv, ret->ld);
    for (size_t i0 = 0; i0 < in->n; i0 += ATTENTION_TILE) {
        size_t m = tile_size(in->n, i0), cols = i0 + m;
        const Real *doi = dout + i0 * ldo;
        tile_probabilities(kern, in, i0, m, scores);
        kern->gemm_tn(cols, in->p, m, scores, cols, doi, ldo, ret->dv, ret->ld, KERN_ADD);
        kern->gemm_nt(m, cols, in->p, doi, ldo, in->v, in->ld, dscores, cols, KERN_SET);
        tile_score_grad(kern, in, i0, m, o, dout, ldo, scores, dscores);
        kern->gemm_nn(m, in->p, cols, dscores, cols, in->k, in->ld, ret->dq + i0 * ret->ld, ret->ld,
                      KERN_SET);
        kern->gemm_tn(cols, in->p, m, dscores, cols, in->q + i0 * in->ld, in->ld, ret->dk, ret->ld,
                      KERN_ADD);
    }
}

void attention_decode(const Kern *kern, const AttentionIn *in, Real *scores, Real *o)
{
    size_t valid = in->n;
    kern->gemm_nt(1, in->n, in->p, in->q, in->p, in->k, in->ld, scores, in->n, KERN_SET);
    kern->softmax(1, in->n, scores, &valid, NULL);
    kern->gemm_nn(1, in->p, in->n, scores, in->n, in->v, in->ld, o, in->p, KERN_SET);
}

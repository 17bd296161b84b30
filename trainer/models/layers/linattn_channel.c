/* linattn_channel.c -- one chunk of linear attention whose decay differs by channel.
 *
 * The chunk is cut into sub-chunks of u rows.  With f = e^g, all that is needed are
 *
 *     fore_i = prod of f from the first row of i's sub-chunk to i        (e^{b_i - R})
 *     rest_j = prod of f from the row after j to its sub-chunk's last    (e^{R' - b_j})
 *     whole_J = product over all of sub-chunk J                          (e^{R' - R})
 *
 * every one of them in [0, 1]; long decays underflow to 0, which is the right answer.
 * Products of at most u factors cost a few roundings; whole_J, which the state sees once a
 * sub-chunk over the whole sequence, is exp of the summed g.
 *
 *   - Rows of sub-chunk I against earlier columns: A = (q fore) (k rest D)^T, a matrix
 *     product, D the decay of the sub-chunks in between.  The right factor is kept in a
 *     buffer `ke` that is multiplied by whole_I after I is done; at the end it is K e^{B-b}.
 *   - Inside a sub-chunk: for each row i the query is carried down, w <- w f_{j+1}, and
 *     A_ij = w . k_j.  The same recurrence, transposed, gives the gradients.
 *
 * Backward's rows through the state and through earlier sub-chunks share the factors:
 *     dq_I = fore ( D dO S^T + P K' ) + inside,    dk_J = rest ( D' (V dS^T) + P^T Q' ) + inside.
 */
#include <string.h>

#include "trainer/models/layers/linattn.h"

/* The factors of one chunk of m rows; [m,pk] each but where said. */
typedef struct Factors {
    size_t m, n_blocks;
    Real *f, *fore, *rest;
    Real *whole; /* [n_blocks,pk] */
} Factors;

static size_t block_end(const LinAttn *w, size_t m, size_t block)
{
    size_t end = (block + 1) * w->sub;
    return end < m ? end : m;
}

static void block_factors(const LinAttn *w, const LinAttnIn *in, size_t block, Factors *x)
{
    const Kern *k = w->kern;
    size_t pk = w->pk, first = block * w->sub, end = block_end(w, x->m, block);
    Real *whole = x->whole + block * pk;
    memset(whole, 0, pk * sizeof *whole);
    for (size_t i = first; i < end; i++) {
        const Real *g = in->g + i * in->ldg;
        k->exp(pk, g, x->f + i * pk);
        k->add(pk, whole, g, whole);
        if (i == first) {
            memcpy(x->fore + i * pk, x->f + i * pk, pk * sizeof *x->f);
        } else {
            k->mul(pk, x->fore + (i - 1) * pk, x->f + i * pk, x->fore + i * pk);
        }
    }
    k->exp(pk, whole, whole);
    for (size_t j = 0; j < pk; j++) {
        x->rest[(end - 1) * pk + j] = (Real)1;
    }
    for (size_t i = end - 1; i-- > first;) {
        k->mul(pk, x->rest + (i + 1) * pk, x->f + (i + 1) * pk, x->rest + i * pk);
    }
}

static Factors factors_of(const LinAttn *w, LinAttnWork *work, const LinAttnIn *in)
{
    Factors x = {.m = in->n,
                 .n_blocks = (in->n + w->sub - 1) / w->sub,
                 .f = work->rows[0],
                 .fore = work->rows[1],
                 .rest = work->rows[2],
                 .whole = work->blocks};
    for (size_t block = 0; block < x.n_blocks; block++) {
        block_factors(w, in, block, &x);
    }
    return x;
}

/* y = x factor for the rows first .. end, y and factor [m,pk]. */
static void mul_rows(const LinAttn *w, size_t first, size_t end, const Real *x, size_t ldx,
                     const Real *factor, Real *y)
{
    for (size_t i = first; i < end; i++) {
        w->kern->mul(w->pk, x + i * ldx, factor + i * w->pk, y + i * w->pk);
    }
}

/* y [rows 0 .. end, pk] *= one row of factors. */
static void decay_rows(const LinAttn *w, size_t end, const Real *factor, Real *y)
{
    for (size_t i = 0; i < end; i++) {
        w->kern->mul(w->pk, y + i * w->pk, factor, y + i * w->pk);
    }
}

static void set_ones(size_t n, Real *x)
{
    for (size_t i = 0; i < n; i++) {
        x[i] = (Real)1;
    }
}

/* ---- forward ----------------------------------------------------------------------- */

/* Rows first .. end of A within their own sub-chunk; zero to the right of the diagonal. */
static void inside_forward(const LinAttn *w, const LinAttnIn *in, const Real *f, size_t first,
                           size_t end, Real *query, Real *a)
{
    const Kern *k = w->kern;
    for (size_t i = first; i < end; i++) {
        Real *row = a + i * w->chunk;
        memcpy(query, in->q + i * in->ldq, w->pk * sizeof *query);
        memset(row + i, 0, (in->n - i) * sizeof *row);
        for (size_t j = i + 1; j-- > first;) {
            row[j] = k->dot(w->pk, query, in->k + j * in->ldk);
            k->mul(w->pk, query, f + j * w->pk, query);
        }
    }
}

/* S = e^B S, e^B by row. */
static void decay_state(const LinAttn *w, const Real *whole, Real *state)
{
    for (size_t i = 0; i < w->pk; i++) {
        w->kern->scale(w->pv, whole[i], state + i * w->pv, state + i * w->pv);
    }
}

void linattn_channel_forward(const LinAttn *w, LinAttnWork *work, const LinAttnIn *in, Real *state,
                             Real *o, size_t ldo, Real *a)
{
    const Kern *k = w->kern;
    Factors x = factors_of(w, work, in);
    size_t m = in->n, c = w->chunk, pk = w->pk, pv = w->pv;
    Real *qe = work->rows[3], *ke = work->rows[4], *so_far = work->whole;
    mul_rows(w, 0, m, in->q, in->ldq, x.fore, qe);
    set_ones(pk, so_far);
    for (size_t block = 0; block < x.n_blocks; block++) {
        size_t first = block * w->sub, end = block_end(w, m, block);
        const Real *whole = x.whole + block * pk;
        k->gemm_nt(end - first, first, pk, qe + first * pk, pk, ke, pk, a + first * c, c, KERN_SET);
        inside_forward(w, in, x.f, first, end, work->rows[5], a);
        decay_rows(w, first, whole, ke);
        mul_rows(w, first, end, in->k, in->ldk, x.rest, ke);
        for (size_t i = first; i < end; i++) {
            k->mul(pk, qe + i * pk, so_far, qe + i * pk);
        }
        k->mul(pk, so_far, whole, so_far);
    }
    k->gemm_nn(m, pv, pk, qe, pk, state, pv, o, ldo, KERN_SET);
    k->gemm_nn(m, pv, m, a, c, in->v, in->ldv, o, ldo, KERN_ADD);
    decay_state(w, so_far, state);
    k->gemm_tn(pk, pv, m, ke, pk, in->v, in->ldv, state, pv, KERN_ADD);
}

/* ---- backward ---------------------------------------------------------------------- */

/* dq, dk of the pairs inside the sub-chunk first .. end, added. */
static void inside_backward(const LinAttn *w, const LinAttnIn *in, const Real *f, size_t first,
                            size_t end, const Real *p, Real *query, Real *sum,
                            const LinAttnGrad *ret)
{
    const Kern *k = w->kern;
    size_t pk = w->pk;
    for (size_t i = first; i < end; i++) {
        const Real *row = p + i * w->chunk;
        memset(sum, 0, pk * sizeof *sum);
        for (size_t j = first; j <= i; j++) { /* dq_i = sum_j P_ij k_j e^{b_i - b_j}, Horner */
            k->mul(pk, sum, f + j * pk, sum);
            k->axpy(pk, row[j], in->k + j * in->ldk, sum);
        }
        k->add(pk, ret->dq + i * ret->lddq, sum, ret->dq + i * ret->lddq);
        memcpy(query, in->q + i * in->ldq, pk * sizeof *query);
        for (size_t j = i + 1; j-- > first;) {
            k->axpy(pk, row[j], query, ret->dk + j * ret->lddk);
            k->mul(pk, query, f + j * pk, query);
        }
    }
}

/* dq but for pairs inside sub-chunks; leaves ke = K e^{B-b}, qe = Q e^b (rows of a
 * sub-chunk: Q fore in `near`) and so_far = e^B. */
static void query_grad(const LinAttn *w, const LinAttnIn *in, const Factors *x, const Real *p,
                       const Real *dqs, Real *near, Real *qe, Real *ke, Real *so_far,
                       const LinAttnGrad *ret)
{
    const Kern *k = w->kern;
    size_t pk = w->pk;
    set_ones(pk, so_far);
    mul_rows(w, 0, x->m, in->q, in->ldq, x->fore, near);
    for (size_t block = 0; block < x->n_blocks; block++) {
        size_t first = block * w->sub, end = block_end(w, x->m, block);
        const Real *whole = x->whole + block * pk;
        for (size_t i = first; i < end; i++) {
            k->mul(pk, dqs + i * pk, so_far, ret->dq + i * ret->lddq);
            k->mul(pk, near + i * pk, so_far, qe + i * pk);
        }
        k->gemm_nn(end - first, pk, first, p + first * w->chunk, w->chunk, ke, pk,
                   ret->dq + first * ret->lddq, ret->lddq, KERN_ADD);
        for (size_t i = first; i < end; i++) {
            Real *dq = ret->dq + i * ret->lddq;
            k->mul(pk, dq, x->fore + i * pk, dq);
        }
        decay_rows(w, first, whole, ke);
        mul_rows(w, first, end, in->k, in->ldk, x->rest, ke);
        k->mul(pk, so_far, whole, so_far);
    }
}

/* dk but for pairs inside: dke [m,pk] starts as V dS^T, the gradient of ke at the end, and
 * is carried back through the sub-chunks. */
static void key_grad(const LinAttn *w, const Factors *x, const Real *p, const Real *near, Real *dke,
                     const LinAttnGrad *ret)
{
    const Kern *k = w->kern;
    size_t pk = w->pk;
    for (size_t block = x->n_blocks; block-- > 0;) {
        size_t first = block * w->sub, end = block_end(w, x->m, block);
        for (size_t i = first; i < end; i++) {
            k->mul(pk, dke + i * pk, x->rest + i * pk, ret->dk + i * ret->lddk);
        }
        decay_rows(w, first, x->whole + block * pk, dke);
        k->gemm_tn(first, pk, end - first, p + first * w->chunk, w->chunk, near + first * pk, pk,
                   dke, pk, KERN_ADD);
    }
}

void linattn_channel_backward(const LinAttn *w, LinAttnWork *work, const LinAttnIn *in,
                              const Real *state, const Real *a, const Real *dout, size_t lddo,
                              Real *dstate, const LinAttnGrad *ret)
{
    const Kern *k = w->kern;
    Factors x = factors_of(w, work, in);
    size_t m = in->n, c = w->chunk, pk = w->pk, pv = w->pv;
    Real *p = work->a, *near = work->rows[3], *qe = work->rows[4], *ke = work->rows[5];
    Real *through = work->rows[6], *so_far = work->whole;
    k->gemm_nt(m, m, pv, dout, lddo, in->v, in->ldv, p, c, KERN_SET);
    k->gemm_nt(m, pk, pv, dout, lddo, state, pv, through, pk, KERN_SET);
    query_grad(w, in, &x, p, through, near, qe, ke, so_far, ret);
    k->gemm_nt(m, pk, pv, in->v, in->ldv, dstate, pv, through, pk, KERN_SET);
    key_grad(w, &x, p, near, through, ret);
    for (size_t block = 0; block < x.n_blocks; block++) {
        inside_backward(w, in, x.f, block * w->sub, block_end(w, m, block), p, through,
                        work->rows[7], ret);
    }
    k->gemm_tn(m, pv, m, a, c, dout, lddo, ret->dv, ret->lddv, KERN_SET);
    k->gemm_nn(m, pv, pk, ke, pk, dstate, pv, ret->dv, ret->lddv, KERN_ADD);
    decay_state(w, so_far, dstate);
    k->gemm_tn(pk, pv, m, qe, pk, dout, lddo, dstate, pv, KERN_ADD);
}

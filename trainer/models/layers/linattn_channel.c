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
 *     buffer `key` whose rows before I are multiplied by whole_I after I is done; at the end
 *     it is K e^{B-b}.
 *   - Inside a sub-chunk: the kernel decay_inside carries each key down the rows,
 *     w <- w f_i, and A_ij = q_i . w.  The same recurrence, transposed, gives the gradients
 *     (decay_grad).
 *
 * Backward's rows through the state and through earlier sub-chunks share the factors:
 *     dq_I = fore ( D dO S^T + P K' ) + inside,    dk_J = rest ( D' (V dS^T) + P^T Q' ) + inside.
 */
#include <string.h>

#include "trainer/models/layers/linattn.h"

/* A chunk of m rows in its scratch; [m,pk] but where kern.h says otherwise. */
static KernDecay scaled_of(const LinAttn *w, LinAttnWork *work, const LinAttnIn *in)
{
    KernDecay x = {.rows = in->n,
                   .sub = w->sub,
                   .n = w->pk,
                   .q = in->q,
                   .k = in->k,
                   .g = in->g,
                   .ldq = in->ldq,
                   .ldk = in->ldk,
                   .ldg = in->ldg,
                   .f = work->rows[0],
                   .near = work->rows[1],
                   .far = work->rows[2],
                   .key = work->rows[3],
                   .whole = work->whole,
                   .before = work->before};
    w->kern->decay_factors(&x);
    return x;
}

/* Rows of the sub-chunk that begins with row first. */
static size_t block_rows(const LinAttn *w, size_t m, size_t first)
{
    return m - first < w->sub ? m - first : w->sub;
}

/* e^B of the whole chunk. */
static const Real *chunk_decay(const KernDecay *x)
{
    return x->before + (x->rows + x->sub - 1) / x->sub * x->n;
}

void linattn_channel_forward(const LinAttn *w, LinAttnWork *work, const LinAttnIn *in, Real *state,
                             Real *o, size_t ldo, Real *a)
{
    const Kern *k = w->kern;
    KernDecay x = scaled_of(w, work, in);
    size_t m = in->n, c = w->chunk, pk = w->pk, pv = w->pv;
    for (size_t first = 0, block = 0; first < m; first += w->sub, block++) {
        size_t rows = block_rows(w, m, first), at = first * pk;
        Real *ai = a + first * c;
        k->gemm_nt(rows, first, pk, x.near + at, pk, x.key, pk, ai, c, KERN_SET);
        k->decay_inside(rows, pk, in->q + first * in->ldq, in->ldq, in->k + first * in->ldk,
                        in->ldk, x.f + at, ai + first, c);
        k->mul_rows(first, pk, x.whole + block * pk, x.key, pk, x.key, pk);
        for (size_t i = 0; i < rows; i++) {
            memset(ai + i * c + first + rows, 0, (m - first - rows) * sizeof *ai);
        }
    }
    k->gemm_nn(m, pv, pk, x.far, pk, state, pv, o, ldo, KERN_SET);
    k->scale_rows(pk, pv, chunk_decay(&x), state, pv, state, pv);
    k->pack_nn(pv, m, in->v, in->ldv, work->packed);
    k->gemm_packed(m, pv, m, a, c, work->packed, o, ldo, KERN_ADD);
    k->gemm_tn_packed(pk, pv, m, x.key, pk, work->packed, state, pv, KERN_ADD);
}

/* dnear [m,pk], which is dO S^T on entry: the gradient of near.  Leaves key = K e^{B-b}. */
static void near_grad(const LinAttn *w, const KernDecay *x, const Real *p, Real *dnear)
{
    const Kern *k = w->kern;
    size_t pk = w->pk;
    for (size_t first = 0, block = 0; first < x->rows; first += w->sub, block++) {
        size_t rows = block_rows(w, x->rows, first);
        Real *at = dnear + first * pk;
        k->mul_rows(rows, pk, x->before + block * pk, at, pk, at, pk);
        k->gemm_nn(rows, pk, first, p + first * w->chunk, w->chunk, x->key, pk, at, pk, KERN_ADD);
        k->mul_rows(first, pk, x->whole + block * pk, x->key, pk, x->key, pk);
    }
}

/* dq, dk and dg from dnear and dkey, the gradients of near and of key at the end; dkey is
 * carried back through the sub-chunks. */
static void inside_grad(const LinAttn *w, LinAttnWork *work, const LinAttnIn *in,
                        const KernDecay *x, const Real *p, const Real *dnear, Real *dkey,
                        const LinAttnGrad *ret)
{
    const Kern *k = w->kern;
    size_t pk = w->pk, c = w->chunk;
    for (size_t block = (x->rows + w->sub - 1) / w->sub; block-- > 0;) {
        size_t first = block * w->sub, rows = block_rows(w, x->rows, first), at = first * pk;
        k->decay_grad(&(KernDecayGrad){.rows = rows,
                                       .n = pk,
                                       .q = in->q + first * in->ldq,
                                       .k = in->k + first * in->ldk,
                                       .f = x->f + at,
                                       .p = p + first * c + first,
                                       .dnear = dnear + at,
                                       .dkey = dkey + at,
                                       .ldq = in->ldq,
                                       .ldk = in->ldk,
                                       .ldp = c,
                                       .dq = ret->dq + first * ret->lddq,
                                       .dk = ret->dk + first * ret->lddk,
                                       .dg = ret->dg + first * ret->lddg,
                                       .lddq = ret->lddq,
                                       .lddk = ret->lddk,
                                       .lddg = ret->lddg,
                                       .sum = work->sum});
        k->mul_rows(first, pk, x->whole + block * pk, dkey, pk, dkey, pk);
        k->gemm_tn(first, pk, rows, p + first * c, c, x->near + at, pk, dkey, pk, KERN_ADD);
    }
}

void linattn_channel_backward(const LinAttn *w, LinAttnWork *work, const LinAttnIn *in,
                              const Real *state, const Real *a, const Real *dout, size_t lddo,
                              Real *dstate, const LinAttnGrad *ret)
{
    const Kern *k = w->kern;
    KernDecay x = scaled_of(w, work, in);
    size_t m = in->n, c = w->chunk, pk = w->pk, pv = w->pv;
    Real *p = work->a, *dnear = work->rows[4], *dkey = work->rows[5];
    k->gemm_nt(m, m, pv, dout, lddo, in->v, in->ldv, p, c, KERN_SET);
    k->gemm_nt(m, pk, pv, dout, lddo, state, pv, dnear, pk, KERN_SET);
    k->gemm_nt(m, pk, pv, in->v, in->ldv, dstate, pv, dkey, pk, KERN_SET);
    near_grad(w, &x, p, dnear);
    inside_grad(w, work, in, &x, p, dnear, dkey, ret);
    k->pack_nn(pv, m, dout, lddo, work->packed);
    k->gemm_tn_packed(m, pv, m, a, c, work->packed, ret->dv, ret->lddv, KERN_SET);
    k->gemm_nn(m, pv, pk, x.key, pk, dstate, pv, ret->dv, ret->lddv, KERN_ADD);
    k->scale_rows(pk, pv, chunk_decay(&x), dstate, pv, dstate, pv);
    k->gemm_tn_packed(pk, pv, m, x.far, pk, work->packed, dstate, pv, KERN_ADD);
}

#include "trainer/models/layers/linattn.h"

#include <math.h>
#include <string.h>

size_t linattn_chunks(const LinAttn *w, size_t n)
{
    return (n + w->chunk - 1) / w->chunk;
}

void linattn_layout_tables(LinAttn *w, Mem *mem)
{
    w->power = mem_reals(mem, w->chunk + 1);
    w->mask = mem_reals(mem, 2 * w->chunk);
}

void linattn_layout_work(const LinAttn *w, LinAttnWork *work, Mem *mem)
{
    size_t p = w->pk > w->pv ? w->pk : w->pv;
    work->a = mem_reals(mem, w->chunk * w->chunk);
    work->packed = mem_take(mem, w->kern->packed_bytes(w->pv, w->chunk), 1);
    for (size_t i = 0; i < sizeof work->rows / sizeof *work->rows; i++) {
        work->rows[i] = mem_reals(mem, w->chunk * p);
    }
    size_t blocks = (w->chunk + w->sub - 1) / w->sub;
    work->whole = mem_reals(mem, blocks * w->pk);
    work->before = mem_reals(mem, (blocks + 1) * w->pk);
    work->sum = mem_doubles(mem, w->pk);
}

void linattn_set_rate(LinAttn *w, double rate)
{
    size_t c = w->chunk;
    for (size_t i = 0; i <= c; i++) {
        w->power[i] = (Real)exp(-rate * (double)i);
    }
    for (size_t i = 0; i < c; i++) {
        w->mask[i] = w->power[c - 1 - i];
        w->mask[c + i] = (Real)0;
    }
}

/* a [m,m] (rows chunk apart) *= lambda^(i-j) below the diagonal, 0 above. */
static void apply_mask(const LinAttn *w, size_t m, Real *a)
{
    w->kern->mul_toeplitz(m, m, w->mask + w->chunk - 1, a, w->chunk);
}

/* Row i of m: y_i = lambda^(i+1) x_i, as far as the row is from the state before the chunk. */
static void scale_from_start(const LinAttn *w, size_t m, size_t n, const Real *x, size_t ldx,
                             Real *y, size_t ldy)
{
    w->kern->scale_rows(m, n, w->power + 1, x, ldx, y, ldy);
}

/* Row i of m: y_i = lambda^(m-1-i) x_i, as far as it is from the state after the chunk. */
static void scale_to_end(const LinAttn *w, size_t m, size_t n, const Real *x, size_t ldx, Real *y,
                         size_t ldy)
{
    w->kern->scale_rows(m, n, w->mask + w->chunk - m, x, ldx, y, ldy);
}

/* One chunk of m rows with one decay or none. */
static void chunk_forward(const LinAttn *w, LinAttnWork *work, const LinAttnIn *in, Real *state,
                          Real *o, size_t ldo, Real *a)
{
    const Kern *k = w->kern;
    size_t m = in->n, c = w->chunk, pk = w->pk, pv = w->pv, ldk = in->ldk;
    const Real *key = in->k;
    k->gemm_nt(m, m, pk, in->q, in->ldq, key, ldk, a, c, KERN_SET);
    apply_mask(w, m, a);
    k->gemm_nn(m, pv, pk, in->q, in->ldq, state, pv, o, ldo, KERN_SET);
    if (w->decay == DECAY_SCALAR) {
        scale_from_start(w, m, pv, o, ldo, o, ldo);
        scale_to_end(w, m, pk, key, ldk, work->rows[0], pk);
        key = work->rows[0], ldk = pk;
        k->scale(pk * pv, w->power[m], state, state);
    }
    k->pack_nn(pv, m, in->v, in->ldv, work->packed);
    k->gemm_packed(m, pv, m, a, c, work->packed, o, ldo, KERN_ADD);
    k->gemm_tn_packed(pk, pv, m, key, ldk, work->packed, state, pv, KERN_ADD);
}

/* Rows s .. of a sequence, at most one chunk of them. */
static LinAttnIn chunk_of(const LinAttn *w, const LinAttnIn *in, size_t s)
{
    size_t m = in->n - s < w->chunk ? in->n - s : w->chunk;
    return (LinAttnIn){.n = m,
                       .q = in->q + s * in->ldq,
                       .k = in->k + s * in->ldk,
                       .v = in->v + s * in->ldv,
                       .g = in->g ? in->g + s * in->ldg : NULL,
                       .ldq = in->ldq,
                       .ldk = in->ldk,
                       .ldv = in->ldv,
                       .ldg = in->ldg};
}

void linattn_forward(const LinAttn *w, LinAttnWork *work, const LinAttnIn *in, Real *state, Real *o,
                     size_t ldo, const LinAttnKept *kept)
{
    size_t size = w->pk * w->pv;
    for (size_t s = 0, i = 0; s < in->n; s += w->chunk, i++) {
        LinAttnIn chunk = chunk_of(w, in, s);
        Real *a = kept ? kept->a + i * w->chunk * w->chunk : work->a;
        if (kept) {
            memcpy(kept->states + i * size, state, size * sizeof *state);
        }
        if (w->decay == DECAY_CHANNEL) {
            linattn_channel_forward(w, work, &chunk, state, o + s * ldo, ldo, a);
        } else {
            chunk_forward(w, work, &chunk, state, o + s * ldo, ldo, a);
        }
    }
}

/* With P = mask * (dO V^T) and D = lambda^(row): each of dq, dk, dv is a part through the
 * state and a part inside the chunk; dk and dv use dstate as it was after the chunk. */
static void chunk_backward(const LinAttn *w, LinAttnWork *work, const LinAttnIn *in,
                           const Real *state, const Real *a, const Real *dout, size_t lddo,
                           Real *dstate, const LinAttnGrad *ret)
{
    const Kern *k = w->kern;
    size_t m = in->n, c = w->chunk, pk = w->pk, pv = w->pv, ldq = in->ldq;
    Real *p = work->a;
    const Real *query = in->q;
    k->gemm_nt(m, m, pv, dout, lddo, in->v, in->ldv, p, c, KERN_SET);
    apply_mask(w, m, p);
    k->gemm_nt(m, pk, pv, in->v, in->ldv, dstate, pv, ret->dk, ret->lddk, KERN_SET);
    k->gemm_nn(m, pv, pk, in->k, in->ldk, dstate, pv, ret->dv, ret->lddv, KERN_SET);
    k->gemm_nt(m, pk, pv, dout, lddo, state, pv, ret->dq, ret->lddq, KERN_SET);
    if (w->decay == DECAY_SCALAR) {
        scale_to_end(w, m, pk, ret->dk, ret->lddk, ret->dk, ret->lddk);
        scale_to_end(w, m, pv, ret->dv, ret->lddv, ret->dv, ret->lddv);
        scale_from_start(w, m, pk, ret->dq, ret->lddq, ret->dq, ret->lddq);
        scale_from_start(w, m, pk, query, ldq, work->rows[0], pk);
        query = work->rows[0], ldq = pk;
        k->scale(pk * pv, w->power[m], dstate, dstate);
    }
    k->gemm_tn(m, pk, m, p, c, in->q, in->ldq, ret->dk, ret->lddk, KERN_ADD);
    k->gemm_nn(m, pk, m, p, c, in->k, in->ldk, ret->dq, ret->lddq, KERN_ADD);
    k->pack_nn(pv, m, dout, lddo, work->packed);
    k->gemm_tn_packed(m, pv, m, a, c, work->packed, ret->dv, ret->lddv, KERN_ADD);
    k->gemm_tn_packed(pk, pv, m, query, ldq, work->packed, dstate, pv, KERN_ADD);
}

static LinAttnGrad grad_of(const LinAttnGrad *g, size_t s)
{
    return (LinAttnGrad){.dq = g->dq + s * g->lddq,
                         .dk = g->dk + s * g->lddk,
                         .dv = g->dv + s * g->lddv,
                         .dg = g->dg ? g->dg + s * g->lddg : NULL,
                         .lddq = g->lddq,
                         .lddk = g->lddk,
                         .lddv = g->lddv,
                         .lddg = g->lddg};
}

/* dg_t = sum over r >= t of (q_r dq_r - k_r dk_r): a small difference of large terms, so the
 * sum is carried in double over the whole sequence (decay_grad).  It begins with what the
 * final state has of every decay, rowsum(dS * S). */
static void decay_grad_begin(const LinAttn *w, LinAttnWork *work, const Real *end_state,
                             const Real *dstate)
{
    for (size_t i = 0; i < w->pk; i++) {
        work->sum[i] = 0.0;
        for (size_t j = 0; end_state && j < w->pv; j++) {
            work->sum[i] += (double)end_state[i * w->pv + j] * (double)dstate[i * w->pv + j];
        }
    }
}

void linattn_backward(const LinAttn *w, LinAttnWork *work, const LinAttnIn *in,
                      const LinAttnKept *kept, const Real *end_state, const Real *dout, size_t lddo,
                      Real *dstate, const LinAttnGrad *ret)
{
    if (w->decay == DECAY_CHANNEL) {
        decay_grad_begin(w, work, end_state, dstate);
    }
    for (size_t i = linattn_chunks(w, in->n); i-- > 0;) {
        size_t s = i * w->chunk;
        LinAttnIn chunk = chunk_of(w, in, s);
        LinAttnGrad grad = grad_of(ret, s);
        const Real *state = kept->states + i * w->pk * w->pv;
        const Real *a = kept->a + i * w->chunk * w->chunk;
        if (w->decay == DECAY_CHANNEL) {
            linattn_channel_backward(w, work, &chunk, state, a, dout + s * lddo, lddo, dstate,
                                     &grad);
        } else {
            chunk_backward(w, work, &chunk, state, a, dout + s * lddo, lddo, dstate, &grad);
        }
    }
}

void linattn_step(const LinAttn *w, LinAttnWork *work, const Real *q, const Real *k, const Real *v,
                  const Real *g, Real *state, Real *o)
{
    const Kern *kern = w->kern;
    if (w->decay == DECAY_CHANNEL) {
        kern->exp(w->pk, g, work->whole);
    }
    for (size_t i = 0; i < w->pk; i++) {
        Real *row = state + i * w->pv;
        if (w->decay != DECAY_NONE) {
            Real f = w->decay == DECAY_SCALAR ? w->power[1] : work->whole[i];
            kern->scale(w->pv, f, row, row);
        }
        kern->axpy(w->pv, k[i], v, row);
    }
    kern->gemm_nn(1, w->pv, w->pk, q, w->pk, state, w->pv, o, w->pv, KERN_SET);
}

#include "trainer/models/layers/gated_linear.h"

#include <math.h>
#include <string.h>

#include "trainer/models/layers/linear.h"
#include "trainer/models/layers/rope.h"

/* ---- opening ----------------------------------------------------------------------- */

bool gated_open(Model *m, bool (*has_lrpe)(const Model *m, size_t i))
{
    GatedLinear *w = m->own;
    w->layer = arena_array(&m->arena, m->l, sizeof *w->layer);
    LinAttn *attn = arena_array(&m->arena, m->l * m->h, sizeof *attn);
    w->work = arena_array(&m->arena, m->threads, sizeof *w->work);
    if (!w->layer || !attn || !w->work) {
        return false;
    }
    for (size_t i = 0; i < m->l; i++) {
        GatedLayer *y = &w->layer[i];
        y->q = model_linear_of(m, i, "attn.q_proj", m->d, 3 * m->d + m->p);
        y->gate_up = model_linear_of(m, i, "attn.gate_up", m->p, m->d);
        y->o = model_linear_of(m, i, "attn.o_proj", m->d, m->d);
        y->has_lrpe = has_lrpe(m, i);
        y->attn = attn + i * m->h;
    }
    return true;
}

/* Width of q and of k in layer i, all heads. */
static size_t key_width(const Model *m, const GatedLayer *y)
{
    return y->has_lrpe ? 2 * m->d : m->d;
}

static LinAttn attn_of(const Model *m, const GatedLayer *y, Decay decay)
{
    return (LinAttn){.kern = m->kern,
                     .decay = decay,
                     .pk = key_width(m, y) / m->h,
                     .pv = m->p,
                     .chunk = LINATTN_CHUNK,
                     .sub = LINATTN_SUB};
}

static void layout_tables(Model *m, GatedLayer *y, Decay decay, Mem *mem)
{
    for (size_t j = 0; j < m->h; j++) {
        y->attn[j] = attn_of(m, y, decay);
        if (decay == DECAY_NONE && j > 0) { /* one table of ones for all heads */
            y->attn[j] = y->attn[0];
        } else {
            linattn_layout_tables(&y->attn[j], mem);
        }
    }
    if (y->has_lrpe) {
        y->cosine = mem_reals(mem, m->seq * m->d);
        y->sine = mem_reals(mem, m->seq * m->d);
        y->angles_of = mem_doubles(mem, m->d);
        y->dtheta = mem_doubles(mem, m->d);
    }
    y->state = mem_reals(mem, m->h * y->attn[0].pk * y->attn[0].pv);
}

static void layout_kept(Model *m, GatedLayer *y, Mem *mem)
{
    size_t r = m->part_rows, d = m->d;
    const LinAttn *a = &y->attn[0];
    size_t chunks = m->part_b * m->h * linattn_chunks(a, m->seq);
    y->z = mem_reals(mem, r * (3 * d + m->p));
    y->qk = mem_reals(mem, r * 2 * key_width(m, y));
    y->out = mem_reals(mem, r * d);
    y->rstd = mem_reals(mem, r);
    y->gate = mem_reals(mem, r * d);
    if (model_trains(m)) {
        y->kept.states = mem_reals(mem, chunks * a->pk * a->pv);
        y->kept.a = mem_reals(mem, chunks * a->chunk * a->chunk);
    }
}

static void share_kept(GatedLayer *y, const GatedLayer *first)
{
    y->z = first->z;
    y->qk = first->qk;
    y->out = first->out;
    y->rstd = first->rstd;
    y->gate = first->gate;
}

void gated_layout(Model *m, Decay decay, Mem *mem)
{
    GatedLinear *w = m->own;
    size_t r = m->part_rows, d = m->d;
    for (size_t i = 0; i < m->l; i++) {
        layout_tables(m, &w->layer[i], decay, mem);
        if (i < model_kept_layers(m)) {
            layout_kept(m, &w->layer[i], mem);
        } else {
            share_kept(&w->layer[i], &w->layer[0]);
        }
    }
    LinAttn widest = w->layer[0].attn[0]; /* where any layer has positions, layer 0 has */
    for (size_t i = 0; i < m->threads; i++) {
        linattn_layout_work(&widest, &w->work[i], mem);
    }
    w->theta = mem_doubles(mem, d);
    w->theta_now = mem_doubles(mem, d);
    w->state = mem_reals(mem, m->threads * 2 * m->p * m->p);
    w->angle = mem_reals(mem, 2 * d);
    w->dec = mem_reals(mem, 12 * d);
    w->y = mem_reals(mem, r * d);
    if (model_trains(m)) {
        w->dout = mem_reals(mem, r * d);
        w->dz = mem_reals(mem, r * (3 * d + m->p));
        w->dqk = mem_reals(mem, r * 2 * key_width(m, &w->layer[0]));
    }
}

void gated_set_theta(Model *m)
{
    GatedLinear *w = m->own;
    for (size_t j = 0; j < m->d; j++) {
        w->theta[j] = pow(10000.0, -2.0 * (double)j / (double)m->d);
    }
}

static void take_theta(const Model *m, GatedLinear *w, const GatedLayer *y)
{
    for (size_t j = 0; j < m->d; j++) {
        w->theta_now[j] = y->theta ? (double)y->theta->data[j] : w->theta[j];
    }
}

void gated_derive_angles(Model *m)
{
    GatedLinear *w = m->own;
    for (size_t i = 0; i < m->l; i++) {
        GatedLayer *y = &w->layer[i];
        if (!y->has_lrpe) {
            continue;
        }
        take_theta(m, w, y);
        size_t bytes = m->d * sizeof *w->theta_now;
        if (y->has_angles && memcmp(w->theta_now, y->angles_of, bytes) == 0) {
            continue;
        }
        y->has_angles = true;
        memcpy(y->angles_of, w->theta_now, bytes);
        for (size_t t = 0; t < m->seq; t++) {
            angles_at(t, m->d, w->theta_now, y->cosine + t * m->d, y->sine + t * m->d);
        }
    }
}

/* ---- forward ----------------------------------------------------------------------- */

/* Rows at positions first .. of one or more sequences of t tokens. */
static KernTurn turn_of(const Model *m, const GatedLayer *y, size_t rows, size_t first, size_t t)
{
    return (KernTurn){.rows = rows,
                      .h = m->h,
                      .p = m->p,
                      .first = first % t,
                      .period = t,
                      .cosine = y->cosine,
                      .sine = y->sine};
}

/* q | k as attention takes them, from z; this thread's rows. */
static void keys_forward(const Model *m, const GatedLayer *y, const Part *part)
{
    size_t kw = key_width(m, y), ldz = 3 * m->d + m->p;
    const Real *z = y->z + part->first * ldz;
    Real *qk = y->qk + part->first * 2 * kw;
    if (y->has_lrpe) {
        KernTurn turn = turn_of(m, y, part->n, part->first, part->t);
        lrpe_forward(m->kern, &turn, z, ldz, qk, 2 * kw);
        return;
    }
    for (size_t r = 0; r < part->n; r++) {
        m->kern->silu(2 * m->d, z + r * ldz, qk + r * 2 * kw);
    }
}

static LinAttnIn head_in(const Model *m, const GatedLayer *y, Part part, size_t b, size_t j)
{
    size_t kw = key_width(m, y), ldz = 3 * m->d + m->p, pk = y->attn[j].pk;
    const Real *q = y->qk + b * part.t * 2 * kw + j * pk;
    return (LinAttnIn){.n = part.t,
                       .q = q,
                       .k = q + kw,
                       .v = y->z + b * part.t * ldz + 2 * m->d + j * m->p,
                       .ldq = 2 * kw,
                       .ldk = 2 * kw,
                       .ldv = ldz};
}

/* Where head j of sequence b keeps its chunks. */
static LinAttnKept kept_of(const Model *m, const GatedLayer *y, size_t b, size_t j)
{
    const LinAttn *a = &y->attn[j];
    size_t first = (b * m->h + j) * linattn_chunks(a, m->seq);
    return (LinAttnKept){.states = y->kept.states + first * a->pk * a->pv,
                         .a = y->kept.a + first * a->chunk * a->chunk};
}

static void heads_forward(Model *m, GatedLinear *w, GatedLayer *y, Part part)
{
    Share heads = part_heads(&part, m->h);
    Real *state = w->state + part.id * 2 * m->p * m->p;
    for (size_t i = heads.first; i < heads.end; i++) {
        size_t b = i / m->h, j = i % m->h;
        const LinAttn *a = &y->attn[j];
        LinAttnIn in = head_in(m, y, part, b, j);
        LinAttnKept kept = {0};
        if (model_trains(m)) {
            kept = kept_of(m, y, b, j);
        }
        memset(state, 0, a->pk * a->pv * sizeof *state);
        linattn_forward(a, &w->work[part.id], &in, state, y->out + b * part.t * m->d + j * m->p,
                        m->d, model_trains(m) ? &kept : NULL);
    }
}

void gated_forward(Model *m, size_t i, Part part, const Real *xb, Real *x)
{
    GatedLinear *w = m->own;
    const Kern *k = m->kern;
    GatedLayer *y = &w->layer[i];
    size_t d = m->d, ldz = 3 * d + m->p, at = part.first * d;
    Real *z = y->z + part.first * ldz;
    linear_forward(k, y->q, part.n, xb + at, d, z, ldz, KERN_SET);
    keys_forward(m, y, &part);
    part_barrier_heads(&part);
    heads_forward(m, w, y, part);
    part_barrier_heads(&part);
    linear_forward(k, y->gate_up, part.n, z + 3 * d, ldz, y->gate + at, d, KERN_SET);
    k->normgate(part.n, d, (Real)m->shape.norm_eps, y->out + at, y->gate + at, w->y + at,
                y->rstd + part.first);
    linear_forward(k, y->o, part.n, w->y + at, d, x + at, d, KERN_ADD);
}

/* ---- backward ---------------------------------------------------------------------- */

static void heads_backward(Model *m, GatedLinear *w, GatedLayer *y, Part part)
{
    size_t d = m->d, kw = key_width(m, y), ldz = 3 * d + m->p;
    Share heads = part_heads(&part, m->h);
    Real *state = w->state + part.id * 2 * m->p * m->p;
    for (size_t i = heads.first; i < heads.end; i++) {
        size_t b = i / m->h, j = i % m->h;
        const LinAttn *a = &y->attn[j];
        LinAttnIn in = head_in(m, y, part, b, j);
        LinAttnKept kept = kept_of(m, y, b, j);
        Real *dq = w->dqk + b * part.t * 2 * kw + j * a->pk;
        LinAttnGrad grad = {.dq = dq,
                            .dk = dq + kw,
                            .dv = w->dz + b * part.t * ldz + 2 * d + j * m->p,
                            .lddq = 2 * kw,
                            .lddk = 2 * kw,
                            .lddv = ldz};
        memset(state, 0, a->pk * a->pv * sizeof *state);
        linattn_backward(a, &w->work[part.id], &in, &kept, NULL,
                         w->dout + b * part.t * d + j * m->p, d, state, &grad);
    }
}

/* dz of q and k from dqk; this thread's rows. */
static void keys_backward(const Model *m, const GatedLinear *w, const GatedLayer *y,
                          const Part *part)
{
    size_t kw = key_width(m, y), ldz = 3 * m->d + m->p;
    const Real *z = y->z + part->first * ldz, *dqk = w->dqk + part->first * 2 * kw;
    Real *dz = w->dz + part->first * ldz;
    if (y->has_lrpe) {
        KernTurn turn = turn_of(m, y, part->n, part->first, part->t);
        lrpe_backward(m->kern, &turn, z, ldz, dqk, 2 * kw, dz, ldz);
        return;
    }
    for (size_t r = 0; r < part->n; r++) {
        m->kern->silu_grad(2 * m->d, z + r * ldz, dqk + r * 2 * kw, dz + r * ldz);
    }
}

void gated_backward(Model *m, size_t i, Part part, const Real *xb, const Real *dx, Real *dxb)
{
    (void)xb;
    GatedLinear *w = m->own;
    const Kern *k = m->kern;
    GatedLayer *y = &w->layer[i];
    size_t d = m->d, ldz = 3 * d + m->p, at = part.first * d;
    Real *dz = w->dz + part.first * ldz;
    linear_backward_x(k, y->o, part.n, dx + at, d, w->y + at, d, KERN_SET);
    k->normgate_grad(part.n, d, y->out + at, y->gate + at, y->rstd + part.first, w->y + at,
                     w->y + at, y->gate + at, w->dout + at);
    linear_backward_x(k, y->gate_up, part.n, y->gate + at, d, dz + 3 * d, ldz, KERN_SET);
    part_barrier_heads(&part);
    heads_backward(m, w, y, part);
    part_barrier_heads(&part);
    keys_backward(m, w, y, &part);
    linear_backward_x(k, y->q, part.n, dz, ldz, dxb + at, d, KERN_SET);
}

/* This thread's heads of dtheta, over all rows. */
static void theta_grad(Model *m, GatedLinear *w, GatedLayer *y, const Part *part)
{
    size_t p = m->p, kw = key_width(m, y);
    Share heads = part_share(part, m->h, 1);
    size_t at = heads.first * 2 * p;
    KernTurn turn = turn_of(m, y, part->rows, 0, part->t);
    turn.h = heads.end - heads.first;
    for (size_t of_key = 0; of_key < 2; of_key++, at += kw) {
        m->kern->lrpe_theta_grad(&turn, y->qk + at, w->dqk + at, 2 * kw,
                                 y->dtheta + heads.first * p);
    }
}

void gated_backward_w(Model *m, size_t i, Part part, const Real *xb, const Real *dx)
{
    GatedLinear *w = m->own;
    const Kern *k = m->kern;
    GatedLayer *y = &w->layer[i];
    size_t d = m->d, ldz = 3 * d + m->p;
    linear_backward_w(k, y->o, &part, dx, d, w->y, d);
    linear_backward_w(k, y->gate_up, &part, y->gate, d, y->z + 3 * d, ldz);
    linear_backward_w(k, y->q, &part, w->dz, ldz, xb, d);
    if (y->has_lrpe && y->theta && y->theta->grad) {
        theta_grad(m, w, y, &part);
    }
}

void gated_grads_begin(Model *m)
{
    const GatedLinear *w = m->own;
    for (size_t i = 0; i < m->l && w->layer[i].dtheta; i++) {
        memset(w->layer[i].dtheta, 0, m->d * sizeof *w->layer[i].dtheta);
    }
}

void gated_grads_end(Model *m)
{
    const GatedLinear *w = m->own;
    for (size_t i = 0; i < m->l; i++) {
        const GatedLayer *y = &w->layer[i];
        for (size_t j = 0; y->theta && y->theta->grad && j < m->d; j++) {
            y->theta->grad[j] = (Real)y->dtheta[j];
        }
    }
}

/* ---- decoding ---------------------------------------------------------------------- */

void gated_decode_reset(Model *m)
{
    const GatedLinear *w = m->own;
    for (size_t i = 0; i < m->l; i++) {
        const LinAttn *a = &w->layer[i].attn[0];
        memset(w->layer[i].state, 0, m->h * a->pk * a->pv * sizeof *w->layer[i].state);
    }
}

void gated_decode(Model *m, size_t i, size_t pos, const Real *xb, Real *x)
{
    GatedLinear *w = m->own;
    const Kern *k = m->kern;
    GatedLayer *y = &w->layer[i];
    size_t d = m->d, p = m->p, kw = key_width(m, y);
    Real *z = w->dec, *qk = z + 4 * d, *out = z + 8 * d, *gate = out + d, *gated = gate + d;
    Real *angle = w->angle, rstd;
    if (y->has_lrpe) {
        take_theta(m, w, y);
        angles_at(pos, d, w->theta_now, angle, angle + d);
    }
    linear_forward(k, y->q, 1, xb, d, z, 3 * d + p, KERN_SET);
    if (y->has_lrpe) {
        KernTurn turn = {
            .rows = 1, .h = m->h, .p = p, .period = 1, .cosine = angle, .sine = angle + d};
        lrpe_forward(k, &turn, z, 3 * d + p, qk, 4 * d);
    } else {
        k->silu(2 * d, z, qk);
    }
    for (size_t j = 0; j < m->h; j++) {
        const LinAttn *a = &y->attn[j];
        linattn_step(a, w->work, qk + j * a->pk, qk + kw + j * a->pk, z + 2 * d + j * p, NULL,
                     y->state + j * a->pk * a->pv, out + j * p);
    }
    linear_forward(k, y->gate_up, 1, z + 3 * d, p, gate, d, KERN_SET);
    k->normgate(1, d, (Real)m->shape.norm_eps, out, gate, gated, &rstd);
    linear_forward(k, y->o, 1, gated, d, x, d, KERN_ADD);
}

/* llama/model.c -- causal softmax attention with rotary positions. */
#include <math.h>
#include <string.h>

#include "trainer/core/real_math.h"
#include "trainer/models/layers/attention.h"
#include "trainer/models/layers/linear.h"
#include "trainer/models/layers/rope.h"
#include "trainer/models/ops.h"

typedef struct LlamaLayer {
    Linear *q, *o; /* q, k and v lie one after the other: [3d,d] */
    Real *qkv;     /* [R,3d], q and k rotated, q divided by sqrt(p) */
    Real *out;     /* [R,d] heads' outputs */
    Real *lse;     /* [sequence and head,t] */
    Real *cache;   /* [seq,2d] keys | values of the sequence being decoded */
} LlamaLayer;

typedef struct Llama {
    LlamaLayer *layer;
    double *theta; /* [p/2] */
    bool has_angles;
    Real *cosine, *sine; /* [seq,p/2] */
    AttentionWork *work; /* [threads] */
    Real *scores;        /* [seq] of decoding */
    Real *dqkv, *dout;   /* [R,3d], [R,d] */
    Real *dec;           /* [4d] */
} Llama;

static bool llama_open(Model *m)
{
    Llama *w = arena_alloc(&m->arena, sizeof *w);
    LlamaLayer *layer = arena_array(&m->arena, m->l, sizeof *layer);
    AttentionWork *work = arena_array(&m->arena, m->threads, sizeof *work);
    if (!w || !layer || !work) {
        return false;
    }
    w->layer = layer;
    w->work = work;
    m->own = w;
    for (size_t i = 0; i < m->l; i++) {
        layer[i].q = model_linear_of(m, i, "self_attn.q_proj", m->d, 3 * m->d);
        layer[i].o = model_linear_of(m, i, "self_attn.o_proj", m->d, m->d);
    }
    return true;
}

static void llama_layout(Model *m, Mem *mem)
{
    Llama *w = m->own;
    size_t r = m->part_rows, d = m->d;
    for (size_t i = 0; i < m->l; i++) {
        LlamaLayer *y = &w->layer[i];
        bool is_kept = i < model_kept_layers(m);
        y->qkv = is_kept ? mem_reals(mem, r * 3 * d) : w->layer[0].qkv;
        y->out = is_kept ? mem_reals(mem, r * d) : w->layer[0].out;
        y->lse = is_kept ? mem_reals(mem, r * m->h) : w->layer[0].lse;
        y->cache = mem_reals(mem, m->seq * 2 * d);
    }
    for (size_t i = 0; i < m->threads; i++) {
        attention_layout_work(&w->work[i], m->kern, m->seq, m->p, model_trains(m), mem);
    }
    w->theta = mem_doubles(mem, m->p / 2);
    w->cosine = mem_reals(mem, m->seq * (m->p / 2));
    w->sine = mem_reals(mem, m->seq * (m->p / 2));
    w->scores = mem_reals(mem, m->seq);
    w->dec = mem_reals(mem, 4 * d);
    if (model_trains(m)) {
        w->dqkv = mem_reals(mem, r * 3 * d);
        w->dout = mem_reals(mem, r * d);
    }
}

static void llama_derive(Model *m)
{
    Llama *w = m->own;
    size_t half = m->p / 2;
    if (w->has_angles) {
        return; /* they depend on the shape alone */
    }
    w->has_angles = true;
    rope_theta(m->p, arch_option(&m->shape, "rope_base"), w->theta);
    for (size_t t = 0; t < m->seq; t++) {
        angles_at(t, half, w->theta, w->cosine + t * half, w->sine + t * half);
    }
}

/* 1/sqrt(p) goes into q, so that scores need no pass of their own; in training and
 * evaluation with log2(e), for scores in bits (layers/attention.h). */
static Real query_scale(const Model *m)
{
    return (Real)(1.0 / sqrt((double)m->p));
}

/* Rotates q and k of this thread's rows, each times its scale; turn = -1 turns back. */
static void rotate_rows(const Model *m, const Part *part, Real q_scale, Real k_scale, Real turn,
                        Real *qkv)
{
    const Llama *w = m->own;
    size_t d = m->d;
    KernTurn t = {.rows = part->n,
                  .h = m->h,
                  .p = m->p,
                  .first = part->first % part->t,
                  .period = part->t,
                  .cosine = w->cosine,
                  .sine = w->sine};
    m->kern->rope(&t, q_scale, turn, qkv + part->first * 3 * d, 3 * d);
    m->kern->rope(&t, k_scale, turn, qkv + part->first * 3 * d + d, 3 * d);
}

/* The b-th sequence's j-th head. */
static AttentionIn head_in(const Model *m, const LlamaLayer *y, Part part, size_t b, size_t j)
{
    const Real *q = y->qkv + b * part.t * 3 * m->d + j * m->p;
    return (AttentionIn){
        .n = part.t, .p = m->p, .ld = 3 * m->d, .q = q, .k = q + m->d, .v = q + 2 * m->d};
}

static void llama_forward(Model *m, size_t i, Part part, const Real *xb, Real *x)
{
    Llama *w = m->own;
    LlamaLayer *y = &w->layer[i];
    size_t d = m->d, at = part.first * d;
    Share heads = part_heads(&part, m->h);
    linear_forward(m->kern, y->q, part.n, xb + at, d, y->qkv + 3 * at, 3 * d, KERN_SET);
    rotate_rows(m, &part, query_scale(m) * (Real)LOG2_E, (Real)1, (Real)1, y->qkv);
    part_barrier_heads(&part);
    for (size_t j = heads.first; j < heads.end; j++) {
        AttentionIn in = head_in(m, y, part, j / m->h, j % m->h);
        attention_forward(m->kern, &w->work[part.id], &in,
                          y->out + j / m->h * part.t * d + j % m->h * m->p, d, y->lse + j * part.t);
    }
    part_barrier_heads(&part);
    linear_forward(m->kern, y->o, part.n, y->out + at, d, x + at, d, KERN_ADD);
}

static void head_backward(Model *m, LlamaLayer *y, Part part, size_t b, size_t j)
{
    Llama *w = m->own;
    size_t d = m->d, at = b * part.t * d + j * m->p;
    AttentionIn in = head_in(m, y, part, b, j);
    Real *dq = w->dqkv + b * part.t * 3 * d + j * m->p;
    AttentionGrad grad = {.dq = dq, .dk = dq + d, .dv = dq + 2 * d, .ld = 3 * d};
    AttentionOut out = {
        .o = y->out + at, .dout = w->dout + at, .ldo = d, .lse = y->lse + (b * m->h + j) * part.t};
    attention_backward(m->kern, &w->work[part.id], &in, &out, &grad);
}

static void llama_backward(Model *m, size_t i, Part part, const Real *xb, const Real *dx, Real *dxb)
{
    (void)xb;
    Llama *w = m->own;
    LlamaLayer *y = &w->layer[i];
    size_t d = m->d, at = part.first * d;
    Share heads = part_heads(&part, m->h);
    linear_backward_x(m->kern, y->o, part.n, dx + at, d, w->dout + at, d, KERN_SET);
    part_barrier_heads(&part);
    for (size_t j = heads.first; j < heads.end; j++) {
        head_backward(m, y, part, j / m->h, j % m->h);
    }
    part_barrier_heads(&part);
    rotate_rows(m, &part, query_scale(m), (Real)LN_2, (Real)-1, w->dqkv);
    linear_backward_x(m->kern, y->q, part.n, w->dqkv + 3 * at, 3 * d, dxb + at, d, KERN_SET);
}

static void llama_backward_w(Model *m, size_t i, Part part, const Real *xb, const Real *dx)
{
    Llama *w = m->own;
    LlamaLayer *y = &w->layer[i];
    size_t d = m->d;
    linear_backward_w(m->kern, y->o, &part, dx, d, y->out, d);
    linear_backward_w(m->kern, y->q, &part, w->dqkv, 3 * d, xb, d);
}

static void llama_decode(Model *m, size_t i, size_t pos, const Real *xb, Real *x)
{
    Llama *w = m->own;
    LlamaLayer *y = &w->layer[i];
    size_t d = m->d, half = m->p / 2;
    Real *qkv = w->dec, *out = w->dec + 3 * d;
    KernTurn t = {.rows = 1,
                  .h = m->h,
                  .p = m->p,
                  .period = 1,
                  .cosine = w->cosine + pos * half,
                  .sine = w->sine + pos * half};
    linear_forward(m->kern, y->q, 1, xb, d, qkv, 3 * d, KERN_SET);
    m->kern->rope(&t, query_scale(m), (Real)1, qkv, d);
    m->kern->rope(&t, (Real)1, (Real)1, qkv + d, d);
    memcpy(y->cache + pos * 2 * d, qkv + d, 2 * d * sizeof *qkv);
    for (size_t j = 0; j < m->h; j++) {
        const Real *key = y->cache + j * m->p;
        AttentionIn in = {
            .n = pos + 1, .p = m->p, .ld = 2 * d, .q = qkv + j * m->p, .k = key, .v = key + d};
        attention_decode(m->kern, &in, w->scores, out + j * m->p);
    }
    linear_forward(m->kern, y->o, 1, out, d, x, d, KERN_ADD);
}

const ModelOps model_ops_llama = {
    .name = "llama",
    .has_norm_weights = true,
    .open = llama_open,
    .layout = llama_layout,
    .derive = llama_derive,
    MODEL_MIX(llama),
    .decode_is_bounded = true,
};

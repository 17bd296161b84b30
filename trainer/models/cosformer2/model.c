/* cosformer2/model.c -- cosFormer2: the gated linear mixer without decay, LRPE in every
 * layer, TPE on the embedding. */
#include <math.h>
#include <string.h>

#include "common/rng.h"
#include "trainer/models/layers/gated_linear.h"
#include "trainer/models/layers/tpe.h"
#include "trainer/models/ops.h"

typedef struct Cosformer2 {
    GatedLinear mixer; /* the first: gated_linear.h */
    bool has_tpe, is_residual;
    const ModelTensor *tpe_weight, *tpe_decay, *tpe_raw;
    Tpe tpe;
    double *lam, *dlam; /* [e] */
    Real *tpe_state;    /* [d,e] of the sequence being decoded */
} Cosformer2;

static bool flag(const Model *m, const char *name)
{
    return arch_option(&m->shape, name) != 0.0;
}

static bool cos_has_lrpe(const Model *m, size_t i)
{
    (void)m, (void)i;
    return true;
}

static bool cos_open(Model *m)
{
    Cosformer2 *w = arena_alloc(&m->arena, sizeof *w);
    m->own = w;
    if (!w || !gated_open(m, cos_has_lrpe)) {
        return false;
    }
    w->has_tpe = flag(m, "tpe");
    w->is_residual = flag(m, "tpe_residual");
    for (size_t i = 0; i < m->l; i++) {
        w->mixer.layer[i].theta = model_need(m, "model.layers.%zu.attn.theta", i);
    }
    if (w->has_tpe) {
        w->tpe_weight = model_need(m, "model.tpe.weight");
        w->tpe_decay = model_need(m, "model.tpe.decay");
        w->tpe_raw = model_tensor_find(m, "model.tpe.decay_raw");
    }
    return true;
}

static void cos_layout(Model *m, Mem *mem)
{
    Cosformer2 *w = m->own;
    gated_layout(m, DECAY_NONE, mem);
    if (!w->has_tpe) {
        return;
    }
    w->tpe = (Tpe){.kern = m->kern_f32, .d = m->d, .e = m->p, .learns_decay = w->tpe_raw != NULL};
    tpe_layout(&w->tpe, m->seq, model_trains(m), mem);
    w->lam = mem_doubles(mem, m->p);
    w->dlam = mem_doubles(mem, m->p);
    w->tpe_state = mem_reals(mem, m->d * m->p);
}

/* 1/(1-lam_j) geometric from 2 to 256. */
static double first_lambda(size_t j, size_t e)
{
    double at = e > 1 ? (double)j / (double)(e - 1) : 0.0;
    return 1.0 - 1.0 / (2.0 * pow(128.0, at));
}

static void cos_init(Model *m, uint64_t seed)
{
    Cosformer2 *w = m->own;
    size_t e = m->p;
    gated_set_theta(m);
    for (size_t i = 0; i < m->l; i++) {
        for (size_t j = 0; j < m->d; j++) {
            w->mixer.layer[i].theta->data[j] = (Real)w->mixer.theta[j];
        }
    }
    for (size_t j = 0; w->has_tpe && j < e; j++) {
        double lam = first_lambda(j, e);
        w->tpe_decay->data[j] = (Real)lam;
        if (w->tpe_raw) {
            w->tpe_raw->data[j] = (Real)log(lam / (1.0 - lam));
        }
    }
    for (size_t i = 0; w->has_tpe && i < w->tpe_weight->n; i++) {
        uint64_t stream = rng_stream(RNG_INIT, (uint32_t)(w->tpe_weight - m->tensor));
        w->tpe_weight->data[i] = (Real)(0.02 / sqrt((double)e) * rng_normal(seed, stream, i));
    }
}

static void derive_tpe(Model *m, Cosformer2 *w)
{
    for (size_t j = 0; j < m->p; j++) {
        if (w->tpe_raw) { /* the lambdas are stored all the same */
            w->lam[j] = 1.0 / (1.0 + exp(-(double)w->tpe_raw->data[j]));
            w->tpe_decay->data[j] = (Real)w->lam[j];
        } else {
            w->lam[j] = (double)w->tpe_decay->data[j];
        }
    }
    w->tpe.b = w->tpe_weight->data;
    tpe_derive(&w->tpe, w->lam);
}

static void cos_derive(Model *m)
{
    Cosformer2 *w = m->own;
    for (size_t i = 0; i < m->l && !w->mixer.has_tables; i++) {
        linattn_set_rate(&w->mixer.layer[i].attn[0], 0.0);
    }
    w->mixer.has_tables = true;
    gated_derive_angles(m);
    if (w->has_tpe) {
        derive_tpe(m, w);
    }
}

static void cos_decode_reset(Model *m)
{
    Cosformer2 *w = m->own;
    gated_decode_reset(m);
    if (w->has_tpe) {
        memset(w->tpe_state, 0, m->d * m->p * sizeof *w->tpe_state);
    }
}

/* This thread's channels; all are the first thread's where the decay is learned (tpe.h). */
static Share tpe_channels(const Part *part, const Cosformer2 *w, size_t d)
{
    if (w->has_tpe && w->tpe.learns_decay) {
        return part->id == 0 ? (Share){0, d} : (Share){d, d};
    }
    return part_share(part, d, KERN_LANES);
}

/* x = e + TPE(e), or TPE(e); without TPE x = e. */
static void cos_embed_forward(Model *m, Part part, const Real *e, Real *x)
{
    Cosformer2 *w = m->own;
    size_t d = m->d;
    Share c = tpe_channels(&part, w, d);
    for (size_t b = 0; w->has_tpe && b < part.b; b++) {
        tpe_forward(&w->tpe, c.first, c.end - c.first, part.t, e + b * part.t * d,
                    x + b * part.t * d);
    }
    for (size_t at = c.first; at < part.rows * d; at += d) {
        if (!w->has_tpe) {
            memcpy(x + at, e + at, (c.end - c.first) * sizeof *x);
        } else if (w->is_residual) {
            m->kern->add(c.end - c.first, x + at, e + at, x + at);
        }
    }
}

static void cos_embed_backward(Model *m, Part part, const Real *e, const Real *dx, Real *de)
{
    Cosformer2 *w = m->own;
    size_t d = m->d;
    Share c = tpe_channels(&part, w, d);
    for (size_t at = c.first; at < part.rows * d; at += d) {
        if (w->has_tpe && !w->is_residual) {
            memset(de + at, 0, (c.end - c.first) * sizeof *de);
        } else {
            memcpy(de + at, dx + at, (c.end - c.first) * sizeof *de);
        }
    }
    for (size_t b = 0; w->has_tpe && b < part.b; b++) {
        size_t at = b * part.t * d;
        tpe_backward(&w->tpe, c.first, c.end - c.first, part.t, e + at, dx + at, de + at,
                     w->tpe_weight->grad);
    }
}

static void cos_embed_decode(Model *m, const Real *e, Real *x)
{
    Cosformer2 *w = m->own;
    if (!w->has_tpe) {
        memcpy(x, e, m->d * sizeof *x);
        return;
    }
    tpe_step(&w->tpe, e, w->tpe_state, x);
    if (w->is_residual) {
        m->kern->add(m->d, x, e, x);
    }
}

static void cos_grads_begin(Model *m)
{
    Cosformer2 *w = m->own;
    gated_grads_begin(m);
    if (w->has_tpe) {
        tpe_grads_begin(&w->tpe);
    }
}

static void cos_grads_end(Model *m)
{
    Cosformer2 *w = m->own;
    gated_grads_end(m);
    if (!w->has_tpe) {
        return;
    }
    tpe_grads_end(&w->tpe, w->lam, w->tpe_weight->grad, w->dlam);
    for (size_t j = 0; w->tpe_raw && j < m->p; j++) { /* lam = sigma(raw) */
        w->tpe_raw->grad[j] = (Real)(w->dlam[j] * w->lam[j] * (1.0 - w->lam[j]));
    }
}

const ModelOps model_ops_cosformer2 = {
    .name = "cosformer2",
    .open = cos_open,
    .layout = cos_layout,
    .init = cos_init,
    .derive = cos_derive,
    MODEL_MIX(gated),
    .decode_reset = cos_decode_reset,
    .embed_forward = cos_embed_forward,
    .embed_backward = cos_embed_backward,
    .embed_decode = cos_embed_decode,
    .grads_begin = cos_grads_begin,
    .grads_end = cos_grads_end,
};

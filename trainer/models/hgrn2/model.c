/* hgrn2/model.c -- HGRN2: linear attention whose decay f is a gate of the data, one value
 * for every channel, at least lb (which grows with depth); the key is what the gate lets
 * go, k = 1 - f.
 *
 *     f = lb + (1 - lb) sigma(z),  k = (1 - lb) sigma(-z),  g = ln f
 *
 * ln f loses everything when taken of f near 0 or 1.  With w = logit f,
 *     w = z - ln(1 - lb) - logsigma(z - ln lb),   g = logsigma(w);   lb = 0: g = logsigma(z).
 */
#include <math.h>
#include <string.h>

#include "trainer/models/layers/linattn.h"
#include "trainer/models/layers/linear.h"
#include "trainer/models/ops.h"

typedef struct Hgrn2Layer {
    Linear *q, *o;           /* q, f and i lie one after the other: [3d,d] */
    Real *lb, *open;         /* [d] the bound and 1 - lb */
    Real *log_lb, *log_open; /* [d] -ln lb and -ln(1 - lb) */
    KernBound bound;         /* these four */
    double *dlb;             /* [d] over one gradient */
    Real *z;                 /* [R,3d] before silu | gate's argument | values */
    Real *q_act, *k, *g;     /* [R,d] */
    Real *out, *norm, *rstd; /* [R,d] [R,d] [R] */
    LinAttnKept kept;
    Real *state; /* [h,p,p] of the sequence being decoded */
} Hgrn2Layer;

typedef struct Hgrn2 {
    Hgrn2Layer *layer;
    const ModelTensor *bounds; /* [l,d] */
    double *share;             /* [l,d] softmax over layers */
    LinAttn attn;
    LinAttnWork *work;       /* [threads] */
    Real *state;             /* [threads,p,p] scratch */
    Real *dy, *dout;         /* [R,d] */
    Real *dz, *dq, *dk, *dg; /* [R,3d], [R,d] */
    Real *dec;               /* [8d] */
} Hgrn2;

static bool hgrn2_open(Model *m)
{
    Hgrn2 *w = arena_alloc(&m->arena, sizeof *w);
    Hgrn2Layer *layer = arena_array(&m->arena, m->l, sizeof *layer);
    LinAttnWork *work = arena_array(&m->arena, m->threads, sizeof *work);
    if (!w || !layer || !work) {
        return false;
    }
    m->own = w;
    w->layer = layer;
    w->work = work;
    w->bounds = model_need(m, "model.lower_bounds");
    for (size_t i = 0; i < m->l; i++) {
        layer[i].q = model_linear_of(m, i, "attn.q_proj", m->d, 3 * m->d);
        layer[i].o = model_linear_of(m, i, "attn.o_proj", m->d, m->d);
    }
    return true;
}

static void layout_kept(Model *m, Hgrn2 *w, Hgrn2Layer *y, Mem *mem)
{
    size_t r = m->part_rows, d = m->d;
    size_t chunks = m->part_b * m->h * linattn_chunks(&w->attn, m->seq);
    y->z = mem_reals(mem, r * 3 * d);
    y->q_act = mem_reals(mem, r * d);
    y->k = mem_reals(mem, r * d);
    y->g = mem_reals(mem, r * d);
    y->out = mem_reals(mem, r * d);
    y->norm = mem_reals(mem, r * d);
    y->rstd = mem_reals(mem, r);
    if (model_trains(m)) {
        y->kept.states = mem_reals(mem, chunks * m->p * m->p);
        y->kept.a = mem_reals(mem, chunks * w->attn.chunk * w->attn.chunk);
    }
}

static void share_kept(Hgrn2Layer *y, const Hgrn2Layer *first)
{
    y->z = first->z;
    y->q_act = first->q_act;
    y->k = first->k;
    y->g = first->g;
    y->out = first->out;
    y->norm = first->norm;
    y->rstd = first->rstd;
}

static void layout_layer(Model *m, Hgrn2 *w, Hgrn2Layer *y, bool is_kept, Mem *mem)
{
    size_t d = m->d;
    y->lb = mem_reals(mem, d);
    y->open = mem_reals(mem, d);
    y->log_lb = mem_reals(mem, d);
    y->log_open = mem_reals(mem, d);
    y->bound =
        (KernBound){.lb = y->lb, .open = y->open, .log_lb = y->log_lb, .log_open = y->log_open};
    y->dlb = mem_doubles(mem, d);
    y->state = mem_reals(mem, d * m->p);
    if (is_kept) {
        layout_kept(m, w, y, mem);
    } else {
        share_kept(y, &w->layer[0]);
    }
}

static void hgrn2_layout(Model *m, Mem *mem)
{
    Hgrn2 *w = m->own;
    size_t r = m->part_rows, d = m->d;
    w->attn = (LinAttn){.kern = m->kern,
                        .decay = DECAY_CHANNEL,
                        .pk = m->p,
                        .pv = m->p,
                        .chunk = LINATTN_CHUNK,
                        .sub = LINATTN_SUB};
    for (size_t i = 0; i < m->l; i++) {
        layout_layer(m, w, &w->layer[i], i < model_kept_layers(m), mem);
    }
    for (size_t i = 0; i < m->threads; i++) {
        linattn_layout_work(&w->attn, &w->work[i], mem);
    }
    w->share = mem_doubles(mem, m->l * d);
    w->state = mem_reals(mem, m->threads * m->p * m->p);
    w->dec = mem_reals(mem, 8 * d);
    if (model_trains(m)) {
        w->dy = mem_reals(mem, r * d);
        w->dout = mem_reals(mem, r * d);
        w->dz = mem_reals(mem, r * 3 * d);
        w->dq = mem_reals(mem, r * d);
        w->dk = mem_reals(mem, r * d);
        w->dg = mem_reals(mem, r * d);
    }
}

/* ---- lower bounds ------------------------------------------------------------------ */

/* P = softmax over layers of column j. */
static void share_column(const Model *m, const Hgrn2 *w, size_t j)
{
    size_t l = m->l, d = m->d;
    double max = -HUGE_VAL, total = 0.0;
    for (size_t i = 0; i < l; i++) {
        max = fmax(max, (double)w->bounds->data[i * d + j]);
    }
    for (size_t i = 0; i < l; i++) {
        w->share[i * d + j] = exp((double)w->bounds->data[i * d + j] - max);
        total += w->share[i * d + j];
    }
    for (size_t i = 0; i < l; i++) {
        w->share[i * d + j] /= total;
    }
}

/* lb_s = P_1 + .. + P_s (0 in layer 0), and 1 - lb_s = P_0 + P_{s+1} + .. without the
 * subtraction.  The floor keeps the logarithms finite. */
static void hgrn2_derive(Model *m)
{
    const double floor = 1e-30;
    Hgrn2 *w = m->own;
    size_t l = m->l, d = m->d;
    for (size_t j = 0; j < d; j++) {
        share_column(m, w, j);
        double lb = 0.0;
        for (size_t s = 0; s < l; s++) {
            Hgrn2Layer *y = &w->layer[s];
            double rest = w->share[j];
            lb += s > 0 ? w->share[s * d + j] : 0.0;
            for (size_t i = s + 1; i < l; i++) {
                rest += w->share[i * d + j];
            }
            y->lb[j] = (Real)lb;
            y->open[j] = (Real)rest;
            y->log_lb[j] = (Real)-log(fmax(lb, floor));
            y->log_open[j] = (Real)-log(fmax(rest, floor));
        }
    }
}

static void hgrn2_grads_begin(Model *m)
{
    Hgrn2 *w = m->own;
    for (size_t i = 0; i < m->l; i++) {
        memset(w->layer[i].dlb, 0, m->d * sizeof *w->layer[i].dlb);
    }
}

/* dP_i = sum_{s>=i} dlb_s (i >= 1), dP_0 = 0;  dLR = P (dP - sum_i P_i dP_i). */
static void hgrn2_grads_end(Model *m)
{
    Hgrn2 *w = m->own;
    size_t l = m->l, d = m->d;
    for (size_t j = 0; j < d; j++) {
        double mean = 0.0, dp = 0.0;
        for (size_t i = l; i-- > 1;) {
            dp += w->layer[i].dlb[j];
            w->layer[i].dlb[j] = dp;
            mean += w->share[i * d + j] * dp;
        }
        w->layer[0].dlb[j] = 0.0;
        for (size_t i = 0; i < l; i++) {
            double p = w->share[i * d + j];
            w->bounds->grad[i * d + j] = (Real)(p * (w->layer[i].dlb[j] - mean));
        }
    }
}

/* ---- gates ------------------------------------------------------------------------- */

/* Layer i's bound; NULL in layer 0, where it is 0. */
static const KernBound *bound_of(const Hgrn2 *w, size_t i)
{
    return i > 0 ? &w->layer[i].bound : NULL;
}

/* ---- mixer ------------------------------------------------------------------------- */

static LinAttnIn head_in(const Model *m, const Hgrn2Layer *y, Part part, size_t b, size_t j)
{
    size_t at = b * part.t * m->d + j * m->p;
    return (LinAttnIn){.n = part.t,
                       .q = y->q_act + at,
                       .k = y->k + at,
                       .v = y->z + b * part.t * 3 * m->d + 2 * m->d + j * m->p,
                       .g = y->g + at,
                       .ldq = m->d,
                       .ldk = m->d,
                       .ldv = 3 * m->d,
                       .ldg = m->d};
}

static LinAttnKept kept_of(const Model *m, const Hgrn2 *w, const Hgrn2Layer *y, size_t b, size_t j)
{
    size_t first = (b * m->h + j) * linattn_chunks(&w->attn, m->seq);
    return (LinAttnKept){.states = y->kept.states + first * m->p * m->p,
                         .a = y->kept.a + first * w->attn.chunk * w->attn.chunk};
}

static void heads_forward(Model *m, Hgrn2 *w, Hgrn2Layer *y, Part part)
{
    size_t d = m->d, p = m->p;
    Share heads = part_heads(&part, m->h);
    Real *state = w->state + part.id * p * p;
    for (size_t i = heads.first; i < heads.end; i++) {
        size_t b = i / m->h, j = i % m->h;
        LinAttnIn in = head_in(m, y, part, b, j);
        LinAttnKept kept = {0};
        if (model_trains(m)) {
            kept = kept_of(m, w, y, b, j);
        }
        memset(state, 0, p * p * sizeof *state);
        linattn_forward(&w->attn, &w->work[part.id], &in, state, y->out + b * part.t * d + j * p, d,
                        model_trains(m) ? &kept : NULL);
    }
}

static void hgrn2_forward(Model *m, size_t i, Part part, const Real *xb, Real *x)
{
    Hgrn2 *w = m->own;
    Hgrn2Layer *y = &w->layer[i];
    const Kern *k = m->kern;
    size_t d = m->d, at = part.first * d;
    linear_forward(k, y->q, part.n, xb + at, d, y->z + 3 * at, 3 * d, KERN_SET);
    k->hgrn2_gates(part.n, d, y->z + 3 * at, 3 * d, bound_of(w, i), y->q_act + at, y->k + at,
                   y->g + at);
    part_barrier_heads(&part);
    heads_forward(m, w, y, part);
    part_barrier_heads(&part);
    k->rmsnorm(part.n, d, (Real)m->shape.norm_eps, y->out + at, NULL, y->norm + at,
               y->rstd + part.first);
    linear_forward(k, y->o, part.n, y->norm + at, d, x + at, d, KERN_ADD);
}

static void heads_backward(Model *m, Hgrn2 *w, Hgrn2Layer *y, Part part)
{
    size_t d = m->d;
    Share heads = part_heads(&part, m->h);
    Real *state = w->state + part.id * m->p * m->p;
    for (size_t i = heads.first; i < heads.end; i++) {
        size_t b = i / m->h, j = i % m->h, at = b * part.t * d + j * m->p;
        LinAttnIn in = head_in(m, y, part, b, j);
        LinAttnKept kept = kept_of(m, w, y, b, j);
        LinAttnGrad grad = {.dq = w->dq + at,
                            .dk = w->dk + at,
                            .dv = w->dz + b * part.t * 3 * d + 2 * d + j * m->p,
                            .dg = w->dg + at,
                            .lddq = d,
                            .lddk = d,
                            .lddv = 3 * d,
                            .lddg = d};
        memset(state, 0, m->p * m->p * sizeof *state);
        linattn_backward(&w->attn, &w->work[part.id], &in, &kept, NULL, w->dout + at, d, state,
                         &grad);
    }
}

static void hgrn2_backward(Model *m, size_t i, Part part, const Real *xb, const Real *dx, Real *dxb)
{
    (void)xb;
    Hgrn2 *w = m->own;
    Hgrn2Layer *y = &w->layer[i];
    const Kern *k = m->kern;
    size_t d = m->d, at = part.first * d;
    linear_backward_x(k, y->o, part.n, dx + at, d, w->dy + at, d, KERN_SET);
    k->rmsnorm_dx(part.n, d, y->out + at, NULL, y->rstd + part.first, w->dy + at, w->dout + at,
                  KERN_SET);
    part_barrier_heads(&part);
    heads_backward(m, w, y, part);
    part_barrier_heads(&part);
    k->hgrn2_gates_grad(part.n, d, y->z + 3 * at, 3 * d, bound_of(w, i), w->dq + at, w->dk + at,
                        w->dg + at, w->dz + 3 * at);
    linear_backward_x(k, y->q, part.n, w->dz + 3 * at, 3 * d, dxb + at, d, KERN_SET);
}

static void hgrn2_backward_w(Model *m, size_t i, Part part, const Real *xb, const Real *dx)
{
    Hgrn2 *w = m->own;
    Hgrn2Layer *y = &w->layer[i];
    size_t d = m->d;
    linear_backward_w(m->kern, y->o, &part, dx, d, y->norm, d);
    linear_backward_w(m->kern, y->q, &part, w->dz, 3 * d, xb, d);
    Share columns = part_share(&part, i > 0 ? d : 0, KERN_LANES);
    m->kern->sum_rows(part.rows, columns.end - columns.first, w->dg + columns.first, d,
                      y->dlb + columns.first);
}

static void hgrn2_decode(Model *m, size_t i, size_t pos, const Real *xb, Real *x)
{
    (void)pos;
    Hgrn2 *w = m->own;
    Hgrn2Layer *y = &w->layer[i];
    const Kern *k = m->kern;
    size_t d = m->d, p = m->p;
    Real *z = w->dec, *q = z + 3 * d, *key = q + d, *g = key + d, *out = g + d, *norm = out + d;
    Real rstd;
    linear_forward(k, y->q, 1, xb, d, z, 3 * d, KERN_SET);
    k->hgrn2_gates(1, d, z, 3 * d, bound_of(w, i), q, key, g);
    for (size_t j = 0; j < m->h; j++) {
        linattn_step(&w->attn, w->work, q + j * p, key + j * p, z + 2 * d + j * p, g + j * p,
                     y->state + j * p * p, out + j * p);
    }
    k->rmsnorm(1, d, (Real)m->shape.norm_eps, out, NULL, norm, &rstd);
    linear_forward(k, y->o, 1, norm, d, x, d, KERN_ADD);
}

static void hgrn2_decode_reset(Model *m)
{
    Hgrn2 *w = m->own;
    for (size_t i = 0; i < m->l; i++) {
        memset(w->layer[i].state, 0, m->d * m->p * sizeof *w->layer[i].state);
    }
}

const ModelOps model_ops_hgrn2 = {
    .name = "hgrn2",
    .open = hgrn2_open,
    .layout = hgrn2_layout,
    .derive = hgrn2_derive,
    MODEL_MIX(hgrn2),
    .decode_reset = hgrn2_decode_reset,
    .grads_begin = hgrn2_grads_begin,
    .grads_end = hgrn2_grads_end,
};

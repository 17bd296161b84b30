/* step.c -- the backbone: forward, loss, backward and decoding of any architecture.
 *
 * A batch goes through in parts of whole sequences, each on all threads of the team (ops.h).
 * Every sum over rows is one chain in the order of the rows through all parts, so neither the
 * size of a part nor the number of threads shows in a result's bits. */
#include <assert.h>
#include <string.h>

#include "trainer/core/real_math.h"
#include "trainer/models/layers/head.h"
#include "trainer/models/layers/linear.h"
#include "trainer/models/layers/mlp.h"
#include "trainer/models/ops.h"

static const Real *data_of(const ModelTensor *t)
{
    return t ? t->data : NULL;
}

static Mlp mlp_of(const Model *m, const Layer *y)
{
    return (Mlp){
        .d = m->d, .g = m->g, .is_swish = m->is_swish, .gate_up = y->gate_up, .down = y->down};
}

/* Starts a stage's output from its input, unless they are one buffer. */
static void carry(Real *to, const Real *from, size_t n)
{
    if (to != from) {
        memcpy(to, from, n * sizeof *to);
    }
}

static Real *layer_output(Model *m, size_t i)
{
    return i + 1 < m->l ? m->layer[i + 1].x : m->x;
}

static void layer_forward(Model *m, size_t i, const Part *part)
{
    const Kern *k = m->kern;
    Layer *y = &m->layer[i];
    size_t n = part->n, at = part->first, x = at * m->d;
    Real *out = layer_output(m, i);
    Mlp mlp = mlp_of(m, y);
    Real eps = (Real)m->shape.norm_eps;
    k->rmsnorm(n, m->d, eps, y->x + x, data_of(y->norm1), y->xb + x, y->rstd1 + at);
    carry(y->a + x, y->x + x, n * m->d);
    m->ops->mix_forward(m, i, *part, y->xb, y->a);
    k->rmsnorm(n, m->d, eps, y->a + x, data_of(y->norm2), y->ab + x, y->rstd2 + at);
    carry(out + x, y->a + x, n * m->d);
    mlp_forward(k, &mlp, n, y->ab + x, y->gu + at * 2 * m->g, m->y + at * m->g, out + x);
}

/* Tokens of one part: b rows of t, `stride` apart. */
typedef struct Tokens {
    const uint16_t *token;
    size_t stride;
} Tokens;

/* The rows' tokens and, where there are any, targets; each thread its own. */
static void take_tokens(Model *m, Tokens in, const Part *part, bool has_targets)
{
    for (size_t r = part->first; r < part->first + part->n; r++) {
        const uint16_t *at = in.token + r / part->t * in.stride + r % part->t;
        m->token[r] = at[0];
        m->target[r] = has_targets ? at[1] : 0;
    }
}

static void embed(Model *m, const Part *part)
{
    Real *x = m->ops->embed_forward ? m->e : m->layer[0].x;
    embedding_forward(part->n, m->d, m->embed->data, m->token + part->first,
                      x + part->first * m->d);
    if (m->ops->embed_forward) {
        part_barrier(part);
        m->ops->embed_forward(m, *part, m->e, m->layer[0].x);
        part_barrier(part);
    }
}

/* Normed last hidden state of a part into m->xf [rows,d]. */
static void forward(Model *m, const Part *part)
{
    size_t at = part->first, x = at * m->d;
    embed(m, part);
    for (size_t i = 0; i < m->l; i++) {
        layer_forward(m, i, part);
    }
    m->kern->rmsnorm(part->n, m->d, (Real)m->shape.norm_eps, m->x + x, data_of(m->norm), m->xf + x,
                     m->rstdf + at);
}

/* ---- backward ---------------------------------------------------------------------- */

/* m->dx = or += gradient of a norm's input x, from m->dxb; this thread's rows. */
static void norm_backward(Model *m, const Part *part, const ModelTensor *w, const Real *x,
                          const Real *rstd, KernAcc acc)
{
    size_t at = part->first * m->d;
    m->kern->rmsnorm_dx(part->n, m->d, x + at, data_of(w), rstd + part->first, m->dxb + at,
                        m->dx + at, acc);
}

/* Gradient of a norm's weight, this thread's columns of all rows. */
static void norm_backward_w(Model *m, const Part *part, const ModelTensor *w, const Real *x,
                            const Real *rstd)
{
    Share s = part_share(part, m->d, KERN_LANES);
    if (w) {
        m->kern->rmsnorm_dw(part->rows, s.end - s.first, m->d, x + s.first, rstd, m->dxb + s.first,
                            w->grad + s.first);
    }
}

/* m->dx holds the gradient of the layer's output and then of its input. */
static void layer_backward(Model *m, size_t i, const Part *part)
{
    const Kern *k = m->kern;
    Layer *y = &m->layer[i];
    size_t n = part->n, at = part->first, x = at * m->d;
    Mlp mlp = mlp_of(m, y);
    mlp_backward(k, &mlp, n, y->gu + at * 2 * m->g, m->dx + x, m->y + at * m->g, m->dxb + x);
    part_barrier(part);
    mlp_backward_w(k, &mlp, part, y->ab, m->y, m->dx, y->gu);
    norm_backward_w(m, part, y->norm2, y->a, y->rstd2);
    part_barrier(part);
    norm_backward(m, part, y->norm2, y->a, y->rstd2, KERN_ADD);
    m->ops->mix_backward(m, i, *part, y->xb, m->dx, m->dxb);
    part_barrier(part);
    m->ops->mix_backward_w(m, i, *part, y->xb, m->dx);
    norm_backward_w(m, part, y->norm1, y->x, y->rstd1);
    part_barrier(part);
    norm_backward(m, part, y->norm1, y->x, y->rstd1, KERN_ADD);
}

/* From m->dxb, the gradient of m->xf. */
static void backward(Model *m, const Part *part)
{
    norm_backward_w(m, part, m->norm, m->x, m->rstdf);
    norm_backward(m, part, m->norm, m->x, m->rstdf, KERN_SET);
    part_barrier(part);
    for (size_t i = m->l; i-- > 0;) {
        layer_backward(m, i, part);
    }
    part_barrier(part);
    const Real *de = m->dx;
    if (m->ops->embed_backward) {
        m->ops->embed_backward(m, *part, m->e, m->dx, m->dxb);
        part_barrier(part);
        de = m->dxb;
    }
    embedding_backward(m->kern, part->rows, m->d, part_share(part, m->d, KERN_LANES), m->token, de,
                       m->dembed);
    part_barrier(part);
}

/* ---- loss -------------------------------------------------------------------------- */

static void check_tokens(const Model *m, const uint16_t *tokens, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        assert(tokens[i] < m->vocab);
    }
    (void)m, (void)tokens;
}

/* What all threads of the team work through. */
typedef struct Pass {
    Model *m;
    const uint16_t *tokens;
    size_t b, t, stride;
    bool wants_grad;
    Real *logits; /* [b,t,V]; NULL: the loss */
    double sum;   /* of the losses, in the order of the rows; thread 0's */
} Pass;

/* As many sequences as the working threads have room for. */
static Part next_part(Model *m, size_t id, size_t b, size_t t, size_t done)
{
    size_t threads = m->team.active, most = m->part_b * threads / m->threads;
    most += t % 2 == 1 && most % 2 == 1 && most < m->part_b ? 1 : 0;
    most = most < 1 ? 1 : most;
    size_t n = b - done < most ? b - done : most;
    Share rows = team_share(n * t, 1, id, threads);
    return (Part){.b = n,
                  .t = t,
                  .rows = n * t,
                  .team = &m->team,
                  .id = id,
                  .threads = threads,
                  .first = rows.first,
                  .n = rows.end - rows.first};
}

static void part_loss(Pass *pass, const Part *part)
{
    Model *m = pass->m;
    Head head = {.kern = m->kern,
                 .d = m->d,
                 .table = m->head,
                 .n_tiles = m->n_head,
                 .tile_rows = m->tile_rows / m->threads * part->threads,
                 .logits = m->logits,
                 .lse = m->lse};
    double scale = pass->wants_grad ? 1.0 / ((double)pass->b * (double)pass->t) : 0.0;
    head_loss(&head, part, m->xf, m->target, scale, m->nll, m->dxb);
    for (size_t r = 0; part->id == 0 && r < part->rows; r++) {
        pass->sum += (double)m->nll[r];
    }
    if (pass->wants_grad) {
        backward(m, part);
    }
}

static void work_pass(void *ctx, size_t id)
{
    Pass *pass = ctx;
    Model *m = pass->m;
    for (size_t done = 0; done < pass->b;) {
        Part part = next_part(m, id, pass->b, pass->t, done);
        Tokens in = {pass->tokens + done * pass->stride, pass->stride};
        take_tokens(m, in, &part, !pass->logits);
        forward(m, &part);
        part_barrier(&part);
        if (pass->logits) {
            head_logits(m->kern, m->head, m->n_head, part.n, m->xf + part.first * m->d,
                        pass->logits + (done * pass->t + part.first) * m->vocab);
        } else {
            part_loss(pass, &part);
        }
        done += part.b;
    }
}

static double mean_loss(Model *m, const uint16_t *tokens, size_t b, size_t t, bool wants_grad)
{
    assert(b >= 1 && b <= m->batch && t >= 1 && t <= m->seq);
    check_tokens(m, tokens, b * (t + 1));
    Pass pass = {
        .m = m, .tokens = tokens, .b = b, .t = t, .stride = t + 1, .wants_grad = wants_grad};
    team_run(&m->team, work_pass, &pass);
    return pass.sum / ((double)b * (double)t);
}

double model_loss(Model *m, const uint16_t *tokens, size_t b, size_t t)
{
    return mean_loss(m, tokens, b, t, false);
}

double model_loss_grad(Model *m, const uint16_t *tokens, size_t b, size_t t)
{
    assert(model_trains(m));
    memset(m->grads, 0, m->n_params * sizeof *m->grads);
    memset(m->dembed, 0, m->embed->n * sizeof *m->dembed);
    if (m->ops->grads_begin) {
        m->ops->grads_begin(m);
    }
    double loss = mean_loss(m, tokens, b, t, true);
    m->kern->add(m->embed->n, m->embed->grad, m->dembed, m->embed->grad);
    if (m->ops->grads_end) {
        m->ops->grads_end(m);
    }
    return loss;
}

/* Written through pass.logits.  NOLINTNEXTLINE(readability-non-const-parameter) */
void model_logits(Model *m, const uint16_t *tokens, size_t b, size_t t, Real *logits)
{
    assert(b >= 1 && b <= m->batch && t >= 1 && t <= m->seq);
    check_tokens(m, tokens, b * t);
    Pass pass = {.m = m, .tokens = tokens, .b = b, .t = t, .stride = t, .logits = logits};
    team_run(&m->team, work_pass, &pass);
}

/* ---- decoding ---------------------------------------------------------------------- */

void model_decode_reset(Model *m)
{
    m->pos = 0;
    if (m->ops->decode_reset) {
        m->ops->decode_reset(m);
    }
}

static void layer_decode(Model *m, size_t i, Real *x)
{
    const Kern *k = m->kern;
    const Layer *y = &m->layer[i];
    Real *xb = m->dec + m->d, *gu = m->dec + 3 * m->d, *v = gu + 2 * m->g, rstd;
    Mlp mlp = mlp_of(m, y);
    Real eps = (Real)m->shape.norm_eps;
    k->rmsnorm(1, m->d, eps, x, data_of(y->norm1), xb, &rstd);
    m->ops->mix_decode(m, i, m->pos, xb, x);
    k->rmsnorm(1, m->d, eps, x, data_of(y->norm2), xb, &rstd);
    mlp_forward(k, &mlp, 1, xb, gu, v, x);
}

ErrCode model_decode(Model *m, uint16_t token, Real *logits, Err *err)
{
    if (token >= m->vocab) {
        return err_set(err, ERR_INVALID, "token %u is outside the vocabulary of %zu",
                       (unsigned)token, m->vocab);
    }
    if (m->ops->decode_is_bounded && m->pos >= m->seq) {
        return err_set(err, ERR_INVALID, "%s was opened for at most %zu tokens",
                       m->shape.arch->title, m->seq);
    }
    Real *x = m->dec, *xb = m->dec + m->d, *e = m->dec + 2 * m->d, rstd;
    embedding_forward(1, m->d, m->embed->data, &token, e);
    if (m->ops->embed_decode) {
        m->ops->embed_decode(m, e, x);
    } else {
        carry(x, e, m->d);
    }
    for (size_t i = 0; i < m->l; i++) {
        layer_decode(m, i, x);
    }
    m->kern->rmsnorm(1, m->d, (Real)m->shape.norm_eps, x, data_of(m->norm), xb, &rstd);
    head_logits(m->kern, m->head, m->n_head, 1, xb, logits);
    m->pos++;
    return ERR_OK;
}

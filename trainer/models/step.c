/* step.c -- the backbone: forward, loss, backward and decoding of any architecture.
 *
 * A batch goes through in parts of whole sequences.  Weight gradients of the parts add up
 * in the order of the rows, so their number does not show in a matrix product's bits. */
#include <assert.h>
#include <string.h>

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
    return (Mlp){.d = m->d,
                 .g = m->g,
                 .is_swish = m->is_swish,
                 .wgu = y->gate->data,
                 .down = y->down->data,
                 .dwgu = y->gate->grad,
                 .ddown = y->down->grad};
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

static void layer_forward(Model *m, size_t i, Part part)
{
    const Kern *k = m->kern;
    Layer *y = &m->layer[i];
    Real *out = layer_output(m, i);
    Mlp mlp = mlp_of(m, y);
    Real eps = (Real)m->shape.norm_eps;
    k->rmsnorm(part.rows, m->d, eps, y->x, data_of(y->norm1), y->xb, y->rstd1);
    carry(y->a, y->x, part.rows * m->d);
    m->ops->mix_forward(m, i, part, y->xb, y->a);
    k->rmsnorm(part.rows, m->d, eps, y->a, data_of(y->norm2), y->ab, y->rstd2);
    carry(out, y->a, part.rows * m->d);
    mlp_forward(k, &mlp, part.rows, y->ab, y->gu, y->y, out);
}

/* Tokens of one part: b rows of t, `stride` apart. */
typedef struct Tokens {
    const uint16_t *token;
    size_t stride;
} Tokens;

static void embed(Model *m, Tokens in, Part part)
{
    Real *x = m->ops->embed_forward ? m->e : m->layer[0].x;
    for (size_t b = 0; b < part.b; b++) {
        embedding_forward(part.t, m->d, m->embed->data, in.token + b * in.stride,
                          x + b * part.t * m->d);
    }
    if (m->ops->embed_forward) {
        m->ops->embed_forward(m, part, m->e, m->layer[0].x);
    }
}

/* Normed last hidden state of a part into m->xf [rows,d]. */
static void forward(Model *m, Tokens in, Part part)
{
    embed(m, in, part);
    for (size_t i = 0; i < m->l; i++) {
        layer_forward(m, i, part);
    }
    m->kern->rmsnorm(part.rows, m->d, (Real)m->shape.norm_eps, m->x, data_of(m->norm), m->xf,
                     m->rstdf);
}

/* ---- backward ---------------------------------------------------------------------- */

static Real *grad_of(const ModelTensor *t)
{
    return t ? t->grad : NULL;
}

/* m->dx holds the gradient of the layer's output and then of its input. */
static void layer_backward(Model *m, size_t i, Part part)
{
    const Kern *k = m->kern;
    Layer *y = &m->layer[i];
    Mlp mlp = mlp_of(m, y);
    mlp_backward(k, &mlp, part.rows, y->ab, y->gu, y->y, m->dx, m->dgu, m->dy, m->dxb);
    k->rmsnorm_grad(part.rows, m->d, y->a, data_of(y->norm2), y->rstd2, m->dxb, m->dx,
                    grad_of(y->norm2));
    m->ops->mix_backward(m, i, part, y->xb, m->dx, m->dxb);
    k->rmsnorm_grad(part.rows, m->d, y->x, data_of(y->norm1), y->rstd1, m->dxb, m->dx,
                    grad_of(y->norm1));
}

/* From m->dxb, the gradient of m->xf. */
static void backward(Model *m, Tokens in, Part part)
{
    const Kern *k = m->kern;
    memset(m->dx, 0, part.rows * m->d * sizeof *m->dx);
    k->rmsnorm_grad(part.rows, m->d, m->x, data_of(m->norm), m->rstdf, m->dxb, m->dx,
                    grad_of(m->norm));
    for (size_t i = m->l; i-- > 0;) {
        layer_backward(m, i, part);
    }
    const Real *de = m->dx;
    if (m->ops->embed_backward) {
        m->ops->embed_backward(m, part, m->e, m->dx, m->dxb);
        de = m->dxb;
    }
    for (size_t b = 0; b < part.b; b++) {
        embedding_backward(k, part.t, m->d, in.token + b * in.stride, de + b * part.t * m->d,
                           m->embed->grad);
    }
}

/* ---- loss -------------------------------------------------------------------------- */

static void check_tokens(const Model *m, const uint16_t *tokens, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        assert(tokens[i] < m->vocab);
    }
    (void)m, (void)tokens;
}

static Part next_part(const Model *m, size_t b, size_t t, size_t done)
{
    size_t n = b - done < m->part_b ? b - done : m->part_b;
    return (Part){.b = n, .t = t, .rows = n * t};
}

static void take_targets(Model *m, Tokens in, Part part)
{
    for (size_t b = 0; b < part.b; b++) {
        memcpy(m->target + b * part.t, in.token + b * in.stride + 1, part.t * sizeof *m->target);
    }
}

static double part_loss(Model *m, Tokens in, Part part, double scale, bool wants_grad)
{
    Head head = {.kern = m->kern,
                 .d = m->d,
                 .vocab = m->vocab,
                 .table = m->embed->data,
                 .tile_rows = m->tile_rows,
                 .logits = m->logits,
                 .nll = m->nll};
    forward(m, in, part);
    take_targets(m, in, part);
    double sum = head_loss(&head, part.rows, m->xf, m->target, scale, m->dxb,
                           wants_grad ? m->embed->grad : NULL);
    if (wants_grad) {
        backward(m, in, part);
    }
    return sum;
}

static double mean_loss(Model *m, const uint16_t *tokens, size_t b, size_t t, bool wants_grad)
{
    assert(b >= 1 && b <= m->batch && t >= 1 && t <= m->seq);
    check_tokens(m, tokens, b * (t + 1));
    double scale = 1.0 / ((double)b * (double)t);
    double sum = 0.0;
    for (size_t done = 0; done < b;) {
        Part part = next_part(m, b, t, done);
        sum += part_loss(m, (Tokens){tokens + done * (t + 1), t + 1}, part, scale, wants_grad);
        done += part.b;
    }
    return sum * scale;
}

double model_loss(Model *m, const uint16_t *tokens, size_t b, size_t t)
{
    return mean_loss(m, tokens, b, t, false);
}

double model_loss_grad(Model *m, const uint16_t *tokens, size_t b, size_t t)
{
    assert(model_trains(m));
    memset(m->grads, 0, m->n_params * sizeof *m->grads);
    if (m->ops->grads_begin) {
        m->ops->grads_begin(m);
    }
    double loss = mean_loss(m, tokens, b, t, true);
    if (m->ops->grads_end) {
        m->ops->grads_end(m);
    }
    return loss;
}

void model_logits(Model *m, const uint16_t *tokens, size_t b, size_t t, Real *logits)
{
    assert(b >= 1 && b <= m->batch && t >= 1 && t <= m->seq);
    check_tokens(m, tokens, b * t);
    for (size_t done = 0; done < b;) {
        Part part = next_part(m, b, t, done);
        forward(m, (Tokens){tokens + done * t, t}, part);
        linear_forward(m->kern, part.rows, m->d, m->vocab, m->xf, m->d, m->embed->data,
                       logits + done * t * m->vocab, m->vocab, KERN_SET);
        done += part.b;
    }
}

/* ---- decoding ---------------------------------------------------------------------- */

void model_decode_reset(Model *m)
{
    m->pos = 0;
    m->ops->decode_reset(m);
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
    linear_forward(m->kern, 1, m->d, m->vocab, xb, m->d, m->embed->data, logits, m->vocab,
                   KERN_SET);
    m->pos++;
    return ERR_OK;
}

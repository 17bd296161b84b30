#include "tests/trainer/models/oracle.h"

#include <check.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct Net {
    const Model *m;
    const char *arch;
    size_t l, d, h, p, g, v, t;
    double eps;
} Net;

static const ModelTensor *tensor(const Net *w, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static const ModelTensor *tensor(const Net *w, const char *fmt, ...)
{
    char name[ARCH_NAME_BYTES];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(name, sizeof name, fmt, ap);
    va_end(ap);
    const ModelTensor *t = model_tensor_find(w->m, name);
    ck_assert_msg(t != NULL, "no tensor %s", name);
    return t;
}

static double *array(size_t n)
{
    double *x = calloc(n ? n : 1, sizeof *x);
    ck_assert_ptr_nonnull(x);
    return x;
}

static bool is(const Net *w, const char *arch)
{
    return strcmp(w->arch, arch) == 0;
}

static bool flag(const Net *w, const char *name)
{
    return arch_option_index(model_shape(w->m)->arch, name) >= 0 &&
           arch_option(model_shape(w->m), name) != 0.0;
}

static double sigmoid(double x)
{
    return 1.0 / (1.0 + exp(-x));
}

/* y [t,out] = x [t,in] W^T; the caller frees it. */
static double *linear(const Net *w, const double *x, const ModelTensor *weight)
{
    size_t out = (size_t)weight->spec.dim[0], in = (size_t)weight->spec.dim[1];
    double *y = array(w->t * out);
    for (size_t i = 0; i < w->t; i++) {
        for (size_t o = 0; o < out; o++) {
            for (size_t k = 0; k < in; k++) {
                y[i * out + o] += (double)weight->data[o * in + k] * x[i * in + k];
            }
        }
    }
    return y;
}

static double *normed(const Net *w, const double *x, const ModelTensor *weight)
{
    double *y = array(w->t * w->d);
    for (size_t i = 0; i < w->t; i++) {
        double mean = 0.0;
        for (size_t j = 0; j < w->d; j++) {
            mean += x[i * w->d + j] * x[i * w->d + j] / (double)w->d;
        }
        for (size_t j = 0; j < w->d; j++) {
            double scale = weight ? (double)weight->data[j] : 1.0;
            y[i * w->d + j] = scale * x[i * w->d + j] / sqrt(mean + w->eps);
        }
    }
    return y;
}

static void apply_silu(size_t n, double *x)
{
    for (size_t i = 0; i < n; i++) {
        x[i] *= sigmoid(x[i]);
    }
}

/* ---- mixers: o [t,d] from xb [t,d] -------------------------------------------------- */

/* x [t,d] turned by RoPE. */
static void rotate(const Net *w, double *x)
{
    double base = arch_option(model_shape(w->m), "rope_base");
    size_t half = w->p / 2;
    for (size_t i = 0; i < w->t * w->h; i++) {
        double *row = x + i * w->p;
        for (size_t j = 0; j < half; j++) {
            double angle = (double)(i / w->h) * pow(base, -2.0 * (double)j / (double)w->p);
            double a = row[j], b = row[j + half];
            row[j] = a * cos(angle) - b * sin(angle);
            row[j + half] = a * sin(angle) + b * cos(angle);
        }
    }
}

static double *llama_mixer(const Net *w, size_t layer, const double *xb)
{
    double *q = linear(w, xb, tensor(w, "model.layers.%zu.self_attn.q_proj.weight", layer));
    double *k = linear(w, xb, tensor(w, "model.layers.%zu.self_attn.k_proj.weight", layer));
    double *v = linear(w, xb, tensor(w, "model.layers.%zu.self_attn.v_proj.weight", layer));
    double *o = array(w->t * w->d);
    rotate(w, q);
    rotate(w, k);
    for (size_t i = 0; i < w->t; i++) {
        for (size_t c = 0; c < w->d; c++) { /* for each output, its head's softmax again */
            size_t head = c / w->p * w->p;
            double sum = 0.0;
            for (size_t j = 0; j <= i; j++) {
                double score = 0.0;
                for (size_t a = head; a < head + w->p; a++) {
                    score += q[i * w->d + a] * k[j * w->d + a] / sqrt((double)w->p);
                }
                o[i * w->d + c] += exp(score) * v[j * w->d + c];
                sum += exp(score);
            }
            o[i * w->d + c] /= sum;
        }
    }
    free(q);
    free(k);
    free(v);
    return o;
}

/* -ln lambda of TNL, from tables where the heads are few. */
static double tnl_rate(const Net *w, size_t layer, size_t head)
{
    static const double slopes[7][6] = {{0},
                                        {1. / 256},
                                        {1. / 16, 1. / 256},
                                        {1. / 16, 1. / 256, 1. / 4},
                                        {1. / 4, 1. / 16, 1. / 64, 1. / 256},
                                        {1. / 4, 1. / 16, 1. / 64, 1. / 256, 1. / 2},
                                        {1. / 4, 1. / 16, 1. / 64, 1. / 256, 1. / 2, 1. / 8}};
    double i = (double)layer, l = (double)w->l;
    ck_assert_uint_le(w->h, 6);
    if (flag(w, "printed_decay")) {
        return 8.0 * (double)head / (double)w->h * (1.0 - i / l);
    }
    return slopes[w->h][head] * ((w->l > 1 ? 1.0 - i / (l - 1.0) : 1.0) + 1e-5);
}

/* Frequencies of layer's LRPE, or NULL. */
static double *frequencies(const Net *w, size_t layer)
{
    bool has = is(w, "cosformer2") || (layer == 0 && flag(w, "lrpe_layer0"));
    double *theta = has ? array(w->d) : NULL;
    for (size_t j = 0; has && j < w->d; j++) {
        theta[j] = is(w, "cosformer2")
                       ? (double)tensor(w, "model.layers.%zu.attn.theta", layer)->data[j]
                       : pow(10000.0, -2.0 * (double)j / (double)w->d);
    }
    return theta;
}

static double *gated_mixer(const Net *w, size_t layer, const double *xb)
{
    double *q = linear(w, xb, tensor(w, "model.layers.%zu.attn.q_proj.weight", layer));
    double *k = linear(w, xb, tensor(w, "model.layers.%zu.attn.k_proj.weight", layer));
    double *v = linear(w, xb, tensor(w, "model.layers.%zu.attn.v_proj.weight", layer));
    double *down = linear(w, xb, tensor(w, "model.layers.%zu.attn.gate_down.weight", layer));
    double *gate = linear(w, down, tensor(w, "model.layers.%zu.attn.gate_up.weight", layer));
    double *o = array(w->t * w->d), *theta = frequencies(w, layer);
    apply_silu(w->t * w->d, q);
    apply_silu(w->t * w->d, k);
    for (size_t i = 0; i < w->t; i++) {
        for (size_t j = 0; j <= i; j++) {
            for (size_t head = 0; head < w->h; head++) {
                double a = 0.0, rate = is(w, "tnl") ? tnl_rate(w, layer, head) : 0.0;
                for (size_t c = head * w->p; c < (head + 1) * w->p; c++) {
                    double turn = theta ? cos((double)(i - j) * theta[c]) : 1.0;
                    a += q[i * w->d + c] * k[j * w->d + c] * turn;
                }
                for (size_t c = head * w->p; c < (head + 1) * w->p; c++) {
                    o[i * w->d + c] += a * exp(-rate * (double)(i - j)) * v[j * w->d + c];
                }
            }
        }
    }
    double *norm = normed(w, o, NULL);
    for (size_t i = 0; i < w->t * w->d; i++) {
        norm[i] *= sigmoid(gate[i]);
    }
    free(q);
    free(k);
    free(v);
    free(down);
    free(gate);
    free(o);
    free(theta);
    return norm;
}

/* lb of a layer's channel: sum of the softmax over layers, without layer 0's share. */
static double lower_bound(const Net *w, size_t layer, size_t c)
{
    const Real *bounds = tensor(w, "model.lower_bounds")->data;
    double total = 0.0, up_to = 0.0;
    for (size_t i = 0; i < w->l; i++) {
        double e = exp((double)bounds[i * w->d + c]);
        total += e;
        up_to += i >= 1 && i <= layer ? e : 0.0;
    }
    return up_to / total;
}

static double *hgrn2_mixer(const Net *w, size_t layer, const double *xb)
{
    double *q = linear(w, xb, tensor(w, "model.layers.%zu.attn.q_proj.weight", layer));
    double *f = linear(w, xb, tensor(w, "model.layers.%zu.attn.f_proj.weight", layer));
    double *v = linear(w, xb, tensor(w, "model.layers.%zu.attn.i_proj.weight", layer));
    double *o = array(w->t * w->d);
    apply_silu(w->t * w->d, q);
    for (size_t i = 0; i < w->t * w->d; i++) {
        double lb = lower_bound(w, layer, i % w->d);
        f[i] = lb + (1.0 - lb) * sigmoid(f[i]);
    }
    for (size_t i = 0; i < w->t; i++) {
        for (size_t c = 0; c < w->d; c++) { /* key channel c, in its head */
            double left = q[i * w->d + c];
            for (size_t j = i + 1; j-- > 0;) {
                double a = left * (1.0 - f[j * w->d + c]);
                size_t head = c / w->p * w->p;
                for (size_t e = head; e < head + w->p; e++) {
                    o[i * w->d + e] += a * v[j * w->d + e];
                }
                left *= f[j * w->d + c];
            }
        }
    }
    double *norm = normed(w, o, NULL);
    free(q);
    free(f);
    free(v);
    free(o);
    return norm;
}

/* ---- the whole model ----------------------------------------------------------------- */

static void add_tpe(const Net *w, double *x)
{
    const Real *b = tensor(w, "model.tpe.weight")->data;
    const Real *lam = tensor(w, "model.tpe.decay")->data;
    double *y = array(w->t * w->d);
    for (size_t i = 0; i < w->t; i++) {
        for (size_t s = 0; s <= i; s++) {
            for (size_t c = 0; c < w->d; c++) {
                for (size_t j = 0; j < w->p; j++) {
                    y[i * w->d + c] += (double)b[c * w->p + j] *
                                       pow((double)lam[j], (double)(i - s)) * x[s * w->d + c];
                }
            }
        }
    }
    for (size_t i = 0; i < w->t * w->d; i++) {
        x[i] = y[i] + (flag(w, "tpe_residual") ? x[i] : 0.0);
    }
    free(y);
}

static void add_projected(const Net *w, double *x, double *inner, const ModelTensor *weight)
{
    double *y = linear(w, inner, weight);
    for (size_t i = 0; i < w->t * w->d; i++) {
        x[i] += y[i];
    }
    free(y);
    free(inner);
}

static void add_mixer(const Net *w, size_t layer, double *x)
{
    bool is_llama = is(w, "llama");
    double *xb =
        normed(w, x, is_llama ? tensor(w, "model.layers.%zu.input_layernorm.weight", layer) : NULL);
    double *o = is_llama         ? llama_mixer(w, layer, xb)
                : is(w, "hgrn2") ? hgrn2_mixer(w, layer, xb)
                                 : gated_mixer(w, layer, xb);
    add_projected(w, x, o,
                  tensor(w,
                         is_llama ? "model.layers.%zu.self_attn.o_proj.weight"
                                  : "model.layers.%zu.attn.o_proj.weight",
                         layer));
    free(xb);
}

static void add_mlp(const Net *w, size_t layer, double *x)
{
    bool is_llama = is(w, "llama");
    double *xb = normed(
        w, x,
        is_llama ? tensor(w, "model.layers.%zu.post_attention_layernorm.weight", layer) : NULL);
    double *u = linear(w, xb, tensor(w, "model.layers.%zu.mlp.up_proj.weight", layer));
    double *g = linear(w, xb, tensor(w, "model.layers.%zu.mlp.gate_proj.weight", layer));
    for (size_t i = 0; i < w->t * w->g; i++) {
        u[i] *= g[i] * (is_llama || flag(w, "swish_glu") ? sigmoid(g[i]) : 1.0);
    }
    add_projected(w, x, u, tensor(w, "model.layers.%zu.mlp.down_proj.weight", layer));
    free(g);
    free(xb);
}

void oracle_logits(const Model *m, const uint16_t *tokens, size_t t, double *logits)
{
    const ModelShape *s = model_shape(m);
    Net w = {.m = m,
             .arch = s->arch->name,
             .l = (size_t)s->layers,
             .d = (size_t)s->width,
             .h = (size_t)s->heads,
             .p = (size_t)(s->width / s->heads),
             .g = (size_t)s->mlp_width,
             .v = (size_t)s->vocabulary,
             .t = t,
             .eps = s->norm_eps};
    const ModelTensor *table = tensor(&w, "model.embed_tokens.weight");
    double *x = array(t * w.d);
    for (size_t i = 0; i < t * w.d; i++) {
        x[i] = (double)table->data[tokens[i / w.d] * w.d + i % w.d];
    }
    if (flag(&w, "tpe")) {
        add_tpe(&w, x);
    }
    for (size_t i = 0; i < w.l; i++) {
        add_mixer(&w, i, x);
        add_mlp(&w, i, x);
    }
    double *last = normed(&w, x, is(&w, "llama") ? tensor(&w, "model.norm.weight") : NULL);
    double *z = linear(&w, last, table);
    memcpy(logits, z, t * w.v * sizeof *z);
    free(z);
    free(last);
    free(x);
}

double oracle_loss(const Model *m, const uint16_t *tokens, size_t b, size_t t)
{
    size_t v = (size_t)model_shape(m)->vocabulary;
    double *z = array(t * v), loss = 0.0;
    for (size_t i = 0; i < b; i++) {
        const uint16_t *row = tokens + i * (t + 1);
        oracle_logits(m, row, t, z);
        for (size_t r = 0; r < t; r++) {
            double target = z[r * v + row[r + 1]], total = exp(z[r * v] - target);
            for (size_t c = 1; c < v; c++) {
                total += exp(z[r * v + c] - target);
            }
            loss += log(total) / (double)(b * t);
        }
    }
    free(z);
    return loss;
}

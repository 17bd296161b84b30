/* model.c -- opening a model: tensors, memory, initial values.  What it computes is in
 * step.c. */
#include "trainer/models/model.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/rng.h"
#include "trainer/models/layers/head.h"
#include "trainer/models/layers/linear.h"
#include "trainer/models/ops.h"

/* Rows that go through the layers together.  Small enough that a part's activations stay
 * near the processor, large enough that the weights are reused often. */
enum { PART_ROWS = 512 };

/* ---- registry -------------------------------------------------------------------- */

#define ARCH(name) &model_ops_##name,
static const ModelOps *const all_ops[] = {
#include "trainer/arch/models.def"
    NULL,
};
#undef ARCH

static const ModelOps *model_ops(const Arch *arch)
{
    const ModelOps *const *ops = all_ops;
    while (*ops && strcmp((*ops)->name, arch->name) != 0) {
        ops++;
    }
    return *ops;
}

/* ---- tensors ----------------------------------------------------------------------- */

static bool count_tensor(void *ctx, const TensorSpec *t)
{
    (void)t;
    size_t *n = ctx;
    *n += 1;
    return true;
}

static bool add_tensor(void *ctx, const TensorSpec *t)
{
    Model *m = ctx;
    size_t n = (size_t)(t->dim[0] * t->dim[1]);
    m->tensor[m->n_tensors++] = (ModelTensor){.spec = *t, .n = n};
    *(t->is_trained ? &m->n_params : &m->n_constants) += n;
    return true;
}

static bool list_tensors(Model *m)
{
    size_t n = 0;
    m->shape.arch->tensors(&m->shape, count_tensor, &n);
    m->tensor = arena_array(&m->arena, n, sizeof *m->tensor);
    if (!m->tensor) {
        return false;
    }
    m->shape.arch->tensors(&m->shape, add_tensor, m);
    return true;
}

/* Trained tensors lie in one block in order, constants in another. */
static void place_tensors(Model *m)
{
    size_t trained = 0, constant = 0;
    for (size_t i = 0; i < m->n_tensors; i++) {
        ModelTensor *t = &m->tensor[i];
        if (!t->spec.is_trained) {
            t->data = m->constants + constant;
            constant += t->n;
            continue;
        }
        t->data = m->params + trained;
        t->grad = model_trains(m) ? m->grads + trained : NULL;
        trained += t->n;
    }
}

const ModelTensor *model_tensor_find(const Model *m, const char *name)
{
    for (size_t i = 0; i < m->n_tensors; i++) {
        if (strcmp(m->tensor[i].spec.name, name) == 0) {
            return &m->tensor[i];
        }
    }
    return NULL;
}

const ModelTensor *model_need(const Model *m, const char *fmt, ...)
{
    char name[ARCH_NAME_BYTES];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(name, sizeof name, fmt, ap);
    va_end(ap);
    const ModelTensor *t = model_tensor_find(m, name);
    assert(t);
    return t;
}

Linear *model_linear(Model *m, const ModelTensor *w, size_t in, size_t out)
{
    assert(m->n_linear < m->max_linear);
    Linear *x = &m->linear[m->n_linear++];
    *x = (Linear){.w = w, .in = in, .out = out};
    return x;
}

Linear *model_linear_of(Model *m, size_t i, const char *name, size_t in, size_t out)
{
    return model_linear(m, model_need(m, "model.layers.%zu.%s.weight", i, name), in, out);
}

/* ---- memory ------------------------------------------------------------------------ */

/* A layer of its own while training; one buffer through all layers otherwise: in step.c
 * a stage whose output is its input adds in place. */
static void layout_layers(Model *m, Mem *mem)
{
    size_t r = m->part_rows, d = m->d, g = m->g;
    for (size_t i = 0; i < m->l; i++) {
        Layer *y = &m->layer[i];
        if (i >= model_kept_layers(m)) {
            y->x = m->layer[0].x;
            y->xb = m->layer[0].xb;
            y->rstd1 = m->layer[0].rstd1;
            y->a = m->layer[0].a;
            y->ab = m->layer[0].ab;
            y->rstd2 = m->layer[0].rstd2;
            y->gu = m->layer[0].gu;
            continue;
        }
        y->x = mem_reals(mem, r * d);
        y->xb = mem_reals(mem, r * d);
        y->rstd1 = mem_reals(mem, r);
        y->a = model_trains(m) ? mem_reals(mem, r * d) : y->x;
        y->ab = mem_reals(mem, r * d);
        y->rstd2 = mem_reals(mem, r);
        y->gu = mem_reals(mem, r * 2 * g);
    }
}

static void layout(Model *m, Mem *mem)
{
    size_t r = m->part_rows, d = m->d, g = m->g;
    m->params = mem_reals(mem, m->n_params);
    m->constants = mem_reals(mem, m->n_constants);
    layout_layers(m, mem);
    m->e = m->ops->embed_forward ? mem_reals(mem, r * d) : NULL;
    m->x = model_trains(m) ? mem_reals(mem, r * d) : m->layer[0].x;
    m->xf = mem_reals(mem, r * d);
    m->rstdf = mem_reals(mem, r);
    m->token = mem_take(mem, r, sizeof *m->token);
    m->target = mem_take(mem, r, sizeof *m->target);
    m->tile_rows = (r < HEAD_TILE_ROWS ? (r + 1) / 2 * 2 : HEAD_TILE_ROWS) * m->threads;
    m->logits = mem_reals(mem, m->tile_rows * m->head->out); /* the first is the widest */
    m->lse = mem_reals(mem, 3 * m->tile_rows);
    m->nll = mem_reals(mem, r);
    m->y = mem_reals(mem, r * g);
    m->dec = mem_reals(mem, 3 * d + 3 * g);
    if (model_trains(m)) {
        m->grads = mem_reals(mem, m->n_params);
        m->dembed = mem_reals(mem, m->vocab * d);
        m->dx = mem_reals(mem, r * d);
        m->dxb = mem_reals(mem, r * d);
    }
    for (size_t i = 0; i < m->n_linear; i++) {
        linear_layout(&m->linear[i], m->kern, model_trains(m), mem);
    }
    m->ops->layout(m, mem);
}

static void bind_layers(Model *m)
{
    for (size_t i = 0; i < m->l; i++) {
        Layer *y = &m->layer[i];
        y->gate_up = model_linear_of(m, i, "mlp.gate_proj", m->d, 2 * m->g);
        y->down = model_linear_of(m, i, "mlp.down_proj", m->g, m->d);
        if (m->ops->has_norm_weights) {
            y->norm1 = model_need(m, "model.layers.%zu.input_layernorm.weight", i);
            y->norm2 = model_need(m, "model.layers.%zu.post_attention_layernorm.weight", i);
        }
    }
    m->embed = model_need(m, "model.embed_tokens.weight");
    m->head = head_bind(m, m->embed, &m->n_head);
    m->norm = m->ops->has_norm_weights ? model_need(m, "model.norm.weight") : NULL;
}

/* Sequences of the largest part.  Their number may depend on the threads, as no sum over
 * rows begins anew with a part; but products of pairs of bfloat16 pair rows, so a part
 * must not end on an odd row that another number of threads would pair. */
static size_t sequences_of_part(const ModelHow *how, size_t threads)
{
    size_t b = PART_ROWS / how->seq;
    b = (b < 1 ? 1 : b) * threads;
    b += how->seq % 2 == 1 && b % 2 == 1 ? 1 : 0;
    return b > how->batch ? how->batch : b;
}

/* A model without its large memory: enough to count it.  NULL when memory is short. */
static Model *model_outline(const ModelShape *shape, const ModelHow *how)
{
    size_t batch = how->batch, seq = how->seq;
    size_t threads = how->threads < 1 ? 1 : how->threads > TEAM_MAX ? TEAM_MAX : how->threads;
    const Kern *kern = how->kern ? how->kern : kern_get();
    Arena arena = ARENA_INIT;
    const ModelOps *ops = model_ops(shape->arch);
    Model *m = arena_alloc(&arena, sizeof *m);
    if (!m || !ops) {
        arena_release(&arena);
        return NULL;
    }
    size_t part_b = sequences_of_part(how, threads);
    *m = (Model){.arena = arena,
                 .shape = *shape,
                 .ops = ops,
                 .kern = how->precision == PRECISION_BF16 ? kern_bf16(kern) : kern,
                 .kern_f32 = kern,
                 .use = how->use,
                 .threads = threads,
                 .batch = batch,
                 .seq = seq,
                 .part_b = part_b,
                 .part_rows = part_b * seq,
                 .l = (size_t)shape->layers,
                 .d = (size_t)shape->width,
                 .h = (size_t)shape->heads,
                 .p = (size_t)(shape->width / shape->heads),
                 .g = (size_t)shape->mlp_width,
                 .vocab = (size_t)shape->vocabulary};
    m->is_swish =
        arch_option_index(shape->arch, "swish_glu") < 0 || arch_option(shape, "swish_glu") != 0.0;
    m->layer = arena_array(&m->arena, m->l, sizeof *m->layer);
    bool ok = m->layer && list_tensors(m);
    m->max_linear = m->n_tensors + head_tiles(m->vocab);
    m->linear = ok ? arena_array(&m->arena, m->max_linear, sizeof *m->linear) : NULL;
    ok = m->linear != NULL;
    if (ok) {
        bind_layers(m);
        ok = m->ops->open(m);
    }
    if (!ok) {
        model_close(m);
        return NULL;
    }
    return m;
}

static ErrCode check_open(const ModelShape *shape, size_t batch, size_t seq, Err *err)
{
    const size_t most = (size_t)1 << 40; /* keeps every product of sizes below 2^64 */
    if (batch == 0 || seq == 0 || batch > most || seq > most / batch) {
        return err_set(err, ERR_INVALID, "a batch has between 1 and 2^40 tokens (%zu x %zu)", batch,
                       seq);
    }
    if (shape->vocabulary > 65536) {
        return err_set(err, ERR_INVALID,
                       "tokens are 16 bits: vocabulary must be at most 65536 (%lld)",
                       (long long)shape->vocabulary);
    }
    return arch_check(shape, err);
}

ErrCode model_open(const ModelShape *shape, const ModelHow *how, Model **ret, Err *err)
{
    ErrCode rc = check_open(shape, how->batch, how->seq, err);
    if (rc != ERR_OK) {
        return rc;
    }
    Model *m = model_outline(shape, how);
    if (!m) {
        return err_nomem(err, "a model");
    }
    Mem count = {0};
    layout(m, &count);
    Mem mem = {.arena = &m->arena};
    if (count.is_short || !arena_reserve(&m->arena, count.bytes)) {
        model_close(m);
        return err_set(err, ERR_NOMEM, "not enough memory for a model of %.1f MB",
                       (double)count.bytes / 1e6);
    }
    layout(m, &mem);
    assert(!mem.is_short && mem.bytes == count.bytes);
    arena_seal(&m->arena);
    place_tensors(m);
    int failed = team_start(&m->team, m->threads);
    if (failed != 0) {
        model_close(m);
        errno = failed;
        return err_sys(err, "a thread of the model");
    }
    m->has_team = true;
    *ret = m;
    return ERR_OK;
}

void model_close(Model *m)
{
    if (m) {
        if (m->has_team) {
            team_stop(&m->team);
        }
        Arena arena = m->arena; /* the model lies in it */
        arena_release(&arena);
    }
}

size_t model_bytes(const ModelShape *shape, const ModelHow *how)
{
    Err err = ERR_INIT;
    if (check_open(shape, how->batch, how->seq, &err) != ERR_OK) {
        return 0;
    }
    Model *m = model_outline(shape, how);
    if (!m) {
        return 0;
    }
    Mem count = {.bytes = m->arena.used_bytes};
    layout(m, &count);
    model_close(m);
    return count.bytes;
}

/* ---- access ------------------------------------------------------------------------ */

void model_set_threads(Model *m, size_t threads)
{
    team_set_active(&m->team, threads);
}

const ModelShape *model_shape(const Model *m)
{
    return &m->shape;
}

size_t model_tensor_count(const Model *m)
{
    return m->n_tensors;
}

const ModelTensor *model_tensor(const Model *m, size_t i)
{
    assert(i < m->n_tensors);
    return &m->tensor[i];
}

size_t model_param_count(const Model *m)
{
    return m->n_params;
}

Real *model_params(Model *m)
{
    return m->params;
}

Real *model_grads(Model *m)
{
    return m->grads;
}

static void pack_share(void *ctx, size_t number)
{
    Model *m = ctx;
    for (size_t i = number; i < m->n_linear; i += m->team.active) {
        linear_pack(&m->linear[i], m->kern);
    }
}

void model_params_changed(Model *m)
{
    m->ops->derive(m);
    team_run(&m->team, pack_share, m);
}

Team *model_team(Model *m)
{
    return &m->team;
}

/* ---- initial values ------------------------------------------------------------------ */

static bool ends_with(const char *s, const char *end)
{
    size_t n = strlen(s), k = strlen(end);
    return n >= k && strcmp(s + n - k, end) == 0;
}

/* Matrices that write into the residual stream. */
static bool is_output_projection(const char *name)
{
    return ends_with(name, ".o_proj.weight") || ends_with(name, ".down_proj.weight");
}

/* Matrices N(0, 2/(5d)), residual outputs divided by sqrt(2 l), norms 1, the rest 0. */
void model_init(Model *m, uint64_t seed)
{
    double std = sqrt(2.0 / (5.0 * (double)m->d));
    double residual = std / sqrt(2.0 * (double)m->l);
    for (size_t i = 0; i < m->n_tensors; i++) {
        const ModelTensor *t = &m->tensor[i];
        double s = is_output_projection(t->spec.name) ? residual : std;
        for (size_t e = 0; e < t->n; e++) {
            double x = ends_with(t->spec.name, "norm.weight") ? 1.0 : 0.0;
            if (t->spec.is_decayed) {
                x = s * rng_normal(seed, rng_stream(RNG_INIT, (uint32_t)i), e);
            }
            t->data[e] = (Real)x;
        }
    }
    if (m->ops->init) {
        m->ops->init(m, seed);
    }
    model_params_changed(m);
}

/* ops.h -- the inside of a model, for the architectures and for model.c and step.c.
 *
 * Every model here has the same backbone (step.c):
 *
 *     x = embed(tokens)                         [optional extra stage: TPE]
 *     for each layer:  a = x + mix(norm1(x));  x = a + mlp(norm2(a))
 *     logits = norm(x) E^T                      (tied)
 *
 * and an architecture is its mixer, whether its norms have weights, and the
 * activation of its MLP's gate.  Rows: a batch is worked through in parts of
 * whole sequences (Part), R = part->b * part->t rows at a time, row-major [R, d];
 * gradients accumulate over the parts.
 *
 * Threads: every thread of the model's team runs the same code on its share of a part:
 * of the rows; of the (sequence, head) pairs where rows depend on each other; and, for
 * a gradient that sums over rows, of the outputs, so that each is one chain over all
 * rows in order.  part_barrier() stands between stages that read what other threads wrote.
 */
#ifndef TRAINER_MODELS_OPS_H
#define TRAINER_MODELS_OPS_H

#include "common/arena.h"
#include "trainer/core/team.h"
#include "trainer/models/mem.h"
#include "trainer/models/model.h"

/* Sequences [b] of t tokens that go through the layers together, as one thread sees them. */
typedef struct Part {
    size_t b, t, rows; /* rows = b t */
    Team *team;
    size_t id, threads; /* this thread, of how many */
    size_t first, n;    /* its rows: first .. first + n */
} Part;

static inline void part_barrier(const Part *part)
{
    team_barrier(part->team);
}

/* This thread's share of 0 .. n outputs, in whole units. */
static inline Share part_share(const Part *part, size_t n, size_t unit)
{
    return team_share(n, unit, part->id, part->threads);
}

/* This thread's (sequence, head) pairs, number b h + head. */
static inline Share part_heads(const Part *part, size_t h)
{
    return part_share(part, part->b * h, 1);
}

/* Between work on rows and work on (sequence, head) pairs.  Where the sequences divide evenly
 * both are the same thread's. */
static inline void part_barrier_heads(const Part *part)
{
    if (part->b % part->threads != 0) {
        part_barrier(part);
    }
}

/* A matrix of the model, y = x W^T, and its two packed forms (layers/linear.h). */
typedef struct Linear {
    const ModelTensor *w; /* the first of the tensors that lie one after the other */
    size_t in, out;       /* W [out,in] */
    size_t row;           /* its first row in w */
    void *forward;        /* W^T packed: y = x W^T */
    void *backward;       /* W packed: dx = dy W; NULL without training */
} Linear;

/* One architecture.  All functions that say nothing of NULL, but embed_*, must be given; a NULL embed_forward
 * means there is no stage between embedding and layer 0. */
typedef struct ModelOps {
    const char *name; /* that of its Arch */
    bool has_norm_weights;

    /* Finds its tensors and makes its own structures (m->own, from m->arena).
     * False when memory is short. */
    bool (*open)(Model *m);
    /* Takes activations, scratch and decoding state; called twice (mem.h). */
    void (*layout)(Model *m, Mem *mem);
    /* Sets initial values that differ from the general rule; runs after it. */
    void (*init)(Model *m, uint64_t seed);
    /* Recomputes what depends on parameters alone. */
    void (*derive)(Model *m);

    /* x [R,d] += mix(xb [R,d]) in layer i, keeping what backward needs; each thread's rows. */
    void (*mix_forward)(Model *m, size_t i, Part part, const Real *xb, Real *x);
    /* dxb [R,d] = gradient of xb, from dx [R,d] of the mixer's output; each thread's rows. */
    void (*mix_backward)(Model *m, size_t i, Part part, const Real *xb, const Real *dx, Real *dxb);
    /* After a barrier: adds to this thread's share of the gradients of its tensors. */
    void (*mix_backward_w)(Model *m, size_t i, Part part, const Real *xb, const Real *dx);
    /* x [d] += mix(xb [d]) at position pos, moving the decoding state on. */
    void (*mix_decode)(Model *m, size_t i, size_t pos, const Real *xb, Real *x);
    /* Clears the decoding state; NULL where all of it is written before it is read. */
    void (*decode_reset)(Model *m);
    bool decode_is_bounded; /* a cache of `seq` positions */

    /* The stage after the embedding: x [R,d] from e [R,d]; and back.  Barriers stand before
     * and after. */
    void (*embed_forward)(Model *m, Part part, const Real *e, Real *x);
    void (*embed_backward)(Model *m, Part part, const Real *e, const Real *dx, Real *de);
    void (*embed_decode)(Model *m, const Real *e, Real *x);

    /* Around the parts of one gradient, on one thread: clear own sums, turn them into
     * gradients.  May be NULL. */
    void (*grads_begin)(Model *m);
    void (*grads_end)(Model *m);
} ModelOps;

/* The mixer whose functions are called of_forward, of_backward, of_backward_w and of_decode. */
#define MODEL_MIX(of)                                                                              \
    .mix_forward = of##_forward, .mix_backward = of##_backward, .mix_backward_w = of##_backward_w, \
    .mix_decode = of##_decode

/* What the backbone keeps of a layer for its backward pass. */
typedef struct Layer {
    const ModelTensor *norm1, *norm2; /* NULL: norms without weights */
    Linear *gate_up, *down;           /* [2g,d], [d,g] */
    Real *x, *xb, *rstd1;             /* input [R,d], normed, [R] */
    Real *a, *ab, *rstd2;             /* after the mixer [R,d], normed, [R] */
    Real *gu;                         /* [R,2g] gate | up; in backward their gradient */
} Layer;

struct Model {
    Arena arena;
    ModelShape shape;
    const ModelOps *ops;
    const Kern *kern;     /* products of the model's precision */
    const Kern *kern_f32; /* what stays exact: TPE's filter */
    ModelUse use;
    bool is_swish;
    Team team;
    bool has_team;
    size_t threads;              /* at most */
    size_t batch, seq;           /* at most */
    size_t part_b, part_rows;    /* sequences and rows of the largest part */
    size_t l, d, h, p, g, vocab; /* the shape, as sizes */

    ModelTensor *tensor;
    size_t n_tensors;
    size_t n_params, n_constants;
    Real *params, *grads, *constants;

    Linear *linear; /* all matrices that are packed */
    size_t n_linear, max_linear;
    Layer *layer;
    void *own; /* the architecture's */

    const ModelTensor *embed, *norm;
    Linear *head; /* the embedding [V,d] as the output's matrix, in tiles of rows */
    size_t n_head;
    Real *dembed;         /* [V,d] gradient through the input alone, over all parts */
    Real *e;              /* [R,d] embedded tokens, if there is a stage after them */
    Real *x, *xf, *rstdf; /* [R,d] after the last layer, normed, [R] */
    uint16_t *token;      /* [R] */
    uint16_t *target;     /* [R] */
    Real *logits;         /* [tile_rows, columns of the largest of head] */
    Real *nll;            /* [R] */
    Real *lse;            /* [3,tile_rows] scratch of a vocabulary in tiles */
    size_t tile_rows;

    Real *y;        /* [R,g] scratch: the gated product of a layer; in backward its gradient */
    Real *dx, *dxb; /* scratch of backward: [R,d] each */

    size_t pos; /* decoding */
    Real *dec;  /* scratch of decoding: [3 d + 3 g] */
};

/* model_ops_llama, ...: each is defined in its trainer/models/<name>/model.c. */
#define ARCH(name) extern const ModelOps model_ops_##name;
#include "trainer/arch/models.def"
#undef ARCH

/* The tensor of this printf-made name; it must exist. */
const ModelTensor *model_need(const Model *m, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Takes a place among the matrices that are packed; before layout, from ops->open. */
Linear *model_linear(Model *m, const ModelTensor *w, size_t in, size_t out);

/* The same for model.layers.<i>.<name>.weight and what lies after it. */
Linear *model_linear_of(Model *m, size_t i, const char *name, size_t in, size_t out);

static inline bool model_trains(const Model *m)
{
    return m->use == MODEL_TRAIN;
}

/* Layers that keep their own activations: all when training, else they share one set. */
static inline size_t model_kept_layers(const Model *m)
{
    return model_trains(m) ? m->l : 1;
}

#endif

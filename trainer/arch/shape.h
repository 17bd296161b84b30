/* shape.h -- what the shape.c of an architecture is written with.
 *
 * Only trainer/arch and the shape.c files include this; everybody else wants
 * arch.h.
 */
#ifndef TRAINER_ARCH_SHAPE_H
#define TRAINER_ARCH_SHAPE_H

#include "trainer/arch/arch.h"

/* arch_llama, arch_tnl, ...: each is defined in its trainer/models/<name>/shape.c. */
#define ARCH(name) extern const Arch arch_##name;
#include "trainer/arch/models.def"
#undef ARCH

/* Hands tensors to a visitor until the visitor has had enough. */
typedef struct TensorList {
    TensorVisitor visit;
    void *ctx;
    bool is_stopped;
} TensorList;

/* What a tensor is, but for its name.  cols = 0 makes a vector [rows]. */
static inline TensorSpec tensor_of(int64_t rows, int64_t cols, bool is_trained, bool is_decayed)
{
    return (TensorSpec){.rank = cols == 0 ? 1 : 2,
                        .dim = {rows, cols == 0 ? 1 : cols},
                        .is_trained = is_trained,
                        .is_decayed = is_decayed};
}

/* Matrix [out][in]: trained and decayed. */
static inline TensorSpec tensor_matrix(int64_t out, int64_t in)
{
    return tensor_of(out, in, true, true);
}

/* Trained, not decayed: norms, bounds, frequencies. */
static inline TensorSpec tensor_plain(int64_t rows, int64_t cols)
{
    return tensor_of(rows, cols, true, false);
}

/* A constant stored beside the weights. */
static inline TensorSpec tensor_constant(int64_t rows, int64_t cols)
{
    return tensor_of(rows, cols, false, false);
}

/* Hands on a tensor; its name is made from fmt. */
void tensor_put(TensorList *list, TensorSpec t, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* model.embed_tokens.weight [V][d]. */
void tensor_embedding(TensorList *list, const ModelShape *s);

/* Square matrices [d][d] of layer i: model.layers.<i>.<block>.<x>_proj.weight for every
 * letter x. */
void tensor_projections(TensorList *list, const ModelShape *s, int64_t i, const char *block,
                        const char *letters);

/* The mixer of trainer/models/layers/gated_linear.h in layer i: attn.q_proj, k_proj and v_proj
 * [d][d], gate_down [p][d], gate_up [d][p] and o_proj [d][d]. */
void tensor_gated_mixer(TensorList *list, const ModelShape *s, int64_t i);

/* mlp.gate_proj, mlp.up_proj [g][d] and mlp.down_proj [d][g] of layer i. */
void tensor_mlp(TensorList *list, const ModelShape *s, int64_t i);

/* d / h */
static inline int64_t shape_head_width(const ModelShape *s)
{
    return s->width / s->heads;
}

/* How an architecture is called and drawn: the first four members of Arch. */
#define SHAPE_LOOK(word, words, rgb, mark) \
    .name = (word), .title = (words), .color = (rgb), .code = (mark)

/* The counts that every architecture defines in its file, by these names. */
#define SHAPE_COUNTS .tensors = tensors, .param_count = param_count, .flops_exact = flops_exact

/* A row of options that are on or off. */
#define SHAPE_FLAG(name, is_on, help)                               \
    {                                                               \
        name, ARCH_OPTION_BOOL, (is_on) ? 1.0 : 0.0, 0.0, 1.0, help \
    }
/* The one that sends the gate of the MLP through silu; an architecture without it always does. */
#define SHAPE_SWISH_GLU \
    SHAPE_FLAG("swish_glu", false, "silu on the gate of the MLP instead of none")

/* True when a boolean option is on. */
static inline bool shape_flag(const ModelShape *s, const char *name)
{
    return arch_option(s, name) != 0.0;
}

/* l (4 d^2 + 3 d g): the four square projections and the gated MLP of every layer. */
int64_t shape_common_params(const ModelShape *s);

/* 3 l (8 d^2 + 6 d g): their training FLOPs per token. */
double shape_common_flops(const ModelShape *s);

#endif

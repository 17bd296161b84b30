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

/* Matrix [out][in]: trained and decayed.  The name is made from fmt. */
void tensor_matrix(TensorList *list, int64_t out, int64_t in, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* Trained, not decayed: norms, bounds, frequencies.  cols = 0 makes a vector [rows]. */
void tensor_plain(TensorList *list, int64_t rows, int64_t cols, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* A constant stored beside the weights.  cols = 0 makes a vector [rows]. */
void tensor_constant(TensorList *list, int64_t rows, int64_t cols, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* model.embed_tokens.weight [V][d]. */
void tensor_embedding(TensorList *list, const ModelShape *s);

/* mlp.gate_proj, mlp.up_proj [g][d] and mlp.down_proj [d][g] of layer i. */
void tensor_mlp(TensorList *list, const ModelShape *s, int64_t i);

/* d / h */
static inline int64_t shape_head_width(const ModelShape *s)
{
    return s->width / s->heads;
}

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

/* cosformer2/shape.c -- cosFormer2 (arXiv:2406.16690 section 2.2): linear attention
 * without decay, positions by LRPE in every layer and by a Toeplitz filter (TPE) on the
 * embedding.  Equations: README.md beside this file. */
#include "trainer/arch/shape.h"

static void tensors(const ModelShape *s, TensorVisitor visit, void *ctx)
{
    TensorList list = {visit, ctx, false};
    int64_t h = s->heads, p = shape_head_width(s);
    TensorSpec theta = shape_flag(s, "theta_learned") ? tensor_plain(h, p) : tensor_constant(h, p);
    tensor_embedding(&list, s);
    if (shape_flag(s, "tpe")) {
        tensor_put(&list, tensor_matrix(s->width, p), "model.tpe.weight");
        tensor_put(&list, tensor_constant(p, 0), "model.tpe.decay");
        if (shape_flag(s, "tpe_decay_learned")) {
            tensor_put(&list, tensor_plain(p, 0), "model.tpe.decay_raw");
        }
    }
    for (int64_t i = 0; i < s->layers && !list.is_stopped; i++) {
        tensor_gated_mixer(&list, s, i);
        tensor_put(&list, theta, "model.layers.%lld.attn.theta", (long long)i);
        tensor_mlp(&list, s, i);
    }
}

/* l (4 d^2 + 2 d t + 3 d g) + d e, t = e = p; + l d for learned frequencies, + e for
 * learned decays. */
static int64_t param_count(const ModelShape *s)
{
    int64_t d = s->width, p = shape_head_width(s);
    int64_t n = shape_common_params(s) + 2 * s->layers * d * p;
    if (shape_flag(s, "tpe")) {
        n += d * p + (shape_flag(s, "tpe_decay_learned") ? p : 0);
    }
    return n + (shape_flag(s, "theta_learned") ? s->layers * d : 0);
}

/* Keys of width 2 p: chunk triangle 3 d (c+1), state 8 d p; gate 4 d t; TPE 4 d e once. */
static double flops_exact(const ModelShape *s, int64_t sequence)
{
    (void)sequence;
    double d = (double)s->width, p = (double)shape_head_width(s);
    double mix = 3.0 * d * (p + 1.0) + 8.0 * d * p + 4.0 * d * p;
    double tpe = shape_flag(s, "tpe") ? 4.0 * d * p : 0.0;
    return shape_common_flops(s) + 3.0 * ((double)s->layers * mix + tpe);
}

const Arch arch_cosformer2 = {
    SHAPE_LOOK("cosformer2", "cosFormer2", "#CC79A7", 3),
    .source = "arXiv:2406.16690 2.2 and A.1.4",
    .options =
        {
            SHAPE_FLAG("theta_learned", false, "train the frequencies of LRPE"),
            SHAPE_FLAG("tpe", true, "Toeplitz filter on the embedding"),
            SHAPE_FLAG("tpe_residual", true,
                       "add the filter to the embedding instead of replacing it"),
            SHAPE_FLAG("tpe_decay_learned", false, "train the decays of the filter"),
            SHAPE_SWISH_GLU,
        },
    SHAPE_COUNTS,
    .per_head = {3.0, 4.0},
    .per_width = {23.0, 72.0},
};

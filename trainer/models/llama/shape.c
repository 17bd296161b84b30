/* llama/shape.c -- LLaMA (arXiv:2302.13971): softmax attention with rotary positions,
 * RMSNorm with weights, SwiGLU.  Equations: README.md beside this file. */
#include "trainer/arch/shape.h"

static void tensors(const ModelShape *s, TensorVisitor visit, void *ctx)
{
    TensorList list = {visit, ctx, false};
    TensorSpec norm = tensor_plain(s->width, 0);
    tensor_embedding(&list, s);
    tensor_put(&list, norm, "model.norm.weight");
    for (int64_t i = 0; i < s->layers && !list.is_stopped; i++) {
        long long n = (long long)i;
        tensor_put(&list, norm, "model.layers.%lld.input_layernorm.weight", n);
        tensor_projections(&list, s, i, "self_attn", "qkvo");
        tensor_put(&list, norm, "model.layers.%lld.post_attention_layernorm.weight", n);
        tensor_mlp(&list, s, i);
    }
}

/* l (4 d^2 + 3 d g) + (2 l + 1) d: two norms a layer and the last one. */
static int64_t param_count(const ModelShape *s)
{
    return shape_common_params(s) + (2 * s->layers + 1) * s->width;
}

/* Attention over half of n x n: 2 d (n+1), and its softmax 1.5 h (n+1). */
static double flops_exact(const ModelShape *s, int64_t sequence)
{
    double n = (double)sequence, d = (double)s->width, h = (double)s->heads;
    double mix = 2.0 * d * (n + 1.0) + 1.5 * h * (n + 1.0);
    return shape_common_flops(s) + 3.0 * (double)s->layers * mix;
}

const Arch arch_llama = {
    SHAPE_LOOK("llama", "LLaMA", "#0072B2", 0),
    .source = "arXiv:2302.13971; arXiv:2406.16690 A.1.1",
    .options =
        {
            {"rope_base", ARCH_OPTION_NUMBER, 10000.0, 1.0, 1e9,
             "base of the rotary frequencies base^(-2j/p)"},
        },
    SHAPE_COUNTS,
    .per_sequence = {1.0, 6.0},
    .per_width = {5.0, 18.0},
};

/* llama/shape.c -- LLaMA (arXiv:2302.13971): softmax attention with rotary positions,
 * RMSNorm with weights, SwiGLU.  Equations: README.md beside this file. */
#include "trainer/arch/shape.h"

static void tensors(const ModelShape *s, TensorVisitor visit, void *ctx)
{
    TensorList list = {visit, ctx, false};
    int64_t d = s->width;
    tensor_embedding(&list, s);
    tensor_plain(&list, d, 0, "model.norm.weight");
    for (int64_t i = 0; i < s->layers && !list.is_stopped; i++) {
        long long n = (long long)i;
        tensor_plain(&list, d, 0, "model.layers.%lld.input_layernorm.weight", n);
        tensor_matrix(&list, d, d, "model.layers.%lld.self_attn.q_proj.weight", n);
        tensor_matrix(&list, d, d, "model.layers.%lld.self_attn.k_proj.weight", n);
        tensor_matrix(&list, d, d, "model.layers.%lld.self_attn.v_proj.weight", n);
        tensor_matrix(&list, d, d, "model.layers.%lld.self_attn.o_proj.weight", n);
        tensor_plain(&list, d, 0, "model.layers.%lld.post_attention_layernorm.weight", n);
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

static double flops_paper(const ModelShape *s, int64_t sequence)
{
    double n = (double)sequence, d = (double)s->width;
    return 72.0 * (double)s->layers * d * d * (1.0 + n / (6.0 * d) + 5.0 / (18.0 * d));
}

const Arch arch_llama = {
    .name = "llama",
    .title = "LLaMA",
    .color = "#0072B2",
    .code = 0,
    .source = "arXiv:2302.13971; arXiv:2406.16690 A.1.1",
    .options =
        {
            {"rope_base", ARCH_OPTION_NUMBER, 10000.0, 1.0, 1e9,
             "base of the rotary frequencies base^(-2j/p)"},
        },
    .tensors = tensors,
    .param_count = param_count,
    .flops_exact = flops_exact,
    .flops_paper = flops_paper,
};

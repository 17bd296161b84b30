/* tnl/shape.c -- TransNormerLLM (arXiv:2405.17381): linear attention with one fixed
 * decay a head and layer, low-rank output gate, GLU without activation.  Equations:
 * README.md beside this file. */
#include "trainer/arch/shape.h"

static void tensors(const ModelShape *s, TensorVisitor visit, void *ctx)
{
    TensorList list = {visit, ctx, false};
    tensor_embedding(&list, s);
    for (int64_t i = 0; i < s->layers && !list.is_stopped; i++) {
        tensor_gated_mixer(&list, s, i);
        tensor_mlp(&list, s, i);
    }
}

/* l (4 d^2 + 2 d t + 3 d g), t = p. */
static int64_t param_count(const ModelShape *s)
{
    return shape_common_params(s) + 2 * s->layers * s->width * shape_head_width(s);
}

/* Chunk triangle 2 d (c+1), state 4 d p, gate 4 d t; c = t = p.  Positions in layer 0
 * double the width of its keys: d (c+1) + 4 d p more. */
static double flops_exact(const ModelShape *s, int64_t sequence)
{
    (void)sequence;
    double d = (double)s->width, p = (double)shape_head_width(s);
    double mix = 2.0 * d * (p + 1.0) + 4.0 * d * p + 4.0 * d * p;
    double lrpe = shape_flag(s, "lrpe_layer0") ? d * (p + 1.0) + 4.0 * d * p : 0.0;
    return shape_common_flops(s) + 3.0 * ((double)s->layers * mix + lrpe);
}

const Arch arch_tnl = {
    SHAPE_LOOK("tnl", "TNL", "#D55E00", 1),
    .source = "arXiv:2405.17381; arXiv:2406.16690 A.1.2",
    .options =
        {
            SHAPE_FLAG("lrpe_layer0", false, "relative positions (LRPE) in layer 0"),
            SHAPE_FLAG("printed_decay", false,
                       "decay exp(-8 h/H (1 - l/L)) as printed in arXiv:2405.17381 eq. 10, not "
                       "ALiBi slopes"),
            SHAPE_SWISH_GLU,
        },
    SHAPE_COUNTS,
    .per_head = {1.0, 2.0},
    .per_width = {5.0, 18.0},
};

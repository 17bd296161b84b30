/* hgrn2/shape.c -- HGRN2 (arXiv:2404.07904): linear attention whose decay is computed
 * from the data for every channel, bounded below by a value that grows with depth.
 * Equations: README.md beside this file. */
#include "trainer/arch/shape.h"

static void tensors(const ModelShape *s, TensorVisitor visit, void *ctx)
{
    TensorList list = {visit, ctx, false};
    tensor_embedding(&list, s);
    tensor_put(&list, tensor_plain(s->layers, s->width), "model.lower_bounds");
    for (int64_t i = 0; i < s->layers && !list.is_stopped; i++) {
        tensor_projections(&list, s, i, "attn", "qfio");
        tensor_mlp(&list, s, i);
    }
}

/* l (4 d^2 + 3 d g) + l d */
static int64_t param_count(const ModelShape *s)
{
    return shape_common_params(s) + s->layers * s->width;
}

/* Chunk triangle 2 d (c+1) and state 4 d p; c = p.  Gates are not counted. */
static double flops_exact(const ModelShape *s, int64_t sequence)
{
    (void)sequence;
    double d = (double)s->width, p = (double)shape_head_width(s);
    double mix = 2.0 * d * (p + 1.0) + 4.0 * d * p;
    return shape_common_flops(s) + 3.0 * (double)s->layers * mix;
}

const Arch arch_hgrn2 = {
    SHAPE_LOOK("hgrn2", "HGRN2", "#009E73", 2),
    .source = "arXiv:2404.07904; arXiv:2406.16690 A.1.3",
    .options =
        {
            SHAPE_SWISH_GLU,
        },
    SHAPE_COUNTS,
    .per_head = {1.0, 3.0},
    .per_width = {29.0, 72.0},
};

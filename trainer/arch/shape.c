#include "trainer/arch/shape.h"

#include <stdarg.h>
#include <stdio.h>

void tensor_put(TensorList *list, TensorSpec t, const char *fmt, ...)
{
    va_list ap;
    if (list->is_stopped) {
        return;
    }
    va_start(ap, fmt);
    (void)vsnprintf(t.name, sizeof t.name, fmt, ap);
    va_end(ap);
    list->is_stopped = !list->visit(list->ctx, &t);
}

void tensor_embedding(TensorList *list, const ModelShape *s)
{
    TensorSpec t = tensor_matrix(s->vocabulary, s->width);
    t.is_embedding = true;
    tensor_put(list, t, "model.embed_tokens.weight");
}

void tensor_projections(TensorList *list, const ModelShape *s, int64_t i, const char *block,
                        const char *letters)
{
    for (; *letters; letters++) {
        tensor_put(list, tensor_matrix(s->width, s->width), "model.layers.%lld.%s.%c_proj.weight",
                   (long long)i, block, *letters);
    }
}

void tensor_gated_mixer(TensorList *list, const ModelShape *s, int64_t i)
{
    int64_t d = s->width, p = shape_head_width(s);
    tensor_projections(list, s, i, "attn", "qkv");
    tensor_put(list, tensor_matrix(p, d), "model.layers.%lld.attn.gate_down.weight", (long long)i);
    tensor_put(list, tensor_matrix(d, p), "model.layers.%lld.attn.gate_up.weight", (long long)i);
    tensor_projections(list, s, i, "attn", "o");
}

void tensor_mlp(TensorList *list, const ModelShape *s, int64_t i)
{
    TensorSpec in = tensor_matrix(s->mlp_width, s->width);
    TensorSpec out = tensor_matrix(s->width, s->mlp_width);
    tensor_put(list, in, "model.layers.%lld.mlp.gate_proj.weight", (long long)i);
    tensor_put(list, in, "model.layers.%lld.mlp.up_proj.weight", (long long)i);
    tensor_put(list, out, "model.layers.%lld.mlp.down_proj.weight", (long long)i);
}

int64_t shape_common_params(const ModelShape *s)
{
    return s->layers * (4 * s->width * s->width + 3 * s->width * s->mlp_width);
}

double shape_common_flops(const ModelShape *s)
{
    double d = (double)s->width;
    return 3.0 * (double)s->layers * (8.0 * d * d + 6.0 * d * (double)s->mlp_width);
}

#include "trainer/arch/shape.h"

#include <stdarg.h>
#include <stdio.h>

static void emit(TensorList *list, TensorSpec *t, const char *fmt, va_list ap)
    __attribute__((format(printf, 3, 0)));

static void emit(TensorList *list, TensorSpec *t, const char *fmt, va_list ap)
{
    if (list->is_stopped) {
        return;
    }
    (void)vsnprintf(t->name, sizeof t->name, fmt, ap);
    list->is_stopped = !list->visit(list->ctx, t);
}

static TensorSpec spec_of(int64_t rows, int64_t cols, bool is_trained, bool is_decayed)
{
    return (TensorSpec){.rank = cols == 0 ? 1 : 2,
                        .dim = {rows, cols == 0 ? 1 : cols},
                        .is_trained = is_trained,
                        .is_decayed = is_decayed};
}

void tensor_matrix(TensorList *list, int64_t out, int64_t in, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    TensorSpec t = spec_of(out, in, true, true);
    emit(list, &t, fmt, ap);
    va_end(ap);
}

void tensor_plain(TensorList *list, int64_t rows, int64_t cols, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    TensorSpec t = spec_of(rows, cols, true, false);
    emit(list, &t, fmt, ap);
    va_end(ap);
}

void tensor_constant(TensorList *list, int64_t rows, int64_t cols, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    TensorSpec t = spec_of(rows, cols, false, false);
    emit(list, &t, fmt, ap);
    va_end(ap);
}

static void emit_spec(TensorList *list, TensorSpec *t, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void emit_spec(TensorList *list, TensorSpec *t, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    emit(list, t, fmt, ap);
    va_end(ap);
}

void tensor_embedding(TensorList *list, const ModelShape *s)
{
    TensorSpec t = spec_of(s->vocabulary, s->width, true, true);
    t.is_embedding = true;
    emit_spec(list, &t, "model.embed_tokens.weight");
}

void tensor_mlp(TensorList *list, const ModelShape *s, int64_t i)
{
    tensor_matrix(list, s->mlp_width, s->width, "model.layers.%lld.mlp.gate_proj.weight",
                  (long long)i);
    tensor_matrix(list, s->mlp_width, s->width, "model.layers.%lld.mlp.up_proj.weight",
                  (long long)i);
    tensor_matrix(list, s->width, s->mlp_width, "model.layers.%lld.mlp.down_proj.weight",
                  (long long)i);
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

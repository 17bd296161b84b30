#include "trainer/worker/tensors.h"

#include <stdio.h>

static const char m_prefix[] = "adamw.m.", v_prefix[] = "adamw.v.";

/* Where a trained tensor lies in the flat arrays, which begin with the first of them. */
static size_t offset_of(const Model *m, const ModelTensor *t)
{
    size_t i = 0;
    while (!model_tensor(m, i)->spec.is_trained) {
        i++; /* ends: t itself is trained */
    }
    return (size_t)(t->data - model_tensor(m, i)->data);
}

size_t tensors_ranges(const Model *m, OptimRange *out)
{
    size_t n = 0;
    for (size_t i = 0; i < model_tensor_count(m); i++) {
        const ModelTensor *t = model_tensor(m, i);
        if (t->spec.is_trained) {
            out[n++] = (OptimRange){offset_of(m, t), 0, t->spec.is_decayed};
        }
    }
    for (size_t i = 0; i < n; i++) { /* up to the next one: padding belongs to the one before */
        size_t end = i + 1 < n ? out[i + 1].begin : model_param_count(m);
        out[i].n = end - out[i].begin;
    }
    return optim_join_ranges(out, n);
}

static TensorOut entry(const char *prefix, const TensorSpec *spec, const Real *data)
{
    TensorOut out = {.rank = spec->rank, .dim = {spec->dim[0], spec->dim[1]}, .data = data};
    if (spec->rank < 2) {
        out.dim[1] = 0;
    }
    (void)snprintf(out.name, sizeof out.name, "%s%s", prefix, spec->name);
    return out;
}

size_t tensors_of_model(const Model *m, TensorOut *out)
{
    size_t n = model_tensor_count(m);
    for (size_t i = 0; i < n; i++) {
        const ModelTensor *t = model_tensor(m, i);
        out[i] = entry("", &t->spec, t->data);
    }
    return n;
}

size_t tensors_of_state(const Model *m, const Optim *o, TensorOut *out)
{
    size_t n = tensors_of_model(m, out);
    const struct {
        const char *prefix;
        const Real *data;
    } part[] = {{m_prefix, o->m}, {v_prefix, o->v}};
    for (size_t k = 0; k < 2; k++) {
        for (size_t i = 0; i < model_tensor_count(m); i++) {
            const ModelTensor *t = model_tensor(m, i);
            if (t->spec.is_trained) {
                out[n++] = entry(part[k].prefix, &t->spec, part[k].data + offset_of(m, t));
            }
        }
    }
    return n;
}

static ErrCode load_one(const Safetensors *s, const char *prefix, const TensorSpec *spec,
                        Real *into, Err *err)
{
    TensorOut want = entry(prefix, spec, NULL);
    return safetensors_read(s, want.name, want.rank, want.dim, into, err);
}

static ErrCode check_count(const Safetensors *s, size_t want, Err *err)
{
    size_t got = safetensors_index(s)->n;
    return got == want
               ? ERR_OK
               : err_set(err, ERR_FORMAT, "the file has %zu tensors, the model %zu", got, want);
}

static ErrCode load_params(Model *m, const Safetensors *s, Err *err)
{
    ErrCode rc = ERR_OK;
    for (size_t i = 0; i < model_tensor_count(m); i++) {
        const ModelTensor *t = model_tensor(m, i);
        TRY(load_one(s, "", &t->spec, t->data, err));
    }
    model_params_changed(m);
done:
    return rc;
}

ErrCode tensors_load_model(Model *m, const Safetensors *s, Err *err)
{
    ErrCode rc = check_count(s, model_tensor_count(m), err);
    return rc == ERR_OK ? load_params(m, s, err) : rc;
}

ErrCode tensors_load_state(Model *m, Optim *o, const Safetensors *s, Err *err)
{
    ErrCode rc = ERR_OK;
    size_t n = model_tensor_count(m), n_trained = 0;
    for (size_t i = 0; i < n; i++) {
        n_trained += model_tensor(m, i)->spec.is_trained ? 1 : 0;
    }
    TRY(check_count(s, n + 2 * n_trained, err));
    TRY(load_params(m, s, err));
    for (size_t i = 0; i < n; i++) {
        const ModelTensor *t = model_tensor(m, i);
        if (t->spec.is_trained) {
            TRY(load_one(s, m_prefix, &t->spec, o->m + offset_of(m, t), err));
            TRY(load_one(s, v_prefix, &t->spec, o->v + offset_of(m, t), err));
        }
    }
done:
    return rc;
}

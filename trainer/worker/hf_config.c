#include "trainer/worker/hf_config.h"

#include <string.h>

static json_t *llama_members(const RunConfig *c)
{
    const ModelShape *s = &c->shape;
    return json_pack(
        "{s:[s], s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:f, s:b, s:b,"
        " s:b, s:s}",
        "architectures", "LlamaForCausalLM", "model_type", "llama", "hidden_act", "silu",
        "hidden_size", (json_int_t)s->width, "intermediate_size", (json_int_t)s->mlp_width,
        "num_hidden_layers", (json_int_t)s->layers, "num_attention_heads", (json_int_t)s->heads,
        "num_key_value_heads", (json_int_t)s->heads, "head_dim", (json_int_t)(s->width / s->heads),
        "vocab_size", (json_int_t)s->vocabulary, "max_position_embeddings", (json_int_t)c->sequence,
        "rms_norm_eps", s->norm_eps, "rope_theta", arch_option(s, "rope_base"),
        "tie_word_embeddings", 1, "attention_bias", 0, "mlp_bias", 0, "torch_dtype", "float32");
}

json_t *hf_config(const json_t *config, const RunConfig *c)
{
    json_t *copy = json_deep_copy(config);
    if (!copy || strcmp(c->shape.arch->name, "llama") != 0) {
        return copy;
    }
    json_t *more = llama_members(c);
    if (!more || json_object_update_missing(copy, more) != 0) {
        json_decref(copy);
        copy = NULL;
    }
    json_decref(more);
    return copy;
}

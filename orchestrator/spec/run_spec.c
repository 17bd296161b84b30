#include "orchestrator/spec/run_spec.h"

#include <string.h>

/* ---- text ------------------------------------------------------------------------------ */

void run_spec_hash(const RunSpec *r, char out[SHA256_HEX_BYTES])
{
    hash_hex(r->sha256, SHA256_BYTES, out);
}

void run_spec_dir(const RunSpec *r, char out[RUN_DIR_BYTES])
{
    static const char folder[] = "runs/";
    size_t n = strnlen(r->name, RUN_NAME_BYTES - 1);
    memcpy(out, folder, sizeof folder - 1);
    out += sizeof folder - 1;
    memcpy(out, r->name, n);
    out[n] = '-';
    hash_hex(r->sha256, RUN_HASH_SHOWN / 2, out + n + 1);
}

/* ---- models ---------------------------------------------------------------------------- */

/* What makes two models equal, as bytes (a shape has no padding). */
static void put_key(Buf *key, const ModelShape *shape, const char *size, int64_t sequence,
                    Precision precision)
{
    const int64_t number[] = {sequence, (int64_t)precision};
    buf_clear(key);
    buf_add(key, shape, sizeof *shape);
    buf_add(key, number, sizeof number);
    buf_puts(key, size);
}

static RunModel *model_new(const ModelShape *shape, const char *size, int64_t sequence,
                           Precision precision, Arena *arena)
{
    RunModel *m = arena_alloc(arena, sizeof *m);
    const char *name = arena_strdup(arena, size);
    if (!m || !name) {
        return NULL;
    }
    *m = (RunModel){.shape = *shape,
                    .size = name,
                    .sequence = sequence,
                    .precision = precision,
                    .params = arch_params(shape),
                    .params_total = arch_params_total(shape),
                    .stored_elements = arch_stored_elements(shape),
                    .flops_6nd = arch_flops_6nd(shape),
                    .flops_exact = arch_flops_exact(shape, sequence),
                    .flops_paper = arch_flops_paper(shape, sequence),
                    .flops_head = arch_flops_head(shape)};
    return m;
}

ErrCode run_models_get(RunModels *t, const ModelShape *shape, const char *size, int64_t sequence,
                       Precision precision, Arena *arena, const RunModel **ret, Err *err)
{
    t->by_shape.keep = arena;
    put_key(&t->key, shape, size, sequence, precision);
    size_t i = t->key.is_short ? MAP_NONE : map_add(&t->by_shape, t->key.data, t->key.len);
    if (i == MAP_NONE) {
        return err_nomem(err, "the models");
    }
    if (!t->by_shape.entry[i].value) {
        map_set(&t->by_shape, i, model_new(shape, size, sequence, precision, arena));
    }
    *ret = t->by_shape.entry[i].value;
    return *ret ? ERR_OK : err_nomem(err, "the models");
}

void run_models_release(RunModels *t)
{
    map_release(&t->by_shape);
    buf_release(&t->key);
}

/* ---- runs ------------------------------------------------------------------------------ */

int64_t run_weights_kept(const json_t *keep, int64_t count)
{
    const char *word = json_string_value(keep);
    const json_t *last = json_object_get(keep, "last");
    int64_t n = count;
    if (json_is_integer(last)) {
        n = json_integer_value(last);
    } else if (word && strcmp(word, "last") == 0) {
        n = 1;
    } else if (word && strcmp(word, "none") == 0) {
        n = 0;
    }
    return n < count ? n : count;
}

static void unhex(const char *text, unsigned char out[SHA256_BYTES])
{
    for (size_t i = 0; i < SHA256_BYTES; i++) {
        const char pair[3] = {text[2 * i], text[2 * i + 1], '\0'};
        out[i] = (unsigned char)strtoul(pair, NULL, 16);
    }
}

ErrCode run_spec_fill(const RunConfig *c, const json_t *json, const RunModel *model, Arena *arena,
                      RunSpec *ret, Err *err)
{
    const json_t *keep = json_object_get(json_object_get(json, "checkpoints"), "keep");
    RunSpec r = {.name = arena_strdup(arena, c->name),
                 .model = model,
                 .seed = c->seed,
                 .tokens = c->tokens,
                 .steps = c->steps,
                 .batch_tokens = c->batch_tokens,
                 .checkpoints = (int32_t)c->checkpoint_count,
                 .weights_kept = (int32_t)run_weights_kept(keep, c->checkpoint_count)};
    unhex(c->hash, r.sha256);
    if (!r.name) {
        return err_nomem(err, "a run");
    }
    *ret = r;
    return ERR_OK;
}

#include "orchestrator/spec/run_spec.h"

#include <stdlib.h>
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

static uint64_t digest_of(const ModelShape *shape, const char *size, int64_t sequence,
                          Precision precision)
{
    const int64_t word[] = {(int64_t)hash_u64(shape, sizeof *shape),
                            (int64_t)hash_u64(size, strlen(size)), sequence, (int64_t)precision};
    return hash_u64(word, sizeof word);
}

static bool is_shape(const ModelShape *a, const ModelShape *b)
{
    bool is_equal = a->arch == b->arch && a->layers == b->layers && a->width == b->width &&
                    a->heads == b->heads && a->mlp_width == b->mlp_width &&
                    a->vocabulary == b->vocabulary && a->norm_eps == b->norm_eps;
    for (size_t i = 0; i < ARCH_MAX_OPTIONS; i++) {
        is_equal = is_equal && a->option[i] == b->option[i];
    }
    return is_equal;
}

static bool is_model(const RunModel *m, const ModelShape *shape, const char *size, int64_t sequence,
                     Precision precision)
{
    return is_shape(&m->shape, shape) && m->sequence == sequence && m->precision == precision &&
           strcmp(m->size, size) == 0;
}

/* The slot that holds the model, or the free one where it belongs. */
static const RunModel **find(const RunModels *t, const ModelShape *shape, const char *size,
                             int64_t sequence, Precision precision)
{
    size_t i = digest_of(shape, size, sequence, precision) & (t->n_slots - 1);
    while (t->slot[i] && !is_model(t->slot[i], shape, size, sequence, precision)) {
        i = (i + 1) & (t->n_slots - 1);
    }
    return &t->slot[i];
}

static ErrCode grow(RunModels *t, Err *err)
{
    RunModels wide = {.n_slots = t->n_slots ? 2 * t->n_slots : 64, .n = t->n};
    /* pointers. NOLINTNEXTLINE(bugprone-sizeof-expression) */
    wide.slot = calloc(wide.n_slots, sizeof *wide.slot);
    if (!wide.slot) {
        return err_nomem(err, "the models");
    }
    for (size_t i = 0; i < t->n_slots; i++) {
        const RunModel *m = t->slot[i];
        if (m) {
            *find(&wide, &m->shape, m->size, m->sequence, m->precision) = m;
        }
    }
    run_models_release(t);
    *t = wide;
    return ERR_OK;
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
    if (2 * (t->n + 1) > t->n_slots && grow(t, err) != ERR_OK) {
        return err->code;
    }
    const RunModel **slot = find(t, shape, size, sequence, precision);
    if (!*slot) {
        *slot = model_new(shape, size, sequence, precision, arena);
        t->n += *slot != NULL;
    }
    *ret = *slot;
    return *slot ? ERR_OK : err_nomem(err, "the models");
}

void run_models_release(RunModels *t)
{
    free(t->slot);
    *t = (RunModels){0};
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

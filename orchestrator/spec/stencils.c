#include "orchestrator/spec/stencils.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/map.h"
#include "orchestrator/spec/axis_texts.h"

/* Kept at a time; then all are made anew, as they are needed. */
enum { MAX_STENCILS = 1024, MAX_MODELS = 16384 };

/* The model of the cells of a stencil that have the same values on the axes that shape it. */
typedef struct ModelEntry {
    uint64_t key[2]; /* the stencil's id, the combination */
    ModelShape shape;
    int64_t sequence;
    Precision precision;
    char *text;              /* config.json's "model", canonical */
    const RunModel *model;   /* NULL until a run asks for it */
    const RunModels *models; /* whose that is */
    bool is_good, is_told;
} ModelEntry;

struct Stencils {
    const Source *src;
    const Matrix *m;
    AxisTexts axes;
    Buf corpus;

    Stencil *stencil; /* [MAX_STENCILS] by their numbers in stencils */
    Map stencils;     /* keys: architecture, size and the overrides that hold */
    uint64_t next_id;
    ModelEntry *model; /* [MAX_MODELS] by their numbers in models */
    Map models;        /* keys: theirs */
    Map told;          /* keys: digests of counts that were told */
    Arena stencil_keys, told_keys;

    /* Of the cell judged last. */
    Stencil *now;
    ModelEntry *shape;
    int64_t whole[N_COUNTS];
    double decay;
    uint64_t digest; /* of the counts and the stencil */

    Filling fill[N_GAPS];
    Buf text; /* scratch */
    Sha256 *sha;
    char *names; /* room for names in the arena of the runs */
    size_t names_left;
};

/* ---- life ---------------------------------------------------------------------------------- */

static ErrCode read_corpus(Stencils *s, Err *err)
{
    json_t *corpus = cell_corpus_json(s->src);
    json_canonical(corpus, &s->corpus);
    json_decref(corpus);
    s->fill[GAP_CORPUS] = (Filling){buf_str(&s->corpus), s->corpus.len};
    return buf_ok(&s->corpus, err);
}

ErrCode stencils_new(const Source *src, const Matrix *m, Stencils **ret, Err *err)
{
    ErrCode rc = ERR_OK;
    Stencils *s = calloc(1, sizeof *s);
    if (!s) {
        return err_nomem(err, "the runs");
    }
    s->src = src;
    s->m = m;
    s->sha = sha256_new();
    s->stencil = calloc(MAX_STENCILS, sizeof *s->stencil);
    s->model = calloc(MAX_MODELS, sizeof *s->model);
    s->stencils.keep = &s->stencil_keys;
    s->told.keep = &s->told_keys;
    if (!s->sha || !s->stencil || !s->model) {
        rc = err_nomem(err, "the runs");
        goto done;
    }
    TRY(axis_texts_read(m, &s->axes, err));
    TRY(read_corpus(s, err));
    *ret = s;
    s = NULL;
done:
    stencils_free(s);
    return rc;
}

static void forget_models(Stencils *s)
{
    for (size_t i = 0; i < s->models.n; i++) {
        free(s->model[i].text);
    }
    map_release(&s->models);
    s->shape = NULL;
}

static void forget_stencils(Stencils *s)
{
    for (size_t i = 0; i < s->stencils.n; i++) {
        stencil_release(&s->stencil[i]);
    }
    map_release(&s->stencils);
    arena_release(&s->stencil_keys);
    s->now = NULL;
}

void stencils_free(Stencils *s)
{
    if (!s) {
        return;
    }
    forget_models(s);
    forget_stencils(s);
    axis_texts_release(&s->axes);
    free(s->stencil);
    free(s->model);
    map_release(&s->told);
    arena_release(&s->told_keys);
    buf_release(&s->corpus);
    buf_release(&s->text);
    sha256_free(s->sha);
    free(s);
}

/* ---- the stencil of a cell -------------------------------------------------------------------- */

static void cell_at(const Walk *w, Cell *ret)
{
    (void)matrix_cell(w->m, w->cell, ret);
}

static bool is_of(const Stencil *t, const Walk *w)
{
    return t->architecture == w->index[AXIS_ARCHITECTURE] && t->size == w->index[AXIS_SIZE] &&
           memcmp(t->overrides, walk_overrides(w), w->n_override * sizeof *t->overrides) == 0;
}

static ErrCode new_stencil(Stencils *s, const Walk *w, Stencil *t, Err *err)
{
    Cell cell;
    cell_at(w, &cell);
    *t = (Stencil){.architecture = w->index[AXIS_ARCHITECTURE],
                   .size = w->index[AXIS_SIZE],
                   .id = s->next_id++,
                   .overrides = malloc((w->n_override + 1) * sizeof *t->overrides)};
    if (!t->overrides) {
        return err_nomem(err, "the runs");
    }
    memcpy(t->overrides, walk_overrides(w), w->n_override * sizeof *t->overrides);
    return stencil_fill(s->src, s->m, &cell, s->axes.mark, t, err);
}

static ErrCode find_stencil(Stencils *s, const Walk *w, Err *err)
{
    if (s->now && is_of(s->now, w)) {
        return ERR_OK;
    }
    const uint64_t place[] = {w->index[AXIS_ARCHITECTURE], w->index[AXIS_SIZE]};
    Buf *key = &s->text;
    buf_clear(key);
    buf_add(key, place, sizeof place);
    buf_add(key, walk_overrides(w), w->n_override * sizeof(uint64_t));
    if (key->is_short) {
        return err_nomem(err, "the runs");
    }
    size_t i = map_find(&s->stencils, key->data, key->len);
    if (i == MAP_NONE && s->stencils.n == MAX_STENCILS) {
        forget_stencils(s);
    }
    if (i == MAP_NONE) {
        i = map_add(&s->stencils, key->data, key->len);
        /* one that fails is released with the others */
        ErrCode rc =
            i == MAP_NONE ? err_nomem(err, "the runs") : new_stencil(s, w, &s->stencil[i], err);
        if (rc != ERR_OK) {
            return rc;
        }
    }
    s->now = &s->stencil[i];
    return ERR_OK;
}

/* ---- its model -------------------------------------------------------------------------------- */

static ErrCode new_model(Stencils *s, const Walk *w, ModelEntry *e, Err *err)
{
    Cell cell;
    json_t *doc = NULL;
    cell_at(w, &cell);
    ErrCode rc = cell_document(s->src, s->m, &cell, NULL, &doc, err);
    if (rc == ERR_OK) {
        const json_t *training = json_object_get(doc, "training");
        const char *precision = json_string_value(json_object_get(training, "precision"));
        Err why = ERR_INIT;
        e->shape = cell_shape(s->src, &cell, doc);
        e->sequence = json_integer_value(json_object_get(training, "sequence"));
        e->precision = strcmp(precision, "bf16") == 0 ? PRECISION_BF16 : PRECISION_F32;
        e->is_good = arch_check(&e->shape, &why) == ERR_OK;
    }
    json_decref(doc);
    if (rc == ERR_OK && e->is_good) {
        Buf text = BUF_INIT;
        json_t *json = cell_model_json(&e->shape);
        json_canonical(json, &text);
        json_decref(json);
        rc = buf_ok(&text, err);
        e->text = buf_detach(&text);
    }
    return rc;
}

static ErrCode find_model(Stencils *s, const Walk *w, Err *err)
{
    uint64_t combination = 0;
    for (size_t i = AXIS_SEED + 1; i < s->m->n_axes; i++) {
        combination =
            s->axes.is_shaping[i] ? combination * s->m->axis[i].n + w->index[i] : combination;
    }
    const uint64_t key[] = {s->now->id, combination};
    if (s->shape && memcmp(s->shape->key, key, sizeof key) == 0) {
        return ERR_OK;
    }
    size_t i = map_find(&s->models, key, sizeof key);
    if (i == MAP_NONE && s->models.n == MAX_MODELS) {
        forget_models(s);
    }
    if (i == MAP_NONE) {
        ModelEntry *e = &s->model[s->models.n];
        *e = (ModelEntry){.key = {key[0], key[1]}};
        ErrCode rc = new_model(s, w, e, err);
        if (rc == ERR_OK) {
            i = map_add(&s->models, e->key, sizeof e->key);
            rc = map_ok(&s->models, "the runs", err);
        }
        if (rc != ERR_OK) {
            free(e->text);
            return rc;
        }
    }
    s->shape = &s->model[i];
    return ERR_OK;
}

/* ---- checks ------------------------------------------------------------------------------------ */

static void read_counts(Stencils *s, const Walk *w)
{
    for (Count c = 0; c < N_COUNTS; c++) {
        const CountSource *from = &s->now->count[c];
        if (from->axis >= 0) {
            from = &s->axes.value[from->axis][w->index[from->axis]].count;
        }
        s->whole[c] = from->whole;
        if (c == COUNT_DECAY) {
            s->decay = from->share;
        }
    }
}

static int64_t steps_of(const Stencils *s)
{
    return (s->whole[COUNT_TOKENS] - 1) / s->whole[COUNT_BATCH] + 1;
}

/* The rules of cell.c, as questions. */
static bool counts_fit(const Stencils *s)
{
    const int64_t *k = s->whole;
    int64_t tokens = k[COUNT_TOKENS], batch = k[COUNT_BATCH], first = k[COUNT_FIRST];
    if (tokens < 1 || batch < 1 || k[COUNT_SEQUENCE] < 1 || batch % k[COUNT_SEQUENCE] != 0 ||
        first < 1 || first > tokens) {
        return false;
    }
    int64_t steps = steps_of(s), room = steps - ((first - 1) / batch + 1) + 1;
    int64_t warmup = k[COUNT_WARMUP], decay = llround(s->decay * (double)steps);
    bool is_scheduled =
        !s->now->is_odd && warmup + decay <= steps && !(s->now->is_cosine && warmup == steps);
    return (k[COUNT_CHECKPOINTS] == 1 || k[COUNT_CHECKPOINTS] <= room) && is_scheduled;
}

/* Of a cell that is not good: has somebody been told all that is wrong with it? */
static CellVerdict verdict_of_bad(Stencils *s, bool fits)
{
    uint64_t part[N_COUNTS + 2] = {s->now->id};
    memcpy(&part[1], s->whole, sizeof s->whole);
    memcpy(&part[N_COUNTS + 1], &s->decay, sizeof s->decay);
    s->digest = hash_u64(part, sizeof part);
    bool knows_shape = s->shape->is_good || s->shape->is_told;
    bool knows_counts = fits || map_find(&s->told, &s->digest, sizeof s->digest) != MAP_NONE;
    return knows_shape && knows_counts ? CELL_TOLD : CELL_UNKNOWN;
}

ErrCode stencils_judge(Stencils *s, const Walk *w, CellVerdict *ret, Err *err)
{
    ErrCode rc = ERR_OK;
    bool fits = false;
    TRY(find_stencil(s, w, err));
    if (s->now->is_bad) {
        *ret = s->now->is_told ? CELL_TOLD : CELL_UNKNOWN;
        goto done;
    }
    TRY(find_model(s, w, err));
    read_counts(s, w);
    fits = counts_fit(s);
    *ret = fits && s->shape->is_good ? CELL_GOOD : verdict_of_bad(s, fits);
    TRY(map_ok(&s->told, "the runs", err));
done:
    return rc;
}

void stencils_told(Stencils *s)
{
    s->now->is_told = true;
    if (!s->now->is_bad) {
        s->shape->is_told = true;
        (void)map_add(&s->told, &s->digest, sizeof s->digest); /* short memory: the next judge's */
    }
}

/* ---- runs -------------------------------------------------------------------------------------- */

static void fill_axes(Stencils *s, const Walk *w)
{
    for (size_t i = 0; i < s->m->n_axes; i++) {
        s->fill[i] = s->axes.value[i][w->index[i]].text;
    }
    s->fill[GAP_MODEL] = (Filling){s->shape->text, strlen(s->shape->text)};
}

static void put_name(char name[RUN_NAME_BYTES], size_t *used, Filling part)
{
    size_t room = RUN_NAME_BYTES - 1 - *used, n = part.n < room ? part.n : room;
    memcpy(name + *used, part.text, n);
    *used += n;
}

/* As cell.c builds it: every part cut where there is no more room. */
static size_t make_name(const Stencils *s, const Walk *w, char name[RUN_NAME_BYTES])
{
    size_t used = 0;
    put_name(name, &used, (Filling){s->now->name, strlen(s->now->name)});
    for (size_t i = AXIS_SEED; i < s->m->n_axes; i++) {
        put_name(name, &used, s->axes.value[i][w->index[i]].name);
    }
    name[used] = '\0';
    return used;
}

static const char *keep_name(Stencils *s, const char *name, size_t n, Arena *arena)
{
    enum { POOL_BYTES = 1 << 16 };
    if (s->names_left < n + 1) {
        s->names = arena_alloc(arena, POOL_BYTES);
        s->names_left = s->names ? POOL_BYTES : 0;
    }
    if (!s->names) {
        return NULL;
    }
    char *at = memcpy(s->names, name, n + 1);
    s->names += n + 1;
    s->names_left -= n + 1;
    return at;
}

static ErrCode model_of(Stencils *s, const Walk *w, RunModels *models, Arena *arena, Err *err)
{
    ModelEntry *e = s->shape;
    if (e->models == models) {
        return ERR_OK;
    }
    const char *size = json_string_value(s->m->axis[AXIS_SIZE].value[w->index[AXIS_SIZE]]);
    ErrCode rc =
        run_models_get(models, &e->shape, size, e->sequence, e->precision, arena, &e->model, err);
    e->models = rc == ERR_OK ? models : NULL;
    return rc;
}

ErrCode stencils_run(Stencils *s, const Walk *w, RunModels *models, Arena *arena, RunSpec *ret,
                     Err *err)
{
    ErrCode rc = ERR_OK;
    char name[RUN_NAME_BYTES];
    int64_t checkpoints = s->whole[COUNT_CHECKPOINTS], keep = s->whole[COUNT_KEEP];
    TRY(model_of(s, w, models, arena, err));
    *ret = (RunSpec){.model = s->shape->model,
                     .seed = s->axes.value[AXIS_SEED][w->index[AXIS_SEED]].count.whole,
                     .tokens = s->whole[COUNT_TOKENS],
                     .steps = steps_of(s),
                     .batch_tokens = s->whole[COUNT_BATCH],
                     .checkpoints = (int32_t)checkpoints,
                     .weights_kept = (int32_t)(keep < checkpoints ? keep : checkpoints),
                     .cell = w->cell};
    fill_axes(s, w);
    buf_clear(&s->text);
    piece_text_fill(&s->now->identity, s->fill, &s->text);
    TRY(buf_ok(&s->text, err));
    TRY(sha256_of(s->sha, buf_str(&s->text), s->text.len, ret->sha256, err));
    ret->name = keep_name(s, name, make_name(s, w, name), arena);
    rc = ret->name ? ERR_OK : err_nomem(err, "the runs");
done:
    return rc;
}

/* ---- texts ------------------------------------------------------------------------------------- */

ErrCode stencils_config_text(Stencils *s, const Walk *w, const RunSpec *r, Buf *out, Err *err)
{
    ErrCode rc = ERR_OK;
    CellVerdict verdict;
    char name[RUN_NAME_BYTES + 2] = "\"", hash[SHA256_HEX_BYTES + 2] = "\"";
    size_t n = strlen(r->name);
    TRY(stencils_judge(s, w, &verdict, err));
    assert(verdict == CELL_GOOD);
    fill_axes(s, w);
    memcpy(name + 1, r->name, n);
    name[n + 1] = '"';
    run_spec_hash(r, hash + 1);
    hash[SHA256_HEX_BYTES] = '"';
    s->fill[GAP_NAME] = (Filling){name, n + 2};
    s->fill[GAP_HASH] = (Filling){hash, SHA256_HEX_BYTES + 1};
    piece_text_fill(&s->now->config, s->fill, out);
    rc = buf_ok(out, err);
done:
    return rc;
}

void stencils_axes_text(const Stencils *s, const Walk *w, bool is_sorted, Buf *out)
{
    buf_putc(out, '{');
    for (size_t i = 0; i < s->m->n_axes; i++) {
        size_t a = is_sorted ? s->axes.sorted[i] : i;
        const Filling *text = &s->axes.value[a][w->index[a]].text;
        if (i > 0) {
            buf_putc(out, ',');
        }
        buf_add(out, s->axes.key[a].text, s->axes.key[a].n);
        buf_add(out, text->text, text->n);
    }
    buf_putc(out, '}');
}

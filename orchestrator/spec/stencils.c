#include "orchestrator/spec/stencils.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"

/* Kept at a time; then all are made anew, as they are needed. */
enum { MAX_STENCILS = 1024, STENCIL_SLOTS = 4096, MAX_MODELS = 16384, MODEL_SLOTS = 65536 };

/* A value of an axis in every form that a run wants it in. */
typedef struct AxisValue {
    Filling text; /* canonical */
    Filling name; /* "-lr0.003", "" where names do not say it */
    CountSource count;
} AxisValue;

/* The model of the cells of a stencil that have the same values on the axes that shape it. */
typedef struct ModelEntry {
    uint64_t stencil, combination;
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
    Arena arena;
    AxisValue *value[CELL_MAX_AXES]; /* [n of the axis] */
    Count counts[CELL_MAX_AXES];     /* what the axis counts; N_COUNTS: nothing */
    bool is_shaping[CELL_MAX_AXES];  /* it changes the model, its sequence or its precision */
    json_t *mark[CELL_MAX_AXES];
    Filling key[CELL_MAX_AXES]; /* "\"training.tokens\":" */
    size_t sorted[CELL_MAX_AXES];
    Buf corpus;

    Stencil *stencil; /* [MAX_STENCILS] */
    size_t n_stencils;
    uint64_t next_id;
    uint32_t *stencil_slot; /* [STENCIL_SLOTS]: index + 1; 0: free */
    ModelEntry *model;      /* [MAX_MODELS] */
    size_t n_models;
    uint32_t *model_slot; /* [MODEL_SLOTS] */
    uint64_t *told;       /* digests of counts that were told, open addressing; 0: free */
    size_t n_told, n_told_slots;

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

static Filling kept(Stencils *s, const Buf *b)
{
    char *text = arena_strdup(&s->arena, buf_str(b));
    return (Filling){text, text ? b->len : 0};
}

static bool shapes(const char *path)
{
    return strncmp(path, "sizes.", 6) == 0 || strncmp(path, "options.", 8) == 0 ||
           strcmp(path, "training.sequence") == 0 || strcmp(path, "training.precision") == 0;
}

/* The texts of one axis; a small arena block serves many. */
static ErrCode read_axis(Stencils *s, size_t i, Err *err)
{
    const Axis *a = &s->m->axis[i];
    const char *path = a->knob->path;
    bool is_named = i > AXIS_SEED || (i == AXIS_SEED && cell_names_have_seeds(s->m));
    Buf all = BUF_INIT; /* text and name of every value, one after the other */
    s->value[i] = arena_array(&s->arena, a->n, sizeof *s->value[i]);
    s->counts[i] = count_at(path);
    s->is_shaping[i] = shapes(path);
    for (size_t k = 0; s->value[i] && k < a->n; k++) {
        AxisValue *v = &s->value[i][k];
        char name[RUN_NAME_BYTES] = "";
        size_t before = all.len;
        json_canonical(a->value[k], &all);
        v->text.n = all.len - before;
        if (is_named) {
            cell_add_to_name(name, i == AXIS_SEED ? "s" : a->knob->leaf, a->value[k]);
        }
        v->name.n = strlen(name);
        buf_puts(&all, name);
        v->count = count_of(s->counts[i], a->value[k]);
    }
    const char *at = kept(s, &all).text;
    bool is_short = all.is_short || !at || !s->value[i];
    buf_release(&all);
    for (size_t k = 0; !is_short && k < a->n; k++) {
        AxisValue *v = &s->value[i][k];
        v->text.text = at;
        v->name.text = at + v->text.n;
        at += v->text.n + v->name.n;
    }
    if (i > AXIS_SEED && i < CELL_MAX_AXES) {
        s->mark[i] = stencil_mark((int)i);
        is_short = is_short || !s->mark[i];
    }
    return is_short ? err_nomem(err, "the axes") : ERR_OK;
}

/* The keys of the object of axes. */
static ErrCode read_keys(Stencils *s, Err *err)
{
    Buf key = BUF_INIT;
    bool is_short = false;
    for (size_t i = 0; i < s->m->n_axes; i++) {
        size_t k = i;
        for (;
             k > 0 && strcmp(s->m->axis[s->sorted[k - 1]].knob->path, s->m->axis[i].knob->path) > 0;
             k--) {
            s->sorted[k] = s->sorted[k - 1];
        }
        s->sorted[k] = i;
        buf_clear(&key);
        buf_printf(&key, "\"%s\":", s->m->axis[i].knob->path);
        s->key[i] = kept(s, &key);
        is_short = is_short || key.is_short || !s->key[i].text;
    }
    buf_release(&key);
    return is_short ? err_nomem(err, "the axes") : ERR_OK;
}

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
    s->stencil_slot = calloc(STENCIL_SLOTS, sizeof *s->stencil_slot);
    s->model = calloc(MAX_MODELS, sizeof *s->model);
    s->model_slot = calloc(MODEL_SLOTS, sizeof *s->model_slot);
    if (!s->sha || !s->stencil || !s->stencil_slot || !s->model || !s->model_slot) {
        rc = err_nomem(err, "the runs");
        goto done;
    }
    for (size_t i = 0; i < m->n_axes; i++) {
        TRY(read_axis(s, i, err));
    }
    TRY(read_keys(s, err));
    TRY(read_corpus(s, err));
    *ret = s;
    s = NULL;
done:
    stencils_free(s);
    return rc;
}

static void forget_models(Stencils *s)
{
    for (size_t i = 0; i < s->n_models; i++) {
        free(s->model[i].text);
    }
    memset(s->model_slot, 0, MODEL_SLOTS * sizeof *s->model_slot);
    s->n_models = 0;
    s->shape = NULL;
}

static void forget_stencils(Stencils *s)
{
    for (size_t i = 0; i < s->n_stencils; i++) {
        stencil_release(&s->stencil[i]);
    }
    memset(s->stencil_slot, 0, STENCIL_SLOTS * sizeof *s->stencil_slot);
    s->n_stencils = 0;
    s->now = NULL;
}

void stencils_free(Stencils *s)
{
    if (!s) {
        return;
    }
    if (s->model && s->model_slot) {
        forget_models(s);
    }
    if (s->stencil && s->stencil_slot) {
        forget_stencils(s);
    }
    for (size_t i = 0; i < CELL_MAX_AXES; i++) {
        json_decref(s->mark[i]);
    }
    free(s->stencil);
    free(s->stencil_slot);
    free(s->model);
    free(s->model_slot);
    free(s->told);
    buf_release(&s->corpus);
    buf_release(&s->text);
    sha256_free(s->sha);
    arena_release(&s->arena);
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
    return stencil_fill(s->src, s->m, &cell, s->mark, t, err);
}

static ErrCode find_stencil(Stencils *s, const Walk *w, Err *err)
{
    if (s->now && is_of(s->now, w)) {
        return ERR_OK;
    }
    const uint64_t part[] = {w->index[AXIS_ARCHITECTURE], w->index[AXIS_SIZE],
                             hash_u64(walk_overrides(w), w->n_override * sizeof(uint64_t))};
    uint32_t *slot = &s->stencil_slot[hash_u64(part, sizeof part) % STENCIL_SLOTS];
    while (*slot && !is_of(&s->stencil[*slot - 1], w)) {
        slot = slot + 1 == s->stencil_slot + STENCIL_SLOTS ? s->stencil_slot : slot + 1;
    }
    if (!*slot && s->n_stencils == MAX_STENCILS) {
        forget_stencils(s);
        return find_stencil(s, w, err);
    }
    if (!*slot) {
        Stencil *t = &s->stencil[s->n_stencils++]; /* released with the others on an error */
        ErrCode rc = new_stencil(s, w, t, err);
        if (rc != ERR_OK) {
            return rc;
        }
        *slot = (uint32_t)s->n_stencils;
    }
    s->now = &s->stencil[*slot - 1];
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
        combination = s->is_shaping[i] ? combination * s->m->axis[i].n + w->index[i] : combination;
    }
    const uint64_t key[] = {s->now->id, combination};
    if (s->shape && s->shape->stencil == key[0] && s->shape->combination == key[1]) {
        return ERR_OK;
    }
    uint32_t *slot = &s->model_slot[hash_u64(key, sizeof key) % MODEL_SLOTS];
    while (*slot &&
           (s->model[*slot - 1].stencil != key[0] || s->model[*slot - 1].combination != key[1])) {
        slot = slot + 1 == s->model_slot + MODEL_SLOTS ? s->model_slot : slot + 1;
    }
    if (!*slot && s->n_models == MAX_MODELS) {
        forget_models(s);
        return find_model(s, w, err);
    }
    if (!*slot) {
        ModelEntry *e = &s->model[s->n_models];
        *e = (ModelEntry){.stencil = key[0], .combination = combination};
        ErrCode rc = new_model(s, w, e, err);
        if (rc != ERR_OK) {
            free(e->text);
            return rc;
        }
        *slot = (uint32_t)++s->n_models;
    }
    s->shape = &s->model[*slot - 1];
    return ERR_OK;
}

/* ---- checks ------------------------------------------------------------------------------------ */

static void read_counts(Stencils *s, const Walk *w)
{
    for (Count c = 0; c < N_COUNTS; c++) {
        const CountSource *from = &s->now->count[c];
        if (from->axis >= 0) {
            from = &s->value[from->axis][w->index[from->axis]].count;
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

/* The slot of a digest, or the free one where it belongs. */
static uint64_t *told_slot(uint64_t *slots, size_t n, uint64_t digest)
{
    size_t i = digest & (n - 1);
    while (slots[i] && slots[i] != digest) {
        i = (i + 1) & (n - 1);
    }
    return &slots[i];
}

static ErrCode digest_counts(Stencils *s, Err *err)
{
    uint64_t part[N_COUNTS + 2] = {s->now->id};
    memcpy(&part[1], s->whole, sizeof s->whole);
    memcpy(&part[N_COUNTS + 1], &s->decay, sizeof s->decay);
    s->digest = hash_u64(part, sizeof part) | 1; /* never 0 */
    if (2 * (s->n_told + 1) <= s->n_told_slots) {
        return ERR_OK;
    }
    size_t n = s->n_told_slots ? 2 * s->n_told_slots : 64;
    uint64_t *wide = calloc(n, sizeof *wide);
    if (!wide) {
        return err_nomem(err, "the runs");
    }
    for (size_t i = 0; i < s->n_told_slots; i++) {
        if (s->told[i]) {
            *told_slot(wide, n, s->told[i]) = s->told[i];
        }
    }
    free(s->told);
    s->told = wide;
    s->n_told_slots = n;
    return ERR_OK;
}

/* Of a cell that is not good: has somebody been told all that is wrong with it? */
static ErrCode is_told(Stencils *s, bool fits, CellVerdict *ret, Err *err)
{
    ErrCode rc = digest_counts(s, err);
    if (rc == ERR_OK) {
        bool knows_shape = s->shape->is_good || s->shape->is_told;
        bool knows_counts = fits || *told_slot(s->told, s->n_told_slots, s->digest) != 0;
        *ret = knows_shape && knows_counts ? CELL_TOLD : CELL_UNKNOWN;
    }
    return rc;
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
    *ret = CELL_GOOD;
    if (!fits || !s->shape->is_good) {
        TRY(is_told(s, fits, ret, err));
    }
done:
    return rc;
}

void stencils_told(Stencils *s)
{
    s->now->is_told = true;
    if (!s->now->is_bad) {
        s->shape->is_told = true;
        *told_slot(s->told, s->n_told_slots, s->digest) = s->digest;
        s->n_told++;
    }
}

/* ---- runs -------------------------------------------------------------------------------------- */

static void fill_axes(Stencils *s, const Walk *w)
{
    for (size_t i = 0; i < s->m->n_axes; i++) {
        s->fill[i] = s->value[i][w->index[i]].text;
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
        put_name(name, &used, s->value[i][w->index[i]].name);
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
                     .seed = s->value[AXIS_SEED][w->index[AXIS_SEED]].count.whole,
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
        size_t a = is_sorted ? s->sorted[i] : i;
        const Filling *text = &s->value[a][w->index[a]].text;
        if (i > 0) {
            buf_putc(out, ',');
        }
        buf_add(out, s->key[a].text, s->key[a].n);
        buf_add(out, text->text, text->n);
    }
    buf_putc(out, '}');
}

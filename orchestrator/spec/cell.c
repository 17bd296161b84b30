#include "orchestrator/spec/cell.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/json.h"

enum { MAX_SETTINGS = 1024 };

/* A cell on its way to a run. */
typedef struct Work {
    const Source *src;
    const Cell *cell;
    const char *size;
    const Arch *arch;
    Setting setting[MAX_SETTINGS]; /* in the order applied */
    size_t n_settings;
    json_t *doc; /* {"training","checkpoints","sizes": the cell's own size,"options"} */
} Work;

/* ---- settings --------------------------------------------------------------------------- */

static ErrCode push(Work *w, Setting s, Err *err)
{
    if (w->n_settings == MAX_SETTINGS) {
        return err_set(err, ERR_INVALID, "more than %d overrides apply to one run", MAX_SETTINGS);
    }
    w->setting[w->n_settings++] = s;
    return ERR_OK;
}

static ErrCode collect_settings(Work *w, const Matrix *m, json_t *const *stand_in, Err *err)
{
    ErrCode rc = ERR_OK;
    for (size_t i = AXIS_SEED + 1; rc == ERR_OK && i < m->n_axes; i++) {
        const json_t *v = stand_in && stand_in[i] ? stand_in[i] : w->cell->value[i];
        if (v) {
            rc = push(w, (Setting){m->axis[i].knob, json_for_iteration(v), w->cell->node[i]}, err);
        }
    }
    for (size_t i = 0; rc == ERR_OK && i < w->cell->n_extra; i++) {
        rc = push(w, w->cell->extra[i], err);
    }
    for (size_t i = 0; rc == ERR_OK && i < m->n_overrides; i++) {
        const Override *o = &m->override[i];
        bool holds = condition_holds(&o->where, w->cell);
        for (size_t j = 0; rc == ERR_OK && holds && j < o->n_set; j++) {
            rc = push(w, o->set[j], err);
        }
    }
    return rc;
}

/* A new object: `obj` with the value at `path` replaced.  Members off the path are shared. */
static json_t *with(json_t *obj, const char *path, json_t *value)
{
    json_t *copy = json_is_object(obj) ? json_copy(obj) : json_object();
    const char *dot = strchr(path, '.');
    if (!dot) {
        if (json_object_set(copy, path, value) != 0) {
            json_decref(copy);
            return NULL;
        }
        return copy;
    }
    char key[64];
    (void)snprintf(key, sizeof key, "%.*s", (int)(dot - path), path);
    json_t *child = with(json_object_get(obj, key), dot + 1, value);
    if (json_object_set_new(copy, key, child) != 0) {
        json_decref(copy);
        return NULL;
    }
    return copy;
}

static ErrCode apply_settings(Work *w, Err *err)
{
    json_t *doc = w->src->doc;
    w->doc = json_pack("{s:O, s:O, s:O, s:O}", "training", json_object_get(doc, "training"),
                       "checkpoints", json_object_get(doc, "checkpoints"), "sizes",
                       json_object_get(json_object_get(doc, "sizes"), w->size), "options",
                       json_object_get(doc, "options"));
    for (size_t i = 0; w->doc && i < w->n_settings; i++) {
        json_t *next = with(w->doc, w->setting[i].knob->path, w->setting[i].value);
        json_decref(w->doc);
        w->doc = next;
    }
    return w->doc ? ERR_OK : err_nomem(err, "a run");
}

static json_t *member(const json_t *doc, const char *section, const char *key)
{
    return json_object_get(json_object_get(doc, section), key);
}

static int64_t whole(const Work *w, const char *section, const char *key)
{
    return json_integer_value(member(w->doc, section, key));
}

/* ---- places ------------------------------------------------------------------------------- */

static bool is_at_or_in(const char *path, const char *group)
{
    size_t n = strlen(group);
    return strncmp(path, group, n) == 0 && (path[n] == '\0' || path[n] == '.');
}

/* Where the file says the value at `path` of this cell. */
static TextPos place(const Work *w, const char *path)
{
    for (size_t i = w->n_settings; i > 0; i--) {
        const Setting *s = &w->setting[i - 1];
        if (s->node && is_at_or_in(path, s->knob->path)) {
            return s->node->at;
        }
    }
    const YamlNode *node = w->src->root;
    bool is_size = strncmp(path, "sizes.", 6) == 0;
    if (is_size) {
        node = yaml_get(yaml_get(node, "sizes"), w->size);
        path += 6;
    }
    while (node && *path) {
        char key[64];
        size_t n = strcspn(path, ".");
        (void)snprintf(key, sizeof key, "%.*s", (int)n, path);
        const YamlNode *child = yaml_get(node, key);
        if (!child) {
            break;
        }
        node = child;
        path += n + (path[n] == '.');
    }
    return node ? node->at : (TextPos){0, 0};
}

/* ---- checks -------------------------------------------------------------------------------- */

static void heads_hint(int64_t width, char out[PROBLEM_TEXT_BYTES])
{
    size_t used = (size_t)snprintf(out, PROBLEM_TEXT_BYTES, "use ");
    int n = 0;
    for (int64_t h = 1; h <= 64 && h <= width && n < 8; h++) {
        if (width % h == 0 && width / h % 2 == 0) {
            used += (size_t)snprintf(out + used, PROBLEM_TEXT_BYTES - used, "%s%lld", n ? ", " : "",
                                     (long long)h);
            n++;
        }
    }
    (void)snprintf(out + used, PROBLEM_TEXT_BYTES - used, " heads");
    if (n == 0) {
        (void)snprintf(out, PROBLEM_TEXT_BYTES, "use an even width");
    }
}

/* The shape of the cell with the architecture's options, checked. */
static bool check_shape(const Work *w, const ModelShape *s)
{
    Err err = ERR_INIT;
    if (arch_check(s, &err) == ERR_OK) {
        return true;
    }
    char hint[PROBLEM_TEXT_BYTES] = "";
    bool is_heads = s->heads < 1 || s->width % s->heads != 0 || s->width / s->heads % 2 != 0;
    if (is_heads) {
        heads_hint(s->width, hint);
    }
    problems_add(w->src->problems, place(w, is_heads ? "sizes.heads" : "sizes.width"), hint,
                 "%s: %s", w->size, err.msg);
    return false;
}

static int64_t of_size(const json_t *doc, const char *key)
{
    return json_integer_value(member(doc, "sizes", key));
}

ModelShape cell_shape(const Source *src, const Cell *cell, const json_t *doc)
{
    const Arch *arch = arch_find(json_string_value(cell->value[AXIS_ARCHITECTURE]));
    int64_t width = of_size(doc, "width");
    const json_t *mlp = member(doc, "sizes", "mlp");
    const json_t *tokenizer = member(src->doc, "corpus", "tokenizer");
    int64_t vocabulary =
        json_is_object(tokenizer) ? json_integer_value(json_object_get(tokenizer, "bpe")) : 256;
    ModelShape s =
        arch_shape(arch, of_size(doc, "layers"), width, of_size(doc, "heads"),
                   mlp ? json_integer_value(mlp) : arch_default_mlp_width(width), vocabulary);
    const json_t *own = member(doc, "options", arch->name);
    const char *key;
    json_t *v;
    json_object_foreach(json_for_iteration(own), key, v)
    {
        int i = arch_option_index(arch, key);
        if (i >= 0) {
            s.option[i] = json_is_true(v) ? 1.0 : json_number_value(v);
        }
    }
    return s;
}

static bool check_steps(const Work *w)
{
    int64_t tokens = whole(w, "training", "tokens"), batch = whole(w, "training", "batch");
    int64_t sequence = whole(w, "training", "sequence");
    Problems *p = w->src->problems;
    if (batch % sequence != 0) {
        char hint[PROBLEM_TEXT_BYTES];
        int64_t next = (batch / sequence + 1) * sequence;
        (void)snprintf(hint, sizeof hint, "%lld is the next multiple", (long long)next);
        problems_add(p, place(w, "training.batch"), hint,
                     "training.batch must be a multiple of training.sequence (%lld / %lld)",
                     (long long)batch, (long long)sequence);
        return false;
    }
    int64_t steps = (tokens - 1) / batch + 1;
    int64_t first = whole(w, "checkpoints", "first"), count = whole(w, "checkpoints", "count");
    if (first > tokens) {
        problems_add(p, place(w, "checkpoints.first"), NULL,
                     "checkpoints.first is more than training.tokens (%lld > %lld)",
                     (long long)first, (long long)tokens);
        return false;
    }
    int64_t room = steps - ((first - 1) / batch + 1) + 1;
    if (count > 1 && count > room) {
        problems_add(p, place(w, "checkpoints.count"),
                     "fewer checkpoints, an earlier first one, a smaller batch or more tokens",
                     "checkpoints.count is %lld, but there are only %lld steps from the first "
                     "checkpoint on",
                     (long long)count, (long long)room);
        return false;
    }
    return true;
}

static bool check_schedule(const Work *w)
{
    int64_t batch = whole(w, "training", "batch");
    int64_t steps = (whole(w, "training", "tokens") - 1) / batch + 1;
    json_t *schedule = member(w->doc, "training", "schedule");
    TextPos where = place(w, "training.schedule");
    if (json_object_size(schedule) != 1) {
        problems_add(w->src->problems, where, "set training.schedule as a whole",
                     "the overrides give a run two schedules");
        return false;
    }
    const char *kind = json_object_iter_key(json_object_iter(schedule));
    const json_t *s = json_object_iter_value(json_object_iter(schedule));
    int64_t warmup = json_integer_value(json_object_get(s, "warmup"));
    double share = json_number_value(json_object_get(s, "decay")); /* 0 unless wsd */
    int64_t decay = llround(share * (double)steps);
    int64_t taken = warmup + decay;
    if (taken > steps || (strcmp(kind, "cosine") == 0 && warmup == steps)) {
        char path[64];
        (void)snprintf(path, sizeof path, "training.schedule.%s.warmup", kind);
        problems_add(w->src->problems, place(w, path), "warmup counts steps, not tokens",
                     "%lld steps of warm-up%s do not fit into %lld steps of %lld tokens",
                     (long long)taken, decay > 0 ? " and decay" : "", (long long)steps,
                     (long long)batch);
        return false;
    }
    return true;
}

/* ---- config.json ---------------------------------------------------------------------------- */

json_t *cell_model_json(const ModelShape *s)
{
    json_t *m = json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:f}", "architecture", s->arch->name,
                          "layers", (json_int_t)s->layers, "width", (json_int_t)s->width, "heads",
                          (json_int_t)s->heads, "head_width", (json_int_t)(s->width / s->heads),
                          "mlp_width", (json_int_t)s->mlp_width, "vocabulary",
                          (json_int_t)s->vocabulary, "norm_eps", s->norm_eps);
    for (int i = 0; m && i < ARCH_MAX_OPTIONS && s->arch->options[i].name; i++) {
        const ArchOption *o = &s->arch->options[i];
        json_t *v = o->kind == ARCH_OPTION_BOOL ? json_boolean(s->option[i] != 0.0)
                                                : json_real(s->option[i]);
        (void)json_object_set_new(m, o->name, v);
    }
    return m;
}

json_t *cell_corpus_json(const Source *src)
{
    const json_t *c = json_object_get(src->doc, "corpus");
    return json_pack("{s:O, s:O, s:O, s:O}", "text", json_object_get(c, "text"), "tokenizer",
                     json_object_get(c, "tokenizer"), "validation",
                     json_object_get(c, "validation"), "repeat", json_object_get(c, "repeat"));
}

/* Exact text of an axis value for a run's name: 10M, 0.003, true. */
static void value_text(const json_t *v, char out[32])
{
    static const struct {
        double factor;
        const char *suffix;
    } unit[] = {{1e12, "T"}, {1e9, "G"}, {1e6, "M"}, {1e3, "k"}};
    if (json_is_boolean(v)) {
        (void)snprintf(out, 32, "%s", json_is_true(v) ? "true" : "false");
    } else if (json_is_string(v)) {
        (void)snprintf(out, 32, "%.31s", json_string_value(v));
    } else {
        double x = json_number_value(v);
        json_number_text(x, out);
        for (size_t i = 0; i < sizeof unit / sizeof unit[0]; i++) {
            if (x >= unit[i].factor && fmod(x, unit[i].factor) == 0.0) {
                (void)snprintf(out, 32, "%.0f%s", x / unit[i].factor, unit[i].suffix);
                break;
            }
        }
    }
}

bool cell_names_have_seeds(const Matrix *m)
{
    const Axis *a = &m->axis[AXIS_SEED];
    bool is_several = a->n > 1;
    for (size_t i = 0; i < m->n_include; i++) {
        is_several = is_several || !json_equal(m->include[i].value[AXIS_SEED], a->value[0]);
    }
    return is_several;
}

void cell_add_to_name(char name[RUN_NAME_BYTES], const char *leaf, const json_t *v)
{
    char text[32];
    value_text(v, text);
    size_t used = strlen(name);
    (void)snprintf(name + used, RUN_NAME_BYTES - used, "-%s%s", leaf, text);
}

static void run_name(const Work *w, const Matrix *m, char out[RUN_NAME_BYTES])
{
    (void)snprintf(out, RUN_NAME_BYTES, "%s-%s", w->arch->name, w->size);
    if (cell_names_have_seeds(m)) {
        cell_add_to_name(out, "s", w->cell->value[AXIS_SEED]);
    }
    for (size_t i = AXIS_SEED + 1; i < m->n_axes; i++) {
        if (w->cell->value[i]) {
            cell_add_to_name(out, m->axis[i].knob->leaf, w->cell->value[i]);
        }
    }
    for (size_t i = 0; i < w->cell->n_extra; i++) {
        cell_add_to_name(out, w->cell->extra[i].knob->leaf, w->cell->extra[i].value);
    }
}

json_t *cell_config_json(const Source *src, const Cell *cell, const json_t *doc, const char *name,
                         json_t *model, json_t *corpus, json_t *seed)
{
    const json_t *of = src->doc;
    return json_pack("{s:i, s:s, s:s, s:O, s:O, s:o, s:o, s:O, s:O, s:O, s:o, s:O}", "schema", 1,
                     "run", "", "name", name, "study", json_object_get(of, "study"), "size",
                     cell->value[AXIS_SIZE], "model", model, "corpus", corpus, "training",
                     json_object_get(doc, "training"), "checkpoints",
                     json_object_get(doc, "checkpoints"), "evaluation",
                     json_object_get(of, "evaluation"), "seed", seed, "threads",
                     json_object_get(json_object_get(of, "execution"), "threads"));
}

/* The cell's value on every axis; one that it does not set itself has the resolved value. */
static json_t *axes_json(const Work *w, const Matrix *m)
{
    json_t *out = json_object();
    for (size_t i = 0; out && i < m->n_axes; i++) {
        const json_t *v = w->cell->value[i];
        if (v) {
            (void)json_object_set(out, m->axis[i].knob->path, json_for_iteration(v));
        }
    }
    for (size_t i = 0; out && i < w->cell->n_extra; i++) {
        (void)json_object_set(out, w->cell->extra[i].knob->path, w->cell->extra[i].value);
    }
    return out;
}

/* ---- the run --------------------------------------------------------------------------------- */

static ErrCode make_run(const Work *w, const Matrix *m, const ModelShape *s, CellRun *r, Err *err)
{
    ErrCode rc = ERR_OK;
    char name[RUN_NAME_BYTES], hash[SHA256_HEX_BYTES];
    run_name(w, m, name);
    r->json = cell_config_json(w->src, w->cell, w->doc, name, cell_model_json(s),
                               cell_corpus_json(w->src),
                               json_incref(json_for_iteration(w->cell->value[AXIS_SEED])));
    r->axes = axes_json(w, m);
    if (!r->json || !r->axes) {
        return err_nomem(err, "a run");
    }
    TRY(run_config_identity(r->json, hash, err));
    if (json_object_set_new(r->json, "run", json_string(hash)) != 0) {
        return err_nomem(err, "a run");
    }
    TRY(run_config_from_json(r->json, &r->config, err));
done:
    return rc;
}

static ErrCode resolve(Work *w, const Matrix *m, CellRun *ret, Err *err)
{
    ErrCode rc = collect_settings(w, m, NULL, err);
    if (rc == ERR_OK) {
        rc = apply_settings(w, err);
    }
    if (rc != ERR_OK) {
        return rc;
    }
    ModelShape s = cell_shape(w->src, w->cell, w->doc);
    bool is_good = check_shape(w, &s);
    is_good = check_steps(w) && is_good;
    if (!is_good || !check_schedule(w)) {
        return ERR_OK;
    }
    return make_run(w, m, &s, ret, err);
}

static Work work_of(const Source *src, const Cell *cell)
{
    return (Work){.src = src,
                  .cell = cell,
                  .size = json_string_value(cell->value[AXIS_SIZE]),
                  .arch = arch_find(json_string_value(cell->value[AXIS_ARCHITECTURE]))};
}

ErrCode cell_document(const Source *src, const Matrix *m, const Cell *cell, json_t *const *stand_in,
                      json_t **ret, Err *err)
{
    Work w = work_of(src, cell);
    ErrCode rc = collect_settings(&w, m, stand_in, err);
    if (rc == ERR_OK) {
        rc = apply_settings(&w, err);
    }
    *ret = w.doc;
    return rc;
}

ErrCode cell_resolve(const Source *src, const Matrix *m, const Cell *cell, CellRun *ret, Err *err)
{
    Work w = work_of(src, cell);
    *ret = (CellRun){0};
    ErrCode rc = resolve(&w, m, ret, err);
    json_decref(w.doc);
    if (rc != ERR_OK) {
        cell_run_release(ret);
    }
    if (rc == ERR_INVALID || rc == ERR_FORMAT) { /* a rule that has no place of its own */
        TextPos where = cell->include ? cell->include->at : cell->node[AXIS_SIZE]->at;
        problems_add(src->problems, where, err->hint, "%s", err->msg);
        rc = ERR_OK;
    }
    return rc;
}

void cell_run_release(CellRun *r)
{
    json_decref(r->json);
    json_decref(r->axes);
    *r = (CellRun){0};
}

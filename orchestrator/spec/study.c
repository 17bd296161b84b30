#include "orchestrator/spec/study.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/fsx.h"
#include "common/json.h"
#include "common/machine.h"
#include "common/yaml.h"
#include "orchestrator/spec/expand.h"
#include "orchestrator/spec/partial.h"
#include "orchestrator/spec/resolved.h"

/* ---- reading ------------------------------------------------------------------------------ */

/* The bytes of the file; one that is too large becomes a problem. */
static ErrCode read_bytes(const char *path, Problems *problems, Buf *ret, Err *err)
{
    if (fsx_is_dir(path)) {
        return err_set(err, ERR_INVALID, "%s is a folder, not a study file", path);
    }
    ErrCode rc = fsx_read(path, YAML_MAX_BYTES, ret, err);
    if (rc == ERR_INVALID) {
        problems_add(problems, (TextPos){0, 0},
                     "a study file is a page of text; list files of "
                     "text under corpus.text",
                     "the file is larger than %d MiB", YAML_MAX_BYTES >> 20);
    }
    return rc;
}

/* A text alone means a list of one. */
static void wrap_text(json_t *doc)
{
    json_t *corpus = json_object_get(doc, "corpus");
    json_t *text = json_object_get(corpus, "text");
    if (json_is_string(text)) {
        (void)json_object_set_new(corpus, "text", json_pack("[O]", text));
    }
}

/* YAML, schema and defaults. */
static ErrCode read_document(const Buf *bytes, Arena *tree, Source *src, Err *err)
{
    YamlNode *root = NULL;
    ErrCode rc = yaml_parse(buf_str(bytes), bytes->len, tree, src->problems, &root, err);
    if (rc != ERR_OK) {
        return rc;
    }
    if (root->kind != NODE_MAP) {
        problems_add(src->problems, root->at, "docs/study-file.md has an example",
                     "a study file is a mapping that starts with \"version: 1\", not %s",
                     yaml_kind_name(root));
        return err_set(err, ERR_INVALID, "not a mapping");
    }
    rc = schema_open(study_schema_text, study_schema_text_bytes, &src->schema, err);
    if (rc != ERR_OK) {
        return rc;
    }
    src->root = root;
    src->doc = schema_check(src->schema, schema_at(src->schema, ""), root, "", src->problems);
    schema_fill(src->schema, schema_at(src->schema, ""), src->doc);
    wrap_text(src->doc);
    return src->doc ? ERR_OK : err_nomem(err, "the study");
}

/* ---- the Study ------------------------------------------------------------------------------ */

/* Folder that relative corpus files start from, as an absolute path. */
static ErrCode base_dir(const Source *src, const char *path, Arena *arena, const char **ret,
                        Err *err)
{
    const char *slash = strrchr(path, '/');
    int n = slash ? (int)(slash - path) : 1;
    const char *folder = slash == path ? "/" : slash ? arena_printf(arena, "%.*s", n, path) : ".";
    const char *own =
        json_string_value(json_object_get(json_object_get(src->doc, "corpus"), "base"));
    const char *wanted = !own            ? folder
                         : own[0] == '/' ? own
                                         : arena_printf(arena, "%s/%s", folder, own);
    if (!folder || !wanted) {
        return err_nomem(err, "the study");
    }
    char *absolute = realpath(wanted, NULL);
    *ret = arena_strdup(arena, absolute ? absolute : wanted);
    free(absolute);
    return *ret ? ERR_OK : err_nomem(err, "the study");
}

static const char *text_at(Study *s, const char *section, const char *key)
{
    const json_t *v = json_object_get(s->resolved, section);
    return arena_strdup(&s->arena, json_string_value(key ? json_object_get(v, key) : v));
}

static const char **texts_at(Study *s, const char *section, const char *key, size_t *ret_n)
{
    const json_t *list = json_object_get(json_object_get(s->resolved, section), key);
    size_t n = json_array_size(list);
    const char **out = arena_array(&s->arena, n + 1, sizeof *out);
    for (size_t i = 0; out && i < n; i++) {
        out[i] = arena_strdup(&s->arena, json_string_value(json_array_get(list, i)));
    }
    *ret_n = n;
    return out;
}

/* The schema lets a whole number and "auto" through. */
static int64_t number_or_auto(const json_t *v, int64_t automatic)
{
    return json_is_integer(v) ? json_integer_value(v) : automatic;
}

static bool lists(const json_t *array, const char *word)
{
    bool is_in = false;
    for (size_t i = 0; i < json_array_size(array); i++) {
        is_in = is_in || strcmp(json_string_value(json_array_get(array, i)), word) == 0;
    }
    return is_in;
}

static TextPos place_of(const YamlNode *root, const char *section, const char *key)
{
    const YamlNode *node = yaml_get(root, section), *value = yaml_get(node, key);
    return value ? value->at : node ? node->at : (TextPos){0, 0};
}

/* Of a number of `training`, or of the largest value of its axis. */
static TextPos place_of_largest(const Source *src, const Matrix *m, const char *key)
{
    TextPos at = place_of(src->root, "training", key);
    for (size_t i = 0; i < m->n_axes; i++) {
        const Axis *a = &m->axis[i];
        double most = 0.0;
        bool is_it = strncmp(a->knob->path, "training.", 9) == 0 && strcmp(a->knob->leaf, key) == 0;
        for (size_t j = 0; is_it && j < a->n; j++) {
            double x = json_number_value(a->value[j]);
            at = x > most ? a->node[j]->at : at;
            most = x > most ? x : most;
        }
    }
    return at;
}

static ErrCode fill_places(const Source *src, const Matrix *m, Study *s, Err *err)
{
    const YamlNode *text = yaml_get(yaml_get(src->root, "corpus"), "text");
    TextPos *at = arena_array(&s->arena, s->n_corpus_text + 1, sizeof *at);
    if (!at) {
        return err_nomem(err, "the study");
    }
    for (size_t i = 0; i < s->n_corpus_text; i++) {
        bool is_item = text && text->kind == NODE_LIST && i < text->n;
        at[i] = is_item ? text->item[i]->at : place_of(src->root, "corpus", "text");
    }
    s->at = (StudyPlaces){at, place_of(src->root, "corpus", "validation"),
                          place_of_largest(src, m, "tokens"), place_of_largest(src, m, "sequence")};
    return ERR_OK;
}

static ErrCode fill_study(const Source *src, const Matrix *m, const char *path, Study *s, Err *err)
{
    ErrCode rc = base_dir(src, path, &s->arena, &s->base_dir, err);
    if (rc != ERR_OK) {
        return rc;
    }
    s->resolved = resolved_document(src, m, s->base_dir);
    const json_t *corpus = json_object_get(s->resolved, "corpus");
    const json_t *execution = json_object_get(s->resolved, "execution");
    const json_t *bpe = json_object_get(json_object_get(corpus, "tokenizer"), "bpe");
    s->file = arena_strdup(&s->arena, path);
    s->name = text_at(s, "study", NULL);
    s->corpus_text = texts_at(s, "corpus", "text", &s->n_corpus_text);
    s->corpus_vocabulary = bpe ? json_integer_value(bpe) : 256;
    s->corpus_validation = json_integer_value(json_object_get(corpus, "validation"));
    s->corpus_repeat = json_is_true(json_object_get(corpus, "repeat"));
    s->evaluates_validation = lists(json_object_get(s->resolved, "evaluation"), "validation");
    s->launcher = text_at(s, "execution", "launcher");
    s->trainer = text_at(s, "execution", "trainer");
    s->workers = number_or_auto(json_object_get(execution, "workers"), WORKERS_AUTO);
    s->threads = number_or_auto(json_object_get(execution, "threads"), THREADS_AUTO);
    s->is_pinned = json_is_true(json_object_get(execution, "pin"));
    s->retries = json_integer_value(json_object_get(execution, "retries"));
    s->laws = texts_at(s, "analysis", "laws", &s->n_laws);
    s->group_by = text_at(s, "analysis", "by");
    bool is_whole = s->resolved && s->file && s->name && s->corpus_text && s->launcher &&
                    s->trainer && s->laws && s->group_by;
    return is_whole ? fill_places(src, m, s, err) : err_nomem(err, "the study");
}

/* Everything after the text is YAML; problems are added and end it. */
static ErrCode read_study(Cells *cells, const char *path, Study *s, Err *err)
{
    Source *src = &cells->src;
    Matrix *m = &cells->matrix;
    ErrCode rc = knobs_read(src->schema, src->doc, src->arena, &src->knobs, err);
    if (rc == ERR_OK) {
        rc = matrix_read(src, m, err);
    }
    if (rc == ERR_OK) {
        names_check(src, m);
    }
    if (rc == ERR_OK && problems_any(src->problems)) {
        partial_check(src, m);
        return problems_err(src->problems, err);
    }
    if (rc == ERR_OK) {
        rc = cells_expand(cells, &s->arena, &s->runs, &s->n_runs, err);
    }
    if (rc == ERR_OK) {
        rc = problems_err(src->problems, err);
    }
    return rc == ERR_OK ? fill_study(src, m, path, s, err) : rc;
}

static void close_cells(void *ctx)
{
    cells_free(ctx);
}

static ErrCode describe_cell(const void *ctx, const RunSpec *r, json_t **ret_json,
                             json_t **ret_axes, Err *err)
{
    return cells_describe(ctx, r->cell, ret_json, ret_axes, err);
}

static ErrCode texts_of_cell(void *ctx, const RunSpec *r, Buf *config, Buf *axes, bool is_sorted,
                             Err *err)
{
    return cells_texts(ctx, r, config, axes, is_sorted, err);
}

ErrCode study_open_list(const char *path, Study **ret, Problems *problems, Err *err)
{
    ErrCode rc = ERR_OK;
    Buf bytes = BUF_INIT;
    Arena tree = ARENA_INIT; /* of the YAML text; only problems need it */
    Study *s = calloc(1, sizeof *s);
    Cells *cells = cells_new(problems);
    if (!s || !cells) {
        rc = err_nomem(err, "the study");
        goto done;
    }
    problems_of(problems, path, NULL);
    TRY(read_bytes(path, problems, &bytes, err));
    TRY(hash_sha256(buf_str(&bytes), bytes.len, s->sha256, err));
    TRY(read_document(&bytes, &tree, &cells->src, err));
    TRY(read_study(cells, path, s, err));
    cells_keep(cells);
    s->source = (StudySource){cells, texts_of_cell, describe_cell, close_cells};
    *ret = s;
    s = NULL;
    cells = NULL;
done:
    if (rc == ERR_INVALID && problems_any(problems)) {
        problems_sort(problems);
        rc = problems_err(problems, err);
    }
    study_close(s);
    cells_free(cells);
    arena_release(&tree);
    problems->source = bytes; /* for the lines beside the messages */
    return rc;
}

ErrCode study_open(const char *path, Study **ret, Buf *problems, Err *err)
{
    Problems list = PROBLEMS_INIT;
    ErrCode rc = study_open_list(path, ret, &list, err);
    problems_text(&list, TEXT_STYLE_PLAIN, problems);
    problems_release(&list);
    return rc;
}

void study_close(Study *s)
{
    if (!s) {
        return;
    }
    if (s->source.close) {
        s->source.close(s->source.ctx);
    }
    free(s->runs);
    json_decref(s->resolved);
    arena_release(&s->arena);
    free(s);
}

/* ---- one run in full ------------------------------------------------------------------------ */

static ErrCode describe(const Study *s, size_t i, json_t **ret_json, json_t **ret_axes, Err *err)
{
    assert(i < s->n_runs);
    return s->source.describe(s->source.ctx, &s->runs[i], ret_json, ret_axes, err);
}

ErrCode study_run_json(const Study *s, size_t i, json_t **ret, Err *err)
{
    json_t *axes = NULL;
    ErrCode rc = describe(s, i, ret, &axes, err);
    json_decref(axes);
    return rc;
}

ErrCode study_run_axes(const Study *s, size_t i, json_t **ret, Err *err)
{
    json_t *json = NULL;
    ErrCode rc = describe(s, i, &json, ret, err);
    json_decref(json);
    return rc;
}

ErrCode study_run_config(const Study *s, size_t i, RunConfig *ret, Err *err)
{
    json_t *json = NULL;
    ErrCode rc = study_run_json(s, i, &json, err);
    if (rc == ERR_OK) {
        rc = run_config_from_json(json, ret, err);
    }
    json_decref(json);
    return rc;
}

static ErrCode texts(const Study *s, size_t i, Buf *config, Buf *axes, bool is_sorted, Err *err)
{
    assert(i < s->n_runs);
    if (s->source.texts) {
        return s->source.texts(s->source.ctx, &s->runs[i], config, axes, is_sorted, err);
    }
    json_t *c = NULL, *a = NULL;
    ErrCode rc = describe(s, i, &c, &a, err);
    if (rc == ERR_OK && config) {
        json_canonical(c, config);
        rc = buf_ok(config, err);
    }
    if (rc == ERR_OK && axes) {
        (is_sorted ? json_canonical : json_line)(a, axes);
        rc = buf_ok(axes, err);
    }
    json_decref(c);
    json_decref(a);
    return rc;
}

ErrCode study_run_texts(const Study *s, size_t i, Buf *config, Buf *axes, Err *err)
{
    return texts(s, i, config, axes, true, err);
}

ErrCode study_run_axes_line(const Study *s, size_t i, Buf *out, Err *err)
{
    return texts(s, i, NULL, out, false, err);
}

/* ---- workers and threads -------------------------------------------------------------------- */

int64_t study_workers(const Study *s)
{
    return s->workers == WORKERS_AUTO ? (int64_t)machine_concurrency() : s->workers;
}

size_t study_threads(const Study *s)
{
    return s->threads == THREADS_AUTO ? 1 : (size_t)s->threads;
}

size_t study_most_threads(const Study *s)
{
    return s->threads == THREADS_AUTO ? machine_concurrency() : (size_t)s->threads;
}

#include "cli/suggest_study.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/fsx.h"
#include "common/json.h"
#include "common/yaml.h"
#include "orchestrator/plan/plan.h"
#include "trainer/data/corpus.h"

/* ---- reading ------------------------------------------------------------------------------------- */

static bool is_of_group(const Study *study, size_t i, const char *by, const char *group, Err *err)
{
    json_t *axes = NULL;
    char number[32] = "";
    if (study_run_axes(study, i, &axes, err) != ERR_OK) {
        return false;
    }
    const json_t *v = json_object_get(axes, by);
    if (json_is_number(v)) {
        json_number_text(json_number_value(v), number);
    }
    const char *text = json_is_string(v) ? json_string_value(v) : number;
    bool is_one = !by || strcmp(text, group) == 0;
    json_decref(axes);
    return is_one;
}

static int by_width(const void *a, const void *b)
{
    const ModelSize *x = a, *y = b;
    return (x->shape.width > y->shape.width) - (x->shape.width < y->shape.width);
}

static void add_run(const RunSpec *r, bool is_first, ModelSizes *s)
{
    bool is_known = !is_first && r->model->shape.arch != s->config.shape.arch;
    for (size_t k = 0; k < s->n; k++) {
        is_known = is_known || strcmp(s->size[k].name, r->model->size) == 0;
    }
    s->least_tokens = !is_first && s->least_tokens < r->tokens ? s->least_tokens : r->tokens;
    s->most_tokens = r->tokens > s->most_tokens ? r->tokens : s->most_tokens;
    s->most_params = fmax(s->most_params, (double)r->model->params);
    if (!is_known && s->n < MODEL_MAX_SIZES) {
        s->size[s->n++] = (ModelSize){r->model->size, r->model->shape};
    }
}

/* Tokens of one pass; 0: unknown, or it may repeat. */
static int64_t corpus_limit(const Study *study, const char *dir, bool *is_guessed)
{
    char path[FSX_PATH_BYTES];
    Corpus *c = NULL;
    Err err = ERR_INIT;
    int64_t tokens = 0;
    *is_guessed = false;
    if (study->corpus_repeat) {
        return 0;
    }
    if (fsx_join(path, dir, "corpus", &err) == ERR_OK && corpus_open(path, &c, &err) == ERR_OK) {
        tokens = corpus_info(c)->train_tokens - 1; /* the last is only predicted */
        corpus_close(c);
    } else if (study->corpus_vocabulary == 256) {
        *is_guessed = true;
        tokens = plan_corpus_bytes(study, NULL) - study->corpus_validation;
    }
    return tokens > 0 ? tokens : 0;
}

ErrCode suggest_read_study(const Study *study, const char *dir, const char *by, const char *group,
                           ModelSizes *ret, Err *err)
{
    ErrCode rc = ERR_OK;
    *ret = (ModelSizes){.n = 0};
    ret->corpus_tokens = corpus_limit(study, dir, &ret->is_corpus_guessed);
    for (size_t i = 0; i < study->n_runs && rc == ERR_OK; i++) {
        const RunSpec *r = &study->runs[i];
        bool is_first = ret->n == 0;
        ret->most_seed = r->seed > ret->most_seed ? r->seed : ret->most_seed;
        if (is_of_group(study, i, by, group, err)) {
            rc = is_first ? study_run_config(study, i, &ret->config, err) : ERR_OK;
            add_run(r, is_first, ret);
        }
    }
    qsort(ret->size, ret->n, sizeof ret->size[0], by_width);
    return rc;
}

/* ---- writing ------------------------------------------------------------------------------------- */

static json_t *size_json(const SuggestRun *r)
{
    json_t *v = json_pack("{s:I, s:I, s:I}", "layers", (json_int_t)r->layers, "width",
                          (json_int_t)r->width, "heads", (json_int_t)r->heads);
    if (v && r->mlp > 0) {
        (void)json_object_set_new(v, "mlp", json_integer(r->mlp));
    }
    return v;
}

/* The value of an axis that groups are made by, as the study file has it. */
static json_t *axis_value(const Study *study, const char *by, const char *text)
{
    const json_t *axis = json_object_get(json_object_get(study->resolved, "matrix"), by);
    for (size_t i = 0; i < json_array_size(axis); i++) {
        json_t *v = json_array_get(axis, i);
        char number[32] = "";
        if (json_is_number(v)) {
            json_number_text(json_number_value(v), number);
        }
        if (strcmp(json_is_string(v) ? json_string_value(v) : number, text) == 0) {
            return json_incref(v);
        }
    }
    return NULL;
}

static json_t *cell_json(const Study *study, const char *by, const SuggestRun *r, int64_t seed)
{
    json_t *v = json_pack("{s:s, s:s, s:I, s:I}", "architecture", r->architecture, "size", r->size,
                          "seed", (json_int_t)seed, "training.tokens", (json_int_t)r->tokens);
    bool is_plain = !by || strcmp(by, "architecture") == 0 || strcmp(by, "size") == 0 ||
                    strcmp(by, "seed") == 0;
    json_t *value = is_plain ? NULL : axis_value(study, by, r->group);
    if (v && value) {
        (void)json_object_set_new(v, by, value);
    }
    return v;
}

static json_t *document(const Study *study, const char *by, const NextRuns *next)
{
    json_t *doc = json_deep_copy(study->resolved);
    json_t *sizes = json_object_get(doc, "sizes");
    json_t *include = json_object_get(json_object_get(doc, "matrix"), "include");
    for (size_t i = 0; doc && i < next->found.n; i++) {
        const SuggestRun *run = next_run(next, i);
        if (run->is_new) {
            (void)json_object_set_new(sizes, run->size, size_json(run));
        }
        (void)json_array_append_new(include, cell_json(study, by, run, next->row_seed[i]));
    }
    return doc;
}

static bool holds(const Study *s, const NextRuns *next, size_t row)
{
    const SuggestRun *run = next_run(next, row);
    const SuggestCandidate *c = next_candidate(next, row);
    for (size_t i = 0; i < s->n_runs; i++) {
        const RunSpec *r = &s->runs[i];
        if (r->seed == next->row_seed[row] && strcmp(r->model->size, run->size) == 0 &&
            strcmp(r->model->shape.arch->name, run->architecture) == 0 &&
            (double)r->model->params == c->n && (double)run_spec_tokens(r) == c->d) {
            return true;
        }
    }
    return false;
}

static ErrCode read_back(const char *path, const NextRuns *next, size_t n_runs, Err *err)
{
    Buf problems = BUF_INIT;
    Study *s = NULL;
    ErrCode rc = study_open(path, &s, &problems, err);
    if (rc != ERR_OK) {
        rc = err_set(err, ERR_INVALID, "%s is not a study that can run: %.600s", path,
                     buf_str(&problems));
    }
    for (size_t i = 0; rc == ERR_OK && i < next->found.n; i++) {
        if (!holds(s, next, i) || s->n_runs != n_runs + next->found.n) {
            (void)err_set(err, ERR_INVALID, "%s: %s %s would not be trained as suggested", path,
                          next_run(next, i)->architecture, next_run(next, i)->size);
            rc = err_hint(err, "an override of the study sets its size or its tokens: change it "
                               "in this file");
        }
    }
    study_close(s);
    buf_release(&problems);
    return rc;
}

ErrCode suggest_write_study(const Study *study, const char *by, const NextRuns *next,
                            const char *path, Err *err)
{
    Buf text = BUF_INIT;
    json_t *doc = document(study, by, next);
    ErrCode rc = ERR_OK;
    if (!doc) {
        return err_nomem(err, "the study");
    }
    buf_puts(&text, "# Written by slaw suggest: the study with every default filled in, and the "
                    "suggested runs under matrix.include.\n"
                    "# Finished runs stay finished: slaw run trains the new ones alone.\n");
    yaml_write(doc, &text);
    TRY(buf_ok(&text, err));
    TRY(fsx_replace(path, buf_str(&text), text.len, err));
    TRY(read_back(path, next, study->n_runs, err));
done:
    json_decref(doc);
    buf_release(&text);
    return rc;
}

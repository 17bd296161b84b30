#include "cli/suggest_study.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/study_group.h"
#include "common/fsx.h"
#include "common/json.h"
#include "common/order.h"
#include "common/words.h"
#include "common/yaml.h"
#include "orchestrator/plan/plan.h"
#include "trainer/data/corpus.h"

/* ---- reading ------------------------------------------------------------------------------------- */

static bool is_of_group(const Study *study, size_t i, const char *by, const char *group, Err *err)
{
    Buf name = BUF_INIT;
    bool is_one = !by || (study_group_name(study, i, by, &name, err) == ERR_OK &&
                          strcmp(buf_str(&name), group) == 0);
    buf_release(&name);
    return is_one;
}

static int by_width(const void *a, const void *b)
{
    const ModelSize *x = a, *y = b;
    return ORDER(x->shape.width, y->shape.width);
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

/* The axes that groups are made by, as the runs of this group have them. */
static void set_group_axes(const Study *study, const char *by, const char *group, json_t *cell)
{
    char word[WORD_BYTES];
    json_t *axes = NULL;
    Err ignored = ERR_INIT;
    size_t i = 0;
    while (i < study->n_runs && !is_of_group(study, i, by, group, &ignored)) {
        i++;
    }
    if (i == study->n_runs || study_run_axes(study, i, &axes, &ignored) != ERR_OK) {
        return;
    }
    for (const char *rest = by, *two; words_next(&rest, ',', word);) {
        const char *path = study_group_axis(axes, word, &two);
        if (path && !json_object_get(cell, path)) { /* architecture, size and seed are the run's */
            (void)json_object_set(cell, path, json_object_get(axes, path));
        }
    }
    json_decref(axes);
}

static json_t *cell_json(const Study *study, const char *by, const SuggestRun *r, int64_t seed)
{
    json_t *v = json_pack("{s:s, s:s, s:I, s:I}", "architecture", r->architecture, "size", r->size,
                          "seed", (json_int_t)seed, "training.tokens", (json_int_t)r->tokens);
    if (v && by) {
        set_group_axes(study, by, r->group, v);
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
    Problems problems = PROBLEMS_INIT;
    Study *s = NULL;
    ErrCode rc = study_open_list(path, &s, &problems, err);
    if (rc != ERR_OK && problems.n > 0) {
        rc = err_set(err, ERR_INVALID, "%s is not a study that can run: %s", path,
                     problems.item[0].message);
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
    problems_release(&problems);
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

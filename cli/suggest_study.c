#include "cli/suggest_study.h"

#include <math.h>
#include <string.h>

#include "common/fsx.h"
#include "common/json.h"
#include "common/yaml.h"

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

static json_t *cell_json(const Study *study, const char *by, const ChosenRun *c)
{
    const SuggestRun *r = c->run;
    json_t *v = json_pack("{s:s, s:s, s:I, s:I}", "architecture", r->architecture, "size", r->size,
                          "seed", (json_int_t)c->seed, "training.tokens", (json_int_t)r->tokens);
    bool is_plain = !by || strcmp(by, "architecture") == 0 || strcmp(by, "size") == 0 ||
                    strcmp(by, "seed") == 0;
    json_t *value = is_plain ? NULL : axis_value(study, by, r->group);
    if (v && value) {
        (void)json_object_set_new(v, by, value);
    }
    return v;
}

static json_t *document(const Study *study, const char *by, const ChosenRun *run, size_t n)
{
    json_t *doc = json_deep_copy(study->resolved);
    json_t *sizes = json_object_get(doc, "sizes");
    json_t *include = json_object_get(json_object_get(doc, "matrix"), "include");
    for (size_t i = 0; doc && i < n; i++) {
        if (run[i].run->is_new) {
            (void)json_object_set_new(sizes, run[i].run->size, size_json(run[i].run));
        }
        (void)json_array_append_new(include, cell_json(study, by, &run[i]));
    }
    return doc;
}

static bool holds(const Study *s, const ChosenRun *c)
{
    for (size_t i = 0; i < s->n_runs; i++) {
        const RunSpec *r = &s->runs[i];
        if (r->seed == c->seed && strcmp(r->model->size, c->run->size) == 0 &&
            strcmp(r->model->shape.arch->name, c->run->architecture) == 0 &&
            (double)r->model->params == c->n && (double)run_spec_tokens(r) == c->d) {
            return true;
        }
    }
    return false;
}

static ErrCode read_back(const char *path, const ChosenRun *run, size_t n, size_t n_runs, Err *err)
{
    Problems problems = PROBLEMS_INIT;
    Study *s = NULL;
    ErrCode rc = study_open_list(path, &s, &problems, err);
    if (rc != ERR_OK && problems.n > 0) {
        rc = err_set(err, ERR_INVALID, "%s is not a study that can run: %s", path,
                     problems.item[0].message);
    }
    for (size_t i = 0; rc == ERR_OK && i < n; i++) {
        if (!holds(s, &run[i]) || s->n_runs != n_runs + n) {
            (void)err_set(err, ERR_INVALID, "%s: %s %s would not be trained as suggested", path,
                          run[i].run->architecture, run[i].run->size);
            rc = err_hint(err, "an override of the study sets its size or its tokens: change it "
                               "in this file");
        }
    }
    study_close(s);
    problems_release(&problems);
    return rc;
}

ErrCode suggest_write_study(const Study *study, const char *by, const ChosenRun *run, size_t n,
                            const char *path, Err *err)
{
    Buf text = BUF_INIT;
    json_t *doc = document(study, by, run, n);
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
    TRY(read_back(path, run, n, study->n_runs, err));
done:
    json_decref(doc);
    buf_release(&text);
    return rc;
}

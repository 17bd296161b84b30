#include "cli/suggest_study.h"

#include <math.h>
#include <string.h>

#include "cli/study_group.h"
#include "common/fsx.h"
#include "common/json.h"
#include "common/words.h"
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

/* The axes that groups are made by, as the runs of this group have them. */
static void set_group_axes(const Study *study, const char *by, const char *group, json_t *cell)
{
    char word[WORD_BYTES];
    Buf name = BUF_INIT;
    json_t *axes = NULL;
    Err ignored = ERR_INIT;
    size_t i = 0;
    while (i < study->n_runs && (study_group_name(study, i, by, &name, &ignored) != ERR_OK ||
                                 strcmp(buf_str(&name), group) != 0)) {
        i++;
    }
    buf_release(&name);
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

static json_t *cell_json(const Study *study, const char *by, const ChosenRun *c)
{
    const SuggestRun *r = c->run;
    json_t *v = json_pack("{s:s, s:s, s:I, s:I}", "architecture", r->architecture, "size", r->size,
                          "seed", (json_int_t)c->seed, "training.tokens", (json_int_t)r->tokens);
    if (v && by) {
        set_group_axes(study, by, r->group, v);
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

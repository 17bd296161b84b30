#include "orchestrator/spec/resolved.h"

#include "common/fsx.h"
#include "common/json.h"
#include "orchestrator/spec/study.h"

static json_t *borrowed(const json_t *v)
{
    return json_for_iteration(v); /* jansson counts references in the value itself */
}

static json_t *list_of(json_t *const *value, size_t n)
{
    json_t *out = json_array();
    for (size_t i = 0; out && i < n; i++) {
        (void)json_array_append(out, value[i]);
    }
    return out;
}

static json_t *condition_json(const Matrix *m, const Condition *c)
{
    json_t *out = json_object();
    for (size_t i = 0; out && i < c->n; i++) {
        const Term *t = &c->term[i];
        (void)json_object_set_new(out, m->axis[t->axis].knob->path, list_of(t->value, t->n_values));
    }
    return out;
}

static json_t *include_json(const Matrix *m, const Cell *c)
{
    json_t *out = json_object();
    for (size_t i = 0; out && i < m->n_axes; i++) {
        if (c->value[i]) {
            (void)json_object_set(out, m->axis[i].knob->path, borrowed(c->value[i]));
        }
    }
    for (size_t i = 0; out && i < c->n_extra; i++) {
        (void)json_object_set(out, c->extra[i].knob->path, c->extra[i].value);
    }
    return out;
}

static json_t *matrix_json(const Matrix *m)
{
    json_t *out = json_object(), *include = json_array(), *exclude = json_array();
    for (size_t i = 0; out && i < m->n_axes; i++) {
        (void)json_object_set_new(out, m->axis[i].knob->path,
                                  list_of(m->axis[i].value, m->axis[i].n));
    }
    for (size_t i = 0; i < m->n_include; i++) {
        (void)json_array_append_new(include, include_json(m, &m->include[i]));
    }
    for (size_t i = 0; i < m->n_exclude; i++) {
        (void)json_array_append_new(exclude, condition_json(m, &m->exclude[i]));
    }
    (void)json_object_set_new(out, "include", include);
    (void)json_object_set_new(out, "exclude", exclude);
    return out;
}

static json_t *overrides_json(const Matrix *m)
{
    json_t *out = json_array();
    for (size_t i = 0; out && i < m->n_overrides; i++) {
        const Override *o = &m->override[i];
        json_t *set = json_object();
        for (size_t j = 0; set && j < o->n_set; j++) {
            (void)json_object_set(set, o->set[j].knob->path, o->set[j].value);
        }
        (void)json_array_append_new(
            out, json_pack("{s:o, s:o}", "where", condition_json(m, &o->where), "set", set));
    }
    return out;
}

json_t *resolved_document(const Source *src, const Matrix *m, const char *base_dir)
{
    static const char *const section[] = {"version",   "study",    "corpus",      "matrix",
                                          "sizes",     "training", "checkpoints", "evaluation",
                                          "execution", "analysis", "options",     "overrides"};
    json_t *out = json_object();
    for (size_t i = 0; out && i < sizeof section / sizeof section[0]; i++) {
        (void)json_object_set(out, section[i], json_object_get(src->doc, section[i]));
    }
    json_t *corpus = json_copy(json_object_get(src->doc, "corpus"));
    (void)json_object_set_new(corpus, "base", json_string(base_dir));
    (void)json_object_set_new(out, "corpus", corpus);
    (void)json_object_set_new(out, "matrix", matrix_json(m));
    (void)json_object_set_new(out, "overrides", overrides_json(m));
    return out;
}

ErrCode study_write_resolved(const Study *s, const char *path, Err *err)
{
    Buf text = BUF_INIT;
    buf_puts(&text, "# Written by slaw: the study with every default filled in.\n");
    yaml_write(s->resolved, &text);
    ErrCode rc = buf_ok(&text, err);
    if (rc == ERR_OK) {
        rc = fsx_replace(path, buf_str(&text), text.len, err);
    }
    buf_release(&text);
    return rc;
}

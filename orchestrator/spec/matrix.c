#include "orchestrator/spec/matrix.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/json.h"
#include "common/quantity.h"

enum { MESSAGE_PATH_BYTES = 128 };

/* A scalar stands for a list of one. */
static size_t n_values(const YamlNode *node)
{
    return node->kind == NODE_LIST ? node->n : 1;
}

static const YamlNode *value_at(const YamlNode *node, size_t i)
{
    return node->kind == NODE_LIST ? node->item[i] : node;
}

static bool is_scalar(const YamlNode *n)
{
    return n->kind != NODE_LIST && n->kind != NODE_MAP && n->kind != NODE_NULL;
}

static size_t axis_of(const Matrix *m, const Knob *knob)
{
    for (size_t i = 0; i < m->n_axes; i++) {
        if (m->axis[i].knob == knob) {
            return i;
        }
    }
    return SIZE_MAX;
}

/* ---- names of sizes ---------------------------------------------------------------------- */

static void check_size_name(Source *src, const YamlNode *node)
{
    const YamlNode *sizes = yaml_get(src->root, "sizes");
    if (!sizes || sizes->kind != NODE_MAP || yaml_get(sizes, node->text)) {
        return;
    }
    const char **word = malloc((sizes->n + 1) * sizeof *word);
    if (!word) {
        src->problems->is_short = true;
        return;
    }
    for (size_t i = 0; i < sizes->n; i++) {
        word[i] = sizes->key[i]->text;
    }
    const char *near = nearest_name(node->text, word, sizes->n);
    free(word);
    char hint[PROBLEM_TEXT_BYTES];
    if (near) {
        (void)snprintf(hint, sizeof hint, "did you mean \"%s\"?", near);
    } else {
        (void)snprintf(hint, sizeof hint, "add it to sizes");
    }
    problems_add(src->problems, node->at, hint, "there is no size \"%.60s\"", node->text);
}

/* ---- axes ---------------------------------------------------------------------------------- */

/* Checks a value for a knob; borrowed, NULL after a problem. */
static json_t *read_value(Source *src, const Knob *knob, const YamlNode *node, const char *path)
{
    json_t *v = source_keep(src, knob_value(knob, src->schema, node, path, src->problems));
    if (!v || json_is_null(v)) {
        return NULL;
    }
    if (strcmp(knob->path, "size") == 0) {
        check_size_name(src, node);
    }
    return v;
}

/* Adds a problem for every value that was there before. */
static void check_repeats(Source *src, const Axis *a)
{
    json_t *seen = json_object();
    Buf text = BUF_INIT;
    for (size_t i = 0; seen && i < a->n; i++) {
        if (!a->value[i]) {
            continue;
        }
        buf_clear(&text);
        json_canonical(a->value[i], &text);
        if (json_object_get(seen, buf_str(&text))) {
            problems_add(src->problems, a->node[i]->at, NULL,
                         "the axis %s has the value %.60s twice", a->knob->path, a->node[i]->text);
        }
        (void)json_object_set_new(seen, buf_str(&text), json_true());
    }
    src->problems->is_short = src->problems->is_short || !seen || text.is_short;
    json_decref(seen);
    buf_release(&text);
}

static ErrCode fill_axis(Source *src, const Knob *knob, const YamlNode *node, const char *key,
                         Axis *ret, Err *err)
{
    char path[MESSAGE_PATH_BYTES];
    (void)snprintf(path, sizeof path, "matrix.%.100s", key);
    Axis a = {.knob = knob, .n = n_values(node)};
    /* pointers. NOLINTNEXTLINE(bugprone-sizeof-expression) */
    a.value = arena_array(src->arena, a.n + 1, sizeof *a.value);
    /* pointers. NOLINTNEXTLINE(bugprone-sizeof-expression) */
    a.node = arena_array(src->arena, a.n + 1, sizeof *a.node);
    if (!a.value || !a.node) {
        return err_nomem(err, "the axes");
    }
    for (size_t i = 0; i < a.n && !problems_full(src->problems); i++) {
        a.node[i] = value_at(node, i);
        a.value[i] = is_scalar(a.node[i]) ? read_value(src, knob, a.node[i], path) : NULL;
    }
    check_repeats(src, &a);
    *ret = a;
    return ERR_OK;
}

/* The knob of an axis; NULL after a problem, or if sections that would have it are missing. */
static const Knob *axis_knob(Source *src, const YamlNode *key)
{
    if (!json_is_object(json_object_get(src->doc, "training")) ||
        !json_is_object(json_object_get(src->doc, "checkpoints"))) {
        return knobs_at(&src->knobs, key->text);
    }
    const Knob *k = knobs_find(&src->knobs, key->text, key->at, src->problems);
    if (k && k->is_group) {
        problems_add(src->problems, key->at, "an axis is one number or word",
                     "%s is a group of settings", k->path);
        return NULL;
    }
    return k;
}

static ErrCode read_axis(Source *src, const YamlNode *key, const YamlNode *node, Matrix *m,
                         Err *err)
{
    const Knob *knob = axis_knob(src, key);
    if (!knob) {
        return ERR_OK;
    }
    if (axis_of(m, knob) != SIZE_MAX) {
        problems_add(src->problems, key->at, NULL, "%s is an axis twice", knob->path);
        return ERR_OK;
    }
    if (m->n_axes == CELL_MAX_AXES) {
        problems_add(src->problems, key->at, NULL, "a matrix has at most %d axes", CELL_MAX_AXES);
        return ERR_OK;
    }
    return fill_axis(src, knob, node, key->text, &m->axis[m->n_axes++], err);
}

/* The three that every run has; seed is 1 unless the file says otherwise. */
static ErrCode read_named_axes(Source *src, const YamlNode *matrix, Matrix *m, Err *err)
{
    static const char *const name[] = {"architecture", "size", "seed"};
    static YamlNode one = {.kind = NODE_INTEGER, .text = "1", .as = {.integer = 1}, .n_nodes = 1};
    static YamlNode none = {.kind = NODE_LIST, .text = "", .n_nodes = 1};
    for (size_t i = 0; i < sizeof name / sizeof name[0]; i++) {
        const YamlNode *node = yaml_get(matrix, name[i]);
        const YamlNode *fallback = i == AXIS_SEED ? &one : &none;
        ErrCode rc = fill_axis(src, knobs_at(&src->knobs, name[i]), node ? node : fallback, name[i],
                               &m->axis[m->n_axes++], err);
        if (rc != ERR_OK) {
            return rc;
        }
    }
    return ERR_OK;
}

static bool is_named_axis(const char *key)
{
    return strcmp(key, "architecture") == 0 || strcmp(key, "size") == 0 || strcmp(key, "seed") == 0;
}

static ErrCode read_axes(Source *src, const YamlNode *matrix, Matrix *m, Err *err)
{
    ErrCode rc = read_named_axes(src, matrix, m, err);
    for (size_t i = 0; rc == ERR_OK && i < matrix->n && !problems_full(src->problems); i++) {
        const char *key = matrix->key[i]->text;
        if (!is_named_axis(key) && strcmp(key, "include") != 0 && strcmp(key, "exclude") != 0) {
            rc = read_axis(src, matrix->key[i], matrix->item[i], m, err);
        }
    }
    return rc;
}

/* ---- include ------------------------------------------------------------------------------- */

static ErrCode read_include_cell(Source *src, const YamlNode *entry, const Matrix *m, Cell *ret,
                                 Err *err)
{
    Cell c = {.include = entry};
    Setting *extra = arena_array(src->arena, entry->n + 1, sizeof *extra);
    if (!extra) {
        return err_nomem(err, "the cells");
    }
    for (size_t i = 0; i < CELL_MAX_AXES; i++) {
        c.index[i] = SIZE_MAX;
    }
    for (size_t i = 0; i < entry->n; i++) {
        const Knob *knob = axis_knob(src, entry->key[i]);
        if (!knob || !is_scalar(entry->item[i])) {
            continue;
        }
        char path[MESSAGE_PATH_BYTES];
        (void)snprintf(path, sizeof path, "matrix.include.%.100s", entry->key[i]->text);
        json_t *v = read_value(src, knob, entry->item[i], path);
        size_t axis = axis_of(m, knob);
        if (axis != SIZE_MAX) {
            c.value[axis] = v;
            c.node[axis] = entry->item[i];
        } else {
            extra[c.n_extra++] = (Setting){knob, v, entry->item[i]};
        }
    }
    if (!c.value[AXIS_SEED] && m->axis[AXIS_SEED].n > 0) {
        c.value[AXIS_SEED] = m->axis[AXIS_SEED].value[0];
        c.node[AXIS_SEED] = m->axis[AXIS_SEED].node[0];
    }
    c.extra = extra;
    *ret = c;
    return ERR_OK;
}

static ErrCode read_include(Source *src, const YamlNode *list, Matrix *m, Err *err)
{
    size_t n = list && list->kind == NODE_LIST ? list->n : 0;
    m->include = arena_array(src->arena, n + 1, sizeof *m->include);
    if (!m->include) {
        return err_nomem(err, "the cells");
    }
    for (size_t i = 0; i < n && !problems_full(src->problems); i++) {
        if (list->item[i]->kind != NODE_MAP) {
            continue;
        }
        ErrCode rc = read_include_cell(src, list->item[i], m, &m->include[m->n_include], err);
        if (rc != ERR_OK) {
            return rc;
        }
        m->n_include++;
    }
    return ERR_OK;
}

/* ---- conditions ------------------------------------------------------------------------------ */

/* Marks the axis values equal to v; false if neither they nor any cell of `include` has it. */
static bool mark_value(const Matrix *m, size_t axis, const json_t *v, bool *is_in)
{
    bool is_known = false;
    for (size_t i = 0; i < m->axis[axis].n; i++) {
        if (m->axis[axis].value[i] && json_equal(m->axis[axis].value[i], v)) {
            is_in[i] = is_known = true;
        }
    }
    for (size_t i = 0; !is_known && i < m->n_include; i++) {
        const json_t *own = m->include[i].value[axis];
        is_known = own && json_equal(own, v);
    }
    return is_known;
}

static ErrCode read_term(Source *src, const Matrix *m, size_t axis, const YamlNode *node,
                         const char *path, Term *ret, Err *err)
{
    Term t = {.axis = axis};
    t.is_in = arena_array(src->arena, m->axis[axis].n + 1, sizeof *t.is_in);
    /* pointers. NOLINTNEXTLINE(bugprone-sizeof-expression) */
    t.value = arena_array(src->arena, n_values(node) + 1, sizeof *t.value);
    if (!t.is_in || !t.value) {
        return err_nomem(err, "the conditions");
    }
    for (size_t i = 0; i < n_values(node) && !problems_full(src->problems); i++) {
        const YamlNode *item = value_at(node, i);
        size_t before = src->problems->n;
        json_t *v = is_scalar(item) ? read_value(src, m->axis[axis].knob, item, path) : NULL;
        if (!v) {
            continue;
        }
        t.value[t.n_values++] = v;
        if (!mark_value(m, axis, v, t.is_in) && src->problems->n == before) {
            problems_add(src->problems, item->at, NULL, "no cell of the matrix has %s %.60s",
                         m->axis[axis].knob->path, item->text);
        }
    }
    *ret = t;
    return ERR_OK;
}

static ErrCode read_condition(Source *src, const Matrix *m, const YamlNode *where, const char *name,
                              Condition *ret, Err *err)
{
    Condition c = {0};
    size_t n = where && where->kind == NODE_MAP ? where->n : 0;
    c.term = arena_array(src->arena, n + 1, sizeof *c.term);
    if (!c.term) {
        return err_nomem(err, "the conditions");
    }
    for (size_t i = 0; i < n && !problems_full(src->problems); i++) {
        const Knob *knob = axis_knob(src, where->key[i]);
        size_t axis = knob ? axis_of(m, knob) : SIZE_MAX;
        if (knob && axis == SIZE_MAX) {
            problems_add(src->problems, where->key[i]->at, "a condition names axes only",
                         "%s is not an axis of the matrix", knob->path);
        }
        if (axis == SIZE_MAX) {
            continue;
        }
        char path[MESSAGE_PATH_BYTES];
        (void)snprintf(path, sizeof path, "%s.%.80s", name, where->key[i]->text);
        ErrCode rc = read_term(src, m, axis, where->item[i], path, &c.term[c.n], err);
        if (rc != ERR_OK) {
            return rc;
        }
        c.n++;
    }
    *ret = c;
    return ERR_OK;
}

static ErrCode read_exclude(Source *src, const YamlNode *list, Matrix *m, Err *err)
{
    size_t n = list && list->kind == NODE_LIST ? list->n : 0;
    m->exclude = arena_array(src->arena, n + 1, sizeof *m->exclude);
    if (!m->exclude) {
        return err_nomem(err, "the conditions");
    }
    for (size_t i = 0; i < n && !problems_full(src->problems); i++) {
        ErrCode rc =
            read_condition(src, m, list->item[i], "matrix.exclude", &m->exclude[m->n_exclude], err);
        if (rc != ERR_OK) {
            return rc;
        }
        m->n_exclude++;
    }
    return ERR_OK;
}

/* ---- overrides ------------------------------------------------------------------------------- */

/* The knob is an axis or a group with an axis in it. */
static bool holds_axis(const Matrix *m, const Knob *knob)
{
    size_t n = strlen(knob->path);
    for (size_t i = 0; i < m->n_axes; i++) {
        const char *path = m->axis[i].knob->path;
        if (strncmp(path, knob->path, n) == 0 && (path[n] == '\0' || path[n] == '.')) {
            return true;
        }
    }
    return false;
}

static void read_setting(Source *src, const Matrix *m, const YamlNode *key, const YamlNode *node,
                         Override *o)
{
    const Knob *knob = knobs_find(&src->knobs, key->text, key->at, src->problems);
    if (!knob) {
        return;
    }
    if (holds_axis(m, knob)) {
        problems_add(src->problems, key->at, "exclude the cell and include it with another value",
                     "%s is an axis; an override may not change it", knob->path);
        return;
    }
    char path[MESSAGE_PATH_BYTES];
    (void)snprintf(path, sizeof path, "overrides.set.%.100s", key->text);
    json_t *v = read_value(src, knob, node, path);
    o->set[o->n_set++] = (Setting){knob, v, node};
}

static ErrCode read_override(Source *src, const Matrix *m, const YamlNode *entry, Override *ret,
                             Err *err)
{
    Override o = {0};
    const YamlNode *set = yaml_get(entry, "set");
    size_t n = set && set->kind == NODE_MAP ? set->n : 0;
    o.set = arena_array(src->arena, n + 1, sizeof *o.set);
    if (!o.set) {
        return err_nomem(err, "the overrides");
    }
    ErrCode rc = read_condition(src, m, yaml_get(entry, "where"), "overrides.where", &o.where, err);
    for (size_t i = 0; rc == ERR_OK && i < n && !problems_full(src->problems); i++) {
        read_setting(src, m, set->key[i], set->item[i], &o);
    }
    *ret = o;
    return rc;
}

static ErrCode read_overrides(Source *src, const YamlNode *list, Matrix *m, Err *err)
{
    size_t n = list && list->kind == NODE_LIST ? list->n : 0;
    m->override = arena_array(src->arena, n + 1, sizeof *m->override);
    if (!m->override) {
        return err_nomem(err, "the overrides");
    }
    for (size_t i = 0; i < n && !problems_full(src->problems); i++) {
        ErrCode rc = read_override(src, m, list->item[i], &m->override[m->n_overrides], err);
        if (rc != ERR_OK) {
            return rc;
        }
        m->n_overrides++;
    }
    return ERR_OK;
}

/* ---- the whole ------------------------------------------------------------------------- */

double matrix_product(const Matrix *m)
{
    double n = 1.0;
    for (size_t i = 0; i < m->n_axes; i++) {
        n *= (double)m->axis[i].n;
    }
    return n;
}

static void check_product(Source *src, const YamlNode *key, const Matrix *m)
{
    double n = matrix_product(m);
    if (n > MATRIX_MAX_CELLS) {
        char text[32];
        json_number_text(n, text);
        problems_add(src->problems, key->at, "split the study, or leave out values",
                     "the matrix has %s cells; at most %d are allowed", text, MATRIX_MAX_CELLS);
    }
}

ErrCode matrix_read(Source *src, Matrix *ret, Err *err)
{
    ErrCode rc = ERR_OK;
    *ret = (Matrix){0};
    const YamlNode *matrix = yaml_get(src->root, "matrix");
    if (!matrix || matrix->kind != NODE_MAP) {
        return ERR_OK;
    }
    TRY(read_axes(src, matrix, ret, err));
    check_product(src, yaml_get_key(src->root, "matrix"), ret);
    TRY(read_include(src, yaml_get(matrix, "include"), ret, err));
    TRY(read_exclude(src, yaml_get(matrix, "exclude"), ret, err));
    TRY(read_overrides(src, yaml_get(src->root, "overrides"), ret, err));
done:
    return rc;
}

#include "orchestrator/spec/axis_texts.h"

#include <string.h>

#include "common/json.h"
#include "orchestrator/spec/cell.h"

static Filling kept(AxisTexts *x, const Buf *b)
{
    char *text = arena_strdup(&x->arena, buf_str(b));
    return (Filling){text, text ? b->len : 0};
}

static bool shapes(const char *path)
{
    return strncmp(path, "sizes.", 6) == 0 || strncmp(path, "options.", 8) == 0 ||
           strcmp(path, "training.sequence") == 0 || strcmp(path, "training.precision") == 0;
}

/* The texts of one axis; a small arena block serves many. */
static ErrCode read_axis(const Matrix *m, size_t i, AxisTexts *x, Err *err)
{
    const Axis *a = &m->axis[i];
    const char *path = a->knob->path;
    bool is_named = i > AXIS_SEED || (i == AXIS_SEED && cell_names_have_seeds(m));
    Buf all = BUF_INIT; /* text and name of every value, one after the other */
    x->value[i] = arena_array(&x->arena, a->n, sizeof *x->value[i]);
    x->counts[i] = count_at(path);
    x->is_shaping[i] = shapes(path);
    for (size_t k = 0; x->value[i] && k < a->n; k++) {
        AxisValue *v = &x->value[i][k];
        char name[RUN_NAME_BYTES] = "";
        size_t before = all.len;
        json_canonical(a->value[k], &all);
        v->text.n = all.len - before;
        if (is_named) {
            cell_add_to_name(name, i == AXIS_SEED ? "s" : a->knob->leaf, a->value[k]);
        }
        v->name.n = strlen(name);
        buf_puts(&all, name);
        v->count = count_of(x->counts[i], a->value[k]);
    }
    const char *at = kept(x, &all).text;
    bool is_short = all.is_short || !at || !x->value[i];
    buf_release(&all);
    for (size_t k = 0; !is_short && k < a->n; k++) {
        AxisValue *v = &x->value[i][k];
        v->text.text = at;
        v->name.text = at + v->text.n;
        at += v->text.n + v->name.n;
    }
    if (i > AXIS_SEED && i < CELL_MAX_AXES) {
        x->mark[i] = stencil_mark((int)i);
        is_short = is_short || !x->mark[i];
    }
    return is_short ? err_nomem(err, "the axes") : ERR_OK;
}

/* The keys of the object of axes. */
static ErrCode read_keys(const Matrix *m, AxisTexts *x, Err *err)
{
    Buf key = BUF_INIT;
    bool is_short = false;
    for (size_t i = 0; i < m->n_axes; i++) {
        size_t k = i;
        for (; k > 0 && strcmp(m->axis[x->sorted[k - 1]].knob->path, m->axis[i].knob->path) > 0;
             k--) {
            x->sorted[k] = x->sorted[k - 1];
        }
        x->sorted[k] = i;
        buf_clear(&key);
        buf_printf(&key, "\"%s\":", m->axis[i].knob->path);
        x->key[i] = kept(x, &key);
        is_short = is_short || key.is_short || !x->key[i].text;
    }
    buf_release(&key);
    return is_short ? err_nomem(err, "the axes") : ERR_OK;
}

ErrCode axis_texts_read(const Matrix *m, AxisTexts *ret, Err *err)
{
    ErrCode rc = ERR_OK;
    for (size_t i = 0; rc == ERR_OK && i < m->n_axes; i++) {
        rc = read_axis(m, i, ret, err);
    }
    return rc == ERR_OK ? read_keys(m, ret, err) : rc;
}

void axis_texts_release(AxisTexts *x)
{
    for (size_t i = 0; i < CELL_MAX_AXES; i++) {
        json_decref(x->mark[i]);
    }
    arena_release(&x->arena);
    *x = (AxisTexts){0};
}

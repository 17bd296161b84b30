#include <math.h>
#include <stdio.h>
#include <string.h>

#include "answer/formats.h"
#include "common/json.h"

static json_t *real_json(double x)
{
    return isfinite(x) ? json_real(x) : json_null();
}

static json_t *value_json(const Value *v)
{
    switch (v->kind) {
    case VALUE_NONE:
        break;
    case VALUE_TEXT:
        return json_string(v->as.text);
    case VALUE_REAL:
        return real_json(v->as.real);
    case VALUE_COUNT:
        return json_integer(v->as.count);
    case VALUE_BOOL:
        return json_boolean(v->as.is_true);
    }
    return json_null();
}

static json_t *interval_json(const Interval *i)
{
    json_t *o = json_object();
    (void)json_object_set_new(o, "se", real_json(i->se));
    (void)json_object_set_new(o, "lo", real_json(i->lo));
    (void)json_object_set_new(o, "hi", real_json(i->hi));
    (void)json_object_set_new(o, "method", i->method ? json_string(i->method) : json_null());
    return o;
}

/* At "a.b.c", making the objects on the way; a list gets it as its next member. */
static bool set_at(json_t *in, const char *path, json_t *v)
{
    const char *dot = path ? strchr(path, '.') : NULL;
    if (!v || !in) {
        json_decref(v);
        return false;
    }
    if (json_is_array(in)) {
        return json_array_append_new(in, v) == 0;
    }
    if (!dot) {
        return json_object_set_new(in, path ? path : "", v) == 0;
    }
    char name[64];
    size_t n = (size_t)(dot - path);
    if (n >= sizeof name) {
        json_decref(v);
        return false;
    }
    memcpy(name, path, n);
    name[n] = '\0';
    json_t *inner = json_object_get(in, name);
    if (!json_is_object(inner)) {
        inner = json_object();
        (void)json_object_set_new(in, name, inner);
    }
    return set_at(inner, dot + 1, v);
}

static bool put_flat(json_t *in, const Column *c, const Interval *i)
{
    char lo[64], hi[64];
    (void)snprintf(lo, sizeof lo, "%slo", c->flat ? c->flat : "");
    (void)snprintf(hi, sizeof hi, "%shi", c->flat ? c->flat : "");
    return set_at(in, lo, real_json(i ? i->lo : (double)NAN)) &&
           set_at(in, hi, real_json(i ? i->hi : (double)NAN));
}

static bool put_shown(json_t *in, const Column *c, const Value *v)
{
    char path[160];
    const Interval *i = v->interval;
    bool is_good = set_at(in, c->key, value_json(v));
    is_good = is_good && (!c->has_flat || put_flat(in, c, i));
    if (!i || (isnan(i->se) && isnan(i->lo) && isnan(i->hi))) {
        return is_good;
    }
    (void)snprintf(path, sizeof path, "intervals.%s", c->key);
    return is_good && set_at(in, c->interval ? c->interval : path, interval_json(i));
}

static bool put_members(json_t *into, const AnswerNode *in);

static json_t *container(const AnswerNode *n)
{
    bool is_list = n->kind == ANSWER_LIST || n->kind == ANSWER_TABLE;
    json_t *o = is_list ? json_array() : json_object();
    bool is_good = o != NULL;
    const AnswerNode *table = n->parent;
    for (size_t c = 0; n->kind == ANSWER_ROW && is_good && c < table->n_columns; c++) {
        if (table->column[c].key) {
            is_good = put_shown(o, &table->column[c], &n->value[c]);
        }
    }
    if (!is_good || !put_members(o, n)) {
        json_decref(o);
        return NULL;
    }
    return o;
}

static json_t *node_json(const AnswerNode *n)
{
    switch (n->kind) {
    case ANSWER_OBJECT:
    case ANSWER_LIST:
    case ANSWER_TABLE:
    case ANSWER_ROW:
        return container(n);
    case ANSWER_VALUE:
        return value_json(n->value);
    case ANSWER_INTERVAL:
        return n->value->interval ? interval_json(n->value->interval) : json_null();
    case ANSWER_JSON:
        return json_incref(n->json);
    case ANSWER_SAY:
        return json_string(n->text);
    case ANSWER_SECTION:
        break;
    }
    return NULL;
}

static bool put_members(json_t *into, const AnswerNode *in)
{
    bool is_good = true;
    for (const AnswerNode *n = in->first; n && is_good; n = n->next) {
        if (n->kind == ANSWER_SECTION) {
            is_good = put_members(into, n);
        } else if (n->kind == ANSWER_VALUE && n->n_columns == 1 && n->key) {
            is_good = put_shown(into, n->column, n->value);
        } else if (json_is_array(into)) {
            is_good = json_array_append_new(into, node_json(n)) == 0;
        } else if (n->key) { /* a name of the user's may have dots */
            is_good = json_object_set_new(into, n->key, node_json(n)) == 0;
        }
    }
    return is_good;
}

json_t *answer_json(const AnswerNode *n)
{
    return n ? node_json(n) : NULL;
}

ErrCode render_json(const Answer *a, const AnswerStyle *style, Buf *out, Err *err)
{
    json_t *o = answer_json(a->top);
    if (!o) {
        return err_nomem(err, "the answer");
    }
    if (style->is_one_line) {
        json_line(o, out);
        buf_putc(out, '\n');
    } else {
        json_pretty(o, out);
    }
    json_decref(o);
    return ERR_OK;
}

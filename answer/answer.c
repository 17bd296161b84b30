#include "answer/answer.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/utf8.h"

/* What is added to when memory was short: its parent is never shown. */
static AnswerNode *sink(Answer *a)
{
    static _Thread_local AnswerNode nowhere;
    a->is_short = true;
    nowhere = (AnswerNode){.answer = a};
    return &nowhere;
}

static void *take(Answer *a, size_t bytes)
{
    void *p = arena_small(&a->arena, bytes);
    a->is_short = a->is_short || !p;
    return p;
}

/* Printable ASCII: nothing has to be mended. */
static bool is_plain(const char *s)
{
    while (*s >= 0x20 && *s < 0x7F) {
        s++;
    }
    return *s == '\0';
}

static const char *copy_text(Answer *a, const char *s)
{
    static const char replacement[] = "\xEF\xBF\xBD";
    size_t len = s ? strlen(s) : 0, bad = 0;
    uint32_t point;
    for (size_t i = 0; i < len;) {
        size_t n = utf8_decode((const unsigned char *)s + i, len - i, &point);
        bad += n == 0;
        i += n ? n : 1;
    }
    char *out = s ? take(a, len + 2 * bad + 1) : NULL;
    if (!out) {
        return NULL;
    }
    size_t used = 0;
    for (size_t i = 0; i < len;) {
        size_t n = utf8_decode((const unsigned char *)s + i, len - i, &point);
        if (n == 0) {
            memcpy(out + used, replacement, 3);
            used += 3;
            i++;
        } else if (n == 1 && ((unsigned char)s[i] < 0x20 || s[i] == 0x7F)) {
            out[used++] = s[i] == '\n' ? '\n' : ' ';
            i++;
        } else {
            memcpy(out + used, s + i, n);
            used += n;
            i += n;
        }
    }
    out[used] = '\0';
    return out;
}

static AnswerNode *add(AnswerNode *in, AnswerKind kind, const char *key)
{
    Answer *a = in->answer;
    AnswerNode *n = in->parent || in == a->top ? take(a, sizeof *n) : NULL;
    if (!n) {
        return sink(a);
    }
    *n = (AnswerNode){.answer = a, .parent = in, .kind = kind, .key = copy_text(a, key)};
    if (in->last) {
        in->last->next = n;
    } else {
        in->first = n;
    }
    in->last = n;
    return n;
}

AnswerNode *answer_top(Answer *a)
{
    if (!a->top) {
        a->top = take(a, sizeof *a->top);
        if (!a->top) {
            return sink(a);
        }
        *a->top = (AnswerNode){.answer = a, .kind = ANSWER_OBJECT};
        answer_set(a->top, "schema", value_count(1));
    }
    return a->top;
}

/* jansson's values are not of the arena. */
static void release_json(AnswerNode *n)
{
    for (; n; n = n->next) {
        json_decref(n->json);
        release_json(n->first);
    }
}

void answer_release(Answer *a)
{
    release_json(a->top);
    arena_release(&a->arena);
    *a = ANSWER_INIT;
}

ErrCode answer_ok(const Answer *a, Err *err)
{
    return a->is_short ? err_nomem(err, "the answer") : ERR_OK;
}

AnswerNode *answer_object(AnswerNode *in, const char *key)
{
    return add(in, ANSWER_OBJECT, key);
}

AnswerNode *answer_list(AnswerNode *in, const char *key)
{
    return add(in, ANSWER_LIST, key);
}

/* vsnprintf into the answer. */
__attribute__((format(printf, 2, 0))) static const char *format_text(Answer *a, const char *fmt,
                                                                     va_list ap)
{
    va_list again;
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, again);
    va_end(again);
    char *text = n >= 0 ? malloc((size_t)n + 1) : NULL;
    if (!text) {
        a->is_short = true;
        return NULL;
    }
    (void)vsnprintf(text, (size_t)n + 1, fmt, ap);
    const char *copy = copy_text(a, text);
    free(text);
    return copy;
}

AnswerNode *answer_section(AnswerNode *in, const char *fmt, ...)
{
    AnswerNode *n = add(in, ANSWER_SECTION, NULL);
    va_list ap;
    va_start(ap, fmt);
    n->text = format_text(in->answer, fmt, ap);
    va_end(ap);
    return n;
}

static Interval *copy_interval(Answer *a, const Interval *i)
{
    Interval *copy = i ? take(a, sizeof *copy) : NULL;
    if (copy) {
        *copy = *i;
        copy->method = copy_text(a, i->method);
    }
    return copy;
}

static Value copy_value(Answer *a, Value v)
{
    if (v.kind == VALUE_TEXT || v.kind == VALUE_JSON) {
        v.as.text = copy_text(a, v.as.text);
    }
    v.shown = copy_text(a, v.shown);
    v.interval = copy_interval(a, v.interval);
    return v;
}

static void put_value(AnswerNode *n, Value v)
{
    n->value = take(n->answer, sizeof *n->value);
    if (n->value) {
        *n->value = copy_value(n->answer, v);
    }
}

void answer_set(AnswerNode *in, const char *key, Value v)
{
    put_value(add(in, ANSWER_VALUE, key), v);
}

void answer_set_of(AnswerNode *in, const char *keys, const Value *v, size_t n)
{
    char key[64];
    for (size_t i = 0; i < n; i++) {
        size_t len = strcspn(keys, " ");
        assert(len > 0 && len < sizeof key);
        (void)snprintf(key, sizeof key, "%.*s", (int)len, keys);
        answer_set(in, key, v[i]);
        keys += len + strspn(keys + len, " ");
    }
    assert(*keys == '\0');
}

void answer_set_interval(AnswerNode *in, const char *key, const Interval *i)
{
    put_value(add(in, ANSWER_INTERVAL, key), value_between(0.0, i));
}

void answer_set_json(AnswerNode *in, const char *key, json_t *v)
{
    AnswerNode *n = add(in, ANSWER_JSON, key);
    in->answer->is_short = in->answer->is_short || !v;
    if (in->answer->is_short) {
        json_decref(v);
        return;
    }
    n->json = v;
}

static const Column *copy_columns(Answer *a, const Column *column, size_t n)
{
    Column *copy = take(a, n * sizeof *copy + 1);
    for (size_t i = 0; copy && i < n; i++) {
        copy[i] = column[i];
        copy[i].key = copy_text(a, column[i].key);
        copy[i].heading = copy_text(a, column[i].heading);
        copy[i].unit = copy_text(a, column[i].unit);
        copy[i].help = copy_text(a, column[i].help);
        copy[i].latex = copy_text(a, column[i].latex);
        copy[i].interval = copy_text(a, column[i].interval);
        copy[i].flat = copy_text(a, column[i].flat);
    }
    return copy;
}

void answer_show(AnswerNode *in, const Column *column, Value v)
{
    AnswerNode *n = add(in, ANSWER_VALUE, column->key);
    n->column = copy_columns(in->answer, column, 1);
    n->n_columns = 1;
    put_value(n, v);
}

void answer_say(AnswerNode *in, const char *key, SayKind kind, const char *fmt, ...)
{
    AnswerNode *n = add(in, ANSWER_SAY, key);
    va_list ap;
    n->say = kind;
    va_start(ap, fmt);
    n->text = format_text(in->answer, fmt, ap);
    va_end(ap);
}

AnswerNode *answer_table(AnswerNode *in, const char *key, const char *title, const Column *column,
                         size_t n_columns)
{
    AnswerNode *n = add(in, ANSWER_TABLE, key);
    n->text = copy_text(in->answer, title);
    n->column = copy_columns(in->answer, column, n_columns);
    n->n_columns = n_columns;
    return n;
}

void answer_table_use(AnswerNode *table, TableUse use)
{
    table->use = use;
}

void answer_table_empty(AnswerNode *table, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    table->empty = format_text(table->answer, fmt, ap);
    va_end(ap);
}

AnswerNode *answer_row_of(AnswerNode *table, const Value *v, size_t n)
{
    AnswerNode *row = add(table, ANSWER_ROW, NULL);
    assert(table->answer->is_short || n == table->n_columns);
    row->value = take(table->answer, n * sizeof *v + 1);
    for (size_t i = 0; row->value && i < n; i++) {
        row->value[i] = copy_value(table->answer, v[i]);
    }
    table->n_rows++;
    return row;
}

void answer_table_rows(AnswerNode *table, size_t n_rows, AnswerRowFn make, void *ctx)
{
    table->make = make;
    table->make_ctx = ctx;
    table->n_rows = n_rows;
}

bool answer_next_row(AnswerRows *r)
{
    const AnswerNode *t = r->table;
    if (!t->make) {
        r->row = r->n++ ? r->row->next : t->first;
        r->value = r->row ? r->row->value : NULL;
        return r->row != NULL;
    }
    if (r->n == t->n_rows) {
        return false;
    }
    t->make(t->make_ctx, r->n++, r->made);
    for (size_t c = 0; c < t->n_columns; c++) {
        Value *v = &r->made[c];
        if (v->kind == VALUE_TEXT && !is_plain(v->as.text)) {
            v->as.text = copy_text(t->answer, v->as.text);
        }
    }
    r->value = r->made;
    return true;
}

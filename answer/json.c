#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer/formats.h"
#include "answer/painter.h"
#include "common/hash.h"
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
    case VALUE_JSON:
        return json_loads(v->as.text, JSON_DECODE_ANY, NULL);
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

/* ---- tables whose rows are made: written row by row ---- */

enum { MAX_MADE = 16, MEMO_SLOTS = 4096 };

/* Texts of doubles: rows of a table mostly repeat them, and the shortest text takes its time. */
typedef struct Memo {
    double x;
    char text[32];
} Memo;

/* An empty list stands in the answer's JSON where the rows of a table go. */
typedef struct MadeTables {
    const AnswerNode *table[MAX_MADE];
    json_t *place[MAX_MADE];
    size_t n;
    const AnswerStyle *style;
    Memo *memo; /* [MEMO_SLOTS] */
} MadeTables;

static void put_real(double x, Memo *memo, Buf *out)
{
    if (!isfinite(x)) {
        buf_puts(out, "null");
        return;
    }
    Memo *m = &memo[hash_u64(&x, sizeof x) % MEMO_SLOTS];
    if (!m->text[0] || m->x != x) {
        m->x = x;
        json_number_text(x, m->text);
    }
    buf_puts(out, m->text);
}

static void put_whole(int64_t n, Buf *out)
{
    char digits[24];
    size_t at = sizeof digits;
    uint64_t left = n < 0 ? -(uint64_t)n : (uint64_t)n;
    do {
        digits[--at] = (char)('0' + left % 10);
        left /= 10;
    } while (left > 0);
    if (n < 0) {
        digits[--at] = '-';
    }
    buf_add(out, digits + at, sizeof digits - at);
}

static void put_value_text(const Value *v, Memo *memo, Buf *out)
{
    switch (v->kind) {
    case VALUE_NONE:
        buf_puts(out, "null");
        break;
    case VALUE_TEXT:
        json_string_text(v->as.text, out);
        break;
    case VALUE_JSON:
        buf_puts(out, v->as.text);
        break;
    case VALUE_REAL:
        put_real(v->as.real, memo, out);
        break;
    case VALUE_COUNT:
        put_whole(v->as.count, out);
        break;
    case VALUE_BOOL:
        buf_puts(out, v->as.is_true ? "true" : "false");
        break;
    }
}

/* Before the value of a column: `}},"name":{"key":`, from the names that the column before it has open. */
static void put_lead(const char *before, const char *key, Buf *out)
{
    size_t same = 0;
    for (size_t i = 0; before[i] && before[i] == key[i]; i++) {
        same = key[i] == '.' ? i + 1 : same;
    }
    for (const char *s = before + same; (s = strchr(s, '.')); s++) {
        buf_putc(out, '}');
    }
    buf_puts(out, *before ? "," : "{");
    for (const char *s = key + same; s;) {
        size_t n = strcspn(s, ".");
        buf_printf(out, "\"%.*s\":", (int)n, s);
        s = s[n] ? s + n + 1 : NULL;
        buf_puts(out, s ? "{" : "");
    }
}

static void put_made_rows(const MadeTables *m, const AnswerNode *t, int indent, Buf *out)
{
    const char *last = "";
    Buf lead = BUF_INIT; /* of every column, up to: */
    size_t end[ANSWER_MAX_COLUMNS];
    for (size_t c = 0; c < t->n_columns; c++) {
        if (t->column[c].key) {
            put_lead(last, t->column[c].key, &lead);
            last = t->column[c].key;
        }
        end[c] = lead.len;
    }
    AnswerRows rows = {.table = t};
    buf_putc(out, '[');
    while (answer_next_row(&rows)) {
        buf_puts(out, rows.n > 1 ? "," : "");
        if (indent > 0) {
            buf_printf(out, "\n%*s", indent, "");
        }
        for (size_t c = 0; c < t->n_columns; c++) {
            if (t->column[c].key) {
                size_t begin = c ? end[c - 1] : 0;
                buf_add(out, lead.data + begin, end[c] - begin);
                put_value_text(&rows.value[c], m->memo, out);
            }
        }
        buf_putc(out, '}');
        for (const char *s = last; (s = strchr(s, '.')); s++) {
            buf_putc(out, '}');
        }
        answer_flush(m->style, out);
    }
    if (indent > 0 && t->n_rows > 0) {
        buf_printf(out, "\n%*s", indent - 2, "");
    }
    buf_putc(out, ']');
    out->is_short = out->is_short || lead.is_short;
    buf_release(&lead);
}

/* json.h calls it for every value of the answer. */
static bool put_made(void *ctx, const json_t *v, int indent, Buf *out)
{
    const MadeTables *m = ctx;
    for (size_t i = 0; i < m->n; i++) {
        if (m->place[i] == v) {
            put_made_rows(m, m->table[i], indent, out);
            return true;
        }
    }
    return false;
}

static bool put_members(json_t *into, const AnswerNode *in, MadeTables *m);

static bool put_row(json_t *o, const AnswerNode *table, const Value *v)
{
    bool is_good = o != NULL;
    for (size_t c = 0; is_good && c < table->n_columns; c++) {
        is_good = !table->column[c].key || put_shown(o, &table->column[c], &v[c]);
    }
    return is_good;
}

static bool append_made(json_t *list, const AnswerNode *table)
{
    AnswerRows rows = {.table = table};
    bool is_good = list != NULL;
    while (is_good && answer_next_row(&rows)) {
        json_t *o = json_object();
        is_good = put_row(o, table, rows.value);
        is_good = json_array_append_new(list, o) == 0 && is_good;
    }
    return is_good;
}

static json_t *container(const AnswerNode *n, MadeTables *m)
{
    bool is_list = n->kind == ANSWER_LIST || n->kind == ANSWER_TABLE;
    json_t *o = is_list ? json_array() : json_object();
    bool is_good = n->kind != ANSWER_ROW || put_row(o, n->parent, n->value);
    if (is_good && n->make && m && m->n < MAX_MADE) {
        m->table[m->n] = n;
        m->place[m->n++] = o;
    } else if (is_good && n->make) {
        is_good = append_made(o, n);
    }
    if (!o || !is_good || !put_members(o, n, m)) {
        json_decref(o);
        return NULL;
    }
    return o;
}

/* m: gets the tables whose rows are made, to be written later; NULL: rows become objects here. */
static json_t *node_json(const AnswerNode *n, MadeTables *m)
{
    switch (n->kind) {
    case ANSWER_OBJECT:
    case ANSWER_LIST:
    case ANSWER_TABLE:
    case ANSWER_ROW:
        return container(n, m);
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

static bool put_members(json_t *into, const AnswerNode *in, MadeTables *m)
{
    bool is_good = true;
    for (const AnswerNode *n = in->first; n && is_good; n = n->next) {
        if (n->kind == ANSWER_SECTION) {
            is_good = put_members(into, n, m);
        } else if (n->kind == ANSWER_VALUE && n->n_columns == 1 && n->key) {
            is_good = put_shown(into, n->column, n->value);
        } else if (json_is_array(into)) {
            is_good = json_array_append_new(into, node_json(n, m)) == 0;
        } else if (n->key) { /* a name of the user's may have dots */
            is_good = json_object_set_new(into, n->key, node_json(n, m)) == 0;
        }
    }
    return is_good;
}

json_t *answer_json(const AnswerNode *n)
{
    return n ? node_json(n, NULL) : NULL;
}

ErrCode render_json(const Answer *a, const AnswerStyle *style, Buf *out, Err *err)
{
    MadeTables m = {.style = style, .memo = calloc(MEMO_SLOTS, sizeof *m.memo)};
    json_t *o = m.memo ? node_json(a->top, &m) : NULL;
    if (o) {
        json_put(o, style->is_one_line ? 0 : 2, put_made, &m, out);
        buf_putc(out, '\n');
    }
    free(m.memo);
    json_decref(o);
    return o ? ERR_OK : err_nomem(err, "the answer");
}

#include "common/problems.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/excerpt.h"
#include "common/json.h"
#include "common/order.h"

static bool is_same(const Problem *a, const Problem *b)
{
    return a->at.line == b->at.line && a->at.column == b->at.column &&
           strcmp(a->message, b->message) == 0;
}

/* Users' words may hold anything: control characters must neither break the line nor reach a
 * terminal, and a text cut to fit must not end inside a UTF-8 character. */
static void make_printable(char *text)
{
    size_t n = strlen(text), lead = n;
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c < 0x20 || c == 0x7f) {
            text[i] = '?';
        }
        if ((c & 0xC0) != 0x80) {
            lead = i; /* where the last character starts */
        }
    }
    unsigned char first = lead < n ? (unsigned char)text[lead] : 0;
    size_t need = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : first >= 0xC0 ? 2 : 1;
    if (lead < n && n - lead < need) {
        text[lead] = '\0';
    }
}

void problems_add(Problems *p, TextPos at, const char *hint, const char *fmt, ...)
{
    Problem new = {.at = at};
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(new.message, sizeof new.message, fmt, ap);
    va_end(ap);
    (void)snprintf(new.hint, sizeof new.hint, "%s", hint ? hint : "");
    make_printable(new.message);
    make_printable(new.hint);
    for (size_t i = 0; i < p->n; i++) {
        if (is_same(&p->item[i], &new)) {
            return;
        }
    }
    if (!p->item) {
        p->item = calloc(PROBLEMS_MAX, sizeof *p->item);
    }
    if (!p->item) {
        p->is_short = true;
    } else if (p->n == PROBLEMS_MAX) {
        p->n_dropped++;
    } else {
        p->item[p->n++] = new;
    }
}

static int by_place(const void *a, const void *b)
{
    const Problem *x = a, *y = b;
    int order = ORDER(x->at.line, y->at.line);
    order = order ? order : ORDER(x->at.column, y->at.column);
    return order ? order : strcmp(x->message, y->message);
}

void problems_sort(Problems *p)
{
    if (p->n > 1) {
        qsort(p->item, p->n, sizeof *p->item, by_place);
    }
}

static void put_problem(const Problems *p, const Problem *q, TextStyle style, Buf *out)
{
    const char *bold = style.has_color ? "\x1b[1m" : "", *dim = style.has_color ? "\x1b[36m" : "";
    const char *off = style.has_color ? "\x1b[0m" : "";
    if (q->at.line > 0) {
        buf_printf(out, "%s%s:%d:%d:%s %s\n", bold, p->file, q->at.line, q->at.column, off,
                   q->message);
        excerpt_text(buf_str(&p->source), p->source.len, q->at, style, out);
    } else {
        buf_printf(out, "%s%s:%s %s\n", bold, p->file, off, q->message);
    }
    if (q->hint[0]) {
        buf_printf(out, "  %shint:%s %s\n", dim, off, q->hint);
    }
}

void problems_text(const Problems *p, TextStyle style, Buf *out)
{
    for (size_t i = 0; i < p->n; i++) {
        put_problem(p, &p->item[i], style, out);
    }
}

static json_t *text_or_null(const char *s)
{
    return s && s[0] ? json_string_any(s) : json_null();
}

static json_t *place_or_null(int x)
{
    return x > 0 ? json_integer(x) : json_null();
}

json_t *problem_json(const char *kind, const char *message, const char *hint, const char *file,
                     TextPos at)
{
    return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o}", "kind", kind, "message",
                     text_or_null(message), "hint", text_or_null(hint), "file", text_or_null(file),
                     "line", place_or_null(at.line), "column", place_or_null(at.column));
}

json_t *problems_json(const Problems *p)
{
    json_t *list = json_array();
    for (size_t i = 0; list && i < p->n; i++) {
        const Problem *q = &p->item[i];
        json_t *one = problem_json(err_code_name(ERR_INVALID), q->message, q->hint, p->file, q->at);
        if (!one || json_array_append_new(list, one) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

ErrCode problems_err(const Problems *p, Err *err)
{
    if (p->is_short) {
        return err_nomem(err, "the list of problems");
    }
    if (p->n == 0) {
        return ERR_OK;
    }
    if (p->n_dropped > 0) {
        (void)err_set(err, ERR_INVALID, "%s has more than %d problems", p->file, PROBLEMS_MAX);
    } else {
        (void)err_set(err, ERR_INVALID, "%s has %zu problem%s", p->file, p->n,
                      p->n == 1 ? "" : "s");
    }
    return err_place(err, p->file, p->item[0].at);
}

void problems_of(Problems *p, const char *file, Buf *source)
{
    problems_release(p);
    p->file = strdup(file);
    p->is_short = !p->file;
    if (source) {
        p->source = *source;
        *source = BUF_INIT;
    }
}

void problems_release(Problems *p)
{
    free(p->file);
    free(p->item);
    buf_release(&p->source);
    *p = PROBLEMS_INIT;
}

#include "common/problems.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
    if (x->at.line != y->at.line) {
        return x->at.line < y->at.line ? -1 : 1;
    }
    if (x->at.column != y->at.column) {
        return x->at.column < y->at.column ? -1 : 1;
    }
    return strcmp(x->message, y->message);
}

void problems_sort(Problems *p)
{
    if (p->n > 1) {
        qsort(p->item, p->n, sizeof *p->item, by_place);
    }
}

void problems_text(const Problems *p, Buf *out)
{
    for (size_t i = 0; i < p->n; i++) {
        const Problem *q = &p->item[i];
        if (q->at.line > 0) {
            buf_printf(out, "%s:%d:%d: %s\n", p->file, q->at.line, q->at.column, q->message);
        } else {
            buf_printf(out, "%s: %s\n", p->file, q->message);
        }
        if (q->hint[0]) {
            buf_printf(out, "  hint: %s\n", q->hint);
        }
    }
}

json_t *problems_json(const Problems *p)
{
    json_t *list = json_array();
    for (size_t i = 0; list && i < p->n; i++) {
        const Problem *q = &p->item[i];
        json_t *one = json_pack("{s:s, s:i, s:i, s:s, s:s}", "file", p->file, "line", q->at.line,
                                "column", q->at.column, "message", q->message, "hint", q->hint);
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
        return err_set(err, ERR_INVALID, "%s has more than %d problems", p->file, PROBLEMS_MAX);
    }
    return err_set(err, ERR_INVALID, "%s has %zu problem%s", p->file, p->n, p->n == 1 ? "" : "s");
}

void problems_release(Problems *p)
{
    free(p->item);
    *p = PROBLEMS_INIT(p->file);
}

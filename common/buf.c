#include "common/buf.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool grow(Buf *b, size_t extra)
{
    if (b->is_short || extra >= SIZE_MAX / 2 - b->len) {
        b->is_short = true;
        return false;
    }
    size_t need = b->len + extra + 1;
    if (need <= b->cap) {
        return true;
    }
    size_t cap = b->cap < 64 ? 64 : b->cap;
    while (cap < need) {
        cap *= 2;
    }
    char *p = realloc(b->data, cap);
    if (!p) {
        b->is_short = true;
        return false;
    }
    b->data = p;
    b->cap = cap;
    return true;
}

void buf_add(Buf *b, const void *bytes, size_t n)
{
    if (!grow(b, n)) {
        return;
    }
    if (n > 0) {
        memcpy(b->data + b->len, bytes, n);
    }
    b->len += n;
    b->data[b->len] = '\0';
}

void buf_puts(Buf *b, const char *s)
{
    buf_add(b, s, strlen(s));
}

void buf_putc(Buf *b, char c)
{
    buf_add(b, &c, 1);
}

void buf_vprintf(Buf *b, const char *fmt, va_list ap)
{
    va_list again;
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    if (n >= 0 && grow(b, (size_t)n)) {
        (void)vsnprintf(b->data + b->len, (size_t)n + 1, fmt, again);
        b->len += (size_t)n;
    }
    va_end(again);
}

void buf_printf(Buf *b, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    buf_vprintf(b, fmt, ap);
    va_end(ap);
}

const char *buf_str(const Buf *b)
{
    return b->data ? b->data : "";
}

void buf_clear(Buf *b)
{
    b->len = 0;
    b->is_short = false;
    if (b->data) {
        b->data[0] = '\0';
    }
}

void buf_release(Buf *b)
{
    free(b->data);
    *b = BUF_INIT;
}

char *buf_detach(Buf *b)
{
    buf_add(b, "", 0); /* an empty Buf still detaches as "" */
    char *p = b->is_short ? NULL : b->data;
    if (!p) {
        free(b->data);
    }
    *b = BUF_INIT;
    return p;
}

ErrCode buf_ok(const Buf *b, Err *err)
{
    return b->is_short ? err_nomem(err, "text") : ERR_OK;
}

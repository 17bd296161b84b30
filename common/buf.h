/* buf.h -- growing byte string, always NUL-terminated once anything was added.
 *
 * The first failed growth sticks (`is_short`): later calls do nothing, and the
 * one check is buf_ok() at the end, as with ferror().
 */
#ifndef COMMON_BUF_H
#define COMMON_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"

typedef struct Buf {
    char *data; /* NULL while empty */
    size_t len; /* without the NUL */
    size_t cap;
    bool is_short; /* an allocation failed; the content is incomplete */
} Buf;

#define BUF_INIT ((Buf){0})

void buf_add(Buf *b, const void *bytes, size_t n);
void buf_puts(Buf *b, const char *s);
void buf_putc(Buf *b, char c);
void buf_printf(Buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_vprintf(Buf *b, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));

/* The text, never NULL ("" when empty). */
const char *buf_str(const Buf *b);

/* Empties it and keeps the memory. */
void buf_clear(Buf *b);
void buf_release(Buf *b);

/* Hands the malloc'd text to the caller (never NULL unless is_short); empties b. */
char *buf_detach(Buf *b);

/* ERR_NOMEM if any addition failed. */
ErrCode buf_ok(const Buf *b, Err *err);

#endif

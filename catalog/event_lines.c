#include "catalog/event_lines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/wire.h"

enum { CHUNK_BYTES = 1 << 16 };

typedef struct Reading {
    EventLineSink sink;
    void *ctx;
    Buf line;       /* a line that does not lie in one piece, as far as it is kept */
    int64_t length; /* all of it so far */
} Reading;

/* Splits a piece into lines.  One that lies in the piece is read where it is. */
static ErrCode take_piece(Reading *r, const char *piece, size_t n, Err *err)
{
    while (n > 0) {
        const char *newline = memchr(piece, '\n', n), *text = piece;
        size_t k = newline ? (size_t)(newline - piece) : n, bytes = k;
        if (!newline || r->length > 0) {
            if (r->line.len <= WIRE_LINE_BYTES) {
                buf_add(&r->line, piece, k);
            }
            ErrCode rc = buf_ok(&r->line, err);
            if (rc != ERR_OK) {
                return rc;
            }
            text = buf_str(&r->line);
            bytes = r->line.len;
        }
        r->length += (int64_t)k;
        if (!newline) {
            break;
        }
        ErrCode rc = r->sink(r->ctx, text, bytes, r->length + 1, err);
        if (rc != ERR_OK) {
            return rc;
        }
        r->length = 0;
        buf_clear(&r->line);
        piece += k + 1;
        n -= k + 1;
    }
    return ERR_OK;
}

ErrCode event_lines_each(int fd, const char *path, int64_t from, EventLineSink sink, void *ctx,
                         Err *err)
{
    ErrCode rc = ERR_OK;
    Reading r = {.sink = sink, .ctx = ctx};
    char *piece = malloc(CHUNK_BYTES);
    if (!piece) {
        return err_nomem(err, "events");
    }
    for (int64_t at = from;;) {
        ssize_t k = pread(fd, piece, CHUNK_BYTES, (off_t)at);
        if (k < 0 && errno == EINTR) {
            continue;
        }
        if (k < 0) {
            rc = err_sys(err, "read %s", path);
            goto done;
        }
        if (k == 0) {
            break;
        }
        at += k;
        TRY(take_piece(&r, piece, (size_t)k, err));
    }

done:
    free(piece);
    buf_release(&r.line);
    return rc;
}

/* event_lines.h -- the whole lines of a growing events file, from an offset on. */
#ifndef CATALOG_EVENT_LINES_H
#define CATALOG_EVENT_LINES_H

#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

/* Takes a line of n bytes without its end, which with it is `length` in the file: more than n + 1 where
 * it is longer than WIRE_LINE_BYTES and was cut. */
typedef ErrCode (*EventLineSink)(void *ctx, const char *line, size_t n, int64_t length, Err *err);

/* Gives the sink every line that ends, in order; its error ends it and is returned.  Reading is in
 * pieces, so that a huge file costs no memory.  ERR_IO, ERR_NOMEM, the sink's. */
ErrCode event_lines_each(int fd, const char *path, int64_t from, EventLineSink sink, void *ctx,
                         Err *err);

#endif

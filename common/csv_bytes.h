/* csv_bytes.h -- are these bytes a text in UTF-8, and if not, what are they? */
#ifndef COMMON_CSV_BYTES_H
#define COMMON_CSV_BYTES_H

#include <stddef.h>

#include "common/err.h"

/* How a file begins.  *ret_mark: bytes of the byte-order mark, 3 or 0.  ERR_FORMAT with the cure for an
 * empty file, UTF-16, UTF-32, gzip, zip and other known binary files. */
ErrCode csv_bytes_head(const char *path, const char *bytes, size_t n, size_t *ret_mark, Err *err);

/* Bytes of the file from line `line` on, of which the first is byte `offset`.  ERR_FORMAT "file:line:"
 * for a NUL byte, and with the cure for what is no UTF-8. */
ErrCode csv_bytes_check(const char *path, const char *bytes, size_t n, size_t line, size_t offset,
                        Err *err);

#endif

/* csv_bytes.h -- are these bytes a text in UTF-8, and if not, what are they? */
#ifndef ANALYSIS_OBS_CSV_BYTES_H
#define ANALYSIS_OBS_CSV_BYTES_H

#include <stddef.h>

#include "common/err.h"

/* *ret_mark: bytes of the byte-order mark, 3 or 0.  ERR_FORMAT with the cure for an empty file, UTF-16,
 * UTF-32, gzip, zip and other known binary files, NUL bytes, and "file:line:" for what is no UTF-8. */
ErrCode csv_bytes_check(const char *path, const char *bytes, size_t n, size_t *ret_mark, Err *err);

#endif

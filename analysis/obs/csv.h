/* csv.h -- reads a CSV file (RFC 4180) to a Frame.
 *
 * Header in the first line; fields separated by commas, quoted with ", a doubled "" inside quotes
 * for one; lines end with LF, CRLF or a lone CR, the last one perhaps not at all; a UTF-8
 * byte-order mark is skipped, and so are empty lines.  Blanks around an unquoted field or around
 * quotes are not part of it.  Every line has as many fields as the header.  The text is UTF-8.
 *
 * The cells lie in the file's own bytes, so a table costs its size and four bytes a cell:
 * CSV_MAX_BYTES and CSV_MAX_CELLS bound the memory.
 */
#ifndef ANALYSIS_OBS_CSV_H
#define ANALYSIS_OBS_CSV_H

#include "analysis/obs/frame.h"

#define CSV_MAX_BYTES ((size_t)1 << 30)
#define CSV_MAX_CELLS ((size_t)1 << 27)

/* ERR_FORMAT "file:line: ..." with a hint that says the cure: a line of another length, an unclosed
 * quote, text after a closing quote, bytes that are no UTF-8, an empty or duplicate column name,
 * fields separated by semicolons or tabs, no rows, an empty file, UTF-16, a compressed or other
 * binary file.  ERR_INVALID for a file beyond the bounds, before it is read.  ERR_NOTFOUND, ERR_IO,
 * ERR_NOMEM. */
ErrCode csv_read(const char *path, Frame *ret, Err *err);

#endif

/* csv.h -- reads a CSV file (RFC 4180) to a Frame.
 *
 * Header in the first line; fields separated by commas, quoted with ", a doubled "" inside
 * quotes for one; LF or CRLF; a UTF-8 byte-order mark is skipped, and so are empty lines.
 * Every line has as many fields as the header.
 */
#ifndef ANALYSIS_OBS_CSV_H
#define ANALYSIS_OBS_CSV_H

#include "analysis/obs/frame.h"

/* ERR_FORMAT "file:line: ..." for a line of another length, an unclosed quote, text after a
 * closing quote, a NUL byte, an empty or duplicate column name, no rows.  ERR_NOTFOUND, ERR_IO. */
ErrCode csv_read(const char *path, Frame *ret, Err *err);

#endif

/* frame_csv.h -- a CSV file (common/csv.h) as a Frame.
 *
 * The first record names the columns, every other one has as many fields.  The cells lie in the file's
 * own bytes, so a table costs its size and four bytes a cell: FRAME_CSV_MAX_BYTES and
 * FRAME_CSV_MAX_CELLS bound the memory.
 */
#ifndef ANALYSIS_OBS_FRAME_CSV_H
#define ANALYSIS_OBS_FRAME_CSV_H

#include "analysis/obs/frame.h"

#define FRAME_CSV_MAX_BYTES ((size_t)1 << 30)
#define FRAME_CSV_MAX_CELLS ((size_t)1 << 27)

/* ERR_FORMAT "file:line: ..." with a hint that says the cure: what csv_next(), csv_check_header() and
 * csv_check_length() refuse, a column without a name, no rows.  ERR_INVALID for a file beyond the bounds,
 * before it is read.  ERR_NOTFOUND, ERR_IO, ERR_NOMEM. */
ErrCode frame_read_csv(const char *path, Frame *ret, Err *err);

#endif

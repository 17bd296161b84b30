/* line_in.h -- lines of a text file of any size, one at a time.
 *
 * A line ends at LF or CR LF; with is_cr_end also at a lone CR, as progress bars write it.  A byte
 * order mark at the start is skipped.  A line longer than LINE_IN_MAX is passed over and counted.
 */
#ifndef ORCHESTRATOR_EXCHANGE_LINE_IN_H
#define ORCHESTRATOR_EXCHANGE_LINE_IN_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "common/buf.h"

#define LINE_IN_MAX ((size_t)1 << 20)

typedef struct LineIn {
    FILE *f;
    const char *path; /* borrowed */
    bool is_cr_end;
    Buf line;       /* the newest, without its end */
    int64_t number; /* of the file's line, from 1: LF alone counts */
    int64_t next;
    int64_t n_long;
} LineIn;

/* The file's next byte, or EOF; one thread has the file. */
static inline int line_in_byte(FILE *f)
{
    return getc_unlocked(f); /* NOLINT(concurrency-mt-unsafe) */
}

/* ERR_NOTFOUND, ERR_IO. */
ErrCode line_in_open(LineIn *r, const char *path, bool is_cr_end, Err *err);
/* False at the end, or on an error, which line_in_finish() reports. */
bool line_in_next(LineIn *r);
/* ERR_IO, ERR_NOMEM. */
ErrCode line_in_finish(const LineIn *r, Err *err);
void line_in_close(LineIn *r);

#endif

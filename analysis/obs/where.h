/* where.h -- a condition on a row: COLUMN OP VALUE, OP one of = != < <= > >=.
 *
 * Values that both read as numbers (10M, 1e-3) are compared as numbers; = and != compare text
 * otherwise, and the order of text is an error.
 */
#ifndef ANALYSIS_OBS_WHERE_H
#define ANALYSIS_OBS_WHERE_H

#include "analysis/obs/frame.h"

typedef enum WhereOp { WHERE_EQ, WHERE_NE, WHERE_LT, WHERE_LE, WHERE_GT, WHERE_GE } WhereOp;

typedef struct Where {
    size_t column;
    WhereOp op;
    const char *value; /* borrowed from the text parsed */
} Where;

/* ERR_USAGE when the text is no condition; ERR_INVALID for an unknown column. */
ErrCode where_parse(const char *text, const Frame *f, Where *ret, Err *err);

/* ERR_INVALID with the cell's place when an order is asked of text. */
ErrCode where_holds(const Where *w, const Frame *f, size_t row, bool *ret, Err *err);

#endif

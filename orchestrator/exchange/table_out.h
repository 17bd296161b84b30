/* table_out.h -- rows of named cells as CSV (RFC 4180, LF) or JSON lines, one row at a time. */
#ifndef ORCHESTRATOR_EXCHANGE_TABLE_OUT_H
#define ORCHESTRATOR_EXCHANGE_TABLE_OUT_H

#include <stdint.h>

#include "common/buf.h"
#include "orchestrator/exchange/outfile.h"

typedef enum TableOutFormat { TABLE_OUT_CSV, TABLE_OUT_JSONL } TableOutFormat;

/* Memory is one row's. */
typedef struct TableOut {
    OutFile *file;
    TableOutFormat format;
    const char *const *column; /* borrowed */
    size_t n_columns, at;      /* at: of the next cell */
    Buf row;
    int64_t n_rows;
} TableOut;

/* Writes the header of a CSV. */
void table_out_begin(TableOut *t, OutFile *file, TableOutFormat format, const char *const *column,
                     size_t n_columns);

/* One cell of the row, from the left.  What is not there is empty in CSV and null in JSON; numbers
 * that are not finite are the words nan, inf and -inf (strings in JSON). */
void table_out_text(TableOut *t, const char *s); /* NULL: none */
void table_out_i64(TableOut *t, int64_t x);
void table_out_real(TableOut *t, double x);
void table_out_none(TableOut *t);
/* After the last cell. */
void table_out_end_row(TableOut *t);

/* ERR_NOMEM when a row was lost. */
ErrCode table_out_finish(TableOut *t, Err *err);
void table_out_release(TableOut *t);

#endif

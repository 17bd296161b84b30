/* csv_in.h -- records of a CSV file (RFC 4180) of any size, one at a time; as analysis/obs/csv.h reads
 * them whole. */
#ifndef ORCHESTRATOR_EXCHANGE_CSV_IN_H
#define ORCHESTRATOR_EXCHANGE_CSV_IN_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "common/buf.h"

enum { CSV_IN_MAX_FIELDS = 4096 };

typedef struct CsvIn {
    FILE *f;
    const char *path; /* borrowed */
    Buf text;         /* the record's fields, NUL-terminated */
    size_t at[CSV_IN_MAX_FIELDS];
    size_t n;     /* fields of the record */
    int64_t line; /* where it starts, from 1 */
    int64_t next;
} CsvIn;

/* ERR_NOTFOUND, ERR_IO. */
ErrCode csv_in_open(CsvIn *r, const char *path, Err *err);
/* *ret false at the end.  Empty lines are passed over.  ERR_FORMAT "file:line: ...": a NUL byte, text
 * after a closing quote, an unclosed quote, too many fields, a record of over 16 MiB; ERR_IO,
 * ERR_NOMEM. */
ErrCode csv_in_next(CsvIn *r, bool *ret, Err *err);
const char *csv_in_field(const CsvIn *r, size_t i);
void csv_in_close(CsvIn *r);

#endif

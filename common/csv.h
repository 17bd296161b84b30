/* csv.h -- tables as comma-separated values (RFC 4180), read record by record and written.
 *
 * Fields are separated by commas and may be quoted with ", a doubled "" inside quotes for one; a quoted
 * field may hold commas and line breaks.  Lines end with LF, CR LF or a lone CR, the last one perhaps not
 * at all; a UTF-8 byte-order mark is skipped, and so are empty lines.  Blanks around an unquoted field or
 * around quotes are not part of it.  The text is UTF-8 without NUL.
 *
 * Fields lie in the bytes that were read, so that a table costs no more than these: a file is read
 * through a window that holds its longest record, a text in memory where it is.
 */
#ifndef COMMON_CSV_H
#define COMMON_CSV_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"
#include "common/err.h"

/* Of a file; a text in memory has no bound. */
#define CSV_MAX_RECORD ((size_t)16 << 20)

/* A field's place, from the record's first byte. */
typedef struct CsvField {
    size_t at, n;
    bool has_doubled; /* quotes, which are written twice */
} CsvField;

typedef struct Csv {
    const char *path; /* for messages; borrowed */
    size_t line;      /* where the newest record starts, from 1 */
    size_t n;         /* fields of the newest record */

    /* the reader's own */
    char *bytes;              /* the window */
    size_t start, at, end;    /* in it: the record, what is read next, its end */
    size_t passed, next_line; /* bytes of the file before the window; line of `at` */
    CsvField *field;          /* [room] */
    size_t room;
    bool is_file; /* else the bytes are the caller's */
    int fd;       /* of a file that has more; -1: all is in the window */
    size_t size;  /* of a file's window, less one byte */
    ErrCode rc;   /* of reading on while a record is read, with its message in */
    Err *err;
} Csv;

/* Opens a file.  ERR_NOTFOUND, ERR_IO, ERR_NOMEM; ERR_INVALID for a folder; ERR_FORMAT, with the cure, for
 * an empty file, UTF-16, a compressed or other binary file. */
ErrCode csv_open(Csv *ret, const char *path, Err *err);

/* The same for n bytes in memory, after which one more can be written (as in a Buf); `path` says whose
 * they are.  Fields are made in them, and stay until the caller frees them. */
ErrCode csv_open_bytes(Csv *ret, const char *path, char *bytes, size_t n, Err *err);

/* The next record; *ret false at the end.  The fields of the one before are gone, unless the bytes are
 * the caller's.  ERR_FORMAT "file:line: ...": an unclosed quote, text after a closing quote, a NUL byte,
 * bytes that are no UTF-8, a record of more than CSV_MAX_RECORD; ERR_IO, ERR_NOMEM. */
ErrCode csv_next(Csv *r, bool *ret, Err *err);

/* Field i of the newest record. */
const char *csv_field(const Csv *r, size_t i);

/* The newest record as the header of a table.  ERR_FORMAT: there is none, two columns of one name, fields
 * that are separated by semicolons or tabs; ERR_NOMEM. */
ErrCode csv_check_header(const Csv *r, Err *err);

/* ERR_FORMAT when the newest record has another number of fields than the header. */
ErrCode csv_check_length(const Csv *r, size_t n_columns, Err *err);

/* Closing twice is fine, and so is closing what was not opened and is zeroed. */
void csv_close(Csv *r);

/* Adds one cell, quoted where it must be to be read back as it is. */
void csv_put_cell(Buf *out, const char *text);

/* Adds a line of n cells. */
void csv_put_row(Buf *out, const char *const *cell, size_t n);

#endif

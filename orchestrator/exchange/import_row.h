/* import_row.h -- which field becomes which column, and rows through that. */
#ifndef ORCHESTRATOR_EXCHANGE_IMPORT_ROW_H
#define ORCHESTRATOR_EXCHANGE_IMPORT_ROW_H

#include "common/words.h"
#include "orchestrator/exchange/import.h"
#include "orchestrator/exchange/table_out.h"

enum { IMPORT_MAX_COLUMNS = 128 };

typedef struct ImportColumn {
    char name[WORD_BYTES];
    bool is_number;
    bool is_file;         /* the name of the file, without folder and ending */
    size_t field;         /* of the source; IMPORT_NO_FIELD: constant */
    double factor;        /* of a number */
    const char *constant; /* borrowed from the options */
} ImportColumn;

#define IMPORT_NO_FIELD ((size_t)-1)

typedef struct ImportRows {
    const ImportOptions *o;
    ImportColumn column[IMPORT_MAX_COLUMNS];
    size_t n_columns;
    size_t loss; /* column; IMPORT_MAX_COLUMNS: none */
    const char *name[IMPORT_MAX_COLUMNS];
    TableOut out;
    ImportTotals totals;
} ImportRows;

/* Chooses the columns for a source with these fields and starts the CSV.  Errors as import_table. */
ErrCode import_rows_open(ImportRows *r, const ImportOptions *o, const char *const *field,
                         size_t n_fields, OutFile *out, Err *err);

/* One row; value[i] of field i, NULL: not there.  ERR_FORMAT with the place. */
ErrCode import_rows_add(ImportRows *r, const char *path, int64_t line, const char *const *value,
                        Err *err);

/* "name=field*2.5" taken apart; ERR_USAGE. */
ErrCode import_split(const char *option, const char *text, char name[WORD_BYTES],
                     const char **ret_rest, Err *err);

/* The readers, each for all files. */
ErrCode import_csv(ImportRows *r, const ImportOptions *o, OutFile *out, Err *err);
ErrCode import_jsonl(ImportRows *r, const ImportOptions *o, OutFile *out, Err *err);
ErrCode import_log(ImportRows *r, const ImportOptions *o, OutFile *out, Err *err);

#endif

/* import.h -- other people's runs as a CSV of observations that `slaw fit` takes.
 *
 *   source (CSV, JSON lines, logs by a regular expression) -> fields -> columns -> one CSV
 *
 * Columns, those that the source or the options give, in this order: run, architecture, size, seed,
 * task, step, N, N_total [parameters], D [tokens], C, C_6nd, C_exact, C_paper [FLOP], loss
 * [nats/token], bits_per_byte, train_loss, U, experts, accuracy, error, lr, batch, sigma, then what
 * map, set and keep add under other names.  A field of such a name is taken by itself.  Numbers are
 * read as people write them (10M, 1e-3) and written so that they read back to the same double.
 *
 * Nothing is dropped in silence: rows without a loss, with a loss that is not finite, and (if
 * asked) malformed ones are counted.  Files are read a piece at a time.
 */
#ifndef ORCHESTRATOR_EXCHANGE_IMPORT_H
#define ORCHESTRATOR_EXCHANGE_IMPORT_H

#include <jansson.h>
#include <stdint.h>

#include "orchestrator/exchange/outfile.h"

enum { IMPORT_MAX_OPTIONS = 32 };

typedef enum ImportFormat { IMPORT_CSV, IMPORT_JSONL, IMPORT_LOG } ImportFormat;

typedef struct ImportOptions {
    ImportFormat format;
    const char *const *file;
    size_t n_files;
    const char *pattern;    /* of a log: PCRE2 with named groups, matched once a line */
    const char *const *map; /* "D=step*2048": our name, the source's field, a factor */
    size_t n_map;
    const char *const *set; /* "N=7e9": the same for every row */
    size_t n_set;
    const char *const *keep; /* further fields, under their own names */
    size_t n_keep;
    bool is_per_file; /* the file's name is the run (always, of a log without a run) */
    bool is_lenient;  /* malformed rows are left out and counted */
} ImportOptions;

typedef struct ImportTotals {
    int64_t lines;      /* records or lines read */
    int64_t rows;       /* written */
    int64_t no_match;   /* lines that the pattern does not match */
    int64_t no_loss;    /* rows without one */
    int64_t not_finite; /* rows whose loss is nan or inf */
    int64_t malformed, too_long;
} ImportTotals;

/* Writes the CSV to out; commits nothing.  *ret_columns: a JSON array of the columns' names.
 * ERR_USAGE: an option that is none, a bad pattern (with its offset) or one without named groups;
 * ERR_INVALID: a mapped field that is not there (with the nearest), no loss or other response, no row,
 * no line that matches (with the first one tried), a line that takes too many steps to match;
 * ERR_FORMAT "file:line: ..."; ERR_NOTFOUND, ERR_IO, ERR_NOMEM. */
ErrCode import_table(const ImportOptions *o, OutFile *out, ImportTotals *ret, json_t **ret_columns,
                     Err *err);

/* {"format","files":[{"path","bytes","sha256"}],"pattern","map","set","keep","lines","rows",
 * "left_out":{…},"columns"}: where an import comes from.  ERR_IO, ERR_NOMEM. */
ErrCode import_provenance(const ImportOptions *o, const ImportTotals *totals, json_t *columns,
                          json_t **ret, Err *err);

/* Imports beside a study's own runs: <study>/imports/<name>-<digest12>.csv, and <name>.json that
 * names it, written last: the import is there when the second is.  ERR_CONFLICT when the name is taken and
 * is_replaced is not set; ERR_INVALID for a name that is no file name, or an import without an
 * architecture; others as import_table. */
ErrCode import_to_study(const ImportOptions *o, const char *study_dir, const char *name,
                        bool is_replaced, json_t **ret_manifest, Err *err);

/* Imports to <path> and <path>.json.  As import_table. */
ErrCode import_to_file(const ImportOptions *o, const char *path, json_t **ret_manifest, Err *err);

#endif

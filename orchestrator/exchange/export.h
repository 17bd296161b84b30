/* export.h -- a study's catalog as CSV or JSON lines, one row at a time.
 *
 *   observations  what laws are fitted to: the columns of a study as `slaw fit` sees them
 *                 (analysis/obs/study_frame.h), in the same order, with every digit, and how long
 *                 the run had trained (catalog/train_time.h): seconds, core_seconds
 *   runs, attempts, checkpoints, metrics, evaluations   the tables of those names, each row with its run
 *
 * Behind a table's own columns come those of the matrix's other axes.  All rows are of one moment:
 * they are read in one transaction.  Memory does not grow with the rows, but for the times of
 * observations: some 130 bytes a checkpoint.
 */
#ifndef ORCHESTRATOR_EXCHANGE_EXPORT_H
#define ORCHESTRATOR_EXCHANGE_EXPORT_H

#include <stdint.h>

#include "catalog/catalog.h"
#include "orchestrator/exchange/table_out.h"

typedef enum ExportWhat {
    EXPORT_OBSERVATIONS,
    EXPORT_RUNS,
    EXPORT_ATTEMPTS,
    EXPORT_CHECKPOINTS,
    EXPORT_METRICS,
    EXPORT_EVALUATIONS,
    EXPORT_N_WHATS
} ExportWhat;

/* ERR_USAGE with the names. */
ErrCode export_what_parse(const char *text, ExportWhat *ret, Err *err);

/* Writes to file; commits nothing.  ERR_DB, ERR_NOMEM; ERR_INVALID: more than 32 axes. */
ErrCode export_table(Catalog *c, ExportWhat what, TableOutFormat format, OutFile *file,
                     int64_t *ret_rows, Err *err);

#endif

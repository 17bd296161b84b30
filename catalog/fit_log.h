/* fit_log.h -- reports/fits.jsonl: every fit that the catalog stores, one line each.
 *
 *   {"v":1,"id":3,"created_ms":...,"law":"chinchilla","group":"llama","result":{...},"sum":"..."}
 *
 * `result` is the catalog's text, by json_canonical(); `sum` the XXH3-64 of all bytes of the
 * line before `,"sum"`.  Lines are appended and synced before the rows are committed, so a fit
 * in the catalog is in the file, too.  A line whose commit failed has an id that is given
 * again: of two lines with one id the later counts.
 */
#ifndef CATALOG_FIT_LOG_H
#define CATALOG_FIT_LOG_H

#include <stddef.h>

#include "catalog/fit.h"
#include "common/arena.h"
#include "common/err.h"

#define FIT_LOG_FILE "reports/fits.jsonl" /* in the study's folder */

/* Appends the n fits by one write(2), durably; a torn last line of an earlier try is ended
 * first.  ERR_IO, ERR_NOMEM. */
ErrCode fit_log_append(const char *study_dir, const CatalogFit *fits, size_t n, Err *err);

/* A line that is torn, damaged or of another version: its number from 1 and why. */
typedef void (*FitLogDamage)(void *ctx, size_t line, const char *why);

/* The fits by id, their texts in the arena; none when there is no file.  Damaged lines are
 * reported (damage may be NULL) and skipped.  ERR_IO, ERR_NOMEM. */
ErrCode fit_log_read(const char *study_dir, FitLogDamage damage, void *ctx, Arena *a,
                     CatalogFit **ret, size_t *ret_n, Err *err);

#endif

/* fit_store.h -- fitted laws into the catalog's table `fit` and reports/fits.jsonl. */
#ifndef CLI_FIT_STORE_H
#define CLI_FIT_STORE_H

#include <jansson.h>
#include <stdbool.h>

#include "common/err.h"

/* Adds each element of fits (as in `slaw fit --json`) to the catalog of the study in `dir`,
 * but for those that equal the newest of their law and group.  The catalog has one writer:
 * *ret_stored is false, and nothing is written, while a scheduler is at work or where the
 * catalog cannot be written.  ERR_NOMEM; ERR_DB, ERR_IO when a write fails half-way (none is kept). */
ErrCode fit_store(const char *dir, const json_t *fits, bool *ret_stored, Err *err);

#endif

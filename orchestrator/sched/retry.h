/* retry.h -- failed and diverged runs back to waiting, by a person's wish. */
#ifndef ORCHESTRATOR_SCHED_RETRY_H
#define ORCHESTRATOR_SCHED_RETRY_H

#include <stddef.h>
#include <stdint.h>

#include "catalog/catalog.h"

/* All of them (n_names 0), or the named ones: a name, a folder, or a prefix of the hash.
 * Either all that were named change or none: ERR_NOTFOUND or ERR_INVALID from
 * catalog_run_find(), ERR_CONFLICT for a run that has neither failed nor diverged.  The
 * caller holds the study's lock. */
ErrCode retry_runs(Catalog *c, const char *study_dir, char *const names[], size_t n_names,
                   int64_t *ret_n, Err *err);

#endif

/* run_only.h -- which runs `slaw run --only` means. */
#ifndef CLI_RUN_ONLY_H
#define CLI_RUN_ONLY_H

#include <stdbool.h>

#include "common/err.h"
#include "orchestrator/spec/study.h"

/* `only`: names of runs or fnmatch(3) patterns, with commas.  *ret [n_runs] says of each run whether
 * one matches, for the caller to free; NULL when only is NULL: all are meant.  ERR_USAGE: one
 * matches no run; ERR_NOMEM. */
ErrCode run_only(const Study *study, const char *only, bool **ret, Err *err);

#endif

/* design_args.h -- DESIGN of a command line: N, D and C of every checkpoint of a study file's matrix,
 * whether or not it was run, or the columns N, D [, run, C] of a CSV. */
#ifndef CLI_DESIGN_ARGS_H
#define CLI_DESIGN_ARGS_H

#include "analysis/design/simulated.h"
#include "cli/fit_args.h"
#include "orchestrator/spec/study.h"

/* Opens a study file, a study's folder or a CSV, with the options of s->fit that choose rows.  run keeps
 * where it comes from (of a study: the digest of its file, no rows) and what `ret` borrows.  Errors of
 * study_arg_open(), obs_select() and fit_args_plan(); ERR_USAGE for a column that the matrix does not
 * have. */
ErrCode design_open(const Session *s, const char *path, FitRun *run, Design *ret, Err *err);

/* Is it a study, by its name? */
bool design_is_study(const char *path);

#endif

/* suggest_study.h -- a study file as `slaw suggest` reads it, and as it writes it: with the runs that
 * were suggested beside its own. */
#ifndef CLI_SUGGEST_STUDY_H
#define CLI_SUGGEST_STUDY_H

#include "analysis/design/next_runs.h"
#include "orchestrator/spec/study.h"

/* What the study says of one group; by: the column of the groups.  Names are the study's.  Errors of
 * study_run_config(). */
ErrCode suggest_read_study(const Study *study, const char *dir, const char *by, const char *group,
                           ModelSizes *ret, Err *err);

/* Writes the study with every default filled in, the new sizes, and one entry of matrix.include a
 * run; then reads it back as `slaw check` does and compares N and D of the new cells.  Finished runs
 * keep their identities, so `slaw run` trains the new ones alone.  by: the column of the groups.
 * ERR_INVALID when the file would not be what was promised (an override of the study changes the new
 * cells); ERR_IO, ERR_NOMEM. */
ErrCode suggest_write_study(const Study *study, const char *by, const NextRuns *next,
                            const char *path, Err *err);

#endif

/* suggest_study.h -- suggested runs as a study file: the study they extend, with its cells and theirs. */
#ifndef CLI_SUGGEST_STUDY_H
#define CLI_SUGGEST_STUDY_H

#include "cli/suggest_candidates.h"

/* A chosen run: what it is, and what it was counted as. */
typedef struct ChosenRun {
    const SuggestRun *run;
    double n, d;
    int64_t seed;
} ChosenRun;

/* Writes the study with every default filled in, the new sizes, and one entry of matrix.include a
 * run; then reads it back as `slaw check` does and compares N and D of the new cells.  Finished runs
 * keep their identities, so `slaw run` trains the new ones alone.  by: the column of the groups.
 * ERR_INVALID when the file would not be what was promised (an override of the study changes the new
 * cells); ERR_IO, ERR_NOMEM. */
ErrCode suggest_write_study(const Study *study, const char *by, const ChosenRun *run, size_t n,
                            const char *path, Err *err);

#endif

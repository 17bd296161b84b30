/* design_args.h -- where a study would be measured, whether or not it was run: N, D and C of every
 * checkpoint of a study file's matrix, or the columns N, D [, run] of a CSV. */
#ifndef CLI_DESIGN_ARGS_H
#define CLI_DESIGN_ARGS_H

#include "analysis/obs/obs.h"
#include "cli/command.h"
#include "orchestrator/spec/study.h"

typedef struct DesignArgs {
    const char *dir, *by, *convention;
    OptTexts where, map;
    double skip_fraction;
    bool final_only;
} DesignArgs;

typedef struct DesignGroup {
    const char *name;
    FitData data; /* without losses */
    double flops; /* of all its runs, under the convention */
} DesignGroup;

typedef struct DesignSource {
    Arena arena;
    ObsSource source; /* of a CSV */
    Obs obs;
    bool is_study;
    const char *by; /* the column of the groups; NULL: one group */
    ObsConvention convention;
    DesignGroup *group;
    size_t n_groups;
} DesignSource;

/* Opens a study file, a study's folder or a CSV.  Errors of study_arg_open() and obs_select();
 * ERR_USAGE for a column that the matrix does not have. */
ErrCode design_open(const Session *s, const DesignArgs *a, const char *path, DesignSource *ret,
                    Err *err);
void design_release(DesignSource *d);

/* The groups of an open study in an arena. */
ErrCode design_of_study(const Study *study, const DesignArgs *a, Arena *arena, DesignSource *ret,
                        Err *err);

#endif

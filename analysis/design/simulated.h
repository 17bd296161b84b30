/* simulated.h -- a planned study, simulated group by group from a law that is known: given, or fitted
 * to another source (simulate.h). */
#ifndef ANALYSIS_DESIGN_SIMULATED_H
#define ANALYSIS_DESIGN_SIMULATED_H

#include "analysis/design/simulate.h"
#include "analysis/obs/obs.h"
#include "answer/answer.h"
#include "common/arena.h"

/* Where the runs of one group would be measured. */
typedef struct DesignGroup {
    const char *name;
    FitData data; /* without losses */
    double flops; /* of all its runs, under the convention */
} DesignGroup;

typedef struct Design {
    Arena arena;
    ObsConvention convention;
    DesignGroup *group;
    size_t n_groups;
} Design;

/* The groups of a table with N, D and maybe runs and C; names and data are borrowed from it.  ERR_NOMEM. */
ErrCode design_of_obs(const Obs *obs, Design *ret, Err *err);
void design_release(Design *d);

typedef struct SimulatedOptions {
    SimOptions sim;  /* its noise is not read */
    Truth truth;     /* without `like` */
    const Obs *like; /* the truth is the law fitted to the group of the same name (or to its one
                             group), and the noise that of its residuals; NULL: `truth` */
    double noise, point_noise; /* of the loss, as shares; NaN: that of `like`, else 0.3 and 0.1 % */
    double correlation;
    const char *group; /* only this one; NULL: all */
    bool is_one_set;   /* no study is fitted: for simulated_csv() */
    const char *text;  /* the truth as it was given */
} SimulatedOptions;

typedef struct SimGroup {
    const DesignGroup *design;
    Truth truth;
    SimNoise noise;
    Simulation result;
} SimGroup;

typedef struct Simulated {
    const Design *design; /* borrowed, as are the options */
    const SimulatedOptions *o;
    SimGroup *group;          /* [n] */
    size_t n, n_undetermined; /* groups of which every fit was refused */
} Simulated;

/* ERR_USAGE: no such group; ERR_INVALID: `like` has no group of the name; errors of fit_run(),
 * truth_open() and simulate_run(). */
ErrCode simulated_run(const Design *d, const SimulatedOptions *o, Simulated *ret, Err *err);
void simulated_release(Simulated *s);

/* One simulated data set of all groups, as `slaw fit` reads it: study 0 of the seed.  ERR_NOMEM. */
ErrCode simulated_csv(const Simulated *s, Buf *out, Err *err);

/* What it says; written: the file that holds simulated_csv(), or NULL. */
void simulated_answer(const Simulated *s, const char *written, AnswerNode *top);

#endif

/* wild.h -- replicates that keep the design: every unit's residuals times one random weight.
 *
 *   ln y*_i = ln law_i - w_u e_i  (log residuals)        y*_i = law_i - w_u e_i  (raw)
 *
 * u is the run of observation i, so that its observations keep the error they have in common, or
 * the observation itself where no run has two (Liu 1988; Cameron, Gelbach and Miller 2008).  Nothing
 * is left out, where drawing whole runs loses sizes of a small design in most replicates.
 *
 *   law  of the fit
 *   e    its residuals freed of their leverage, (I - H_uu)^-1 r_u (fit/leverage.h): for a law that is
 *        linear in its parameters the variance over replicates is the jackknife's, sum over u of
 *        (b - b_without_u)^2.  With runs and a robust loss they are those of least squares: a robust
 *        fit goes straight through some of few runs and would leave them none.
 *   w    +-sqrt(1/2), +-1, +-sqrt(3/2), each with probability 1/6 (Webb 2014, "Reworking wild
 *        bootstrap based inference for clustered errors"): mean 0, variance 1, third moment 0, and
 *        6^n outcomes for n units, where signs alone have 2^n.
 */
#ifndef ANALYSIS_FIT_WILD_H
#define ANALYSIS_FIT_WILD_H

#include <stdint.h>

#include "analysis/fit/arrow.h"
#include "common/arena.h"

typedef struct Wild {
    const FitData *const *data; /* [n_groups], borrowed */
    size_t n_groups;
    bool by_run;
    double **law, **error; /* [n_groups][n]; e as above */
    Arena arena;           /* of both */
} Wild;

/* theta [n_groups]: the minimum.  by_run: every group has runs.  ERR_NOMEM. */
ErrCode wild_open(const Arrow *joint, ArrowTheta *theta, const FitData *const *data, bool by_run,
                  Wild *ret, Err *err);
void wild_release(Wild *w);

/* Responses of group g in a replicate, into a problem that holds all its observations in their
 * order.  Unit u has the random number offset + u of (seed, replicate). */
void wild_redraw(const Wild *w, size_t g, uint64_t seed, uint32_t replicate, uint64_t offset,
                 FitProblem *to);

#endif

/* bootstrap.h -- intervals by refitting resampled data.
 *
 * Replicate r of seed s is a pure function of (s, r): the random numbers are counted, not
 * drawn in turn (common/rng.h), so neither threads nor the number of replicates
 * before it can change one.  Every replicate is minimised to its own certified minimum,
 * from the full fit and from its second-best minimum; one that has none is counted
 * as failed and left out.
 */
#ifndef ANALYSIS_FIT_BOOTSTRAP_H
#define ANALYSIS_FIT_BOOTSTRAP_H

#include "analysis/fit/fit.h"
#include "analysis/fit/solve.h"

/* With fewer runs there are no intervals: three runs of three sizes determine A, alpha and E
 * exactly, and no resampling can see how runs differ.  Below BOOTSTRAP_FEW_RUNS there is a warning. */
enum { BOOTSTRAP_MIN_RUNS = 4, BOOTSTRAP_FEW_RUNS = 6 };

/* Which kind of resampling these data allow. */
FitResampling bootstrap_kind(const FitData *data);

/* Fills se, lo, hi of r->param and r->derived, r->resampling, r->replicates and
 * r->replicates_failed.  `best` is the full fit, `second` another minimum or NULL.  ERR_NOMEM. */
ErrCode bootstrap_run(const FitOptions *o, const FitData *data, const FitProblem *p,
                      const Solution *best, const Solution *second, FitResult *r, Err *err);

/* Reported and derived values of theta, in the order of FitResult's param and derived;
 * the envelope may be NULL.  Returns how many. */
size_t bootstrap_values(const FitProblem *p, const double *theta, const Envelope *envelope,
                        double *values);

#endif

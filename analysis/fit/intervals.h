/* intervals.h -- the other ways to an interval, beside the bootstrap's percentiles.
 *
 *   BCa        Efron 1987: percentiles shifted for the bias of the replicates (z0) and the
 *              acceleration of the jackknife
 *   sandwich   White 1980, Huber 1967: V = H^-1 (sum g g') H^-1, g summed by run where runs are the
 *              units, times G/(G-1); values by the delta method, on logs where positive
 *   profile    the values v at which min f subject to value = v stays within f_min +
 *              F_0.95(1, n-p) kappa/2, kappa = (sum psi^2/(n-p)) / (sum psi'/n): for least squares
 *              the exact likelihood-ratio region.  It knows nothing of runs
 *   jackknife  Tukey 1958: leave one observation (or run) out, Student's t
 *
 * All but the profile widen with correlated runs.  None for l1, whose objective has no Hessian.
 */
#ifndef ANALYSIS_FIT_INTERVALS_H
#define ANALYSIS_FIT_INTERVALS_H

#include "analysis/fit/fit.h"
#include "analysis/fit/solve.h"

/* Fills by[] of every value of r.  draws: the bootstrap's, or NULL.  ERR_NOMEM. */
ErrCode intervals_add(const FitOptions *o, const FitData *data, const FitProblem *p,
                      const Solution *best, const double *draws, FitResult *r, Err *err);

#endif

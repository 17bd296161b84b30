/* leverage.h -- residuals freed of the leverage of their unit.
 *
 * A fit pulls itself towards each run: with few runs its residuals are smaller than its errors, and
 * what a run has in common is hidden most.  r_u := (I - H_uu)^(-1/2) r_u undoes that to first
 * order (CR2 of Bell and McCaffrey 2002), H = J (J'J)^-1 J' of the linearised law.  With J'J's own
 * block M = L L' and L' J_u' J_u L = Q diag(l) Q', this is r + K Q diag(((1-l)^(-1/2) - 1)/l) Q' K' r
 * with K = J_u L: no matrix is larger than the parameters.
 */
#ifndef ANALYSIS_FIT_LEVERAGE_H
#define ANALYSIS_FIT_LEVERAGE_H

#include "analysis/fit/arrow.h"
#include "analysis/fit/nested.h"

/* residual [n_groups][n] at theta, changed in place; units are runs or observations.  A law whose
 * linearisation is singular leaves them as they are.  ERR_NOMEM. */
ErrCode leverage_free(const Arrow *joint, ArrowTheta *theta, const NestedGroup *group, bool by_run,
                      double **residual, Err *err);

#endif

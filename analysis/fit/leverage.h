/* leverage.h -- residuals freed of the leverage of their unit.
 *
 * A fit pulls itself towards each run: with few runs its residuals are smaller than its errors, most
 * of all in what a run has in common.  H = J (J'J)^-1 J' of the linearised law says by how much: a unit u
 * with J'J's own block M = L L' and L' J_u' J_u L = Q diag(l) Q' has lost the share l_k of its variance
 * along K q_k/sqrt(l_k), K = J_u L.  Undone for each unit alone, r_u := (I - H_uu)^(-1/2) r_u (CR2, Bell and
 * McCaffrey 2002), single runs of high leverage get errors that are mostly noise, and tests of few runs
 * reject too rarely; so the k-th largest l of all units of a group are averaged first:
 *
 *   r_u := r_u + K Q diag(((1 - mean l_k)^(-1/2) - 1)/l_k) Q' K' r_u
 *
 * which restores the variance of a group's units on the whole.  No matrix is larger than the parameters.
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

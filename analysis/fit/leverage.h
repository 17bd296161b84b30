/* leverage.h -- residuals freed of the leverage of their unit.
 *
 * A fit pulls itself towards each run: with few runs its residuals are smaller than its errors, most
 * of all in what a run has in common.  H = J (J'J)^-1 J' of the linearised law (of least squares,
 * whatever the loss) says by how much: a unit u with J'J's own block M = L L' and L' J_u' J_u L = Q
 * diag(l) Q' has lost the share l_k of its variance along K q_k/sqrt(l_k), K = J_u L.  Undone by
 *
 *   r_u := r_u + K Q diag((f_k - 1)/l_k) Q' K' r_u
 *
 * f_k = 1/(1 - l_k) is (I - H_uu)^-1: what the fit without the unit leaves of it, so that the spread
 * of the units' pulls is the jackknife's (CR3, Bell and McCaffrey 2002; HC3 where units are single
 * observations).  f_k = (1 - l_k)^(-1/2), CR2, restores variances; of single runs of high leverage
 * it makes errors that are mostly noise, and tests of few runs reject too rarely; so there the k-th
 * largest l of all units of a group are averaged first, which restores the variance of a group's
 * units on the whole.  No matrix is larger than the parameters.
 */
#ifndef ANALYSIS_FIT_LEVERAGE_H
#define ANALYSIS_FIT_LEVERAGE_H

#include "analysis/fit/arrow.h"

typedef enum LeverageKind {
    LEVERAGE_POOLED,   /* f_k = (1 - mean l_k)^(-1/2) */
    LEVERAGE_LEFT_OUT, /* f_k = 1/(1 - l_k), at most 100 */
} LeverageKind;

/* residual [n_groups][n] at theta, changed in place; units are runs or observations.  A law whose
 * linearisation is singular leaves them as they are.  ERR_NOMEM. */
ErrCode leverage_free(const Arrow *joint, ArrowTheta *theta, const FitData *const *data,
                      bool by_run, LeverageKind kind, double **residual, Err *err);

#endif

/* nls.h -- gsl_multifit_nlinear on a FitProblem: the globally safe half of a solve.
 *
 * Levenberg-Marquardt with the analytic Jacobian, in centred logs.  Huber and l1 by
 * iteratively reweighted least squares: the weights psi(r)/r are refreshed outside.
 * GSL's own tests are not used: its gradient test |g_i max(x_i, 1)| <= gtol max(f, 1)
 * is absolute for small sums of squares and stops at once on residuals of 1e-3.
 * Residuals are divided by their size at the start, and the iteration ends on its
 * step alone.  newton_minimise() goes on from where it ends.
 */
#ifndef ANALYSIS_FIT_NLS_H
#define ANALYSIS_FIT_NLS_H

#include "analysis/fit/problem.h"

typedef struct Nls Nls;

/* Workspace for problems of n observations and p parameters.  ERR_NOMEM. */
ErrCode nls_new(size_t n, size_t p, Nls **ret, Err *err);
void nls_free(Nls *w);

/* Improves theta; it is unchanged when the iteration leaves the finite numbers. */
void nls_improve(Nls *w, const FitProblem *p, double *theta);

#endif

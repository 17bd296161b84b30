/* scatter.h -- how far one new run lies from the law: what a prediction interval adds to it.
 *
 * The residuals of a fit are smaller than the errors they estimate, since the law has bent towards
 * them.  With J the Jacobian of the residuals, H = J (J'J)^-1 J' and errors e of covariance V the
 * residuals are (I - H) e, so that expected sums of squares follow from V:
 *
 *   independent observations  V = s^2 I:           E sum r^2 = s^2 (n - p)
 *   runs                      V = u^2 ZZ' + w^2 I, Z says which observation is of which run.
 *                             E sum r^2 and E sum_j n_j mean_j(r)^2 are two linear equations for
 *                             u^2 (between runs) and w^2 (within); a u^2 below 0 is put at 0
 *                             (Henderson's method; Searle, Casella, McCulloch 1992, chapter 5).
 *
 * A new run is a run of its own: one observation of it has variance u^2 + w^2.  The shape of the
 * distribution, tails and bias included, is that of the residuals, every run counting once; only
 * its scale is set by the variance.  For huber and l1 H is that of least squares, an approximation.
 */
#ifndef ANALYSIS_USE_SCATTER_H
#define ANALYSIS_USE_SCATTER_H

#include "analysis/fit/result.h"

enum { SCATTER_QUANTILES = 101 };

typedef struct Scatter {
    bool is_by_run;
    double between, within; /* standard deviations u and w; u is 0 without runs */
    double scale;           /* the residuals were stretched by this */
    /* Of measured against predicted, as the fit's residuals are: ln of the ratio, or the difference.
     * Quantiles at (k + 1/2) / SCATTER_QUANTILES, rising. */
    double quantile[SCATTER_QUANTILES];
} Scatter;

/* Of a fit to these very data.  ERR_NUMERIC when no degree of freedom is left; ERR_NOMEM. */
ErrCode scatter_of(const FitResult *fit, const FitData *data, Scatter *ret, Err *err);

/* The loss of a run that the law puts at `loss` and that scatters by e. */
double scatter_apply(FitResidual residual, double loss, double e);

#endif

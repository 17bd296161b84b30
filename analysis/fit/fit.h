/* fit.h -- a law fitted to observations: FitOptions -> FitResult.
 *
 *   starts (variable-projection grid, then Sobol)         fit/starts.h
 *     -> damped Newton on the exact Hessian               fit/newton.h  (l1: fit/l1.h)
 *        the best starts by gsl_multifit_nlinear first    fit/nls.h
 *   best of all ends -> certificate -> GSL as referee -> intervals -> FitResult
 *                                                         fit/result.h
 *
 * A fit that should not be printed is not: ERR_NUMERIC with the reason.
 */
#ifndef ANALYSIS_FIT_FIT_H
#define ANALYSIS_FIT_FIT_H

#include "analysis/fit/options.h"
#include "analysis/fit/result.h"

/* Fits.  ERR_NUMERIC with a sentence when the data cannot determine the law (too few
 * points or distinct sizes, a term that vanishes, no minimum found); ERR_INVALID for data that
 * are not positive numbers where they must be; ERR_NOMEM.  *ret is written on success only and owns
 * nothing. */
ErrCode fit_run(const FitOptions *o, const FitData *data, FitResult *ret, Err *err);

/* The same for a family (form->richer): the member of least BIC, its rivals beside it. */
ErrCode fit_family(const FitOptions *o, const FitData *data, FitResult *ret, Err *err);

/* What the bootstrap's replicates gave, for intervals of whatever is computed from the parameters. */
typedef struct FitDraws {
    size_t n;      /* replicates; 0: no intervals, for the reason that the fit's warnings give */
    size_t width;  /* fit_slots(): the parameters come first */
    double tail;   /* share of replicates beyond each end of a 95 % interval (bootstrap.h) */
    double *value; /* [n, width], owned; NaN throughout a replicate without a minimum */
} FitDraws;

/* fit_family() that also gives the replicates.  Groups that are to be compared must be given
 * different seeds: replicate r of a seed draws the same places of every data set. */
ErrCode fit_draws(const FitOptions *o, const FitData *data, FitResult *ret, FitDraws *ret_draws,
                  Err *err);
void fit_draws_release(FitDraws *d);
/* The values of one replicate, its reported parameters first [width]. */
const double *fit_draw(const FitDraws *d, size_t replicate);

/* se and 95 % interval of the finite ones of x [n]; all NaN from fewer than 20 or when all are
 * equal.  ERR_NOMEM. */
ErrCode fit_draws_interval(const double *x, size_t n, double tail, FitInterval *ret, Err *err);

/* Root mean squares, R2 of the raw responses, and Gaussian AIC and BIC of the residuals fitted. */
void fit_measure(const FitProblem *p, const double *theta, FitResult *r);

#endif

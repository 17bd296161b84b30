/* share_intervals.h -- the other ways to an interval, for groups that share parameters.
 *
 * As fit/intervals.h, with the arrow's H.  The jackknife is that of several samples: units are left
 * out of one group at a time, var = sum_g (n_g - 1)/n_g sum_i (x_gi - mean_g)^2, and BCa's
 * acceleration is (1/6) sum_g sum_i U^3/n_g^3 / (sum_g sum_i U^2/n_g^2)^(3/2) with U = (n_g - 1)(mean_g - x_gi)
 * (Efron and Tibshirani 1993, section 14.7).  None of the sandwich and the profile for l1.
 */
#ifndef ANALYSIS_FIT_SHARE_INTERVALS_H
#define ANALYSIS_FIT_SHARE_INTERVALS_H

#include "analysis/fit/arrow.h"
#include "analysis/fit/fit.h"

typedef struct ShareUnits {
    bool by_run;
    size_t total, n_values; /* units, and values of all groups */
    const size_t *n;        /* [n_groups] */
    const double *left_out; /* [total, n_values]: units of the first group first */
    const double *draws;    /* [replicates, n_values], or NULL */
    size_t replicates;
    double tail;
    size_t n_params; /* free ones of the whole */
} ShareUnits;

/* Fills by[] of every value of result [n_groups].  `best` is the minimum.  ERR_NOMEM. */
ErrCode share_intervals_add(const FitOptions *o, const FitData *const *data, const Arrow *joint,
                            ArrowTheta *best, const ShareUnits *units, FitResult *result, Err *err);

#endif

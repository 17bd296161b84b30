/* share.h -- one law fitted to several groups at once, some parameters common to all of them.
 *
 * The objective is the sum of the groups'.  With shared parameters s and each group's own l_g its
 * Hessian is a block arrow: Newton eliminates the l_g (a p x p Cholesky a group) and solves the
 * Schur complement for s, so that the work grows with the number of groups and no matrix does.  All
 * groups are centred alike, so that a shared coefficient is one number.
 */
#ifndef ANALYSIS_FIT_SHARE_H
#define ANALYSIS_FIT_SHARE_H

#include "analysis/fit/fit.h"

typedef struct ShareFit {
    size_t n, n_groups, n_params; /* free parameters, a shared one counted once */
    double objective, aic, bic;
    size_t starts, at_minimum;
    double decrement; /* decrease that Newton still promises / objective */
    FitResampling resampling;
    size_t replicates, replicates_failed;
} ShareFit;

/* Fits.  is_shared [n_params].  ret [n_groups] gets each group's values with intervals (all groups
 * resampled together; with has_all_intervals those of fit/share_intervals.h beside them) and its own
 * share of the objective.  l1 ends at an exact vertex (fit/arrow_l1.h).  ERR_NUMERIC with the reason when
 * the data do not determine the law, ERR_NOMEM. */
ErrCode share_run(const FitOptions *o, const bool *is_shared, const FitData *const *data,
                  size_t n_groups, FitResult *ret, ShareFit *ret_whole, Err *err);

#endif

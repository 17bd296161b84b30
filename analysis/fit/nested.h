/* nested.h -- do groups share parameters?  A law fitted to each group beside one with some in common.
 *
 *   F = ((S_r - S_f) / df1) / (S_f / df2)     S_f sum of the separate objectives, S_r with sharing
 *   df1 = parameters saved by sharing         df2 = n - parameters of the separate fits
 *
 * Independent observations and least squares: p = P(F(df1, df2) >= F) (e.g. Seber and Wild 1989,
 * Nonlinear Regression, section 5.3; exact for linear models with normal errors).
 *
 * Else a wild cluster bootstrap with the null imposed (Liu 1988; Cameron, Gelbach and Miller 2008): the
 * shared fit's values with every unit's residuals times a random sign, both models fitted anew, p =
 * (1 + #{F* >= F}) / (1 + replicates).  A unit is a run where runs are known, so its observations keep
 * the error they have in common, else an observation.  Residuals are first freed of the leverage of
 * their unit (fit/leverage.h), without which few runs reject too often; with runs and a robust loss
 * they are those of least squares.
 */
#ifndef ANALYSIS_FIT_NESTED_H
#define ANALYSIS_FIT_NESTED_H

#include "analysis/fit/share.h"

typedef enum NestedMethod { NESTED_AUTO, NESTED_F, NESTED_BOOTSTRAP } NestedMethod;

typedef struct NestedGroup {
    const FitData *data;
    const FitResult *full; /* its own fit by the same options */
    uint64_t seed;         /* of its random signs */
} NestedGroup;

typedef struct NestedTest {
    NestedMethod method; /* never NESTED_AUTO */
    FitResampling unit;  /* whose signs were drawn: FIT_CLUSTERS or FIT_CASES */
    double statistic, p; /* p NaN: no test is possible, for the reason in `why` */
    size_t df1, df2, n;
    double full, restricted; /* objectives: S_f, S_r */
    size_t full_params, restricted_params;
    size_t replicates, failed;
    char why[160];
} NestedTest;

/* is_shared [n_params]: what the null has in common.  NESTED_AUTO is F for least squares where no
 * run has two observations.  o->bootstrap is the number of replicates.  ret_shared [n_groups]
 * gets the fits under the null, ret_whole their sum.  ERR_USAGE when nothing free is shared;
 * ERR_NUMERIC when the shared fit is refused, ERR_NOMEM. */
ErrCode nested_test(const FitOptions *o, const bool *is_shared, NestedMethod method,
                    const NestedGroup *group, size_t n_groups, FitResult *ret_shared,
                    ShareFit *ret_whole, NestedTest *ret, Err *err);

#endif

/* check.h -- may these observations be fitted, and may this end be printed? */
#ifndef ANALYSIS_FIT_CHECK_H
#define ANALYSIS_FIT_CHECK_H

#include "analysis/fit/result.h"
#include "analysis/fit/solve.h"

/* Before: ERR_NUMERIC when there are too few points or distinct inputs, the response never
 * changes, inputs rise together, or no tokens are repeated where the law needs it. */
ErrCode check_observations(const FitProblem *p, FitResult *r, Err *err);

/* After: ERR_NUMERIC when a term vanishes, a shape has the wrong sign, a free level runs away,
 * or the end is no minimum.  Adds boundary and flat warnings. */
ErrCode check_end(const FitProblem *p, const Solution *best, FitResult *r, Err *err);

/* Does every input take enough values among the observations of p?  (Bootstrap replicates.) */
bool check_has_spread(const FitProblem *p);

size_t check_free(const FitProblem *p);

#endif

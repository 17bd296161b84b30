/* solve.h -- one start to one local minimum, and the limits of a law. */
#ifndef ANALYSIS_FIT_SOLVE_H
#define ANALYSIS_FIT_SOLVE_H

#include "analysis/fit/newton.h"
#include "analysis/fit/nls.h"
#include "analysis/fit/problem.h"

typedef struct Solution {
    double theta[FORM_MAX_PARAMS];
    double objective;
    Certificate certificate;
    bool is_zero[FORM_MAX_TERMS]; /* coefficients at their limit 0 */
} Solution;

/* From s->theta to a local minimum.  nls may be NULL for a start that is close (a
 * bootstrap replicate).  A coefficient that may vanish and runs to 0 is put there, the
 * others are fitted anew, and the result is kept if it is at least as good. */
void solve_from(const FitProblem *p, Nls *nls, Solution *s);

/* ln of the value a coefficient at its limit 0 has in theta: exp() of it is 0. */
#define SOLVE_LN_ZERO (-1000.0)

/* Coefficient below this share of the least loss: the term has vanished. */
#define SOLVE_VANISHED 1e-6

double solve_least_loss(const FitProblem *p);

#endif

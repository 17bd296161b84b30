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
    bool is_zero[FORM_MAX_PARAMS]; /* coefficients at their limit 0 */
} Solution;

/* From afar Newton begins with the IRLS curvature, which is safe everywhere. */
typedef enum SolveWay { SOLVE_COLD, SOLVE_WARM } SolveWay;

/* From s->theta to a local minimum.  GSL goes first unless nls is NULL.  A coefficient that may vanish and runs to 0 is put there, the
 * others are fitted anew, and the result is kept if it is at least as good.  Fixed parameters are
 * put at their values first. */
void solve_from(const FitProblem *p, Nls *nls, SolveWay way, Solution *s);

/* Coefficient below this share of the least response: the term has vanished. */
#define SOLVE_VANISHED 1e-6

#endif

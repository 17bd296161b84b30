/* arrow.h -- minimising a sum of problems that share parameters: Newton on a block arrow.
 *
 * Of each group the own parameters are eliminated (a Cholesky of its own block), the shared ones
 * solved from the Schur complement.  Otherwise as fit/newton.h: Levenberg shift, IRLS first, steps
 * accepted only when the sum falls, and the decrease still promised as the certificate.
 */
#ifndef ANALYSIS_FIT_ARROW_H
#define ANALYSIS_FIT_ARROW_H

#include "analysis/fit/problem.h"

typedef double ArrowTheta[FORM_MAX_PARAMS];

typedef struct ArrowBlock ArrowBlock;

typedef struct Arrow {
    size_t n_groups, p;
    FitProblem *problem; /* [n_groups] */
    bool is_shared[FORM_MAX_PARAMS];
    size_t n_shared, shared[FORM_MAX_PARAMS]; /* free ones */
    ArrowBlock *block;                        /* [n_groups] */
    ArrowTheta *step, *trial;                 /* [n_groups] */
} Arrow;

typedef struct ArrowEnd {
    double objective, promised; /* the decrease that Newton still promises */
    bool is_minimum;
} ArrowEnd;

/* Room for n_groups problems of p parameters; the problems are the caller's to open.  ERR_NOMEM. */
ErrCode arrow_open(size_t n_groups, size_t p, Arrow *ret, Err *err);
/* Over the same observations. */
ErrCode arrow_copy(const Arrow *from, Arrow *ret, Err *err);
/* owns_data: the problems are released too. */
void arrow_release(Arrow *j, bool owns_data);

enum { ARROW_COLD = 8, ARROW_WARM = 3 };

/* From theta [n_groups] to a minimum.  What origin fixes is held; coefficients that may vanish and do
 * are put at 0. */
ArrowEnd arrow_solve(Arrow *j, const Arrow *origin, size_t irls_steps, ArrowTheta *theta);

double arrow_noise(const Arrow *j);

#endif

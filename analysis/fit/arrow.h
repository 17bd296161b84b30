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
    size_t n_shared, shared[FORM_MAX_PARAMS];        /* free ones */
    ArrowBlock *block;                               /* [n_groups] */
    ArrowTheta *step, *trial;                        /* [n_groups] */
    double schur[FORM_MAX_PARAMS * FORM_MAX_PARAMS]; /* Cholesky, of the last factorisation */
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

/* Curvature of the sum at theta, factored; false unless positive definite. */
bool arrow_factor(Arrow *j, ArrowTheta *theta, ProblemCurvature kind);
/* After arrow_factor: one group's own gradient [p]. */
void arrow_gradient(const Arrow *j, size_t g, double *grad);
/* After arrow_factor: x [n_groups] := H^-1 x.  Entries of a shared parameter are summed over the
 * groups first, and every group gets the same one; those of held parameters become 0. */
void arrow_apply(const Arrow *j, ArrowTheta *x);
/* After arrow_factor: the block of H^-1 of one group's parameters [p, p]; 0 for held ones. */
void arrow_inverse(const Arrow *j, size_t g, double *ret);

double arrow_noise(const Arrow *j);

#endif

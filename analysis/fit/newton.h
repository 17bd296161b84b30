/* newton.h -- damped Newton on the exact Hessian, and the certificate of a minimum.
 *
 * Levenberg shift on the diagonal, Cholesky of p x p, steps clipped to 2 in every
 * theta, accepted only when the objective falls.  It stops when the decrease that
 * the local quadratic still promises is below rounding -- never on a gradient norm,
 * whose size depends on the scale of the data and on how flat the minimum is.
 */
#ifndef ANALYSIS_FIT_NEWTON_H
#define ANALYSIS_FIT_NEWTON_H

#include "analysis/fit/problem.h"

/* Evidence that a point is a minimum, all without units. */
typedef struct Certificate {
    double decrement;   /* decrease still promised by the quadratic model / objective */
    double gradient;    /* max |d objective / d theta_i| / objective */
    double step;        /* max |last Newton step| in theta, not taken */
    double eigen_ratio; /* smallest / largest eigenvalue of the Hessian scaled to unit diagonal */
    double eigenvalue[FORM_MAX_PARAMS]; /* of it, rising */
    size_t n_eigenvalues;
    bool is_minimum; /* positive definite Hessian; decrement <= 1e-10 or below rounding error */
} Certificate;

/* Moves theta to a local minimum; returns its objective.  The first irls_steps use the
 * IRLS curvature (safe far away).  For l1 the objective is a Huber one (fit/l1.h). */
double newton_minimise(const FitProblem *p, size_t irls_steps, double *theta);

/* Judges theta.  Fixed parameters are left out. */
Certificate newton_certify(const FitProblem *p, const double *theta);

/* Cholesky of the leading n x n of a symmetric matrix (row length n), in place into the
 * lower triangle; false unless positive definite. */
bool dense_cholesky(size_t n, double *a);
/* Solves L L' x = b in place, with dense_cholesky's result. */
void dense_solve(size_t n, const double *l, double *b);

#endif

/* kernel.h -- objective, gradient and Hessian of a sum of powers, four observations at a time.
 *
 * This is where a fit spends its time.  exp and ln are polynomials in vectors of four (error
 * below 2 units in the last place); every operation is IEEE and nothing is contracted, so
 * the SSE2 and AVX2 builds give the same bits.
 */
#ifndef ANALYSIS_FIT_KERNEL_H
#define ANALYSIS_FIT_KERNEL_H

#include "analysis/fit/problem.h"

typedef enum KernelWork { KERNEL_VALUE, KERNEL_IRLS, KERNEL_EXACT } KernelWork;

/* Objective of a problem whose form is a sum of powers.  grad [p] and hess [p, p] (lower triangle)
 * are written unless work is KERNEL_VALUE.  Not finite where the law overflows. */
double kernel_sum(const FitProblem *p, const double *theta, KernelWork work, double *grad,
                  double *hess);

#endif

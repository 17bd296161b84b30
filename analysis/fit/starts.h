/* starts.h -- where a fit begins: many places, so that the best end can be believed.
 *
 * (1) Variable projection.  At given exponents q a law is linear in its coefficients,
 *     L = sum_k c_k phi_k(x; q), c_k >= 0: a tiny least-squares problem, solved exactly
 *     by trying every set of positive coefficients.  The cost over a grid of exponents is
 *     a landscape of one or two dimensions; its local minima are the first starts.
 *     (Golub and Pereyra 1973; non-negative as Lawson and Hanson 1974, by enumeration.)
 *     Laws of more than two shapes: the best of 2,048 Sobol points, the coefficients projected.
 * (2) Sobol points over the exponents' range, the coefficients projected; over the coefficients' shares of
 *     the loss too for laws without linear ones.
 */
#ifndef ANALYSIS_FIT_STARTS_H
#define ANALYSIS_FIT_STARTS_H

#include <stdint.h>

#include "analysis/fit/problem.h"

enum { STARTS_GRID = 32, STARTS_MAX_LOCAL = 8 };

/* Fills theta [n, p] with n starting points, the best of the grid first; *ret_best is how many
 * those are.  The seed shifts the Sobol points (modulo 1).  ERR_NOMEM. */
ErrCode starts_fill(const FitProblem *p, uint64_t seed, size_t n, double *theta, size_t *ret_best,
                    Err *err);

#endif

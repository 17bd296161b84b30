/* l1.h -- least absolute residuals, to the exact vertex.
 *
 * At a minimum of sum |r_i| as many residuals are zero as there are free parameters;
 * reweighting creeps towards such a vertex and never arrives.  Here: Huber minima with
 * delta from 1e-3 down to 1e-8, then a descent over vertices of the linearised problem
 * (the exchange of Barrodale and Roberts 1973), linearised anew until nothing moves.
 */
#ifndef ANALYSIS_FIT_L1_H
#define ANALYSIS_FIT_L1_H

#include "analysis/fit/problem.h"

/* Moves theta to a local minimum of an l1 problem and returns the objective.
 * *ret_is_vertex: the dual certificate holds (all multipliers within [-1, 1], 1e-9). */
double l1_minimise(const FitProblem *p, double *theta, bool *ret_is_vertex);

#endif

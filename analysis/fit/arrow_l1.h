/* arrow_l1.h -- least absolute residuals of groups that share parameters, to the exact vertex.
 *
 * As fit/l1.h, an exchange over vertices of the linearised problem, but of all groups at once.  A vertex
 * holds as many residuals at zero as there are parameters: in each group at least as many as it has
 * own ones.  Those eliminate the own parameters; what is left of the other rows is a square system
 * in the shared ones.  So no matrix grows with the number of groups, and a step is linear in it.
 */
#ifndef ANALYSIS_FIT_ARROW_L1_H
#define ANALYSIS_FIT_ARROW_L1_H

#include "analysis/fit/arrow.h"

/* Moves theta [n_groups] from near a minimum to a vertex; what is fixed stays.  True when the dual
 * certificate holds there: every multiplier within its weight (1e-9), nothing left to move. */
bool arrow_l1_polish(const Arrow *j, ArrowTheta *theta);

#endif

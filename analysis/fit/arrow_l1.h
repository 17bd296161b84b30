/* arrow_l1.h -- least absolute residuals of groups that share parameters, to the exact vertex.
 *
 * As fit/l1.h, an exchange over vertices of the linearised problem (Barrodale and Roberts 1973), but of
 * all groups at once: a step is linear in their number (fit/vertex.h).
 */
#ifndef ANALYSIS_FIT_ARROW_L1_H
#define ANALYSIS_FIT_ARROW_L1_H

#include "analysis/fit/arrow.h"

/* Moves theta [n_groups] from near a minimum to a vertex; what is fixed stays.  True when the dual
 * certificate holds there: every multiplier within its weight (1e-9), nothing left to move. */
bool arrow_l1_polish(const Arrow *j, ArrowTheta *theta);

#endif

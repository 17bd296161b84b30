/* verdict.h -- what may be said of two groups.
 *
 *   differ     the null of the pair is rejected: p (Holm over the pairs) < 0.05
 *   alike      it is not, and every parameter that the null shares has its 90 % interval of the
 *              difference within +-margin of the groups' mean: two one-sided tests at 5 %
 *              (Schuirmann 1987).  Where the null is one law for all, the intervals of the
 *              multipliers within 1/(1+margin) .. 1+margin instead
 *   undecided  neither: the data cannot tell, and the sentence says what they could have seen
 */
#ifndef ANALYSIS_COMPARE_VERDICT_H
#define ANALYSIS_COMPARE_VERDICT_H

#include "analysis/compare/compare.h"

#define VERDICT_LEVEL 0.05

enum { VERDICT_P_BYTES = NUMBER_TEXT_BYTES + 8 };

/* Fills verdict and sentence of every pair, then of the whole. */
void verdict_fill(Compare *c);

/* "differ", "alike", "undecided" */
const char *verdict_name(CompareVerdict v);

/* "p = 0.012", "p < 0.001" */
const char *verdict_p_text(double p, char out[VERDICT_P_BYTES]);

#endif

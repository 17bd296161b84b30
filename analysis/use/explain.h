/* explain.h -- which approaches disagree with the law, and the likely reason, in sentences. */
#ifndef ANALYSIS_USE_EXPLAIN_H
#define ANALYSIS_USE_EXPLAIN_H

#include "analysis/use/approaches.h"
#include "answer/answer.h"

/* Is the bias of this part a ratio (N_opt, D_opt, k) or a difference (a, b)? */
bool explain_is_ratio(size_t part);

/* Says in a list why an approach's interval of a (else of N_opt at the last C) lies apart from the
 * law's, before or after its bias is taken off. */
void explain_approaches(const Approaches *all, AnswerNode *list);

#endif

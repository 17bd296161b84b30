/* targets_answer.h -- what an observational analysis says of the metrics that it predicts. */
#ifndef ANALYSIS_OBSERVE_TARGETS_ANSWER_H
#define ANALYSIS_OBSERVE_TARGETS_ANSWER_H

#include "analysis/observe/observe.h"
#include "answer/answer.h"

/* JSON only: a bootstrap interval that there is, a list of numbers. */
void observe_set_interval(AnswerNode *in, const char *key, const FitInterval *i);
void observe_set_reals(AnswerNode *in, const char *key, const double *x, size_t n);

/* Returns how many were refused, as observe_holdout_answer() does. */
size_t observe_targets_answer(const Observe *r, AnswerNode *top);

/* Target k held out: the next member of a list with its table of errors; the sentence of it. */
size_t observe_holdout_answer(const Observe *r, size_t k, AnswerNode *list);
void observe_say_holdout(const Observe *r, size_t k, AnswerNode *top);

#endif

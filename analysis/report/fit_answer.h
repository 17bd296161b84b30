/* fit_answer.h -- one fit, and one refusal, as every verb of the analysis says them. */
#ifndef ANALYSIS_REPORT_FIT_ANSWER_H
#define ANALYSIS_REPORT_FIT_ANSWER_H

#include "analysis/fit/fit.h"
#include "answer/answer.h"

/* The interval of the bootstrap; all NaN where there is none. */
Interval fit_value_interval(const FitValue *v);
/* The same of anything that has one. */
Interval fit_interval(const FitInterval *i, const char *method);

/* Parameters, then derived values; NULL: there are no more. */
const FitValue *fit_value_at(const FitResult *f, size_t i);

/* JSON: the interval at `key`, unless nothing of it is known. */
void interval_answer(AnswerNode *in, const char *key, const Interval *i);

/* JSON: what a fit is, into an object: group, law, equation, loss, delta (over), residual, n, runs,
 * objective, params, warnings. */
void fit_head_answer(AnswerNode *in, const char *group, const FitResult *f);
/* JSON: all of a fit into an object: the head and derived, intervals, interval_methods, fixed, rivals,
 * at, covariance, formula, worked, bootstrap, starts, certificate, conditioning, rmse, rmse_log, r2,
 * aic, bic and envelope (docs/json.md).  `data`: the observations that it was fitted to; `draws`: its
 * replicates. */
void fit_answer(AnswerNode *in, const char *group, const FitResult *f, const FitData *data,
                const FitDraws *draws);

/* Something that was asked for and is not given: in JSON {"group","law","reason","hint"} as the next
 * member of a list, for people a sentence and its hint.  `what` stands in place of the law's name
 * under the key `key` ("law", "part"); without a hint that key is left out.  Returns the object. */
AnswerNode *refusal_answer(AnswerNode *list, const char *group, const char *key, const char *what,
                           const Err *why);

#endif

/* covariance_answer.h -- the joint covariance of a fit's parameters in an answer. */
#ifndef ANALYSIS_REPORT_COVARIANCE_ANSWER_H
#define ANALYSIS_REPORT_COVARIANCE_ANSWER_H

#include "analysis/fit/covariance.h"
#include "answer/answer.h"

/* JSON, at "covariance": {"names":[…],"matrix":[[…]],"correlation":[[…]],"method":"bootstrap",
 *  "log":{"names":["ln E",…],"matrix":…,"correlation":…},"sandwich":{the same without method}};
 * the sandwich alone when there are no replicates; null when there is neither. */
void covariance_answer(AnswerNode *in, const FitResult *f, const FitDraws *d);

#endif

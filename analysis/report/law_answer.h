/* law_answer.h -- what people see of fits: their laws, and what is said of one of them. */
#ifndef ANALYSIS_REPORT_LAW_ANSWER_H
#define ANALYSIS_REPORT_LAW_ANSWER_H

#include "analysis/report/fit_answer.h"
#include "analysis/report/report.h"

/* "exponent of size", "... [nats/token]", cut to fit. */
void fit_value_help(const FitValue *v, char *out, size_t bytes);
/* "huber:0.001 over log residuals" */
void fit_loss_text(const FitResult *f, Buf *out);
/* "Intervals of 95 % are from 200 bootstrap samples of whole runs." */
void fit_interval_text(const FitResult *f, Buf *out);

/* The equation, and for laws in C its convention. */
void law_equation_say(const Report *r, const Form *form, AnswerNode *in);
/* The law with its numbers, after the group's name unless that is NULL, unless its equation has more than numbers
 * (formula.h). */
void fit_formula_say(const ReportFit *f, const char *group, int digits, AnswerNode *in);
/* "llama at N = 2e+08, D = 1.1e+09: L = ... = 4.05" */
void fit_worked_say(const ReportFit *f, int digits, AnswerNode *in);

#endif

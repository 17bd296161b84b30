/* report_answer.h -- a report as an answer (docs/json.md). */
#ifndef ANALYSIS_REPORT_REPORT_ANSWER_H
#define ANALYSIS_REPORT_REPORT_ANSWER_H

#include "analysis/report/fit_answer.h"
#include "analysis/report/report.h"

/* JSON: convention and fits; in JSON and for people: refused. */
void report_fits_answer(const Report *r, AnswerNode *top);
/* The same with joint and isoflop: what `slaw fit` says. */
void report_answer(const Report *r, AnswerNode *top);

#endif

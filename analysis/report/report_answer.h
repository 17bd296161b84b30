/* report_answer.h -- a report as an answer (docs/json.md). */
#ifndef ANALYSIS_REPORT_REPORT_ANSWER_H
#define ANALYSIS_REPORT_REPORT_ANSWER_H

#include "analysis/report/fit_answer.h"
#include "analysis/report/report.h"

/* "points.csv: 96 of 144 rows used; left out: 48 by --where." */
void report_rows_say(const Report *r, AnswerNode *top);

/* For people: a section a law, one table with a row a group, what its columns mean, the formulas with
 * their numbers, and every warning once. */
void report_laws_answer(const Report *r, AnswerNode *top);
/* For people: every fit by itself with all its values and the evidence that it is the minimum. */
void report_details_answer(const Report *r, AnswerNode *top);
/* For CSV: a row a value of every fit. */
void report_values_answer(const Report *r, AnswerNode *top);

/* In JSON and for people: refused. */
void report_refused_answer(const Report *r, AnswerNode *top);
/* JSON: convention and fits.  In JSON and for people: refused. */
void report_fits_answer(const Report *r, AnswerNode *top);
/* The same, and the groups fitted together, approach 2, the best N and D of the budgets asked for, and
 * other kinds of interval: what `slaw fit` says beside its laws. */
void report_answer(const Report *r, AnswerNode *top);

/* "runs": a row a run: N, D, C, the last loss.  Sources without runs: a row an N.  ERR_NOMEM. */
ErrCode report_runs_answer(const Obs *obs, AnswerNode *top, Err *err);

#endif

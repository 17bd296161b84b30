/* plan_text.h -- a plan as `slaw plan` answers it. */
#ifndef CLI_PLAN_TEXT_H
#define CLI_PLAN_TEXT_H

#include "cli/plan_arg.h"

/* More runs than this are summed up, unless somebody wants all. */
enum { PLAN_TEXT_MAX_ROWS = 200 };

typedef struct PlanText {
    const PlanArg *how;
    bool is_all; /* a line for every run, however many */
    bool is_why; /* what would happen to each and why, in place of what it costs */
} PlanText;

/* Tables, totals and warnings.  *rows: as plan_answer().  ERR_NOMEM. */
ErrCode plan_text(const Plan *p, const Study *study, const PlanText *t, AnswerNode *top,
                  PlanRows *rows, Err *err);

#endif

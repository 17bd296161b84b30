/* use_answer.h -- predictions, allocations and approaches as answers (docs/json.md). */
#ifndef ANALYSIS_USE_USE_ANSWER_H
#define ANALYSIS_USE_USE_ANSWER_H

#include "analysis/obs/obs.h"
#include "analysis/use/allocate.h"
#include "analysis/use/approaches.h"
#include "analysis/use/predict.h"
#include "answer/answer.h"

/* One law of one group. */
typedef struct UseFit {
    const ObsGroup *group; /* borrowed */
    const Form *form;
    bool is_refused;
    Err refusal;
    Law law;      /* when not refused */
    LawRest rest; /* a run was left out: the observations of the others */
} UseFit;

/* The next member of "fits"; for people its warnings. */
void use_fit_answer(AnswerNode *fits, const UseFit *f);
/* For people: what a training token costs by the source's C; is_only: there is no other group. */
void use_cost_answer(AnswerNode *in, const UseFit *f, bool is_only, const char *convention);

/* The table "predictions" of laws with this response; has_run: of a run that was left out. */
AnswerNode *use_predictions(AnswerNode *top, const char *response, bool has_laws, bool has_run);
/* A row; run and r: of the run left out, else NULL. */
void use_prediction(AnswerNode *table, const UseFit *f, const Prediction *v, const char *run,
                    const PredictedRun *r);
/* The same in a sentence. */
void use_prediction_sentence(AnswerNode *in, const UseFit *f, const Prediction *v, const char *run,
                             const PredictedRun *r);

/* The table "allocations"; has_costs: of other choices than the best, too; is_mixed: of several kinds
 * of question. */
AnswerNode *use_allocations(AnswerNode *top, bool has_laws, bool has_costs, bool is_mixed);
void use_allocation(AnswerNode *table, const UseFit *f, const Budget *b, const Allocation *a,
                    bool has_costs);
void use_allocation_sentence(AnswerNode *in, const UseFit *f, const Allocation *a);

/* What use_approaches() begins: the list "approaches", and the long table of CSV. */
typedef struct UseApproaches {
    AnswerNode *list, *lines;
} UseApproaches;

UseApproaches use_approaches(AnswerNode *top);
/* The approaches of a group, and where they disagree. */
void use_approach(const UseApproaches *to, const UseFit *f, const Approaches *all);

#endif

/* validate.h -- whether a fitted law can be believed: one group of a source, every question.
 *
 *   hold-out      fit the small, predict the large                          holdout.h
 *   laws          BIC beside held-out error: which law predicts best
 *   influence     which run the answer hangs on                             influence.h
 *   sensitivity   which choice it hangs on                                  sensitivity.h
 *   residuals     whether what is left is noise                             residuals.h
 *
 * The first law of the plan is the one that is validated; the others, and baselines (the first law with
 * E = 0, kaplan, a power law in C, the nearest observation of the last level, a line through the last
 * two), are held out on the same splits.  All laws are fitted with the first one's loss and residual,
 * so that their BIC compare.
 */
#ifndef ANALYSIS_VALIDATE_VALIDATE_H
#define ANALYSIS_VALIDATE_VALIDATE_H

#include "analysis/report/report.h"
#include "analysis/validate/holdout.h"
#include "analysis/validate/influence.h"
#include "analysis/validate/residuals.h"
#include "analysis/validate/sensitivity.h"
#include "answer/answer.h"

typedef enum ValidatePart {
    VALIDATE_HOLDOUT = 1,
    VALIDATE_LAWS = 2,
    VALIDATE_INFLUENCE = 4,
    VALIDATE_SENSITIVITY = 8,
    VALIDATE_RESIDUALS = 16,
    VALIDATE_ALL = 31,
} ValidatePart;

/* "hold-out,residuals"; ERR_USAGE for another word. */
ErrCode validate_parts_parse(const char *text, unsigned *ret, Err *err);

enum { VALIDATE_MAX_CONDITIONS = 32 };

typedef struct ValidateOptions {
    unsigned parts;
    HoldoutBy by;
    bool is_all_points;
    /* "cc_mult=1&N<5e8": conditions that all hold; observations for which any of them does.  With either,
     * the one split is theirs: what is not named is all the rest. */
    const char *train[VALIDATE_MAX_CONDITIONS], *test[VALIDATE_MAX_CONDITIONS];
    size_t n_train, n_test;
    /* A law of the loss (error_decay, logistic) fitted to the training observations and those of
     * chain_train, and asked at the predicted losses; NULL: none. */
    const Form *chain;
    const char *chain_train[VALIDATE_MAX_CONDITIONS];
    size_t n_chain_train;
} ValidateOptions;

/* One law of the comparison. */
typedef struct ValidateLaw {
    size_t rival; /* index in holdout.rival */
    bool is_refused;
    size_t n_params;
    double aic, bic, rmse_log;
    HoldoutPair against_best; /* |error| of this less that of the best one */
} ValidateLaw;

/* What the chain predicts at one held-out observation. */
typedef struct ValidateChained {
    size_t at;
    double loss; /* predicted by the first law */
    double value, measured;
} ValidateChained;

typedef struct Validation {
    const ObsGroup *group; /* borrowed */
    const Form *form;
    bool is_refused;
    Err refusal;
    FitOptions options;
    FitResult *fit;
    /* Each part is there, or `why` says why not. */
    bool has_holdout, has_influence, has_sensitivity, has_residuals, has_chain;
    Err why_holdout, why_influence, why_residuals, why_chain;
    Holdout holdout;
    ValidateLaw law[RIVAL_MAX];
    size_t n_laws;
    size_t best; /* in law: the one of least held-out error on the common points */
    Influence influence;
    Sensitivity sensitivity;
    Residuals residuals;
    FitResult *chain_fit;
    ValidateChained *chained; /* [n_chained] */
    size_t n_chained;
} Validation;

/* Validates every group: *ret [obs->n_groups].  A refusal is part of a validation; ERR_USAGE and
 * ERR_INVALID for conditions, ERR_NOMEM. */
ErrCode validate_run(const Frame *frame, const Obs *obs, const ReportPlan *plan,
                     const ValidateOptions *o, Validation **ret, Err *err);
void validate_release(Validation *v, size_t n);

/* A validated source, for printing. */
typedef struct ValidateReport {
    const Obs *obs;
    Validation *validation; /* [obs->n_groups] */
} ValidateReport;

/* What it says (docs/json.md); as CSV every held-out observation.  Returns how many parts were refused. */
size_t validate_answer(const ValidateReport *r, AnswerNode *top);

#endif

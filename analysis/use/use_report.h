/* use_report.h -- predictions, allocations and approaches as JSON, and as tables for people.
 * The fields are those of docs/prediction.md. */
#ifndef ANALYSIS_USE_USE_REPORT_H
#define ANALYSIS_USE_USE_REPORT_H

#include <jansson.h>

#include "analysis/obs/obs.h"
#include "analysis/report/table.h"
#include "analysis/use/allocate.h"
#include "analysis/use/approaches.h"
#include "analysis/use/predict.h"

/* One law of one group, and what was asked of it. */
typedef struct UseFit {
    const ObsGroup *group; /* borrowed */
    const Form *form;
    bool is_refused;
    Err refusal;
    Law law;      /* when not refused */
    LawRest rest; /* a run was left out: the observations of the others */
} UseFit;

typedef struct UsePrediction {
    const UseFit *fit; /* borrowed */
    bool is_refused;   /* this question has no answer */
    Err refusal;
    Prediction value;
    const char *run; /* a run left out, or NULL */
    PredictedRun left_out;
} UsePrediction;

typedef struct UseAllocation {
    const UseFit *fit;
    bool is_refused;
    Err refusal;
    const Budget *budget;
    Allocation answer;
} UseAllocation;

typedef struct UseApproaches {
    const UseFit *fit;
    bool is_refused;
    Err refusal;
    Approaches all;
} UseApproaches;

/* {"group":...,"law":...,"equation":...,"params":{...},"warnings":[...],"flops_per_token":{...}} */
json_t *use_fit_json(const UseFit *f);
json_t *use_prediction_json(const UsePrediction *p);
json_t *use_allocation_json(const UseAllocation *a);
json_t *use_approaches_json(const UseApproaches *a);
/* {"group":...,"law":...,"reason":...} */
json_t *use_refusal_json(const UseFit *f, const Err *refusal);

/* "3.2e+10 [2.8e+10, 3.7e+10]"; the interval is left out when there is none. */
void use_value_text(double x, const FitInterval *i, int digits, char out[96]);

/* Tables of what is not refused, with a sentence before them that answers the question where it is
 * one, and the meaning of the columns after them (text and markdown).  ERR_NOMEM. */
ErrCode use_predictions_table(const UsePrediction *p, size_t n, TableFormat format, Buf *out,
                              Err *err);
ErrCode use_allocations_table(const UseAllocation *a, size_t n, TableFormat format, Buf *out,
                              Err *err);
ErrCode use_approaches_table(const UseApproaches *a, size_t n, TableFormat format, Buf *out,
                             Err *err);

/* Warnings of the fits and of the answers, each once. */
void use_fit_warnings(const UseFit *f, Buf *out);

#endif

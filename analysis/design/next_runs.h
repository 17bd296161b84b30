/* next_runs.h -- which runs to train next: the laws of a source now, the runs that could be trained
 * (candidates.h), and those of them that narrow the wanted number most (suggest.h).
 *
 * Where no group has a law yet, one of which only the level is known serves, exponents in the middle of
 * their range, and runs are chosen that would determine it (D-optimal).
 */
#ifndef ANALYSIS_DESIGN_NEXT_RUNS_H
#define ANALYSIS_DESIGN_NEXT_RUNS_H

#include "analysis/design/candidates.h"
#include "analysis/report/report.h"
#include "answer/answer.h"

typedef struct NextOptions {
    SuggestOptions choice;
    PoolOptions pool;
    const char *target;      /* info_target() */
    double flops, n, d;      /* of the target; NaN: not given */
    const char *group;       /* only this one; NULL: all */
    const ModelSizes *sizes; /* [obs->n_groups]; NULL: no study, a grid serves */
    size_t studies;          /* simulated refits that check the choice; 0: none */
} NextOptions;

/* One group: its law now, or why it has none. */
typedef struct NextGroup {
    const ObsGroup *obs;
    bool is_refused;
    Err refusal;
    FitResult *fit;      /* owned; NULL when refused */
    FitInterval current; /* of the target, by the bootstrap; NaN: none */
    SuggestGroup now;    /* of a refused one: a nominal law, of which the points tell */
    size_t index;        /* in suggest_choose(); NEXT_NO_INDEX: takes no part */
    double n_most, d_most;
    /* Simulated refits of the data as they are and with the suggested runs; NaN: not asked. */
    double sd_before, sd_after;
} NextGroup;

enum { NEXT_NO_INDEX = 1 << 30 };

typedef struct NextRuns {
    const Obs *obs; /* borrowed, as are the next three */
    const ReportPlan *plan;
    const NextOptions *o;
    const Form *law;
    bool is_nominal;  /* every group was refused */
    NextGroup *group; /* [n_groups] */
    size_t n_groups, n_refused;
    SuggestPool pool;
    Suggestion found;
    int64_t row_seed[SUGGEST_MAX_RUNS]; /* runs of one size have seeds of their own */
} NextRuns;

/* Of the first law of the plan.  A refused fit is part of the result.  ERR_USAGE: no such group or
 * target; ERR_NUMERIC: no group has a law and a nominal one of this form is not known; errors of
 * suggest_choose() and simulate_run(). */
ErrCode next_runs(const Obs *obs, const ReportPlan *plan, const NextOptions *o, NextRuns *ret,
                  Err *err);
void next_runs_release(NextRuns *r);

/* What row i of found is. */
const SuggestCandidate *next_candidate(const NextRuns *r, size_t i);
const SuggestRun *next_run(const NextRuns *r, size_t i);
/* The group of a candidate. */
const NextGroup *next_group(const NextRuns *r, const SuggestCandidate *c);

/* What it says; written: the study file that holds the runs, or NULL. */
void next_answer(const NextRuns *r, const char *written, AnswerNode *top);

#endif

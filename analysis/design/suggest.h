/* suggest.h -- which runs to train next: those that narrow the wanted prediction most.
 *
 * Locally optimal design (Chernoff 1953; Fedorov 1972; Pukelsheim 1993) about fitted laws, with the
 * covariance that the fit has (info.h), points of a run sharing an error:
 *
 *   c-optimal   minimise sum over groups of ln var(g' theta), g the gradient of the prediction
 *   D-optimal   minimise sum over groups of ln det cov(theta)
 *
 * over sets of at most `runs` candidates of cost at most `budget` in all.  Greedy, once by the
 * largest gain and once with the budget shared evenly, then exchanges of one run for another (or
 * dropped and added ones) until none helps; the better end is kept.  The order is then by gain.
 */
#ifndef ANALYSIS_DESIGN_SUGGEST_H
#define ANALYSIS_DESIGN_SUGGEST_H

#include "analysis/design/info.h"

enum { SUGGEST_MAX_RUNS = 64 };

typedef enum SuggestCriterion { SUGGEST_C, SUGGEST_D } SuggestCriterion;

/* A law as it is known now, and the number wanted of it. */
typedef struct SuggestGroup {
    Info info;
    InfoTarget target;
} SuggestGroup;

/* A run that could be trained. */
typedef struct SuggestCandidate {
    size_t group;
    double n, d;          /* [parameters], [tokens] at its end */
    const double *tokens; /* [points] D of its checkpoints; borrowed */
    const double *flops;  /* [points] C of them; NULL: 6 N D */
    size_t points;
    double cost; /* [FLOP] */
    size_t tag;  /* the caller's */
} SuggestCandidate;

typedef struct SuggestOptions {
    SuggestCriterion criterion;
    size_t runs;   /* at most SUGGEST_MAX_RUNS */
    double budget; /* of all together [FLOP] */
} SuggestOptions;

/* One chosen run, in the order of gain. */
typedef struct SuggestRow {
    size_t candidate;
    double before, after;           /* standard error of its group's target (or of its logarithm) */
    double half_before, half_after; /* half the 95 % intervals expected of them */
    double gain; /* ln(before/after) of the criterion: half the fall of ln var or ln det */
} SuggestRow;

typedef struct Suggestion {
    SuggestRow row[SUGGEST_MAX_RUNS];
    size_t n;
    double cost; /* of all [FLOP] */
    size_t affordable;
    /* One run alone: the most expensive one, the median of all that are affordable, and the cheapest
     * that brings at least nine tenths of the best one's gain.  Candidates, or the gain. */
    size_t best_alone, largest, cheap;
    double best_gain, largest_gain, median_gain, cheap_gain;
} Suggestion;

/* A gain below this (0.1 % of the standard error) is none. */
#define SUGGEST_LEAST_GAIN 1e-3

/* n may be 0.  *ret may hold no run: nothing affordable narrows anything.  ERR_USAGE for options that
 * break their rules; ERR_NOMEM. */
ErrCode suggest_choose(const SuggestGroup *group, size_t n_groups,
                       const SuggestCandidate *candidate, size_t n, const SuggestOptions *o,
                       Suggestion *ret, Err *err);

/* Standard error of a group's target; INFINITY when the law is not determined. */
double suggest_error(const SuggestGroup *g);

/* Half the 95 % interval: t times the error. */
double suggest_half_width(const SuggestGroup *g);

#endif

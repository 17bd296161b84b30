/* observe.h -- observational scaling laws: capability from benchmarks instead of loss from runs.
 *
 * Ruan, Maddison, Hashimoto, "Observational Scaling Laws and the Predictability of Language Model
 * Performance", 2024, arXiv:2405.10938, section 3.  For model m of family f with scores B_m [t] and
 * compute C_m [FLOP]:
 *
 *   B_m = mean + W' S_m              principal components (pca.h), missing scores filled in by them
 *   S_m = theta_f ln C_m + nu_f      log-linear in compute within a family (line.h), for the first
 *   E_m = link(alpha + beta . S_m)   a downstream metric (link.h), from the first K components
 *   ln Cbar_m = (P_m - b) / w        f-equivalent compute: P = w ln C + b fitted to the reference
 *                                    family, P = alpha + beta . S of the first target, or S_1
 *
 * Held out by compute: components, imputation and link from models of C <= cutoff alone, then the
 * larger models' metrics predicted from their benchmarks; beside it what compute alone and the best
 * single benchmark (chosen on the training models) predict with the same link, and what each
 * family's own line in C predicts where it has one.
 *
 * Intervals: bootstrap over models (or whole families), everything above repeated in each replicate.
 * Replicate r of a seed is a function of (seed, r) alone.
 */
#ifndef ANALYSIS_OBSERVE_OBSERVE_H
#define ANALYSIS_OBSERVE_OBSERVE_H

#include <stdint.h>

#include "analysis/fit/result.h"
#include "analysis/observe/line.h"
#include "analysis/observe/link.h"
#include "analysis/observe/pca.h"
#include "analysis/observe/scores.h"

enum { OBSERVE_MAX_COMPONENTS = LINK_MAX_INPUTS };

typedef struct ObserveOptions {
    size_t components; /* K that links use: 1 .. t */
    size_t impute;     /* components that fill in missing scores; 0: they may not be missing */
    bool is_scaled;    /* scores divided by their standard deviation before the PCA */
    LinkOptions link;
    const char *reference; /* family of the equivalent compute; NULL: the one with most models of
                              known C */
    double cutoff;         /* C [FLOP]; 0: nothing held out */
    size_t bootstrap;      /* replicates; 0: no intervals */
    bool is_by_family;     /* families are drawn, not models */
    uint64_t seed;
    size_t threads; /* cannot change a result */
} ObserveOptions;

/* A line of a family, or why there is none. */
typedef struct ObserveLine {
    bool is_refused;
    Err refusal;
    Line line; /* first component against ln C */
    double c_lo, c_hi;
} ObserveLine;

typedef struct ObserveTarget {
    bool is_refused;
    Err refusal;
    Link link;
    FitInterval lo, range, alpha, steepness, middle; /* the last two for one component */
} ObserveTarget;

/* Equivalent compute in terms of the reference family. */
typedef struct ObserveEquivalent {
    bool is_refused;
    Err refusal;
    size_t reference;  /* family */
    bool is_of_target; /* P of the first target, else the first component */
    Line line;         /* P against ln C in the reference family */
    double *flops;     /* [n] Cbar */
    double *ratio;     /* [n_families] geometric mean of Cbar / C; NaN: no model of known C */
    FitInterval *ratio_interval;
} ObserveEquivalent;

/* Errors of predictions of the held-out models. */
typedef struct ObserveScore {
    const char *by;        /* "benchmarks", "family_lines", "compute", "single" or "mean" */
    const char *benchmark; /* of single */
    bool is_refused;
    Err refusal;
    size_t n;                                        /* test models predicted */
    double train_mse, test_mse, test_mae, test_bias; /* bias: predicted less measured */
} ObserveScore;

enum { OBSERVE_SCORES = 5 };

typedef struct ObserveHoldout {
    bool is_refused;
    Err refusal;
    size_t n_train, n_test, n_unknown; /* unknown: models without C, in neither */
    Link link;
    ObserveScore score[OBSERVE_SCORES];
    size_t *train;     /* [n_train] models */
    double *fitted;    /* [n_train] what the link says of them */
    size_t *test;      /* [n_test] models */
    double *predicted; /* [n_test]; NaN: the metric was not measured */
    FitInterval
        *interval; /* [n_test] of a new measurement: links of replicates, and Student's t scatter */
    size_t n_measured, n_inside; /* of the intervals */
} ObserveHoldout;

typedef struct Observe {
    Arena arena;
    const Scores *scores; /* borrowed */
    ObserveOptions options;
    double *filled; /* [n, t] */
    Imputer imputer;
    Pca pca;
    double *component;                                                  /* [n, K] */
    FitInterval share[OBSERVE_MAX_COMPONENTS], weight[PCA_MAX_COLUMNS]; /* weight: of the first */
    ObserveLine *line;                                                  /* [n_families] */
    ObserveTarget *target;                                              /* [n_targets] */
    ObserveEquivalent equivalent;
    ObserveHoldout *holdout; /* [n_targets]; NULL: nothing held out */
    size_t replicates, replicates_failed;
    size_t n_refused; /* targets, hold-outs and the equivalent compute */
} Observe;

/* ERR_NUMERIC: the components cannot be had at all; ERR_INVALID: more components than benchmarks,
 * missing scores that may not be filled in, no such reference family; ERR_NOMEM.  What cannot be
 * fitted of the rest is refused in its place. */
ErrCode observe_run(const Scores *s, const ObserveOptions *o, Observe *ret, Err *err);
void observe_release(Observe *r);

#endif

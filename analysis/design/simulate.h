/* simulate.h -- studies made from a known law, fitted as `slaw fit` does: how well would it be found?
 *
 *   ln L_ij = ln L_truth(N_i, D_ij) + s_run z_i + s_point e_ij
 *
 * for checkpoint j of run i; z and e are standard normal, e an AR(1) along the run with the given
 * correlation between neighbours (1 - correlation^2 of its variance is new at each), and
 * independent between runs.  Study k of a seed is a function of (seed, k) alone, so threads
 * change no bit.
 */
#ifndef ANALYSIS_DESIGN_SIMULATE_H
#define ANALYSIS_DESIGN_SIMULATE_H

#include "analysis/design/truth.h"
#include "analysis/fit/fit.h"

typedef struct SimNoise {
    double run, point;  /* standard deviations of ln L */
    double correlation; /* of neighbouring checkpoints' own errors, in [0, 1) */
} SimNoise;

typedef struct SimOptions {
    FitOptions fit; /* its seed and threads are not read: each study has its own seed */
    SimNoise noise;
    size_t studies, threads;
    uint64_t seed;
    /* A second group differs in this parameter: how often is that seen?  NULL: not asked. */
    const char *difference;
    double difference_by;
} SimOptions;

/* How often one kind of 95 % interval was given and held the truth. */
typedef struct SimCover {
    size_t given, held;
    double width; /* median of hi - lo, or of ln(hi / lo) on a log scale; NaN: none given */
} SimCover;

/* One number of the law over all fitted studies.  On a log scale (positive by nature, so not E) bias is
 * exp(mean ln x - ln truth) - 1 and sd that of ln x; else mean x - truth and that of x. */
typedef struct SimValue {
    const char *name, *unit;
    double c;     /* [FLOP] of N_opt and its like; 0 */
    double truth; /* NaN: the truth has no such number */
    bool is_log;
    size_t n; /* studies with a finite value */
    double median, bias, sd;
    SimCover by[FIT_N_METHODS];
} SimValue;

enum { SIM_MAX_REASONS = 4 };

typedef struct Simulation {
    size_t studies, refused;
    struct {
        char text[256];
        size_t n;
    } reason[SIM_MAX_REASONS]; /* of refusals, commonest first by appearance */
    size_t n_reasons;
    SimValue value[FIT_MAX_VALUES];
    size_t n_values;
    /* Of the difference: studies in which both groups were fitted and had an interval, and in how
     * many a 95 % bootstrap interval of the difference left 0 out, with it and without. */
    size_t compared, seen, compared_equal, seen_equal;
    /* The difference that a test with known errors would see in 80 % of studies: 2.80 sqrt(2) sd of
     * one group's estimate. */
    double detectable;
} Simulation;

/* Losses of study `study` at the design's N, D, C and runs [design->n]; its own losses are not read.
 * A design without runs has every point on its own.  work [n_runs + n]. */
void simulate_losses(const Truth *t, const FitData *design, const SimNoise *noise, uint64_t seed,
                     uint32_t study, double *loss, double *work);

/* Seed of the starts and replicates of a study's fit; group tells compared groups apart. */
uint64_t simulate_fit_seed(uint64_t seed, uint32_t study, uint32_t group);

/* The truth must be open.  Refused fits are counted.  ERR_INVALID for noise that is none or a
 * truth that is not finite in a point of the design; ERR_USAGE for a difference that the truth
 * cannot have; ERR_NOMEM. */
ErrCode simulate_run(const Truth *t, const FitData *design, const SimOptions *o, Simulation *ret,
                     Err *err);

#endif

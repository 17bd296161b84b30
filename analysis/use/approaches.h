/* approaches.h -- three ways to N_opt = k_N C^a and D_opt = k_D C^b from the same observations
 * (Hoffmann et al. 2022, arXiv:2203.15556, section 3), beside each other.
 *
 *   1  the envelope        the least loss at each C over the curves of all runs         fit/envelope.h
 *   1b its plain form      the observation of least loss in each tenth of a decade of C
 *   2  isoFLOP             the vertex of a parabola in ln N at each budget              fit/isoflop.h
 *   3  parametric          the law's own optimum; a and k_N are those of the chord of ln N_opt over
 *                          the data's range of C, exact where F(N) is proportional to N
 *
 * Bias: 1, 1b and 2 are no estimates of the law's optimum even without noise, since a parabola is not
 * the law and a grid is not a line.  It is estimated on the very design: every loss is replaced by
 * the fitted law's value at the same N and D, the approach is run again, and what it finds is compared with
 * the law's optimum at the same C.  `corrected` is the approach's figure with that taken off.
 *
 * Intervals: replicates of the observations, whole runs where the runs are known, else points (1, 1b)
 * and points within each budget (2); of 3 the law's own replicates.
 */
#ifndef ANALYSIS_USE_APPROACHES_H
#define ANALYSIS_USE_APPROACHES_H

#include "analysis/use/best.h"
#include "analysis/use/law.h"

enum { APPROACH_MAX_AT = 8, APPROACH_NAMES = 4, APPROACH_BINS = 10 };

typedef enum ApproachKind {
    APPROACH_ENVELOPE,
    APPROACH_BINNED,
    APPROACH_ISOFLOP,
    APPROACH_LAW,
} ApproachKind;

/* What an approach says; N_opt and D_opt are those of the power laws, of 3 the law's. */
typedef enum ApproachPart {
    APPROACH_A,
    APPROACH_B,
    APPROACH_K_N, /* at C = 1 FLOP */
    APPROACH_K_D,
    APPROACH_N_OPT, /* APPROACH_MAX_AT of them, then as many D_opt */
    APPROACH_D_OPT = APPROACH_N_OPT + APPROACH_MAX_AT,
    APPROACH_PARTS = APPROACH_D_OPT + APPROACH_MAX_AT
} ApproachPart;

typedef struct Approach {
    ApproachKind kind;
    bool is_refused;
    Err refusal;
    double value[APPROACH_PARTS];
    FitInterval interval[APPROACH_PARTS];
    /* Without noise on the same design minus the law's: of a and b; of N_opt, D_opt, k_N and k_D the ratio. */
    bool has_bias;
    double bias[APPROACH_PARTS];
    double corrected[APPROACH_PARTS];
    size_t points;  /* envelope points, bins, budgets; observations of the law */
    size_t outside; /* budgets whose vertex lies beyond their own points */
    bool is_argmin; /* of the envelope: it follows the ends of the runs */
    size_t replicates, failed;
} Approach;

typedef struct Approaches {
    Approach by[APPROACH_NAMES];
    double at[APPROACH_MAX_AT]; /* C [FLOP] of N_opt and D_opt */
    size_t n_at;
} Approaches;

typedef struct ApproachOptions {
    double at[APPROACH_MAX_AT];
    size_t n_at;   /* 0: the largest C of the data */
    size_t window; /* of isoflop.h */
    size_t bootstrap, threads;
    uint64_t seed;
} ApproachOptions;

const char *approach_name(ApproachKind k);
const char *approach_number(ApproachKind k);

/* All four.  l NULL: without a law (it was refused with `refusal`).  An approach that cannot be had
 * says why in its own refusal.  b: how C is spent.  ERR_NOMEM; ERR_INVALID without N, D, C and loss. */
ErrCode approaches_run(const Law *l, const Err *refusal, const FitData *data, const Budget *b,
                       const ApproachOptions *o, Approaches *ret, Err *err);

#endif

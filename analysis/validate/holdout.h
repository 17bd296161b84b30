/* holdout.h -- fit on the small, predict the large, and see how wrong that was.
 *
 * The levels of the held-out input (levels.h) in rising order; for i from the fewest that determine the
 * law (at least two observations a parameter): every rival is trained on the observations of the first i
 * levels and predicts the later ones.
 *   error     L_pred / L - 1 (signed; above 0: predicted too high) and L_pred - L [nats/token]
 *   horizon   how many levels ahead, and C of the point over the largest C trained on
 * Where the runs are known, what is predicted is the last observation of each run in each level; else
 * (or when asked) every observation.  Conditions may give one split instead.
 */
#ifndef ANALYSIS_VALIDATE_HOLDOUT_H
#define ANALYSIS_VALIDATE_HOLDOUT_H

#include "analysis/validate/rival.h"
#include "common/arena.h"

/* What is held out. */
typedef enum HoldoutBy {
    HOLDOUT_AUTO,   /* N where there are at least 4 sizes in steps, else C, else N */
    HOLDOUT_N,      /* "N" */
    HOLDOUT_D,      /* "D" */
    HOLDOUT_BUDGET, /* "budget": compute */
    HOLDOUT_RUN,    /* "run" */
    HOLDOUT_GIVEN,  /* by conditions */
} HoldoutBy;

/* ERR_USAGE for another word. */
ErrCode holdout_by_parse(const char *text, HoldoutBy *ret, Err *err);
const char *holdout_by_name(HoldoutBy by);

typedef struct HoldoutOptions {
    HoldoutBy by;
    bool is_all; /* predict every observation, also where runs are known */
    /* Of HOLDOUT_GIVEN [n]. */
    const bool *is_train, *is_test;
    Rival rival[RIVAL_MAX]; /* the first decides which splits there are */
    size_t n_rivals;
    uint64_t seed;
} HoldoutOptions;

typedef struct HoldoutSplit {
    size_t levels;  /* trained on */
    double hi;      /* largest value of the input trained on */
    double hi_c;    /* largest C trained on [FLOP] */
    size_t n_train; /* observations */
    bool is_refused[RIVAL_MAX];
    char why[RIVAL_MAX][200];
} HoldoutSplit;

typedef struct HoldoutPoint {
    size_t split, at; /* at: index in the data */
    size_t level, ahead;
    double c_factor;
} HoldoutPoint;

typedef struct HoldoutScore {
    size_t n;                                 /* predictions */
    double mae, bias, rmse;                   /* of the relative error, as shares */
    double c_factor;                          /* geometric mean */
    size_t n_intervals, covered, law_covered; /* of those with an interval */
} HoldoutScore;

typedef struct Holdout {
    HoldoutBy by;
    Levels levels;
    Rival rival[RIVAL_MAX];
    size_t n_rivals;
    size_t n_undetermined; /* leading splits that do not determine the first law */
    HoldoutSplit *split;   /* owned, as are point and prediction */
    size_t n_splits;
    HoldoutPoint *point; /* by split, then level, N, D */
    size_t n_points;
    Prediction *prediction; /* [n_points, n_rivals] */
    HoldoutScore total[RIVAL_MAX];
    /* Rivals that predict at least half of all are compared, on the points that all of these predict. */
    bool is_eligible[RIVAL_MAX];
    bool *is_common; /* [n_points]; owned */
    HoldoutScore common[RIVAL_MAX];
    HoldoutScore ahead[RIVAL_MAX][LEVELS_MAX]; /* [.., k]: k + 1 levels ahead */
} Holdout;

/* ERR_NUMERIC when no split determines the first rival or none can be held out, with the reason;
 * ERR_INVALID when the data lack the input; ERR_NOMEM. */
ErrCode holdout_run(const FitData *data, const HoldoutOptions *o, Holdout *ret, Err *err);
void holdout_release(Holdout *h);

/* L_pred / L - 1; NaN without a prediction. */
double holdout_error(const Holdout *h, const FitData *data, size_t point, size_t rival);

/* Rival b against a on the common points: mean over held-out observations (each counted
 * once, its splits averaged) of |error_b| - |error_a|, with its standard error. */
typedef struct HoldoutPair {
    size_t n;           /* held-out observations */
    double mean, se, p; /* Student's t on n - 1; NaN below two */
} HoldoutPair;

ErrCode holdout_pair(const Holdout *h, const FitData *data, size_t a, size_t b, HoldoutPair *ret,
                     Err *err);

#endif

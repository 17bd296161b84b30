/* predict.h -- the loss that a law promises at given N and D, with two intervals.
 *
 *   lo, hi                  95 % interval of the law's value: quantiles over the bootstrap's
 *                           replicates.  Where the curve is.
 *   predict_lo, predict_hi  95 % interval of the loss of one new run: quantiles of (replicate's value
 *                           with a new run's scatter), over all replicates and the quantiles of
 *                           scatter.h.  Where a measurement will be, if the law holds there.
 *
 * `outside` is how far the point is from the data: ln(x / largest) above them, ln(smallest / x) below,
 * 0 within; `standard` the same place in standard deviations of the data's logs from their mean, and
 * for N and D together the Mahalanobis distance, which also sees a point that is within the range
 * of either and far from all pairs.
 */
#ifndef ANALYSIS_USE_PREDICT_H
#define ANALYSIS_USE_PREDICT_H

#include "analysis/use/law.h"

/* A warning is due beyond this factor outside the data. */
#define PREDICT_FAR 10.0

typedef struct PredictPoint {
    double n, d, c, u; /* NaN where unknown */
} PredictPoint;

typedef struct PredictDistance {
    double n, d, c;
} PredictDistance;

typedef struct Prediction {
    PredictPoint at;
    double value;
    FitInterval law;          /* se, lo, hi */
    double run_lo, run_hi;    /* predict_lo, predict_hi; NaN: none */
    PredictDistance outside;  /* ln; NaN where the data or the point have no such number */
    PredictDistance standard; /* standard deviations, with sign */
    double together;          /* Mahalanobis distance of (ln N, ln D); NaN where there is none */
    bool is_far;              /* more than PREDICT_FAR outside in an input of the law */
} Prediction;

/* Can this law be asked by N, D, C and U?  (Not one in the loss or in experts.) */
bool predict_is_for(const Form *f);

/* At `at`, whose missing C and D are completed by the law's FLOP per token and U by D.  ERR_INVALID
 * when a number that the law needs is missing or not positive; ERR_NUMERIC when the law has no finite
 * value there; ERR_NOMEM. */
ErrCode predict_at(const Law *l, const PredictPoint *at, Prediction *ret, Err *err);

/* A run left out: what the law of the others says of it. */
typedef struct PredictedRun {
    Prediction last;              /* at the run's last observation (largest D) */
    double measured;              /* response there */
    double error;                 /* predicted - measured */
    bool is_in_law, is_in_run;    /* measured within lo..hi, within predict_lo..predict_hi */
    size_t n;                     /* observations of the run */
    double mean_error, rms_error; /* of ln(predicted / measured) over them; raw where the fit is */
    size_t n_fit;                 /* observations that the law was fitted to */
} PredictedRun;

/* Fits o to the observations of other runs than those of is_out [n_runs] and predicts these.  `law`
 * is for law_release() and `rest`, which it borrows, for law_rest_release().  ERR_INVALID without
 * runs; else as law_fit() and predict_at(). */
ErrCode predict_run(const FitOptions *o, const FitData *data, const bool *is_out, bool is_6nd,
                    LawRest *rest, Law *law, PredictedRun *ret, Err *err);

#endif

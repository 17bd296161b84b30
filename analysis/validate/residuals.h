/* residuals.h -- what is left after a fit, and whether it is noise.
 *
 * e = ln L_law - ln L (or L_law - L for raw residuals): above 0 the law is too high.  Tests and their
 * formulas: stats.h.  With runs the slopes' standard errors allow for points of a run that err alike.
 */
#ifndef ANALYSIS_VALIDATE_RESIDUALS_H
#define ANALYSIS_VALIDATE_RESIDUALS_H

#include "analysis/fit/result.h"
#include "analysis/validate/levels.h"
#include "analysis/validate/stats.h"

typedef struct ResidualBin {
    double lo, hi; /* of the input */
    size_t n;
    double mean, sd;
} ResidualBin;

/* Residuals along one input. */
typedef struct ResidualTrend {
    FormInput input; /* FORM_N, FORM_D or FORM_C */
    ResidualBin bin[LEVELS_MAX];
    size_t n_bins;
    StatsSlope slope;     /* on ln of the input; t on n - 2 */
    StatsSlope clustered; /* the same with runs; NaN without */
    StatsTest order;      /* runs test in the order of the input */
} ResidualTrend;

typedef struct Residuals {
    size_t n;
    double *e;                        /* [n]; owned */
    double mean, sd, median, largest; /* largest: of |e| */
    size_t at_largest;
    double skewness, kurtosis;
    StatsTest normality, variance;
    ResidualTrend trend[3];
    size_t n_trends;
    double lag1; /* correlation of neighbours within a run, in the order of D; NaN without runs */
    size_t n_pairs;
    double icc, effective; /* NaN without runs */
} Residuals;

/* ERR_INVALID when the data lack an input of the law, ERR_NOMEM. */
ErrCode residuals_run(const FitData *data, const FitResult *fit, Residuals *ret, Err *err);
void residuals_release(Residuals *r);

#endif

/* law.h -- a law fitted to one group, with everything that predictions from it need. */
#ifndef ANALYSIS_USE_LAW_H
#define ANALYSIS_USE_LAW_H

#include "analysis/fit/fit.h"
#include "analysis/use/flops.h"
#include "analysis/use/scatter.h"

/* Where the data are, in one of N, D, C. */
typedef struct DataSpan {
    double lo, hi;   /* least and largest; NaN: the data have no such column */
    double mean, sd; /* of the logs */
} DataSpan;

typedef struct Law {
    const FitData *data; /* borrowed */
    FitResult fit;
    FitDraws draws;
    Scatter scatter;
    bool has_scatter;
    DataSpan n, d, c;
    double covariance; /* of ln N and ln D */
    FlopModel flops;   /* of C as the data have it */
    bool has_flops;
} Law;

/* Fits by o, with the bootstrap's replicates.  `is_6nd`: C means 6 N D.  What fit_draws() refuses is
 * refused: ERR_NUMERIC, ERR_INVALID, ERR_NOMEM.  *ret is for law_release(). */
ErrCode law_fit(const FitOptions *o, const FitData *data, bool is_6nd, Law *ret, Err *err);
void law_release(Law *l);

/* Observations without those of some runs; owns its columns. */
typedef struct LawRest {
    FitData data;
    double *column;
    size_t *run;
} LawRest;

/* Leaves out the runs for which is_out[run] holds.  ERR_NOMEM. */
ErrCode law_rest(const FitData *data, const bool *is_out, LawRest *ret, Err *err);
void law_rest_release(LawRest *r);

/* Parameters of replicate r, or of the fit itself for r = draws.n. */
const double *law_params(const Law *l, size_t r, double *own);

/* 95 % interval of x [draws.n] by the draws: infinite ones are counted as beyond every number, so
 * that an end may be infinite.  All NaN without replicates.  ERR_NOMEM. */
ErrCode law_interval(const Law *l, double *x, FitInterval *ret, Err *err);

#endif

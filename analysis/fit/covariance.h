/* covariance.h -- how the parameters of a fit err together.
 *
 * From the bootstrap's replicates: V_ij = sum_r (x_ri - mean_i)(x_rj - mean_j) / (R - 1) over the
 * replicates that have a minimum.  From the sandwich (fit/intervals.h), where it was asked for.
 * Each for the parameters as reported and with the logarithm of those that are coefficients
 * (positive levels: E, A, B), where the distributions are nearly normal.
 * Correlation: V_ij / sqrt(V_ii V_jj); NaN in the row of a parameter that does not vary.
 */
#ifndef ANALYSIS_FIT_COVARIANCE_H
#define ANALYSIS_FIT_COVARIANCE_H

#include "analysis/fit/fit.h"

enum { COVARIANCE_CELLS = FORM_MAX_PARAMS * FORM_MAX_PARAMS };

typedef struct Covariance {
    size_t n;
    bool is_log[FORM_MAX_PARAMS];    /* the logarithm of the parameter stands for it */
    double matrix[COVARIANCE_CELLS]; /* [n, n]; NaN: unknown */
    double correlation[COVARIANCE_CELLS];
} Covariance;

/* False with fewer than 20 replicates that have a minimum. */
bool covariance_of_draws(const FitResult *f, const FitDraws *d, bool in_logs, Covariance *ret);
/* False when the fit has no sandwich. */
bool covariance_of_sandwich(const FitResult *f, bool in_logs, Covariance *ret);

#endif

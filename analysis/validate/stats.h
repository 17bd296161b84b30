/* stats.h -- tests on residuals, each by a stated formula.
 *
 *   slope      OLS of y on x with an intercept: b = Sxy/Sxx, se^2 = s^2/Sxx, t = b/se on n - 2
 *              degrees of freedom.  With clusters: se^2 = c sum_g (sum_{i in g} (x_i - mean x) e_i)^2
 *              / Sxx^2, c = G/(G-1) (n-1)/(n-2) (CR1, Cameron and Miller 2015, section II), on G - 1
 *   normality  Jarque and Bera 1980: JB = n/6 (S^2 + (K-3)^2/4), chi-squared with 2; S and K are the
 *              moment ratios m3/m2^1.5 and m4/m2^2
 *   order      Wald and Wolfowitz 1940: runs R of values above and below the median (values at it are
 *              left out), z = (R - m)/s, m = 1 + 2 n1 n2/n, s^2 = 2 n1 n2 (2 n1 n2 - n)/(n^2 (n-1));
 *              two-sided normal.  Too few runs (z < 0): neighbours err alike
 *   variance   Breusch and Pagan 1979 as studentised by Koenker 1981: n R^2 of e^2 regressed on the
 *              inputs, chi-squared with as many degrees of freedom as there are inputs
 *   runs       one-way ICC(1) = (MSB - MSW)/(MSB + (m0 - 1) MSW), m0 = (n - sum n_g^2/n)/(G - 1)
 *              (Shrout and Fleiss 1979); effective number n/(1 + (sum n_g^2/n - 1) max(ICC, 0))
 *              (Kish 1965)
 *
 * A statistic that its numbers cannot give is NaN.
 */
#ifndef ANALYSIS_VALIDATE_STATS_H
#define ANALYSIS_VALIDATE_STATS_H

#include <stddef.h>

#include "common/err.h"

enum { STATS_MAX_INPUTS = 4 };

typedef struct StatsSlope {
    double slope, se, t, p;
} StatsSlope;

/* cluster [n] of values below n_clusters, or n_clusters 0 for independent points.  ERR_NOMEM. */
ErrCode stats_slope(const double *x, const double *y, size_t n, const size_t *cluster,
                    size_t n_clusters, StatsSlope *ret, Err *err);

typedef struct StatsTest {
    double statistic, p;
} StatsTest;

/* Jarque-Bera of x [n]; the moment ratios too. */
StatsTest stats_normality(const double *x, size_t n, double *ret_skewness, double *ret_kurtosis);

/* Runs about the median of x [n], in the order given.  ERR_NOMEM. */
ErrCode stats_order(const double *x, size_t n, StatsTest *ret, Err *err);

/* Breusch-Pagan: e [n] against inputs x[k] [n]. */
StatsTest stats_variance(const double *e, const double *const *x, size_t n_inputs, size_t n);

/* Pearson's correlation of x and y [n]. */
double stats_correlation(const double *x, const double *y, size_t n);

/* ICC of e [n] within clusters, and the effective number of observations.  ERR_NOMEM. */
ErrCode stats_clusters(const double *e, size_t n, const size_t *cluster, size_t n_clusters,
                       double *ret_icc, double *ret_effective, Err *err);

/* Two-sided p of Student's t with so many degrees of freedom. */
double stats_t_p(double t, double dof);

double stats_mean(const double *x, size_t n);
/* With n - 1 in the denominator; NaN below two. */
double stats_sd(const double *x, size_t n);
/* Of x [n], which is sorted in place. */
double stats_median(double *x, size_t n);

#endif

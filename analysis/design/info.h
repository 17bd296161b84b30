/* info.h -- what a set of runs tells about a law, and what one more run would add.
 *
 * At a fitted theta let J_i be the gradient of the (log or raw) response at checkpoint i.  The fit of
 * `slaw fit` treats points alike, though those of one run share an error, so its covariance is the
 * sandwich (White 1980; Liang and Zeger 1986)
 *
 *   H = sum_i J_i J_i'
 *   M = w sum_i J_i J_i' + b sum_runs S_r S_r',   S_r = sum of J over the run
 *   cov theta = H^-1 M H^-1
 *
 * with w the variance within a run and b that between runs.  They are estimated from the
 * residuals e by equating q1 = sum e^2 and q2 = sum_runs (sum of e over the run)^2 / m_r with their
 * expectations (Henderson's method; P = J H^-1 J', Z the runs' indicators, D = diag 1/m_r):
 *
 *   E q1 = w (n - p) + b tr (I - P) Z Z'
 *   E q2 = w tr Z D Z' (I - P) + b tr D (Z'(I - P) Z)^2
 *
 * For a robust loss e is the pseudo-residual psi(r)/kappa, kappa = E psi' (Huber 1981, section 7.6),
 * which makes the same formulas hold.  kappa is counted over |r| < 0.6 robust standard deviations and
 * carried to delta by the normal distribution, as hardly a point may lie within a small delta.
 *
 * A run changes H and M by its own terms, so its worth is known before it is trained.  All of it is
 * first order in the errors: far from determined laws it is a rough guide.
 */
#ifndef ANALYSIS_DESIGN_INFO_H
#define ANALYSIS_DESIGN_INFO_H

#include "analysis/fit/result.h"

enum { INFO_MAX = FORM_MAX_PARAMS * FORM_MAX_PARAMS };

/* Variances of the (pseudo-)residuals. */
typedef struct InfoNoise {
    double within, between; /* of ln L, or of L for raw residuals */
    double kappa;           /* 1 for least squares */
    bool has_runs;
} InfoNoise;

typedef struct Info {
    const Form *form;
    FitResidual residual;
    double theta[FORM_MAX_PARAMS], centre[FORM_MAX_INPUTS];
    size_t p;                     /* free parameters */
    size_t free[FORM_MAX_PARAMS]; /* their places in theta: not fixed, not at the limit 0 */
    InfoNoise noise;
    size_t n, n_runs;                /* n_runs: 0 when points are independent */
    double h[INFO_MAX], m[INFO_MAX]; /* [p, p] */
} Info;

/* What one run adds; its noise is not in it. */
typedef struct InfoRun {
    double h[INFO_MAX], s[FORM_MAX_PARAMS];
    size_t n;
} InfoRun;

/* Of a fit and the data it was made from.  ERR_USAGE for a law that takes more than N, D and C, an
 * asymmetric loss or data with a sigma; ERR_NUMERIC when nothing is left to estimate the noise from;
 * ERR_NOMEM. */
ErrCode info_of_fit(const FitResult *fit, const FitData *data, Info *ret, Err *err);

/* Of a law that nothing was fitted to, with noise as given: nothing is known but `prior` (a
 * standard deviation of every theta). */
Info info_of_law(const Form *form, const double *params, const double *centre, InfoNoise noise,
                 double prior);

/* A run of size n with checkpoints at tokens d[k] of flops c[k] (NULL: 6 N D). */
void info_run(const Info *i, double n, const double *d, const double *c, size_t points,
              InfoRun *ret);
void info_add(Info *i, const InfoRun *run);
void info_remove(Info *i, const InfoRun *run);

/* cov [p, p]; false when the runs do not determine the law. */
bool info_covariance(const Info *i, double *cov);
/* Variance of g' theta, g [p]; ln det of the covariance.  INFINITY when not determined. */
double info_variance(const Info *i, const double *g);
double info_log_det(const Info *i);

/* Student's t for a 95 % interval: of runs - 1, or n - p where points are independent. */
double info_t(const Info *i);

/* A number that is wanted: its gradient, by central differences in theta. */
typedef struct InfoTarget {
    const char *name, *unit;
    double value;
    bool is_log; /* g is the gradient of its logarithm */
    double g[FORM_MAX_PARAMS];
} InfoTarget;

/* A parameter, a derived value or N_opt, D_opt, L_opt, tokens_per_parameter at C = 6 N D = c; "loss" is
 * L_opt at c or, with n and d positive, the loss there.  ERR_USAGE with what there is. */
ErrCode info_target(const Info *i, const char *name, double c, double n, double d, InfoTarget *ret,
                    Err *err);

#endif

/* fit.h -- a law fitted to observations: FitOptions -> FitResult.
 *
 *   starts (variable-projection grid, then Sobol)
 *     -> gsl_multifit_nlinear, reweighted for Huber     fit/nls.h
 *     -> damped Newton on the exact Hessian             fit/newton.h  (l1: fit/l1.h)
 *   best of all ends -> certificate -> intervals by bootstrap -> warnings
 *
 * A fit that should not be printed is not: ERR_NUMERIC with the reason.
 */
#ifndef ANALYSIS_FIT_FIT_H
#define ANALYSIS_FIT_FIT_H

#include <stdint.h>

#include "analysis/fit/envelope.h"
#include "analysis/fit/newton.h"
#include "analysis/fit/problem.h"

enum { FIT_MAX_WARNINGS = 8, FIT_WARNING_BYTES = 256, FIT_MAX_VALUES = FORM_MAX_PARAMS + 8 };

typedef struct FitOptions {
    const Form *form;
    FitLoss loss;
    FitResidual residual;
    size_t starts;    /* at least 1 */
    size_t bootstrap; /* replicates; 0: no intervals */
    uint64_t seed;
    size_t threads; /* cannot change a result */
} FitOptions;

/* 64 starts, 200 replicates, seed 1, one thread, log residuals, the form's own loss. */
FitOptions fit_defaults(const Form *form);

/* "mse", "l1", "huber:1e-3"; ERR_USAGE otherwise. */
ErrCode fit_loss_parse(const char *text, FitLoss *ret, Err *err);
const char *fit_loss_name(FitLossKind kind);

/* A named number of a fit: a parameter, or something computed from them. */
typedef struct FitValue {
    const char *name, *unit, *help;
    double value;
    /* Standard error and 95 % percentile interval; NaN: none, as for a coefficient that is at
     * its limit 0 in every replicate. */
    double se, lo, hi;
} FitValue;

/* How the intervals were made. */
typedef enum FitResampling {
    FIT_NO_INTERVALS,
    FIT_CASES,    /* observations drawn with replacement */
    FIT_CLUSTERS, /* whole runs drawn with replacement: points of one run are correlated */
} FitResampling;

typedef struct FitResult {
    const Form *form;
    FitLoss loss;
    FitResidual residual;
    size_t n, n_runs;
    double theta[FORM_MAX_PARAMS]; /* internal, see forms/form.h */
    double centre[FORM_MAX_INPUTS];

    double objective; /* the sum, as in fit/problem.h */
    FitValue param[FORM_MAX_PARAMS];
    FitValue derived[FIT_MAX_VALUES]; /* the form's, then the envelope's */
    size_t n_params, n_derived;

    size_t starts, at_minimum, not_converged; /* at_minimum: within 1e-8 of the objective */
    bool has_second;                          /* another, worse local minimum was found */
    double second_objective, second_param[FORM_MAX_PARAMS];
    Certificate certificate;

    FitResampling resampling;
    size_t replicates, replicates_failed;

    double rmse, rmse_log, r2, aic, bic; /* docs/fitting.md */
    bool has_envelope;
    Envelope envelope;

    char warning[FIT_MAX_WARNINGS][FIT_WARNING_BYTES]; /* "code: sentence" */
    size_t n_warnings;
} FitResult;

/* Fits.  ERR_NUMERIC with a sentence when the data cannot determine the law (too few
 * points or distinct sizes, a term that vanishes, no minimum found); ERR_INVALID for data that
 * are not positive numbers; ERR_NOMEM.  *ret is written on success only and owns nothing. */
ErrCode fit_run(const FitOptions *o, const FitData *data, FitResult *ret, Err *err);

/* L at inputs N, D, or C [PFLOP/s-day], in the order of the form's inputs. */
double fit_predict(const FitResult *r, const double *inputs);

/* A parameter or derived value by name, or NULL. */
const FitValue *fit_value(const FitResult *r, const char *name);

#endif

/* fit.h -- a law fitted to observations: FitOptions -> FitResult.
 *
 *   starts (variable-projection grid, then Sobol)         fit/starts.h
 *     -> damped Newton on the exact Hessian               fit/newton.h  (l1: fit/l1.h)
 *        the best starts by gsl_multifit_nlinear first    fit/nls.h
 *   best of all ends -> certificate -> GSL as referee -> intervals -> warnings
 *
 * A fit that should not be printed is not: ERR_NUMERIC with the reason.
 */
#ifndef ANALYSIS_FIT_FIT_H
#define ANALYSIS_FIT_FIT_H

#include <stdint.h>

#include "analysis/fit/conditioning.h"
#include "analysis/fit/envelope.h"
#include "analysis/fit/newton.h"
#include "analysis/fit/problem.h"

enum {
    FIT_MAX_WARNINGS = 12,
    FIT_WARNING_BYTES = 256,
    FIT_MAX_DERIVED = FORM_MAX_DERIVED + 9,
    FIT_MAX_AT = 8,
    FIT_PER_AT = 4,
    FIT_MAX_VALUES = FORM_MAX_PARAMS + FIT_MAX_DERIVED + FIT_MAX_AT * FIT_PER_AT
};

/* How replicates are drawn. */
typedef enum FitResampling {
    FIT_AUTO,       /* clusters where the runs are known, else cases */
    FIT_CASES,      /* observations drawn with replacement */
    FIT_CLUSTERS,   /* whole runs drawn with replacement: points of one run are correlated */
    FIT_STRATIFIED, /* observations drawn within each compute budget */
    FIT_RESIDUALS,  /* the law's values plus residuals drawn with replacement */
    FIT_WILD, /* the law's values plus each run's residuals times a random weight (fit/wild.h) */
    FIT_NO_INTERVALS,
} FitResampling;

/* "cases", "cluster", "stratified", "residual", "wild", "auto"; ERR_USAGE otherwise. */
ErrCode fit_resampling_parse(const char *text, FitResampling *ret, Err *err);
const char *fit_resampling_name(FitResampling r);

typedef struct FitOptions {
    const Form *form;
    FitLoss loss;
    FitResidual residual;
    FitFix fix;       /* parameters held at a value */
    size_t starts;    /* at least 1 */
    size_t bootstrap; /* replicates; 0: no intervals */
    FitResampling resampling;
    bool has_all_intervals; /* BCa, sandwich, profile and jackknife beside the percentiles */
    double at[FIT_MAX_AT];  /* compute C = 6 N D [FLOP] to give the best N and D for */
    size_t n_at;
    uint64_t seed;
    size_t threads; /* cannot change a result */
} FitOptions;

/* 64 starts, 200 replicates, seed 1, one thread, the form's own loss and residual. */
FitOptions fit_defaults(const Form *form);

/* "mse", "l1", "huber:1e-3", "asymmetric:10" or "asymmetric:10:1e-3" (weight of overestimates,
 * delta); ERR_USAGE otherwise. */
ErrCode fit_loss_parse(const char *text, FitLoss *ret, Err *err);
const char *fit_loss_name(FitLossKind kind);

typedef enum FitMethod {
    FIT_PERCENTILE, /* bootstrap: quantiles of the replicates */
    FIT_BCA,        /* the same, corrected for bias and acceleration (jackknife) */
    FIT_SANDWICH,   /* H^-1 (sum of scores) H^-1 by the delta method; scores summed by run */
    FIT_PROFILE,    /* values whose best fit is not significantly worse */
    FIT_JACKKNIFE,  /* leave one observation (or run) out */
    FIT_N_METHODS
} FitMethod;

const char *fit_method_name(FitMethod m);

/* Standard error and 95 % interval; NaN: none. */
typedef struct FitInterval {
    double se, lo, hi;
} FitInterval;

/* A named number of a fit: a parameter, or something computed from them. */
typedef struct FitValue {
    const char *name, *unit, *help;
    double value;
    /* The bootstrap's; NaN: none, as for a coefficient that is at its limit 0 in every replicate. */
    double se, lo, hi;
    FitInterval by[FIT_N_METHODS]; /* all NaN unless has_all_intervals */
} FitValue;

/* The best N and D for C = 6 N D. */
typedef struct FitAt {
    double c;                   /* [FLOP] */
    FitValue value[FIT_PER_AT]; /* N_opt, D_opt, L_opt, tokens_per_parameter */
    bool is_outside;            /* N_opt or D_opt lies outside the data */
} FitAt;

typedef struct FitResult {
    const Form *form;
    FitLoss loss;
    FitResidual residual;
    FitFix fix;
    size_t n, n_runs;
    double theta[FORM_MAX_PARAMS]; /* internal, see forms/form.h */
    double centre[FORM_MAX_INPUTS];

    double objective; /* the sum, as in fit/problem.h */
    FitValue param[FORM_MAX_PARAMS];
    FitValue derived[FIT_MAX_DERIVED]; /* the form's, then the envelope's */
    FitAt at[FIT_MAX_AT];
    size_t n_params, n_derived, n_at;

    size_t searched; /* observations that the starts were tried on (fit/sample.h); n unless many */
    size_t starts, at_minimum, not_converged; /* at_minimum: within 1e-8 of the objective */
    bool has_second;                          /* another, worse local minimum was found */
    double second_objective, second_param[FORM_MAX_PARAMS];
    Certificate certificate;
    Conditioning conditioning;
    /* Objective where GSL alone ends from the best start; NaN for l1, and where a sample was
     * searched (it was asked about the sample). */
    double referee;

    FitResampling resampling;
    size_t replicates, replicates_failed;

    /* Sandwich covariance of the parameters [n_params, n_params], of the logarithm of those that are
     * positive coefficients; with has_all_intervals. */
    bool has_sandwich;
    double sandwich[FORM_MAX_PARAMS * FORM_MAX_PARAMS];

    double rmse, rmse_log, r2, aic, bic; /* docs/fitting.md */
    bool has_envelope;
    Envelope envelope;

    /* Laws of the same family that were tried beside this one (number of breaks), by name. */
    const char *rival[4];
    double rival_bic[4];
    size_t n_rivals;

    char warning[FIT_MAX_WARNINGS][FIT_WARNING_BYTES]; /* "code: sentence" */
    size_t n_warnings;
} FitResult;

/* Fits.  ERR_NUMERIC with a sentence when the data cannot determine the law (too few
 * points or distinct sizes, a term that vanishes, no minimum found); ERR_INVALID for data that
 * are not positive numbers where they must be; ERR_NOMEM.  *ret is written on success only and owns
 * nothing. */
ErrCode fit_run(const FitOptions *o, const FitData *data, FitResult *ret, Err *err);

/* The same for a family (form->richer): the member of least BIC, its rivals beside it. */
ErrCode fit_family(const FitOptions *o, const FitData *data, FitResult *ret, Err *err);

/* What the bootstrap's replicates gave, for intervals of whatever is computed from the parameters. */
typedef struct FitDraws {
    size_t n;      /* replicates; 0: no intervals, for the reason that the fit's warnings give */
    size_t width;  /* fit_slots(): the parameters come first */
    double tail;   /* share of replicates beyond each end of a 95 % interval (bootstrap.h) */
    double *value; /* [n, width], owned; NaN throughout a replicate without a minimum */
} FitDraws;

/* fit_family() that also gives the replicates.  Groups that are to be compared must be given
 * different seeds: replicate r of a seed draws the same places of every data set. */
ErrCode fit_draws(const FitOptions *o, const FitData *data, FitResult *ret, FitDraws *ret_draws,
                  Err *err);
void fit_draws_release(FitDraws *d);
/* The values of one replicate, its reported parameters first [width]. */
const double *fit_draw(const FitDraws *d, size_t replicate);

/* se and 95 % interval of the finite ones of x [n]; all NaN from fewer than 20 or when all are
 * equal.  ERR_NOMEM. */
ErrCode fit_draws_interval(const double *x, size_t n, double tail, FitInterval *ret, Err *err);

/* The response at inputs in the form's units, in the order of its inputs. */
double fit_predict(const FitResult *r, const double *inputs);

/* A parameter or derived value by name, or NULL. */
const FitValue *fit_value(const FitResult *r, const char *name);

/* Value k of all: parameters, derived, then FIT_PER_AT for every at. */
FitValue *fit_slot(FitResult *r, size_t k);
size_t fit_slots(const FitResult *r);

/* Root mean squares, R2 of the raw responses, and Gaussian AIC and BIC of the residuals fitted. */
void fit_measure(const FitProblem *p, const double *theta, FitResult *r);

void fit_warn(FitResult *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif

/* result.h -- what a fit found: values with their intervals, how the minimum was certified, and
 * warnings.  FitResult owns nothing but itself; names, units and meanings are the form's.
 */
#ifndef ANALYSIS_FIT_RESULT_H
#define ANALYSIS_FIT_RESULT_H

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

const char *fit_resampling_name(FitResampling r);

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

/* The response at inputs in the form's units, in the order of its inputs. */
double fit_predict(const FitResult *r, const double *inputs);

/* A parameter or derived value by name, or NULL. */
const FitValue *fit_value(const FitResult *r, const char *name);

/* Value k of all: parameters, derived, then FIT_PER_AT for every at. */
FitValue *fit_slot(FitResult *r, size_t k);
size_t fit_slots(const FitResult *r);

/* Adds a warning, "code: sentence"; the ones after FIT_MAX_WARNINGS are dropped. */
void fit_warn(FitResult *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif

/* options.h -- what a fit is told: the law, its loss and residual, how often it is started and resampled;
 * and the words that users have for these.
 */
#ifndef ANALYSIS_FIT_OPTIONS_H
#define ANALYSIS_FIT_OPTIONS_H

#include <stdint.h>

#include "analysis/fit/result.h"

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

/* "cases", "cluster", "stratified", "residual", "wild", "auto"; ERR_USAGE otherwise. */
ErrCode fit_resampling_parse(const char *text, FitResampling *ret, Err *err);

/* "log" or "raw"; ERR_USAGE otherwise. */
ErrCode fit_residual_parse(const char *text, FitResidual *ret, Err *err);

/* form_find(); ERR_USAGE with the nearest law as the hint. */
ErrCode fit_law_parse(const char *text, const Form **ret, Err *err);

/* Has one of the laws a parameter of this name?  ERR_USAGE with the nearest as the hint. */
ErrCode fit_param_parse(const Form *const *law, size_t n_laws, const char *text, Err *err);

/* "mse", "l1", "huber:1e-3", "asymmetric:10" or "asymmetric:10:1e-3" (weight of overestimates,
 * delta); ERR_USAGE otherwise. */
ErrCode fit_loss_parse(const char *text, FitLoss *ret, Err *err);
const char *fit_loss_name(FitLossKind kind);

#endif

/* sensitivity.h -- the same law under other choices: how a residual is weighed, and what is left out.
 *
 * Each choice is a fit to its own certified minimum, without intervals.  A value's shift under a choice
 * is set against the 95 % interval of the fit as asked: outside it, the choice matters more than the
 * sampling error.  Where there is no interval, nothing is said.
 */
#ifndef ANALYSIS_VALIDATE_SENSITIVITY_H
#define ANALYSIS_VALIDATE_SENSITIVITY_H

#include "analysis/fit/fit.h"

enum { SENSITIVITY_MAX = 20 };

typedef struct SensitivityFit {
    char name[48]; /* "mse, log residuals", "without the 5 highest losses" */
    size_t n;      /* observations */
    bool is_refused;
    char why[200];
    double value[FIT_MAX_VALUES]; /* by slot of the fit as asked */
} SensitivityFit;

typedef struct Sensitivity {
    SensitivityFit *fit; /* [n]; owned */
    size_t n;
    size_t shown[FIT_MAX_VALUES], n_shown; /* slots, as of influence_shown() */
    /* By slot: the choice that moves it most, and its shift over half the interval's width; NaN where
     * there is no interval. */
    size_t worst[FIT_MAX_VALUES];
    double shift[FIT_MAX_VALUES];
    bool is_outside[FIT_MAX_VALUES]; /* some choice puts it outside the interval */
} Sensitivity;

/* n_total [n]: N with embeddings, or NULL.  `fit` is that of options and data.  ERR_NOMEM. */
ErrCode sensitivity_run(const FitOptions *o, const FitData *data, const double *n_total,
                        FitResult *fit, Sensitivity *ret, Err *err);
void sensitivity_release(Sensitivity *s);

#endif

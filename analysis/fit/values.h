/* values.h -- every number that a fit reports, as a function of theta: what intervals are of. */
#ifndef ANALYSIS_FIT_VALUES_H
#define ANALYSIS_FIT_VALUES_H

#include "analysis/fit/fit.h"

/* Names, units and meanings into r->param, derived and at, and the values at r->theta. */
void values_describe(const FitProblem *p, const FitOptions *o, FitResult *r);

/* The values at theta in the order of fit_slot(); the envelope may be NULL.  Returns how many. */
size_t values_at(const Form *f, const double *centre, const double *theta, const Envelope *e,
                 const double *at, size_t n_at, double *values);

/* Is slot k positive by its nature, so that an interval belongs on its logarithm? */
bool values_is_scale(const FitResult *r, size_t k);

#endif

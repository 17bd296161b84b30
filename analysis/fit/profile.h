/* profile.h -- where a profile of the objective reaches a limit; and what intervals have in common.
 *
 * The profile of a value v is the least objective subject to value = v.  Its square root over the
 * minimum is nearly linear in v: bracketed outwards, then interpolated.
 */
#ifndef ANALYSIS_FIT_PROFILE_H
#define ANALYSIS_FIT_PROFILE_H

#include "analysis/fit/result.h"

typedef struct Profile {
    /* Moves theta to the least objective with value = v and returns it; +inf without one. */
    double (*least)(void *ctx, double v, double *theta);
    void *ctx;
    size_t width;         /* of theta */
    const double *best;   /* theta of the minimum [width] */
    double *theta, *good; /* room [width] each */
    double centre, se;    /* the value at the minimum, and a first guess of its error */
    double value, limit;  /* the objective there, and that of the ends */
} Profile;

/* The v on one side (+1, -1) of the centre where the profile reaches the limit; NaN when it never does. */
double profile_end(const Profile *p, double side);

/* rho'(r), and rho''(r) into *curve. */
double interval_psi(const FitLoss *l, double r, double *curve);
/* v -+ quantile se, of the value itself or, where is_log, of its logarithm v. */
FitInterval interval_symmetric(double v, bool is_log, double se, double quantile);
/* BCa from replicates [n], which get sorted, with acceleration a; into v->by[FIT_BCA]. */
void interval_bca(double a, double tail, double *draws, size_t n, FitValue *v);

#endif

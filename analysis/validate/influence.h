/* influence.h -- what a fit would be without one run (or one observation).
 *
 * Every unit is left out and the law refitted to its own minimum.  For each value v (parameters,
 * derived ones, the best N, D and L at a compute):
 *   change    (v without it - v) / se, se the bootstrap's, or the jackknife's where there is none
 *             (Belsley, Kuh and Welsch 1980, DFBETAS with another se)
 *   distance  sum over all observations of (prediction - prediction without it)^2 / (p s^2), in the
 *             residual's scale, s^2 = RSS/(n-p) (Cook 1977)
 * A unit is marked when a change is above 1 (it moves a value by more than its standard error) or the
 * distance is above 1.
 */
#ifndef ANALYSIS_VALIDATE_INFLUENCE_H
#define ANALYSIS_VALIDATE_INFLUENCE_H

#include "analysis/fit/fit.h"

enum { INFLUENCE_MAX_UNITS = 2000 };

typedef struct InfluenceUnit {
    size_t unit;     /* run, or index of the observation */
    size_t n;        /* observations */
    bool is_refused; /* without it there is no law */
    double distance; /* Cook's */
    size_t most;     /* slot of the largest |change| among the shown ones */
    bool is_marked;
} InfluenceUnit;

typedef struct Influence {
    bool is_by_run;
    size_t n, width; /* units; slots of the fit */
    size_t *shown;   /* [n_shown] slots that are judged: exponents, E, a, N_opt, ... */
    size_t n_shown;
    double *se;          /* [width] */
    InfluenceUnit *unit; /* [n] by falling distance; owned, as are the others */
    double *value;       /* [n, width] values without the unit, rows as in unit */
    size_t n_marked, n_refused;
} Influence;

/* Slots of a fit that decisions hang on: shapes, a constant that may vanish, a, and of `at` N_opt, L_opt
 * and tokens per parameter.  The others (A, B) trade off against them. */
size_t influence_shown(FitResult *r, size_t ret[FIT_MAX_VALUES]);

/* `fit` is that of options and data.  ERR_INVALID when there are more than INFLUENCE_MAX_UNITS
 * units; ERR_NOMEM. */
ErrCode influence_run(const FitOptions *o, const FitData *data, FitResult *fit, Influence *ret,
                      Err *err);
void influence_release(Influence *x);

/* Change of a value, in standard errors. */
double influence_change(const Influence *x, FitResult *fit, size_t unit, size_t slot);

#endif

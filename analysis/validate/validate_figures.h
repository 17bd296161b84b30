/* validate_figures.h -- the pictures of a validation.
 *
 *   holdout          ln predicted - ln measured, one level ahead, against the input that is held out: the
 *                    first law's with the 95 % interval of a measurement, and its predictions further
 *                    ahead pale; one panel a group
 *   residual_trends  residuals (ln law - ln measured) against N, D and C, with the mean of each level and
 *                    twice its standard error; a row of panels a group
 */
#ifndef ANALYSIS_VALIDATE_VALIDATE_FIGURES_H
#define ANALYSIS_VALIDATE_VALIDATE_FIGURES_H

#include "analysis/validate/validate.h"
#include "common/arena.h"
#include "draw/plot.h"

typedef struct ValidateFigures {
    Arena arena;
    PlotFigure *figure; /* [n]: those whose parts are there */
    size_t n;
    size_t n_left_out; /* groups for which there was no panel */
} ValidateFigures;

/* ERR_NOMEM. */
ErrCode validate_figures_make(const ValidateReport *r, ValidateFigures *ret, Err *err);
void validate_figures_release(ValidateFigures *f);

#endif

/* compare_figure.h -- a comparison as pictures: the frontiers of all groups, and what they cost. */
#ifndef ANALYSIS_COMPARE_COMPARE_FIGURE_H
#define ANALYSIS_COMPARE_COMPARE_FIGURE_H

#include "analysis/compare/compare.h"
#include "draw/plot.h"

enum { COMPARE_FIGURES = 2 };

/* compare_frontier: least loss against the resource, a line and a 95 % band a group, dotted beyond the
 * group's data.  compare_multiplier: C of each group over C of the first one, against the loss, with
 * 95 % bands and points at the losses asked for. */
typedef struct CompareFigures {
    Arena arena;
    PlotFigure *figure; /* [COMPARE_FIGURES] */
    size_t n;
} CompareFigures;

/* Without a loss that all groups reached only the first figure.  ERR_INVALID when the law has no
 * such resource; ERR_NOMEM.  *ret is to be released in any case. */
ErrCode compare_figures(const Compare *c, CompareFigures *ret, Err *err);
void compare_figures_release(CompareFigures *f);

#endif

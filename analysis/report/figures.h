/* figures.h -- the three pictures of a report.
 *
 *   loss_compute  loss against C: one curve a run, the law's compute-optimal frontier, and the
 *                 power law on the envelope
 *   loss_params   loss against N at a few D, with the fitted chinchilla curves
 *   loss_tokens   loss against D, one series an N, with the fitted chinchilla curves
 *
 * One panel a group, the axes shared.  A group with more than FIGURES_MAX_CURVES curves (a CSV
 * of single runs) is drawn as points, banded by the other variable.
 */
#ifndef ANALYSIS_REPORT_FIGURES_H
#define ANALYSIS_REPORT_FIGURES_H

#include "analysis/report/plot.h"
#include "analysis/report/report.h"
#include "common/arena.h"

enum { FIGURES_COUNT = 3, FIGURES_MAX_CURVES = 16 };

typedef struct Figures {
    Arena arena;
    PlotFigure *figure; /* [FIGURES_COUNT] */
    size_t n_left_out;  /* groups beyond PLOT_MAX_PANELS */
} Figures;

/* ERR_NOMEM; ERR_INVALID when no observation has a C (then nothing can be drawn against it). */
ErrCode figures_make(const Report *r, Figures *ret, Err *err);
void figures_release(Figures *f);

#endif

/* figures.h -- the pictures of a report.
 *
 *   loss_compute    loss against C: one curve a run, the law's compute-optimal frontier, and the
 *                   power law on the envelope
 *   loss_params     loss against N at a few D, with the fitted chinchilla curves
 *   loss_tokens     loss against D, one series an N, with the fitted chinchilla curves
 *   law_surface     contours of a law L(N, D) over ln N and ln D, with the observations and, for C = 6 N D,
 *                   the best N and D
 *   isoflop         loss against N at each compute budget, the parabolas and the law's own curves
 *   optimal_params  best N against C, with the bootstrap's 95 % band and the parabolas' vertices
 *   optimal_tokens  best D against C, likewise
 *   residuals       ln(measured / law) against N, D and C
 *   profile         the objective against each parameter, the others fitted anew, in units of what
 *                   F(1, n - p) allows at 95 % (fit/intervals.h; observations as independent)
 *
 * One panel a group, the axes shared; residuals and profile have all groups in each panel.  A group
 * with more than SHEET_MAX_CURVES curves (a CSV of single runs) is drawn as points, banded by the
 * other variable.  A picture that the source has nothing for is left out: isoflop without budgets,
 * those after it without a law in N and D.
 */
#ifndef ANALYSIS_REPORT_FIGURES_H
#define ANALYSIS_REPORT_FIGURES_H

#include "analysis/report/plot.h"
#include "analysis/report/report.h"
#include "common/arena.h"

enum { FIGURES_MAX = 9 };

typedef struct Figures {
    Arena arena;
    PlotFigure *figure; /* [n] */
    size_t n;
    size_t n_left_out; /* groups beyond PLOT_MAX_PANELS */
} Figures;

/* ERR_NOMEM; ERR_INVALID when no observation has a C (then nothing can be drawn against it). */
ErrCode figures_make(const Report *r, Figures *ret, Err *err);
void figures_release(Figures *f);

#endif

/* figures.h -- the pictures of a report.
 *
 *   loss_compute    loss against C, all groups in one frame: runs thin, the least loss at each C by the
 *                   group's law thick with its 95 % band; without a law in N and D the power law on the
 *                   envelope
 *   loss_params     loss against N at a few D, with the law's curves and bands
 *   loss_tokens     loss against D, one series an N, with the law's curves and bands
 *   law_surface     contours of a law L(N, D) over N and D, with the observations and the best N and D
 *   isoflop         loss against N at each compute budget, the parabolas and the law's own curves
 *   optimal_params  best N against C, with the 95 % band and the parabolas' vertices
 *   optimal_tokens  best D against C, likewise
 *   residuals       ln(law / measured) against N, D and C
 *   profile         the objective against each parameter, the others fitted anew, in units of what
 *                   F(1, n - p) allows at 95 % (fit/intervals.h; observations as independent)
 *   loss_axis       loss at the last observation (largest D) of each run against a column that is named,
 *                   one curve an N, its lowest point marked.  Of runs of one N and value (seeds) ln loss is
 *                   averaged.  A source without runs: the rows of the largest D of each N and value.  Runs that
 *                   diverged are not there: obs_select() leaves out the rows of their state, and a catalog gives
 *                   no loss that is not finite.  Rows with an empty cell are left out.  x is logarithmic
 *                   unless a value is zero or negative
 *
 * C is counted as the observations count it, in every picture, and named on the axis.  What is drawn of
 * the best N and D lies within the data's range of C: thick where both were observed, dotted up to four
 * times beyond, not at all further.  Bands are the bootstrap's replicates, where the report has them.
 * Where the report's first law predicts something else than the loss, that stands in its place, also in
 * the names of the files: lr_tokens.
 *
 * One panel a group, the axes shared; loss_compute, residuals and profile have all groups in each panel.
 * A group with more than SHEET_MAX_CURVES curves (a CSV of single runs) is drawn as points, banded by the
 * other variable.  A panel without anything says why.  A picture that the source has nothing for is left
 * out: isoflop without budgets, those after it without a law in N and D, loss_axis when no column is named.
 */
#ifndef ANALYSIS_REPORT_FIGURES_H
#define ANALYSIS_REPORT_FIGURES_H

#include "analysis/report/report.h"
#include "common/arena.h"
#include "draw/plot.h"

enum { FIGURES_MAX = 10 };

/* A column of the source. */
typedef struct FigureAxis {
    const Frame *frame; /* borrowed; the one that the report's observations were selected from */
    size_t column;
} FigureAxis;

/* The column that frame_column() takes the name for: "lr" is training.optimizer.adamw.lr. */
ErrCode figure_axis_find(const Frame *f, const char *name, FigureAxis *ret, Err *err);

typedef struct Figures {
    Arena arena;
    PlotFigure *figure; /* [n] */
    size_t n;
    size_t n_left_out; /* groups beyond PLOT_MAX_PANELS */
} Figures;

/* Pictures by their names above, with commas, as bits; NULL: 0.  ERR_USAGE with the nearest name. */
ErrCode figures_choose(const char *text, unsigned *ret, Err *err);

/* axis: of loss_axis; NULL: none.  only: of figures_choose(); 0: all.  ERR_NOMEM; ERR_INVALID when an
 * observation has no C (then nothing can be drawn against it), when a cell of the axis is no number (with
 * its place), when all are empty. */
ErrCode figures_make(const Report *r, const FigureAxis *axis, unsigned only, Figures *ret,
                     Err *err);
void figures_release(Figures *f);

#endif

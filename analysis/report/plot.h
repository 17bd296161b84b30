/* plot.h -- a picture as data: <name>.csv, <name>.gp, and gnuplot's <name>.svg and <name>.png.
 *
 * A figure is a grid of panels with common logarithmic axes; a panel holds series.  The
 * script names its data by relative path and can be run, read and changed by hand:
 *   cd reports && gnuplot loss_compute.gp
 * Text of the user (names of groups and runs) stands in single quotes only, where gnuplot
 * substitutes nothing, and without backquotes or control characters.
 */
#ifndef ANALYSIS_REPORT_PLOT_H
#define ANALYSIS_REPORT_PLOT_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"
#include "common/err.h"

enum { PLOT_MAX_PANELS = 12, PLOT_MAX_SERIES = 64 };

typedef enum PlotStyle {
    PLOT_POINTS,
    PLOT_LINE,
    PLOT_CURVE, /* a thin line with its points: a training run */
    PLOT_THICK, /* a law */
    PLOT_DASHED,
} PlotStyle;

/* Where a series says what it is. */
typedef enum PlotLabel {
    PLOT_IN_KEY,   /* in the legend */
    PLOT_AT_FIRST, /* above its first point */
    PLOT_AT_LAST,  /* right of its last point; labels that would touch are moved apart */
} PlotLabel;

typedef struct PlotSeries {
    const char *label; /* NULL: none */
    PlotLabel label_at;
    char color[8]; /* "#0072B2" */
    PlotStyle style;
    size_t n;
    const double *x, *y; /* [n], positive; borrowed */
} PlotSeries;

typedef struct PlotPanel {
    const char *title; /* NULL: none */
    PlotSeries series[PLOT_MAX_SERIES];
    size_t n_series;
} PlotPanel;

typedef struct PlotFigure {
    const char *name; /* of the files */
    const char *title;
    const char *x_label, *y_label;
    const char *x_column, *y_column; /* header of the CSV */
    bool is_key_left;                /* legend bottom left, else top right */
    PlotPanel panel[PLOT_MAX_PANELS];
    size_t n_panels;
} PlotFigure;

/* Appends a series, its label in the legend, and returns it; NULL when the panel is full or n is 0. */
PlotSeries *plot_add(PlotPanel *p, const char *label, const char *color, PlotStyle style, size_t n,
                     const double *x, const double *y);

/* Colour of an architecture: the same everywhere (Okabe and Ito's colour-blind-safe set).
 * Other names take the set's remaining colours by `index`. */
const char *plot_group_color(const char *name, size_t index);

/* `color` mixed with white: strength 1 is the colour itself, 0 white. */
void plot_tint(const char *color, double strength, char ret[8]);

/* Writes <dir>/<name>.csv and <dir>/<name>.gp.  ERR_IO, ERR_NOMEM. */
ErrCode plot_write(const PlotFigure *f, const char *dir, Err *err);

/* Runs gnuplot on the script; no shell.  ERR_UNAVAILABLE with a hint when there is no gnuplot,
 * ERR_CHILD with the path of its messages when it fails. */
ErrCode plot_render(const PlotFigure *f, const char *dir, Err *err);

#endif

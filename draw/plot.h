/* plot.h -- a picture as data: <name>.csv, <name>.gp, and gnuplot's <name>.svg and <name>.png.
 *
 * A figure is a grid of panels; a panel holds series and reference lines.  Axes are logarithmic
 * unless said, and common to all panels unless has_own_axes.  The script names its data by
 * relative path and can be run, read and changed by hand:
 *   cd reports && gnuplot loss_compute.gp
 * A value that is not finite, or not positive on a logarithmic axis, is written to the data and
 * not drawn.
 * Text of the user (names of groups and runs) stands in single quotes only, where gnuplot
 * substitutes nothing, and without backquotes or control characters.
 */
#ifndef DRAW_PLOT_H
#define DRAW_PLOT_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"
#include "common/err.h"

enum { PLOT_MAX_PANELS = 12, PLOT_MAX_SERIES = 64, PLOT_MAX_LINES = 8 };

typedef enum PlotStyle {
    PLOT_POINTS,
    PLOT_MARKS, /* rings around points that other series have */
    PLOT_LINE,
    PLOT_BEADS, /* a line with its points large: few, and each was measured */
    PLOT_CURVE, /* a thin line with its points: a training run */
    PLOT_THICK, /* a law */
    PLOT_DASHED,
    PLOT_ERRORS, /* points with bars from y_lo to y_hi */
    PLOT_BAND,   /* filled between y_lo and y_hi; y is only written to the data */
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
    const double *x, *y;       /* [n]; borrowed */
    const double *y_lo, *y_hi; /* [n]; of PLOT_ERRORS and PLOT_BAND, else NULL; borrowed */
} PlotSeries;

typedef enum PlotLineKind {
    PLOT_HORIZONTAL, /* y = at */
    PLOT_VERTICAL,   /* x = at */
    PLOT_DIAGONAL,   /* y = x */
} PlotLineKind;

/* A thin dashed line across the panel; axes reach it. */
typedef struct PlotRefLine {
    PlotLineKind kind;
    double at;
    const char *label; /* beside the line; NULL: none */
} PlotRefLine;

typedef struct PlotPanel {
    const char *title; /* NULL: none */
    PlotSeries series[PLOT_MAX_SERIES];
    size_t n_series;
    PlotRefLine line[PLOT_MAX_LINES];
    size_t n_lines;
    const char *x_label; /* NULL: the figure's */
} PlotPanel;

typedef enum PlotKey {
    PLOT_KEY_CORNER, /* top right, or bottom left with is_key_left */
    PLOT_KEY_TOP_LEFT,
    PLOT_KEY_BOTTOM_RIGHT,
    PLOT_KEY_OUTSIDE, /* above each panel: where every corner holds data */
} PlotKey;

typedef struct PlotFigure {
    const char *name; /* of the files */
    const char *title;
    const char *x_label, *y_label;
    const char *x_column, *y_column; /* header of the CSV */
    bool is_key_left;                /* legend bottom left, else top right */
    PlotKey key;
    bool is_x_linear, is_y_linear; /* else logarithmic */
    bool has_own_axes;             /* each panel its own ranges */
    /* Names at x = 1, 2, ... n_x_names in place of numbers; NULL: none. */
    const char *const *x_name;
    size_t n_x_names;
    /* Ticks of a logarithmic x at these rising values in place of round ones [n_x_ticks]; one whose
     * number would touch the last has none. */
    const double *x_tick;
    size_t n_x_ticks;
    PlotPanel panel[PLOT_MAX_PANELS];
    size_t n_panels;
} PlotFigure;

/* Appends a series, its label in the legend, and returns it; NULL when the panel is full or n is 0. */
PlotSeries *plot_add(PlotPanel *p, const char *label, const char *color, PlotStyle style, size_t n,
                     const double *x, const double *y);

/* The same with bars or a band from y_lo to y_hi: style PLOT_ERRORS or PLOT_BAND. */
PlotSeries *plot_add_range(PlotPanel *p, const char *label, const char *color, PlotStyle style,
                           size_t n, const double *x, const double *y, const double *y_lo,
                           const double *y_hi);

/* Appends a reference line; nothing when the panel has PLOT_MAX_LINES. */
void plot_add_line(PlotPanel *p, PlotLineKind kind, double at, const char *label);

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

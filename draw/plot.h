/* plot.h -- a picture as data: <name>.csv, <name>.gp, and what gnuplot makes of them.
 *
 * A figure is a grid of panels; a panel holds series and reference lines.  All text is set and placed
 * here (layout.h, place.h), so that a picture fits its printed size: type of 7 points and more (what is
 * raised in 10^{18}, less), one legend above the panels, and labels in the colour of their own curve
 * where nothing else is.  The script names its data by relative path and can be run, read and changed
 * by hand:
 *   cd reports && gnuplot loss_compute.gp
 * A value that is not finite, or not positive on a logarithmic axis, is written to the data and not
 * drawn.  A point of which neither x nor y is finite is an empty line of the data: lines are interrupted.
 * Text of the user (names of groups and runs) stands in single quotes only, where gnuplot substitutes
 * nothing, and without backquotes or control characters.
 */
#ifndef DRAW_PLOT_H
#define DRAW_PLOT_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"
#include "common/err.h"

enum { PLOT_MAX_PANELS = 12, PLOT_MAX_SERIES = 96, PLOT_MAX_LINES = 8 };

/* How a group looks in every picture: its name, its colour, and for who sees no colours a number that
 * stands for a marker and a dash (0: circle and whole line). */
typedef struct PlotLook {
    const char *title; /* borrowed; NULL: none */
    char color[8];     /* "#0072B2" */
    char text[8];      /* of its labels: the colour before plot_tint() */
    int code;
} PlotLook;

/* Of what belongs to no group. */
PlotLook plot_ink(void);
PlotLook plot_grey(void);
/* Of a group that has no look of its own: Okabe and Ito's colours, which the colour-blind can tell
 * apart, and each code with each of them before any pair comes twice. */
PlotLook plot_look(const char *title, size_t index);
/* The colour mixed with white: strength 1 is the colour itself, 0 white. */
PlotLook plot_tint(PlotLook look, double strength);

typedef enum PlotStyle {
    PLOT_POINTS,
    PLOT_MARKS,  /* rings around points that other series have */
    PLOT_THIN,   /* training runs: many, pale */
    PLOT_LINE,   /* a law at a value of the other input */
    PLOT_BEADS,  /* a line with its points large: few, and each was measured */
    PLOT_THICK,  /* what the picture is about, in the look's own dash */
    PLOT_BEYOND, /* dotted: where there are no data */
    PLOT_ERRORS, /* points with bars from y_lo to y_hi */
    PLOT_BAND,   /* filled between y_lo and y_hi; y is only written to the data */
} PlotStyle;

/* Where a series says what it is. */
typedef enum PlotLabel {
    PLOT_IN_KEY,   /* in the legend, once in a picture */
    PLOT_AT_FIRST, /* at its own curve, as near to its first point as there is room */
    PLOT_AT_LAST,  /* the same from its last point */
} PlotLabel;

typedef struct PlotSeries {
    const char *label; /* NULL: none */
    PlotLabel label_at;
    PlotLook look;
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

/* A thin line across the panel; axes reach it. */
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
    bool is_x_log;       /* also where the figure's x is linear */
    const char *note;    /* a sentence: why the panel is empty; NULL: there is nothing to draw */
} PlotPanel;

/* Which panels have an axis in common. */
typedef enum PlotShare {
    PLOT_SHARED,   /* all */
    PLOT_ALIGNED,  /* y: those of a row; x: those of a column */
    PLOT_SEPARATE, /* none */
} PlotShare;

typedef struct PlotFigure {
    const char *name; /* of the files */
    const char *title;
    const char *x_label, *y_label;
    const char *x_column, *y_column; /* header of the CSV */
    bool is_x_linear, is_y_linear;   /* else logarithmic */
    PlotShare x_share, y_share;
    size_t n_columns; /* of panels on a page; 0: what their number suggests */
    /* Ticks of a logarithmic x at these rising values in place of round ones [n_x_ticks]; one whose
     * number would touch the last has none. */
    const double *x_tick;
    size_t n_x_ticks;
    PlotPanel panel[PLOT_MAX_PANELS];
    size_t n_panels;
} PlotFigure;

/* Appends a series, its label in the legend, and returns it; NULL when the panel is full or n is 0. */
PlotSeries *plot_add(PlotPanel *p, const char *label, PlotLook own, PlotStyle style, size_t n,
                     const double *x, const double *y);

/* The same with bars or a band from y_lo to y_hi: style PLOT_ERRORS or PLOT_BAND. */
PlotSeries *plot_add_range(PlotPanel *p, const char *label, PlotLook own, PlotStyle style, size_t n,
                           const double *x, const double *y, const double *y_lo,
                           const double *y_hi);

/* Puts a label at the curve; q may be NULL. */
void plot_place(PlotSeries *q, PlotLabel at);

/* Appends a reference line; nothing when the panel has PLOT_MAX_LINES. */
void plot_add_line(PlotPanel *p, PlotLineKind kind, double at, const char *label);

/* ---- output ---- */

typedef enum PlotFormat { PLOT_SVG, PLOT_PNG, PLOT_PDF, PLOT_EPS, PLOT_N_FORMATS } PlotFormat;

typedef enum PlotWidth {
    PLOT_PAGE,   /* 7 in */
    PLOT_COLUMN, /* 3.4 in */
} PlotWidth;

/* How pictures are written; zeros are the default. */
typedef struct PlotOutput {
    unsigned formats; /* bits 1u << PlotFormat; 0: SVG and PNG */
    PlotWidth width;
    const char *title; /* NULL: the picture's own; "": none.  Borrowed */
} PlotOutput;

/* "svg", ... */
const char *plot_format_name(PlotFormat f);
bool plot_has_format(const PlotOutput *o, PlotFormat f);

/* From the words of a command line: formats with commas (NULL: the default), to which repeated calls
 * add; "column" or "page"; "none", "auto" or a title.  ERR_USAGE with the nearest word. */
ErrCode plot_parse_formats(const char *text, PlotOutput *o, Err *err);
ErrCode plot_parse_width(const char *text, PlotOutput *o, Err *err);
void plot_parse_title(const char *text, PlotOutput *o);
/* Sets the bits of the words of `text`, with commas, in a list of at most 32; NULL: none. */
ErrCode plot_parse_words(const char *text, const char *const *list, size_t n_list, const char *what,
                         unsigned *ret, Err *err);

/* Writes <dir>/<name>.csv and .gp of each of n figures, then runs gnuplot on each script, without a
 * shell.  ERR_IO, ERR_NOMEM; ERR_UNAVAILABLE with a hint when there is no gnuplot (data and scripts
 * are written), ERR_CHILD with the path of its messages when it fails. */
ErrCode plot_draw(const PlotFigure *f, size_t n, const PlotOutput *o, const char *dir, Err *err);

/* The first half alone. */
ErrCode plot_write(const PlotFigure *f, const PlotOutput *o, const char *dir, Err *err);

#endif

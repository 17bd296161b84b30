/* layout.h -- where everything of a picture stands, in points (1/72 in) from its lower left corner. */
#ifndef DRAW_LAYOUT_H
#define DRAW_LAYOUT_H

#include "draw/place.h"
#include "draw/plot.h"
#include "draw/ticks.h"

/* The smallest type of a picture [pt]. */
#define LAYOUT_SMALL 7.0

enum {
    LAYOUT_MAX_KEY = 48,
    LAYOUT_MAX_LINES = 3,
    LAYOUT_MAX_LABELS = PLOT_MAX_SERIES + PLOT_MAX_LINES
};

/* Text in lines. */
typedef struct LayoutText {
    char line[LAYOUT_MAX_LINES][200];
    size_t n;
} LayoutText;

/* A label at its curve. */
typedef struct LayoutLabel {
    const char *text; /* borrowed */
    const char *color;
    double x, y;     /* of its middle */
    bool has_leader; /* a thin line from the curve's end to the text */
    double end[2];
} LayoutLabel;

typedef struct LayoutPanel {
    PlaceBox frame;
    Axis x, y;
    Ticks x_ticks, y_ticks;
    LayoutText x_label;
    bool has_x_text, has_y_text; /* numbers and the axis's name, else its neighbour has them */
    LayoutLabel label[LAYOUT_MAX_LABELS];
    size_t n_labels;
} LayoutPanel;

/* One line of the legend: a sign from x to x + LAYOUT_SIGN and its text. */
typedef struct LayoutKey {
    const PlotSeries *series;
    double x, y;
} LayoutKey;

#define LAYOUT_SIGN 18.0

typedef struct Layout {
    double width, height;
    double size;      /* of names of axes and panels; numbers, labels and legend are LAYOUT_SMALL */
    LayoutText title; /* its first line's middle is title_y */
    double title_y;
    LayoutKey key[LAYOUT_MAX_KEY];
    size_t n_keys;
    LayoutPanel panel[PLOT_MAX_PANELS];
} Layout;

/* Heap, to be given to layout_free(); NULL when memory is short. */
Layout *layout_new(const PlotFigure *f, const PlotOutput *o);
void layout_free(Layout *l);

/* Breaks text at blanks into lines of at most `width` points; what is left over stands in the last. */
void layout_wrap(const char *text, double size, double width, LayoutText *ret);

/* The colour in which text of this colour can be read on white: the same, darker where it is pale. */
void layout_text_color(const char *color, char ret[8]);

#endif

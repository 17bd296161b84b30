#include "draw/plot_script.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PANEL_WIDTH = 560, PANEL_HEIGHT = 420, TITLE_HEIGHT = 44, PNG_SCALE_PERCENT = 160 };
/* Height of a line of small text and of a panel's plot, in the same units. */
#define TAG_HEIGHT  13.0
#define PLOT_HEIGHT 310.0
#define TAG_SHARE   0.16   /* of the axis: width of a tag */
#define DIGIT_SHARE 0.0165 /* of the axis: width of a digit of a tick's number */
#define TAG_COLOR   "#404040"
/* Room beyond the data, as a share of the axis in logs. */
#define PAD         0.04
#define PAD_RIGHT   0.20
#define PAD_ABOVE   0.08

/* ---- the script ---- */

/* In single quotes, a quote doubled; nothing that gnuplot would expand. */
static void put_quoted(Buf *out, const char *s)
{
    buf_putc(out, '\'');
    for (; *s; s++) {
        bool is_bad = (unsigned char)*s < ' ' || *s == '`';
        if (*s == '\'') {
            buf_putc(out, '\'');
        }
        buf_add(out, is_bad ? "?" : s, 1);
    }
    buf_putc(out, '\'');
}

typedef struct Range {
    double lo, hi;
    bool is_linear;
} Range;

static void reach(Range *r, double v)
{
    if (isfinite(v) && (r->is_linear || v > 0.0)) {
        r->lo = fmin(r->lo, v);
        r->hi = fmax(r->hi, v);
    }
}

/* What the series and lines of a panel take of one axis. */
static void reach_panel(const PlotPanel *p, bool is_x, Range *r)
{
    for (size_t s = 0; s < p->n_series; s++) {
        const PlotSeries *q = &p->series[s];
        for (size_t i = 0; i < q->n; i++) {
            if (is_x || q->style != PLOT_BAND) {
                reach(r, is_x ? q->x[i] : q->y[i]);
            }
            if (!is_x && q->y_lo) {
                reach(r, q->y_lo[i]);
                reach(r, q->y_hi[i]);
            }
        }
    }
    for (size_t i = 0; i < p->n_lines; i++) {
        if (p->line[i].kind == (is_x ? PLOT_VERTICAL : PLOT_HORIZONTAL)) {
            reach(r, p->line[i].at);
        }
    }
}

/* Room beyond the data: more where tags stand past the far end of this axis. */
static double room_of(const PlotPanel *p, bool is_x)
{
    double beyond = PAD;
    for (size_t s = 0; s < p->n_series; s++) {
        const PlotSeries *q = &p->series[s];
        if (q->label && q->label_at != PLOT_IN_KEY) {
            bool is_right = q->label_at == PLOT_AT_LAST;
            beyond = is_right == is_x ? fmax(beyond, is_right ? PAD_RIGHT : PAD_ABOVE) : beyond;
        }
    }
    return beyond;
}

/* Range of one axis over panels [first, end). */
static Range range_of(const PlotFigure *f, size_t first, size_t end, bool is_x)
{
    bool is_linear = is_x ? f->is_x_linear : f->is_y_linear;
    Range r = {(double)INFINITY, is_linear ? -(double)INFINITY : 0.0, is_linear};
    double beyond = PAD;
    for (size_t p = first; p < end; p++) {
        reach_panel(&f->panel[p], is_x, &r);
        beyond = fmax(beyond, room_of(&f->panel[p], is_x));
    }
    if (is_x && f->x_name) {
        return (Range){0.5, (double)f->n_x_names + 0.5, true};
    }
    if (!(r.lo <= r.hi)) { /* nothing to draw */
        return (Range){1.0, 10.0, is_linear};
    }
    if (is_linear) {
        double size = fmax(fabs(r.lo), fabs(r.hi)); /* the script has nine digits */
        double span = fmax(r.hi - r.lo, size > 0.0 ? 1e-6 * size : 1.0);
        return (Range){r.lo - PAD * span, r.hi + beyond * span, true};
    }
    double span = fmax(log(r.hi / r.lo), 0.05);
    return (Range){r.lo * exp(-PAD * span), r.hi * exp(beyond * span), false};
}

/* Powers of ten with short ticks between them; 2 and 5 get a label too when there are few. */
static void put_decades(Buf *out, char axis, Range r)
{
    int first = (int)ceil(log10(r.lo) - 1e-9), last = (int)floor(log10(r.hi) + 1e-9);
    int every = (last - first) / 8 + 1;
    bool has_room = last - first < 2;
    const char *sep = "";
    buf_printf(out, "set %ctics (", axis);
    for (int decade = first - 1; decade <= last; decade++) {
        for (int digit = 1; digit <= 9; digit++) {
            double v = digit * pow(10.0, decade);
            bool is_major = digit == 1 && (decade - first) % every == 0;
            if (v < r.lo || v > r.hi || (!is_major && every > 1)) {
                continue;
            }
            if (is_major) {
                buf_printf(out, "%s'10^{%d}' %.6g", sep, decade, v);
            } else if (has_room && (digit == 2 || digit == 5)) {
                buf_printf(out, "%s'%d\302\26710^{%d}' %.6g", sep, digit, decade, v);
            } else {
                buf_printf(out, "%s'' %.6g 1", sep, v);
            }
            sep = ", ";
        }
    }
    buf_puts(out, ")\n");
}

/* Round numbers for a range of less than a decade and a half. */
static void put_round_ticks(Buf *out, char axis, Range r)
{
    static const double coarse[] = {1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0};
    static const double fine[] = {1.0, 1.2, 1.4, 1.6, 1.8, 2.0, 2.2, 2.4, 2.6, 2.8,
                                  3.0, 3.5, 4.0, 4.5, 5.0, 6.0, 7.0, 8.0, 9.0};
    static const double finest[] = {1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7, 1.8, 1.9,
                                    2.0, 2.1, 2.2, 2.3, 2.4, 2.5, 2.6, 2.7, 2.8, 2.9,
                                    3.0, 3.2, 3.4, 3.6, 3.8, 4.0, 4.2, 4.4, 4.6, 4.8,
                                    5.0, 5.5, 6.0, 6.5, 7.0, 7.5, 8.0, 8.5, 9.0, 9.5};
    bool is_narrow = r.hi / r.lo < 3.2, is_very = r.hi / r.lo < 1.6;
    const double *tick = is_very ? finest : is_narrow ? fine : coarse;
    size_t n = is_very     ? sizeof finest / sizeof finest[0]
               : is_narrow ? sizeof fine / sizeof fine[0]
                           : sizeof coarse / sizeof coarse[0];
    const char *sep = "";
    buf_printf(out, "set format %c '%%g'\nset %ctics (", axis, axis);
    for (int decade = (int)floor(log10(r.lo)); decade <= (int)ceil(log10(r.hi)); decade++) {
        for (size_t i = 0; i < n; i++) {
            double v = tick[i] * pow(10.0, decade);
            if (v >= r.lo && v <= r.hi) {
                buf_printf(out, "%s%.6g", sep, v);
                sep = ", ";
            }
        }
    }
    buf_puts(out, ")\n");
}

static void put_axis(Buf *out, char axis, Range r)
{
    if (r.is_linear) {
        buf_printf(out, "set %crange [%.9g:%.9g]\nset format %c '%%g'\nset %ctics autofreq\n", axis,
                   r.lo, r.hi, axis, axis);
        return;
    }
    buf_printf(out, "set %crange [%.6g:%.6g]\n", axis, r.lo, r.hi);
    if (r.hi / r.lo > 30.0 || r.hi > 1000.0) {
        put_decades(out, axis, r);
    } else {
        put_round_ticks(out, axis, r);
    }
}

/* Ticks at the figure's own values. */
static void put_ticks(const PlotFigure *f, Range r, Buf *out)
{
    double last = 0.0;
    buf_puts(out, "set format x '%g'\nset xtics (");
    for (size_t i = 0; i < f->n_x_ticks; i++) {
        double v = f->x_tick[i];
        char text[32];
        int n = snprintf(text, sizeof text, "%.4g", v);
        bool has_room = last == 0.0 || log(v / last) / log(r.hi / r.lo) > DIGIT_SHARE * (n + 1);
        buf_printf(out, "%s'%s' %.9g", i ? ", " : "", has_room ? text : "", v);
        last = has_room ? v : last;
    }
    buf_puts(out, ")\n");
}

static void put_axes(const PlotFigure *f, size_t first, size_t end, Buf *out, Range *ret_x,
                     Range *ret_y)
{
    *ret_x = range_of(f, first, end, true);
    *ret_y = range_of(f, first, end, false);
    put_axis(out, 'x', *ret_x);
    if (f->n_x_ticks && !ret_x->is_linear) {
        put_ticks(f, *ret_x, out);
    }
    if (f->x_name) {
        buf_puts(out, "set xtics rotate by -30 left noenhanced (");
        for (size_t i = 0; i < f->n_x_names; i++) {
            buf_puts(out, i ? ", " : "");
            put_quoted(out, f->x_name[i]);
            buf_printf(out, " %zu", i + 1);
        }
        buf_puts(out, ")\n");
    }
    put_axis(out, 'y', *ret_y);
}

static const char *style_of(PlotStyle s)
{
    switch (s) {
    case PLOT_POINTS:
        return "with points pt 7 ps 0.55";
    case PLOT_MARKS:
        return "with points pt 6 ps 1.3 lw 1.6";
    case PLOT_LINE:
        return "with lines lw 1.4";
    case PLOT_BEADS:
        return "with linespoints lw 1.4 pt 7 ps 0.65";
    case PLOT_CURVE:
        return "with linespoints lw 1.2 pt 7 ps 0.3";
    case PLOT_THICK:
        return "with lines lw 2.6";
    case PLOT_DASHED:
        return "with lines lw 2 dt (6,4)";
    case PLOT_ERRORS:
        return "with yerrorbars pt 7 ps 0.6 lw 1.2";
    case PLOT_BAND:
        return "with filledcurves fs transparent solid 0.22 noborder";
    }
    return "with lines";
}

/* Columns of the data that a style reads. */
static const char *columns_of(PlotStyle s)
{
    return s == PLOT_ERRORS ? "3:6:7" : s == PLOT_BAND ? "6:7" : "3";
}

/* One text beside a curve. */
typedef struct Tag {
    double x, y; /* of the point it belongs to, then where it goes */
    const PlotSeries *series;
} Tag;

static int by_height(const void *a, const void *b)
{
    const Tag *p = a, *q = b;
    return p->y < q->y ? -1 : p->y > q->y;
}

/* How far apart two x are, as a share of the axis. */
static double apart(Range x, double a, double b)
{
    return x.is_linear ? fabs(a - b) / (x.hi - x.lo) : fabs(log(a / b)) / log(x.hi / x.lo);
}

/* Raises tags that would touch one below. */
static void spread(Tag *tag, size_t n, Range x, Range y)
{
    double share = TAG_HEIGHT / PLOT_HEIGHT; /* of the axis, that a line of text takes */
    double step = y.is_linear ? share * (y.hi - y.lo) : 0.0;
    double factor = y.is_linear ? 1.0 : pow(y.hi / y.lo, share);
    qsort(tag, n, sizeof *tag, by_height);
    for (size_t i = 1; i < n; i++) {
        for (size_t j = 0; j < i; j++) {
            if (apart(x, tag[i].x, tag[j].x) < TAG_SHARE) {
                tag[i].y = fmax(tag[i].y, tag[j].y * factor + step);
            }
        }
    }
}

static void put_tags(const PlotPanel *p, Range x_range, Range y_range, Buf *out)
{
    Tag tag[PLOT_MAX_SERIES];
    size_t n = 0;
    for (size_t s = 0; s < p->n_series; s++) {
        const PlotSeries *q = &p->series[s];
        if (!q->label || q->label_at == PLOT_IN_KEY) {
            continue;
        }
        size_t at = q->label_at == PLOT_AT_FIRST ? 0 : q->n - 1;
        tag[n++] = (Tag){q->x[at], q->y[at], q};
    }
    bool is_last = n > 0 && tag[0].series->label_at == PLOT_AT_LAST;
    if (is_last) {
        spread(tag, n, x_range, y_range);
    }
    for (size_t i = 0; i < n; i++) {
        buf_puts(out, "  set label ");
        put_quoted(out, tag[i].series->label);
        buf_printf(out, " at %.6g,%.6g %s font ',9' textcolor rgb '%s' noenhanced front\n",
                   tag[i].x, tag[i].y, is_last ? "left offset 0.6,0" : "center offset 0,0.6",
                   TAG_COLOR);
    }
}

/* A dashed line from end to end of the panel, and its text. */
static void put_line(const PlotRefLine *l, Range x, Range y, Buf *out)
{
    double lo = fmax(x.lo, y.lo), hi = fmin(x.hi, y.hi);
    bool is_on = l->kind == PLOT_DIAGONAL ? lo < hi : true;
    if (!is_on) {
        return;
    }
    buf_puts(out, "  set arrow from ");
    if (l->kind == PLOT_HORIZONTAL) {
        buf_printf(out, "graph 0,first %.9g to graph 1,first %.9g", l->at, l->at);
    } else if (l->kind == PLOT_VERTICAL) {
        buf_printf(out, "first %.9g,graph 0 to first %.9g,graph 1", l->at, l->at);
    } else {
        buf_printf(out, "first %.9g,first %.9g to first %.9g,first %.9g", lo, lo, hi, hi);
    }
    buf_puts(out, " nohead back lw 1.2 dt (4,4) lc rgb '#7A7A7A'\n");
    if (!l->label) {
        return;
    }
    buf_puts(out, "  set label ");
    put_quoted(out, l->label);
    if (l->kind == PLOT_HORIZONTAL) {
        buf_printf(out, " at graph 0.985,first %.9g right offset 0,0.5", l->at);
    } else if (l->kind == PLOT_VERTICAL) {
        buf_printf(out, " at first %.9g,graph 0.96 left offset 0.5,0", l->at);
    } else {
        buf_printf(out, " at first %.9g,first %.9g right offset -1.5,-0.5", hi, hi);
    }
    buf_printf(out, " font ',9' textcolor rgb '%s' noenhanced front\n", TAG_COLOR);
}

static void put_lines(const PlotPanel *p, Range x, Range y, Buf *out)
{
    for (size_t i = 0; i < p->n_lines; i++) {
        put_line(&p->line[i], x, y, out);
    }
}

static bool has_lines(const PlotFigure *f)
{
    for (size_t p = 0; p < f->n_panels; p++) {
        if (f->panel[p].n_lines) {
            return true;
        }
    }
    return false;
}

static void put_series(const PlotPanel *p, size_t first_id, Buf *out)
{
    buf_puts(out, "  plot ");
    for (size_t s = 0; s < p->n_series; s++) {
        const PlotSeries *q = &p->series[s];
        buf_printf(out, "%s\\\n    data using (series(%zu)):%s %s lc rgb '%s' ", s ? ", " : "",
                   first_id + s, columns_of(q->style), style_of(q->style), q->color);
        if (q->label && q->label_at == PLOT_IN_KEY) {
            buf_puts(out, "title ");
            put_quoted(out, q->label);
            buf_puts(out, " noenhanced");
        } else {
            buf_puts(out, "notitle");
        }
    }
    buf_puts(out, p->n_series ? "\n" : "NaN notitle\n"); /* an empty frame */
}

static void put_panel(const PlotFigure *f, size_t at, size_t first_id, Range x, Range y, Buf *out)
{
    const PlotPanel *p = &f->panel[at];
    if (f->has_own_axes) {
        put_axes(f, at, at + 1, out, &x, &y);
    }
    if (p->x_label) {
        buf_puts(out, "  set xlabel ");
        put_quoted(out, p->x_label);
        buf_puts(out, " noenhanced\n");
    }
    buf_puts(out, "  set title ");
    put_quoted(out, p->title ? p->title : "");
    buf_puts(out, " noenhanced\n  unset label\n");
    buf_puts(out, has_lines(f) ? "  unset arrow\n" : "");
    put_tags(p, x, y, out);
    put_lines(p, x, y, out);
    put_series(p, first_id, out);
}

static void grid_of(size_t n, size_t *rows, size_t *columns)
{
    *columns = n <= 1 ? 1 : n <= 4 ? 2 : n <= 9 ? 3 : 4;
    *rows = (n + *columns - 1) / *columns;
}

static const char *key_place(const PlotFigure *f)
{
    switch (f->key) {
    case PLOT_KEY_TOP_LEFT:
        return "top left";
    case PLOT_KEY_BOTTOM_RIGHT:
        return "bottom right";
    case PLOT_KEY_OUTSIDE:
        return "outside top center horizontal";
    case PLOT_KEY_CORNER:
        break;
    }
    return f->is_key_left ? "bottom left" : "top right";
}

static const char *log_axes(const PlotFigure *f)
{
    return f->is_x_linear   ? (f->is_y_linear ? "" : "set logscale y\n")
           : f->is_y_linear ? "set logscale x\n"
                            : "set logscale xy\n";
}

void plot_script(const PlotFigure *f, Buf *out)
{
    size_t rows, columns, id = 0;
    grid_of(f->n_panels, &rows, &columns);
    size_t width = columns * PANEL_WIDTH + (columns == 1 ? 160 : 0);
    size_t height = rows * PANEL_HEIGHT + TITLE_HEIGHT + (rows == 1 ? 80 : 0);
    buf_printf(out, "# Draws %s.svg and %s.png from %s.csv: run `gnuplot %s.gp` in this folder.\n",
               f->name, f->name, f->name, f->name);
    buf_printf(out, "data = '%s.csv'\n", f->name);
    buf_puts(out, "set encoding utf8\n"
                  "set datafile separator comma\n"
                  "# x of the rows of one series, nothing for the others\n"
                  "series(i) = column(1) == i ? column(2) : NaN\n");
    buf_puts(out, log_axes(f));
    Range x_range, y_range;
    put_axes(f, 0, f->n_panels, out, &x_range, &y_range);
    buf_puts(out, "set xlabel ");
    put_quoted(out, f->x_label);
    buf_puts(out, " noenhanced\nset ylabel ");
    put_quoted(out, f->y_label);
    buf_printf(
        out,
        " noenhanced\nset grid xtics ytics lt 1 lc rgb '#DDDDDD' lw 0.5\n"
        "set border lc rgb '#404040'\n"
        "set tics nomirror\n"
        "set key %s Left reverse samplen 1.6 spacing 1.05 opaque fillcolor rgb '#FFFFFF' font "
        "',9'\n"
        "set title font ',13'\n"
        "do for [kind in 'svg png'] {\n"
        "  if (kind eq 'svg') {\n"
        "    set terminal svg size %zu,%zu font 'DejaVu Sans,11' background '#FFFFFF'\n"
        "  } else {\n"
        "    set terminal pngcairo size %zu,%zu font 'DejaVu Sans,11' fontscale %.2f linewidth "
        "%.2f pointscale %.2f\n"
        "  }\n"
        "  set output '%s.'.kind\n",
        key_place(f), width, height, width * PNG_SCALE_PERCENT / 100,
        height * PNG_SCALE_PERCENT / 100, PNG_SCALE_PERCENT / 100.0, PNG_SCALE_PERCENT / 100.0,
        PNG_SCALE_PERCENT / 100.0, f->name);
    buf_printf(out, "  set multiplot layout %zu,%zu title ", rows, columns);
    put_quoted(out, f->title);
    buf_puts(out, " noenhanced font ',14'\n");
    for (size_t p = 0; p < f->n_panels; p++) {
        put_panel(f, p, id, x_range, y_range, out);
        id += f->panel[p].n_series;
    }
    buf_puts(out, "  unset multiplot\n  set output\n}\n");
}

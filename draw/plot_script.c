#include "draw/plot_script.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define FRAME_COLOR "#404040"
enum { PNG_DPI = 200 };

/* ---- words ---- */

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

/* Text with its middle (or left end) at a place of the whole picture. */
static void put_text(const Layout *l, const char *text, double x, double y, double size,
                     const char *how, Buf *out)
{
    buf_puts(out, "  set label ");
    put_quoted(out, text);
    buf_printf(out, " at screen %.5f,%.5f %s font ',%g' noenhanced front\n", x / l->width,
               y / l->height, how, size);
}

static void put_lines(const Layout *l, const LayoutText *t, double x, double y, double size,
                      const char *how, Buf *out)
{
    for (size_t i = 0; i < t->n; i++) {
        put_text(l, t->line[i], x, y - 1.3 * size * (double)i, size, how, out);
    }
}

/* ---- looks ---- */

static const char *dash_of(const PlotSeries *s)
{
    static const char *const dash[] = {"solid", "(8,2.5)", "(7,2,1.5,2)", "(14,2)"};
    return s->style == PLOT_BEYOND                           ? "(1,1.6)"
           : s->style == PLOT_THICK || s->style == PLOT_LINE ? dash[s->look.code % 4]
                                                             : "solid";
}

static int marker_of(const PlotSeries *s)
{
    static const int marker[] = {7, 5, 9, 13}; /* circle, square, triangle, diamond */
    return s->style == PLOT_MARKS ? 6 : marker[s->look.code % 4];
}

/* Line width and radius of the points [pt]; 0: none. */
static double width_of(PlotStyle s)
{
    static const double width[] = {
        [PLOT_POINTS] = 0.0, [PLOT_MARKS] = 0.8, [PLOT_THIN] = 0.5,   [PLOT_LINE] = 0.8,
        [PLOT_BEADS] = 0.8,  [PLOT_THICK] = 1.6, [PLOT_BEYOND] = 1.2, [PLOT_ERRORS] = 0.7};
    return s < sizeof width / sizeof width[0] ? width[s] : 0.0;
}

static double radius_of(const PlotSeries *s)
{
    return s->style == PLOT_MARKS                              ? 2.8
           : s->style == PLOT_POINTS                           ? (s->n > 100 ? 0.9 : 1.2)
           : s->style == PLOT_BEADS || s->style == PLOT_ERRORS ? 1.5
                                                               : 0.0;
}

/* A band can be seen through; EPS cannot do that. */
static void put_band_color(const PlotSeries *s, Buf *out)
{
    buf_printf(out, "(kind eq 'eps' ? '%s' : '#C8%s')", plot_tint(s->look, 0.22).color,
               s->look.color + 1);
}

static void put_style(const PlotSeries *s, Buf *out)
{
    double width = width_of(s->style), radius = radius_of(s);
    if (s->style == PLOT_BAND) {
        buf_puts(out, "with filledcurves fs solid noborder lc rgb ");
        put_band_color(s, out);
        return;
    }
    buf_printf(out, "with %s",
               s->style == PLOT_ERRORS                  ? "yerrorbars"
               : radius > 0.0 && s->style != PLOT_BEADS ? "points"
               : radius > 0.0                           ? "linespoints"
                                                        : "lines");
    if (width > 0.0) {
        buf_printf(out, " lw %g dt %s", width, dash_of(s));
    }
    if (radius > 0.0) {
        buf_printf(out, " pt %d ps %g*point", marker_of(s), radius);
    }
    buf_printf(out, " lc rgb '%s'", s->look.color);
}

/* ---- the legend ---- */

static void put_key(const Layout *l, const LayoutKey *k, Buf *out)
{
    const PlotSeries *s = k->series;
    double w = l->width, h = l->height, end = k->x + LAYOUT_SIGN;
    double width = width_of(s->style), radius = radius_of(s);
    if (s->style == PLOT_BAND) {
        buf_printf(out, "  set object rectangle from screen %.5f,%.5f to screen %.5f,%.5f",
                   k->x / w, (k->y - 2.5) / h, end / w, (k->y + 2.5) / h);
        buf_puts(out, " fs solid noborder fc rgb ");
        put_band_color(s, out);
        buf_puts(out, "\n");
    } else if (width > 0.0 && s->style != PLOT_MARKS) {
        double half = s->style == PLOT_ERRORS ? 0.0 : 0.5 * LAYOUT_SIGN;
        double middle = k->x + 0.5 * LAYOUT_SIGN, up = s->style == PLOT_ERRORS ? 3.5 : 0.0;
        buf_printf(
            out,
            "  set arrow from screen %.5f,%.5f to screen %.5f,%.5f nohead lw %g dt %s lc rgb "
            "'%s'\n",
            (middle - half) / w, (k->y - up) / h, (middle + half) / w, (k->y + up) / h, width,
            dash_of(s), s->look.color);
    }
    if (radius > 0.0) {
        buf_printf(out, "  set label '' at screen %.5f,%.5f point pt %d ps %g*point lc rgb '%s'\n",
                   (k->x + 0.5 * LAYOUT_SIGN) / w, k->y / h, marker_of(s), radius + 0.5,
                   s->look.color);
    }
    put_text(l, s->label, end + 4.0, k->y, LAYOUT_SMALL, "left", out);
}

/* ---- a panel ---- */

static void put_ticks(char axis, const Ticks *t, bool has_text, Buf *out)
{
    buf_printf(out, "  set %ctics (", axis);
    for (size_t i = 0; i < t->n; i++) {
        const Tick *k = &t->tick[i];
        buf_printf(out, "%s'%s' %.9g%s", i ? ", " : "", has_text ? k->text : "", k->at,
                   k->text[0] ? "" : " 1");
    }
    buf_printf(out, ") font ',%g'%s\n", LAYOUT_SMALL,
               axis == 'x' ? " offset 0,0.3" : " offset 0.4,0");
}

static void put_axis(char axis, const Axis *a, const Ticks *t, bool has_text, Buf *out)
{
    buf_printf(out, "  %s logscale %c\n  set %crange [%.9g:%.9g]\n", a->is_log ? "set" : "unset",
               axis, axis, a->lo, a->hi);
    put_ticks(axis, t, has_text, out);
}

static void put_axes(const PlotFigure *f, size_t at, const Layout *l, Buf *out)
{
    const LayoutPanel *p = &l->panel[at];
    double x = 0.5 * (p->frame.x0 + p->frame.x1), y = 0.5 * (p->frame.y0 + p->frame.y1);
    buf_printf(out,
               "  set lmargin at screen %.5f\n  set rmargin at screen %.5f\n"
               "  set bmargin at screen %.5f\n  set tmargin at screen %.5f\n",
               p->frame.x0 / l->width, p->frame.x1 / l->width, p->frame.y0 / l->height,
               p->frame.y1 / l->height);
    put_axis('x', &p->x, &p->x_ticks, p->has_x_text, out);
    put_axis('y', &p->y, &p->y_ticks, p->has_y_text, out);
    if (p->has_x_text) {
        put_lines(l, &p->x_label, x, p->frame.y0 - 6.0 - 1.3 * LAYOUT_SMALL - 0.6 * l->size,
                  l->size, "center", out);
    }
    if (p->has_y_text) {
        double left = p->frame.x0 - ticks_width(&p->y_ticks, LAYOUT_SMALL) - 9.0 - 0.6 * l->size;
        put_text(l, f->y_label, left, y, l->size, "center rotate by 90", out);
    }
    if (f->panel[at].title) {
        put_text(l, f->panel[at].title, x, p->frame.y1 + 0.8 * l->size, l->size, "center", out);
    }
}

static void put_ref_line(const PlotRefLine *r, const LayoutPanel *p, Buf *out)
{
    double lo = fmax(p->x.lo, p->y.lo), hi = fmin(p->x.hi, p->y.hi);
    if (r->kind == PLOT_DIAGONAL && !(lo < hi)) {
        return;
    }
    buf_puts(out, "  set arrow from ");
    if (r->kind == PLOT_HORIZONTAL) {
        buf_printf(out, "graph 0,first %.9g to graph 1,first %.9g", r->at, r->at);
    } else if (r->kind == PLOT_VERTICAL) {
        buf_printf(out, "first %.9g,graph 0 to first %.9g,graph 1", r->at, r->at);
    } else {
        buf_printf(out, "first %.9g,first %.9g to first %.9g,first %.9g", lo, lo, hi, hi);
    }
    buf_puts(out, " nohead back lw 0.6 dt (4,3) lc rgb '#7A7A7A'\n");
}

static void put_labels(const LayoutPanel *p, const Layout *l, Buf *out)
{
    for (size_t i = 0; i < p->n_labels; i++) {
        const LayoutLabel *k = &p->label[i];
        char how[48], color[8];
        layout_text_color(k->color, color);
        (void)snprintf(how, sizeof how, "center textcolor rgb '%s'", color);
        put_text(l, k->text, k->x, k->y, LAYOUT_SMALL, how, out);
        if (k->has_leader) {
            buf_printf(out,
                       "  set arrow from screen %.5f,%.5f to screen %.5f,%.5f nohead lw 0.4 lc rgb "
                       "'%s'\n",
                       k->end[0] / l->width, k->end[1] / l->height,
                       (k->x - 0.5 * text_width(k->text, LAYOUT_SMALL) - 1.0) / l->width,
                       k->y / l->height, color);
        }
    }
}

static void put_note(const PlotPanel *p, const LayoutPanel *q, const Layout *l, Buf *out)
{
    const char *note = p->note ? p->note : "there is nothing to draw here";
    double width = q->frame.x1 - q->frame.x0;
    LayoutText t;
    layout_wrap(note, LAYOUT_SMALL, width - 12.0, &t);
    put_lines(l, &t, q->frame.x0 + 0.5 * width,
              0.5 * (q->frame.y0 + q->frame.y1) + 0.65 * LAYOUT_SMALL * (double)(t.n - 1),
              LAYOUT_SMALL, "center textcolor rgb '#606060'", out);
}

/* Columns of the data that a style reads. */
static const char *columns_of(PlotStyle s)
{
    return s == PLOT_ERRORS ? "3:6:7" : s == PLOT_BAND ? "6:7" : "3";
}

/* Those that only explain a style in the legend have no point. */
static bool has_points(const PlotSeries *q)
{
    for (size_t i = 0; i < q->n; i++) {
        if (isfinite(q->x[i])) {
            return true;
        }
    }
    return false;
}

/* The bands first: where they cannot be seen through they would hide what is below. */
static void put_series(const PlotPanel *p, size_t first_id, Buf *out)
{
    const char *sep = "";
    buf_puts(out, "  plot ");
    for (size_t k = 0; k < 2 * p->n_series; k++) {
        size_t s = k % p->n_series;
        const PlotSeries *q = &p->series[s];
        if ((q->style == PLOT_BAND) == (k < p->n_series) && has_points(q)) {
            buf_printf(out, "%s\\\n    data using (series(%zu)):%s ", sep, first_id + s,
                       columns_of(q->style));
            put_style(q, out);
            sep = ", ";
        }
    }
    buf_puts(out, *sep ? "\n" : "NaN\n"); /* an empty frame */
}

static void put_panel(const PlotFigure *f, size_t at, size_t first_id, const Layout *l, Buf *out)
{
    const PlotPanel *p = &f->panel[at];
    buf_printf(out, "  # panel %zu\n  unset label\n  unset arrow\n  unset object\n", at + 1);
    if (at == 0) { /* what belongs to the whole picture */
        put_lines(l, &l->title, 0.5 * l->width, l->title_y, l->size + 1.0, "center", out);
        for (size_t i = 0; i < l->n_keys; i++) {
            put_key(l, &l->key[i], out);
        }
    }
    put_axes(f, at, l, out);
    for (size_t i = 0; i < p->n_lines; i++) {
        put_ref_line(&p->line[i], &l->panel[at], out);
    }
    put_labels(&l->panel[at], l, out);
    if (p->n_series == 0) {
        put_note(p, &l->panel[at], l, out);
    }
    put_series(p, first_id, out);
}

/* ---- the whole ---- */

/* Widths and type in points whatever the terminal's own units; `point`: a radius of 1 pt on a page. */
static void put_terminal(PlotFormat format, const Layout *l, Buf *out)
{
    static const double css = 96.0 / 72.0, png = PNG_DPI / 72.0;
    double w = l->width, h = l->height, point = l->size / 8.0;
    buf_printf(out, "  if (kind eq '%s') {\n    set terminal ", plot_format_name(format));
    switch (format) {
    case PLOT_SVG:
        buf_printf(out,
                   "svg size %.0f,%.0f font 'DejaVu Sans,%g' fontscale %.4f linewidth %.4f "
                   "background '#FFFFFF'\n    point = %.4f\n",
                   w * css, h * css, l->size, css, css, point * css / (0.375 * l->size));
        break;
    case PLOT_PNG:
        buf_printf(out,
                   "pngcairo size %.0f,%.0f font 'DejaVu Sans,%g' fontscale %.4f linewidth %.4f "
                   "dashlength 1.8\n    point = %.4f\n",
                   w * png, h * png, l->size, png / css, png, point * png / 3.0);
        break;
    case PLOT_PDF:
    case PLOT_EPS:
    case PLOT_N_FORMATS:
        buf_printf(out,
                   "%scairo size %.4fin,%.4fin font 'DejaVu Sans,%g' fontscale %.4f linewidth %d "
                   "dashlength 1.8\n    point = %.4f\n",
                   plot_format_name(format), w / 72.0, h / 72.0, l->size, 1.0 / css,
                   format == PLOT_EPS ? 4 : 2, point / 3.0);
        break;
    }
    buf_puts(out, "  }\n");
}

void plot_script(const PlotFigure *f, const PlotOutput *o, const Layout *l, Buf *out)
{
    size_t id = 0;
    const char *sep = "";
    buf_printf(out, "# Draws %s from its data: run `gnuplot %s.gp` in this folder.\n", f->name,
               f->name);
    buf_printf(out, "data = '%s.csv'\n", f->name);
    buf_puts(out, "set encoding utf8\n"
                  "set datafile separator comma\n"
                  "# x of the rows of one series, nothing for the others\n"
                  "series(i) = column(1) == i ? column(2) : NaN\n"
                  "set grid xtics ytics back lt 1 lc rgb '#E4E4E4' lw 0.4\n"
                  "set border lw 0.6 lc rgb '" FRAME_COLOR "'\n"
                  "set tics nomirror out scale 0.5,0.25 textcolor rgb '" FRAME_COLOR "'\n"
                  "set bars small\n"
                  "unset key\n"
                  "do for [kind in '");
    for (int k = 0; k < PLOT_N_FORMATS; k++) {
        if (plot_has_format(o, (PlotFormat)k)) {
            buf_printf(out, "%s%s", sep, plot_format_name((PlotFormat)k));
            sep = " ";
        }
    }
    buf_puts(out, "'] {\n");
    for (int k = 0; k < PLOT_N_FORMATS; k++) {
        if (plot_has_format(o, (PlotFormat)k)) {
            put_terminal((PlotFormat)k, l, out);
        }
    }
    buf_printf(out, "  set output '%s.'.kind\n  set multiplot\n", f->name);
    for (size_t p = 0; p < f->n_panels; p++) {
        put_panel(f, p, id, l, out);
        id += f->panel[p].n_series;
    }
    buf_puts(out, "  unset multiplot\n  set output\n}\n");
}

#include "analysis/report/plot.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/fsx.h"
#include "common/json.h"
#include "common/subprocess.h"

enum { PANEL_WIDTH = 560, PANEL_HEIGHT = 420, TITLE_HEIGHT = 44, PNG_SCALE_PERCENT = 160 };
/* Height of a line of small text and of a panel's plot, in the same units. */
#define TAG_HEIGHT  13.0
#define PLOT_HEIGHT 310.0
#define TAG_COLOR   "#404040"
/* Room beyond the data, as a share of the axis in logs. */
#define PAD         0.04
#define PAD_RIGHT   0.20
#define PAD_ABOVE   0.08

static const struct {
    const char *name, *color;
} fixed_color[] = {
    {"llama", "#0072B2"},
    {"tnl", "#D55E00"},
    {"hgrn2", "#009E73"},
    {"cosformer2", "#CC79A7"},
};

const char *plot_group_color(const char *name, size_t index)
{
    static const char *const rest[] = {"#56B4E9", "#E69F00", "#000000", "#0072B2",
                                       "#D55E00", "#009E73", "#CC79A7"};
    for (size_t i = 0; i < sizeof fixed_color / sizeof fixed_color[0]; i++) {
        if (strcmp(fixed_color[i].name, name) == 0) {
            return fixed_color[i].color;
        }
    }
    return rest[index % (sizeof rest / sizeof rest[0])];
}

void plot_tint(const char *color, double strength, char ret[8])
{
    unsigned rgb = (unsigned)strtoul(color + 1, NULL, 16), mixed = 0;
    for (unsigned shift = 0; shift <= 16; shift += 8) {
        double part = (double)(rgb >> shift & 0xFFu);
        unsigned level = (unsigned)lround(255.0 - strength * (255.0 - part));
        mixed |= (level & 0xFFu) << shift;
    }
    (void)snprintf(ret, 8, "#%06X", mixed & 0xFFFFFFu);
}

PlotSeries *plot_add(PlotPanel *p, const char *label, const char *color, PlotStyle style, size_t n,
                     const double *x, const double *y)
{
    if (p->n_series == PLOT_MAX_SERIES || n == 0) {
        return NULL;
    }
    PlotSeries *s = &p->series[p->n_series++];
    *s = (PlotSeries){.label = label, .style = style, .n = n, .x = x, .y = y};
    (void)snprintf(s->color, sizeof s->color, "%s", color);
    return s;
}

/* ---- the data ---- */

static void put_number(Buf *out, double x)
{
    char text[32];
    json_number_text(x, text);
    buf_puts(out, text);
}

static void put_csv_text(Buf *out, const char *s)
{
    buf_putc(out, '"');
    for (; s && *s; s++) {
        if (*s == '"') {
            buf_putc(out, '"');
        }
        buf_add(out, (unsigned char)*s < ' ' ? " " : s, 1);
    }
    buf_putc(out, '"');
}

static void put_data(const PlotFigure *f, Buf *out)
{
    size_t id = 0;
    buf_printf(out, "series,%s,%s,panel,label\n", f->x_column, f->y_column);
    for (size_t p = 0; p < f->n_panels; p++) {
        for (size_t s = 0; s < f->panel[p].n_series; s++, id++) {
            const PlotSeries *q = &f->panel[p].series[s];
            for (size_t i = 0; i < q->n; i++) {
                buf_printf(out, "%zu,", id);
                put_number(out, q->x[i]);
                buf_putc(out, ',');
                put_number(out, q->y[i]);
                buf_putc(out, ',');
                put_csv_text(out, f->panel[p].title);
                buf_putc(out, ',');
                put_csv_text(out, q->label);
                buf_putc(out, '\n');
            }
        }
    }
}

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
} Range;

static Range range_of(const PlotFigure *f, bool is_x)
{
    Range r = {(double)INFINITY, 0.0};
    double beyond = PAD; /* more where tags stand past the far end of this axis */
    for (size_t p = 0; p < f->n_panels; p++) {
        for (size_t s = 0; s < f->panel[p].n_series; s++) {
            const PlotSeries *q = &f->panel[p].series[s];
            if (q->label && q->label_at != PLOT_IN_KEY) {
                bool is_right = q->label_at == PLOT_AT_LAST;
                beyond = is_right == is_x ? fmax(beyond, is_right ? PAD_RIGHT : PAD_ABOVE) : beyond;
            }
            for (size_t i = 0; i < q->n; i++) {
                double v = is_x ? q->x[i] : q->y[i];
                r.lo = fmin(r.lo, v);
                r.hi = fmax(r.hi, v);
            }
        }
    }
    double span = fmax(log(r.hi / r.lo), 0.05);
    return (Range){r.lo * exp(-PAD * span), r.hi * exp(beyond * span)};
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
    bool is_narrow = r.hi / r.lo < 3.2;
    const double *tick = is_narrow ? fine : coarse;
    size_t n = is_narrow ? sizeof fine / sizeof fine[0] : sizeof coarse / sizeof coarse[0];
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
    buf_printf(out, "set %crange [%.6g:%.6g]\n", axis, r.lo, r.hi);
    if (r.hi / r.lo > 30.0 || r.hi > 1000.0) {
        put_decades(out, axis, r);
    } else {
        put_round_ticks(out, axis, r);
    }
}

static const char *style_of(PlotStyle s)
{
    switch (s) {
    case PLOT_POINTS:
        return "with points pt 7 ps 0.55";
    case PLOT_LINE:
        return "with lines lw 1.4";
    case PLOT_CURVE:
        return "with linespoints lw 1.2 pt 7 ps 0.3";
    case PLOT_THICK:
        return "with lines lw 2.6";
    case PLOT_DASHED:
        return "with lines lw 2 dt (6,4)";
    }
    return "with lines";
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

/* Raises tags that would touch the one below; `gap` is the factor of y that a line takes. */
static void spread(Tag *tag, size_t n, double gap)
{
    qsort(tag, n, sizeof *tag, by_height);
    for (size_t i = 1; i < n; i++) {
        tag[i].y = fmax(tag[i].y, tag[i - 1].y * gap);
    }
}

static void put_tags(const PlotPanel *p, Range y_range, Buf *out)
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
        spread(tag, n, pow(y_range.hi / y_range.lo, TAG_HEIGHT / PLOT_HEIGHT));
    }
    for (size_t i = 0; i < n; i++) {
        buf_puts(out, "  set label ");
        put_quoted(out, tag[i].series->label);
        buf_printf(out, " at %.6g,%.6g %s font ',9' textcolor rgb '%s' noenhanced front\n",
                   tag[i].x, tag[i].y, is_last ? "left offset 0.6,0" : "center offset 0,0.6",
                   TAG_COLOR);
    }
}

static void put_panel(const PlotPanel *p, size_t first_id, Range y_range, Buf *out)
{
    buf_puts(out, "  set title ");
    put_quoted(out, p->title ? p->title : "");
    buf_puts(out, " noenhanced\n  unset label\n");
    put_tags(p, y_range, out);
    buf_puts(out, "  plot ");
    for (size_t s = 0; s < p->n_series; s++) {
        const PlotSeries *q = &p->series[s];
        buf_printf(out, "%s\\\n    data using (series(%zu)):3 %s lc rgb '%s' ", s ? ", " : "",
                   first_id + s, style_of(q->style), q->color);
        if (q->label && q->label_at == PLOT_IN_KEY) {
            buf_puts(out, "title ");
            put_quoted(out, q->label);
            buf_puts(out, " noenhanced");
        } else {
            buf_puts(out, "notitle");
        }
    }
    buf_putc(out, '\n');
}

static void grid_of(size_t n, size_t *rows, size_t *columns)
{
    *columns = n <= 1 ? 1 : n <= 4 ? 2 : n <= 9 ? 3 : 4;
    *rows = (n + *columns - 1) / *columns;
}

static void put_script(const PlotFigure *f, Buf *out)
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
                  "series(i) = column(1) == i ? column(2) : NaN\n"
                  "set logscale xy\n");
    Range y_range = range_of(f, false);
    put_axis(out, 'x', range_of(f, true));
    put_axis(out, 'y', y_range);
    buf_puts(out, "set xlabel ");
    put_quoted(out, f->x_label);
    buf_puts(out, "\nset ylabel ");
    put_quoted(out, f->y_label);
    buf_printf(
        out,
        "\nset grid xtics ytics lt 1 lc rgb '#DDDDDD' lw 0.5\n"
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
        f->is_key_left ? "bottom left" : "top right", width, height,
        width * PNG_SCALE_PERCENT / 100, height * PNG_SCALE_PERCENT / 100,
        PNG_SCALE_PERCENT / 100.0, PNG_SCALE_PERCENT / 100.0, PNG_SCALE_PERCENT / 100.0, f->name);
    buf_printf(out, "  set multiplot layout %zu,%zu title ", rows, columns);
    put_quoted(out, f->title);
    buf_puts(out, " noenhanced font ',14'\n");
    for (size_t p = 0; p < f->n_panels; p++) {
        put_panel(&f->panel[p], id, y_range, out);
        id += f->panel[p].n_series;
    }
    buf_puts(out, "  unset multiplot\n  set output\n}\n");
}

static ErrCode write_file(const char *dir, const char *name, const char *ending, const Buf *text,
                          Err *err)
{
    char path[FSX_PATH_BYTES];
    ErrCode rc = ERR_OK;
    TRY(buf_ok(text, err));
    TRY(fsx_path(path, err, "%s/%s.%s", dir, name, ending));
    TRY(fsx_replace(path, text->data, text->len, err));
done:
    return rc;
}

ErrCode plot_write(const PlotFigure *f, const char *dir, Err *err)
{
    Buf text = BUF_INIT;
    ErrCode rc = ERR_OK;
    put_data(f, &text);
    TRY(write_file(dir, f->name, "csv", &text, err));
    buf_clear(&text);
    put_script(f, &text);
    TRY(write_file(dir, f->name, "gp", &text, err));
done:
    buf_release(&text);
    return rc;
}

/* ---- rendering ---- */

ErrCode plot_render(const PlotFigure *f, const char *dir, Err *err)
{
    char script[FSX_PATH_BYTES];
    const char *const argv[] = {"gnuplot", "-d", script, NULL}; /* -d: no one's own settings */
    Buf output = BUF_INIT;
    int status = 0;
    ErrCode rc = ERR_OK;
    TRY(fsx_path(script, err, "%s.gp", f->name));
    rc = subprocess_run(argv, dir, &output, &status, err);
    if (rc == ERR_UNAVAILABLE) {
        (void)err_set(err, rc, "gnuplot is not installed, so %s/%s is not drawn", dir, script);
        (void)err_hint(err, "apt-get install gnuplot-nox; data and script are written");
        goto done;
    }
    TRY(rc);
    if (status != 0) {
        TRY(write_file(dir, f->name, "log", &output, err));
        rc = err_set(err, ERR_CHILD, "gnuplot could not draw %s/%s; its messages are in %s/%s.log",
                     dir, script, dir, f->name);
    }
done:
    buf_release(&output);
    return rc;
}

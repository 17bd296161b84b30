#include "draw/plot.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/fsx.h"
#include "common/json.h"
#include "common/subprocess.h"
#include "draw/plot_script.h"

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

PlotSeries *plot_add_range(PlotPanel *p, const char *label, const char *color, PlotStyle style,
                           size_t n, const double *x, const double *y, const double *y_lo,
                           const double *y_hi)
{
    PlotSeries *s = plot_add(p, label, color, style, n, x, y);
    if (s) {
        s->y_lo = y_lo;
        s->y_hi = y_hi;
    }
    return s;
}

void plot_add_line(PlotPanel *p, PlotLineKind kind, double at, const char *label)
{
    if (p->n_lines < PLOT_MAX_LINES) {
        p->line[p->n_lines++] = (PlotRefLine){kind, at, label};
    }
}

bool plot_has_ranges(const PlotFigure *f)
{
    for (size_t p = 0; p < f->n_panels; p++) {
        for (size_t s = 0; s < f->panel[p].n_series; s++) {
            if (f->panel[p].series[s].y_lo) {
                return true;
            }
        }
    }
    return false;
}

/* ---- the data ---- */

static void put_number(Buf *out, double x)
{
    char text[32] = "";
    if (isfinite(x)) {
        json_number_text(x, text);
    }
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

static void put_point(const PlotPanel *p, const PlotSeries *q, size_t i, bool has_ranges, Buf *out)
{
    put_number(out, q->x[i]);
    buf_putc(out, ',');
    put_number(out, q->y[i]);
    buf_putc(out, ',');
    put_csv_text(out, p->title);
    buf_putc(out, ',');
    put_csv_text(out, q->label);
    if (has_ranges) {
        buf_putc(out, ',');
        put_number(out, q->y_lo ? q->y_lo[i] : (double)NAN);
        buf_putc(out, ',');
        put_number(out, q->y_lo ? q->y_hi[i] : (double)NAN);
    }
    buf_putc(out, '\n');
}

static void put_data(const PlotFigure *f, Buf *out)
{
    size_t id = 0;
    bool has_ranges = plot_has_ranges(f);
    buf_printf(out, "series,%s,%s,panel,label", f->x_column, f->y_column);
    if (has_ranges) {
        buf_printf(out, ",%s_lo,%s_hi", f->y_column, f->y_column);
    }
    buf_putc(out, '\n');
    for (size_t p = 0; p < f->n_panels; p++) {
        for (size_t s = 0; s < f->panel[p].n_series; s++, id++) {
            const PlotSeries *q = &f->panel[p].series[s];
            for (size_t i = 0; i < q->n; i++) {
                buf_printf(out, "%zu,", id);
                put_point(&f->panel[p], q, i, has_ranges, out);
            }
        }
    }
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
    plot_script(f, &text);
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

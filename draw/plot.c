#include "draw/plot.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/fsx.h"
#include "common/json.h"
#include "common/quantity.h"
#include "common/subprocess.h"
#include "draw/plot_script.h"

/* ---- looks ---- */

static PlotLook look(const char *title, const char *color, int code)
{
    PlotLook l = {.title = title, .code = code};
    (void)snprintf(l.color, sizeof l.color, "%s", color);
    (void)snprintf(l.text, sizeof l.text, "%s", color);
    return l;
}

PlotLook plot_ink(void)
{
    return look(NULL, "#222222", 0);
}

PlotLook plot_grey(void)
{
    return look(NULL, "#8A8A8A", 0);
}

PlotLook plot_look(const char *title, size_t index)
{
    static const char *const color[] = {"#56B4E9", "#E69F00", "#000000", "#0072B2",
                                        "#D55E00", "#009E73", "#CC79A7"};
    return look(title, color[index % 7], (int)(index % 4)); /* 7 and 4 have no divisor in common */
}

PlotLook plot_tint(PlotLook l, double strength)
{
    unsigned rgb = (unsigned)strtoul(l.color + 1, NULL, 16), mixed = 0;
    for (unsigned shift = 0; shift <= 16; shift += 8) {
        double part = (double)(rgb >> shift & 0xFFu);
        unsigned level = (unsigned)lround(255.0 - strength * (255.0 - part));
        mixed |= (level & 0xFFu) << shift;
    }
    (void)snprintf(l.color, sizeof l.color, "#%06X", mixed & 0xFFFFFFu);
    return l;
}

/* ---- parts of a figure ---- */

PlotSeries *plot_add(PlotPanel *p, const char *label, PlotLook own, PlotStyle style, size_t n,
                     const double *x, const double *y)
{
    if (p->n_series == PLOT_MAX_SERIES || n == 0) {
        return NULL;
    }
    PlotSeries *s = &p->series[p->n_series++];
    *s = (PlotSeries){.label = label, .look = own, .style = style, .n = n, .x = x, .y = y};
    return s;
}

PlotSeries *plot_add_range(PlotPanel *p, const char *label, PlotLook own, PlotStyle style, size_t n,
                           const double *x, const double *y, const double *y_lo, const double *y_hi)
{
    PlotSeries *s = plot_add(p, label, own, style, n, x, y);
    if (s) {
        s->y_lo = y_lo;
        s->y_hi = y_hi;
    }
    return s;
}

void plot_place(PlotSeries *q, PlotLabel at)
{
    if (q) {
        q->label_at = at;
    }
}

void plot_add_line(PlotPanel *p, PlotLineKind kind, double at, const char *label)
{
    if (p->n_lines < PLOT_MAX_LINES) {
        p->line[p->n_lines++] = (PlotRefLine){kind, at, label};
    }
}

static bool has_ranges_of(const PlotFigure *f)
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
    bool has_ranges = has_ranges_of(f);
    buf_printf(out, "series,%s,%s,panel,label", f->x_column, f->y_column);
    if (has_ranges) {
        buf_printf(out, ",%s_lo,%s_hi", f->y_column, f->y_column);
    }
    buf_putc(out, '\n');
    for (size_t p = 0; p < f->n_panels; p++) {
        for (size_t s = 0; s < f->panel[p].n_series; s++, id++) {
            const PlotSeries *q = &f->panel[p].series[s];
            for (size_t i = 0; i < q->n; i++) {
                if (!isfinite(q->x[i]) && !isfinite(q->y[i])) { /* gnuplot interrupts a line here */
                    buf_putc(out, '\n');
                    continue;
                }
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

ErrCode plot_write(const PlotFigure *f, const PlotOutput *o, const char *dir, Err *err)
{
    Buf text = BUF_INIT;
    Layout *layout = layout_new(f, o);
    ErrCode rc = layout ? ERR_OK : err_nomem(err, "picture");
    TRY(rc);
    put_data(f, &text);
    TRY(write_file(dir, f->name, "csv", &text, err));
    buf_clear(&text);
    plot_script(f, o, layout, &text);
    TRY(write_file(dir, f->name, "gp", &text, err));
done:
    layout_free(layout);
    buf_release(&text);
    return rc;
}

/* Runs gnuplot on the script. */
static ErrCode render(const PlotFigure *f, const char *dir, Err *err)
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

ErrCode plot_draw(const PlotFigure *f, size_t n, const PlotOutput *o, const char *dir, Err *err)
{
    ErrCode rc = ERR_OK;
    for (size_t i = 0; i < n; i++) {
        TRY(plot_write(&f[i], o, dir, err));
    }
    for (size_t i = 0; i < n; i++) {
        TRY(render(&f[i], dir, err));
    }
done:
    return rc;
}

/* ---- what was asked for ---- */

static const char *const formats[PLOT_N_FORMATS] = {"svg", "png", "pdf", "eps"};

const char *plot_format_name(PlotFormat f)
{
    return f < PLOT_N_FORMATS ? formats[f] : "";
}

bool plot_has_format(const PlotOutput *o, PlotFormat f)
{
    unsigned chosen = o->formats ? o->formats : 1u << PLOT_SVG | 1u << PLOT_PNG;
    return (chosen >> f & 1u) != 0;
}

/* Position of a word of n bytes, or the error with the word that is nearest. */
static ErrCode find_word(const char *word, size_t n, const char *const *list, size_t n_list,
                         const char *what, size_t *ret, Err *err)
{
    char own[64];
    Buf all = BUF_INIT;
    (void)snprintf(own, sizeof own, "%.*s", (int)(n < 63 ? n : 63), word);
    for (size_t i = 0; i < n_list; i++) {
        if (strcmp(own, list[i]) == 0) {
            buf_release(&all);
            *ret = i;
            return ERR_OK;
        }
        buf_printf(&all, "%s%s", i ? ", " : "", list[i]);
    }
    const char *near = nearest_name(own, list, n_list);
    (void)err_set(err, ERR_USAGE, "there is no %s \"%s\"", what, own);
    (void)(near ? err_hint(err, "did you mean \"%s\"?", near)
                : err_hint(err, "there are: %.400s", buf_str(&all)));
    buf_release(&all);
    return ERR_USAGE;
}

ErrCode plot_parse_words(const char *text, const char *const *list, size_t n_list, const char *what,
                         unsigned *ret, Err *err)
{
    for (const char *p = text; p && *p;) {
        size_t n = strcspn(p, ","), at = 0;
        ErrCode rc = find_word(p, n, list, n_list, what, &at, err);
        if (rc != ERR_OK) {
            return rc;
        }
        *ret |= 1u << at;
        p += n + (p[n] == ',' ? 1 : 0);
    }
    return ERR_OK;
}

ErrCode plot_parse_formats(const char *text, PlotOutput *o, Err *err)
{
    return plot_parse_words(text, formats, PLOT_N_FORMATS, "format of pictures", &o->formats, err);
}

ErrCode plot_parse_width(const char *text, PlotOutput *o, Err *err)
{
    static const char *const widths[] = {"page", "column"};
    size_t at = PLOT_PAGE;
    ErrCode rc = text ? find_word(text, strlen(text), widths, 2, "width", &at, err) : ERR_OK;
    if (rc == ERR_OK) {
        o->width = (PlotWidth)at;
    }
    return rc;
}

void plot_parse_title(const char *text, PlotOutput *o)
{
    o->title = !text || strcmp(text, "auto") == 0 ? NULL : strcmp(text, "none") == 0 ? "" : text;
}

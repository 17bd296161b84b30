#include "draw/layout.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INCH       72.0
#define PAGE       (7.0 * INCH)
#define COLUMN     (3.4 * INCH)
/* Room beyond the data, as a share of the axis. */
#define PAD        0.04
/* A band takes so much of the axis beyond the lines, at most. */
#define BAND_REACH 0.2
/* Distances [pt]. */
#define GAP        10.0 /* between panels */
#define EDGE       4.0
#define TICK       4.0

enum { MAX_COLUMNS = 4 };

/* ---- ranges ---- */

static double mapped(bool is_log, double v)
{
    return is_log ? log(v) : v;
}

typedef struct Reach {
    double lo, hi; /* mapped */
    bool is_log;
} Reach;

static void reach(Reach *r, double v)
{
    double m = !r->is_log || v > 0.0 ? mapped(r->is_log, v) : (double)NAN;
    if (isfinite(m)) {
        r->lo = fmin(r->lo, m);
        r->hi = fmax(r->hi, m);
    }
}

static void reach_panel(const PlotPanel *p, bool is_x, bool is_band, Reach *r)
{
    for (size_t s = 0; s < p->n_series; s++) {
        const PlotSeries *q = &p->series[s];
        bool is_line = q->style != PLOT_BAND;
        for (size_t i = 0; i < q->n; i++) {
            bool is_drawn = isfinite(q->x[i]) && isfinite(q->y[i]);
            if (is_x ? is_drawn && !is_band : is_line && isfinite(q->x[i]) && !is_band) {
                reach(r, is_x ? q->x[i] : q->y[i]);
            }
            if (!is_x && q->y_lo && is_band != is_line) {
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

/* Does panel b take part in the axis of panel a? */
static bool is_shared(const PlotFigure *f, size_t columns, size_t a, size_t b, bool is_x)
{
    switch (is_x ? f->x_share : f->y_share) {
    case PLOT_SHARED:
        return true;
    case PLOT_ALIGNED:
        return is_x ? a % columns == b % columns : a / columns == b / columns;
    case PLOT_SEPARATE:
        break;
    }
    return a == b;
}

static bool is_log(const PlotFigure *f, size_t p, bool is_x)
{
    return is_x ? !f->is_x_linear || f->panel[p].is_x_log : !f->is_y_linear;
}

/* beyond: room after the last value, as a share of the axis. */
static Axis axis_of(const PlotFigure *f, size_t columns, size_t at, bool is_x, double beyond)
{
    Reach r = {(double)INFINITY, -(double)INFINITY, is_log(f, at, is_x)}, band = r;
    for (size_t p = 0; p < f->n_panels; p++) {
        if (is_shared(f, columns, at, p, is_x)) {
            reach_panel(&f->panel[p], is_x, false, &r);
            reach_panel(&f->panel[p], is_x, true, &band);
        }
    }
    if (r.lo > r.hi) {
        r = band;
    } else if (band.lo <= band.hi) {
        double span = BAND_REACH * (r.hi - r.lo);
        r.lo = fmax(fmin(r.lo, band.lo), r.lo - span);
        r.hi = fmin(fmax(r.hi, band.hi), r.hi + span);
    }
    if (!(r.lo <= r.hi)) { /* nothing to draw */
        return (Axis){1.0, 10.0, r.is_log};
    }
    double size = fmax(fabs(r.lo), fabs(r.hi)); /* the script has nine digits */
    double least = r.is_log ? 0.05 : size > 0.0 ? 1e-6 * size : 1.0;
    double span = fmax(r.hi - r.lo, least), shift = r.hi - r.lo < least ? 0.5 * span : 0.0;
    double room = span * PAD / (1.0 - PAD - beyond);
    double lo = r.lo - shift - room, hi = r.hi + shift + span * beyond / (1.0 - PAD - beyond);
    return r.is_log ? (Axis){exp(lo), exp(hi), true} : (Axis){lo, hi, false};
}

/* ---- text ---- */

void layout_wrap(const char *text, double size, double width, LayoutText *ret)
{
    *ret = (LayoutText){0};
    while (*text && ret->n < LAYOUT_MAX_LINES) {
        char *line = ret->line[ret->n++];
        size_t room = sizeof ret->line[0] - 1, n = strlen(text);
        (void)snprintf(line, room + 1, "%s", text);
        while (ret->n < LAYOUT_MAX_LINES && text_width(line, size) > width && strchr(line, ' ')) {
            *strrchr(line, ' ') = '\0';
        }
        size_t taken = strlen(line);
        text += taken < n ? taken : n;
        text += *text == ' ' ? 1 : 0;
    }
}

void layout_text_color(const char *color, char ret[8])
{
    static const double weight[] = {0.2126, 0.7152, 0.0722}; /* of sRGB's luminance */
    static const double brightest = 0.22;                    /* 3.9 to 1 on white */
    unsigned rgb = (unsigned)strtoul(color + 1, NULL, 16);
    double part[3], bright = 0.0;
    for (int i = 0; i < 3; i++) {
        part[i] = pow((double)(rgb >> (16 - 8 * i) & 0xFFu) / 255.0, 2.2);
        bright += weight[i] * part[i];
    }
    double scale = bright > brightest ? pow(brightest / bright, 1.0 / 2.2) : 1.0;
    unsigned dark = 0;
    for (int i = 0; i < 3; i++) {
        unsigned level = (unsigned)lround(255.0 * pow(part[i], 1.0 / 2.2) * scale);
        dark = dark << 8 | (level & 0xFFu);
    }
    (void)snprintf(ret, 8, "#%06X", dark & 0xFFFFFFu);
}

/* ---- the legend ---- */

static bool has_key(const Layout *l, const char *label)
{
    for (size_t i = 0; i < l->n_keys; i++) {
        if (strcmp(l->key[i].series->label, label) == 0) {
            return true;
        }
    }
    return false;
}

/* The row's keys, laid from x = 0 to `end`, into the middle. */
static void centre_row(Layout *l, size_t first, size_t n, double end)
{
    for (size_t i = first; i < n; i++) {
        l->key[i].x += 0.5 * (l->width - end);
    }
}

/* Every label once, in rows from y = 0 downwards, each in the middle; returns the height. */
static double lay_keys(const PlotFigure *f, Layout *l)
{
    const double step = 1.6 * LAYOUT_SMALL, between = 12.0;
    double x = 0.0, y = 0.0;
    size_t first = 0;
    for (size_t p = 0; p < f->n_panels; p++) {
        for (size_t s = 0; s < f->panel[p].n_series && l->n_keys < LAYOUT_MAX_KEY; s++) {
            const PlotSeries *q = &f->panel[p].series[s];
            if (q->label && q->label_at == PLOT_IN_KEY && !has_key(l, q->label)) {
                l->key[l->n_keys++].series = q;
            }
        }
    }
    for (size_t i = 0; i < l->n_keys; i++) {
        LayoutKey *k = &l->key[i];
        double width = LAYOUT_SIGN + 4.0 + text_width(k->series->label, LAYOUT_SMALL);
        if (i > first && x + width > l->width - 2.0 * EDGE) {
            centre_row(l, first, i, x - between);
            x = 0.0;
            y -= step;
            first = i;
        }
        k->x = x;
        k->y = y;
        x += width + between;
    }
    centre_row(l, first, l->n_keys, x - between);
    return l->n_keys ? step - y : 0.0;
}

/* ---- panels ---- */

static size_t columns_of(const PlotFigure *f, const PlotOutput *o)
{
    size_t n = f->n_panels;
    size_t page = f->n_columns ? f->n_columns : n <= 3 ? n : n == 4 ? 2 : 3;
    size_t most = o->width == PLOT_COLUMN ? 2 : MAX_COLUMNS;
    return page < 1 ? 1 : page < most ? page : most;
}

/* The widest label that stands after its curve's end. */
static double label_width(const PlotFigure *f, size_t columns, size_t at)
{
    double widest = 0.0;
    for (size_t p = 0; p < f->n_panels; p++) {
        for (size_t s = 0; is_shared(f, columns, at, p, true) && s < f->panel[p].n_series; s++) {
            const PlotSeries *q = &f->panel[p].series[s];
            if (q->label && q->label_at == PLOT_AT_LAST) {
                widest = fmax(widest, text_width(q->label, LAYOUT_SMALL) + PLACE_LEADER + 4.0);
            }
        }
    }
    return widest;
}

static void lay_x(const PlotFigure *f, size_t columns, size_t at, LayoutPanel *l)
{
    double width = l->frame.x1 - l->frame.x0;
    double beyond = fmin(fmax(PAD, label_width(f, columns, at) / width), 0.5);
    l->x = axis_of(f, columns, at, true, beyond);
    if (f->n_x_ticks && l->x.is_log) {
        ticks_at(&l->x, f->x_tick, f->n_x_ticks, width, LAYOUT_SMALL, &l->x_ticks);
    } else {
        ticks_make(&l->x, width, LAYOUT_SMALL, true, &l->x_ticks);
    }
}

/* Frames from left to right, once the y axes are known. */
static void lay_columns(const PlotFigure *f, size_t columns, Layout *l)
{
    double left[MAX_COLUMNS] = {0}, x = EDGE, taken = 0.0;
    for (size_t p = 0; p < f->n_panels; p++) {
        LayoutPanel *q = &l->panel[p];
        double *own = &left[p % columns];
        double text = ticks_width(&q->y_ticks, LAYOUT_SMALL) + TICK + 3.0;
        double name = p % columns == 0 || f->y_share == PLOT_SEPARATE ? 1.5 * l->size : 0.0;
        *own = fmax(*own, q->has_y_text ? text + name : 0.0);
    }
    for (size_t c = 0; c < columns; c++) {
        taken += left[c];
    }
    double gaps = GAP * (double)(columns - 1) + 2.0 * EDGE + LAYOUT_SMALL;
    double width = (l->width - taken - gaps) / (double)columns;
    for (size_t c = 0; c < columns; c++) {
        x += left[c];
        for (size_t p = c; p < f->n_panels; p += columns) {
            l->panel[p].frame.x0 = x;
            l->panel[p].frame.x1 = x + width;
        }
        x += width + GAP;
    }
}

/* Frames from the bottom upwards; returns the y above the uppermost. */
static double lay_rows(const PlotFigure *f, size_t columns, double height, Layout *l)
{
    size_t rows = (f->n_panels + columns - 1) / columns;
    double y = EDGE;
    for (size_t r = rows; r-- > 0;) {
        bool has_title = false;
        size_t lines = 0; /* of the names of the x axes */
        for (size_t p = r * columns; p < f->n_panels && p < (r + 1) * columns; p++) {
            bool is_inner = f->x_share != PLOT_SEPARATE && p + columns < f->n_panels;
            l->panel[p].has_x_text = !is_inner;
            l->panel[p].has_y_text = f->y_share == PLOT_SEPARATE || p % columns == 0;
            const char *name = f->panel[p].x_label ? f->panel[p].x_label : f->x_label;
            LayoutText *t = &l->panel[p].x_label;
            layout_wrap(name ? name : "", l->size, l->width / (double)columns - 36.0, t);
            bool is_below = !is_inner && (r + 1 == rows || f->x_share == PLOT_SEPARATE);
            lines = is_below && t->n > lines ? t->n : lines;
            has_title = has_title || f->panel[p].title;
        }
        y += lines ? 1.3 * LAYOUT_SMALL + TICK + 3.0 + 1.3 * l->size * (double)lines : 0.0;
        for (size_t p = r * columns; p < f->n_panels && p < (r + 1) * columns; p++) {
            l->panel[p].frame.y0 = y;
            l->panel[p].frame.y1 = y + height;
        }
        y += height + (has_title ? 1.7 * l->size : 0.0) + (r > 0 ? 0.6 * GAP : 0.0);
    }
    return y;
}

/* ---- labels ---- */

static void to_points(const LayoutPanel *l, const PlotSeries *q, double *x, double *y)
{
    double width = l->frame.x1 - l->frame.x0, height = l->frame.y1 - l->frame.y0;
    for (size_t i = 0; i < q->n; i++) {
        x[i] = width * axis_share(&l->x, q->x[i]);
        y[i] = height * axis_share(&l->y, q->y[i]);
    }
}

static void mark_series(PlaceGround *g, int owner, const LayoutPanel *l, const PlotSeries *q,
                        const double *x, const double *y)
{
    double height = l->frame.y1 - l->frame.y0;
    bool is_dots = q->style == PLOT_POINTS || q->style == PLOT_MARKS || q->style == PLOT_ERRORS;
    for (size_t i = 0; q->style != PLOT_BAND && i < q->n; i++) {
        const double at[] = {x[i], y[i]}, before[] = {i ? x[i - 1] : at[0], i ? y[i - 1] : at[1]};
        if (is_dots || q->style == PLOT_BEADS) {
            place_stroke(g, owner, at, at, q->style == PLOT_MARKS ? 3.0 : 1.5);
        }
        if (!is_dots) {
            place_stroke(g, owner, before, at, q->style == PLOT_THICK ? 1.0 : 0.5);
        }
        if (q->style == PLOT_ERRORS) {
            const double lo[] = {x[i], height * axis_share(&l->y, q->y_lo[i])},
                         hi[] = {x[i], height * axis_share(&l->y, q->y_hi[i])};
            place_stroke(g, owner, lo, hi, 2.0);
        }
    }
}

/* The two ends of a reference line in points. */
static void line_ends(const LayoutPanel *l, const PlotRefLine *r, double x[2], double y[2])
{
    double width = l->frame.x1 - l->frame.x0, height = l->frame.y1 - l->frame.y0;
    x[0] = y[0] = 0.0;
    x[1] = width;
    y[1] = height;
    if (r->kind == PLOT_HORIZONTAL) {
        y[0] = y[1] = height * axis_share(&l->y, r->at);
    } else if (r->kind == PLOT_VERTICAL) {
        x[0] = x[1] = width * axis_share(&l->x, r->at);
    } else {
        for (int i = 0; i < 2; i++) {
            double at = i ? fmin(l->x.hi, l->y.hi) : fmax(l->x.lo, l->y.lo);
            x[i] = width * axis_share(&l->x, at);
            y[i] = height * axis_share(&l->y, at);
        }
    }
}

static void put_label(PlaceGround *g, int owner, const double *x, const double *y, size_t n,
                      bool is_last, const char *text, const char *color, LayoutPanel *l)
{
    const double size[] = {text_width(text, LAYOUT_SMALL), LAYOUT_SMALL};
    PlaceBox box;
    bool is_near = place_label(g, owner, x, y, n, is_last, size, &box);
    if (is_near || (is_last && place_aside(g, x[n - 1], y[n - 1], size, &box))) {
        l->label[l->n_labels++] =
            (LayoutLabel){.text = text,
                          .color = color,
                          .x = l->frame.x0 + 0.5 * (box.x0 + box.x1),
                          .y = l->frame.y0 + 0.5 * (box.y0 + box.y1),
                          .has_leader = !is_near,
                          .end = {l->frame.x0 + x[n - 1], l->frame.y0 + y[n - 1]}};
    }
}

/* Series of one colour belong together: a law's curve and the points that it is fitted to. */
static int owner_of(const PlotPanel *p, size_t s)
{
    for (size_t i = 0; i < s; i++) {
        if (strcmp(p->series[i].look.color, p->series[s].look.color) == 0) {
            return 1 + (int)i;
        }
    }
    return 1 + (int)s;
}

/* First everything that is drawn, then the labels.  False when memory is short. */
static bool lay_labels(const PlotPanel *p, LayoutPanel *l)
{
    size_t most = 2;
    for (size_t s = 0; s < p->n_series; s++) {
        most = p->series[s].n > most ? p->series[s].n : most;
    }
    double *x = calloc(2 * most, sizeof *x), *y = x ? x + most : NULL;
    PlaceGround g;
    bool is_ok = place_open(&g, l->frame.x1 - l->frame.x0, l->frame.y1 - l->frame.y0) && x;
    for (size_t pass = 0; is_ok && pass < 2; pass++) {
        for (size_t s = 0; s < p->n_series; s++) {
            const PlotSeries *q = &p->series[s];
            int owner = owner_of(p, s);
            to_points(l, q, x, y);
            if (pass == 0) {
                mark_series(&g, owner, l, q, x, y);
            } else if (q->label && q->label_at != PLOT_IN_KEY) {
                put_label(&g, owner, x, y, q->n, q->label_at == PLOT_AT_LAST, q->label,
                          q->look.text, l);
            }
        }
        for (size_t i = 0; i < p->n_lines; i++) {
            int owner = 1 + PLOT_MAX_SERIES + (int)i;
            line_ends(l, &p->line[i], x, y);
            if (pass == 0) {
                place_stroke(&g, owner, (double[]){x[0], y[0]}, (double[]){x[1], y[1]}, 0.5);
            } else if (p->line[i].label) {
                put_label(&g, owner, x, y, 2, true, p->line[i].label, "#404040", l);
            }
        }
    }
    free(x);
    place_release(&g);
    return is_ok;
}

/* ---- the whole ---- */

Layout *layout_new(const PlotFigure *f, const PlotOutput *o)
{
    Layout *l = calloc(1, sizeof *l);
    size_t columns = columns_of(f, o);
    if (!l) {
        return NULL;
    }
    l->width = o->width == PLOT_COLUMN ? COLUMN : PAGE;
    l->size = o->width == PLOT_COLUMN ? 7.0 : 8.0;
    double share = columns == 1 ? 0.52 : columns == 2 ? 0.34 : columns == 3 ? 0.27 : 0.2;
    double height = o->width == PLOT_COLUMN ? (columns == 1 ? 0.68 : 0.42) : share;
    height *= l->width;
    double y = lay_rows(f, columns, height, l);
    for (size_t p = 0; p < f->n_panels; p++) {
        l->panel[p].y = axis_of(f, columns, p, false, PAD);
        ticks_make(&l->panel[p].y, height, LAYOUT_SMALL, false, &l->panel[p].y_ticks);
    }
    lay_columns(f, columns, l);
    bool is_ok = true;
    for (size_t p = 0; p < f->n_panels; p++) {
        lay_x(f, columns, p, &l->panel[p]);
        is_ok = lay_labels(&f->panel[p], &l->panel[p]) && is_ok;
    }
    double keys = lay_keys(f, l);
    y += keys + EDGE;
    for (size_t i = 0; i < l->n_keys; i++) {
        l->key[i].y += y - 0.6 * LAYOUT_SMALL;
    }
    const char *title = o->title ? o->title : f->title;
    layout_wrap(title ? title : "", l->size + 1.0, l->width - 2.0 * EDGE, &l->title);
    y += 1.3 * (l->size + 1.0) * (double)l->title.n;
    l->title_y = y - 0.6 * (l->size + 1.0);
    l->height = y + EDGE;
    if (!is_ok) {
        layout_free(l);
        return NULL;
    }
    return l;
}

void layout_free(Layout *l)
{
    free(l);
}

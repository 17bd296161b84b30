/* Loss against a column of the source: a sweep of a learning rate, say. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/report/figures.h"
#include "analysis/report/sheet.h"
#include "common/order.h"

/* Of a column with more values the ticks are round numbers. */
enum { MAX_TICKS = 24 };

/* ---- the column ---- */

static const char *last_word(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot ? dot + 1 : name;
}

ErrCode figure_axis_find(const Frame *f, const char *name, FigureAxis *ret, Err *err)
{
    ret->frame = f;
    return frame_column(f, name, &ret->column, err);
}

/* ---- the points ---- */

typedef struct Trial {
    double n, x, d, loss;
    size_t run;
} Trial;

/* Observations of one run together, the last of it at the end. */
static int by_run(const void *a, const void *b)
{
    const Trial *p = a, *q = b;
    int order = ORDER(p->n, q->n);
    order = order ? order : ORDER(p->run, q->run);
    order = order ? order : ORDER(p->d, q->d);
    return order ? order : ORDER(p->x, q->x);
}

/* Without runs: those of one N and value together, of the largest D at the end. */
static int by_value(const void *a, const void *b)
{
    const Trial *p = a, *q = b;
    int order = ORDER(p->n, q->n);
    order = order ? order : ORDER(p->x, q->x);
    order = order ? order : ORDER(p->d, q->d);
    return order ? order : ORDER(p->loss, q->loss);
}

/* A number to sort by: what is not known is 0. */
static double known(double x)
{
    return isfinite(x) ? x : 0.0;
}

/* The group's observations that have a value in the column. */
static ErrCode read_trials(const FigureAxis *axis, const ObsGroup *g, const double *y, Trial *ret,
                           size_t *ret_n, Err *err)
{
    size_t n = 0;
    for (size_t i = 0; i < g->data.n; i++) {
        double d = g->data.tokens[i];
        Trial *t = &ret[n];
        if (frame_cell(axis->frame, g->row[i], axis->column)[0] == '\0') {
            continue;
        }
        *t = (Trial){.n = known(g->data.params[i]),
                     .d = known(isfinite(d) ? d : g->data.flops[i]),
                     .loss = y[i],
                     .run = g->data.n_runs ? g->data.run[i] : 0};
        ErrCode rc = frame_number(axis->frame, g->row[i], axis->column, &t->x, err);
        if (rc != ERR_OK) {
            return err_wrap(err, "--axis");
        }
        n++;
    }
    *ret_n = n;
    return ERR_OK;
}

static bool is_same_run(const Trial *a, const Trial *b, bool has_runs)
{
    return a->n == b->n && (has_runs ? a->run == b->run : a->x == b->x);
}

/* Keeps the last observation of each run; of a source without runs, those of the largest D of each
 * N and value.  Returns how many. */
static size_t keep_last(Trial *t, size_t n, bool has_runs)
{
    size_t kept = 0;
    qsort(t, n, sizeof *t, has_runs ? by_run : by_value);
    for (size_t i = 0, last = 0; i < n; i++) {
        for (last = last < i ? i : last; last + 1 < n && is_same_run(&t[i], &t[last + 1], has_runs);
             last++) {
        }
        if (has_runs ? i == last : t[i].d == t[last].d) {
            t[kept++] = t[i];
        }
    }
    return kept;
}

/* One point for those alike in N and value, ln loss averaged; by N, then value. */
static size_t average_alike(Trial *t, size_t n)
{
    size_t kept = 0, end = 0;
    qsort(t, n, sizeof *t, by_value);
    for (size_t first = 0; first < n; first = end) {
        double sum = 0.0;
        for (end = first; end < n && t[end].n == t[first].n && t[end].x == t[first].x; end++) {
            sum += log(t[end].loss);
        }
        t[kept] = t[first]; /* of one alone to the last bit */
        t[kept].loss = end - first == 1 ? t[first].loss : exp(sum / (double)(end - first));
        kept++;
    }
    return kept;
}

/* ---- the panel ---- */

/* The points of one panel as columns, and the lowest of each curve. */
typedef struct Columns {
    double *x, *y;
    double *low_x, *low_y;
    size_t n_low;
} Columns;

static void add_curve(Sheet *s, PlotPanel *panel, Columns *c, const Trial *t, size_t first,
                      size_t end, PlotLook look)
{
    size_t low = first;
    for (size_t i = first; i < end; i++) {
        low = c->y[i] < c->y[low] ? i : low;
    }
    const char *label = t[first].n > 0.0 ? sheet_size_label(s, "N = ", t[first].n) : NULL;
    plot_place(plot_add(panel, label, look, PLOT_BEADS, end - first, c->x + first, c->y + first),
               PLOT_AT_LAST);
    if (end - first > 1) { /* of one point there is no lowest */
        c->low_x[c->n_low] = c->x[low];
        c->low_y[c->n_low++] = c->y[low];
    }
}

static size_t count_sizes(const Trial *t, size_t n)
{
    size_t sizes = 0;
    for (size_t i = 0; i < n; i++) {
        sizes += i == 0 || t[i].n != t[i - 1].n ? 1 : 0;
    }
    return sizes;
}

static void draw(Sheet *s, const SheetGroup *g, const Trial *t, size_t n, PlotPanel *panel)
{
    Columns c = {sheet_array(s, n), sheet_array(s, n), sheet_array(s, n), sheet_array(s, n), 0};
    size_t n_sizes = count_sizes(t, n), rank = 0, end = 0;
    if (s->is_short) {
        return;
    }
    for (size_t i = 0; i < n; i++) {
        c.x[i] = t[i].x;
        c.y[i] = t[i].loss;
    }
    if (n_sizes > SHEET_MAX_CURVES) {
        (void)plot_add(panel, "runs", g->look, PLOT_POINTS, n, c.x, c.y);
        return;
    }
    for (size_t first = 0; first < n; first = end, rank++) {
        for (end = first; end < n && t[end].n == t[first].n; end++) {
        }
        add_curve(s, panel, &c, t, first, end, sheet_tone(g, rank, n_sizes));
    }
    (void)plot_add(panel, "lowest", plot_ink(), PLOT_MARKS, c.n_low, c.low_x, c.low_y);
}

/* Ticks where the sweep has its values. */
static void add_ticks(Sheet *s, PlotFigure *f)
{
    size_t n = 0, kept = 0;
    for (size_t i = 0; i < s->n_groups; i++) {
        n += s->group[i].obs->data.n;
    }
    double *x = sheet_array(s, n);
    n = 0;
    for (size_t p = 0; x && p < f->n_panels; p++) {
        for (size_t k = 0; k < f->panel[p].n_series; k++) {
            const PlotSeries *q = &f->panel[p].series[k];
            for (size_t i = 0; q->style != PLOT_MARKS && i < q->n; i++) {
                x[n++] = q->x[i];
            }
        }
    }
    if (n > 0) {
        qsort(x, n, sizeof *x, order_f64);
    }
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || x[i] != x[kept - 1]) {
            x[kept++] = x[i];
        }
    }
    f->x_tick = x;
    f->n_x_ticks = kept <= MAX_TICKS ? kept : 0;
}

/* The name as a column of a CSV whose header is not quoted. */
static const char *plain_name(Sheet *s, const char *name)
{
    char *copy = arena_strdup(s->arena, name);
    s->is_short = s->is_short || !copy;
    for (char *p = copy; p && *p; p++) {
        bool is_plain = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
                        (*p >= '0' && *p <= '9') || *p == '.' || *p == '_';
        *p = (char)(is_plain ? *p : '_');
    }
    return copy ? copy : "x";
}

static ErrCode draw_group(Sheet *s, const FigureAxis *axis, size_t at, PlotFigure *f, Err *err)
{
    const SheetGroup *g = &s->group[at];
    size_t n = 0;
    Trial *t = arena_array(s->arena, g->obs->data.n + 1, sizeof *t);
    if (!t) {
        s->is_short = true;
        return ERR_OK;
    }
    ErrCode rc = read_trials(axis, g->obs, g->y, t, &n, err);
    if (rc != ERR_OK) {
        return rc;
    }
    n = average_alike(t, keep_last(t, n, g->obs->data.n_runs > 0));
    for (size_t i = 0; i < n; i++) {
        f->is_x_linear = f->is_x_linear || !(t[i].x > 0.0);
    }
    f->panel[at].title = g->title;
    draw(s, g, t, n, &f->panel[at]);
    return ERR_OK;
}

ErrCode figure_loss_axis(Sheet *s, const FigureAxis *axis, PlotFigure *f, Err *err)
{
    const char *name = frame_name(axis->frame, axis->column);
    size_t n_series = 0;
    f->title =
        sheet_printf(s, "The end of each run against %.60s (none that diverged)", last_word(name));
    f->x_label = last_word(name);
    f->x_column = plain_name(s, name);
    for (size_t i = 0; i < s->n_groups; i++) {
        ErrCode rc = draw_group(s, axis, i, f, err);
        if (rc != ERR_OK) {
            return rc;
        }
        n_series += f->panel[i].n_series;
    }
    add_ticks(s, f);
    if (n_series == 0 && !s->is_short) {
        return err_set(err, ERR_INVALID, "no observation has a value in column \"%s\"", name);
    }
    return ERR_OK;
}

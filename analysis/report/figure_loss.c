/* Loss against C, N and D, with the laws. */
#include <math.h>
#include <string.h>

#include "analysis/fit/frontier.h"
#include "analysis/report/sheet.h"

enum { N_CURVE = 80, N_FRONTIER = 60, N_BANDS = 4 };
/* D this much beyond the longest run still counts as reached: the grid of N is not finer. */
#define FRONTIER_SLACK 1.05

/* Which distinct N curve i has, and how many there are. */
static size_t size_rank(const SheetGroup *g, size_t i, size_t *ret_n)
{
    size_t rank = 0, at = 0;
    for (size_t k = 1; k < g->n_curves; k++) {
        rank += g->curve[k].n != g->curve[k - 1].n ? 1 : 0;
        at = k == i ? rank : at;
    }
    *ret_n = rank + 1;
    return at;
}

/* ---- loss against C ---- */

static void compute_range(const SheetGroup *g, double *lo, double *hi)
{
    *lo = (double)INFINITY;
    *hi = 0.0;
    for (size_t i = 0; i < g->obs->data.n; i++) {
        *lo = fmin(*lo, g->obs->data.flops[i]);
        *hi = fmax(*hi, g->obs->data.flops[i]);
    }
}

static double longest_run(const FitData *data)
{
    double d = 0.0;
    for (size_t i = 0; i < data->n; i++) {
        d = fmax(d, data->tokens[i]);
    }
    return d;
}

static void add_frontier(Sheet *s, const SheetGroup *g, PlotPanel *panel)
{
    double lo, hi;
    double *x = sheet_array(s, N_FRONTIER), *y = sheet_array(s, N_FRONTIER);
    if (!x || !y || !g->chinchilla) {
        return;
    }
    Frontier f;
    size_t inside = 0; /* points up to which the best D is one that was reached */
    double longest = longest_run(&g->obs->data);
    frontier_init(&f, &g->obs->data);
    compute_range(g, &lo, &hi);
    for (size_t i = 0; i < N_FRONTIER; i++) {
        double d;
        x[i] = lo * pow(hi / lo, (double)i / (N_FRONTIER - 1));
        y[i] = frontier_loss(&f, g->chinchilla, x[i], &d);
        inside += inside == i && d <= longest * FRONTIER_SLACK ? 1 : 0;
    }
    size_t from = inside > 0 ? inside - 1 : 0;
    (void)plot_add(panel, "compute-optimal by L(N, D)", SHEET_INK, PLOT_THICK, inside, x, y);
    if (inside < N_FRONTIER) {
        (void)plot_add(panel, "the same, at D beyond the longest run", SHEET_INK, PLOT_DASHED,
                       N_FRONTIER - from, x + from, y + from);
    }
}

static void add_power_law(Sheet *s, const SheetGroup *g, PlotPanel *panel)
{
    double *x = sheet_array(s, 2), *y = sheet_array(s, 2);
    if (!x || !y || !g->power || !g->power->has_envelope ||
        !isfinite(g->power->envelope.beta * g->power->envelope.alpha)) {
        return;
    }
    const Envelope *e = &g->power->envelope;
    for (size_t i = 0; i < 2; i++) {
        x[i] = e->point[i ? e->n_points - 1 : 0].c;
        y[i] = e->beta * pow(x[i] / FORM_PFLOP_S_DAY, e->alpha);
    }
    (void)plot_add(panel, "power law on the envelope", SHEET_GREY, PLOT_DASHED, 2, x, y);
}

static void panel_compute(Sheet *s, const SheetGroup *g, PlotPanel *panel)
{
    char tint[8];
    if (g->n_curves > SHEET_MAX_CURVES) {
        const FitData *d = &g->obs->data;
        (void)plot_add(panel, "runs", g->color, PLOT_POINTS, d->n, d->flops, d->loss);
    } else {
        for (size_t i = 0; i < g->n_curves; i++) {
            const Curve *c = &g->curve[i];
            size_t n_sizes, rank = size_rank(g, i, &n_sizes);
            bool is_first = i == 0 || c->n != g->curve[i - 1].n;
            plot_tint(g->color, sheet_strength(rank, n_sizes), tint);
            sheet_place(plot_add(panel, is_first ? sheet_size_label(s, "", c->n) : NULL, tint,
                                 PLOT_CURVE, c->count, c->c, c->loss),
                        PLOT_AT_FIRST);
        }
    }
    add_power_law(s, g, panel);
    add_frontier(s, g, panel);
}

/* ---- loss against N or D, banded by the other ---- */

/* The curve of the law along one input, the other held. */
static void add_law(Sheet *s, const SheetGroup *g, PlotPanel *panel, bool is_n, double held,
                    double lo, double hi, const char *color)
{
    double *x = sheet_array(s, N_CURVE), *y = sheet_array(s, N_CURVE);
    if (!x || !y || !g->chinchilla) {
        return;
    }
    for (size_t i = 0; i < N_CURVE; i++) {
        x[i] = lo * pow(hi / lo, (double)i / (N_CURVE - 1));
        const double inputs[] = {is_n ? x[i] : held, is_n ? held : x[i]};
        y[i] = fit_predict(g->chinchilla, inputs);
    }
    sheet_place(plot_add(panel, sheet_size_label(s, is_n ? "D = " : "N = ", held), color, PLOT_LINE,
                         N_CURVE, x, y),
                PLOT_AT_LAST);
}

/* Values of the held variable that the bands stand for, rising; returns how many. */
static size_t choose_bands(const SheetGroup *g, bool is_n, double *band)
{
    bool is_cloud = g->n_curves > SHEET_MAX_CURVES;
    const FitData *data = &g->obs->data;
    size_t n = 0;
    if (!is_cloud && !is_n) {
        for (size_t i = 0; i < g->n_curves; i++) {
            if (i == 0 || g->curve[i].n != g->curve[i - 1].n) {
                band[n++] = g->curve[i].n;
            }
        }
        return n;
    }
    if (!is_cloud) { /* D of the largest run at its end and at 1/4, 1/16, 1/64 of it */
        const Curve *c = &g->curve[g->n_curves - 1];
        double last = c->d[c->count - 1];
        for (size_t i = 0; i < c->count; i++) {
            for (size_t k = N_BANDS; k-- > 0;) {
                double target = last * pow(0.25, (double)k);
                bool is_nearest =
                    (i == 0 ? false
                            : fabs(log(c->d[i] / target)) <= fabs(log(c->d[i - 1] / target))) &&
                    (i + 1 == c->count ||
                     fabs(log(c->d[i] / target)) < fabs(log(c->d[i + 1] / target)));
                if (is_nearest && (n == 0 || c->d[i] > band[n - 1])) {
                    band[n++] = c->d[i];
                }
            }
        }
        return n;
    }
    double lo = (double)INFINITY, hi = 0.0;
    const double *held = is_n ? data->tokens : data->params;
    for (size_t i = 0; i < data->n; i++) {
        lo = fmin(lo, held[i]);
        hi = fmax(hi, held[i]);
    }
    for (; n < N_BANDS; n++) {
        band[n] = lo * pow(hi / lo, ((double)n + 0.5) / N_BANDS);
    }
    return n;
}

/* Is value v of the held variable in band k?  Clouds: the nearest; else within 5 %. */
static bool is_in_band(const double *band, size_t n, size_t k, double v, bool is_cloud)
{
    double own = fabs(log(v / band[k]));
    for (size_t i = 0; i < n && is_cloud; i++) {
        if (fabs(log(v / band[i])) < own) {
            return false;
        }
    }
    return is_cloud || own < 0.05;
}

static void add_band_points(Sheet *s, const SheetGroup *g, PlotPanel *panel, bool is_n,
                            const double *band, size_t n, size_t k, const char *color)
{
    const FitData *data = &g->obs->data;
    double *x = sheet_array(s, data->n), *y = sheet_array(s, data->n);
    size_t count = 0;
    for (size_t i = 0; x && y && i < data->n; i++) {
        double held = is_n ? data->tokens[i] : data->params[i];
        if (is_in_band(band, n, k, held, g->n_curves > SHEET_MAX_CURVES)) {
            x[count] = is_n ? data->params[i] : data->tokens[i];
            y[count++] = data->loss[i];
        }
    }
    const char *label = g->chinchilla ? NULL : sheet_size_label(s, is_n ? "D = " : "N = ", band[k]);
    sheet_place(plot_add(panel, label, color, PLOT_POINTS, count, x, y), PLOT_AT_LAST);
}

static void panel_banded(Sheet *s, const SheetGroup *g, bool is_n, PlotPanel *panel)
{
    const FitData *data = &g->obs->data;
    const double *axis = is_n ? data->params : data->tokens;
    double *band = sheet_array(s, data->n + N_BANDS);
    double lo = (double)INFINITY, hi = 0.0;
    if (!band) {
        return;
    }
    for (size_t i = 0; i < data->n; i++) {
        lo = fmin(lo, axis[i]);
        hi = fmax(hi, axis[i]);
    }
    size_t n = choose_bands(g, is_n, band);
    for (size_t k = 0; k < n; k++) {
        char tint[8];
        plot_tint(g->color, sheet_strength(k, n), tint);
        add_band_points(s, g, panel, is_n, band, n, k, tint);
        add_law(s, g, panel, is_n, band[k], lo, hi, tint);
    }
}

static const char *convention_text(ObsConvention c)
{
    switch (c) {
    case OBS_PAPER:
        return "training compute C [FLOP, as arXiv:2406.16690 counts]";
    case OBS_EXACT:
        return "training compute C [FLOP, counted from the shapes]";
    case OBS_6ND:
        return "training compute C = 6 N D [FLOP]";
    case OBS_GIVEN:
    case OBS_DEFAULT:
        break;
    }
    return "training compute C [FLOP, as given]";
}

static bool has_cloud(const Sheet *s)
{
    for (size_t i = 0; i < s->n_groups; i++) {
        if (sheet_is_cloud(&s->group[i])) {
            return true;
        }
    }
    return false;
}

static bool has_chinchilla(const Sheet *s)
{
    for (size_t i = 0; i < s->n_groups; i++) {
        if (s->group[i].chinchilla) {
            return true;
        }
    }
    return false;
}

bool figure_loss_compute(Sheet *s, PlotFigure *f)
{
    f->name = "loss_compute";
    f->title = has_cloud(s) ? "Loss against compute"
                            : "Loss against compute, one curve a run, labelled with its N";
    f->x_label = convention_text(s->report->obs->convention);
    f->x_column = "C_flop";
    f->y_label = "loss [nats/token]";
    f->y_column = "loss";
    f->is_key_left = true;
    for (size_t i = 0; i < s->n_groups; i++) {
        f->panel[i].title = s->group[i].title;
        panel_compute(s, &s->group[i], &f->panel[i]);
    }
    return true;
}

static bool draw_banded(Sheet *s, bool is_n, PlotFigure *f)
{
    f->y_label = "loss [nats/token]";
    f->y_column = "loss";
    for (size_t i = 0; i < s->n_groups; i++) {
        f->panel[i].title = s->group[i].title;
        panel_banded(s, &s->group[i], is_n, &f->panel[i]);
    }
    return true;
}

bool figure_loss_params(Sheet *s, PlotFigure *f)
{
    f->name = "loss_params";
    f->title = has_chinchilla(s) ? "Loss against size: points measured, curves by L(N, D)"
                                 : "Loss against size";
    f->x_label = "N [parameters, without embeddings]";
    f->x_column = "N";
    return draw_banded(s, true, f);
}

bool figure_loss_tokens(Sheet *s, PlotFigure *f)
{
    f->name = "loss_tokens";
    f->title = has_chinchilla(s) ? "Loss against data: points measured, curves by L(N, D)"
                                 : "Loss against data";
    f->x_label = "D [training tokens]";
    f->x_column = "D";
    return draw_banded(s, false, f);
}

/* The response against C, N and D, with the laws. */
#include <math.h>

#include "analysis/report/sheet.h"

enum { N_CURVE = 50, N_BANDS = 4 };

/* ---- against C ---- */

/* All runs of a group as one interrupted line, or as points. */
static void add_runs(Sheet *s, const SheetGroup *g, bool has_label, PlotPanel *panel)
{
    const FitData *d = &g->obs->data;
    size_t most = d->n + g->n_curves, n = 0;
    double *x = sheet_array(s, most), *y = sheet_array(s, most);
    PlotLook pale = plot_tint(g->look, has_label ? 1.0 : 0.5);
    const char *label = has_label ? g->title : NULL;
    PlotStyle style = sheet_is_cloud(g) ? PLOT_POINTS : has_label ? PLOT_LINE : PLOT_THIN;
    if (!x || !y) {
        return;
    }
    for (size_t i = 0; i < g->n_curves; i++) {
        const Curve *c = &g->curve[i];
        for (size_t k = 0; k < c->count; k++, n++) {
            x[n] = c->c[k];
            y[n] = c->y[k];
        }
        if (!sheet_is_cloud(g)) {
            x[n] = y[n] = (double)NAN;
            n++;
        }
    }
    (void)plot_add(panel, label, pale, style, n, x, y);
}

/* Where no law in N and D stands: the power law on the envelope. */
static bool add_power_law(Sheet *s, const SheetGroup *g, PlotPanel *panel)
{
    double *x = sheet_array(s, 2), *y = sheet_array(s, 2);
    if (!x || !y || g->law || !g->power || !g->power->has_envelope ||
        !isfinite(g->power->envelope.beta * g->power->envelope.alpha)) {
        return false;
    }
    const Envelope *e = &g->power->envelope;
    for (size_t i = 0; i < 2; i++) {
        x[i] = e->point[i ? e->n_points - 1 : 0].c;
        y[i] = e->beta * pow(x[i] / FORM_PFLOP_S_DAY, e->alpha);
    }
    (void)plot_add(panel, g->title ? g->title : "power law on the envelope", g->look, PLOT_THICK, 2,
                   x, y);
    return true;
}

/* What the styles mean, once for all groups. */
static void explain(Sheet *s, PlotPanel *panel)
{
    bool has_cloud = false, has_band = false, has_beyond = false;
    for (size_t i = 0; i < s->n_groups; i++) {
        has_cloud = has_cloud || sheet_is_cloud(&s->group[i]);
    }
    for (size_t k = 0; k < panel->n_series; k++) {
        has_band = has_band || panel->series[k].style == PLOT_BAND;
        has_beyond = has_beyond || panel->series[k].style == PLOT_BEYOND;
    }
    if (!sheet_has_law(s)) {
        return;
    }
    sheet_explain(panel, has_cloud ? "observations" : "runs", has_cloud ? PLOT_POINTS : PLOT_THIN,
                  0);
    if (has_band) {
        sheet_explain(panel, "95 % band", PLOT_BAND, 0);
    }
    if (has_beyond) {
        sheet_explain(panel, "best N or D beyond the data", PLOT_BEYOND, 0);
    }
}

bool figure_loss_compute(Sheet *s, PlotFigure *f)
{
    PlotPanel *p = &f->panel[0];
    f->title = sheet_has_law(s) ? "Runs, and the least loss that each law promises for the compute"
                                : "Loss against compute";
    f->x_label = look_compute(s->report->obs->convention);
    f->x_column = "C_flop";
    f->n_panels = 1;
    for (size_t i = 0; i < s->n_groups; i++) {
        SheetGroup *g = &s->group[i];
        add_runs(s, g, !g->law && !(g->power && g->power->has_envelope), p);
    }
    for (size_t i = 0; i < s->n_groups; i++) {
        const SheetFrontier *r = sheet_frontier(s, &s->group[i]);
        for (size_t k = 0, end; r && k < r->n; k = end) {
            for (end = k + 1; end < r->n && r->is_near[end] == r->is_near[k]; end++) {
            }
            if (r->is_near[k]) {
                sheet_add_band(p, s->group[i].look, r->c, &r->loss, k, end);
            }
        }
    }
    for (size_t i = 0; i < s->n_groups; i++) {
        SheetGroup *g = &s->group[i];
        const SheetFrontier *r = sheet_frontier(s, g);
        if (!add_power_law(s, g, p) && r) {
            sheet_add_frontier(p, g->title ? g->title : "compute-optimal by the law", g->look, r,
                               r->c, r->loss.y, true);
        }
    }
    explain(s, p);
    return true;
}

/* ---- against N or D, at a few values of the other ---- */

static double distance(double a, double b)
{
    return fabs(log(a / b));
}

/* D of the largest run at its end, and earlier ones even in ln D over what it reports. */
static size_t bands_of_run(const Curve *c, double *band)
{
    double last = c->d[c->count - 1];
    size_t n = 0;
    for (size_t k = N_BANDS; k-- > 0;) {
        double target = last * pow(c->d[0] / last, (double)k / N_BANDS);
        size_t best = 0;
        for (size_t i = 0; i < c->count; i++) {
            best = distance(c->d[i], target) < distance(c->d[best], target) ? i : best;
        }
        if (n == 0 || c->d[best] > band[n - 1]) {
            band[n++] = c->d[best];
        }
    }
    return n;
}

/* Values of the held variable that the bands stand for, rising; returns how many. */
static size_t choose_bands(const SheetGroup *g, bool is_n, double *band)
{
    const FitData *data = &g->obs->data;
    double lo, hi;
    size_t n = 0;
    if (!sheet_is_cloud(g) && is_n) {
        return bands_of_run(&g->curve[g->n_curves - 1], band);
    }
    for (size_t i = 0; i < g->n_curves && !sheet_is_cloud(g); i++) {
        if (i == 0 || g->curve[i].n != g->curve[i - 1].n) {
            band[n++] = g->curve[i].n;
        }
    }
    sheet_range(is_n ? data->tokens : data->params, data->n, &lo, &hi);
    for (; sheet_is_cloud(g) && n < N_BANDS; n++) {
        band[n] = lo * pow(hi / lo, ((double)n + 0.5) / N_BANDS);
    }
    return n;
}

/* Is value v of the held variable in band k?  Clouds: the nearest; else within 5 %. */
static bool is_in_band(const double *band, size_t n, size_t k, double v, bool is_cloud)
{
    double own = distance(v, band[k]);
    for (size_t i = 0; i < n && is_cloud; i++) {
        if (distance(v, band[i]) < own) {
            return false;
        }
    }
    return is_cloud || own < 0.05;
}

static void add_band(Sheet *s, const SheetGroup *g, PlotPanel *panel, bool is_n, const double *band,
                     size_t n, size_t k)
{
    const FitData *data = &g->obs->data;
    double *x = sheet_array(s, data->n), *y = sheet_array(s, data->n),
           *at = sheet_array(s, N_CURVE);
    double lo, hi;
    size_t count = 0;
    PlotLook tone = sheet_tone(g, k, n);
    const char *label = sheet_size_label(s, is_n ? "D = " : "N = ", band[k]);
    SheetLine law;
    if (!x || !y || !at || !sheet_line(s, N_CURVE, &law)) {
        return;
    }
    for (size_t i = 0; i < data->n; i++) {
        double held = is_n ? data->tokens[i] : data->params[i];
        if (is_in_band(band, n, k, held, sheet_is_cloud(g))) {
            x[count] = is_n ? data->params[i] : data->tokens[i];
            y[count++] = g->y[i];
        }
    }
    if (g->law) {
        sheet_range(is_n ? data->params : data->tokens, data->n, &lo, &hi);
        for (size_t i = 0; i < N_CURVE; i++) {
            at[i] = lo * pow(hi / lo, (double)i / (N_CURVE - 1));
        }
        sheet_law(g, s, is_n, band[k], at, N_CURVE, &law);
        sheet_add_band(panel, tone, at, &law, 0, N_CURVE);
        plot_place(plot_add(panel, label, tone, PLOT_LINE, N_CURVE, at, law.y), PLOT_AT_LAST);
    }
    plot_place(plot_add(panel, g->law ? NULL : label, tone, PLOT_POINTS, count, x, y),
               PLOT_AT_LAST);
}

static bool draw_bands(Sheet *s, bool is_n, PlotFigure *f)
{
    f->x_label = is_n ? LOOK_PARAMS : LOOK_TOKENS;
    f->x_column = is_n ? "N" : "D";
    for (size_t i = 0; i < s->n_groups; i++) {
        const SheetGroup *g = &s->group[i];
        double *band = sheet_array(s, g->obs->data.n + N_BANDS);
        f->panel[i].title = g->title;
        size_t n = band ? choose_bands(g, is_n, band) : 0;
        for (size_t k = 0; k < n; k++) {
            add_band(s, g, &f->panel[i], is_n, band, n, k);
        }
    }
    return true;
}

static const char *title_of(Sheet *s, const char *axis)
{
    bool has_band = false;
    for (size_t i = 0; i < s->n_groups; i++) {
        has_band = has_band || (s->group[i].law && s->group[i].law->draws.n > 0);
    }
    return sheet_printf(s, "%s%s%s", axis,
                        sheet_has_law(s) ? ": points measured, curves the law" : "",
                        has_band ? " with 95 % bands" : "");
}

bool figure_loss_params(Sheet *s, PlotFigure *f)
{
    f->title = title_of(s, "Against size");
    return draw_bands(s, true, f);
}

bool figure_loss_tokens(Sheet *s, PlotFigure *f)
{
    f->title = title_of(s, "Against data");
    return draw_bands(s, false, f);
}

#include "analysis/validate/validate_figures.h"

#include <math.h>

#include "analysis/report/look.h"

enum { MAX_FIGURES = 2, MAX_BARS = 150, TREND_PANELS = 3 };

/* Columns for one series. */
typedef struct Series {
    double *x, *y, *lo, *hi;
    size_t n;
} Series;

static bool series_open(Arena *a, size_t n, Series *ret)
{
    double *column = arena_array(a, 4 * n + 1, sizeof *column);
    *ret = (Series){column, column + n, column + 2 * n, column + 3 * n, 0};
    return column != NULL;
}

static void series_add(Series *s, double x, double y, double lo, double hi)
{
    s->x[s->n] = x;
    s->y[s->n] = y;
    s->lo[s->n] = lo;
    s->hi[s->n++] = hi;
}

/* ---- hold-out ---- */

/* The rivals that a picture can hold: what was asked for, the first law without E, the last level. */
static bool is_drawn(const Rival *r)
{
    return r->is_asked || r->options.fix.is_fixed[0] || r->kind == RIVAL_NEAREST;
}

/* The input that is held out; of runs and conditions the size, or what the data have. */
static FormInput held_input(const Validation *v)
{
    const FitData *d = &v->group->data;
    FormInput by = v->holdout.by == HOLDOUT_D        ? FORM_D
                   : v->holdout.by == HOLDOUT_BUDGET ? FORM_C
                                                     : FORM_N;
    return fit_data_input(d, by) ? by : fit_data_input(d, FORM_C) ? FORM_C : FORM_D;
}

static double percent(double predicted, double measured)
{
    return 100.0 * log(predicted / measured);
}

/* How far predictions of one rival one level ahead, or further, are off. */
static bool add_rival(Arena *a, const Validation *v, size_t rival, bool is_next, PlotLook look,
                      PlotPanel *panel)
{
    const Holdout *h = &v->holdout;
    const double *measured = fit_data_response(&v->group->data, v->form->response);
    const double *x = fit_data_input(&v->group->data, held_input(v));
    const char *name = h->rival[rival].name;
    Series s;
    if (!series_open(a, h->n_points, &s)) {
        return false;
    }
    for (size_t k = 0; x && k < h->n_points; k++) {
        const Prediction *q = &h->prediction[k * h->n_rivals + rival];
        double truth = measured[h->point[k].at];
        if (isfinite(q->value) && is_next == (h->point[k].ahead == 1)) {
            bool has_one = isfinite(q->meas_lo);
            series_add(&s, x[h->point[k].at], percent(q->value, truth),
                       percent(has_one ? q->meas_lo : q->value, truth),
                       percent(has_one ? q->meas_hi : q->value, truth));
        }
    }
    bool has_bars = rival == 0 && is_next && s.n <= MAX_BARS;
    const char *label = !is_next   ? arena_printf(a, "%s, further ahead", name)
                        : has_bars ? arena_printf(a, "%s, 95 %% for a measurement", name)
                                   : name;
    (void)(has_bars ? plot_add_range(panel, label, look, PLOT_ERRORS, s.n, s.x, s.y, s.lo, s.hi)
                    : plot_add(panel, label, look, PLOT_POINTS, s.n, s.x, s.y));
    return true;
}

/* Baselines first: the law that is validated lies on top. */
static bool add_rivals(Arena *a, const Validation *v, PlotPanel *panel)
{
    const PlotLook own = plot_look(NULL, 3);
    bool is_ok = add_rival(a, v, 0, false, plot_tint(own, 0.4), panel);
    for (size_t k = v->holdout.n_rivals, n = 0; is_ok && k-- > 1;) {
        const Rival *r = &v->holdout.rival[k];
        if (is_drawn(r)) {
            PlotLook look = r->kind == RIVAL_NEAREST ? plot_grey() : plot_look(NULL, 4 + n++);
            is_ok = add_rival(a, v, k, true, look, panel);
        }
    }
    return is_ok && add_rival(a, v, 0, true, own, panel);
}

static ErrCode draw_holdout(const ValidateReport *r, ValidateFigures *f, Err *err)
{
    PlotFigure *figure = &f->figure[f->n];
    *figure = (PlotFigure){.name = "holdout",
                           .title = "Held out: how far predictions of the next level are off",
                           .x_label = LOOK_PARAMS,
                           .y_label = "100 (ln predicted - ln measured)",
                           .x_column = "held_out",
                           .y_column = "percent",
                           .is_y_linear = true,
                           .x_share = PLOT_SEPARATE,
                           .y_share = PLOT_SEPARATE};
    for (size_t g = 0; g < r->obs->n_groups; g++) {
        const Validation *v = &r->validation[g];
        if (!v->has_holdout || figure->n_panels == PLOT_MAX_PANELS) {
            f->n_left_out += v->has_holdout ? 1 : 0;
            continue;
        }
        PlotPanel *panel = &figure->panel[figure->n_panels++];
        panel->title = r->obs->by ? look_of(v->group->name, g).title : NULL;
        panel->x_label = look_input(held_input(v), r->obs->convention);
        if (!add_rivals(&f->arena, v, panel)) {
            return err_nomem(err, "figures");
        }
        plot_add_line(panel, PLOT_HORIZONTAL, 0.0, NULL);
    }
    f->n += figure->n_panels > 0 ? 1 : 0;
    return ERR_OK;
}

/* ---- residuals ---- */

static bool add_trend(Arena *a, const Validation *v, const ResidualTrend *t, size_t g,
                      PlotPanel *panel)
{
    const Residuals *r = &v->residuals;
    const double *x = fit_data_input(&v->group->data, t->input);
    double scale = v->fit->residual == FIT_LOG ? 100.0 : 1.0;
    Series points, bins;
    if (!series_open(a, r->n, &points) || !series_open(a, t->n_bins, &bins)) {
        return false;
    }
    for (size_t i = 0; i < r->n; i++) {
        series_add(&points, x[i], scale * r->e[i], 0.0, 0.0);
    }
    for (size_t b = 0; b < t->n_bins; b++) {
        const ResidualBin *bin = &t->bin[b];
        double two_se = 2.0 * bin->sd / sqrt((double)bin->n), mean = scale * bin->mean;
        double half = isfinite(two_se) ? scale * two_se : 0.0;
        series_add(&bins, sqrt(bin->lo * bin->hi), mean, mean - half, mean + half);
    }
    (void)plot_add(panel, NULL, plot_tint(look_of(v->group->name, g), 0.6), PLOT_POINTS, points.n,
                   points.x, points.y);
    (void)plot_add_range(panel, "mean of a level, 2 se", plot_ink(), PLOT_ERRORS, bins.n, bins.x,
                         bins.y, bins.lo, bins.hi);
    plot_add_line(panel, PLOT_HORIZONTAL, 0.0, NULL);
    return true;
}

static ErrCode draw_residuals(const ValidateReport *r, ValidateFigures *f, Err *err)
{
    PlotFigure *figure = &f->figure[f->n];
    *figure = (PlotFigure){.name = "residual_trends",
                           .title = "Residuals of each group: above 0 the law is too high",
                           .x_label = "input",
                           .x_column = "input",
                           .y_column = "residual",
                           .is_y_linear = true,
                           .x_share = PLOT_ALIGNED,
                           .y_share = PLOT_ALIGNED,
                           .n_columns = TREND_PANELS};
    for (size_t g = 0; g < r->obs->n_groups; g++) {
        const Validation *v = &r->validation[g];
        if (!v->has_residuals || figure->n_panels + TREND_PANELS > PLOT_MAX_PANELS) {
            f->n_left_out += v->has_residuals ? 1 : 0;
            continue;
        }
        figure->y_label =
            v->fit->residual == FIT_LOG ? "100 (ln law - ln measured)" : "law - measured";
        for (size_t k = 0; k < v->residuals.n_trends; k++) {
            PlotPanel *panel = &figure->panel[figure->n_panels++];
            panel->title = r->obs->by ? look_of(v->group->name, g).title : NULL;
            panel->x_label = look_input(v->residuals.trend[k].input, r->obs->convention);
            if (!add_trend(&f->arena, v, &v->residuals.trend[k], g, panel)) {
                return err_nomem(err, "figures");
            }
        }
    }
    f->n += figure->n_panels > 0 ? 1 : 0;
    return ERR_OK;
}

ErrCode validate_figures_make(const ValidateReport *r, ValidateFigures *ret, Err *err)
{
    ValidateFigures f = {.arena = ARENA_INIT};
    ErrCode rc = ERR_OK;
    f.figure = arena_array(&f.arena, MAX_FIGURES, sizeof *f.figure);
    if (!f.figure) {
        rc = err_nomem(err, "figures");
        goto done;
    }
    TRY(draw_holdout(r, &f, err));
    TRY(draw_residuals(r, &f, err));
done:
    return ERR_GIVE(rc, f, ret, validate_figures_release);
}

void validate_figures_release(ValidateFigures *f)
{
    arena_release(&f->arena);
    *f = (ValidateFigures){.arena = ARENA_INIT};
}

#include "analysis/compare/compare_figure.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "analysis/compare/difference.h"
#include "analysis/compare/reach.h"
#include "analysis/report/look.h"

enum { N_CURVE = 60, N_MULTIPLIER = 24 };

/* One curve with its band. */
typedef struct Curve {
    size_t n;
    double *x, *y, *lo, *hi;
} Curve;

static bool curve_new(Arena *a, size_t n, Curve *ret)
{
    double *all = arena_array(a, 4 * n, sizeof *all);
    *ret =
        (Curve){n, all, all ? all + n : NULL, all ? all + 2 * n : NULL, all ? all + 3 * n : NULL};
    return all != NULL;
}

static Curve part(const Curve *c, size_t first, size_t n)
{
    return (Curve){n, c->x + first, c->y + first, c->lo + first, c->hi + first};
}

static void params_of(const CompareGroup *g, double *params)
{
    for (size_t a = 0; a < g->fit->n_params; a++) {
        params[a] = g->fit->param[a].value;
    }
}

/* ---- frontiers ---- */

static ErrCode frontier(const Compare *c, const CompareGroup *g, double lo, double hi,
                        const Curve *ret, Err *err)
{
    double params[FORM_MAX_PARAMS];
    double *draw = calloc(g->draws.n + 1, sizeof *draw);
    if (!draw) {
        return err_nomem(err, "frontier");
    }
    params_of(g, params);
    for (size_t i = 0; i < ret->n; i++) {
        FitInterval band = {(double)NAN, (double)NAN, (double)NAN};
        ret->x[i] = lo * pow(hi / lo, (double)i / (double)(ret->n - 1));
        ret->y[i] = reach_loss(&c->form, params, ret->x[i]);
        for (size_t r = 0; r < g->draws.n; r++) {
            const double *p = fit_draw(&g->draws, r);
            draw[r] = isfinite(p[0]) ? reach_loss(&c->form, p, ret->x[i]) : (double)NAN;
        }
        ErrCode rc = fit_draws_interval(draw, g->draws.n, g->draws.tail, &band, err);
        if (rc != ERR_OK) {
            free(draw);
            return rc;
        }
        ret->lo[i] = band.lo;
        ret->hi[i] = band.hi;
    }
    free(draw);
    return ERR_OK;
}

static void draw_band(PlotPanel *p, const CompareGroup *g, size_t index, const Curve *c)
{
    if (c->n > 0 && isfinite(c->lo[0])) {
        (void)plot_add_range(p, NULL, look_of(g->name, index), PLOT_BAND, c->n, c->x, c->y, c->lo,
                             c->hi);
    }
}

/* The part within the group's data thick, the rest dotted. */
static void draw_frontier(PlotPanel *p, const CompareGroup *g, size_t index, const Curve *c)
{
    PlotLook look = look_of(g->name, index);
    size_t first = 0, end = c->n;
    while (first < c->n && c->x[first] < g->amount_lo) {
        first++;
    }
    while (end > first && c->x[end - 1] > g->amount_hi) {
        end--;
    }
    Curve within = part(c, first, end - first);
    size_t from = end > 0 ? end - 1 : 0;
    Curve before = part(c, 0, first < c->n ? first + 1 : c->n), after = part(c, from, c->n - from);
    if (before.n > 1) {
        (void)plot_add(p, NULL, look, PLOT_BEYOND, before.n, before.x, before.y);
    }
    if (after.n > 1) {
        (void)plot_add(p, NULL, look, PLOT_BEYOND, after.n, after.x, after.y);
    }
    (void)plot_add(p, look.title, look, PLOT_THICK, within.n, within.x, within.y);
}

static ErrCode draw_frontiers(const Compare *c, CompareFigures *f, Err *err)
{
    PlotFigure *figure = &f->figure[f->n++];
    double lo = (double)INFINITY, hi = 0.0;
    const char *label = c->form.best_size       ? look_compute(OBS_6ND)
                        : c->resource[0] == 'C' ? look_compute(OBS_GIVEN)
                        : c->resource[0] == 'N' ? LOOK_PARAMS
                                                : LOOK_TOKENS;
    *figure =
        (PlotFigure){.name = "compare_frontier",
                     .title = "Least loss of each group with 95 % bands; dotted beyond its data",
                     .x_label = label,
                     .y_label = LOOK_LOSS,
                     .x_column = c->resource,
                     .y_column = "loss",
                     .n_panels = 1};
    for (size_t g = 0; g < c->n_groups; g++) {
        lo = fmin(lo, c->group[g].amount_lo);
        hi = fmax(hi, c->group[g].amount_hi);
    }
    Curve *curve = arena_array(&f->arena, c->n_groups, sizeof *curve);
    for (size_t g = 0; g < c->n_groups; g++) {
        if (!curve || !curve_new(&f->arena, N_CURVE, &curve[g])) {
            return err_nomem(err, "frontier");
        }
        ErrCode rc = frontier(c, &c->group[g], lo, hi, &curve[g], err);
        if (rc != ERR_OK) {
            return rc;
        }
        draw_band(&figure->panel[0], &c->group[g], g, &curve[g]);
    }
    for (size_t g = 0; g < c->n_groups; g++) { /* over all bands */
        draw_frontier(&figure->panel[0], &c->group[g], g, &curve[g]);
    }
    return ERR_OK;
}

/* ---- multipliers ---- */

/* Group g over the first one; points that one of them does not reach are left out. */
static ErrCode multipliers(const Compare *c, size_t g, double lo, double hi, Curve *ret, Err *err)
{
    size_t n = 0;
    double own[FORM_MAX_PARAMS], first[FORM_MAX_PARAMS];
    params_of(&c->group[g], own);
    params_of(&c->group[0], first);
    for (size_t i = 0; i < N_MULTIPLIER; i++) {
        CompareMultiplier m = {
            .a = g, .b = 0, .loss = lo + (hi - lo) * (double)i / (N_MULTIPLIER - 1)};
        double value = reach_amount(&c->form, own, m.loss) / reach_amount(&c->form, first, m.loss);
        m.lo = m.hi = (double)NAN;
        if (!isfinite(value) || !(value > 0.0)) {
            continue;
        }
        ErrCode rc = multiplier_of(c, &m, err);
        if (rc != ERR_OK) {
            return rc;
        }
        ret->x[n] = m.loss;
        ret->y[n] = value;
        ret->lo[n] = m.lo;
        ret->hi[n++] = m.hi;
    }
    ret->n = n;
    return ERR_OK;
}

/* The losses asked for, as points. */
static ErrCode draw_asked(const Compare *c, CompareFigures *f, PlotPanel *p, size_t g, Err *err)
{
    Curve asked;
    size_t n = 0;
    if (!curve_new(&f->arena, c->n_at, &asked)) {
        return err_nomem(err, "multipliers");
    }
    for (size_t i = 0; i < c->n_multipliers; i++) {
        const CompareMultiplier *m = &c->multiplier[i];
        if (m->a == 0 && m->b == g && isfinite(m->value)) {
            asked.x[n] = m->loss;
            asked.y[n++] = 1.0 / m->value;
        }
    }
    (void)plot_add(p, NULL, look_of(c->group[g].name, g), PLOT_POINTS, n, asked.x, asked.y);
    return ERR_OK;
}

static ErrCode draw_multipliers(const Compare *c, CompareFigures *f, Err *err)
{
    PlotFigure *figure = &f->figure[f->n++];
    double lo = (double)INFINITY, hi = 0.0;
    const char *first = look_of(c->group[0].name, 0).title;
    for (size_t i = 0; i < c->n_at; i++) {
        lo = fmin(lo, c->at[i]);
        hi = fmax(hi, c->at[i]);
    }
    double room = c->n_at > 1 ? 0.1 * (hi - lo) : 0.02 * lo;
    lo -= room;
    hi += room;
    *figure =
        (PlotFigure){.name = "compare_multiplier",
                     .title = arena_printf(&f->arena, "%s for the same loss, over that of %s",
                                           c->resource, first),
                     .x_label = LOOK_LOSS,
                     .y_label = arena_printf(&f->arena, "%s over that of %s", c->resource, first),
                     .x_column = "loss",
                     .y_column = "multiplier",
                     .is_x_linear = true,
                     .n_panels = 1};
    PlotPanel *p = &figure->panel[0];
    plot_add_line(p, PLOT_HORIZONTAL, 1.0, NULL);
    Curve *curve = arena_array(&f->arena, c->n_groups, sizeof *curve);
    for (size_t g = 1; g < c->n_groups; g++) {
        if (!curve || !curve_new(&f->arena, N_MULTIPLIER, &curve[g])) {
            return err_nomem(err, "multipliers");
        }
        ErrCode rc = multipliers(c, g, lo, hi, &curve[g], err);
        if (rc != ERR_OK) {
            return rc;
        }
        draw_band(p, &c->group[g], g, &curve[g]);
    }
    for (size_t g = 1; g < c->n_groups; g++) {
        PlotLook look = look_of(c->group[g].name, g);
        (void)plot_add(p, look.title, look, PLOT_THICK, curve[g].n, curve[g].x, curve[g].y);
        ErrCode rc = draw_asked(c, f, p, g, err);
        if (rc != ERR_OK) {
            return rc;
        }
    }
    return figure->title && figure->y_label ? ERR_OK : err_nomem(err, "multipliers");
}

ErrCode compare_figures(const Compare *c, CompareFigures *ret, Err *err)
{
    *ret = (CompareFigures){0};
    if (!c->resource) {
        return err_set(err, ERR_INVALID, "%s has no compute to draw", c->form.name);
    }
    ret->figure = calloc(COMPARE_FIGURES, sizeof *ret->figure);
    if (!ret->figure) {
        return err_nomem(err, "figures");
    }
    ErrCode rc = draw_frontiers(c, ret, err);
    if (rc == ERR_OK && c->n_at > 0) {
        rc = draw_multipliers(c, ret, err);
    }
    return rc;
}

void compare_figures_release(CompareFigures *f)
{
    free(f->figure);
    arena_release(&f->arena);
    *f = (CompareFigures){0};
}

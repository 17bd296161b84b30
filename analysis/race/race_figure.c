#include <math.h>
#include <stdio.h>
#include <string.h>

#include "analysis/race/race.h"

enum { FRONT_POINTS = 80, MAX_THIN = 40 };

/* The group's best at FRONT_POINTS values of X, even in ln X. */
static void add_front(Race *r, size_t g, RaceAxis axis, PlotPanel *panel, bool has_label)
{
    const RaceGroup *group = &r->group[g];
    double *x = arena_array(&r->arena, FRONT_POINTS, sizeof *x);
    double *y = arena_array(&r->arena, FRONT_POINTS, sizeof *y);
    double lo = (double)INFINITY, hi = 0.0;
    size_t n = 0;
    for (size_t i = 0; i < group->n; i++) {
        lo = fmin(lo, group->point[i].x[axis]);
        hi = fmax(hi, group->point[i].x[axis]);
    }
    for (size_t k = 0; x && y && k < FRONT_POINTS; k++) {
        double at = lo * pow(hi / lo, (double)k / (FRONT_POINTS - 1.0));
        double value = race_at(group, axis, at).value;
        if (isfinite(value)) {
            x[n] = at;
            y[n++] = value;
        }
    }
    (void)plot_add(panel, has_label ? group->name : NULL, plot_group_color(group->name, g),
                   PLOT_THICK, n, x, y);
}

static bool add_runs(Race *r, size_t g, RaceAxis axis, PlotPanel *panel)
{
    const RaceGroup *group = &r->group[g];
    double *x = arena_array(&r->arena, group->n + 1, sizeof *x);
    double *y = arena_array(&r->arena, group->n + 1, sizeof *y);
    char tint[8];
    if (!x || !y) {
        return false;
    }
    plot_tint(plot_group_color(group->name, g), 0.45, tint);
    for (size_t i = 0, first = 0; i < group->n; i++) {
        x[i] = group->point[i].x[axis];
        y[i] = group->point[i].response;
        if (i + 1 == group->n || group->point[i + 1].curve != group->point[i].curve) {
            (void)plot_add(panel, NULL, tint, PLOT_LINE, i + 1 - first, x + first, y + first);
            first = i + 1;
        }
    }
    return true;
}

ErrCode race_figure(Race *r, PlotFigure *ret, Err *err)
{
    size_t n_curves = 0;
    char *time = arena_printf(&r->arena, "training time [%s]", r->time_unit);
    const char *unit = strcmp(r->response, "loss") == 0 ? " [nats/token]" : "";
    char *y_label = arena_printf(&r->arena, "%s%s", r->response, unit);
    if (!time || !y_label) {
        return err_nomem(err, "figure");
    }
    *ret =
        (PlotFigure){.name = "equal_time",
                     .title = "Equal time, equal compute, equal data: each group's best run thick",
                     .x_label = "X",
                     .y_label = y_label,
                     .x_column = "x",
                     .y_column = "response",
                     .has_own_axes = true,
                     .n_panels = RACE_N_AXES};
    ret->panel[RACE_TIME].x_label = time;
    ret->panel[RACE_COMPUTE].x_label = "training compute C [FLOP]";
    ret->panel[RACE_TOKENS].x_label = "training tokens D";
    for (size_t g = 0; g < r->n_groups; g++) {
        n_curves += r->group[g].n_curves;
    }
    for (int axis = 0; axis < RACE_N_AXES; axis++) {
        PlotPanel *panel = &ret->panel[axis];
        for (size_t g = 0; g < r->n_groups && n_curves <= MAX_THIN; g++) {
            if (!add_runs(r, g, (RaceAxis)axis, panel)) {
                return err_nomem(err, "figure");
            }
        }
        for (size_t g = 0; g < r->n_groups; g++) {
            add_front(r, g, (RaceAxis)axis, panel, true);
        }
    }
    return ERR_OK;
}

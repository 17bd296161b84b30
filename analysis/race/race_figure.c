#include <math.h>
#include <string.h>

#include "analysis/race/race.h"
#include "analysis/report/look.h"

enum { FRONT_POINTS = 80, MAX_THIN = 40 };

/* The group's best at FRONT_POINTS values of X, even in ln X. */
static void add_front(Race *r, size_t g, RaceAxis axis, PlotPanel *panel)
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
    PlotLook look = look_of(group->name, g);
    (void)plot_add(panel, look.title, look, PLOT_THICK, n, x, y);
}

/* Its runs as one interrupted line. */
static bool add_runs(Race *r, size_t g, RaceAxis axis, PlotPanel *panel)
{
    const RaceGroup *group = &r->group[g];
    size_t most = group->n + group->n_curves + 1, n = 0;
    double *x = arena_array(&r->arena, most, sizeof *x);
    double *y = arena_array(&r->arena, most, sizeof *y);
    if (!x || !y) {
        return false;
    }
    for (size_t i = 0; i < group->n; i++) {
        if (i > 0 && group->point[i].curve != group->point[i - 1].curve) {
            x[n] = y[n] = (double)NAN;
            n++;
        }
        x[n] = group->point[i].x[axis];
        y[n++] = group->point[i].response;
    }
    (void)plot_add(panel, NULL, plot_tint(look_of(group->name, g), 0.5), PLOT_THIN, n, x, y);
    return true;
}

ErrCode race_figure(Race *r, ObsConvention convention, PlotFigure *ret, Err *err)
{
    size_t n_curves = 0;
    char *time = arena_printf(&r->arena, "training time [%s]", r->time_unit);
    const char *unit = strcmp(r->response, "loss") == 0 ? " [nats/token]" : "";
    char *y_label = arena_printf(&r->arena, "%s%s", r->response, unit);
    if (!time || !y_label) {
        return err_nomem(err, "figure");
    }
    *ret = (PlotFigure){
        .name = "equal_time",
        .title = "Equal time, equal compute, equal data: runs thin, each group's best thick",
        .x_label = "x",
        .y_label = y_label,
        .x_column = "x",
        .y_column = "response",
        .x_share = PLOT_SEPARATE,
        .n_panels = RACE_N_AXES};
    ret->panel[RACE_TIME].x_label = time;
    ret->panel[RACE_COMPUTE].x_label = look_compute(convention);
    ret->panel[RACE_TOKENS].x_label = LOOK_TOKENS;
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
            add_front(r, g, (RaceAxis)axis, panel);
        }
    }
    return ERR_OK;
}

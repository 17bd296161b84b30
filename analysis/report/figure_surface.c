/* The law as a landscape over N and D. */
#include <math.h>

#include "analysis/report/sheet.h"

enum { N_LEVELS = 7, N_GRID = 120, N_BISECT = 60 };

static double at(const FitResult *f, double n, double d)
{
    const double inputs[] = {n, d};
    return fit_predict(f, inputs);
}

/* The D in [lo, hi] where the law is `level` at this N, or NaN: it falls with D. */
static double solve_tokens(const FitResult *f, double n, double level, double lo, double hi)
{
    if (!(at(f, n, lo) >= level) || !(at(f, n, hi) <= level)) {
        return (double)NAN;
    }
    for (int i = 0; i < N_BISECT; i++) {
        double middle = sqrt(lo) * sqrt(hi);
        *(at(f, n, middle) >= level ? &lo : &hi) = middle;
    }
    return lo;
}

static void add_contour(Sheet *s, const SheetGroup *g, double level, const double box[4],
                        PlotLook look, PlotPanel *panel)
{
    double *x = sheet_array(s, N_GRID), *y = sheet_array(s, N_GRID);
    size_t n = 0;
    for (size_t i = 0; x && y && i < N_GRID; i++) {
        double size = box[0] * pow(box[1] / box[0], (double)i / (N_GRID - 1));
        double d = solve_tokens(&g->law->fit, size, level, box[2], box[3]);
        if (isfinite(d)) {
            x[n] = size;
            y[n++] = d;
        }
    }
    if (n > 1) {
        plot_place(plot_add(panel, sheet_printf(s, "%.3g", level), look, PLOT_LINE, n, x, y),
                   PLOT_AT_LAST);
    }
}

static void draw(Sheet *s, SheetGroup *g, PlotPanel *panel)
{
    const FitData *d = &g->obs->data;
    const SheetFrontier *best = sheet_frontier(s, g);
    double box[4], lo = (double)INFINITY, hi = 0.0;
    sheet_range(d->params, d->n, &box[0], &box[1]);
    sheet_range(d->tokens, d->n, &box[2], &box[3]);
    for (size_t i = 0; i < d->n; i++) {
        double loss = at(&g->law->fit, d->params[i], d->tokens[i]);
        lo = fmin(lo, loss);
        hi = fmax(hi, loss);
    }
    (void)plot_add(panel, "observations", plot_tint(plot_grey(), 0.6), PLOT_POINTS, d->n, d->params,
                   d->tokens);
    for (size_t k = 1; k <= N_LEVELS; k++) {
        double level = lo * pow(hi / lo, (double)k / (N_LEVELS + 1));
        double unit = pow(10.0, floor(log10(level)) - 2.0);
        add_contour(s, g, round(level / unit) * unit, box, sheet_tone(g, N_LEVELS - k, N_LEVELS),
                    panel);
    }
    if (best) {
        sheet_add_frontier(panel, "best N and D for the compute", plot_ink(), best, best->params.y,
                           best->tokens.y, false);
    }
}

bool figure_surface(Sheet *s, PlotFigure *f)
{
    f->title = "The law: lines of equal loss [nats/token]";
    f->x_label = LOOK_PARAMS;
    f->y_label = LOOK_TOKENS;
    f->x_column = "N";
    f->y_column = "D";
    for (size_t i = 0; i < s->n_groups; i++) {
        f->panel[i].title = s->group[i].title;
        f->panel[i].note = s->group[i].no_law;
        if (s->group[i].law) {
            draw(s, &s->group[i], &f->panel[i]);
        }
    }
    return sheet_has_law(s) && s->response == FORM_LOSS;
}

/* The law as a landscape over N and D. */
#include <math.h>

#include "analysis/report/sheet.h"

enum { N_LEVELS = 9, N_GRID = 120, N_BISECT = 60, N_PATH = 60 };

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
                        const char *color, PlotPanel *panel)
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
        sheet_place(plot_add(panel, sheet_printf(s, "%.3g", level), color, PLOT_LINE, n, x, y),
                    PLOT_AT_LAST);
    }
}

/* Where C = 6 N D buys the least loss, from the least to the largest N D of the box. */
static void add_best(Sheet *s, const SheetGroup *g, const double box[4], PlotPanel *panel)
{
    const FitResult *f = &g->law->fit;
    double *x = sheet_array(s, N_PATH), *y = sheet_array(s, N_PATH), params[FORM_MAX_PARAMS];
    size_t n = 0;
    if (!x || !y || !f->form->best_size) {
        return;
    }
    for (size_t i = 0; i < f->n_params; i++) {
        params[i] = f->param[i].value;
    }
    double lo = box[0] * box[2], hi = box[1] * box[3];
    for (size_t i = 0; i < N_PATH; i++) {
        double nd = lo * pow(hi / lo, (double)i / (N_PATH - 1));
        double size = f->form->best_size(params, nd);
        if (size >= box[0] && size <= box[1] && nd / size >= box[2] && nd / size <= box[3]) {
            x[n] = size;
            y[n++] = nd / size;
        }
    }
    (void)plot_add(panel, "best N and D for C = 6 N D", SHEET_INK, PLOT_THICK, n, x, y);
}

static void draw(Sheet *s, const SheetGroup *g, PlotPanel *panel)
{
    const FitData *d = &g->obs->data;
    double box[4], lo = (double)INFINITY, hi = 0.0;
    sheet_range(d->params, d->n, &box[0], &box[1]);
    sheet_range(d->tokens, d->n, &box[2], &box[3]);
    for (size_t i = 0; i < d->n; i++) {
        double loss = at(&g->law->fit, d->params[i], d->tokens[i]);
        lo = fmin(lo, loss);
        hi = fmax(hi, loss);
    }
    (void)plot_add(panel, "observations", SHEET_GREY, PLOT_POINTS, d->n, d->params, d->tokens);
    for (size_t k = 1; k <= N_LEVELS; k++) {
        double level = lo * pow(hi / lo, (double)k / (N_LEVELS + 1));
        double unit = pow(10.0, floor(log10(level)) - 2.0);
        char tint[8];
        plot_tint(g->color, 1.0 - 0.6 * (double)(k - 1) / (N_LEVELS - 1), tint);
        add_contour(s, g, round(level / unit) * unit, box, tint, panel);
    }
    add_best(s, g, box, panel);
}

bool figure_surface(Sheet *s, PlotFigure *f)
{
    f->name = "law_surface";
    f->title = "The law L(N, D): lines of equal loss [nats/token]";
    f->x_label = "N [parameters, without embeddings]";
    f->y_label = "D [training tokens]";
    f->x_column = "N";
    f->y_column = "D";
    f->key = PLOT_KEY_OUTSIDE;
    for (size_t i = 0; i < s->n_groups; i++) {
        f->panel[i].title = s->group[i].title;
        if (s->group[i].law) {
            draw(s, &s->group[i], &f->panel[i]);
        }
    }
    return sheet_has_law(s);
}

/* What compute buys: parabolas at each budget, and the best N and D against C = 6 N D. */
#include <math.h>
#include <stdlib.h>

#include "analysis/fit/isoflop.h"
#include "analysis/report/sheet.h"

enum { N_PARABOLA = 60, N_PATH = 48 };
#define SAME_BUDGET 0.05
/* How far beyond the data's C the best sizes are drawn. */
#define BEYOND      100.0

static Isoflop *parabolas(Sheet *s, const SheetGroup *g)
{
    Err ignored = ERR_INIT;
    Isoflop *iso = arena_array(s->arena, 1, sizeof *iso);
    s->is_short = s->is_short || !iso;
    return iso && isoflop_fit(&g->obs->data, 0, iso, &ignored) == ERR_OK ? iso : NULL;
}

/* The observations of a budget by rising N; how many, and the geometric mean of C / (N D). */
static size_t budget_points(const FitData *d, double c, double *x, double *y, double *ret_k)
{
    size_t n = 0;
    double sum = 0.0;
    for (size_t i = 0; i < d->n; i++) {
        if (fabs(log(d->flops[i] / c)) < SAME_BUDGET) {
            x[n] = d->params[i];
            y[n++] = d->loss[i];
            sum += log(d->flops[i] / (d->params[i] * d->tokens[i]));
        }
    }
    *ret_k = n ? exp(sum / (double)n) : 6.0;
    return n;
}

/* loss = least + bend (log10 N - vertex)^2 with the least squares' bend. */
static void add_parabola(Sheet *s, const IsoflopBudget *b, const double *px, const double *py,
                         size_t n_points, const char *color, PlotPanel *panel)
{
    double *x = sheet_array(s, N_PARABOLA), *y = sheet_array(s, N_PARABOLA);
    double up = 0.0, down = 0.0, lo, hi;
    for (size_t i = 0; i < n_points; i++) {
        double u = log10(px[i] / b->n_opt);
        up += (py[i] - b->loss) * u * u;
        down += u * u * u * u;
    }
    sheet_range(px, n_points, &lo, &hi);
    for (size_t i = 0; x && y && i < N_PARABOLA; i++) {
        x[i] = lo * pow(hi / lo, (double)i / (N_PARABOLA - 1));
        double u = log10(x[i] / b->n_opt);
        y[i] = b->loss + up / down * u * u;
    }
    if (x && y && down > 0.0) {
        (void)plot_add(panel, NULL, color, PLOT_LINE, N_PARABOLA, x, y);
    }
}

static void add_law(Sheet *s, const SheetGroup *g, double c, double k, const double *px,
                    size_t n_points, const char *color, PlotPanel *panel)
{
    double *x = sheet_array(s, N_PARABOLA), *y = sheet_array(s, N_PARABOLA), lo, hi;
    sheet_range(px, n_points, &lo, &hi);
    for (size_t i = 0; x && y && g->law && i < N_PARABOLA; i++) {
        x[i] = lo * pow(hi / lo, (double)i / (N_PARABOLA - 1));
        const double inputs[] = {x[i], c / (k * x[i])};
        y[i] = fit_predict(&g->law->fit, inputs);
    }
    if (x && y && g->law) {
        (void)plot_add(panel, NULL, color, PLOT_DASHED, N_PARABOLA, x, y);
    }
}

static bool draw_isoflop(Sheet *s, const SheetGroup *g, PlotPanel *panel)
{
    const Isoflop *iso = parabolas(s, g);
    size_t most = (PLOT_MAX_SERIES - 1) / 3, used = 0, n_inner = 0;
    double *vx = sheet_array(s, ISOFLOP_MAX_BUDGETS), *vy = sheet_array(s, ISOFLOP_MAX_BUDGETS);
    for (size_t i = 0; iso && vx && vy && i < iso->n_budgets && used < most; i++) {
        const IsoflopBudget *b = &iso->budget[i];
        double *x = sheet_array(s, g->obs->data.n), *y = sheet_array(s, g->obs->data.n), k;
        if (b->state != ISOFLOP_USED || !x || !y) {
            continue;
        }
        char tint[8];
        size_t n = budget_points(&g->obs->data, b->c, x, y, &k);
        plot_tint(g->color, sheet_strength(i, iso->n_budgets), tint);
        sheet_place(plot_add(panel, sheet_printf(s, "%.1e", b->c), tint, PLOT_POINTS, n, x, y),
                    PLOT_AT_LAST);
        add_parabola(s, b, x, y, n, tint, panel);
        add_law(s, g, b->c, k, x, n, tint, panel);
        used++;
        if (!b->is_outside) { /* far from every point it would rule the axis */
            vx[n_inner] = b->n_opt;
            vy[n_inner++] = b->loss;
        }
    }
    (void)plot_add(panel, NULL, SHEET_INK, PLOT_POINTS, n_inner, vx, vy);
    return used > 0;
}

bool figure_isoflop(Sheet *s, PlotFigure *f)
{
    bool has_any = false;
    f->name = "isoflop";
    f->title = "Compute budgets [FLOP]: parabolas, and dashed the law";
    f->x_label = "N [parameters, without embeddings]";
    f->y_label = "loss [nats/token]";
    f->x_column = "N";
    f->y_column = "loss";
    for (size_t i = 0; i < s->n_groups; i++) {
        f->panel[i].title = s->group[i].title;
        has_any = draw_isoflop(s, &s->group[i], &f->panel[i]) || has_any;
    }
    return has_any;
}

/* ---- best N and D against C ---- */

static double best(const Form *form, const double *params, double c, bool is_n)
{
    double n = form->best_size(params, c / 6.0);
    return is_n ? n : c / 6.0 / n;
}

static void add_band(Sheet *s, const ReportFit *law, const double *x, const double *y, bool is_n,
                     const char *color, PlotPanel *panel)
{
    const FitDraws *d = &law->draws;
    double *lo = sheet_array(s, N_PATH), *hi = sheet_array(s, N_PATH);
    double *value = sheet_array(s, d->n + 1);
    bool is_known = d->n > 0 && lo && hi && value;
    for (size_t i = 0; is_known && i < N_PATH; i++) {
        FitInterval interval;
        Err ignored = ERR_INIT;
        for (size_t r = 0; r < d->n; r++) {
            value[r] = best(law->fit.form, fit_draw(d, r), x[i], is_n);
        }
        is_known = fit_draws_interval(value, d->n, d->tail, &interval, &ignored) == ERR_OK &&
                   isfinite(interval.lo);
        lo[i] = interval.lo;
        hi[i] = interval.hi;
    }
    if (is_known) {
        (void)plot_add_range(panel, "95 % of the bootstrap", color, PLOT_BAND, N_PATH, x, y, lo,
                             hi);
    }
}

static bool draw_best(Sheet *s, const SheetGroup *g, bool is_n, PlotPanel *panel)
{
    const FitData *data = &g->obs->data;
    double *x = sheet_array(s, N_PATH), *y = sheet_array(s, N_PATH), params[FORM_MAX_PARAMS];
    if (!x || !y || !g->law || !g->law->fit.form->best_size) {
        return false;
    }
    double lo = (double)INFINITY, hi = 0.0;
    for (size_t i = 0; i < data->n; i++) {
        lo = fmin(lo, 6.0 * data->params[i] * data->tokens[i]);
        hi = fmax(hi, 6.0 * data->params[i] * data->tokens[i]);
    }
    for (size_t i = 0; i < g->law->fit.n_params; i++) {
        params[i] = g->law->fit.param[i].value;
    }
    for (size_t i = 0; i < N_PATH; i++) {
        x[i] = lo * pow(hi * BEYOND / lo, (double)i / (N_PATH - 1));
        y[i] = best(g->law->fit.form, params, x[i], is_n);
    }
    add_band(s, g->law, x, y, is_n, g->color, panel);
    (void)plot_add(panel, is_n ? "best N by L(N, D)" : "best D by L(N, D)", g->color, PLOT_THICK,
                   N_PATH, x, y);
    plot_add_line(panel, PLOT_VERTICAL, hi, "data end");
    const Isoflop *iso = parabolas(s, g);
    double *vx = sheet_array(s, ISOFLOP_MAX_BUDGETS), *vy = sheet_array(s, ISOFLOP_MAX_BUDGETS);
    size_t n = 0;
    for (size_t i = 0; iso && vx && vy && i < iso->n_budgets; i++) {
        const IsoflopBudget *b = &iso->budget[i];
        if (b->state == ISOFLOP_USED && !b->is_outside) {
            vx[n] = b->c;
            vy[n++] = is_n ? b->n_opt : b->d_opt;
        }
    }
    (void)plot_add(panel, "vertices of the isoFLOP parabolas", SHEET_INK, PLOT_POINTS, n, vx, vy);
    return true;
}

static bool draw_optimal(Sheet *s, bool is_n, PlotFigure *f)
{
    bool has_any = false;
    f->x_label = "C = 6 N D [FLOP]";
    f->x_column = "C_flop";
    f->key = PLOT_KEY_TOP_LEFT;
    for (size_t i = 0; i < s->n_groups; i++) {
        f->panel[i].title = s->group[i].title;
        has_any = draw_best(s, &s->group[i], is_n, &f->panel[i]) || has_any;
    }
    return has_any;
}

bool figure_optimal_params(Sheet *s, PlotFigure *f)
{
    f->name = "optimal_params";
    f->title = "Best size for a compute budget";
    f->y_label = "best N [parameters]";
    f->y_column = "N";
    return draw_optimal(s, true, f);
}

bool figure_optimal_tokens(Sheet *s, PlotFigure *f)
{
    f->name = "optimal_tokens";
    f->title = "Best number of training tokens for a compute budget";
    f->y_label = "best D [tokens]";
    f->y_column = "D";
    return draw_optimal(s, false, f);
}

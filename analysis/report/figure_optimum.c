/* What compute buys: parabolas at each budget, and the best N and D against C. */
#include <math.h>
#include <stdlib.h>

#include "analysis/fit/isoflop.h"
#include "analysis/report/sheet.h"

enum { N_PARABOLA = 60, MAX_BUDGETS = 6, LAW_CODE = 1 /* dashed */ };
#define SAME_BUDGET 0.05

/* NULL without two budgets that have a vertex: *why says so. */
static Isoflop *parabolas(Sheet *s, const SheetGroup *g, const char **why)
{
    Err err = ERR_INIT;
    Isoflop *iso = arena_array(s->arena, 1, sizeof *iso);
    s->is_short = s->is_short || !iso;
    if (!iso || isoflop_fit(&g->obs->data, 0, iso, &err) == ERR_OK) {
        return iso;
    }
    *why = sheet_printf(s, "%s", err.msg);
    return NULL;
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
                         size_t n_points, PlotLook look, PlotPanel *panel)
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
        (void)plot_add(panel, NULL, look, PLOT_LINE, N_PARABOLA, x, y);
    }
}

static void add_law(Sheet *s, const SheetGroup *g, double c, double k, const double *px,
                    size_t n_points, PlotLook look, PlotPanel *panel)
{
    double *x = sheet_array(s, N_PARABOLA), *y = sheet_array(s, N_PARABOLA), lo, hi;
    sheet_range(px, n_points, &lo, &hi);
    for (size_t i = 0; x && y && g->law && i < N_PARABOLA; i++) {
        x[i] = lo * pow(hi / lo, (double)i / (N_PARABOLA - 1));
        const double inputs[] = {x[i], c / (k * x[i])};
        y[i] = fit_predict(&g->law->fit, inputs);
    }
    look.code = LAW_CODE;
    if (x && y && g->law) {
        (void)plot_add(panel, NULL, look, PLOT_LINE, N_PARABOLA, x, y);
    }
}

static void draw_budget(Sheet *s, const SheetGroup *g, const IsoflopBudget *b, PlotLook look,
                        PlotPanel *panel)
{
    double *x = sheet_array(s, g->obs->data.n), *y = sheet_array(s, g->obs->data.n), k;
    if (!x || !y) {
        return;
    }
    size_t n = budget_points(&g->obs->data, b->c, x, y, &k);
    add_parabola(s, b, x, y, n, look, panel);
    add_law(s, g, b->c, k, x, n, look, panel);
    plot_place(plot_add(panel, sheet_power_label(s, b->c), look, PLOT_POINTS, n, x, y),
               PLOT_AT_LAST);
}

/* At most MAX_BUDGETS, evenly chosen; the vertices of all of them. */
static bool draw_isoflop(Sheet *s, const SheetGroup *g, PlotPanel *panel)
{
    const Isoflop *iso = parabolas(s, g, &panel->note);
    double *vx = sheet_array(s, ISOFLOP_MAX_BUDGETS), *vy = sheet_array(s, ISOFLOP_MAX_BUDGETS);
    size_t n_used = 0, n_drawn = 0, n_inner = 0, at = 0;
    for (size_t i = 0; iso && i < iso->n_budgets; i++) {
        n_used += iso->budget[i].state == ISOFLOP_USED ? 1 : 0;
    }
    size_t n = n_used < MAX_BUDGETS ? n_used : MAX_BUDGETS;
    for (size_t i = 0; iso && vx && vy && i < iso->n_budgets; i++) {
        const IsoflopBudget *b = &iso->budget[i];
        if (b->state != ISOFLOP_USED) {
            continue;
        }
        if (n_drawn < n && at == n_drawn * (n_used - 1) / (n > 1 ? n - 1 : 1)) {
            draw_budget(s, g, b, sheet_tone(g, n_drawn, n), panel);
            n_drawn++;
            if (!b->is_outside) { /* far from every point it would rule the axis */
                vx[n_inner] = b->n_opt;
                vy[n_inner++] = b->loss;
            }
        }
        at++;
    }
    (void)plot_add(panel, "vertex", plot_ink(), PLOT_MARKS, n_inner, vx, vy);
    return n_drawn > 0;
}

static PlotPanel *first_drawn(PlotFigure *f)
{
    for (size_t i = 0; i < f->n_panels; i++) {
        if (f->panel[i].n_series) {
            return &f->panel[i];
        }
    }
    return NULL;
}

bool figure_isoflop(Sheet *s, PlotFigure *f)
{
    bool has_any = false;
    f->title = "At each compute budget [FLOP]: points, parabola, and the law's own curve";
    f->x_label = LOOK_PARAMS;
    f->x_column = "N";
    for (size_t i = 0; s->response == FORM_LOSS && i < s->n_groups; i++) {
        f->panel[i].title = s->group[i].title;
        has_any = draw_isoflop(s, &s->group[i], &f->panel[i]) || has_any;
    }
    PlotPanel *p = first_drawn(f);
    if (p) {
        sheet_explain(p, "parabola", PLOT_LINE, 0);
        sheet_explain(p, "the law", PLOT_LINE, LAW_CODE);
    }
    return has_any;
}

/* ---- best N and D against C ---- */

static bool draw_best(Sheet *s, SheetGroup *g, bool is_n, PlotPanel *panel)
{
    const SheetFrontier *r = sheet_frontier(s, g);
    const char *ignored;
    const Isoflop *iso = r ? parabolas(s, g, &ignored) : NULL;
    double *vx = sheet_array(s, ISOFLOP_MAX_BUDGETS), *vy = sheet_array(s, ISOFLOP_MAX_BUDGETS);
    size_t n = 0;
    panel->note = g->no_law;
    if (!r || !vx || !vy) {
        return false;
    }
    const SheetLine *l = is_n ? &r->params : &r->tokens;
    PlotLook whole = sheet_tone(g, 0, 1);
    size_t first = 0, end = r->n;
    while (first < end && !r->is_near[first]) {
        first++;
    }
    while (end > first && !r->is_near[end - 1]) {
        end--;
    }
    sheet_add_band(panel, g->look, r->c, l, first, end);
    sheet_add_frontier(panel, NULL, whole, r, r->c, l->y, true);
    for (size_t i = 0; iso && i < iso->n_budgets; i++) {
        const IsoflopBudget *b = &iso->budget[i];
        if (b->state == ISOFLOP_USED && !b->is_outside) {
            vx[n] = b->c;
            vy[n++] = is_n ? b->n_opt : b->d_opt;
        }
    }
    (void)plot_add(panel, "vertices of the isoFLOP parabolas", plot_ink(), PLOT_POINTS, n, vx, vy);
    return true;
}

static bool draw_optimal(Sheet *s, bool is_n, PlotFigure *f)
{
    bool has_any = false;
    f->title =
        is_n ? "Best size for a compute budget" : "Best number of tokens for a compute budget";
    f->x_label = look_compute(s->report->obs->convention);
    f->y_label = is_n ? "best N [parameters]" : "best D [tokens]";
    f->x_column = "C_flop";
    f->y_column = is_n ? "N" : "D";
    for (size_t i = 0; s->response == FORM_LOSS && i < s->n_groups; i++) {
        f->panel[i].title = s->group[i].title;
        has_any = draw_best(s, &s->group[i], is_n, &f->panel[i]) || has_any;
    }
    PlotPanel *p = first_drawn(f);
    if (p) {
        sheet_explain(p, is_n ? "best N by the law" : "best D by the law", PLOT_THICK, 0);
        sheet_explain(p, "95 % band", PLOT_BAND, 0);
        sheet_explain(p, "beyond the data", PLOT_BEYOND, 0);
    }
    return has_any;
}

bool figure_optimal_params(Sheet *s, PlotFigure *f)
{
    return draw_optimal(s, true, f);
}

bool figure_optimal_tokens(Sheet *s, PlotFigure *f)
{
    return draw_optimal(s, false, f);
}

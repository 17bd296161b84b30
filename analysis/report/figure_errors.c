/* What the law leaves: residuals, and how far each parameter may move. */
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <string.h>

#include "analysis/report/sheet.h"

enum { N_PROFILE = 33 };
/* The profile is drawn over so many standard errors to both sides. */
#define PROFILE_REACH 3.0
/* Higher than this, in units of the threshold, it is not drawn. */
#define PROFILE_TOP   4.0

static void draw_residuals(Sheet *s, const SheetGroup *g, PlotPanel *panel)
{
    const FitData *d = &g->obs->data;
    double *y = sheet_array(s, d->n);
    const double *const x[] = {d->params, d->tokens, d->flops};
    for (size_t i = 0; y && i < d->n; i++) {
        const double inputs[] = {d->params[i], d->tokens[i]};
        y[i] = 100.0 * log(d->loss[i] / fit_predict(&g->law->fit, inputs));
    }
    for (size_t k = 0; y && k < 3; k++) {
        (void)plot_add(&panel[k], k == 0 ? g->title : NULL, g->color, PLOT_POINTS, d->n, x[k], y);
    }
}

bool figure_residuals(Sheet *s, PlotFigure *f)
{
    static const char *const label[] = {"N [parameters, without embeddings]", "D [training tokens]",
                                        "C [FLOP]"};
    static const char *const title[] = {"by size", "by data", "by compute"};
    f->name = "residuals";
    f->title = "What the law leaves: ln(measured loss / law)";
    f->x_label = label[0];
    f->y_label = "measured above the law [%]";
    f->x_column = "N_D_or_C";
    f->y_column = "percent";
    f->is_y_linear = true;
    f->has_own_axes = true;
    f->key = PLOT_KEY_OUTSIDE;
    f->n_panels = 3;
    for (size_t k = 0; k < 3; k++) {
        f->panel[k].title = title[k];
        f->panel[k].x_label = label[k];
        plot_add_line(&f->panel[k], PLOT_HORIZONTAL, 0.0, NULL);
    }
    for (size_t i = 0; i < s->n_groups; i++) {
        if (s->group[i].law) {
            draw_residuals(s, &s->group[i], f->panel);
        }
    }
    return sheet_has_law(s);
}

/* ---- profiles ---- */

/* How much the objective may rise at 95 %: F(1, n-p) kappa / 2 (fit/intervals.h). */
static double allowed(const FitResult *f, const FitData *d)
{
    double squares = 0.0, curves = 0.0, dof = (double)f->n - (double)f->n_params;
    for (size_t i = 0; i < d->n; i++) {
        const double inputs[] = {d->params[i], d->tokens[i]};
        double y = fit_predict(f, inputs);
        double r = f->residual == FIT_LOG ? log(y / d->loss[i]) : y - d->loss[i];
        bool is_inner = f->loss.kind == FIT_MSE || fabs(r) <= f->loss.delta;
        double psi = f->loss.kind == FIT_MSE ? 2.0 * r : is_inner ? r : copysign(f->loss.delta, r);
        squares += psi * psi;
        curves += f->loss.kind == FIT_MSE ? 2.0 : is_inner ? 1.0 : 0.0;
    }
    double kappa = squares / dof / (curves / (double)d->n);
    return gsl_cdf_fdist_Pinv(0.95, 1.0, dof) * kappa / 2.0;
}

/* The least objective with parameter k held at v, or NaN. */
static double held(const SheetGroup *g, size_t k, double v)
{
    const FitResult *f = &g->law->fit;
    FitOptions o = fit_defaults(f->form);
    Err ignored = ERR_INIT;
    FitResult r;
    o.loss = f->loss;
    o.residual = f->residual;
    o.fix = f->fix;
    o.fix.is_fixed[k] = true;
    o.fix.value[k] = v;
    o.starts = 3;
    o.bootstrap = 0;
    return fit_run(&o, &g->obs->data, &r, &ignored) == ERR_OK ? r.objective : (double)NAN;
}

static void add_profile(Sheet *s, const SheetGroup *g, size_t k, double most, PlotPanel *panel)
{
    const FitValue *v = &g->law->fit.param[k];
    bool is_scale = g->law->fit.form->param[k].kind == FORM_COEFFICIENT && v->value > 0.0;
    double se = is_scale ? v->se / v->value : v->se;
    double *x = sheet_array(s, N_PROFILE), *y = sheet_array(s, N_PROFILE);
    size_t n = 0;
    for (size_t i = 0; x && y && i < N_PROFILE; i++) {
        double u = PROFILE_REACH * se * (2.0 * (double)i / (N_PROFILE - 1) - 1.0);
        double at = is_scale ? v->value * exp(u) : v->value + u;
        double rise = (held(g, k, at) - g->law->fit.objective) / most;
        if (isfinite(rise) && rise < PROFILE_TOP) {
            x[n] = is_scale ? log(at) : at;
            y[n++] = fmax(rise, 0.0);
        }
    }
    (void)plot_add(panel, k == 0 ? g->title : NULL, g->color, PLOT_CURVE, n, x, y);
}

/* Fits by a smooth objective, with a scale for each parameter. */
static bool has_profile(const SheetGroup *g, const Form *form)
{
    return g->law && g->law->fit.form == form && g->law->fit.loss.kind != FIT_L1 &&
           g->law->fit.loss.kind != FIT_ASYMMETRIC;
}

bool figure_profile(Sheet *s, PlotFigure *f)
{
    const Form *form = NULL;
    f->name = "profile";
    f->title = "How far each parameter may move, the others fitted anew (observations as "
               "independent)";
    f->x_label = "parameter";
    f->y_label = "rise of the objective / what 95 % allows";
    f->x_column = "parameter";
    f->y_column = "rise";
    f->is_x_linear = f->is_y_linear = true;
    f->key = PLOT_KEY_OUTSIDE;
    f->has_own_axes = true;
    for (size_t i = 0; i < s->n_groups && !form; i++) {
        form = s->group[i].law ? s->group[i].law->fit.form : NULL;
    }
    f->n_panels = form ? form->n_params : 0;
    for (size_t k = 0; k < f->n_panels; k++) {
        const FormParam *p = &form->param[k];
        f->panel[k].title = p->name;
        f->panel[k].x_label =
            sheet_printf(s, "%s%s", p->kind == FORM_COEFFICIENT ? "ln " : "", p->name);
        plot_add_line(&f->panel[k], PLOT_HORIZONTAL, 1.0, "95 %");
        for (size_t i = 0; i < s->n_groups; i++) {
            const SheetGroup *g = &s->group[i];
            double most = has_profile(g, form) ? allowed(&g->law->fit, &g->obs->data) : 0.0;
            if (most > 0.0 && isfinite(most) && isfinite(g->law->fit.param[k].se)) {
                add_profile(s, g, k, most, &f->panel[k]);
            }
        }
    }
    bool has_any = false;
    for (size_t k = 0; k < f->n_panels; k++) {
        has_any = has_any || f->panel[k].n_series > 0;
    }
    return has_any;
}

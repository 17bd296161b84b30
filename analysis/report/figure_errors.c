/* What the law leaves: residuals, and how far each parameter may move. */
#include <gsl/gsl_cdf.h>
#include <math.h>

#include "analysis/report/sheet.h"

/* Points of a profile to each side of the fit, and the trials that find how far it goes. */
enum { N_SIDE = 14, N_REACH = 12 };
/* So high the profile is drawn, in units of the threshold. */
#define PROFILE_TOP 3.0

static void draw_residuals(Sheet *s, const SheetGroup *g, PlotPanel *panel)
{
    const FitData *d = &g->obs->data;
    double *y = sheet_array(s, d->n);
    const double *const x[] = {d->params, d->tokens, d->flops};
    for (size_t i = 0; y && i < d->n; i++) {
        const double inputs[] = {d->params[i], d->tokens[i]};
        y[i] = 100.0 * log(fit_predict(&g->law->fit, inputs) / g->y[i]);
    }
    for (size_t k = 0; y && k < 3; k++) {
        (void)plot_add(&panel[k], g->title, g->look, PLOT_POINTS, d->n, x[k], y);
    }
}

bool figure_residuals(Sheet *s, PlotFigure *f)
{
    f->title = "Residuals of the law: above 0 it is too high";
    f->y_label = "100 (ln law - ln measured)";
    f->x_column = "N_D_or_C";
    f->y_column = "percent";
    f->is_y_linear = true;
    f->x_share = PLOT_SEPARATE;
    f->n_panels = 3;
    for (size_t k = 0; k < 3; k++) {
        static const FormInput input[] = {FORM_N, FORM_D, FORM_C};
        f->panel[k].x_label = look_input(input[k], s->report->obs->convention);
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
static double allowed(const SheetGroup *g)
{
    const FitResult *f = &g->law->fit;
    const FitData *d = &g->obs->data;
    double squares = 0.0, curves = 0.0, dof = (double)f->n - (double)f->n_params;
    for (size_t i = 0; i < d->n; i++) {
        const double inputs[] = {d->params[i], d->tokens[i]};
        double y = fit_predict(f, inputs);
        double r = f->residual == FIT_LOG ? log(y / g->y[i]) : y - g->y[i];
        bool is_inner = f->loss.kind == FIT_MSE || fabs(r) <= f->loss.delta;
        double psi = f->loss.kind == FIT_MSE ? 2.0 * r : is_inner ? r : copysign(f->loss.delta, r);
        squares += psi * psi;
        curves += f->loss.kind == FIT_MSE ? 2.0 : is_inner ? 1.0 : 0.0;
    }
    double kappa = squares / dof / (curves / (double)d->n);
    return gsl_cdf_fdist_Pinv(0.95, 1.0, dof) * kappa / 2.0;
}

/* One parameter of one group. */
typedef struct Profile {
    const SheetGroup *g;
    size_t k;
    bool is_scale; /* moved in its logarithm */
    double value, most;
} Profile;

static double moved(const Profile *p, double u)
{
    return p->is_scale ? p->value * exp(u) : p->value + u;
}

/* How far the least objective rises with the parameter moved by u, in units of the threshold, or NaN. */
static double rise_at(const Profile *p, double u)
{
    const FitResult *f = &p->g->law->fit;
    FitOptions o = fit_defaults(f->form);
    Err ignored = ERR_INIT;
    FitResult r;
    o.loss = f->loss;
    o.residual = f->residual;
    o.fix = f->fix;
    o.fix.is_fixed[p->k] = true;
    o.fix.value[p->k] = moved(p, u);
    o.starts = 3;
    o.bootstrap = 0;
    return fit_run(&o, &p->g->obs->data, &r, &ignored) == ERR_OK
               ? fmax((r.objective - f->objective) / p->most, 0.0)
               : (double)NAN;
}

/* How far to one side (sign) the profile stays below PROFILE_TOP and is known, from a first guess. */
static double reach_of(const Profile *p, double sign, double guess)
{
    double below = 0.0, above = (double)INFINITY, u = guess;
    for (int i = 0; i < N_REACH; i++) {
        bool is_below = rise_at(p, sign * u) < PROFILE_TOP;
        *(is_below ? &below : &above) = u;
        if (is_below && isfinite(above) && above < 1.1 * u) {
            break;
        }
        u = isfinite(above) ? 0.5 * (below + above) : 2.0 * u;
    }
    return below;
}

static void add_profile(Sheet *s, const Profile *p, double se, PlotPanel *panel)
{
    enum { N = 2 * N_SIDE + 1 };
    double *x = sheet_array(s, N), *y = sheet_array(s, N);
    double guess = p->is_scale ? fmin(se / p->value, 1.0) : se;
    const double reach[] = {reach_of(p, -1.0, guess), reach_of(p, 1.0, guess)};
    size_t n = 0;
    for (int i = -N_SIDE; x && y && i <= N_SIDE; i++) {
        double u = reach[i > 0] * i / N_SIDE;
        double rise = i ? rise_at(p, u) : 0.0;
        if (isfinite(rise) && rise < 1.1 * PROFILE_TOP) {
            x[n] = moved(p, u);
            y[n++] = rise;
        }
    }
    (void)plot_add(panel, p->g->title, p->g->look, PLOT_THICK, n, x, y);
}

/* Fits by a smooth objective, with a scale for each parameter. */
static bool has_profile(const SheetGroup *g, const Form *form)
{
    return g->law && g->law->fit.form == form && g->law->fit.loss.kind != FIT_L1 &&
           g->law->fit.loss.kind != FIT_ASYMMETRIC;
}

static void draw_profile(Sheet *s, const Form *form, size_t k, PlotPanel *panel)
{
    const FormParam *param = &form->param[k];
    panel->x_label = param->name;
    panel->note = "no interval of this parameter is known";
    panel->is_x_log = param->kind == FORM_COEFFICIENT && k > 0;
    for (size_t i = 0; i < s->n_groups; i++) {
        const SheetGroup *g = &s->group[i];
        if (!has_profile(g, form)) {
            continue;
        }
        const FitValue *v = &g->law->fit.param[k];
        const Profile p = {g, k, param->kind == FORM_COEFFICIENT && v->value > 0.0, v->value,
                           allowed(g)};
        panel->is_x_log = panel->is_x_log && v->value > 0.0;
        if (p.most > 0.0 && isfinite(p.most) && v->se > 0.0 && isfinite(v->se)) {
            add_profile(s, &p, v->se, panel);
        }
    }
    if (panel->n_series) {
        plot_add_line(panel, PLOT_HORIZONTAL, 1.0, "95 %");
    }
}

bool figure_profile(Sheet *s, PlotFigure *f)
{
    const Form *form = NULL;
    bool has_any = false;
    f->title = "How far each parameter may move, the others fitted anew (observations as "
               "independent)";
    f->y_label = "rise / what 95 % allows";
    f->x_column = "parameter";
    f->y_column = "rise";
    f->is_x_linear = f->is_y_linear = true;
    f->x_share = PLOT_SEPARATE;
    for (size_t i = 0; i < s->n_groups && !form; i++) {
        form = s->group[i].law ? s->group[i].law->fit.form : NULL;
    }
    f->n_panels = form ? form->n_params : 0;
    for (size_t k = 0; k < f->n_panels; k++) {
        draw_profile(s, form, k, &f->panel[k]);
        has_any = has_any || f->panel[k].n_series > 0;
    }
    return has_any;
}

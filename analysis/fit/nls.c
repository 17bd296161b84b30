#include "analysis/fit/nls.h"

#include <gsl/gsl_errno.h>
#include <gsl/gsl_multifit_nlinear.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_ROUNDS = 20, STEPS_IRLS = 4, STEPS_MSE = 200 };
#define STEP_TOLERANCE 1e-12
/* Stands for a residual that overflowed: large, and its square is finite. */
#define HUGE_RESIDUAL  1e100

struct Nls {
    gsl_multifit_nlinear_workspace *gsl;
    size_t p;
    const FitProblem *problem;
    double *root_weight; /* [n] sqrt of weight * psi(r)/r, over the scale */
};

ErrCode nls_new(size_t n, size_t p, Nls **ret, Err *err)
{
    Nls *w = calloc(1, sizeof *w);
    if (w) {
        gsl_multifit_nlinear_parameters how = gsl_multifit_nlinear_default_parameters();
        how.trs = gsl_multifit_nlinear_trs_lm;
        how.solver = gsl_multifit_nlinear_solver_qr;
        w->p = p;
        w->gsl = gsl_multifit_nlinear_alloc(gsl_multifit_nlinear_trust, &how, n, p);
        w->root_weight = calloc(n + 1, sizeof *w->root_weight);
    }
    if (!w || !w->gsl || !w->root_weight) {
        nls_free(w);
        return err_nomem(err, "least squares");
    }
    *ret = w;
    return ERR_OK;
}

void nls_free(Nls *w)
{
    if (w) {
        if (w->gsl) {
            gsl_multifit_nlinear_free(w->gsl);
        }
        free(w->root_weight);
        free(w);
    }
}

static int residuals(const gsl_vector *theta, void *ctx, gsl_vector *f)
{
    const Nls *w = ctx;
    for (size_t i = 0; i < w->problem->n; i++) {
        double r = w->root_weight[i] * problem_residual(w->problem, i, theta->data);
        gsl_vector_set(f, i, isfinite(r) ? r : HUGE_RESIDUAL);
    }
    return GSL_SUCCESS;
}

static int jacobian(const gsl_vector *theta, void *ctx, gsl_matrix *j)
{
    const Nls *w = ctx;
    const FitProblem *p = w->problem;
    double grad[FORM_MAX_PARAMS], x[FORM_MAX_INPUTS];
    for (size_t i = 0; i < p->n; i++) {
        problem_point(p, i, x);
        double loss = form_gradient(p->form, theta->data, x, grad);
        double scale = w->root_weight[i] / (p->residual == FIT_LOG ? loss : 1.0);
        for (size_t a = 0; a < p->p; a++) {
            double v = p->is_fixed[a] ? 0.0 : scale * grad[a];
            gsl_matrix_set(j, i, a, isfinite(v) ? v : 0.0);
        }
    }
    return GSL_SUCCESS;
}

/* sqrt(weight * psi(r)/r), divided by the root of their weighted sum of squares. */
static void refresh_weights(Nls *w, const double *theta)
{
    const FitProblem *p = w->problem;
    double sum = 0.0;
    for (size_t i = 0; i < p->n; i++) {
        double r = problem_residual(p, i, theta);
        double size = fabs(r), irls = 1.0;
        if (p->loss.kind != FIT_MSE && size > p->loss.delta) {
            irls = p->loss.delta / size;
        }
        if (p->loss.kind == FIT_ASYMMETRIC && r > 0.0) {
            irls *= p->loss.over;
        }
        w->root_weight[i] = sqrt(p->weight[i] * irls);
        sum += p->weight[i] * irls * r * r;
    }
    double scale = sum > 0.0 && isfinite(sum) ? sqrt((double)p->n / sum) : 1.0;
    for (size_t i = 0; i < p->n; i++) {
        w->root_weight[i] *= scale;
    }
}

/* One weighted least-squares run of at most max_steps; false when it cannot go on. */
static bool levenberg_marquardt(Nls *w, size_t max_steps, double *theta)
{
    gsl_multifit_nlinear_fdf fdf = {
        .f = residuals, .df = jacobian, .n = w->problem->n, .p = w->p, .params = w};
    gsl_vector_view start = gsl_vector_view_array(theta, w->p);
    if (gsl_multifit_nlinear_init(&start.vector, &fdf, w->gsl) != GSL_SUCCESS) {
        return false;
    }
    bool is_moving = true;
    for (size_t k = 0; k < max_steps && is_moving; k++) {
        int info = 0;
        is_moving =
            gsl_multifit_nlinear_iterate(w->gsl) == GSL_SUCCESS &&
            gsl_multifit_nlinear_test(STEP_TOLERANCE, 0.0, 0.0, &info, w->gsl) == GSL_CONTINUE;
    }
    const gsl_vector *end = gsl_multifit_nlinear_position(w->gsl);
    for (size_t a = 0; a < w->p; a++) {
        if (!isfinite(gsl_vector_get(end, a))) {
            return false;
        }
    }
    for (size_t a = 0; a < w->p; a++) {
        theta[a] = gsl_vector_get(end, a);
    }
    return true;
}

void nls_improve(Nls *w, const FitProblem *p, double *theta)
{
    w->problem = p;
    size_t rounds = p->loss.kind == FIT_MSE ? 1 : MAX_ROUNDS;
    size_t steps = p->loss.kind == FIT_MSE ? STEPS_MSE : STEPS_IRLS;
    double best = problem_value(p, theta);
    for (size_t k = 0; k < rounds; k++) {
        double trial[FORM_MAX_PARAMS];
        memcpy(trial, theta, sizeof *theta * p->p);
        refresh_weights(w, theta);
        if (!levenberg_marquardt(w, steps, trial)) {
            return;
        }
        double value = problem_value(p, trial);
        if (!(value < best)) {
            return;
        }
        memcpy(theta, trial, sizeof *theta * p->p);
        if (value > best * (1.0 - 1e-6)) {
            return;
        }
        best = value;
    }
}

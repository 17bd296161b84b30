#include "analysis/fit/problem.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *input_name(FormInput k)
{
    return k == FORM_N ? "N" : k == FORM_D ? "D" : "C";
}

static const double *input_column(const FitData *data, FormInput k)
{
    return k == FORM_N ? data->params : k == FORM_D ? data->tokens : data->flops;
}

static ErrCode check_column(const FitData *data, const double *column, const char *name, Err *err)
{
    if (!column) {
        return err_set(err, ERR_INVALID, "the observations have no %s", name);
    }
    for (size_t i = 0; i < data->n; i++) {
        if (!(column[i] > 0.0) || !isfinite(column[i])) {
            return err_set(err, ERR_INVALID, "%s of observation %zu is %g; it must be positive",
                           name, i + 1, column[i]);
        }
    }
    return ERR_OK;
}

static void fill_input(FitProblem *p, const FitData *data, size_t k)
{
    const double *column = input_column(data, p->form->input[k]);
    double unit = p->form->input[k] == FORM_C ? FORM_PFLOP_S_DAY : 1.0;
    double sum = 0.0;
    for (size_t i = 0; i < data->n; i++) {
        double ln = log(column[i] / unit);
        p->x[i * p->form->n_inputs + k] = ln;
        sum += ln;
    }
    p->centre[k] = sum / (double)data->n;
    for (size_t i = 0; i < data->n; i++) {
        p->x[i * p->form->n_inputs + k] -= p->centre[k];
    }
}

ErrCode problem_init(FitProblem *p, const Form *form, FitLoss loss, FitResidual residual,
                     const FitData *data, Err *err)
{
    *p = (FitProblem){
        .form = form, .loss = loss, .residual = residual, .n = data->n, .p = form->n_params};
    ErrCode rc = check_column(data, data->loss, "the loss", err);
    for (size_t k = 0; k < form->n_inputs && rc == ERR_OK; k++) {
        rc =
            check_column(data, input_column(data, form->input[k]), input_name(form->input[k]), err);
    }
    if (rc != ERR_OK) {
        return rc;
    }
    p->x = calloc(data->n * form->n_inputs + 1, sizeof *p->x);
    p->y = calloc(data->n + 1, sizeof *p->y);
    p->ln_y = calloc(data->n + 1, sizeof *p->ln_y);
    p->weight = calloc(data->n + 1, sizeof *p->weight);
    if (!p->x || !p->y || !p->ln_y || !p->weight) {
        problem_release(p);
        return err_nomem(err, "observations");
    }
    for (size_t i = 0; i < data->n; i++) {
        p->y[i] = data->loss[i];
        p->ln_y[i] = log(data->loss[i]);
        p->weight[i] = 1.0;
    }
    for (size_t k = 0; k < form->n_inputs; k++) {
        fill_input(p, data, k);
    }
    return ERR_OK;
}

void problem_release(FitProblem *p)
{
    free(p->x);
    free(p->y);
    free(p->ln_y);
    free(p->weight);
    *p = (FitProblem){0};
}

static double problem_rho(const FitProblem *p, double r)
{
    double size = fabs(r);
    switch (p->loss.kind) {
    case FIT_MSE:
        return r * r;
    case FIT_HUBER:
        return size <= p->loss.delta ? 0.5 * r * r : p->loss.delta * (size - 0.5 * p->loss.delta);
    case FIT_L1:
        return size;
    }
    return size;
}

double problem_residual(const FitProblem *p, size_t i, const double *theta)
{
    double loss = p->form->value(theta, p->x + i * p->form->n_inputs);
    return p->residual == FIT_LOG ? log(loss) - p->ln_y[i] : loss - p->y[i];
}

double problem_value(const FitProblem *p, const double *theta)
{
    double sum = 0.0;
    for (size_t i = 0; i < p->n; i++) {
        if (p->weight[i] > 0.0) {
            sum += p->weight[i] * problem_rho(p, problem_residual(p, i, theta));
        }
    }
    return sum;
}

/* psi = rho', and psi' (exact) or psi/r (IRLS). */
static void slopes(const FitProblem *p, ProblemCurvature kind, double r, double *psi, double *curve)
{
    if (p->loss.kind == FIT_MSE) {
        *psi = 2.0 * r;
        *curve = 2.0;
    } else if (fabs(r) <= p->loss.delta) {
        *psi = r;
        *curve = 1.0;
    } else {
        *psi = copysign(p->loss.delta, r);
        *curve = kind == PROBLEM_EXACT ? 0.0 : p->loss.delta / fabs(r);
    }
}

/* Adds one observation: g = dr/dtheta and, for the exact Hessian, d2r. */
static void accumulate(const FitProblem *p, ProblemCurvature kind, double weight, double loss,
                       const double *dl, const double *d2l, double r, double *grad, double *hess)
{
    double psi, curve;
    slopes(p, kind, r, &psi, &curve);
    psi *= weight;
    curve *= weight;
    double scale = p->residual == FIT_LOG ? 1.0 / loss : 1.0; /* dr = scale dL */
    /* log: d2r = d2L/L - dL dL'/L^2, so its second part joins the J'J term. */
    double outer = curve * scale * scale;
    double second = 0.0;
    if (kind == PROBLEM_EXACT) {
        second = psi * scale;
        outer -= p->residual == FIT_LOG ? psi * scale * scale : 0.0;
    }
    for (size_t a = 0; a < p->p; a++) {
        grad[a] += psi * scale * dl[a];
        for (size_t b = 0; b <= a; b++) {
            hess[a * p->p + b] += outer * dl[a] * dl[b] + second * d2l[a * p->p + b];
        }
    }
}

double problem_derivatives(const FitProblem *p, const double *theta, ProblemCurvature kind,
                           double *grad, double *hess)
{
    double dl[FORM_MAX_PARAMS], d2l[FORM_MAX_PARAMS * FORM_MAX_PARAMS] = {0.0};
    double sum = 0.0;
    memset(grad, 0, sizeof *grad * p->p);
    memset(hess, 0, sizeof *hess * p->p * p->p);
    for (size_t i = 0; i < p->n; i++) {
        if (p->weight[i] <= 0.0) {
            continue;
        }
        const double *x = p->x + i * p->form->n_inputs;
        double loss = kind == PROBLEM_EXACT ? p->form->hessian(theta, x, dl, d2l)
                                            : p->form->gradient(theta, x, dl);
        double r = p->residual == FIT_LOG ? log(loss) - p->ln_y[i] : loss - p->y[i];
        sum += p->weight[i] * problem_rho(p, r);
        accumulate(p, kind, p->weight[i], loss, dl, d2l, r, grad, hess);
    }
    for (size_t a = 0; a < p->p; a++) {
        for (size_t b = 0; b < a; b++) {
            hess[b * p->p + a] = hess[a * p->p + b];
        }
    }
    return sum;
}

double problem_noise(const FitProblem *p)
{
    double sum = 0.0;
    for (size_t i = 0; i < p->n; i++) {
        double ulp = 8.0 * DBL_EPSILON * (p->residual == FIT_LOG ? 1.0 : p->y[i]);
        sum += p->weight[i] * problem_rho(p, ulp);
    }
    return sum;
}

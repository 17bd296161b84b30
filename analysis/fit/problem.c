#include "analysis/fit/problem.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/fit/kernel.h"

const double *fit_data_input(const FitData *data, FormInput k)
{
    const double *const column[FORM_N_INPUTS] = {
        [FORM_N] = data->params, [FORM_D] = data->tokens,    [FORM_C] = data->flops,
        [FORM_U] = data->unique, [FORM_X_LOSS] = data->loss, [FORM_EXPERTS] = data->experts,
    };
    return column[k];
}

const double *fit_data_response(const FitData *data, FormResponse r)
{
    const double *const column[FORM_N_RESPONSES] = {
        [FORM_LOSS] = data->loss, [FORM_ACCURACY] = data->accuracy, [FORM_ERROR] = data->error,
        [FORM_RATE] = data->rate, [FORM_BATCH] = data->batch,
    };
    return column[r];
}

static ErrCode check_column(const FitData *data, const double *column, const char *name,
                            bool is_positive, Err *err)
{
    if (!column) {
        return err_set(err, ERR_INVALID, "the observations have no %s", name);
    }
    for (size_t i = 0; i < data->n; i++) {
        if (!isfinite(column[i]) || (is_positive && !(column[i] > 0.0))) {
            return err_set(err, ERR_INVALID, "%s of observation %zu is %g; it must be %s", name,
                           i + 1, column[i], is_positive ? "positive" : "a number");
        }
    }
    return ERR_OK;
}

static ErrCode check_data(const FitProblem *p, const FitData *data, Err *err)
{
    const Form *f = p->form;
    bool needs_log = p->residual == FIT_LOG || !f->is_raw;
    const char *what = form_response_name(f->response);
    ErrCode rc = ERR_OK;
    TRY(check_column(data, fit_data_response(data, f->response),
                     f->response == FORM_LOSS ? "the loss" : what, needs_log, err));
    for (size_t k = 0; k < form_columns(f); k++) {
        TRY(check_column(data, fit_data_input(data, f->input[k]), form_input_name(f->input[k]),
                         !form_is_linear_input(f->input[k]), err));
    }
    if (data->sigma) {
        TRY(check_column(data, data->sigma, "sigma", true, err));
    }
done:
    return rc;
}

/* The mean of a column, or 0 where a fixed parameter needs the equation's own origin. */
static double centre_of(const FitProblem *p, const double *x, size_t k)
{
    for (size_t i = 0; i < p->p; i++) {
        if (p->is_fixed[i] && (p->form->param[i].centres >> k & 1u)) {
            return 0.0;
        }
    }
    if (p->form->shared_centres >> k & 1u) {
        return p->centre[k - 1];
    }
    double sum = 0.0;
    for (size_t i = 0; i < p->n; i++) {
        sum += x[i];
    }
    return p->n ? sum / (double)p->n : 0.0;
}

static void fill_input(FitProblem *p, const FitData *data, const double *centre, size_t k)
{
    const Form *f = p->form;
    double *x = p->x + k * p->padded;
    if (f->input[k] == FORM_PRODUCT) {
        for (size_t i = 0; i < p->n; i++) {
            x[i] = p->x[i] * p->x[p->padded + i];
        }
    } else {
        const double *column = fit_data_input(data, f->input[k]);
        double unit = f->input_unit[k] > 0.0 ? f->input_unit[k] : 1.0;
        for (size_t i = 0; i < p->n; i++) {
            x[i] = form_is_linear_input(f->input[k]) ? column[i] : log(column[i] / unit);
        }
        p->centre[k] = centre ? centre[k] : centre_of(p, x, k);
        for (size_t i = 0; i < p->n; i++) {
            x[i] -= p->centre[k];
        }
    }
    p->x_lo[k] = (double)INFINITY;
    p->x_hi[k] = -(double)INFINITY;
    for (size_t i = 0; i < p->n; i++) {
        p->x_lo[k] = fmin(p->x_lo[k], x[i]);
        p->x_hi[k] = fmax(p->x_hi[k], x[i]);
    }
}

static void measure_noise(FitProblem *p)
{
    p->ulp_sum = p->ulp_squares = 0.0;
    for (size_t i = 0; i < p->n; i++) {
        double ulp = 8.0 * DBL_EPSILON * (p->residual == FIT_LOG ? 1.0 : fabs(p->y[i]));
        p->ulp_sum += p->weight[i] * ulp;
        p->ulp_squares += p->weight[i] * ulp * ulp;
    }
}

/* Columns of the padding: a law finite at x = 0 has finite residuals there. */
static void fill_padding(FitProblem *p)
{
    for (size_t i = p->n; i < p->padded; i++) {
        for (size_t k = 0; k < p->form->n_inputs; k++) {
            p->x[k * p->padded + i] = 0.0;
        }
        p->y[i] = 1.0;
        p->ln_y[i] = 0.0;
        p->weight[i] = 0.0;
    }
}

static ErrCode allocate(FitProblem *p, Err *err)
{
    size_t n = p->padded + 4;
    p->x = calloc(n * p->form->n_inputs, sizeof *p->x);
    p->y = calloc(n, sizeof *p->y);
    p->ln_y = calloc(n, sizeof *p->ln_y);
    p->weight = calloc(n, sizeof *p->weight);
    if (!p->x || !p->y || !p->ln_y || !p->weight) {
        problem_release(p);
        return err_nomem(err, "observations");
    }
    return ERR_OK;
}

/* theta of the fixed parameters; the inputs that they depend on are not centred. */
static ErrCode fill_fixed(FitProblem *p, const FitFix *fix, Err *err)
{
    double params[FORM_MAX_PARAMS], theta[FORM_MAX_PARAMS];
    for (size_t i = 0; i < p->p; i++) {
        params[i] = fix && fix->is_fixed[i] ? fix->value[i] : 1.0;
    }
    form_internal(p->form, params, p->centre, theta);
    for (size_t i = 0; i < p->p; i++) {
        const FormParam *q = &p->form->param[i];
        p->fixed[i] = p->is_fixed[i] ? theta[i] : 0.0;
        bool is_zero = p->is_fixed[i] && params[i] == 0.0 && q->kind == FORM_COEFFICIENT;
        if (is_zero && q->may_vanish) {
            p->fixed[i] = PROBLEM_LN_ZERO;
        } else if (!isfinite(p->fixed[i])) {
            return err_set(err, ERR_INVALID, "%s of %s cannot be %g", q->name, p->form->name,
                           params[i]);
        }
    }
    return ERR_OK;
}

static void fill_response(FitProblem *p, const FitData *data)
{
    const double *y = fit_data_response(data, p->form->response);
    p->level = (double)INFINITY;
    for (size_t i = 0; i < p->n; i++) {
        p->y[i] = y[i];
        p->ln_y[i] = y[i] > 0.0 ? log(y[i]) : 0.0;
        p->weight[i] = data->sigma ? 1.0 / (data->sigma[i] * data->sigma[i]) : 1.0;
        if (fabs(y[i]) > 0.0) {
            p->level = fmin(p->level, fabs(y[i]));
        }
    }
    p->level = isfinite(p->level) ? p->level : 1.0;
}

ErrCode problem_open(FitProblem *p, const Form *form, FitLoss loss, FitResidual residual,
                     const FitFix *fix, const double *centre, const FitData *data, Err *err)
{
    FitProblem q = {.form = form,
                    .loss = loss,
                    .residual = residual,
                    .n = data->n,
                    .p = form->n_params,
                    .padded = (data->n + 3) / 4 * 4};
    for (size_t i = 0; fix && i < q.p; i++) {
        q.is_fixed[i] = fix->is_fixed[i];
    }
    ErrCode rc = ERR_OK;
    *p = (FitProblem){0};
    TRY(check_data(&q, data, err));
    TRY(allocate(&q, err));
    for (size_t k = 0; k < form->n_inputs; k++) {
        fill_input(&q, data, centre, k);
    }
    fill_response(&q, data);
    fill_padding(&q);
    measure_noise(&q);
    TRY(fill_fixed(&q, fix, err));
    *p = q;
    q = (FitProblem){0};
done:
    problem_release(&q);
    return rc;
}

ErrCode problem_init(FitProblem *p, const Form *form, FitLoss loss, FitResidual residual,
                     const FitData *data, Err *err)
{
    return problem_open(p, form, loss, residual, NULL, NULL, data, err);
}

void problem_release(FitProblem *p)
{
    free(p->x);
    free(p->y);
    free(p->ln_y);
    free(p->weight);
    *p = (FitProblem){0};
}

ErrCode problem_clone(const FitProblem *p, FitProblem *ret, Err *err)
{
    *ret = *p;
    ret->x = ret->y = ret->ln_y = ret->weight = NULL;
    return allocate(ret, err);
}

void problem_resample(const FitProblem *from, const double *times, FitProblem *to)
{
    size_t n = 0;
    for (size_t i = 0; i < from->n; i++) {
        n += times[i] > 0.0 ? 1 : 0;
    }
    to->n = n;
    to->padded = (n + 3) / 4 * 4;
    n = 0;
    for (size_t i = 0; i < from->n; i++) {
        if (times[i] > 0.0) {
            for (size_t k = 0; k < from->form->n_inputs; k++) {
                to->x[k * to->padded + n] = from->x[k * from->padded + i];
            }
            to->y[n] = from->y[i];
            to->ln_y[n] = from->ln_y[i];
            to->weight[n] = from->weight[i] * times[i];
            n++;
        }
    }
    fill_padding(to);
    measure_noise(to);
}

double problem_rho(const FitLoss *loss, double r)
{
    double size = fabs(r);
    double factor = loss->kind == FIT_ASYMMETRIC && r > 0.0 ? loss->over : 1.0;
    switch (loss->kind) {
    case FIT_MSE:
        return r * r;
    case FIT_L1:
        return size;
    case FIT_HUBER:
    case FIT_ASYMMETRIC:
        break;
    }
    return factor * (size <= loss->delta ? 0.5 * r * r : loss->delta * (size - 0.5 * loss->delta));
}

/* psi(r) = rho'(r), and the factor of J'J: psi'(r), or psi(r)/r for IRLS. */
static void slopes(const FitProblem *p, ProblemCurvature kind, double r, double *psi, double *curve)
{
    double size = fabs(r), delta = p->loss.delta;
    double factor = p->loss.kind == FIT_ASYMMETRIC && r > 0.0 ? p->loss.over : 1.0;
    if (p->loss.kind == FIT_MSE) {
        *psi = 2.0 * r;
        *curve = 2.0;
    } else if (size <= delta) {
        *psi = factor * r;
        *curve = factor;
    } else {
        *psi = copysign(factor * delta, r);
        *curve = kind == PROBLEM_IRLS ? factor * delta / size : 0.0;
    }
}

double problem_predict(const FitProblem *p, size_t i, const double *theta)
{
    double x[FORM_MAX_INPUTS];
    problem_point(p, i, x);
    return form_value(p->form, theta, x);
}

double problem_residual(const FitProblem *p, size_t i, const double *theta)
{
    double loss = problem_predict(p, i, theta);
    return p->residual == FIT_LOG ? log(loss) - p->ln_y[i] : loss - p->y[i];
}

double problem_value(const FitProblem *p, const double *theta)
{
    double sum = 0.0;
    if (form_is_powers(p->form) && p->loss.kind != FIT_L1) {
        sum = kernel_sum(p, theta, KERNEL_VALUE, NULL, NULL);
    } else {
        for (size_t i = 0; i < p->n; i++) {
            sum += p->weight[i] * problem_rho(&p->loss, problem_residual(p, i, theta));
        }
    }
    return isfinite(sum) ? sum : (double)INFINITY;
}

/* Adds one observation to the gradient and the lower triangle. */
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

static double derivatives_by_point(const FitProblem *p, const double *theta, ProblemCurvature kind,
                                   double *grad, double *hess)
{
    double dl[FORM_MAX_PARAMS], d2l[FORM_MAX_PARAMS * FORM_MAX_PARAMS] = {0.0};
    double x[FORM_MAX_INPUTS], sum = 0.0;
    memset(grad, 0, sizeof *grad * p->p);
    memset(hess, 0, sizeof *hess * p->p * p->p);
    for (size_t i = 0; i < p->n; i++) {
        problem_point(p, i, x);
        double loss = kind == PROBLEM_EXACT ? form_hessian(p->form, theta, x, dl, d2l)
                                            : form_gradient(p->form, theta, x, dl);
        double r = p->residual == FIT_LOG ? log(loss) - p->ln_y[i] : loss - p->y[i];
        sum += p->weight[i] * problem_rho(&p->loss, r);
        accumulate(p, kind, p->weight[i], loss, dl, d2l, r, grad, hess);
    }
    return sum;
}

double problem_derivatives(const FitProblem *p, const double *theta, ProblemCurvature kind,
                           double *grad, double *hess)
{
    double sum;
    if (form_is_powers(p->form)) {
        sum = kernel_sum(p, theta, kind == PROBLEM_EXACT ? KERNEL_EXACT : KERNEL_IRLS, grad, hess);
    } else {
        sum = derivatives_by_point(p, theta, kind, grad, hess);
    }
    for (size_t a = 0; a < p->p; a++) {
        for (size_t b = 0; b < a; b++) {
            hess[b * p->p + a] = hess[a * p->p + b];
        }
    }
    return isfinite(sum) ? sum : (double)INFINITY;
}

double problem_noise(const FitProblem *p)
{
    switch (p->loss.kind) {
    case FIT_L1:
        return p->ulp_sum;
    case FIT_MSE:
        return p->ulp_squares;
    case FIT_HUBER:
    case FIT_ASYMMETRIC:
        break;
    }
    return 0.5 * p->ulp_squares; /* rounding is within any delta */
}

#include "analysis/forms/form.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static const Form *const form_list[] = {
#define FORM(id) &form_##id,
#include "analysis/forms/forms.def"
#undef FORM
};
enum { N_FORMS = sizeof form_list / sizeof form_list[0] };

size_t form_count(void)
{
    return N_FORMS;
}

const Form *form_at(size_t i)
{
    return i < N_FORMS ? form_list[i] : NULL;
}

const Form *form_find(const char *name)
{
    for (size_t i = 0; i < N_FORMS; i++) {
        const char *own = form_list[i]->name;
        size_t n = strlen(name);
        bool is_short = strncmp(own, name, n) == 0 && strcmp(own + n, ":C") == 0;
        if (strcmp(own, name) == 0 || is_short) {
            return form_list[i];
        }
    }
    return NULL;
}

int form_param(const Form *f, const char *name)
{
    for (size_t i = 0; i < f->n_params; i++) {
        if (strcmp(f->param[i].name, name) == 0) {
            return (int)i;
        }
    }
    return -1;
}

size_t form_columns(const Form *f)
{
    size_t n = f->n_inputs;
    return n && f->input[n - 1] == FORM_PRODUCT ? n - 1 : n;
}

bool form_is_linear_input(FormInput k)
{
    return k == FORM_X_LOSS;
}

const char *form_input_name(FormInput k)
{
    static const char *const name[FORM_N_INPUTS] = {
        [FORM_N] = "N",
        [FORM_D] = "D",
        [FORM_C] = "C",
        [FORM_U] = "U",
        [FORM_EXPERTS] = "experts",
        [FORM_X_LOSS] = "loss",
        [FORM_PRODUCT] = "product",
    };
    return name[k];
}

const char *form_response_name(FormResponse r)
{
    static const char *const name[FORM_N_RESPONSES] = {
        [FORM_LOSS] = "loss", [FORM_ACCURACY] = "accuracy", [FORM_ERROR] = "error",
        [FORM_RATE] = "lr",   [FORM_BATCH] = "batch",
    };
    return name[r];
}

/* exp of a term's logarithm, which is linear in theta. */
static double power_term(const Form *f, size_t k, double start, const double *theta,
                         const double *x)
{
    double arg = start;
    for (size_t j = 0; j < f->n_factors[k]; j++) {
        const FormFactor *q = &f->factor[k][j];
        arg += q->sign * theta[q->param] * x[q->input];
    }
    return exp(arg);
}

static double powers_value(const Form *f, const double *theta, const double *x)
{
    double sum = 0.0;
    for (size_t k = 0; k < f->n_terms; k++) {
        sum += power_term(f, k, theta[k], theta, x);
    }
    return sum;
}

/* Adds term k, worth t, to the gradient and (unless NULL) the Hessian. */
static void add_term(const Form *f, size_t k, double t, const double *x, double *grad, double *hess)
{
    size_t index[FORM_MAX_FACTORS + 1] = {k}, n = 1, p = f->n_params;
    double slope[FORM_MAX_FACTORS + 1] = {1.0};
    for (size_t j = 0; j < f->n_factors[k]; j++, n++) {
        const FormFactor *q = &f->factor[k][j];
        index[n] = (size_t)q->param;
        slope[n] = q->sign * x[q->input];
    }
    for (size_t a = 0; a < n; a++) {
        grad[index[a]] += slope[a] * t;
        for (size_t b = 0; hess && b < n; b++) {
            hess[index[a] * p + index[b]] += slope[a] * slope[b] * t;
        }
    }
}

static double powers_derivatives(const Form *f, const double *theta, const double *x, double *grad,
                                 double *hess)
{
    double sum = 0.0;
    memset(grad, 0, sizeof *grad * f->n_params);
    if (hess) {
        memset(hess, 0, sizeof *hess * f->n_params * f->n_params);
    }
    for (size_t k = 0; k < f->n_terms; k++) {
        double t = power_term(f, k, theta[k], theta, x);
        sum += t;
        add_term(f, k, t, x, grad, hess);
    }
    return sum;
}

static void formula_at(const Form *f, int order, const double *theta, const double *x, Jet *ret)
{
    Jet variable[FORM_MAX_PARAMS];
    for (size_t i = 0; i < f->n_params; i++) {
        jet_variable(&variable[i], f->n_params, order, i, theta[i]);
    }
    f->formula(variable, x, ret);
}

double form_value(const Form *f, const double *theta, const double *x)
{
    if (form_is_powers(f)) {
        return powers_value(f, theta, x);
    }
    Jet r;
    formula_at(f, 0, theta, x, &r);
    return r.v;
}

double form_gradient(const Form *f, const double *theta, const double *x, double *grad)
{
    if (form_is_powers(f)) {
        return powers_derivatives(f, theta, x, grad, NULL);
    }
    Jet r;
    formula_at(f, 1, theta, x, &r);
    memcpy(grad, r.g, sizeof *grad * f->n_params);
    return r.v;
}

double form_hessian(const Form *f, const double *theta, const double *x, double *grad, double *hess)
{
    if (form_is_powers(f)) {
        return powers_derivatives(f, theta, x, grad, hess);
    }
    Jet r;
    size_t p = f->n_params;
    formula_at(f, 2, theta, x, &r);
    memcpy(grad, r.g, sizeof *grad * p);
    for (size_t i = 0; i < p; i++) {
        for (size_t j = 0; j <= i; j++) {
            hess[i * p + j] = hess[j * p + i] = r.h[i * p + j];
        }
    }
    return r.v;
}

void form_terms(const Form *f, const double *theta, const double *x, double *phi)
{
    if (!form_is_powers(f)) {
        f->phi(theta, x, phi);
        return;
    }
    for (size_t k = 0; k < f->n_terms; k++) {
        phi[k] = power_term(f, k, 0.0, theta, x);
    }
}

void form_place(const Form *f, const double *inputs, const double *centre, double *x)
{
    assert(f->n_inputs <= FORM_MAX_INPUTS && f->input[0] != FORM_PRODUCT);
    for (size_t k = 0; k < f->n_inputs; k++) {
        if (f->input[k] == FORM_PRODUCT && k >= 2) { /* of the two before it */
            x[k] = x[0] * x[1];
        } else if (form_is_linear_input(f->input[k])) {
            x[k] = inputs[k] - centre[k];
        } else {
            x[k] = log(inputs[k]) - centre[k];
        }
    }
}

double form_loss(const Form *f, const double *params, const double *inputs)
{
    double theta[FORM_MAX_PARAMS], x[FORM_MAX_INPUTS];
    const double centre[FORM_MAX_INPUTS] = {0.0};
    form_internal(f, params, centre, theta);
    form_place(f, inputs, centre, x);
    return form_value(f, theta, x);
}

/* sum of sign * exponent * centre over the factors of term k */
static double shift_of(const Form *f, size_t k, const double *theta, const double *centre)
{
    double shift = 0.0;
    for (size_t j = 0; j < f->n_factors[k]; j++) {
        const FormFactor *q = &f->factor[k][j];
        shift += q->sign * theta[q->param] * centre[q->input];
    }
    return shift;
}

void form_report(const Form *f, const double *theta, const double *centre, double *params)
{
    if (f->report) {
        f->report(f, theta, centre, params);
        return;
    }
    for (size_t i = f->n_terms; i < f->n_params; i++) {
        params[i] = theta[i];
    }
    for (size_t k = 0; k < f->n_terms; k++) {
        params[k] = exp(theta[k] - shift_of(f, k, theta, centre));
    }
}

void form_internal(const Form *f, const double *params, const double *centre, double *theta)
{
    if (f->internal) {
        f->internal(f, params, centre, theta);
        return;
    }
    for (size_t i = f->n_terms; i < f->n_params; i++) {
        theta[i] = params[i];
    }
    for (size_t k = 0; k < f->n_terms; k++) {
        theta[k] = log(params[k]) + shift_of(f, k, theta, centre);
    }
}

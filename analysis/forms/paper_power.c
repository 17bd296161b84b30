/* L(C) = beta_C C^alpha_C,  C in PFLOP/s-days
 *
 * Shen et al. 2024, "Scaling Laws for Linear Complexity Language Models",
 * arXiv:2406.16690, section 4 and table 3: one pure power law, no constant.  With
 * w the centred log of C:  L = e^(t0 + alpha_C w),  beta_C = e^(t0 - alpha_C mean ln C).
 * Under least squares on log residuals this is the regression of ln L on ln C.
 */
#include <math.h>

#include "analysis/forms/form.h"

enum { BETA_C, ALPHA_C, N_PARAMS };

static double value(const double *theta, const double *x)
{
    return exp(theta[BETA_C] + theta[ALPHA_C] * x[0]);
}

static double gradient(const double *theta, const double *x, double *grad)
{
    double loss = value(theta, x);
    grad[BETA_C] = loss;
    grad[ALPHA_C] = x[0] * loss;
    return loss;
}

static double hessian(const double *theta, const double *x, double *grad, double *hess)
{
    double loss = gradient(theta, x, grad);
    hess[0] = loss;
    hess[1] = hess[2] = x[0] * loss;
    hess[3] = x[0] * x[0] * loss;
    return loss;
}

static void terms(const double *q, const double *x, double *phi)
{
    phi[0] = exp(q[0] * x[0]);
}

static void report(const double *theta, const double *centre, double *params)
{
    params[BETA_C] = exp(theta[BETA_C] - theta[ALPHA_C] * centre[0]);
    params[ALPHA_C] = theta[ALPHA_C];
}

static void internal(const double *params, const double *centre, double *theta)
{
    theta[BETA_C] = log(params[BETA_C]) + params[ALPHA_C] * centre[0];
    theta[ALPHA_C] = params[ALPHA_C];
}

const Form form_paper_power = {
    .name = "paper_power",
    .equation = "L(C) = beta_C C^alpha_C, C in PFLOP/s-days",
    .source = "arXiv:2406.16690, section 4",
    .n_inputs = 1,
    .input = {FORM_C},
    .n_params = N_PARAMS,
    .n_terms = 1,
    .param =
        {
            [BETA_C] = {"beta_C", "nats/token", "loss at one PFLOP/s-day"},
            [ALPHA_C] = {"alpha_C", "1", "exponent of compute"},
        },
    .term_exponent = {0},
    .start_lo = {-1.0},
    .start_hi = {0.0},
    .has_envelope = true,
    .value = value,
    .gradient = gradient,
    .hessian = hessian,
    .terms = terms,
    .report = report,
    .internal = internal,
};

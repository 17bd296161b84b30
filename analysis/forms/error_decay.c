/* err(L) = eps - k e^(-gamma L): average error of many tasks from the loss
 *
 * Gadre et al. 2024, arXiv:2403.08540, equation 5: eps is the error of a model that knows
 * nothing, gamma how fast a lower loss removes it.
 */
#include <math.h>

#include "analysis/forms/form.h"

enum { EPS, K, GAMMA, N_PARAMS };

/* theta = (eps, k e^(-gamma centre), gamma) */
static void formula(const Jet *theta, const double *x, Jet *ret)
{
    Jet fade;
    jet_scale(&fade, &theta[GAMMA], -x[0]);
    jet_exp(&fade, &fade);
    jet_mul(&fade, &fade, &theta[K]);
    jet_axpy(ret, &theta[EPS], -1.0, &fade);
}

static void phi(const double *theta, const double *x, double *ret)
{
    ret[EPS] = 1.0;
    ret[K] = -exp(-theta[GAMMA] * x[0]);
}

static void report(const Form *f, const double *theta, const double *centre, double *params)
{
    (void)f;
    params[EPS] = theta[EPS];
    params[K] = theta[K] * exp(theta[GAMMA] * centre[0]);
    params[GAMMA] = theta[GAMMA];
}

static void internal(const Form *f, const double *params, const double *centre, double *theta)
{
    (void)f;
    theta[EPS] = params[EPS];
    theta[K] = params[K] * exp(-params[GAMMA] * centre[0]);
    theta[GAMMA] = params[GAMMA];
}

static void box(const double *x_lo, const double *x_hi, double *lo, double *hi)
{
    double width = x_hi[0] - x_lo[0];
    lo[GAMMA] = 0.05 / width;
    hi[GAMMA] = 10.0 / width;
}

const Form form_error_decay = {
    .name = "error_decay",
    .equation = "err(L) = eps - k e^(-gamma L)",
    .source = "arXiv:2403.08540, equation 5",
    .response = FORM_ERROR,
    .n_inputs = 1,
    .input = {FORM_X_LOSS},
    .n_params = N_PARAMS,
    .n_terms = 2,
    .param =
        {
            [EPS] = {"eps", "1", "error at a high loss", FORM_LINEAR},
            [K] = {"k", "1", "error that a loss of 0 would remove", FORM_LINEAR, .centres = 1},
            [GAMMA] = {"gamma", "per unit of loss", "rate", FORM_SHAPE, .sign = 1},
        },
    .is_raw = true,
    .formula = formula,
    .phi = phi,
    .box = box,
    FORM_REPORTS,
};

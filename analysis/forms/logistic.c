/* acc(L) = chance + (ceiling - chance) / (1 + e^(k (L - x0))): accuracy of a task from the loss
 *
 * The second step of Bhagia et al. 2024, "Establishing Task Scaling Laws via Compute-Efficient
 * Model Ladders", arXiv:2412.04403, equation 4; Grattafiori et al. 2024, arXiv:2407.21783, section
 * 3.2.1.  Data from the lower tail alone do not show the ceiling: fix it (--fix ceiling=1), and
 * the chance level of a multiple choice (--fix chance=0.25).
 */
#include <math.h>

#include "analysis/forms/form.h"

enum { CHANCE, CEILING, K, X0, N_PARAMS };

/* theta = (chance, ceiling, ln k, x0 - centre) */
static void formula(const Jet *theta, const double *x, Jet *ret)
{
    Jet share, span;
    jet_shift(&share, &theta[X0], -x[0]);
    jet_exp(&span, &theta[K]);
    jet_mul(&share, &share, &span);
    jet_sigmoid(&share, &share);
    jet_axpy(&span, &theta[CEILING], -1.0, &theta[CHANCE]);
    jet_mul(ret, &share, &span);
    jet_add(ret, ret, &theta[CHANCE]);
}

static void phi(const double *theta, const double *x, double *ret)
{
    double z = exp(theta[K]) * (x[0] - theta[X0]);
    ret[CEILING] = 1.0 / (1.0 + exp(z));
    ret[CHANCE] = 1.0 / (1.0 + exp(-z));
}

static void report(const Form *f, const double *theta, const double *centre, double *params)
{
    (void)f;
    params[CHANCE] = theta[CHANCE];
    params[CEILING] = theta[CEILING];
    params[K] = exp(theta[K]);
    params[X0] = theta[X0] + centre[0];
}

static void internal(const Form *f, const double *params, const double *centre, double *theta)
{
    (void)f;
    theta[CHANCE] = params[CHANCE];
    theta[CEILING] = params[CEILING];
    theta[K] = log(params[K]);
    theta[X0] = params[X0] - centre[0];
}

static void box(const double *x_lo, const double *x_hi, double *lo, double *hi)
{
    double width = x_hi[0] - x_lo[0];
    lo[K] = log(0.5 / width);
    hi[K] = log(40.0 / width);
    lo[X0] = x_lo[0] - 0.5 * width;
    hi[X0] = x_hi[0] + 0.5 * width;
}

const Form form_logistic = {
    .name = "logistic",
    .equation = "acc(L) = chance + (ceiling - chance) / (1 + e^(k (L - x0)))",
    .source = "arXiv:2412.04403, equation 4",
    .response = FORM_ACCURACY,
    .n_inputs = 1,
    .input = {FORM_X_LOSS},
    .n_params = N_PARAMS,
    .n_terms = 2,
    .param =
        {
            [CHANCE] = {"chance", "1", "accuracy at a high loss", FORM_LINEAR},
            [CEILING] = {"ceiling", "1", "accuracy at a low loss", FORM_LINEAR},
            [K] = {"k", "per unit of loss", "steepness", FORM_SHAPE},
            [X0] = {"x0", "as the loss", "loss half way up", FORM_SHAPE, .centres = 1},
        },
    .is_raw = true,
    .formula = formula,
    .phi = phi,
    .box = box,
    FORM_REPORTS,
};

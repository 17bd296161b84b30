/* L(N, D) = ((Nc/N)^(alphaN/alphaD) + Dc/D)^alphaD
 *
 * Kaplan et al. 2020, "Scaling Laws for Neural Language Models", arXiv:2001.08361,
 * equation 1.5: no constant, and two limits, (Nc/N)^alphaN with endless data and
 * (Dc/D)^alphaD with endless size.  With n = ln Nc - mean ln N, d = ln Dc - mean ln D:
 *
 *   ln L = s + alphaD ln(1 + e^((alphaD (d - v) - s)/alphaD)),  s = alphaN (n - u)
 */
#include <math.h>

#include "analysis/forms/form.h"

enum { NC, DC, ALPHA_N, ALPHA_D, N_PARAMS };
enum { U, V };

static void formula(const Jet *theta, const double *x, Jet *ret)
{
    Jet size, ratio;
    jet_shift(&size, &theta[NC], -x[U]);
    jet_mul(&size, &size, &theta[ALPHA_N]);
    jet_div(&ratio, &size, &theta[ALPHA_D]);
    jet_axpy(&ratio, &theta[DC], -1.0, &ratio);
    jet_shift(&ratio, &ratio, -x[V]);
    jet_softplus(&ratio, &ratio);
    jet_mul(&ratio, &ratio, &theta[ALPHA_D]);
    jet_add(&ratio, &ratio, &size);
    jet_exp(ret, &ratio);
}

static void report(const Form *f, const double *theta, const double *centre, double *params)
{
    (void)f;
    params[NC] = exp(theta[NC] + centre[U]);
    params[DC] = exp(theta[DC] + centre[V]);
    params[ALPHA_N] = theta[ALPHA_N];
    params[ALPHA_D] = theta[ALPHA_D];
}

static void internal(const Form *f, const double *params, const double *centre, double *theta)
{
    (void)f;
    theta[NC] = log(params[NC]) - centre[U];
    theta[DC] = log(params[DC]) - centre[V];
    theta[ALPHA_N] = params[ALPHA_N];
    theta[ALPHA_D] = params[ALPHA_D];
}

static void derive(const double *params, double *derived)
{
    derived[0] = params[ALPHA_D] / (params[ALPHA_N] + params[ALPHA_D]);
    derived[1] = params[ALPHA_N] / (params[ALPHA_N] + params[ALPHA_D]);
}

/* s (Nc/N)^s = Dc N / nd with s = alphaN/alphaD */
static double best_size(const double *params, double nd)
{
    double s = params[ALPHA_N] / params[ALPHA_D];
    double ln = log(s) + s * log(params[NC]) + log(nd) - log(params[DC]);
    return exp(ln / (s + 1.0));
}

const Form form_kaplan = {
    .name = "kaplan",
    .equation = "L(N, D) = ((Nc/N)^(alphaN/alphaD) + Dc/D)^alphaD",
    .source = "arXiv:2001.08361, equation 1.5",
    FORM_OF_N_AND_D,
    .n_params = N_PARAMS,
    .param =
        {
            [NC] = {"Nc", "parameters", "scale of size: (Nc/N)^alphaN with endless data",
                    FORM_SHAPE, .centres = 1u << U, .lo = 0.7, .hi = 50.0},
            [DC] = {"Dc", "tokens", "scale of data: (Dc/D)^alphaD with endless size", FORM_SHAPE,
                    .centres = 1u << V, .lo = 0.7, .hi = 50.0},
            [ALPHA_N] = {"alphaN", "1", "exponent of size", FORM_SHAPE, .sign = 1, .lo = 0.02,
                         .hi = 1.0},
            [ALPHA_D] = {"alphaD", "1", "exponent of data", FORM_SHAPE, .sign = 1, .lo = 0.02,
                         .hi = 1.0},
        },
    .n_derived = 2,
    .derived =
        {
            {"a", "1", "N_opt grows as C^a"},
            {"b", "1", "D_opt grows as C^b"},
        },
    .huber_delta = 1e-3,
    .formula = formula,
    FORM_REPORTS,
    .derive = derive,
    .best_size = best_size,
};

/* log10 L(N, E) = a log10 N + b log10 E + c log10 N log10 E + d: routed models
 *
 * Clark et al. 2022, "Unified Scaling Laws for Routed Language Models", arXiv:2202.01169,
 * equation 3, E the number of experts.  In centred logs ln L = t + a' u + b' v + c' u v, so
 *   c = c' ln 10,  a = a' - c' mean ln E,  b = b' - c' mean ln N.
 */
#include <math.h>

#include "analysis/forms/form.h"

enum { D, A, B, C, N_PARAMS };
enum { U, V, UV };

static void report(const Form *f, const double *theta, const double *centre, double *params)
{
    (void)f;
    double ln10 = log(10.0), c = theta[C];
    params[A] = theta[A] - c * centre[V];
    params[B] = theta[B] - c * centre[U];
    params[C] = c * ln10;
    params[D] =
        (theta[D] - theta[A] * centre[U] - theta[B] * centre[V] + c * centre[U] * centre[V]) / ln10;
}

static void internal(const Form *f, const double *params, const double *centre, double *theta)
{
    (void)f;
    double ln10 = log(10.0), c = params[C] / ln10;
    theta[C] = c;
    theta[A] = params[A] + c * centre[V];
    theta[B] = params[B] + c * centre[U];
    theta[D] =
        params[D] * ln10 + theta[A] * centre[U] + theta[B] * centre[V] - c * centre[U] * centre[V];
}

const Form form_experts = {
    .name = "experts",
    .equation = "log10 L(N, E) = a log10 N + b log10 E + c log10 N log10 E + d",
    .source = "arXiv:2202.01169, equation 3",
    .n_inputs = 3,
    .input = {FORM_N, FORM_EXPERTS, FORM_PRODUCT},
    .n_params = N_PARAMS,
    .n_terms = 1,
    .param =
        {
            [D] = {"d", "1", "log10 of the loss at N = 1, E = 1", .centres = 3},
            [A] = {"a", "1", "exponent of size at one expert", FORM_SHAPE, .centres = 1u << V,
                   .lo = -1.0, .hi = 1.0},
            [B] = {"b", "1", "exponent of experts at N = 1", FORM_SHAPE, .centres = 1u << U,
                   .lo = -1.0, .hi = 1.0},
            [C] = {"c", "1", "how the gain from experts shrinks with size", FORM_SHAPE, .lo = -0.3,
                   .hi = 0.3},
        },
    .n_factors = {3},
    .factor = {{{A, U, 1.0}, {B, V, 1.0}, {C, UV, 1.0}}},
    FORM_REPORTS,
};

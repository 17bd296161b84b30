/* L(N, D) = E + A N^-alpha + B D^-alpha: one exponent for both
 *
 * Gadre et al. 2024, "Language models scale reliably with over-training and on downstream
 * tasks", arXiv:2403.08540, equation 4: L(C, M) = E + (a M^eta + b M^-eta) C^-eta with M = D/N and
 * C = 6 N D, which is this with alpha = 2 eta, A = a 6^-eta, B = b 6^-eta.  Equal exponents make
 * N_opt and D_opt grow alike, and over-trained losses at one M parallel to those at another.
 */
#include <math.h>

#include "analysis/forms/form.h"

enum { E, A, B, ALPHA, N_PARAMS };
enum { U, V };

static void derive(const double *params, double *derived)
{
    derived[0] = 0.5 * params[ALPHA];
    derived[1] = params[A] * pow(6.0, derived[0]);
    derived[2] = params[B] * pow(6.0, derived[0]);
    derived[3] = pow(params[B] / params[A], 1.0 / params[ALPHA]);
}

/* (A/B)^(1/alpha) N = D */
static double best_size(const double *params, double nd)
{
    return sqrt(nd * pow(params[A] / params[B], 1.0 / params[ALPHA]));
}

const Form form_overtrained = {
    .name = "overtrained",
    .equation = "L(N, D) = E + A N^-alpha + B D^-alpha",
    .source = "arXiv:2403.08540, equation 4",
    FORM_OF_N_AND_D,
    .n_params = N_PARAMS,
    .n_terms = 3,
    .param =
        {
            FORM_PARAMS_E_A_B(1u << U, 1u << V),
            [ALPHA] = {"alpha", "1", "exponent of both", FORM_SHAPE, .sign = 1, .lo = 0.02,
                       .hi = 2.0},
        },
    .n_factors = {[A] = 1, [B] = 1},
    .factor = {[A] = {{ALPHA, U, -1.0}}, [B] = {{ALPHA, V, -1.0}}},
    .n_derived = 4,
    .derived =
        {
            {"eta", "1", "exponent of C at a fixed D/N: alpha/2"},
            {"a_M", "nats/token", "a of L = E + (a M^eta + b M^-eta) C^-eta, M = D/N"},
            {"b_M", "nats/token", "b of it"},
            {"tokens_per_parameter", "1", "D/N that is best at every C = 6 N D"},
        },
    .huber_delta = 1e-3,
    .derive = derive,
    .best_size = best_size,
};

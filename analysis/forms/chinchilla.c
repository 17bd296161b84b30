/* L(N, D) = E + A N^-alpha + B D^-beta
 *
 * Hoffmann et al. 2022, "Training Compute-Optimal Large Language Models",
 * arXiv:2203.15556, section 3.3.  With u, v the centred logs of N and D:
 *
 *   L = e^t0 + e^(t1 - alpha u) + e^(t2 - beta v),   theta = (t0, t1, t2, alpha, beta)
 *   E = e^t0,  A = e^(t1 + alpha mean ln N),  B = e^(t2 + beta mean ln D)
 *
 * On C = k N D the loss is least at N* = G (C/k)^a, D* = (C/k)^b / G with
 * a = beta/(alpha+beta), b = alpha/(alpha+beta), G = (alpha A / (beta B))^(1/(alpha+beta)).
 */
#include <math.h>

#include "analysis/forms/form.h"

enum { E, A, B, ALPHA, BETA, N_PARAMS };
enum { U, V };

void form_optimum(const double *params, double *derived)
{
    double sum = params[ALPHA] + params[BETA];
    derived[0] = params[BETA] / sum;
    derived[1] = params[ALPHA] / sum;
    derived[2] = pow(params[ALPHA] * params[A] / (params[BETA] * params[B]), 1.0 / sum);
}

double form_optimum_size(const double *params, double nd)
{
    double derived[3];
    form_optimum(params, derived);
    return derived[2] * pow(nd, derived[0]);
}

const Form form_chinchilla = {
    .name = "chinchilla",
    .equation = "L(N, D) = E + A N^-alpha + B D^-beta",
    .source = "arXiv:2203.15556, section 3.3",
    FORM_OF_N_AND_D,
    .n_params = N_PARAMS,
    .n_terms = 3,
    .param =
        {
            FORM_PARAMS_E_A_B(1u << U, 1u << V),
            [ALPHA] = {"alpha", "1", "exponent of size", FORM_SHAPE, .sign = 1, .lo = 0.1,
                       .hi = 2.0},
            [BETA] = {"beta", "1", "exponent of data", FORM_SHAPE, .sign = 1, .lo = 0.1, .hi = 2.0},
        },
    .n_factors = {[A] = 1, [B] = 1},
    .factor = {[A] = {{ALPHA, U, -1.0}}, [B] = {{BETA, V, -1.0}}},
    .n_derived = 3,
    .derived =
        {
            {"a", "1", "N_opt grows as C^a"},
            {"b", "1", "D_opt grows as C^b"},
            {"G", "1", "N_opt = G (C/k)^a when C = k N D"},
        },
    .huber_delta = 1e-3,
    .derive = form_optimum,
    .best_size = form_optimum_size,
};

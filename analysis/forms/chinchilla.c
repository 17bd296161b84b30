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
#include <string.h>

#include "analysis/forms/form.h"

enum { E, A, B, ALPHA, BETA, N_PARAMS };
enum { U, V };

static double value(const double *theta, const double *x)
{
    return exp(theta[E]) + exp(theta[A] - theta[ALPHA] * x[U]) + exp(theta[B] - theta[BETA] * x[V]);
}

static double gradient(const double *theta, const double *x, double *grad)
{
    double floor_term = exp(theta[E]);
    double size_term = exp(theta[A] - theta[ALPHA] * x[U]);
    double data_term = exp(theta[B] - theta[BETA] * x[V]);
    grad[E] = floor_term;
    grad[A] = size_term;
    grad[B] = data_term;
    grad[ALPHA] = -x[U] * size_term;
    grad[BETA] = -x[V] * data_term;
    return floor_term + size_term + data_term;
}

static double hessian(const double *theta, const double *x, double *grad, double *hess)
{
    double loss = gradient(theta, x, grad);
    memset(hess, 0, sizeof *hess * N_PARAMS * N_PARAMS);
    hess[E * N_PARAMS + E] = grad[E];
    hess[A * N_PARAMS + A] = grad[A];
    hess[B * N_PARAMS + B] = grad[B];
    hess[A * N_PARAMS + ALPHA] = hess[ALPHA * N_PARAMS + A] = grad[ALPHA];
    hess[B * N_PARAMS + BETA] = hess[BETA * N_PARAMS + B] = grad[BETA];
    hess[ALPHA * N_PARAMS + ALPHA] = -x[U] * grad[ALPHA];
    hess[BETA * N_PARAMS + BETA] = -x[V] * grad[BETA];
    return loss;
}

static void terms(const double *q, const double *x, double *phi)
{
    phi[E] = 1.0;
    phi[A] = exp(-q[0] * x[U]);
    phi[B] = exp(-q[1] * x[V]);
}

static void report(const double *theta, const double *centre, double *params)
{
    params[E] = exp(theta[E]);
    params[A] = exp(theta[A] + theta[ALPHA] * centre[U]);
    params[B] = exp(theta[B] + theta[BETA] * centre[V]);
    params[ALPHA] = theta[ALPHA];
    params[BETA] = theta[BETA];
}

static void internal(const double *params, const double *centre, double *theta)
{
    theta[E] = log(params[E]);
    theta[A] = log(params[A]) - params[ALPHA] * centre[U];
    theta[B] = log(params[B]) - params[BETA] * centre[V];
    theta[ALPHA] = params[ALPHA];
    theta[BETA] = params[BETA];
}

static void derive(const double *params, double *derived)
{
    double sum = params[ALPHA] + params[BETA];
    derived[0] = params[BETA] / sum;
    derived[1] = params[ALPHA] / sum;
    derived[2] = pow(params[ALPHA] * params[A] / (params[BETA] * params[B]), 1.0 / sum);
}

const Form form_chinchilla = {
    .name = "chinchilla",
    .equation = "L(N, D) = E + A N^-alpha + B D^-beta",
    .source = "arXiv:2203.15556, section 3.3",
    .n_inputs = 2,
    .input = {FORM_N, FORM_D},
    .n_params = N_PARAMS,
    .n_terms = 3,
    .param =
        {
            [E] = {"E", "nats/token", "loss that neither size nor data removes"},
            [A] = {"A", "nats/token", "coefficient of size, at N = 1"},
            [B] = {"B", "nats/token", "coefficient of data, at D = 1"},
            [ALPHA] = {"alpha", "1", "exponent of size"},
            [BETA] = {"beta", "1", "exponent of data"},
        },
    .may_vanish = {[E] = true},
    .term_exponent = {-1, 0, 1},
    .start_lo = {0.02, 0.02},
    .start_hi = {2.0, 2.0},
    .n_derived = 3,
    .derived =
        {
            {"a", "1", "N_opt grows as C^a"},
            {"b", "1", "D_opt grows as C^b"},
            {"G", "1", "N_opt = G (C/k)^a when C = k N D"},
        },
    .huber_delta = 1e-3,
    .value = value,
    .gradient = gradient,
    .hessian = hessian,
    .terms = terms,
    .report = report,
    .internal = internal,
    .derive = derive,
};

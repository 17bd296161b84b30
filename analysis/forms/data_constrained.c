/* L(N, D, U) = E + A N'^-alpha + B D'^-beta: tokens seen again are worth less
 *
 * Muennighoff et al. 2023, "Scaling Data-Constrained Language Models", arXiv:2305.16264,
 * equations 5 and 6.  Of D tokens seen, U are distinct; U_N is the size that is optimal for U
 * (no more than N), and R the repetitions beyond the first:
 *
 *   D' = U   + U   R_D (1 - e^(-(D/U - 1)/R_D))
 *   N' = U_N + U_N R_N (1 - e^(-(N/U_N - 1)/R_N)),   U_N = min(N, N where alpha A N^-alpha = beta B U^-beta)
 *
 * theta = (ln E, ln of both terms at the centre, alpha, beta, ln R_D, ln R_N).  D and U have one
 * centre, so that ln(D/U) is a difference of inputs.  Without repetition (D = U) R_D is not
 * identified, and where no N exceeds U_N neither is R_N.
 */
#include <math.h>

#include "analysis/forms/form.h"

enum { E, A, B, ALPHA, BETA, R_D, R_N, N_PARAMS };
enum { X_N, X_D, X_U };

/* ln of base + base R (1 - e^(-(e^more - 1)/R)) over the base, with ln R given; more >= 0. */
static void ln_worth(const Jet *more, const Jet *ln_r, Jet *ret)
{
    Jet r, times, fade;
    jet_exp(&r, ln_r);
    jet_exp(&times, more);
    jet_shift(&times, &times, -1.0);
    jet_div(&fade, &times, &r);
    jet_scale(&fade, &fade, -1.0);
    jet_exp(&fade, &fade);
    jet_scale(&fade, &fade, -1.0);
    jet_shift(&fade, &fade, 1.0);
    jet_mul(&fade, &fade, &r);
    jet_shift(&fade, &fade, 1.0);
    jet_log(ret, &fade);
}

/* ln of the best size for the distinct tokens, centred. */
static void ln_best_size(const Jet *theta, double ln_u, Jet *ret)
{
    Jet ln_alpha, ln_beta;
    jet_log(&ln_alpha, &theta[ALPHA]);
    jet_log(&ln_beta, &theta[BETA]);
    jet_axpy(ret, &ln_alpha, -1.0, &ln_beta);
    jet_add(ret, ret, &theta[A]);
    jet_axpy(ret, ret, -1.0, &theta[B]);
    jet_axpy(ret, ret, ln_u, &theta[BETA]);
    jet_div(ret, ret, &theta[ALPHA]);
}

/* e^(coefficient - exponent * ln_x) */
static void power(const Jet *coefficient, const Jet *exponent, const Jet *ln_x, Jet *ret)
{
    jet_mul(ret, exponent, ln_x);
    jet_axpy(ret, coefficient, -1.0, ret);
    jet_exp(ret, ret);
}

static void formula(const Jet *theta, const double *x, Jet *ret)
{
    Jet base, more, worth, term;
    double ln_u = fmin(x[X_U], x[X_D]);
    jet_exp(ret, &theta[E]);

    ln_best_size(theta, ln_u, &base);
    if (base.v >= x[X_N]) {
        jet_constant(&worth, &theta[E], x[X_N]);
    } else {
        jet_scale(&more, &base, -1.0);
        jet_shift(&more, &more, x[X_N]);
        ln_worth(&more, &theta[R_N], &worth);
        jet_add(&worth, &worth, &base);
    }
    power(&theta[A], &theta[ALPHA], &worth, &term);
    jet_add(ret, ret, &term);

    jet_constant(&more, &theta[E], x[X_D] - ln_u);
    ln_worth(&more, &theta[R_D], &worth);
    jet_shift(&worth, &worth, ln_u);
    power(&theta[B], &theta[BETA], &worth, &term);
    jet_add(ret, ret, &term);
}

static void report(const Form *f, const double *theta, const double *centre, double *params)
{
    (void)f;
    params[E] = exp(theta[E]);
    params[A] = exp(theta[A] + theta[ALPHA] * centre[X_N]);
    params[B] = exp(theta[B] + theta[BETA] * centre[X_D]);
    params[ALPHA] = theta[ALPHA];
    params[BETA] = theta[BETA];
    params[R_D] = exp(theta[R_D]);
    params[R_N] = exp(theta[R_N]);
}

static void internal(const Form *f, const double *params, const double *centre, double *theta)
{
    (void)f;
    theta[E] = log(params[E]);
    theta[A] = log(params[A]) - params[ALPHA] * centre[X_N];
    theta[B] = log(params[B]) - params[BETA] * centre[X_D];
    theta[ALPHA] = params[ALPHA];
    theta[BETA] = params[BETA];
    theta[R_D] = log(params[R_D]);
    theta[R_N] = log(params[R_N]);
}

const Form form_data_constrained = {
    .name = "data_constrained",
    .equation =
        "L(N, D, U) = E + A N'^-alpha + B D'^-beta, D' = U (1 + R_D (1 - e^(-(D/U-1)/R_D))), "
        "N' likewise",
    .source = "arXiv:2305.16264, equations 5 and 6",
    .n_inputs = 3,
    .input = {FORM_N, FORM_D, FORM_U},
    .shared_centres = 1u << X_U,
    .n_params = N_PARAMS,
    .param =
        {
            FORM_PARAMS_E_A_B(1u << X_N, 1u << X_D | 1u << X_U),
            [ALPHA] = {"alpha", "1", "exponent of size", FORM_SHAPE, .sign = 1, .lo = 0.05,
                       .hi = 1.0},
            [BETA] = {"beta", "1", "exponent of data", FORM_SHAPE, .sign = 1, .lo = 0.05,
                      .hi = 1.0},
            [R_D] = {"R_D", "1", "repetitions that tokens are worth at most", FORM_SHAPE,
                     .lo = -1.0, .hi = 5.0},
            [R_N] = {"R_N", "1", "the same for size beyond the best for U", FORM_SHAPE, .lo = -1.0,
                     .hi = 5.0},
        },
    .n_derived = 3,
    .derived =
        {
            {"a", "1", "N_opt grows as C^a without repetition"},
            {"b", "1", "D_opt grows as C^b without repetition"},
            {"G", "1", "N_opt = G (C/k)^a when C = k N D without repetition"},
        },
    .huber_delta = 1e-3,
    .formula = formula,
    FORM_REPORTS,
    .derive = form_optimum,
    .best_size = form_optimum_size,
};

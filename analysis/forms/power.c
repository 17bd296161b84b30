/* L(X) = A X^-alpha, X one of N, D and C
 *
 * Kaplan et al. 2020, arXiv:2001.08361, equations 1.1 to 1.3, in the form of a coefficient.
 * Nothing asks the response to fall: with --map loss=N_opt it is N_opt(C) = A C^-alpha, and
 * -alpha the exponent a.  Under least squares on log residuals this is a regression of logs.
 */
#include "analysis/forms/form.h"

#define POWER(id, x, variable, unit_at)                                                 \
    const Form form_power_##id = {                                                      \
        .name = "power:" x,                                                             \
        .equation = "L(" x ") = A " x "^-alpha",                                        \
        .source = "arXiv:2001.08361, equations 1.1 to 1.3",                             \
        .n_inputs = 1,                                                                  \
        .input = {variable},                                                            \
        .n_params = 2,                                                                  \
        .n_terms = 1,                                                                   \
        .param = {{"A", "nats/token", "response at " unit_at, .centres = 1},            \
                  {"alpha", "1", "exponent of " x, FORM_SHAPE, .lo = -2.0, .hi = 2.0}}, \
        .n_factors = {1},                                                               \
        .factor = {{{1, 0, -1.0}}},                                                     \
    }

POWER(n, "N", FORM_N, "N = 1");
POWER(d, "D", FORM_D, "D = 1");
POWER(c, "C", FORM_C, "one FLOP");

/* L(X) = E + A X^-alpha, X one of N, D and C: a power law that saturates
 *
 * Henighan et al. 2020, "Scaling Laws for Autoregressive Generative Modeling",
 * arXiv:2010.14701, equation 1.1.
 */
#include "analysis/forms/form.h"

#define POWER_OFFSET(id, x, variable, unit_at)                                                     \
    const Form form_power_offset_##id = {                                                          \
        .name = "power_offset:" x,                                                                 \
        .equation = "L(" x ") = E + A " x "^-alpha",                                               \
        .source = "arXiv:2010.14701, equation 1.1",                                                \
        .n_inputs = 1,                                                                             \
        .input = {variable},                                                                       \
        .n_params = 3,                                                                             \
        .n_terms = 2,                                                                              \
        .param = {{"E", "nats/token", "loss that " x " does not remove", .may_vanish = true},      \
                  {"A", "nats/token", "coefficient of " x ", at " unit_at, .centres = 1},          \
                  {"alpha", "1", "exponent of " x, FORM_SHAPE, .sign = 1, .lo = 0.01, .hi = 3.0}}, \
        .n_factors = {0, 1},                                                                       \
        .factor = {{{0}}, {{2, 0, -1.0}}},                                                         \
    }

POWER_OFFSET(n, "N", FORM_N, "N = 1");
POWER_OFFSET(d, "D", FORM_D, "D = 1");
POWER_OFFSET(c, "C", FORM_C, "one FLOP");

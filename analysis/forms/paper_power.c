/* L(C) = beta_C C^alpha_C,  C in PFLOP/s-days
 *
 * Shen et al. 2024, "Scaling Laws for Linear Complexity Language Models",
 * arXiv:2406.16690, section 4 and table 3: one pure power law, no constant.  With
 * w the centred log of C:  L = e^(t0 + alpha_C w),  beta_C = e^(t0 - alpha_C mean ln C).
 * Under least squares on log residuals this is the regression of ln L on ln C.
 */
#include "analysis/forms/form.h"

enum { BETA_C, ALPHA_C, N_PARAMS };

const Form form_paper_power = {
    .name = "paper_power",
    .equation = "L(C) = beta_C C^alpha_C, C in PFLOP/s-days",
    .source = "arXiv:2406.16690, section 4",
    .n_inputs = 1,
    .input = {FORM_C},
    .input_unit = {FORM_PFLOP_S_DAY},
    .n_params = N_PARAMS,
    .n_terms = 1,
    .param =
        {
            [BETA_C] = {"beta_C", "nats/token", "loss at one PFLOP/s-day", .centres = 1},
            [ALPHA_C] = {"alpha_C", "1", "exponent of compute", FORM_SHAPE, .sign = -1, .lo = -1.0,
                         .hi = 0.0},
        },
    .n_factors = {1},
    .factor = {{{ALPHA_C, 0, 1.0}}},
    .has_envelope = true,
};

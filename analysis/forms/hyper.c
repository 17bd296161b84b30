/* lr(N, D) = c N^n D^d and batch(N, D) = c N^n D^d: the best setting by size and data
 *
 * Li et al. 2025, "Predictable Scale: Part I, Step Law", arXiv:2503.04715, equation 1 (there the
 * batch depends on D alone: --fix n=0).  Fitted to the best run of every (N, D): see
 * --best-per N,D.
 */
#include "analysis/forms/form.h"

enum { C, N, D, N_PARAMS };

#define HYPER(id, word, what, unit_of)                                                      \
    const Form form_hyper_##id = {                                                          \
        .name = "hyper:" word,                                                              \
        .equation = word "(N, D) = c N^n D^d",                                              \
        .source = "arXiv:2503.04715, equation 1",                                           \
        .response = (what),                                                                 \
        FORM_OF_N_AND_D,                                                                    \
        .n_params = N_PARAMS,                                                               \
        .n_terms = 1,                                                                       \
        .param = {[C] = {"c", unit_of, "best " word " at N = 1, D = 1", .centres = 3},      \
                  [N] = {"n", "1", "exponent of size", FORM_SHAPE, .lo = -1.5, .hi = 1.5},  \
                  [D] = {"d", "1", "exponent of data", FORM_SHAPE, .lo = -1.5, .hi = 1.5}}, \
        .n_factors = {2},                                                                   \
        .factor = {{{N, 0, 1.0}, {D, 1, 1.0}}},                                             \
    }

HYPER(lr, "lr", FORM_RATE, "1");
HYPER(batch, "batch", FORM_BATCH, "as the batch");

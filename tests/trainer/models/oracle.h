/* oracle.h -- the four models as plain sums in double, to compare with.
 *
 * Written from the equations in their quadratic forms and shares no code with the
 * trainer: attention weights pair by pair, LRPE as cos((t-s) theta), TPE as an explicit
 * Toeplitz sum, HGRN2's decays as products of its gates. */
#ifndef TESTS_TRAINER_MODELS_ORACLE_H
#define TESTS_TRAINER_MODELS_ORACLE_H

#include "trainer/models/model.h"

/* logits [t,V] of tokens [t], from the parameters that m holds. */
void oracle_logits(const Model *m, const uint16_t *tokens, size_t t, double *logits);

/* Mean cross-entropy of tokens [b,t+1]. */
double oracle_loss(const Model *m, const uint16_t *tokens, size_t b, size_t t);

#endif

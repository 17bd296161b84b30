/* frontier.h -- the least loss that a law L(N, D) promises at a compute C.
 *
 * N runs over the sizes between the smallest and the largest observed; D = C / F(N), with the
 * FLOP per token F of the observations' own sizes, interpolated in logs.  So the frontier is in
 * whatever convention the observations' C is, and nothing is extrapolated in N.  It is in D
 * where the best D at C is beyond the longest run's: ret_d says.
 */
#ifndef ANALYSIS_FIT_FRONTIER_H
#define ANALYSIS_FIT_FRONTIER_H

#include "analysis/fit/result.h"

enum { FRONTIER_SIZES = 200 };

typedef struct Frontier {
    double ln_n[FRONTIER_SIZES];
    double per_token[FRONTIER_SIZES]; /* [FLOP/token] */
} Frontier;

void frontier_init(Frontier *f, const FitData *data);

/* At c [FLOP], by a fit of chinchilla; the D [tokens] of the least loss into *ret_d (may be
 * NULL). */
double frontier_loss(const Frontier *f, const FitResult *fit, double c, double *ret_d);

#endif

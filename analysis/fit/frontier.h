/* frontier.h -- the best N and D at a compute C, by a law L(N, D).
 *
 * D = C / F(N), with a FLOP per token F of the observations' own: ln F by least squares a polynomial of
 * ln N, of degree 2 where there are sizes enough, and beyond the sizes continued as it ends.  So the
 * frontier is in whatever convention the observations' C is, and smooth although each size has a count
 * of its own.
 */
#ifndef ANALYSIS_FIT_FRONTIER_H
#define ANALYSIS_FIT_FRONTIER_H

#include "analysis/fit/result.h"

typedef struct Frontier {
    double middle, bend[3];        /* ln F = sum bend[k] (ln N - middle)^k */
    double n_lo, n_hi, d_lo, d_hi; /* of the observations */
} Frontier;

typedef struct FrontierPoint {
    double n, d, loss;
} FrontierPoint;

void frontier_init(Frontier *f, const FitData *data);

/* At c [FLOP], by the parameters of a law in N and D. */
FrontierPoint frontier_at(const Frontier *f, const Form *form, const double *params, double c);

/* Are N and D both among the observed, but for 5 %; or beyond them by no more than a factor of 4? */
bool frontier_is_inside(const Frontier *f, const FrontierPoint *p);
bool frontier_is_near(const Frontier *f, const FrontierPoint *p);

#endif

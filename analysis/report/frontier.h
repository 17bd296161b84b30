/* frontier.h -- the best N and D at a compute C, by a law L(N, D).
 *
 * D = C / F(N), with the FLOP per token F of the observations' own sizes, interpolated in logs and beyond
 * them continued with the slope between the smallest and the largest.  So the frontier is in whatever
 * convention the observations' C is.
 */
#ifndef ANALYSIS_REPORT_FRONTIER_H
#define ANALYSIS_REPORT_FRONTIER_H

#include "analysis/fit/fit.h"

enum { FRONTIER_SIZES = 200 };

typedef struct Frontier {
    double ln_n[FRONTIER_SIZES];         /* from 1e-3 of the smallest size to 1e3 of the largest */
    double ln_per_token[FRONTIER_SIZES]; /* ln [FLOP/token] */
    double n_lo, n_hi, d_lo, d_hi;       /* of the observations */
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

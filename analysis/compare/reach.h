/* reach.h -- how much a law asks for to reach a loss.
 *
 * Laws in N and D: the least compute C = 6 N D whose best N and D give the loss (the compute-optimal
 * frontier).  For L = E + A N^-alpha + B D^-beta that is (Hoffmann et al. 2022, arXiv:2203.15556,
 * equation 4, inserted into the law)
 *
 *   L_opt(C) = E + K (C/6)^-g,  g = alpha beta/(alpha+beta),  K = A G^-alpha + B G^beta
 *   C(L) = 6 (K/(L-E))^(1/g)
 *
 * others are solved by bisection in ln C.  Laws in one of N, D, C: that input itself.  The multiplier of
 * two groups is the quotient: C_a(L)/C_b(L) = 2 says that a needs twice the compute of b.
 */
#ifndef ANALYSIS_COMPARE_REACH_H
#define ANALYSIS_COMPARE_REACH_H

#include "analysis/forms/form.h"

/* "C", "N" or "D"; NULL for laws that have no such thing (responses other than a loss, other inputs). */
const char *reach_resource(const Form *f);

/* The least loss at so much of it, by reported parameters [as the response]. */
double reach_loss(const Form *f, const double *params, double amount);

/* So much of it that the loss is reached [FLOP, parameters, tokens]; infinity when no amount does, NaN
 * when the law does not fall with it or the loss is above all it gives. */
double reach_amount(const Form *f, const double *params, double loss);

#endif

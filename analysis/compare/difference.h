/* difference.h -- two groups' parameters and frontiers, one minus or over the other, by their replicates.
 *
 * Replicate r of a against replicate r of b: the groups' seeds differ, so these are independent draws.
 * p inverts the interval: the share of replicates beyond 0 through the small-sample widening of
 * bootstrap_tail(); where all lie on one side, the tail of Student's t with the replicates' se, if that is less.
 */
#ifndef ANALYSIS_COMPARE_DIFFERENCE_H
#define ANALYSIS_COMPARE_DIFFERENCE_H

#include "analysis/compare/compare.h"

/* Parameter k of group a minus group b.  ERR_NOMEM. */
ErrCode difference_of(const Compare *c, size_t a, size_t b, size_t k, CompareDifference *ret,
                      Err *err);

/* Fills the interval of m->amount_a/amount_b.  A replicate in which a never reaches the loss counts
 * as infinite, one in which b never does as 0.  ERR_NOMEM. */
ErrCode multiplier_of(const Compare *c, CompareMultiplier *m, Err *err);

/* p adjusted for n tests, each against what is left (Holm 1979); NaN are not counted. */
void holm_adjust(const double *p, size_t n, double *adjusted);

#endif

/* sample.h -- a part of very many observations, on which many starts cost no more than on few.
 *
 * Which minima there are, a sample of them shows; where they lie exactly is then found on all.
 */
#ifndef ANALYSIS_FIT_SAMPLE_H
#define ANALYSIS_FIT_SAMPLE_H

#include "analysis/fit/problem.h"

/* From SAMPLE_ABOVE observations on, about SAMPLE_SIZE of them are taken. */
enum { SAMPLE_ABOVE = 50000, SAMPLE_SIZE = 16384 };

/* *ret: about SAMPLE_SIZE observations of p, with its centres and weights, chosen by a hash of their
 * numbers, so that the order of the rows has no part in it; *ret_is_one false, and nothing made, for
 * fewer than SAMPLE_ABOVE.  ERR_NOMEM. */
ErrCode sample_open(const FitProblem *p, FitProblem *ret, bool *ret_is_one, Err *err);

#endif

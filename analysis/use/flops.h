/* flops.h -- FLOP per training token of a model of N parameters, F(N), so that C = F(N) D.
 *
 * Under the convention 6nd F(N) = 6 N (arXiv:2001.08361, section 2.1).  Under any other it is read
 * off the observations, F = C / D, one value a size (geometric mean), and one of four shapes is
 * fitted by least squares on ln F:
 *
 *   FLOPS_PROPORTIONAL  F = k N             where C / (N D) is the same for all within 0.1 %
 *   FLOPS_SIX_PLUS      F = N (6 + e(N)) where no observation is below 6 N: every parameter costs 6, and
 *                       attention and the output embedding, whose share falls with N, more.
 *                       ln e is a line in ln N, from four sizes on a parabola; beyond the data it goes
 *                       on along its tangent, above them never upwards
 *   FLOPS_SATURATING    F = k N exp(-m N^-g) where some are below 6 N and F/N rises with N towards a
 *                       limit k: N counts embeddings, which cost nothing to look up
 *   FLOPS_POWER         F = m N^(1-g)       otherwise
 *
 * All are smooth and positive at every N > 0, which a table of sizes is not.  What they miss of
 * the observations is `misfit`.
 */
#ifndef ANALYSIS_USE_FLOPS_H
#define ANALYSIS_USE_FLOPS_H

#include "analysis/fit/problem.h"

typedef enum FlopShape {
    FLOPS_PROPORTIONAL,
    FLOPS_SIX_PLUS,
    FLOPS_SATURATING,
    FLOPS_POWER,
} FlopShape;

enum { FLOP_TEXT_BYTES = 128 };

typedef struct FlopModel {
    FlopShape shape;
    double k, m, g; /* of the shape above [FLOP/token] */
    /* FLOPS_SIX_PLUS: e = m exp(-g x + bend x^2), x = ln N - centre, within x_lo .. x_hi */
    double bend, centre, x_lo, x_hi;
    double misfit; /* largest |ln F - ln observed| over the sizes */
    size_t sizes;  /* distinct N it was read off; 0: not from observations */
} FlopModel;

/* F(N) = 6 N. */
FlopModel flop_model_6nd(void);

/* From the columns N, D and C.  ERR_INVALID when one is missing or an entry is not positive;
 * ERR_NOMEM. */
ErrCode flop_model_fit(const FitData *data, FlopModel *ret, Err *err);

/* F(n) [FLOP/token]. */
double flop_per_token(const FlopModel *f, double n);

/* "6 N", "N (6 + 5.1 (N/6.3e+08)^-0.34)": for people, into out. */
void flop_model_text(const FlopModel *f, char out[FLOP_TEXT_BYTES]);
const char *flop_shape_name(FlopShape s);

#endif

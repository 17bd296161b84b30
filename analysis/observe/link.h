/* link.h -- a downstream metric from capability: E = lo + range sigma(alpha + beta . S).
 *
 * Ruan, Maddison, Hashimoto 2024, arXiv:2405.10938, equation 7, least squares on E itself.  sigma is
 * the logistic function, S [k] the capability (components, or any one regressor), and with chance
 * level c and height h
 *
 *   fixed    lo = c,  range = 1 - c                          (h = 1)
 *   height   lo = c,  range = h (1 - c),  0.8 <= h <= 1      the paper's
 *   free     lo and range of any value
 *   linear   E = alpha + beta . S, for metrics that are not shares (losses)
 *
 * Accuracy normalised by chance is (E - c) / (1 - c) = h sigma(alpha + beta . S).
 */
#ifndef ANALYSIS_OBSERVE_LINK_H
#define ANALYSIS_OBSERVE_LINK_H

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"

enum { LINK_MAX_INPUTS = 8, LINK_WARNING_BYTES = 200 };

typedef enum LinkKind { LINK_LINEAR, LINK_FIXED, LINK_HEIGHT, LINK_FREE } LinkKind;

/* "linear", "fixed", "height", "free" in the order of LinkKind; ends with NULL. */
extern const char *const link_names[];

typedef struct LinkOptions {
    LinkKind kind;
    double chance; /* c */
} LinkOptions;

typedef struct Link {
    LinkKind kind;
    size_t n, k;
    double lo, range; /* of linear: 0 and 1 */
    double alpha, beta[LINK_MAX_INPUTS];
    double objective; /* sum of squared residuals, never the mean */
    double r2;        /* NaN when the metric does not vary */
    size_t starts, at_minimum;
    char warning[LINK_WARNING_BYTES]; /* "code: sentence"; empty: none */
} Link;

/* x [n, k], y [n].  `warm` is a link of the same kind and k to start from alone, or NULL for a
 * search from many starts.  ERR_NUMERIC: fewer points than parameters + 1, a metric or a regressor
 * that does not vary, no minimum; ERR_INVALID: k is 0 or above LINK_MAX_INPUTS; ERR_NOMEM. */
ErrCode link_fit(LinkOptions o, const double *x, const double *y, size_t n, size_t k,
                 const Link *warm, Link *ret, Err *err);

/* alpha + beta . x */
double link_score(const Link *l, const double *x);
/* E at x. */
double link_predict(const Link *l, const double *x);

#endif

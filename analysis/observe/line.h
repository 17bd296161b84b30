/* line.h -- y = slope x + level by least squares, with Student's t interval of the slope. */
#ifndef ANALYSIS_OBSERVE_LINE_H
#define ANALYSIS_OBSERVE_LINE_H

#include <stddef.h>

#include "common/err.h"

typedef struct Line {
    size_t n;
    double slope, level;
    double r2;         /* 1 when the points lie on it; NaN for 2 points, which always do */
    double se, lo, hi; /* of the slope, 95 %; NaN from fewer than 3 points */
} Line;

/* ERR_NUMERIC: fewer than 2 different values of x. */
ErrCode line_fit(const double *x, const double *y, size_t n, Line *ret, Err *err);

static inline double line_at(const Line *l, double x)
{
    return l->level + l->slope * x;
}

#endif

#include "analysis/observe/line.h"

#include <gsl/gsl_cdf.h>
#include <math.h>

/* Values of x whose spread is below this share of their size are one value. */
#define SAME 1e-12

static double mean_of(const double *x, size_t n)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        sum += x[i];
    }
    return sum / (double)n;
}

ErrCode line_fit(const double *x, const double *y, size_t n, Line *ret, Err *err)
{
    double none = (double)NAN, sxx = 0.0, sxy = 0.0, syy = 0.0;
    double mx = n ? mean_of(x, n) : 0.0, my = n ? mean_of(y, n) : 0.0;
    for (size_t i = 0; i < n; i++) {
        sxx += (x[i] - mx) * (x[i] - mx);
        sxy += (x[i] - mx) * (y[i] - my);
        syy += (y[i] - my) * (y[i] - my);
    }
    if (n < 2 || sxx <= (double)n * SAME * SAME * mx * mx) {
        return err_set(err, ERR_NUMERIC, "a line needs two different values of C; there %s %zu",
                       n == 1 ? "is" : "are", n < 2 ? n : (size_t)1);
    }
    *ret = (Line){.n = n, .slope = sxy / sxx, .r2 = none, .se = none, .lo = none, .hi = none};
    ret->level = my - ret->slope * mx;
    if (n >= 3) {
        double rest = 0.0;
        for (size_t i = 0; i < n; i++) {
            double r = y[i] - my - ret->slope * (x[i] - mx);
            rest += r * r;
        }
        double t = gsl_cdf_tdist_Pinv(0.975, (double)(n - 2));
        ret->r2 = syy > 0.0 ? 1.0 - rest / syy : 1.0;
        ret->se = sqrt(rest / (double)(n - 2) / sxx);
        ret->lo = ret->slope - t * ret->se;
        ret->hi = ret->slope + t * ret->se;
    }
    return ERR_OK;
}

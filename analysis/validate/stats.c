#include "analysis/validate/stats.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/order.h"

double stats_mean(const double *x, size_t n)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        sum += x[i];
    }
    return sum / (double)n;
}

double stats_sd(const double *x, size_t n)
{
    double mean = stats_mean(x, n), sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        sum += (x[i] - mean) * (x[i] - mean);
    }
    return n < 2 ? (double)NAN : sqrt(sum / (double)(n - 1));
}

double stats_median(double *x, size_t n)
{
    if (n == 0) {
        return (double)NAN;
    }
    qsort(x, n, sizeof *x, order_f64);
    return n % 2 ? x[n / 2] : 0.5 * (x[n / 2 - 1] + x[n / 2]);
}

double stats_t_p(double t, double dof)
{
    return isfinite(t) && dof > 0.0 ? 2.0 * gsl_cdf_tdist_Q(fabs(t), dof) : (double)NAN;
}

/* sum over clusters of (sum of (x - mean) e)^2; -1 when memory is short. */
static double clustered_score(const double *x, const double *e, size_t n, double mean,
                              const size_t *cluster, size_t n_clusters)
{
    double *sum = calloc(n_clusters + 1, sizeof *sum), total = 0.0;
    if (!sum) {
        return -1.0;
    }
    for (size_t i = 0; i < n; i++) {
        sum[cluster[i]] += (x[i] - mean) * e[i];
    }
    for (size_t g = 0; g < n_clusters; g++) {
        total += sum[g] * sum[g];
    }
    free(sum);
    return total;
}

/* Residuals of the line into e [n]; sums of squares into *ret_xx and *ret_rss. */
static double line(const double *x, const double *y, size_t n, double *e, double *ret_xx,
                   double *ret_rss)
{
    double mx = stats_mean(x, n), my = stats_mean(y, n), xx = 0.0, xy = 0.0, rss = 0.0;
    for (size_t i = 0; i < n; i++) {
        xx += (x[i] - mx) * (x[i] - mx);
        xy += (x[i] - mx) * (y[i] - my);
    }
    double b = xy / xx;
    for (size_t i = 0; i < n; i++) {
        e[i] = y[i] - my - b * (x[i] - mx);
        rss += e[i] * e[i];
    }
    *ret_xx = xx;
    *ret_rss = rss;
    return b;
}

ErrCode stats_slope(const double *x, const double *y, size_t n, const size_t *cluster,
                    size_t n_clusters, StatsSlope *ret, Err *err)
{
    *ret = (StatsSlope){(double)NAN, (double)NAN, (double)NAN, (double)NAN};
    if (n < 3 || n_clusters == 1) {
        return ERR_OK;
    }
    double *e = calloc(n, sizeof *e), xx, rss;
    if (!e) {
        return err_nomem(err, "slope");
    }
    double b = line(x, y, n, e, &xx, &rss), dof = (double)(n - 2), var = rss / dof / xx;
    if (n_clusters > 0) {
        double g = (double)n_clusters;
        double score = clustered_score(x, e, n, stats_mean(x, n), cluster, n_clusters);
        if (score < 0.0) {
            free(e);
            return err_nomem(err, "slope");
        }
        var = g / (g - 1.0) * (double)(n - 1) / (double)(n - 2) * score / (xx * xx);
        dof = g - 1.0;
    }
    free(e);
    if (xx > 0.0) {
        *ret = (StatsSlope){b, sqrt(var), b / sqrt(var), stats_t_p(b / sqrt(var), dof)};
    }
    return ERR_OK;
}

StatsTest stats_normality(const double *x, size_t n, double *ret_skewness, double *ret_kurtosis)
{
    double mean = stats_mean(x, n), m2 = 0.0, m3 = 0.0, m4 = 0.0, count = (double)n;
    for (size_t i = 0; i < n; i++) {
        double d = x[i] - mean;
        m2 += d * d / count;
        m3 += d * d * d / count;
        m4 += d * d * d * d / count;
    }
    *ret_skewness = m3 / pow(m2, 1.5);
    *ret_kurtosis = m4 / (m2 * m2);
    double excess = *ret_kurtosis - 3.0;
    double jb = count / 6.0 * (*ret_skewness * *ret_skewness + excess * excess / 4.0);
    return (StatsTest){jb, isfinite(jb) ? gsl_cdf_chisq_Q(jb, 2.0) : (double)NAN};
}

ErrCode stats_order(const double *x, size_t n, StatsTest *ret, Err *err)
{
    *ret = (StatsTest){(double)NAN, (double)NAN};
    double *sorted = calloc(n + 1, sizeof *sorted);
    if (!sorted) {
        return err_nomem(err, "runs");
    }
    memcpy(sorted, x, n * sizeof *x);
    double median = stats_median(sorted, n), above = 0.0, below = 0.0, runs = 0.0;
    free(sorted);
    int last = 0;
    for (size_t i = 0; i < n; i++) {
        int side = x[i] > median ? 1 : x[i] < median ? -1 : 0;
        above += side > 0 ? 1.0 : 0.0;
        below += side < 0 ? 1.0 : 0.0;
        runs += side != 0 && side != last ? 1.0 : 0.0;
        last = side != 0 ? side : last;
    }
    double m = above + below, both = 2.0 * above * below;
    double sd = sqrt(both * (both - m) / (m * m * (m - 1.0)));
    if (sd > 0.0) {
        double z = (runs - 1.0 - both / m) / sd;
        *ret = (StatsTest){z, 2.0 * gsl_cdf_ugaussian_Q(fabs(z))};
    }
    return ERR_OK;
}

double stats_correlation(const double *x, const double *y, size_t n)
{
    double mx = stats_mean(x, n), my = stats_mean(y, n), xx = 0.0, yy = 0.0, xy = 0.0;
    for (size_t i = 0; i < n; i++) {
        xx += (x[i] - mx) * (x[i] - mx);
        yy += (y[i] - my) * (y[i] - my);
        xy += (x[i] - mx) * (y[i] - my);
    }
    return n < 3 ? (double)NAN : xy / sqrt(xx * yy);
}

/* Cholesky of a [k, k] in place, its lower half; false when it is not positive definite. */
static bool factor(double a[STATS_MAX_INPUTS][STATS_MAX_INPUTS], size_t k)
{
    for (size_t j = 0; j < k; j++) {
        double pivot = a[j][j];
        for (size_t i = j; i < k; i++) {
            double sum = a[i][j];
            for (size_t m = 0; m < j; m++) {
                sum -= a[i][m] * a[j][m];
            }
            if (i == j && sum <= 1e-10 * pivot) {
                return false;
            }
            a[i][j] = i == j ? sqrt(sum) : sum / a[j][j];
        }
    }
    return true;
}

StatsTest stats_variance(const double *e, const double *const *x, size_t n_inputs, size_t n)
{
    double s[STATS_MAX_INPUTS][STATS_MAX_INPUTS] = {{0}}, b[STATS_MAX_INPUTS] = {0};
    double mean[STATS_MAX_INPUTS], square = 0.0, total = 0.0, explained = 0.0;
    for (size_t i = 0; i < n; i++) {
        square += e[i] * e[i] / (double)n;
    }
    for (size_t k = 0; k < n_inputs; k++) {
        mean[k] = stats_mean(x[k], n);
    }
    for (size_t i = 0; i < n; i++) {
        double y = e[i] * e[i] - square;
        total += y * y;
        for (size_t k = 0; k < n_inputs; k++) {
            b[k] += (x[k][i] - mean[k]) * y;
            for (size_t j = 0; j <= k; j++) {
                s[k][j] += (x[k][i] - mean[k]) * (x[j][i] - mean[j]);
            }
        }
    }
    if (n < n_inputs + 2 || !factor(s, n_inputs) || !(total > 0.0)) {
        return (StatsTest){(double)NAN, (double)NAN};
    }
    /* b' S^-1 b = |L^-1 b|^2 */
    for (size_t k = 0; k < n_inputs; k++) {
        for (size_t j = 0; j < k; j++) {
            b[k] -= s[k][j] * b[j];
        }
        b[k] /= s[k][k];
        explained += b[k] * b[k];
    }
    double lm = (double)n * explained / total;
    return (StatsTest){lm, gsl_cdf_chisq_Q(lm, (double)n_inputs)};
}

ErrCode stats_clusters(const double *e, size_t n, const size_t *cluster, size_t n_clusters,
                       double *ret_icc, double *ret_effective, Err *err)
{
    *ret_icc = *ret_effective = (double)NAN;
    if (n_clusters < 2 || n <= n_clusters) {
        return ERR_OK;
    }
    double *sum = calloc(2 * n_clusters, sizeof *sum);
    if (!sum) {
        return err_nomem(err, "runs");
    }
    double *count = sum + n_clusters;
    for (size_t i = 0; i < n; i++) {
        sum[cluster[i]] += e[i];
        count[cluster[i]] += 1.0;
    }
    double mean = stats_mean(e, n), between = 0.0, within = 0.0, squares = 0.0, groups = 0.0;
    for (size_t g = 0; g < n_clusters; g++) {
        if (count[g] > 0.0) {
            double d = sum[g] / count[g] - mean;
            between += count[g] * d * d;
            squares += count[g] * count[g] / (double)n;
            groups += 1.0;
        }
    }
    for (size_t i = 0; i < n; i++) {
        double d = e[i] - sum[cluster[i]] / count[cluster[i]];
        within += d * d;
    }
    free(sum);
    double msb = between / (groups - 1.0), msw = within / ((double)n - groups);
    double m0 = ((double)n - squares) / (groups - 1.0);
    *ret_icc = (msb - msw) / (msb + (m0 - 1.0) * msw);
    *ret_effective = (double)n / (1.0 + (squares - 1.0) * fmax(*ret_icc, 0.0));
    return ERR_OK;
}

/* Against numpy 1.24 and scipy 1.10 (linregress, jarque_bera, norm, t, chi2, f_oneway, lstsq; clustered
 * errors, runs test and ICC by their formulas on arrays), computed once on the twelve points below. */
#include <check.h>
#include <math.h>

#include "analysis/validate/stats.h"
#include "tests/support/suite.h"

enum { N = 12 };

static const double x[N] = {0.3, 1.1, 1.9, 2.2, 3.0, 3.7, 4.1, 4.9, 5.5, 6.8, 7.1, 8.4};
static const double y[N] = {0.12,  -0.31, 0.45,  0.07, -0.22, 0.38,
                            -0.41, 0.53,  -0.05, 0.29, -0.64, 0.90};
static const double z[N] = {1.0, 0.2, 2.2, 1.7, 0.4, 3.1, 2.5, 0.9, 1.2, 2.8, 0.6, 1.5};

static void close(double got, double want)
{
    ck_assert_double_eq_tol(got, want, 1e-12 * fmax(1.0, fabs(want)));
}

/* y on x, with the rows in groups unless NULL. */
static void check_slope(const size_t *group, size_t n_groups, double slope, double se, double t,
                        double p)
{
    StatsSlope s;
    Err err = ERR_INIT;
    ck_assert_int_eq(stats_slope(x, y, N, group, n_groups, &s, &err), ERR_OK);
    close(s.slope, slope);
    close(s.se, se);
    close(s.t, t);
    close(s.p, p);
}

START_TEST(slope_is_that_of_linregress)
{
    check_slope(NULL, 0, 0.03605068189325658, 0.05415258433800607, 0.6657241262621518,
                0.5206470800203397);
}
END_TEST

START_TEST(clustered_slope_is_cr1)
{
    static const size_t g[N] = {0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3};
    check_slope(g, 4, 0.03605068189325658, 0.015239175617426336, 2.3656582743250136,
                0.09889176596781085);
}
END_TEST

START_TEST(normality_is_jarque_bera)
{
    double skewness, kurtosis;
    StatsTest t = stats_normality(y, N, &skewness, &kurtosis);
    close(t.statistic, 0.2984339373567475);
    close(t.p, 0.861382201664663);
    close(skewness, 0.07503033339777368);
    close(kurtosis, 2.2421413911590298);
}
END_TEST

START_TEST(order_is_the_runs_test)
{
    StatsTest t;
    Err err = ERR_INIT;
    ck_assert_int_eq(stats_order(y, N, &t, &err), ERR_OK);
    close(t.statistic, 2.422120283277993); /* 11 runs of 12 */
    close(t.p, 0.015430242223386448);
}
END_TEST

START_TEST(order_leaves_out_values_at_the_median)
{
    /* odd: the median itself, 3, is left out; + + - - then has 2 runs, m 3, s^2 = 8 (8-4)/(16 3) */
    static const double v[5] = {5.0, 4.0, 3.0, 2.0, 1.0};
    StatsTest t;
    Err err = ERR_INIT;
    ck_assert_int_eq(stats_order(v, 5, &t, &err), ERR_OK);
    close(t.statistic, -1.0 / sqrt(2.0 / 3.0));
}
END_TEST

START_TEST(variance_is_koenkers)
{
    const double *const inputs[] = {x, z};
    StatsTest t = stats_variance(y, inputs, 2, N);
    close(t.statistic, 5.632381038045442);
    close(t.p, 0.05983344346860302);
}
END_TEST

START_TEST(collinear_inputs_have_no_variance_test)
{
    const double *const inputs[] = {x, x};
    ck_assert(isnan(stats_variance(y, inputs, 2, N).statistic));
}
END_TEST

START_TEST(correlation_is_pearsons)
{
    close(stats_correlation(x, y, N), 0.20600498770698109);
}
END_TEST

START_TEST(clusters_give_icc_and_effective_number)
{
    static const size_t g[N] = {0, 0, 0, 0, 1, 1, 1, 2, 2, 2, 2, 2};
    static const double shift[3] = {0.0, 0.8, -0.9};
    double shifted[N], icc, effective;
    Err err = ERR_INIT;
    ck_assert_int_eq(stats_clusters(y, N, g, 3, &icc, &effective, &err), ERR_OK);
    close(icc, -0.1976902100114588);
    close(effective, 12.0);
    for (size_t i = 0; i < N; i++) {
        shifted[i] = y[i] + shift[g[i]];
    }
    ck_assert_int_eq(stats_clusters(shifted, N, g, 3, &icc, &effective, &err), ERR_OK);
    close(icc, 0.6639409634829073);
    close(effective, 3.867873795130584);
}
END_TEST

START_TEST(what_cannot_be_had_is_nan)
{
    static const double same[4] = {1.0, 1.0, 1.0, 1.0};
    static const size_t one[4] = {0, 0, 0, 0};
    StatsSlope s;
    StatsTest t;
    double icc, effective;
    Err err = ERR_INIT;
    ck_assert_int_eq(stats_slope(same, y, 4, NULL, 0, &s, &err), ERR_OK);
    ck_assert(isnan(s.slope));
    ck_assert_int_eq(stats_slope(x, y, 2, NULL, 0, &s, &err), ERR_OK);
    ck_assert(isnan(s.t));
    ck_assert_int_eq(stats_order(same, 4, &t, &err), ERR_OK);
    ck_assert(isnan(t.statistic));
    ck_assert_int_eq(stats_clusters(y, 4, one, 1, &icc, &effective, &err), ERR_OK);
    ck_assert(isnan(icc));
    ck_assert(isnan(stats_sd(y, 1)));
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "stats"});
}

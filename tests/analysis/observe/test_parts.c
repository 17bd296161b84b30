/* Components, imputation, lines and links against numpy and scipy (reference.py beside this file says
 * how its figures were made), and links against the laws' own fitter. */
#include <check.h>
#include <gsl/gsl_errno.h>
#include <math.h>
#include <string.h>

#include "analysis/fit/fit.h"
#include "analysis/observe/line.h"
#include "analysis/observe/link.h"
#include "analysis/observe/pca.h"
#include "tests/support/check_close.h"
#include "tests/support/suite.h"

enum { N = 12, T = 5, M = 40 };
/* Both sides work in double on well-conditioned matrices of a few rows: 1e-12 leaves room for the
 * order of sums and is far below any mistake.  Fits end where steps fall below 1e-13. */
#define ALGEBRA 1e-12
#define FITTED  1e-7

static void table(double *x)
{
    for (int i = 0; i < N; i++) {
        for (int j = 0; j < T; j++) {
            x[i * T + j] = 0.15 + 0.5 * i / 11.0 * (0.6 + 0.1 * j) +
                           0.08 * (j % 2 ? -1.0 : 1.0) * sin(2.0 * i) + 0.02 * sin(3.0 * i * j + j);
        }
    }
}

static const struct {
    double share[T], weight[2 * T], score[T];
} numpy_pca[2] = {
    {{0.837789433760379, 0.16107958665829, 0.000840774599569822, 0.000285479594609386,
      4.72538715184e-06},
     {0.352172820414938, 0.377872949450323, 0.417833172565108, 0.498227410872272, 0.557109706964787,
      0.382419518136733, -0.535826174767455, 0.369978073468125, -0.558340473340351,
      0.34353713564189},
     {-0.0621451465838821, 0.161398806775169, -0.00962276953575544, -0.0062089118536629,
      0.000646611556167644}},
    {{0.828674518942793, 0.170222066538649, 0.000820993884882309, 0.00027648996000727,
      5.93067366785936e-06},
     {0.451320765011216, 0.406258458046181, 0.464727214295986, 0.431700619858473, 0.47846298022118,
      -0.426236481982832, 0.608816209280481, -0.351379405961614, 0.516508156422138,
      -0.239618701606766},
     {-0.370871031123622, -1.22370340918038, -0.0734876735487643, -0.0428087511668884,
      0.00543099332678764}},
};

START_LOOP_TEST(components_are_numpys, 2)
{
    double x[N * T], score[T];
    Pca p;
    Err err = ERR_INIT;
    table(x);
    ck_assert_int_eq(pca_fit(x, N, T, _i == 1, &p, &err), ERR_OK);
    check_close_f64("share", T, p.share, numpy_pca[_i].share, ALGEBRA, 1e-10);
    check_close_f64("weight", (size_t)2 * T, p.weight, numpy_pca[_i].weight, 1e-11, 0.0);
    pca_project(&p, x + 4 * T, T, score);
    check_close_f64("score", T, score, numpy_pca[_i].score, 1e-10, 0.0);
}
END_TEST

static const struct {
    int i, j;
    double by[2]; /* by one component, by two */
} hole[] = {{0, 1, {0.151626982874317, 0.151019177633554}},
            {3, 4, {0.289906104214847, 0.263676690015539}},
            {7, 0, {0.310148144521946, 0.425281858748029}},
            {7, 2, {0.3674490723881, 0.488013951167385}},
            {10, 3, {0.643596570259854, 0.481038047764158}}};
enum { N_HOLES = sizeof hole / sizeof hole[0] };

START_LOOP_TEST(missing_cells_are_those_of_numpy, 2)
{
    double x[N * T], row[T];
    Imputer m;
    Err err = ERR_INIT;
    size_t k = (size_t)_i + 1;
    table(x);
    for (size_t h = 0; h < N_HOLES; h++) {
        x[hole[h].i * T + hole[h].j] = (double)NAN;
    }
    memcpy(row, x + 7 * T, sizeof row);
    ck_assert_int_eq(impute_fit(x, N, T, k, &m, &err), ERR_OK);
    ck_assert(m.is_converged && m.is_clipped);
    ck_assert_uint_eq(m.n_cells, N_HOLES);
    for (size_t h = 0; h < N_HOLES; h++) {
        /* the iteration rests at moves of 1e-10 of a standard deviation; contraction at half a step
         * or better leaves at most a few times that */
        ck_assert_double_eq_tol(x[hole[h].i * T + hole[h].j], hole[h].by[k - 1], 1e-8);
    }
    /* a row by itself, with what was learnt, gets what it got among the others */
    impute_row(&m, row);
    check_close_f64("row", T, row, x + 7 * T, 1e-8, 0.0);
}
END_TEST

/* Rank one: every cell follows from the others, whatever is missing. */
START_TEST(an_exact_component_fills_in_exactly)
{
    double x[N * T], want[N * T];
    Imputer m;
    Err err = ERR_INIT;
    for (int i = 0; i < N; i++) {
        for (int j = 0; j < T; j++) {
            want[i * T + j] = 10.0 * j + (1.0 + j) * sin(1.0 + i);
        }
    }
    memcpy(x, want, sizeof x);
    x[3 * T + 2] = x[5 * T + 0] = x[5 * T + 1] = (double)NAN;
    ck_assert_int_eq(impute_fit(x, N, T, 1, &m, &err), ERR_OK);
    ck_assert(!m.is_clipped);
    check_close_f64("x", (size_t)N * T, x, want, 1e-7, 0.0);
}
END_TEST

START_TEST(what_has_no_components_is_refused)
{
    double x[N * T];
    Pca p;
    Imputer m;
    Err err = ERR_INIT;
    table(x);
    ck_assert_int_eq(pca_fit(x, 1, T, false, &p, &err), ERR_NUMERIC);
    ck_assert_int_eq(pca_fit(x, N, PCA_MAX_COLUMNS + 1, false, &p, &err), ERR_INVALID);
    ck_assert_int_eq(impute_fit(x, N, T, 0, &m, &err), ERR_INVALID);
    ck_assert_int_eq(impute_fit(x, N, T, T, &m, &err), ERR_INVALID);
    for (int i = 0; i < N; i++) {
        x[i * T + 2] = (double)NAN;
    }
    ck_assert_int_eq(impute_fit(x, N, T, 1, &m, &err), ERR_NUMERIC);
    ck_assert_ptr_nonnull(strstr(err.msg, "benchmark 3 of 5 has no score"));
    for (int i = 0; i < N * T; i++) {
        x[i] = 0.5;
    }
    ck_assert_int_eq(pca_fit(x, N, T, false, &p, &err), ERR_NUMERIC);
}
END_TEST

START_TEST(a_line_is_scipys)
{
    double table_[N * T], x[N], y[N];
    Line l;
    Err err = ERR_INIT;
    table(table_);
    for (int i = 0; i < N; i++) {
        x[i] = 10.0 * table_[i * T];
        y[i] = table_[i * T + 1];
    }
    ck_assert_int_eq(line_fit(x, y, N, &l, &err), ERR_OK);
    const double got[] = {l.slope, l.level, l.r2, l.se, l.lo, l.hi};
    const double want[] = {0.0614563841928309, 0.134991493794553,   0.290683971859681,
                           0.0303582231348467, -0.0061859522505418, 0.129098720636204};
    check_close_f64("line", 6, got, want, 1e-11, 0.0);
    ck_assert_int_eq(line_fit(x, y, 2, &l, &err), ERR_OK);
    ck_assert(isnan(l.r2) && isnan(l.se));
    ck_assert_int_eq(line_fit(x, y, 1, &l, &err), ERR_NUMERIC);
    x[1] = x[2] = x[0];
    ck_assert_int_eq(line_fit(x, y, 3, &l, &err), ERR_NUMERIC);
}
END_TEST

/* ---- links ---- */

static double curve(double z)
{
    return 1.0 / (1.0 + exp(-z));
}

/* s [M, 2], e [M]; with one regressor the metric follows the first column alone. */
static void metric(size_t k, double *s, double *e)
{
    for (int i = 0; i < M; i++) {
        double a = sin(0.9 * i) + i / 20.0 - 1.0, b = cos(1.7 * i);
        s[(size_t)i * k] = a;
        if (k == 2) {
            s[i * 2 + 1] = b;
        }
        e[i] = 0.1 + 0.85 * curve(0.3 + 2.0 * a + (k == 2 ? 0.7 * b : 0.0)) + 0.02 * sin(5.0 * i);
    }
}

static const struct {
    LinkOptions o;
    size_t k;
    double alpha, beta[2], lo, range, objective;
} scipy_link[] = {
    {{LINK_FREE, 0.0},
     1,
     0.312045828848454,
     {1.99385759247171},
     0.0969167895100844,
     0.852665213777272,
     0.00779573232646331},
    {{LINK_HEIGHT, 0.1},
     2,
     0.312772857933541,
     {2.02859372772493, 0.72312155588401},
     0.1,
     0.847875540252578,
     0.00772635643780925},
    {{LINK_FIXED, 0.0},
     2,
     0.340860510295347,
     {1.50581140593257, 0.489239514724354},
     0.0,
     1.0,
     0.0168226060998878},
    {{LINK_LINEAR, 0.0},
     2,
     0.558883967910119,
     {0.265656011334891, 0.0573835750966877},
     0.0,
     1.0,
     0.100090289281913},
};

START_LOOP_TEST(links_end_where_scipy_ends, 4)
{
    double s[2 * M], e[M];
    Link l;
    Err err = ERR_INIT;
    size_t k = scipy_link[_i].k;
    metric(k, s, e);
    ck_assert_msg(link_fit(scipy_link[_i].o, s, e, M, k, NULL, &l, &err) == ERR_OK, "%s", err.msg);
    /* a minimum: the objective agrees to the square of what the parameters do */
    ck_assert_double_eq_tol(l.objective / scipy_link[_i].objective, 1.0, 1e-12);
    ck_assert_double_eq_tol(l.alpha, scipy_link[_i].alpha, FITTED);
    check_close_f64("beta", k, l.beta, scipy_link[_i].beta, FITTED, 0.0);
    ck_assert_double_eq_tol(l.lo, scipy_link[_i].lo, FITTED);
    ck_assert_double_eq_tol(l.range, scipy_link[_i].range, FITTED);
    ck_assert_uint_ge(2 * l.at_minimum, l.starts);
    Link warm;
    ck_assert_int_eq(link_fit(scipy_link[_i].o, s, e, M, k, &l, &warm, &err), ERR_OK);
    ck_assert_double_eq_tol(warm.objective / l.objective, 1.0, 1e-12);
}
END_TEST

/* The law `logistic` of analysis/forms, with its own solver, is the same curve in -S. */
START_TEST(a_link_is_the_logistic_law)
{
    double s[M], e[M], x[M];
    Link l;
    FitResult fit;
    Err err = ERR_INIT;
    metric(1, s, e);
    for (int i = 0; i < M; i++) {
        x[i] = -s[i];
    }
    const FitData data = {.n = M, .loss = x, .accuracy = e};
    FitOptions o = fit_defaults(form_find("logistic"));
    o.bootstrap = 0;
    o.resampling = FIT_NO_INTERVALS;
    ck_assert_msg(fit_run(&o, &data, &fit, &err) == ERR_OK, "%s", err.msg);
    ck_assert_int_eq(link_fit((LinkOptions){LINK_FREE, 0.0}, s, e, M, 1, NULL, &l, &err), ERR_OK);
    ck_assert_double_eq_tol(l.objective / fit.objective, 1.0, 1e-12);
    ck_assert_double_eq_tol(l.beta[0], fit_value(&fit, "k")->value, FITTED);
    ck_assert_double_eq_tol(l.lo, fit_value(&fit, "chance")->value, FITTED);
    ck_assert_double_eq_tol(-l.alpha / l.beta[0], -fit_value(&fit, "x0")->value, FITTED);
}
END_TEST

/* The paper's height stays in [0.8, 1]: a metric that levels off at 0.5 gets 0.8. */
START_TEST(the_height_has_its_limits)
{
    double s[M], e[M];
    Link l;
    Err err = ERR_INIT;
    for (int i = 0; i < M; i++) {
        s[i] = i / 5.0 - 4.0;
        e[i] = 0.5 * curve(2.0 * s[i]);
    }
    ck_assert_int_eq(link_fit((LinkOptions){LINK_HEIGHT, 0.0}, s, e, M, 1, NULL, &l, &err), ERR_OK);
    ck_assert_double_eq(l.range, 0.8);
    ck_assert_int_eq(link_fit((LinkOptions){LINK_FREE, 0.0}, s, e, M, 1, NULL, &l, &err), ERR_OK);
    ck_assert_double_eq_tol(l.range, 0.5, 1e-9);
}
END_TEST

START_TEST(links_that_are_not_determined_say_so)
{
    double s[M], e[M];
    Link l;
    Err err = ERR_INIT;
    const LinkOptions fixed = {LINK_FIXED, 0.0}, open = {LINK_FREE, 0.25};
    for (int i = 0; i < M; i++) {
        s[i] = i;
        e[i] = i < M / 2 ? 0.0 : 1.0;
    }
    ck_assert_int_eq(link_fit(fixed, s, e, M, 1, NULL, &l, &err), ERR_OK);
    ck_assert_ptr_nonnull(strstr(l.warning, "step:"));
    for (int i = 0; i < M; i++) {
        e[i] = 0.25 + 1e-3 * exp(0.05 * i); /* the lower tail alone */
    }
    ck_assert_int_eq(link_fit(open, s, e, M, 1, NULL, &l, &err), ERR_OK);
    ck_assert_ptr_nonnull(strstr(l.warning, "ends:"));
    ck_assert_double_eq(l.lo, 0.25);
    ck_assert_double_eq(l.range, 0.75);
    ck_assert_int_eq(link_fit(fixed, s, e, 2, 1, NULL, &l, &err), ERR_NUMERIC);
    ck_assert_int_eq(link_fit(fixed, s, e, M, 0, NULL, &l, &err), ERR_INVALID);
    for (int i = 0; i < M; i++) {
        e[i] = 0.5;
    }
    ck_assert_int_eq(link_fit(fixed, s, e, M, 1, NULL, &l, &err), ERR_NUMERIC);
    ck_assert_ptr_nonnull(strstr(err.msg, "the metric is 0.5 for all"));
    for (int i = 0; i < M; i++) {
        e[i] = 0.01 * i;
        s[i] = 7.0;
    }
    ck_assert_int_eq(link_fit(fixed, s, e, M, 1, NULL, &l, &err), ERR_NUMERIC);
}
END_TEST

int main(void)
{
    (void)gsl_set_error_handler_off();
    return test_main((TestPlan){.name = "observe_parts"});
}

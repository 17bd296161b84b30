/* The solvable model against numbers of another program, against its own world simulated, and
 * against its exponents. */
#include <gsl/gsl_blas.h>
#include <gsl/gsl_errno.h>
#include <gsl/gsl_linalg.h>
#include <math.h>
#include <string.h>

#include "analysis/design/solvable.h"
#include "common/rng.h"
#include "tests/support/suite.h"

static Solvable model(size_t latent, SolvableRidge ridge, double gamma)
{
    Solvable s = solvable_default();
    Err err = ERR_INIT;
    s.latent = latent;
    s.ridge = ridge;
    s.gamma = gamma;
    ck_assert_int_eq(solvable_open(&s, &err), ERR_OK);
    return s;
}

/* numpy, float64: bisection on the two implicit equations, sums over the 600 eigenvalues. */
START_TEST(agrees_with_numpy)
{
    static const struct {
        double n, t, gamma, loss;
    } c[] = {
        {40, 120, 0.0, 0.686676188800},  {120, 40, 0.0, 0.686676188800},
        {60, 300, 0.0, 0.439704969930},  {200, 100, 0.0, 0.485522127296},
        {60, 100, 0.1, 0.586472062461},  {100, 60, 0.1, 0.550129949340},
        {100, 100, 0.3, 0.428825919436},
    };
    for (size_t i = 0; i < sizeof c / sizeof c[0]; i++) {
        Solvable s = model(600, c[i].gamma > 0.0 ? SOLVABLE_FIXED : SOLVABLE_RIDGELESS, c[i].gamma);
        ck_assert_double_eq_tol(solvable_loss(&s, c[i].n, c[i].t), c[i].loss, 2e-11);
        solvable_release(&s);
    }
}
END_TEST

START_TEST(a_vanishing_ridge_is_none)
{
    Solvable none = model(600, SOLVABLE_RIDGELESS, 0.0), tiny = model(600, SOLVABLE_FIXED, 1e-9);
    ck_assert_double_eq_tol(solvable_loss(&tiny, 60, 300) / solvable_loss(&none, 60, 300), 1.0,
                            1e-6);
    ck_assert_double_eq_tol(solvable_loss(&tiny, 300, 60) / solvable_loss(&none, 300, 60), 1.0,
                            1e-6);
    solvable_release(&none);
    solvable_release(&tiny);
}
END_TEST

/* ---- one world, simulated --------------------------------------------------------------------- */

enum { MAX_LATENT = 160 };

typedef struct World {
    size_t m, n, t;
    double w[MAX_LATENT];
    gsl_matrix *u, *x, *f; /* [n, m], [t, m], [t, n] */
    gsl_vector *y, *theta;
} World;

static World world_draw(const Solvable *s, size_t n, size_t t, uint64_t seed)
{
    World o = {.m = s->latent, .n = n, .t = t};
    o.u = gsl_matrix_alloc(n, o.m);
    o.x = gsl_matrix_alloc(t, o.m);
    o.f = gsl_matrix_alloc(t, n);
    o.y = gsl_vector_calloc(t);
    o.theta = gsl_vector_calloc(n);
    for (size_t i = 0; i < o.m; i++) {
        o.w[i] = s->sigma_w * rng_normal(seed, 1, i);
        for (size_t k = 0; k < n; k++) {
            gsl_matrix_set(o.u, k, i, rng_normal(seed, 2, k * o.m + i) / sqrt((double)n));
        }
        for (size_t k = 0; k < t; k++) {
            double v = rng_normal(seed, 3, k * o.m + i) * sqrt(s->spectrum[i]);
            gsl_matrix_set(o.x, k, i, v);
            gsl_vector_set(o.y, k, gsl_vector_get(o.y, k) + o.w[i] * v);
        }
    }
    (void)gsl_blas_dgemm(CblasNoTrans, CblasTrans, 1.0, o.x, o.u, 0.0, o.f);
    return o;
}

static void world_free(World *o)
{
    gsl_matrix_free(o->u);
    gsl_matrix_free(o->x);
    gsl_matrix_free(o->f);
    gsl_vector_free(o->y);
    gsl_vector_free(o->theta);
}

/* theta = (F'F + gamma)^-1 F'y, or F'(FF' + gamma)^-1 y: the same; the smaller one has a
 * limit at gamma = 0. */
static void world_solve(World *o, double gamma)
{
    bool is_wide = o->n > o->t;
    size_t k = is_wide ? o->t : o->n;
    gsl_matrix *gram = gsl_matrix_alloc(k, k);
    gsl_vector *b = gsl_vector_alloc(k);
    (void)gsl_blas_dgemm(is_wide ? CblasNoTrans : CblasTrans, is_wide ? CblasTrans : CblasNoTrans,
                         1.0, o->f, o->f, 0.0, gram);
    for (size_t i = 0; i < k; i++) {
        gsl_matrix_set(gram, i, i, gsl_matrix_get(gram, i, i) + gamma);
    }
    ck_assert_int_eq(gsl_linalg_cholesky_decomp1(gram), GSL_SUCCESS);
    if (is_wide) {
        (void)gsl_linalg_cholesky_solve(gram, o->y, b);
        (void)gsl_blas_dgemv(CblasTrans, 1.0, o->f, b, 0.0, o->theta);
    } else {
        (void)gsl_blas_dgemv(CblasTrans, 1.0, o->f, o->y, 0.0, b);
        (void)gsl_linalg_cholesky_solve(gram, b, o->theta);
    }
    gsl_matrix_free(gram);
    gsl_vector_free(b);
}

/* Exact test loss of the solution over all x. */
static double world_loss(const World *o, const Solvable *s)
{
    double sum = 0.0;
    for (size_t i = 0; i < o->m; i++) {
        double r = -o->w[i]; /* below 1,000 latents every term is an eigenvalue */
        for (size_t k = 0; k < o->n; k++) {
            r += gsl_matrix_get(o->u, k, i) * gsl_vector_get(o->theta, k);
        }
        sum += s->spectrum[i] * r * r;
    }
    return sum;
}

/* Mean and standard error over worlds. */
static void simulate(const Solvable *s, size_t n, size_t t, size_t worlds, double *mean, double *se)
{
    double sum = 0.0, squares = 0.0, count = (double)worlds;
    for (size_t i = 0; i < worlds; i++) {
        World o = world_draw(s, n, t, 100 + i);
        world_solve(&o, s->gamma);
        double loss = world_loss(&o, s);
        sum += loss;
        squares += loss * loss;
        world_free(&o);
    }
    *mean = sum / count;
    *se = sqrt((squares / count - *mean * *mean) / (count - 1.0));
}

/* The equations are of large N and T; here 12 to 100, where they are 1 % off at most.  Allowed: that
 * and 4 standard errors of the mean over the worlds. */
START_TEST(agrees_with_simulated_regressions)
{
    static const struct {
        size_t n, t;
        double gamma;
    } c[] = {{20, 60, 0.0}, {60, 20, 0.0}, {30, 100, 0.0}, {40, 40, 0.1},
             {25, 60, 0.3}, {60, 25, 0.3}, {12, 100, 0.05}};
    for (size_t i = 0; i < sizeof c / sizeof c[0]; i++) {
        Solvable s =
            model(MAX_LATENT, c[i].gamma > 0.0 ? SOLVABLE_FIXED : SOLVABLE_RIDGELESS, c[i].gamma);
        double mean, se, theory = solvable_loss(&s, (double)c[i].n, (double)c[i].t);
        simulate(&s, c[i].n, c[i].t, 300, &mean, &se);
        ck_assert_msg(fabs(mean - theory) <= 4.0 * se + 0.01 * theory && se < 0.03 * theory,
                      "N %zu T %zu gamma %g: equation %.5f, simulated %.5f +- %.5f", c[i].n, c[i].t,
                      c[i].gamma, theory, mean, se);
        solvable_release(&s);
    }
}
END_TEST

/* ---- its laws ----------------------------------------------------------------------------------- */

START_TEST(delta_follows_its_power_law)
{
    Solvable s = model(200000, SOLVABLE_RIDGELESS, 0.0);
    const double m[] = {20, 100, 400};
    for (size_t i = 0; i < 3; i++) {
        double ratio = solvable_delta(&s, m[i]) / solvable_delta_asymptote(&s, m[i]);
        ck_assert_msg(fabs(ratio - 1.0) < 0.05, "m = %g: %g", m[i], ratio);
    }
    solvable_release(&s);
}
END_TEST

/* d ln L / d ln m at T -> infinity is -alpha: by differences over m = 50 .. 100 within 0.01 + O(m/M). */
START_TEST(the_loss_falls_with_the_exponent)
{
    const double alphas[] = {0.3, 0.5, 1.0};
    for (size_t i = 0; i < 3; i++) {
        Solvable s = solvable_default();
        Err err = ERR_INIT;
        s.latent = i == 0 ? 1000000 : 100000; /* the tail beyond M is M^-alpha of the sum */
        s.alpha = alphas[i];
        s.ridge = SOLVABLE_RIDGELESS;
        ck_assert_int_eq(solvable_open(&s, &err), ERR_OK);
        double by_n = log(solvable_loss(&s, 50, 1e9) / solvable_loss(&s, 100, 1e9)) / log(2.0);
        double by_t = log(solvable_loss(&s, 1e9, 50) / solvable_loss(&s, 1e9, 100)) / log(2.0);
        ck_assert_msg(fabs(by_n / s.alpha - 1.0) < 0.03, "alpha %g: %g", s.alpha, by_n);
        ck_assert_double_eq_tol(by_t, by_n, 1e-12);
        solvable_release(&s);
    }
}
END_TEST

START_TEST(the_best_ridge_removes_the_peak)
{
    Solvable best = model(600, SOLVABLE_BEST, 0.0), none = model(600, SOLVABLE_RIDGELESS, 0.0);
    ck_assert(isinf(solvable_loss(&none, 100, 100)));
    ck_assert_double_eq(solvable_loss(&none, 600, 900), 0.0);
    double last = (double)INFINITY;
    for (double t = 20; t <= 500; t *= 1.3) {
        double at = solvable_loss(&best, 100, t);
        ck_assert_double_lt(at, last); /* falls throughout, across T = N too */
        ck_assert_double_le(at, solvable_loss(&none, 100, t) * (1.0 + 1e-12));
        last = at;
    }
    /* no ridge of a fine grid is better */
    double least = solvable_loss(&best, 100, 100);
    for (double gamma = 1e-4; gamma < 10.0; gamma *= 1.05) {
        Solvable fixed = best;
        fixed.ridge = SOLVABLE_FIXED;
        fixed.gamma = gamma;
        ck_assert_double_ge(solvable_loss(&fixed, 100, 100), least * (1.0 - 1e-12));
    }
    solvable_release(&best);
    solvable_release(&none);
}
END_TEST

/* Blocks against every eigenvalue by itself. */
START_TEST(blocks_stand_for_their_eigenvalues)
{
    Solvable s = model(50000, SOLVABLE_RIDGELESS, 0.0);
    const double m[] = {30, 300, 3000};
    ck_assert_uint_lt(s.n_terms, 2000);
    for (size_t i = 0; i < 3; i++) {
        double delta = solvable_delta(&s, m[i]), z = 0.0;
        for (size_t k = 50000; k > 0; k--) {
            double lam = pow((double)k, -1.5);
            z += lam / (lam + delta);
        }
        ck_assert_double_eq_tol(z / m[i], 1.0, 2e-6);
    }
    solvable_release(&s);
}
END_TEST

START_TEST(scales_multiply)
{
    Solvable one = model(300, SOLVABLE_BEST, 0.0), scaled = solvable_default();
    Err err = ERR_INIT;
    scaled.latent = 300;
    scaled.lambda = 4.0;
    scaled.sigma_w = 3.0;
    ck_assert_int_eq(solvable_open(&scaled, &err), ERR_OK);
    ck_assert_double_eq_tol(solvable_loss(&scaled, 50, 80) / solvable_loss(&one, 50, 80), 36.0,
                            1e-8);
    solvable_release(&one);
    solvable_release(&scaled);
}
END_TEST

START_TEST(mistakes_are_named)
{
    const struct {
        Solvable s;
        const char *words;
    } c[] = {
        {{.latent = 1, .alpha = 1, .lambda = 1, .sigma_w = 1}, "latent dimension"},
        {{.latent = 9, .alpha = 0, .lambda = 1, .sigma_w = 1}, "alpha"},
        {{.latent = 9, .alpha = 1, .lambda = -1, .sigma_w = 1}, "scales"},
        {{.latent = 9, .alpha = 1, .lambda = 1, .sigma_w = 1, .ridge = SOLVABLE_FIXED}, "ridge"},
    };
    for (size_t i = 0; i < sizeof c / sizeof c[0]; i++) {
        Err err = ERR_INIT;
        Solvable s = c[i].s;
        ck_assert_int_eq(solvable_open(&s, &err), ERR_INVALID);
        ck_assert_ptr_nonnull(strstr(err.msg, c[i].words));
    }
}
END_TEST

int main(void)
{
    (void)gsl_set_error_handler_off();
    return test_main((TestPlan){.name = "solvable"});
}

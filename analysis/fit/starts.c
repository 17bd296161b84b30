#include "analysis/fit/starts.h"

#include <gsl/gsl_qrng.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/fit/newton.h"
#include "common/rng.h"

enum { MAX_GRID = STARTS_GRID * STARTS_GRID };

static size_t n_exponents(const Form *f)
{
    return f->n_params - f->n_terms;
}

/* Exponent j at fraction t of its range; positive ranges are spaced by their logs. */
static double exponent_at(const Form *f, size_t j, double t)
{
    double lo = f->start_lo[j], hi = f->start_hi[j];
    return lo > 0.0 ? lo * pow(hi / lo, t) : lo + t * (hi - lo);
}

/* Normal equations of the terms: gram [m, m], right-hand side [m]; returns sum w y^2. */
static double normal_equations(const FitProblem *p, const double *q, double *gram, double *rhs)
{
    size_t m = p->form->n_terms;
    double phi[FORM_MAX_TERMS], total = 0.0;
    memset(gram, 0, sizeof *gram * m * m);
    memset(rhs, 0, sizeof *rhs * m);
    for (size_t i = 0; i < p->n; i++) {
        p->form->terms(q, p->x + i * p->form->n_inputs, phi);
        double y = p->y[i];
        double w = p->weight[i] / (p->residual == FIT_LOG ? y * y : 1.0);
        for (size_t a = 0; a < m; a++) {
            rhs[a] += w * phi[a] * y;
            for (size_t b = 0; b <= a; b++) {
                gram[a * m + b] += w * phi[a] * phi[b];
            }
        }
        total += w * y * y;
    }
    return total;
}

/* Least squares on the terms in `set`; +inf unless all of them come out positive. */
static double solve_set(size_t m, unsigned set, const double *gram, const double *rhs, double total,
                        double *c)
{
    size_t index[FORM_MAX_TERMS], n = 0;
    double a[FORM_MAX_TERMS * FORM_MAX_TERMS], b[FORM_MAX_TERMS];
    for (size_t k = 0; k < m; k++) {
        c[k] = 0.0;
        if (set >> k & 1u) {
            index[n++] = k;
        }
    }
    for (size_t i = 0; i < n; i++) {
        b[i] = rhs[index[i]];
        for (size_t j = 0; j <= i; j++) {
            a[i * n + j] = gram[index[i] * m + index[j]];
        }
    }
    if (!dense_cholesky(n, a)) {
        return (double)INFINITY;
    }
    dense_solve(n, a, b);
    double cost = total;
    for (size_t i = 0; i < n; i++) {
        if (!(b[i] > 0.0)) {
            return (double)INFINITY;
        }
        c[index[i]] = b[i];
        cost -= b[i] * rhs[index[i]];
    }
    return cost;
}

/* The coefficients >= 0 that minimise the weighted squared relative (log) or absolute (raw)
 * error at exponents q; returns that sum of squares. */
static double starts_project(const FitProblem *p, const double *q, double *coefficients)
{
    size_t m = p->form->n_terms;
    double gram[FORM_MAX_TERMS * FORM_MAX_TERMS], rhs[FORM_MAX_TERMS], c[FORM_MAX_TERMS];
    double total = normal_equations(p, q, gram, rhs);
    double best = (double)INFINITY;
    for (unsigned set = 1; set < 1u << m; set++) {
        double cost = solve_set(m, set, gram, rhs, total, c);
        if (cost < best) {
            best = cost;
            memcpy(coefficients, c, sizeof *c * m);
        }
    }
    return best;
}

static double least_loss(const FitProblem *p)
{
    double least = p->y[0];
    for (size_t i = 1; i < p->n; i++) {
        least = fmin(least, p->y[i]);
    }
    return least;
}

/* theta from exponents and coefficients; a zero coefficient starts small instead. */
static void join(const FitProblem *p, const double *q, const double *c, double *theta)
{
    double small = 1e-2 * least_loss(p);
    for (size_t k = 0; k < p->form->n_terms; k++) {
        theta[k] = log(fmax(c[k], small));
    }
    memcpy(theta + p->form->n_terms, q, sizeof *q * n_exponents(p->form));
}

typedef struct Cell {
    double cost;
    size_t at;
} Cell;

static int by_cost(const void *a, const void *b)
{
    const Cell *x = a, *y = b;
    return x->cost < y->cost ? -1 : x->cost > y->cost ? 1 : x->at < y->at ? -1 : x->at > y->at;
}

static void exponents_of_cell(const Form *f, size_t at, double *q)
{
    for (size_t j = 0; j < n_exponents(f); j++) {
        size_t step = j == 0 ? at % STARTS_GRID : at / STARTS_GRID;
        q[j] = exponent_at(f, j, (double)step / (STARTS_GRID - 1));
    }
}

/* Not above any of its neighbours on the grid (which has one row for one exponent). */
static bool is_local_minimum(const double *cost, size_t rows, size_t at)
{
    size_t col = at % STARTS_GRID, row = at / STARTS_GRID;
    for (size_t r = row ? row - 1 : 0; r <= row + 1 && r < rows; r++) {
        for (size_t c = col ? col - 1 : 0; c <= col + 1 && c < STARTS_GRID; c++) {
            if (cost[r * STARTS_GRID + c] < cost[at]) {
                return false;
            }
        }
    }
    return isfinite(cost[at]);
}

/* The grid's best local minima into theta [n, p]; returns how many. */
static size_t grid_starts(const FitProblem *p, size_t n, double *cost, double *theta)
{
    size_t rows = n_exponents(p->form) > 1 ? STARTS_GRID : 1;
    double q[FORM_MAX_PARAMS], c[FORM_MAX_TERMS];
    Cell local[MAX_GRID] = {0};
    size_t n_local = 0;
    for (size_t at = 0; at < rows * STARTS_GRID; at++) {
        exponents_of_cell(p->form, at, q);
        cost[at] = starts_project(p, q, c);
    }
    for (size_t at = 0; at < rows * STARTS_GRID; at++) {
        if (is_local_minimum(cost, rows, at)) {
            local[n_local++] = (Cell){cost[at], at};
        }
    }
    qsort(local, n_local, sizeof *local, by_cost);
    size_t used = n_local < n ? n_local : n;
    used = used < STARTS_MAX_LOCAL ? used : STARTS_MAX_LOCAL;
    for (size_t k = 0; k < used; k++) {
        exponents_of_cell(p->form, local[k].at, q);
        (void)starts_project(p, q, c);
        join(p, q, c, theta + k * p->p);
    }
    return used;
}

/* A start from a point t of the unit cube: exponents, then each coefficient's share. */
static void cube_start(const FitProblem *p, const double *t, double least, double *theta)
{
    size_t m = p->form->n_terms;
    for (size_t j = 0; j < n_exponents(p->form); j++) {
        theta[m + j] = exponent_at(p->form, j, t[m + j]);
    }
    for (size_t k = 0; k < m; k++) {
        theta[k] = log(least * (m == 1 ? 0.5 + t[k] : 0.02 + t[k]));
    }
}

ErrCode starts_fill(const FitProblem *p, uint64_t seed, size_t n, double *theta, Err *err)
{
    double *cost = calloc(MAX_GRID, sizeof *cost);
    gsl_qrng *sobol = gsl_qrng_alloc(gsl_qrng_sobol, (unsigned)p->p);
    if (!cost || !sobol) {
        free(cost);
        if (sobol) {
            gsl_qrng_free(sobol);
        }
        return err_nomem(err, "starting points");
    }
    size_t used = grid_starts(p, n, cost, theta);
    double least = least_loss(p);
    for (; used < n; used++) {
        double t[FORM_MAX_PARAMS];
        (void)gsl_qrng_get(sobol, t);
        for (size_t j = 0; j < p->p; j++) {
            t[j] += rng_uniform(seed, rng_stream(RNG_STARTS, 0), j);
            t[j] -= floor(t[j]);
        }
        cube_start(p, t, least, theta + used * p->p);
    }
    gsl_qrng_free(sobol);
    free(cost);
    return ERR_OK;
}

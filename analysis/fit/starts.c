#include "analysis/fit/starts.h"

#include <gsl/gsl_qrng.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/fit/newton.h"
#include "common/order.h"
#include "common/rng.h"

enum { MAX_CELLS = 2048 };

/* Where free parameters may start. */
typedef struct Box {
    double lo[FORM_MAX_PARAMS], hi[FORM_MAX_PARAMS];
    size_t shape[FORM_MAX_PARAMS], n_shapes; /* free shapes */
    double y_lo, y_hi;
} Box;

static void box_of(const FitProblem *p, Box *b)
{
    const Form *f = p->form;
    *b = (Box){.y_lo = p->y[0], .y_hi = p->y[0]};
    for (size_t i = 0; i < f->n_params; i++) {
        b->lo[i] = f->param[i].lo;
        b->hi[i] = f->param[i].hi;
        if (f->param[i].kind == FORM_SHAPE && !p->is_fixed[i]) {
            b->shape[b->n_shapes++] = i;
        }
    }
    if (f->box) {
        f->box(p->x_lo, p->x_hi, b->lo, b->hi);
    }
    for (size_t i = 1; i < p->n; i++) {
        b->y_lo = fmin(b->y_lo, p->y[i]);
        b->y_hi = fmax(b->y_hi, p->y[i]);
    }
}

/* Shape i at fraction t of its range; positive ranges are spaced by their logs. */
static double shape_at(const Box *b, size_t i, double t)
{
    double lo = b->lo[i], hi = b->hi[i];
    return lo > 0.0 ? lo * pow(hi / lo, t) : lo + t * (hi - lo);
}

/* Parameter i at fraction t of where it may start. */
static double start_at(const FitProblem *p, const Box *b, size_t i, double t)
{
    switch (p->form->param[i].kind) {
    case FORM_COEFFICIENT:
        return log(p->level * (p->form->n_terms == 1 ? 0.5 + t : 0.02 + t));
    case FORM_LINEAR:
        return b->y_lo + (1.5 * t - 0.25) * (b->y_hi - b->y_lo);
    case FORM_SHAPE:
        break;
    }
    return shape_at(b, i, t);
}

/* Normal equations of the free terms, the fixed ones subtracted: gram [m, m], right-hand
 * side [m]; returns sum w y^2. */
static double normal_equations(const FitProblem *p, const double *theta, double *gram, double *rhs)
{
    size_t m = p->form->n_terms;
    double phi[FORM_MAX_TERMS], x[FORM_MAX_INPUTS], total = 0.0;
    memset(gram, 0, sizeof *gram * m * m);
    memset(rhs, 0, sizeof *rhs * m);
    for (size_t i = 0; i < p->n; i++) {
        problem_point(p, i, x);
        form_terms(p->form, theta, x, phi);
        double y = p->y[i];
        double w = p->weight[i] / (p->residual == FIT_LOG ? y * y : 1.0);
        for (size_t a = 0; a < m; a++) {
            if (p->is_fixed[a]) {
                bool is_log = p->form->param[a].kind == FORM_COEFFICIENT;
                y -= (is_log ? exp(p->fixed[a]) : p->fixed[a]) * phi[a];
            }
        }
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

/* Least squares on the terms in `set`; +inf unless those that must be positive are. */
static double solve_set(const FitProblem *p, unsigned set, const double *gram, const double *rhs,
                        double total, double *c)
{
    size_t index[FORM_MAX_TERMS], n = 0, m = p->form->n_terms;
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
        bool must_be_positive = p->form->param[index[i]].kind == FORM_COEFFICIENT;
        if (!isfinite(b[i]) || (must_be_positive && !(b[i] > 0.0))) {
            return (double)INFINITY;
        }
        c[index[i]] = b[i];
        cost -= b[i] * rhs[index[i]];
    }
    return cost;
}

/* Puts into theta the coefficients that minimise the weighted squared relative (log) or
 * absolute (raw) error at the shapes in theta; returns that sum of squares. */
static double project(const FitProblem *p, double *theta)
{
    size_t m = p->form->n_terms;
    double gram[FORM_MAX_TERMS * FORM_MAX_TERMS], rhs[FORM_MAX_TERMS], c[FORM_MAX_TERMS];
    double kept[FORM_MAX_TERMS] = {0.0};
    double total = normal_equations(p, theta, gram, rhs);
    double best = (double)INFINITY;
    unsigned fixed = 0;
    for (size_t k = 0; k < m; k++) {
        fixed |= p->is_fixed[k] ? 1u << k : 0u;
    }
    for (unsigned set = fixed == (1u << m) - 1u ? 0 : 1; set < 1u << m; set++) {
        double cost = set & fixed ? (double)INFINITY : solve_set(p, set, gram, rhs, total, c);
        if (cost < best) {
            best = cost;
            memcpy(kept, c, sizeof *c * m);
        }
    }
    for (size_t k = 0; k < m; k++) { /* a zero coefficient starts small instead */
        if (!p->is_fixed[k]) {
            bool is_log = p->form->param[k].kind == FORM_COEFFICIENT;
            theta[k] = is_log ? log(fmax(kept[k], 1e-2 * p->level)) : kept[k];
        }
    }
    return best;
}

typedef struct Cell {
    double cost;
    size_t at;
} Cell;

static int by_cost(const void *a, const void *b)
{
    const Cell *x = a, *y = b;
    int order = ORDER(x->cost, y->cost);
    return order ? order : ORDER(x->at, y->at);
}

/* The grid of one or two shapes. */
static void theta_of_cell(const Box *b, size_t at, double *theta)
{
    for (size_t j = 0; j < b->n_shapes; j++) {
        size_t step = j == 0 ? at % STARTS_GRID : at / STARTS_GRID;
        theta[b->shape[j]] = shape_at(b, b->shape[j], (double)step / (STARTS_GRID - 1));
    }
}

/* Not above any of its neighbours on the grid (which has one row for one shape). */
static bool is_local_minimum(const Cell *cell, size_t rows, size_t at)
{
    size_t col = at % STARTS_GRID, row = at / STARTS_GRID;
    for (size_t r = row ? row - 1 : 0; r <= row + 1 && r < rows; r++) {
        for (size_t c = col ? col - 1 : 0; c <= col + 1 && c < STARTS_GRID; c++) {
            if (cell[r * STARTS_GRID + c].cost < cell[at].cost) {
                return false;
            }
        }
    }
    return isfinite(cell[at].cost);
}

static void put_fixed(const FitProblem *p, double *theta)
{
    for (size_t i = 0; i < p->p; i++) {
        theta[i] = p->is_fixed[i] ? p->fixed[i] : theta[i];
    }
}

/* The grid's best local minima into theta [n, p]; returns how many. */
static size_t grid_starts(const FitProblem *p, const Box *b, size_t n, Cell *cell, double *theta)
{
    size_t rows = b->n_shapes > 1 ? STARTS_GRID : 1, cells = b->n_shapes ? rows * STARTS_GRID : 1;
    double t[FORM_MAX_PARAMS] = {0.0};
    size_t n_local = 0;
    put_fixed(p, t);
    for (size_t at = 0; at < cells; at++) {
        theta_of_cell(b, at, t);
        cell[at] = (Cell){project(p, t), at};
    }
    Cell *local = cell + cells;
    for (size_t at = 0; at < cells; at++) {
        if (cells == 1 || is_local_minimum(cell, rows, at)) {
            local[n_local++] = cell[at];
        }
    }
    qsort(local, n_local, sizeof *local, by_cost);
    size_t used = n_local < n ? n_local : n;
    used = used < STARTS_MAX_LOCAL ? used : STARTS_MAX_LOCAL;
    for (size_t k = 0; k < used; k++) {
        theta_of_cell(b, local[k].at, t);
        (void)project(p, t);
        memcpy(theta + k * p->p, t, sizeof *t * p->p);
    }
    return used;
}

/* A start from a point t of the unit cube. */
static void cube_start(const FitProblem *p, const Box *b, const double *t, double *theta)
{
    for (size_t i = 0; i < p->p; i++) {
        theta[i] = start_at(p, b, i, t[i]);
    }
    put_fixed(p, theta);
}

/* The Sobol sequence, shifted by the seed modulo 1. */
static void next_point(gsl_qrng *sobol, uint64_t seed, size_t p, double *t)
{
    (void)gsl_qrng_get(sobol, t);
    for (size_t j = 0; j < p; j++) {
        t[j] += rng_uniform(seed, rng_stream(RNG_STARTS, 0), j);
        t[j] -= floor(t[j]);
    }
}

/* More than two shapes, or no linear coefficients: the best of many points of the cube, the
 * coefficients projected where there are any. */
static size_t cube_starts(const FitProblem *p, const Box *b, uint64_t seed, size_t n, Cell *cell,
                          double *pool, double *theta)
{
    gsl_qrng *sobol = gsl_qrng_alloc(gsl_qrng_sobol, (unsigned)p->p);
    if (!sobol) {
        return 0;
    }
    for (size_t at = 0; at < MAX_CELLS; at++) {
        double t[FORM_MAX_PARAMS], *own = pool + at * p->p;
        next_point(sobol, seed, p->p, t);
        cube_start(p, b, t, own);
        double cost = p->form->n_terms ? project(p, own) : problem_value(p, own);
        cell[at] = (Cell){isnan(cost) ? (double)INFINITY : cost, at};
    }
    gsl_qrng_free(sobol);
    qsort(cell, MAX_CELLS, sizeof *cell, by_cost);
    size_t used = 0;
    for (; used < n && used < STARTS_MAX_LOCAL && isfinite(cell[used].cost); used++) {
        memcpy(theta + used * p->p, pool + cell[used].at * p->p, sizeof *theta * p->p);
    }
    return used;
}

ErrCode starts_fill(const FitProblem *p, uint64_t seed, size_t n, double *theta, size_t *ret_best,
                    Err *err)
{
    Box box;
    box_of(p, &box);
    bool is_grid = p->form->n_terms > 0 && box.n_shapes <= 2;
    Cell *cell = calloc(MAX_CELLS, sizeof *cell);
    double *pool = calloc(is_grid ? 1 : MAX_CELLS * p->p, sizeof *pool);
    gsl_qrng *sobol = gsl_qrng_alloc(gsl_qrng_sobol, (unsigned)p->p);
    ErrCode rc = cell && pool && sobol ? ERR_OK : err_nomem(err, "starting points");
    if (rc == ERR_OK && cell && pool) {
        size_t used = is_grid ? grid_starts(p, &box, n, cell, theta)
                              : cube_starts(p, &box, seed, n, cell, pool, theta);
        *ret_best = used;
        for (; used < n; used++) {
            double t[FORM_MAX_PARAMS];
            next_point(sobol, seed, p->p, t);
            cube_start(p, &box, t, theta + used * p->p);
            if (p->form->n_terms) {
                (void)project(p, theta + used * p->p);
            }
        }
    }
    if (sobol) {
        gsl_qrng_free(sobol);
    }
    free(pool);
    free(cell);
    return rc;
}

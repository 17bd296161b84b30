#include "analysis/fit/l1.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/fit/newton.h"
#include "common/order.h"

enum { MAX_EXCHANGES = 2000, MAX_LINEARISATIONS = 60, MAX_HALVINGS = 40 };

/* The problem linearised at theta: r + J d, over the free parameters. */
typedef struct Linear {
    size_t n, p;
    size_t free_index[FORM_MAX_PARAMS];
    double *r;                     /* [n] */
    double *j;                     /* [n, p] */
    double *weight;                /* [n], borrowed */
    size_t basis[FORM_MAX_PARAMS]; /* observations whose residual is held at zero */
} Linear;

typedef struct Knot {
    double t, slope;
    size_t i;
} Knot;

static void linearise(const FitProblem *p, const double *theta, Linear *l)
{
    double grad[FORM_MAX_PARAMS], x[FORM_MAX_INPUTS];
    for (size_t i = 0; i < p->n; i++) {
        problem_point(p, i, x);
        double loss = form_gradient(p->form, theta, x, grad);
        double scale = p->residual == FIT_LOG ? 1.0 / loss : 1.0;
        l->r[i] = p->residual == FIT_LOG ? log(loss) - p->ln_y[i] : loss - p->y[i];
        for (size_t a = 0; a < l->p; a++) {
            l->j[i * l->p + a] = scale * grad[l->free_index[a]];
        }
    }
}

/* Rows of an elimination: p unknowns and the right-hand side. */
typedef struct System {
    size_t p;
    double a[FORM_MAX_PARAMS][FORM_MAX_PARAMS + 1];
} System;

/* Brings the row with the largest entry of column c to row c; false if all are zero. */
static bool pivot(System *s, size_t c)
{
    size_t best = c;
    for (size_t i = c + 1; i < s->p; i++) {
        best = fabs(s->a[i][c]) > fabs(s->a[best][c]) ? i : best;
    }
    for (size_t k = 0; k <= s->p && best != c; k++) {
        double t = s->a[c][k];
        s->a[c][k] = s->a[best][k];
        s->a[best][k] = t;
    }
    return fabs(s->a[c][c]) > 1e-13;
}

/* Solves M x = b (transposed: M' x = b), M [p, p] row-major, by Gauss and Jordan. */
static bool solve_square(size_t p, const double *m, bool is_transposed, const double *b, double *x)
{
    System s = {.p = p};
    for (size_t i = 0; i < p; i++) {
        for (size_t k = 0; k < p; k++) {
            s.a[i][k] = is_transposed ? m[k * p + i] : m[i * p + k];
        }
        s.a[i][p] = b[i];
    }
    for (size_t c = 0; c < p; c++) {
        if (!pivot(&s, c)) {
            return false;
        }
        for (size_t i = 0; i < p; i++) {
            double f = i == c ? 0.0 : s.a[i][c] / s.a[c][c];
            for (size_t k = c; k <= p; k++) {
                s.a[i][k] -= f * s.a[c][k];
            }
        }
    }
    for (size_t i = 0; i < p; i++) {
        x[i] = s.a[i][p] / s.a[i][i];
    }
    return true;
}

static void basis_matrix(const Linear *l, double *m)
{
    for (size_t a = 0; a < l->p; a++) {
        memcpy(m + a * l->p, l->j + l->basis[a] * l->p, sizeof *m * l->p);
    }
}

static bool in_basis(const Linear *l, size_t i)
{
    for (size_t a = 0; a < l->p; a++) {
        if (l->basis[a] == i) {
            return true;
        }
    }
    return false;
}

static double dot(size_t n, const double *a, const double *b)
{
    double s = 0.0;
    for (size_t i = 0; i < n; i++) {
        s += a[i] * b[i];
    }
    return s;
}

/* Row i without its parts along q[0..have), to length 1; false if nothing is left. */
static bool independent_part(const Linear *l, size_t i, double (*q)[FORM_MAX_PARAMS], size_t have,
                             double *row)
{
    memcpy(row, l->j + i * l->p, sizeof *row * l->p);
    double before = sqrt(dot(l->p, row, row));
    for (size_t k = 0; k < have; k++) {
        double c = dot(l->p, row, q[k]);
        for (size_t a = 0; a < l->p; a++) {
            row[a] -= c * q[k][a];
        }
    }
    double after = sqrt(dot(l->p, row, row));
    for (size_t a = 0; a < l->p; a++) {
        row[a] /= after > 0.0 ? after : 1.0;
    }
    return after > 1e-6 * before;
}

/* Chooses the first basis: smallest residuals first, rows that stay independent. */
static bool choose_basis(Linear *l)
{
    double q[FORM_MAX_PARAMS][FORM_MAX_PARAMS], row[FORM_MAX_PARAMS];
    for (size_t k = 0; k < l->p; k++) {
        l->basis[k] = SIZE_MAX;
    }
    for (size_t have = 0; have < l->p; have++) {
        size_t best = SIZE_MAX;
        for (size_t i = 0; i < l->n; i++) {
            bool is_smaller = best == SIZE_MAX || fabs(l->r[i]) < fabs(l->r[best]);
            if (l->weight[i] > 0.0 && is_smaller && !in_basis(l, i) &&
                independent_part(l, i, q, have, row)) {
                best = i;
            }
        }
        if (best == SIZE_MAX) {
            return false;
        }
        (void)independent_part(l, best, q, have, q[have]);
        l->basis[have] = best;
    }
    return true;
}

static int by_t(const void *a, const void *b)
{
    const Knot *x = a, *y = b;
    return ORDER(x->t, y->t);
}

/* Multiplier of each basis row; the vertex is optimal when all |.| <= weight. */
static bool multipliers(const Linear *l, const double *m, const double *d, double *lambda)
{
    double g[FORM_MAX_PARAMS] = {0.0};
    for (size_t i = 0; i < l->n; i++) {
        if (l->weight[i] > 0.0 && !in_basis(l, i)) {
            double r = l->r[i] + dot(l->p, l->j + i * l->p, d);
            for (size_t a = 0; a < l->p; a++) {
                g[a] -= copysign(l->weight[i], r) * l->j[i * l->p + a];
            }
        }
    }
    return solve_square(l->p, m, true, g, lambda);
}

/* Leaves basis row k along `dir`: the residual at which the slope turns enters.  `slope` is
 * the (negative) slope at the vertex. */
static size_t entering(const Linear *l, const double *d, const double *dir, double slope,
                       Knot *knots)
{
    size_t n = 0;
    for (size_t i = 0; i < l->n; i++) {
        if (l->weight[i] <= 0.0 || in_basis(l, i)) {
            continue;
        }
        double rate = dot(l->p, l->j + i * l->p, dir);
        double r = l->r[i] + dot(l->p, l->j + i * l->p, d);
        if (r * rate < 0.0) {
            knots[n++] = (Knot){-r / rate, 2.0 * l->weight[i] * fabs(rate), i};
        }
    }
    qsort(knots, n, sizeof *knots, by_t);
    for (size_t k = 0; k < n; k++) {
        slope += knots[k].slope;
        if (slope >= 0.0) {
            return knots[k].i;
        }
    }
    return SIZE_MAX;
}

/* Minimises sum w |r + J d| over d by exchanges; true at an optimal vertex. */
static bool descend_vertices(Linear *l, Knot *knots, double *d)
{
    double m[FORM_MAX_PARAMS * FORM_MAX_PARAMS], b[FORM_MAX_PARAMS], lambda[FORM_MAX_PARAMS];
    for (size_t step = 0; step < MAX_EXCHANGES; step++) {
        basis_matrix(l, m);
        for (size_t a = 0; a < l->p; a++) {
            b[a] = -l->r[l->basis[a]];
        }
        if (!solve_square(l->p, m, false, b, d) || !multipliers(l, m, d, lambda)) {
            return false;
        }
        size_t leave = SIZE_MAX;
        double worst = 1e-9;
        for (size_t a = 0; a < l->p; a++) {
            double excess = fabs(lambda[a]) - l->weight[l->basis[a]];
            if (excess > worst) {
                worst = excess;
                leave = a;
            }
        }
        if (leave == SIZE_MAX) {
            return true;
        }
        double dir[FORM_MAX_PARAMS], unit[FORM_MAX_PARAMS] = {0.0};
        unit[leave] = lambda[leave] > 0.0 ? 1.0 : -1.0;
        if (!solve_square(l->p, m, false, unit, dir)) {
            return false;
        }
        size_t enter = entering(l, d, dir, -worst, knots);
        if (enter == SIZE_MAX) {
            return false;
        }
        l->basis[leave] = enter;
    }
    return false;
}

/* theta + step * 2^-k for the first k that does not raise the objective. */
static double damped_step(const FitProblem *p, const Linear *l, const double *d, double value,
                          double *theta)
{
    for (size_t k = 0; k < MAX_HALVINGS; k++) {
        double scale = ldexp(1.0, -(int)k);
        double trial[FORM_MAX_PARAMS];
        memcpy(trial, theta, sizeof *theta * p->p);
        for (size_t a = 0; a < l->p; a++) {
            trial[l->free_index[a]] += scale * d[a];
        }
        double next = problem_value(p, trial);
        if (next < value) {
            memcpy(theta, trial, sizeof *theta * p->p);
            return next;
        }
    }
    return value;
}

static double continuation(const FitProblem *p, double *theta)
{
    FitProblem smooth = *p;
    for (int decade = 3; decade <= 8; decade++) {
        smooth.loss = (FitLoss){FIT_HUBER, pow(10.0, -decade), 1.0};
        (void)newton_minimise(&smooth, 4, theta);
    }
    return problem_value(p, theta);
}

double l1_minimise(const FitProblem *p, double *theta, bool *ret_is_vertex)
{
    Linear l = {.n = p->n, .weight = p->weight};
    Knot *knots = calloc(p->n + 1, sizeof *knots);
    l.r = calloc(p->n + 1, sizeof *l.r);
    l.j = calloc((p->n + 1) * FORM_MAX_PARAMS, sizeof *l.j);
    for (size_t a = 0; a < p->p; a++) {
        if (!p->is_fixed[a]) {
            l.free_index[l.p++] = a;
        }
    }
    *ret_is_vertex = false;
    double value = continuation(p, theta);
    bool has_memory = knots && l.r && l.j;
    for (size_t k = 0; has_memory && k < MAX_LINEARISATIONS; k++) {
        double d[FORM_MAX_PARAMS];
        linearise(p, theta, &l);
        if (k == 0 && !choose_basis(&l)) {
            break;
        }
        bool is_optimal = descend_vertices(&l, knots, d);
        if (!is_optimal) {
            break;
        }
        double next = damped_step(p, &l, d, value, theta);
        if (!(next < value * (1.0 - 1e-15))) {
            double size = 0.0;
            for (size_t a = 0; a < l.p; a++) {
                size = fmax(size, fabs(d[a]));
            }
            *ret_is_vertex = size < 1e-6; /* an optimal vertex, and theta is at it */
            value = next;
            break;
        }
        value = next;
    }
    free(knots);
    free(l.r);
    free(l.j);
    return value;
}

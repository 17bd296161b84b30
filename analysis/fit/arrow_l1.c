#include "analysis/fit/arrow_l1.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/fit/vertex.h"
#include "common/order.h"

enum { P = FORM_MAX_PARAMS, MAX_EXCHANGES = 4000, MAX_LINEARISATIONS = 60, MAX_HALVINGS = 40 };

#define EXCESS    1e-9
#define DEPENDENT 1e-7 /* of a row's length is left without the others */
#define AT_VERTEX 1e-6

/* Change of the linearised residual i along d. */
static double rate_of(const Vertex *v, size_t g, size_t i, const VertexParts *d)
{
    const VertexPlane *b = &v->plane[g];
    const double *row = vertex_row(b, v->m, i);
    return vertex_dot(b->n_own, row, d->own[g]) + vertex_dot(v->m, row + b->n_own, d->shared);
}

/* ---- the first basis: small residuals, independent rows ---- */

static int by_t(const void *a, const void *b)
{
    const VertexKnot *x = a, *y = b;
    int order = ORDER(x->t, y->t);
    order = order ? order : ORDER(x->g, y->g);
    return order ? order : ORDER(x->i, y->i);
}

/* Adds `row` [n], made orthogonal to q[0..have), to q; false if hardly anything is left of it. */
static bool extend(size_t n, const double *row, double (*q)[P], size_t have)
{
    double *left = q[have];
    memcpy(left, row, sizeof *row * n);
    double before = sqrt(vertex_dot(n, row, row));
    for (int pass = 0; pass < 2; pass++) {
        for (size_t k = 0; k < have; k++) {
            double along = vertex_dot(n, left, q[k]);
            for (size_t a = 0; a < n; a++) {
                left[a] -= along * q[k][a];
            }
        }
    }
    double after = sqrt(vertex_dot(n, left, left));
    if (!(after > DEPENDENT * before)) {
        return false;
    }
    for (size_t a = 0; a < n; a++) {
        left[a] /= after;
    }
    return true;
}

static void admit(VertexPlane *b, size_t i)
{
    b->basis[b->n_basis++] = i;
    b->is_basic[i] = true;
}

static bool choose_basis(Vertex *v)
{
    size_t n = 0, extra = 0;
    double q[P][P];
    for (size_t g = 0; g < v->n; g++) {
        const FitProblem *p = v->plane[g].p;
        for (size_t i = 0; i < p->n; i++) {
            if (p->weight[i] > 0.0) {
                v->knots[n++] = (VertexKnot){fabs(v->plane[g].r[i]), 0.0, g, i};
            }
        }
    }
    qsort(v->knots, n, sizeof *v->knots, by_t);
    for (size_t g = 0; g < v->n; g++) {
        VertexPlane *b = &v->plane[g];
        for (size_t k = 0; k < n && b->n_basis < b->n_own; k++) {
            size_t i = v->knots[k].i;
            if (v->knots[k].g == g && extend(b->n_own, vertex_row(b, v->m, i), q, b->n_basis)) {
                admit(b, i);
            }
        }
        if (!vertex_factor_plane(b, v->m)) {
            return false;
        }
    }
    for (size_t k = 0; k < n && extra < v->m; k++) {
        VertexPlane *b = &v->plane[v->knots[k].g];
        double row[P];
        size_t i = v->knots[k].i;
        if (!b->is_basic[i]) {
            vertex_reduce(b, v->m, i, row);
            if (extend(v->m, row, q, extra)) {
                admit(b, i);
                extra++;
            }
        }
    }
    return extra == v->m;
}

/* ---- descent ---- */

static void linearise(Vertex *v, ArrowTheta *theta)
{
    for (size_t g = 0; g < v->n; g++) {
        VertexPlane *b = &v->plane[g];
        const FitProblem *p = b->p;
        size_t width = b->n_own + v->m;
        for (size_t i = 0; i < p->n; i++) {
            double x[FORM_MAX_INPUTS], grad[P];
            problem_point(p, i, x);
            double law = form_gradient(p->form, theta[g], x, grad);
            double scale = p->residual == FIT_LOG ? 1.0 / law : 1.0;
            b->r[i] = p->residual == FIT_LOG ? log(law) - p->ln_y[i] : law - p->y[i];
            for (size_t a = 0; a < width; a++) {
                size_t k = a < b->n_own ? b->own[a] : v->shared[a - b->n_own];
                b->jac[i * width + a] = scale * grad[k];
            }
        }
    }
}

/* Minus the gradient of the residuals off the basis at step d. */
static void outer_gradient(const Vertex *v, const VertexParts *d, VertexParts *ret)
{
    memset(ret->shared, 0, sizeof ret->shared);
    for (size_t g = 0; g < v->n; g++) {
        const VertexPlane *b = &v->plane[g];
        memset(ret->own[g], 0, sizeof ret->own[g]);
        for (size_t i = 0; i < b->p->n; i++) {
            double w = b->p->weight[i];
            if (w > 0.0 && !b->is_basic[i]) {
                const double *row = vertex_row(b, v->m, i);
                double sign = copysign(w, b->r[i] + rate_of(v, g, i, d));
                for (size_t a = 0; a < b->n_own; a++) {
                    ret->own[g][a] -= sign * row[a];
                }
                for (size_t s = 0; s < v->m; s++) {
                    ret->shared[s] -= sign * row[b->n_own + s];
                }
            }
        }
    }
}

/* The residual at which the slope along dir turns, or NULL. */
static const VertexKnot *entering(const Vertex *v, const VertexParts *d, const VertexParts *dir,
                                  double slope)
{
    size_t n = 0;
    for (size_t g = 0; g < v->n; g++) {
        const VertexPlane *b = &v->plane[g];
        for (size_t i = 0; i < b->p->n; i++) {
            if (b->p->weight[i] <= 0.0 || b->is_basic[i]) {
                continue;
            }
            double rate = rate_of(v, g, i, dir), r = b->r[i] + rate_of(v, g, i, d);
            if (r * rate < 0.0) {
                v->knots[n++] = (VertexKnot){-r / rate, 2.0 * b->p->weight[i] * fabs(rate), g, i};
            }
        }
    }
    qsort(v->knots, n, sizeof *v->knots, by_t);
    for (size_t k = 0; k < n; k++) {
        slope += v->knots[k].slope;
        if (slope >= 0.0) {
            return &v->knots[k];
        }
    }
    return NULL;
}

/* The basis row whose multiplier exceeds its weight most; false at an optimal vertex. */
static bool leaving(const Vertex *v, double (*lambda)[VERTEX_ROWS], size_t *ret_g, size_t *ret_k,
                    double *ret_excess)
{
    *ret_excess = EXCESS;
    bool is_found = false;
    for (size_t g = 0; g < v->n; g++) {
        const VertexPlane *b = &v->plane[g];
        for (size_t k = 0; k < b->n_basis; k++) {
            double excess = fabs(lambda[g][k]) - b->p->weight[b->basis[k]];
            if (excess > *ret_excess) {
                *ret_excess = excess;
                *ret_g = g;
                *ret_k = k;
                is_found = true;
            }
        }
    }
    return is_found;
}

/* What the exchanges work in. */
typedef struct Scratch {
    VertexParts d, dir, grad;
    double (*rows)[VERTEX_ROWS]; /* [n] */
    ArrowTheta *trial;
} Scratch;

static void exchange(Vertex *v, size_t g, size_t k, const VertexKnot *in)
{
    VertexPlane *from = &v->plane[g], *to = &v->plane[in->g];
    from->is_basic[from->basis[k]] = false;
    from->basis[k] = from->basis[--from->n_basis];
    admit(to, in->i);
}

/* Minimises sum w |r + J d| over d by exchanges; true at an optimal vertex. */
static bool descend_vertices(Vertex *v, Scratch *s)
{
    for (size_t g = 0; g < v->n; g++) {
        if (!vertex_factor_plane(&v->plane[g], v->m)) {
            return false;
        }
    }
    for (size_t step = 0; step < MAX_EXCHANGES; step++) {
        size_t g, k;
        double excess;
        if (!vertex_factor_core(v)) {
            return false;
        }
        for (size_t h = 0; h < v->n; h++) {
            for (size_t i = 0; i < v->plane[h].n_basis; i++) {
                s->rows[h][i] = -v->plane[h].r[v->plane[h].basis[i]];
            }
        }
        vertex_solve_rows(v, s->rows, &s->d);
        outer_gradient(v, &s->d, &s->grad);
        vertex_solve_columns(v, &s->grad, s->rows);
        if (!leaving(v, s->rows, &g, &k, &excess)) {
            return true;
        }
        double sign = s->rows[g][k] > 0.0 ? 1.0 : -1.0;
        memset(s->rows, 0, sizeof *s->rows * v->n);
        s->rows[g][k] = sign;
        vertex_solve_rows(v, s->rows, &s->dir);
        const VertexKnot *in = entering(v, &s->d, &s->dir, -excess);
        if (!in || v->plane[in->g].n_basis >= VERTEX_ROWS) {
            return false;
        }
        size_t other = in->g;
        exchange(v, g, k, in);
        if (!vertex_factor_plane(&v->plane[g], v->m) ||
            !vertex_factor_plane(&v->plane[other], v->m)) {
            return false;
        }
    }
    return false;
}

static double value_at(const Arrow *j, ArrowTheta *theta)
{
    double sum = 0.0;
    for (size_t g = 0; g < j->n_groups; g++) {
        sum += problem_value(&j->problem[g], theta[g]);
    }
    return sum;
}

/* theta + d 2^-k for the first k that lowers the objective; the largest entry of d into *ret_size. */
static double damped_step(const Vertex *v, const Scratch *s, double value, ArrowTheta *theta,
                          double *ret_size)
{
    *ret_size = 0.0;
    for (size_t k = 0; k < MAX_HALVINGS; k++) {
        double scale = ldexp(1.0, -(int)k);
        memcpy(s->trial, theta, sizeof *theta * v->n);
        for (size_t g = 0; g < v->n; g++) {
            const VertexPlane *b = &v->plane[g];
            for (size_t a = 0; a < b->n_own + v->m; a++) {
                bool is_own = a < b->n_own;
                double d = is_own ? s->d.own[g][a] : s->d.shared[a - b->n_own];
                s->trial[g][is_own ? b->own[a] : v->shared[a - b->n_own]] += scale * d;
                *ret_size = fmax(*ret_size, fabs(d));
            }
        }
        double next = value_at(v->j, s->trial);
        if (next < value) {
            memcpy(theta, s->trial, sizeof *theta * v->n);
            return next;
        }
    }
    return value;
}

static bool polish(Vertex *v, Scratch *s, ArrowTheta *theta)
{
    double value = value_at(v->j, theta);
    for (size_t k = 0; k < MAX_LINEARISATIONS; k++) {
        double size;
        linearise(v, theta);
        if ((k == 0 && !choose_basis(v)) || !descend_vertices(v, s)) {
            return false;
        }
        double next = damped_step(v, s, value, theta, &size);
        if (!(next < value * (1.0 - 1e-15))) {
            return size < AT_VERTEX;
        }
        value = next;
    }
    return false;
}

static bool open_planes(Vertex *v)
{
    const Arrow *j = v->j;
    size_t total = 0;
    bool has_memory = true;
    for (size_t a = 0; a < j->p; a++) {
        if (j->is_shared[a] && !j->problem[0].is_fixed[a]) {
            v->shared[v->m++] = a;
        }
    }
    for (size_t g = 0; g < v->n; g++) {
        VertexPlane *b = &v->plane[g];
        b->p = &j->problem[g];
        for (size_t a = 0; a < j->p; a++) {
            if (!j->is_shared[a] && !b->p->is_fixed[a]) {
                b->own[b->n_own++] = a;
            }
        }
        b->r = calloc(b->p->n + 1, sizeof *b->r);
        b->jac = calloc((b->p->n + 1) * P, sizeof *b->jac);
        b->is_basic = calloc(b->p->n + 1, sizeof *b->is_basic);
        has_memory = has_memory && b->r && b->jac && b->is_basic;
        total += b->p->n;
    }
    v->knots = calloc(total + 1, sizeof *v->knots);
    return has_memory && v->knots;
}

bool arrow_l1_polish(const Arrow *j, ArrowTheta *theta)
{
    Vertex v = {.j = j, .n = j->n_groups};
    Scratch s = {.d.own = calloc(v.n, sizeof *s.d.own),
                 .dir.own = calloc(v.n, sizeof *s.dir.own),
                 .grad.own = calloc(v.n, sizeof *s.grad.own),
                 .rows = calloc(v.n, sizeof *s.rows),
                 .trial = calloc(v.n, sizeof *s.trial)};
    v.plane = calloc(v.n, sizeof *v.plane);
    bool has_memory = v.plane && s.d.own && s.dir.own && s.grad.own && s.rows && s.trial;
    bool is_vertex = has_memory && open_planes(&v) && polish(&v, &s, theta);
    for (size_t g = 0; v.plane && g < v.n; g++) {
        free(v.plane[g].r);
        free(v.plane[g].jac);
        free(v.plane[g].is_basic);
    }
    free(v.plane);
    free(v.knots);
    free(s.d.own);
    free(s.dir.own);
    free(s.grad.own);
    free(s.rows);
    free(s.trial);
    return is_vertex;
}

#include "analysis/fit/arrow_l1.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
    P = FORM_MAX_PARAMS,
    P2 = P * P,
    MAX_EXCHANGES = 4000,
    MAX_LINEARISATIONS = 60,
    MAX_HALVINGS = 40
};

#define SINGULAR  1e-13
#define EXCESS    1e-9
#define DEPENDENT 1e-7 /* of a row's length is left without the others */
#define AT_VERTEX 1e-6

/* One group, linearised: r + J d.  Columns: its own parameters, then the shared ones. */
typedef struct Plane {
    const FitProblem *p;
    size_t n_own, own[P];
    double *r, *jac;              /* [n], [n, n_own + m] */
    bool *is_basic;               /* [n] */
    size_t basis[2 * P], n_basis; /* the first n_own eliminate the own parameters */
    double inverse[P2];           /* of those rows' own block [n_own, n_own] */
    double arm[P2];               /* inverse times their shared block [n_own, m] */
} Plane;

typedef struct Vertex {
    const Arrow *j;
    size_t n, m, shared[P]; /* groups; shared parameters */
    Plane *plane;           /* [n] */
    double core[P2];        /* inverse of the reduced extra rows [m, m] */
    struct Knot *knots;
} Vertex;

typedef struct Knot {
    double t, slope;
    size_t g, i;
} Knot;

/* A direction or a gradient: own parts by group, the shared part once. */
typedef struct Parts {
    double (*own)[P];
    double shared[P];
} Parts;

static const double *row_of(const Plane *b, size_t m, size_t i)
{
    return b->jac + i * (b->n_own + m);
}

static double dot(size_t n, const double *a, const double *b)
{
    double s = 0.0;
    for (size_t i = 0; i < n; i++) {
        s += a[i] * b[i];
    }
    return s;
}

/* ret := a^-1, [n, n], by Gauss and Jordan; false when singular.  a is spoilt. */
static bool invert(size_t n, double *a, double *ret)
{
    memset(ret, 0, sizeof *ret * n * n);
    for (size_t i = 0; i < n; i++) {
        ret[i * n + i] = 1.0;
    }
    for (size_t c = 0; c < n; c++) {
        size_t best = c;
        for (size_t i = c + 1; i < n; i++) {
            best = fabs(a[i * n + c]) > fabs(a[best * n + c]) ? i : best;
        }
        if (!(fabs(a[best * n + c]) > SINGULAR)) {
            return false;
        }
        for (size_t k = 0; k < n && best != c; k++) {
            double t = a[c * n + k], u = ret[c * n + k];
            a[c * n + k] = a[best * n + k];
            a[best * n + k] = t;
            ret[c * n + k] = ret[best * n + k];
            ret[best * n + k] = u;
        }
        double scale = 1.0 / a[c * n + c];
        for (size_t k = 0; k < n; k++) {
            a[c * n + k] *= scale;
            ret[c * n + k] *= scale;
        }
        for (size_t i = 0; i < n; i++) {
            double f = i == c ? 0.0 : a[i * n + c];
            for (size_t k = 0; k < n && f != 0.0; k++) {
                a[i * n + k] -= f * a[c * n + k];
                ret[i * n + k] -= f * ret[c * n + k];
            }
        }
    }
    return true;
}

/* ---- the basis, factored ---- */

/* Brings n_own rows to the front whose own block is best to invert. */
static bool choose_pivots(Plane *b, size_t m)
{
    double w[2 * P][P];
    for (size_t k = 0; k < b->n_basis; k++) {
        memcpy(w[k], row_of(b, m, b->basis[k]), sizeof *w[k] * b->n_own);
    }
    for (size_t c = 0; c < b->n_own; c++) {
        size_t best = c;
        for (size_t k = c + 1; k < b->n_basis; k++) {
            best = fabs(w[k][c]) > fabs(w[best][c]) ? k : best;
        }
        if (c >= b->n_basis || !(fabs(w[best][c]) > SINGULAR)) {
            return false;
        }
        double t[P];
        size_t row = b->basis[c];
        b->basis[c] = b->basis[best];
        b->basis[best] = row;
        memcpy(t, w[c], sizeof t);
        memcpy(w[c], w[best], sizeof t);
        memcpy(w[best], t, sizeof t);
        for (size_t k = c + 1; k < b->n_basis; k++) {
            double f = w[k][c] / w[c][c];
            for (size_t a = c; a < b->n_own; a++) {
                w[k][a] -= f * w[c][a];
            }
        }
    }
    return true;
}

static bool factor_plane(Plane *b, size_t m)
{
    double own[P2];
    if (b->n_basis < b->n_own || !choose_pivots(b, m)) {
        return false;
    }
    for (size_t k = 0; k < b->n_own; k++) {
        memcpy(own + k * b->n_own, row_of(b, m, b->basis[k]), sizeof *own * b->n_own);
    }
    if (!invert(b->n_own, own, b->inverse)) {
        return false;
    }
    memset(b->arm, 0, sizeof b->arm);
    for (size_t i = 0; i < b->n_own; i++) {
        for (size_t k = 0; k < b->n_own; k++) {
            const double *shared = row_of(b, m, b->basis[k]) + b->n_own;
            for (size_t s = 0; s < m; s++) {
                b->arm[i * m + s] += b->inverse[i * b->n_own + k] * shared[s];
            }
        }
    }
    return true;
}

/* What is left of row i in the shared parameters once the own ones are eliminated. */
static void reduce(const Plane *b, size_t m, size_t i, double *ret)
{
    const double *row = row_of(b, m, i);
    for (size_t s = 0; s < m; s++) {
        ret[s] = row[b->n_own + s];
        for (size_t k = 0; k < b->n_own; k++) {
            ret[s] -= row[k] * b->arm[k * m + s];
        }
    }
}

static bool factor_core(Vertex *v)
{
    double rows[P2];
    size_t n = 0;
    for (size_t g = 0; g < v->n; g++) {
        const Plane *b = &v->plane[g];
        for (size_t k = b->n_own; k < b->n_basis; k++, n++) {
            if (n >= v->m) {
                return false;
            }
            reduce(b, v->m, b->basis[k], rows + n * v->m);
        }
    }
    return n == v->m && invert(v->m, rows, v->core);
}

/* Solves W d = b over the basis rows; rhs [n][2 P] in the order of each group's basis. */
static void solve_rows(const Vertex *v, double (*rhs)[2 * P], Parts *d)
{
    double left[P];
    size_t n = 0, m = v->m;
    for (size_t g = 0; g < v->n; g++) {
        const Plane *b = &v->plane[g];
        for (size_t i = 0; i < b->n_own; i++) {
            d->own[g][i] = dot(b->n_own, b->inverse + i * b->n_own, rhs[g]);
        }
        for (size_t k = b->n_own; k < b->n_basis; k++) {
            left[n++] = rhs[g][k] - dot(b->n_own, row_of(b, m, b->basis[k]), d->own[g]);
        }
    }
    for (size_t s = 0; s < m; s++) {
        d->shared[s] = dot(m, v->core + s * m, left);
    }
    for (size_t g = 0; g < v->n; g++) {
        const Plane *b = &v->plane[g];
        for (size_t i = 0; i < b->n_own; i++) {
            d->own[g][i] -= dot(m, b->arm + i * m, d->shared);
        }
    }
}

/* Solves W' lambda = g; lambda in the order of each group's basis. */
static void solve_columns(const Vertex *v, const Parts *g_of, double (*lambda)[2 * P])
{
    double left[P];
    size_t m = v->m, n = 0;
    memcpy(left, g_of->shared, sizeof left);
    for (size_t g = 0; g < v->n; g++) {
        const Plane *b = &v->plane[g];
        for (size_t i = 0; i < b->n_own; i++) {
            for (size_t s = 0; s < m; s++) {
                left[s] -= b->arm[i * m + s] * g_of->own[g][i];
            }
        }
    }
    for (size_t g = 0; g < v->n; g++) {
        const Plane *b = &v->plane[g];
        double own[P];
        memcpy(own, g_of->own[g], sizeof own);
        for (size_t k = b->n_own; k < b->n_basis; k++, n++) {
            double sum = 0.0;
            for (size_t s = 0; s < m; s++) {
                sum += v->core[s * m + n] * left[s];
            }
            lambda[g][k] = sum;
            for (size_t i = 0; i < b->n_own; i++) {
                own[i] -= row_of(b, m, b->basis[k])[i] * sum;
            }
        }
        for (size_t k = 0; k < b->n_own; k++) {
            lambda[g][k] = 0.0;
            for (size_t i = 0; i < b->n_own; i++) {
                lambda[g][k] += b->inverse[i * b->n_own + k] * own[i];
            }
        }
    }
}

/* Change of the linearised residual i along d. */
static double rate_of(const Vertex *v, size_t g, size_t i, const Parts *d)
{
    const Plane *b = &v->plane[g];
    const double *row = row_of(b, v->m, i);
    return dot(b->n_own, row, d->own[g]) + dot(v->m, row + b->n_own, d->shared);
}

/* ---- the first basis: small residuals, independent rows ---- */

static int by_t(const void *a, const void *b)
{
    const Knot *x = a, *y = b;
    if (x->t != y->t) {
        return x->t < y->t ? -1 : 1;
    }
    if (x->g != y->g) {
        return x->g < y->g ? -1 : 1;
    }
    return x->i < y->i ? -1 : x->i > y->i;
}

/* Adds `row` [n], made orthogonal to q[0..have), to q; false if hardly anything is left of it. */
static bool extend(size_t n, const double *row, double (*q)[P], size_t have)
{
    double *left = q[have];
    memcpy(left, row, sizeof *row * n);
    double before = sqrt(dot(n, row, row));
    for (int pass = 0; pass < 2; pass++) {
        for (size_t k = 0; k < have; k++) {
            double along = dot(n, left, q[k]);
            for (size_t a = 0; a < n; a++) {
                left[a] -= along * q[k][a];
            }
        }
    }
    double after = sqrt(dot(n, left, left));
    if (!(after > DEPENDENT * before)) {
        return false;
    }
    for (size_t a = 0; a < n; a++) {
        left[a] /= after;
    }
    return true;
}

static void admit(Plane *b, size_t i)
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
                v->knots[n++] = (Knot){fabs(v->plane[g].r[i]), 0.0, g, i};
            }
        }
    }
    qsort(v->knots, n, sizeof *v->knots, by_t);
    for (size_t g = 0; g < v->n; g++) {
        Plane *b = &v->plane[g];
        for (size_t k = 0; k < n && b->n_basis < b->n_own; k++) {
            size_t i = v->knots[k].i;
            if (v->knots[k].g == g && extend(b->n_own, row_of(b, v->m, i), q, b->n_basis)) {
                admit(b, i);
            }
        }
        if (!factor_plane(b, v->m)) {
            return false;
        }
    }
    for (size_t k = 0; k < n && extra < v->m; k++) {
        Plane *b = &v->plane[v->knots[k].g];
        double row[P];
        size_t i = v->knots[k].i;
        if (!b->is_basic[i]) {
            reduce(b, v->m, i, row);
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
        Plane *b = &v->plane[g];
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
static void outer_gradient(const Vertex *v, const Parts *d, Parts *ret)
{
    memset(ret->shared, 0, sizeof ret->shared);
    for (size_t g = 0; g < v->n; g++) {
        const Plane *b = &v->plane[g];
        memset(ret->own[g], 0, sizeof ret->own[g]);
        for (size_t i = 0; i < b->p->n; i++) {
            double w = b->p->weight[i];
            if (w > 0.0 && !b->is_basic[i]) {
                const double *row = row_of(b, v->m, i);
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
static const Knot *entering(const Vertex *v, const Parts *d, const Parts *dir, double slope)
{
    size_t n = 0;
    for (size_t g = 0; g < v->n; g++) {
        const Plane *b = &v->plane[g];
        for (size_t i = 0; i < b->p->n; i++) {
            if (b->p->weight[i] <= 0.0 || b->is_basic[i]) {
                continue;
            }
            double rate = rate_of(v, g, i, dir), r = b->r[i] + rate_of(v, g, i, d);
            if (r * rate < 0.0) {
                v->knots[n++] = (Knot){-r / rate, 2.0 * b->p->weight[i] * fabs(rate), g, i};
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
static bool leaving(const Vertex *v, double (*lambda)[2 * P], size_t *ret_g, size_t *ret_k,
                    double *ret_excess)
{
    *ret_excess = EXCESS;
    bool is_found = false;
    for (size_t g = 0; g < v->n; g++) {
        const Plane *b = &v->plane[g];
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
    Parts d, dir, grad;
    double (*rows)[2 * P]; /* [n] */
    ArrowTheta *trial;
} Scratch;

static void exchange(Vertex *v, size_t g, size_t k, const Knot *in)
{
    Plane *from = &v->plane[g], *to = &v->plane[in->g];
    from->is_basic[from->basis[k]] = false;
    from->basis[k] = from->basis[--from->n_basis];
    admit(to, in->i);
}

/* Minimises sum w |r + J d| over d by exchanges; true at an optimal vertex. */
static bool descend_vertices(Vertex *v, Scratch *s)
{
    for (size_t g = 0; g < v->n; g++) {
        if (!factor_plane(&v->plane[g], v->m)) {
            return false;
        }
    }
    for (size_t step = 0; step < MAX_EXCHANGES; step++) {
        size_t g, k;
        double excess;
        if (!factor_core(v)) {
            return false;
        }
        for (size_t h = 0; h < v->n; h++) {
            for (size_t i = 0; i < v->plane[h].n_basis; i++) {
                s->rows[h][i] = -v->plane[h].r[v->plane[h].basis[i]];
            }
        }
        solve_rows(v, s->rows, &s->d);
        outer_gradient(v, &s->d, &s->grad);
        solve_columns(v, &s->grad, s->rows);
        if (!leaving(v, s->rows, &g, &k, &excess)) {
            return true;
        }
        double sign = s->rows[g][k] > 0.0 ? 1.0 : -1.0;
        memset(s->rows, 0, sizeof *s->rows * v->n);
        s->rows[g][k] = sign;
        solve_rows(v, s->rows, &s->dir);
        const Knot *in = entering(v, &s->d, &s->dir, -excess);
        if (!in || v->plane[in->g].n_basis >= 2 * P) {
            return false;
        }
        size_t other = in->g;
        exchange(v, g, k, in);
        if (!factor_plane(&v->plane[g], v->m) || !factor_plane(&v->plane[other], v->m)) {
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
            const Plane *b = &v->plane[g];
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
        Plane *b = &v->plane[g];
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

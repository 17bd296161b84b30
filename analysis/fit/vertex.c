#include "analysis/fit/vertex.h"

#include <math.h>
#include <string.h>

enum { P = FORM_MAX_PARAMS, P2 = P * P };

#define SINGULAR 1e-13

double vertex_dot(size_t n, const double *a, const double *b)
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

/* Brings n_own rows to the front whose own block is best to invert. */
static bool choose_pivots(VertexPlane *b, size_t m)
{
    double w[VERTEX_ROWS][P];
    for (size_t k = 0; k < b->n_basis; k++) {
        memcpy(w[k], vertex_row(b, m, b->basis[k]), sizeof *w[k] * b->n_own);
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

bool vertex_factor_plane(VertexPlane *b, size_t m)
{
    double own[P2];
    if (b->n_basis < b->n_own || !choose_pivots(b, m)) {
        return false;
    }
    for (size_t k = 0; k < b->n_own; k++) {
        memcpy(own + k * b->n_own, vertex_row(b, m, b->basis[k]), sizeof *own * b->n_own);
    }
    if (!invert(b->n_own, own, b->inverse)) {
        return false;
    }
    memset(b->arm, 0, sizeof b->arm);
    for (size_t i = 0; i < b->n_own; i++) {
        for (size_t k = 0; k < b->n_own; k++) {
            const double *shared = vertex_row(b, m, b->basis[k]) + b->n_own;
            for (size_t s = 0; s < m; s++) {
                b->arm[i * m + s] += b->inverse[i * b->n_own + k] * shared[s];
            }
        }
    }
    return true;
}

void vertex_reduce(const VertexPlane *b, size_t m, size_t i, double *ret)
{
    const double *row = vertex_row(b, m, i);
    for (size_t s = 0; s < m; s++) {
        ret[s] = row[b->n_own + s];
        for (size_t k = 0; k < b->n_own; k++) {
            ret[s] -= row[k] * b->arm[k * m + s];
        }
    }
}

bool vertex_factor_core(Vertex *v)
{
    double rows[P2];
    size_t n = 0;
    for (size_t g = 0; g < v->n; g++) {
        const VertexPlane *b = &v->plane[g];
        for (size_t k = b->n_own; k < b->n_basis; k++, n++) {
            if (n >= v->m) {
                return false;
            }
            vertex_reduce(b, v->m, b->basis[k], rows + n * v->m);
        }
    }
    return n == v->m && invert(v->m, rows, v->core);
}

void vertex_solve_rows(const Vertex *v, double (*rhs)[VERTEX_ROWS], VertexParts *d)
{
    double left[P] = {0.0};
    size_t n = 0, m = v->m;
    for (size_t g = 0; g < v->n; g++) {
        const VertexPlane *b = &v->plane[g];
        for (size_t i = 0; i < b->n_own; i++) {
            d->own[g][i] = vertex_dot(b->n_own, b->inverse + i * b->n_own, rhs[g]);
        }
        for (size_t k = b->n_own; k < b->n_basis; k++) {
            left[n++] = rhs[g][k] - vertex_dot(b->n_own, vertex_row(b, m, b->basis[k]), d->own[g]);
        }
    }
    for (size_t s = 0; s < m; s++) {
        d->shared[s] = vertex_dot(m, v->core + s * m, left);
    }
    for (size_t g = 0; g < v->n; g++) {
        const VertexPlane *b = &v->plane[g];
        for (size_t i = 0; i < b->n_own; i++) {
            d->own[g][i] -= vertex_dot(m, b->arm + i * m, d->shared);
        }
    }
}

void vertex_solve_columns(const Vertex *v, const VertexParts *g_of, double (*lambda)[VERTEX_ROWS])
{
    double left[P];
    size_t m = v->m, n = 0;
    memcpy(left, g_of->shared, sizeof left);
    for (size_t g = 0; g < v->n; g++) {
        const VertexPlane *b = &v->plane[g];
        for (size_t i = 0; i < b->n_own; i++) {
            for (size_t s = 0; s < m; s++) {
                left[s] -= b->arm[i * m + s] * g_of->own[g][i];
            }
        }
    }
    for (size_t g = 0; g < v->n; g++) {
        const VertexPlane *b = &v->plane[g];
        double own[P];
        memcpy(own, g_of->own[g], sizeof own);
        for (size_t k = b->n_own; k < b->n_basis; k++, n++) {
            double sum = 0.0;
            for (size_t s = 0; s < m; s++) {
                sum += v->core[s * m + n] * left[s];
            }
            lambda[g][k] = sum;
            for (size_t i = 0; i < b->n_own; i++) {
                own[i] -= vertex_row(b, m, b->basis[k])[i] * sum;
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

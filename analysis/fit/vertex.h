/* vertex.h -- a vertex of least absolute residuals, of groups that share parameters: its basis, factored.
 *
 * As many residuals are held at zero as there are parameters.  Of each group's rows in the basis the first
 * n_own eliminate its own parameters; what is left of the others is a square system in the shared ones.
 * So solving costs a small system a group, and none that grows with the groups.
 */
#ifndef ANALYSIS_FIT_VERTEX_H
#define ANALYSIS_FIT_VERTEX_H

#include "analysis/fit/arrow.h"

enum { VERTEX_ROWS = 2 * FORM_MAX_PARAMS, VERTEX_SQUARE = FORM_MAX_PARAMS * FORM_MAX_PARAMS };

/* One group, linearised: r + J d.  Columns: its own parameters, then the shared ones. */
typedef struct VertexPlane {
    const FitProblem *p;
    size_t n_own, own[FORM_MAX_PARAMS];
    double *r, *jac;                    /* [n], [n, n_own + m] */
    bool *is_basic;                     /* [n] */
    size_t basis[VERTEX_ROWS], n_basis; /* the first n_own eliminate the own parameters */
    double inverse[VERTEX_SQUARE];      /* of those rows' own block [n_own, n_own] */
    double arm[VERTEX_SQUARE];          /* inverse times their shared block [n_own, m] */
} VertexPlane;

/* Where along a direction a residual changes its sign, and by how much the slope rises there. */
typedef struct VertexKnot {
    double t, slope;
    size_t g, i;
} VertexKnot;

typedef struct Vertex {
    const Arrow *j;
    size_t n, m, shared[FORM_MAX_PARAMS]; /* groups; shared parameters */
    VertexPlane *plane;                   /* [n] */
    double core[VERTEX_SQUARE];           /* inverse of the reduced extra rows [m, m] */
    VertexKnot *knots;
} Vertex;

/* A direction or a gradient: own parts by group, the shared part once. */
typedef struct VertexParts {
    double (*own)[FORM_MAX_PARAMS];
    double shared[FORM_MAX_PARAMS];
} VertexParts;

/* Row i: its own parameters, then the shared ones. */
static inline const double *vertex_row(const VertexPlane *b, size_t m, size_t i)
{
    return b->jac + i * (b->n_own + m);
}

double vertex_dot(size_t n, const double *a, const double *b);

/* Factors one group's basis; may change the order of its rows.  False when singular. */
bool vertex_factor_plane(VertexPlane *b, size_t m);
/* After all planes: the system of the shared parameters.  False when singular or not square. */
bool vertex_factor_core(Vertex *v);
/* After its plane: what is left of row i in the shared parameters once the own ones are eliminated [m]. */
void vertex_reduce(const VertexPlane *b, size_t m, size_t i, double *ret);

/* Solves W d = rhs over the basis rows; rhs [n][VERTEX_ROWS] in the order of each group's basis. */
void vertex_solve_rows(const Vertex *v, double (*rhs)[VERTEX_ROWS], VertexParts *d);
/* Solves W' lambda = g_of; lambda in the order of each group's basis. */
void vertex_solve_columns(const Vertex *v, const VertexParts *g_of, double (*lambda)[VERTEX_ROWS]);

#endif

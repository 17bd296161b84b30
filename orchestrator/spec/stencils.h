/* stencils.h -- runs of the cells of a product, by stencils made as they are needed. */
#ifndef ORCHESTRATOR_SPEC_STENCILS_H
#define ORCHESTRATOR_SPEC_STENCILS_H

#include "orchestrator/spec/run_spec.h"
#include "orchestrator/spec/stencil.h"
#include "orchestrator/spec/walk.h"

typedef struct Stencils Stencils;

/* What is known of a cell without resolving it in full. */
typedef enum CellVerdict {
    CELL_GOOD,    /* it is a run */
    CELL_UNKNOWN, /* resolve it in full: it has a problem, or is none of the usual kind */
    CELL_TOLD,    /* it has no other problem than cells that were resolved before */
} CellVerdict;

/* Of a matrix without problems.  Both are borrowed.  ERR_NOMEM. */
ErrCode stencils_new(const Source *src, const Matrix *m, Stencils **ret, Err *err);
void stencils_free(Stencils *s); /* NULL is fine */

/* Judges the cell where the walk is.  ERR_NOMEM. */
ErrCode stencils_judge(Stencils *s, const Walk *w, CellVerdict *ret, Err *err);

/* The cell judged last was resolved in full and had a problem. */
void stencils_told(Stencils *s);

/* The run of the cell that was judged good last; what it points to is made in the arena and
 * the tables, which outlive it.  ERR_NOMEM. */
ErrCode stencils_run(Stencils *s, const Walk *w, RunModels *models, Arena *arena, RunSpec *ret,
                     Err *err);

/* Texts of a run, appended: canonical config.json, and its axes, sorted (the canonical text) or
 * in the order of the matrix.  The cell must be good.  ERR_NOMEM. */
ErrCode stencils_config_text(Stencils *s, const Walk *w, const RunSpec *r, Buf *out, Err *err);
void stencils_axes_text(const Stencils *s, const Walk *w, bool is_sorted, Buf *out);

#endif

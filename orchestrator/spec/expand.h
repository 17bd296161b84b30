/* expand.h -- the cells of a matrix become runs, and later say what they are in full. */
#ifndef ORCHESTRATOR_SPEC_EXPAND_H
#define ORCHESTRATOR_SPEC_EXPAND_H

#include "orchestrator/spec/cell.h"
#include "orchestrator/spec/run_spec.h"
#include "orchestrator/spec/stencils.h"

/* A study file that was read, and its matrix. */
typedef struct Cells {
    Arena arena; /* of everything below */
    Source src;
    Matrix matrix;
    Walk walk;          /* of matrix */
    Stencils *stencils; /* for it; NULL before the cells are expanded */
} Cells;

/* Empty; problems are added to `problems`.  NULL when memory is short. */
Cells *cells_new(Problems *problems);
void cells_free(Cells *c); /* NULL is fine */

/* Switched on, every cell is resolved in full: for tests, which compare. */
extern bool cells_expand_slowly;

/* Resolves every cell: *ret_runs [*ret_n] is malloc'ed, the caller's also on an error; what
 * the runs point to lives in `arena`.  What is wrong with cells, two that are one experiment
 * too, is added to the problems.  ERR_NOMEM. */
ErrCode cells_expand(Cells *c, Arena *arena, RunSpec **ret_runs, size_t *ret_n, Err *err);

/* Lets go of what only problems need: schema, nodes of the file, the list of problems. */
void cells_keep(Cells *c);

/* Cell `cell` (RunSpec.cell) in full, as new references.  ERR_NOMEM. */
ErrCode cells_describe(const Cells *c, size_t cell, json_t **ret_json, json_t **ret_axes, Err *err);

/* The canonical texts of a run's config.json and axes, appended (NULL: not wanted); is_sorted
 * false: axes in the order of the matrix.  ERR_NOMEM. */
ErrCode cells_texts(Cells *c, const RunSpec *r, Buf *config, Buf *axes, bool is_sorted, Err *err);

#endif

/* expand.h -- the cells of a matrix become runs, and later say what they are in full. */
#ifndef ORCHESTRATOR_SPEC_EXPAND_H
#define ORCHESTRATOR_SPEC_EXPAND_H

#include "orchestrator/spec/cell.h"
#include "orchestrator/spec/run_spec.h"

/* A study file that was read, and its matrix. */
typedef struct Cells {
    Arena arena; /* of everything below */
    Source src;
    Matrix matrix;
} Cells;

/* Empty; problems are added to `problems`.  NULL when memory is short. */
Cells *cells_new(Problems *problems);
void cells_free(Cells *c); /* NULL is fine */

/* Resolves every cell: *ret_runs [*ret_n] is malloc'ed, the caller's also on an error; what
 * the runs point to lives in `arena`.  What is wrong with cells, two that are one experiment
 * too, is added to the problems.  ERR_NOMEM. */
ErrCode cells_expand(Cells *c, Arena *arena, RunSpec **ret_runs, size_t *ret_n, Err *err);

/* Lets go of what only problems need: schema, nodes of the file, the list of problems. */
void cells_keep(Cells *c);

/* Cell `cell` (RunSpec.cell) in full, as new references.  ERR_NOMEM. */
ErrCode cells_describe(const Cells *c, size_t cell, json_t **ret_json, json_t **ret_axes, Err *err);

#endif

/* cell.h -- one cell of the matrix, resolved to a run. */
#ifndef ORCHESTRATOR_SPEC_CELL_H
#define ORCHESTRATOR_SPEC_CELL_H

#include "orchestrator/spec/matrix.h"
#include "orchestrator/spec/study.h"

/* Resolves a cell: axes, then its extra settings, then the overrides whose condition holds,
 * in order.  What is wrong with the result is added to the problems at the place that says
 * it, and *ret stays empty then.  ERR_NOMEM. */
ErrCode cell_resolve(const Source *src, const Matrix *m, const Cell *cell, Arena *arena,
                     RunSpec *ret, Err *err);

/* Frees the JSON of a run (which may be empty). */
void run_spec_release(RunSpec *r);

#endif

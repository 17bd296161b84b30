/* cell.h -- one cell of the matrix, resolved to a run. */
#ifndef ORCHESTRATOR_SPEC_CELL_H
#define ORCHESTRATOR_SPEC_CELL_H

#include "orchestrator/spec/matrix.h"
#include "trainer/config/run_config.h"

/* A run in full. */
typedef struct CellRun {
    json_t *json; /* its config.json object; NULL when the cell has a problem */
    json_t *axes; /* {"architecture":..., "size":..., "seed":..., <axis>:...} */
    RunConfig config;
} CellRun;

/* Resolves a cell: axes, then its extra settings, then the overrides whose condition holds,
 * in order.  What is wrong with the result is added to the problems at the place that says
 * it, and *ret is empty then.  The caller releases it.  ERR_NOMEM. */
ErrCode cell_resolve(const Source *src, const Matrix *m, const Cell *cell, CellRun *ret, Err *err);

/* Frees a run, which may be empty. */
void cell_run_release(CellRun *r);

#endif

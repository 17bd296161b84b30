/* walk.h -- goes through the cells of a matrix's product, last axis fastest.
 *
 * A matrix may have a thousand conditions and a million cells.  Every value of every axis has
 * one bit for each condition: whether the condition's terms on that axis allow the value.  The
 * conditions that hold in a cell are the AND over its values, kept axis by axis, so that a step
 * costs what changed.
 */
#ifndef ORCHESTRATOR_SPEC_WALK_H
#define ORCHESTRATOR_SPEC_WALK_H

#include "orchestrator/spec/matrix.h"

typedef struct Walk {
    const Matrix *m;
    size_t n;                      /* cells of the product */
    size_t cell;                   /* where it is */
    size_t index[CELL_MAX_AXES];   /* of its value on every axis */
    size_t changed;                /* the first axis that the last step changed */
    size_t n_override, n_exclude;  /* words of bits, one bit a condition */
    uint64_t *mask[CELL_MAX_AXES]; /* [n of the axis][n_override + n_exclude] */
    uint64_t *holds;               /* [n_axes + 1][n_override + n_exclude] */
} Walk;

/* Prepares a walk that stands before the first cell.  ERR_NOMEM. */
ErrCode walk_open(const Matrix *m, Walk *ret, Err *err);
void walk_close(Walk *w);

/* To the next cell; false behind the last. */
bool walk_next(Walk *w);

/* To a cell. */
void walk_to(Walk *w, size_t cell);

/* Of the cell where it is: left out by `exclude`; the bits of the overrides that hold. */
bool walk_is_excluded(const Walk *w);
const uint64_t *walk_overrides(const Walk *w);

#endif

/* canon.h -- a group's observations in an order that is theirs and not their file's.
 *
 * A bootstrap draws by place, so rows in another order would give other replicates.  Sorted by
 * value first, the same rows give the same bits.
 */
#ifndef ANALYSIS_COMPARE_CANON_H
#define ANALYSIS_COMPARE_CANON_H

#include "analysis/fit/problem.h"
#include "common/arena.h"

/* Sorts by N, D, C, loss and the rest; runs are numbered by their first row.  Memory is the arena's.
 * ERR_NOMEM. */
ErrCode canon_data(Arena *arena, const FitData *from, FitData *ret, Err *err);

#endif

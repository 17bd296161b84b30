/* levels.h -- the values of an input as steps: sizes, budgets, or classes even in logs.
 *
 * Values that follow each other within 5 % are one level.  Where that gives more than LEVELS_MAX or a
 * level wider than 20 % (values without steps, as D of checkpoints), the levels are instead
 * LEVELS_CLASSES classes even in ln x, those that are empty left out.
 */
#ifndef ANALYSIS_VALIDATE_LEVELS_H
#define ANALYSIS_VALIDATE_LEVELS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"

enum { LEVELS_MAX = 16, LEVELS_CLASSES = 10 };

typedef struct Levels {
    size_t n;
    double lo[LEVELS_MAX], hi[LEVELS_MAX]; /* least and largest value of each */
    size_t count[LEVELS_MAX];
    bool is_classes;
    size_t *of; /* [n values] level of each value; owned */
} Levels;

/* Of x [n], positive.  ERR_NOMEM. */
ErrCode levels_make(const double *x, size_t n, Levels *ret, Err *err);
/* Every run is a level, ordered by the largest x of its points (then by its number); where there are
 * more than LEVELS_MAX, neighbours are put together.  ERR_NOMEM. */
ErrCode levels_of_runs(const double *x, const size_t *run, size_t n, size_t n_runs, Levels *ret,
                       Err *err);
void levels_release(Levels *l);

#endif

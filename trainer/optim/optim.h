/* optim.h -- AdamW over flat arrays: decoupled weight decay, bias correction, clipping.
 *
 * Loshchilov & Hutter, arXiv:1711.05101, algorithm 2, with the usual scaling of the
 * decay by the learning rate:
 *
 *   g' = g min(1, clip / |g|)                      |g| over all parameters, in double
 *   m  = b1 m + (1 - b1) g'      v = b2 v + (1 - b2) g'^2
 *   p -= lr ( wd p + (m / (1 - b1^step)) / (sqrt(v / (1 - b2^step)) + eps) )
 *
 * The state is m, v [n] and nothing else: an update is a function of (step, lr, g, p,
 * m, v), so a resumed run repeats a run that never stopped, bit for bit.
 */
#ifndef TRAINER_OPTIM_OPTIM_H
#define TRAINER_OPTIM_OPTIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/err.h"
#include "trainer/config/run_config.h"
#include "trainer/core/kern.h"
#include "trainer/core/team.h"

/* A stretch of the parameter array that is treated alike. */
typedef struct OptimRange {
    size_t begin, n;
    bool is_decayed; /* weight decay applies */
} OptimRange;

typedef struct Optim {
    size_t n;                /* parameters */
    Real *m, *v;             /* [n] */
    const OptimRange *range; /* [n_ranges]; they tile 0..n-1 in order */
    size_t n_ranges;
    double beta1, beta2, eps, weight_decay, clip; /* clip 0: off */
    const Kern *kern;
    double *norm_part; /* [blocks of OPTIM_NORM_BLOCK] scratch of optim_grad_norm */
    Team *team;        /* NULL: the caller works alone; set it after optim_init().  No result
                          depends on it */
} Optim;

enum { OPTIM_NORM_BLOCK = 65536 }; /* elements whose squares are summed on their own */

/* Joins neighbours of the same kind in place; returns the new count. */
size_t optim_join_ranges(OptimRange *range, size_t n);

/* Bytes that optim_init() takes from its arena. */
size_t optim_bytes(size_t n);

/* m = v = 0.  Memory is the arena's; `range` is borrowed.  ERR_NOMEM; ERR_INVALID if the
 * ranges do not tile the n parameters. */
ErrCode optim_init(const RunConfig *c, const Kern *kern, const OptimRange *range, size_t n_ranges,
                   size_t n, Arena *arena, Optim *ret, Err *err);

/* |g| of a gradient [n], before clipping; NaN or infinite if an element is.  The sums of the
 * blocks add up in order. */
double optim_grad_norm(Optim *o, const Real *g);

/* The update that makes `step` (1-based).  grad_norm is that of g and finite. */
void optim_step(Optim *o, int64_t step, double lr, double grad_norm, const Real *g, Real *p);

#endif

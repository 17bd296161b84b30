/* draw.h -- which models a replicate has: a pure function of (seed, replicate). */
#ifndef ANALYSIS_OBSERVE_DRAW_H
#define ANALYSIS_OBSERVE_DRAW_H

#include "analysis/observe/observe.h"

/* Draws with replacement from models member[0 .. n-1], or from their families whole.  ret has room
 * for DRAW_ROOM(n) models; returns how many were drawn. */
#define DRAW_ROOM(n) (4 * (n) + 64)
size_t draw_models(const Scores *s, const ObserveOptions *o, uint32_t replicate,
                   const size_t *member, size_t n, size_t *ret);

#endif

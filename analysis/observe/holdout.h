/* holdout.h -- trained below a compute cut-off, tested above it (observe.h). */
#ifndef ANALYSIS_OBSERVE_HOLDOUT_H
#define ANALYSIS_OBSERVE_HOLDOUT_H

#include "analysis/observe/observe.h"

/* Fills `ret` for target `which`; refusals stand in it.  ERR_NOMEM. */
ErrCode observe_holdout(const Scores *s, const ObserveOptions *o, size_t which, Arena *a,
                        ObserveHoldout *ret, Err *err);

#endif

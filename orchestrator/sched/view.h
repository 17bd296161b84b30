/* view.h -- the sums that observers are shown.  Private to orchestrator/sched. */
#ifndef ORCHESTRATOR_SCHED_VIEW_H
#define ORCHESTRATOR_SCHED_VIEW_H

#include "orchestrator/sched/sched.h"

/* Counts, work and remaining time of runs[n].  Time comes from work (FLOPs), not from the
 * number of runs: what is left over the speed of the workers at present, but never less
 * than the longest single run needs.  Runs without a speed yet count with the average of
 * the others; `workers` slots stay busy as long as there is enough to do. */
SchedView view_of(const SchedRun *runs, size_t n, int64_t workers, double elapsed_s);

/* Orders run indices so that the one with most work left comes first (longest processing
 * time first: at most 4/3 of the best possible makespan, Graham 1969). */
void view_longest_first(const SchedRun *runs, size_t n, size_t *index);

#endif

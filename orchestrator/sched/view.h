/* view.h -- how long it will take, for observers.  Private to orchestrator/sched. */
#ifndef ORCHESTRATOR_SCHED_VIEW_H
#define ORCHESTRATOR_SCHED_VIEW_H

#include <stddef.h>
#include <stdint.h>

/* An attempt at work. */
typedef struct ViewWork {
    double left;        /* [FLOP] */
    double flops_per_s; /* NaN while it is unknown */
} ViewWork;

/* Everything that is left. */
typedef struct ViewLeft {
    const ViewWork *live; /* [n_live] */
    size_t n_live;
    double idle;         /* of the runs that wait, together [FLOP] */
    double longest_idle; /* of the longest of them */
    int64_t n_idle;
    int64_t workers; /* that may be at work */
} ViewLeft;

/* Seconds to the end.  Time comes from work, not from the number of runs: what is left over
 * the speed of the workers at present, but never less than the longest single run needs.  Runs
 * without a speed yet count with the average of the others; `workers` slots stay busy as long
 * as there is enough to do.  NaN while no speed is known; 0 when nothing is left. */
double view_eta_s(const ViewLeft *v);

#endif

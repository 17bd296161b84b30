/* share.h -- which attempt works on which cores, with how many threads.  Private to
 * orchestrator/sched; counts and sets only, nothing is told to anybody here.
 *
 * Every attempt has one thread as long as there are as many attempts as cores.  With
 * `threads: auto` the cores that would be idle go one by one to the attempt that would
 * otherwise end last (most work left per thread).  While the threads take all cores each
 * attempt is kept to cores of its own; while some are idle, none is kept anywhere: then the
 * kernel's choice is as good, and another scheduler on this machine may need them.
 */
#ifndef ORCHESTRATOR_SCHED_SHARE_H
#define ORCHESTRATOR_SCHED_SHARE_H

#include <sched.h>

#include "common/machine.h"

/* One attempt at work. */
typedef struct Share {
    double work_left; /* [FLOP] */
    size_t most;      /* threads it was started for */
    size_t threads;   /* out */
    cpu_set_t cores;  /* in: where it is; out: where it belongs */
    bool is_pinned;   /* in and out: these are all it may use */
} Share;

/* Gives threads to n attempts on `cores` cores.  fixed: so many to each; 0: as above. */
void share_threads(Share *s, size_t n, size_t cores, size_t fixed);

/* Gives them cores of `allowed`, moving as few as it can. */
void share_cores(Share *s, size_t n, const CoreSet *allowed);

#endif

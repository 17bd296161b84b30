/* recover.h -- what an earlier scheduler left behind.  Private to orchestrator/sched.
 *
 * A scheduler that was killed leaves runs that are `running` in the catalog, and perhaps
 * workers that have not noticed yet.  Before anything new starts
 *   - workers that live are asked to save their state, then killed;
 *   - every attempt that was at work is judged by what it wrote, and so are those of runs
 *     that the study file does not name any more;
 *   - runs come back to `waiting` whose last attempt SIGKILL ended (that is no verdict on the
 *     run), or that were `done` and whose checkpoints are gone, missing or damaged.
 */
#ifndef ORCHESTRATOR_SCHED_RECOVER_H
#define ORCHESTRATOR_SCHED_RECOVER_H

#include "orchestrator/sched/job.h"

/* jobs[n] as registered.  ERR_UNAVAILABLE: an old worker does not end; ERR_DB, ERR_IO. */
ErrCode recover_all(JobContext *x, Job *jobs, size_t n, Err *err);

/* Ends the process of the run's attempt `newest` if it lives though no scheduler watches it, and
 * waits for that.  newest < 0: there is none.  ERR_UNAVAILABLE as above. */
ErrCode recover_orphan(const Job *j, const JobContext *x, int64_t newest, Err *err);

#endif

/* register.h -- what a scheduler does first: the study's rows.  Private to orchestrator/sched. */
#ifndef ORCHESTRATOR_SCHED_REGISTER_H
#define ORCHESTRATOR_SCHED_REGISTER_H

#include "orchestrator/sched/job.h"

/* Opens the context's dir/catalog.db for writing; makes it new, or again from the files when it is
 * missing or damaged and the study has runs (*ret_rebuilt). */
ErrCode register_open_catalog(JobContext *x, bool *ret_rebuilt, Err *err);

/* Rows of the study, its corpus and every run; retires the runs that it does not name.  Fills
 * jobs[study->n_runs] and the counts of the context.  The files of a run are written before its
 * first attempt (run_files.h). */
ErrCode register_study(JobContext *x, Job *jobs, int64_t *ret_retired, Err *err);

#endif

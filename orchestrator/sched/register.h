/* register.h -- what a scheduler does before its loop: the study's files and rows, and
 * what an earlier scheduler left behind.  Private to orchestrator/sched. */
#ifndef ORCHESTRATOR_SCHED_REGISTER_H
#define ORCHESTRATOR_SCHED_REGISTER_H

#include "orchestrator/sched/job.h"

/* Opens dir/catalog.db for writing; makes it new, or again from the files when it is
 * missing or damaged and the study has runs (*ret_rebuilt). */
ErrCode register_open_catalog(const SchedOptions *o, Catalog **ret, bool *ret_rebuilt, Err *err);

/* Rows and files (study.json, corpus row, each run's folder, config.json, run.json) for
 * every run of the study; retires the others.  Fills jobs[study->n_runs]. */
ErrCode register_study(const Study *study, const JobContext *x, Arena *a, Job *jobs,
                       int64_t *ret_retired, Err *err);

/* Ends what a killed scheduler left: tells workers that still live to save their state
 * (then SIGKILL), ingests what their attempts wrote, and judges them.  Also: takes runs up
 * again whose last attempt SIGKILL ended, or whose files are gone though they were done. */
ErrCode register_catch_up(const JobContext *x, Job *jobs, size_t n, Err *err);

#endif

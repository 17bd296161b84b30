/* run_files.h -- the files of a run that the scheduler writes before its first attempt.
 * Private to orchestrator/sched. */
#ifndef ORCHESTRATOR_SCHED_RUN_FILES_H
#define ORCHESTRATOR_SCHED_RUN_FILES_H

#include "orchestrator/catalog/run.h"
#include "orchestrator/sched/job.h"

/* A row of the catalog made of a run of the study; axes and config are borrowed. */
CatalogRun run_files_row(const RunSpec *r, size_t position, const char *axes, const char *config);

/* The run's folder, config.json and run.json; what is there and right is left alone.  config.json
 * is written once: it may not change under a run's checkpoints.  ERR_IO, ERR_NOMEM. */
ErrCode run_files_write(const Job *j, const JobContext *x, Err *err);

/* Highest number of an attempt-NNN folder; -1 when there is none, or no run folder.  ERR_IO. */
ErrCode run_files_newest_attempt(const char *run_dir, int64_t *ret, Err *err);

/* The run has a folder with checkpoints. */
bool run_files_has_checkpoints(const Job *j, const JobContext *x);

#endif

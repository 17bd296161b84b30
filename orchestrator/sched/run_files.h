/* run_files.h -- the files of a run that the scheduler writes before its first attempt.
 * Private to orchestrator/sched, but for what a rebuilt catalog needs. */
#ifndef ORCHESTRATOR_SCHED_RUN_FILES_H
#define ORCHESTRATOR_SCHED_RUN_FILES_H

#include "catalog/run.h"
#include "orchestrator/sched/job.h"

/* What a row of the catalog says of a run in words; {0} is empty. */
typedef struct RunFilesText {
    char hash[SHA256_HEX_BYTES], dir[RUN_DIR_BYTES];
    Buf axes, config; /* canonical */
} RunFilesText;

/* The texts of run i of the study, in place of those before.  ERR_NOMEM. */
ErrCode run_files_text(const Study *study, size_t i, RunFilesText *t, Err *err);
void run_files_text_release(RunFilesText *t);

/* A row of the catalog made of a run of the study; the texts are borrowed. */
CatalogRun run_files_row(const RunSpec *r, size_t position, const RunFilesText *t);

/* The run's folder, config.json and run.json; what is there and right is left alone.  config.json
 * is written once: it may not change under a run's checkpoints.  ERR_IO, ERR_NOMEM. */
ErrCode run_files_write(const Job *j, const JobContext *x, Err *err);

/* config.json and run.json of the runs that have begun, as the study file has them, where they are
 * missing or damaged: a run whose files name it wrongly would be left out of a rebuilt catalog, and
 * its history with it.  ERR_IO, ERR_NOMEM. */
ErrCode run_files_restore(const Study *study, const char *study_dir, Err *err);

/* Highest number of an attempt-NNN folder; -1 when there is none, or no run folder.  ERR_IO. */
ErrCode run_files_newest_attempt(const char *run_dir, int64_t *ret, Err *err);

/* The run has a folder with checkpoints. */
bool run_files_has_checkpoints(const Job *j, const JobContext *x);

#endif

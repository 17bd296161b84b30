/* reindex.h -- the catalog again, from the study's files alone.
 *
 *   study        study.json (record.h)
 *   corpus       corpus/manifest.json
 *   run          runs/<name>-<hash12>/ config.json + run.json (with the id), state from
 *                status.json
 *   attempt      attempt-NNN/ exit.json, and hello and bye of events.jsonl
 *   checkpoint   `checkpoint` events, state by looking at the folder: removed.json -> removed,
 *                no manifest.json -> missing, another digest -> corrupt, else what damaged.json
 *                says; and from manifest.json alone for a checkpoint whose event was never written
 *   metric, evaluation   the events
 *   fit          reports/fits.jsonl; and the old catalog, for those of an older program
 *
 * What is rebuilt equals what was lost, but for times.  A run that was `running` when its
 * scheduler died is so again, with its newest attempt: the next scheduler judges both.  An
 * older attempt without exit.json and without bye is `lost`.  Folders without config.json or
 * run.json are no runs: reported and left out.  Runs that were never started have no folder: the
 * caller adds them from the study file (catalog_run_upsert), in its order and with
 * Catalog.free_id = 1, so that they get their ids again.
 *
 * The new catalog is built beside the old one, synced, and renamed over it; until then the old
 * one is untouched.  The caller holds the study's lock.
 */
#ifndef CATALOG_REINDEX_H
#define CATALOG_REINDEX_H

#include <stdint.h>

#include "common/err.h"

typedef struct ReindexTotals {
    int64_t runs, attempts, checkpoints, metrics, evaluations, fits;
    int64_t damaged_lines;
    int64_t problems; /* files left out, all of them reported */
} ReindexTotals;

/* A sentence about something that was left out or repaired. */
typedef void (*ReindexReport)(void *ctx, const char *text);

/* ERR_NOTFOUND: study_dir is no study (neither runs/ nor study.json); ERR_IO, ERR_DB. */
ErrCode catalog_reindex(const char *study_dir, ReindexReport report, void *ctx, ReindexTotals *ret,
                        Err *err);

#endif

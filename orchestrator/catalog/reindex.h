/* reindex.h -- the catalog again, from the study's files alone.
 *
 *   study        study.json (record.h)
 *   corpus       corpus/manifest.json
 *   run          runs/<name>-<hash12>/ config.json + run.json, state from status.json
 *   attempt      attempt-NNN/ exit.json, and hello and bye of events.jsonl
 *   checkpoint   `checkpoint` events, state by looking at the folder: no manifest.json
 *                -> missing, another digest -> corrupt; and from manifest.json alone for
 *                a checkpoint whose event was never written
 *   metric, evaluation   the events
 *   fit          from the old catalog when it can be read; nothing else is taken from it
 *
 * A run that was `running` becomes `waiting`, and an attempt without exit.json and
 * without bye `lost`.  Folders without config.json or run.json are no runs: reported
 * and left out.  The new catalog is built beside the old one, synced, and renamed
 * over it; until then the old one is untouched.  The caller holds the study's lock.
 */
#ifndef ORCHESTRATOR_CATALOG_REINDEX_H
#define ORCHESTRATOR_CATALOG_REINDEX_H

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

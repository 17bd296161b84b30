/* ingest.h -- an attempt's events.jsonl into the catalog, exactly once.
 *
 * The catalog remembers per attempt how many bytes of the file it has, in the same
 * transaction as the rows that those bytes made.  So it does not matter when,
 * how often or in which pieces a file is ingested, nor where the scheduler dies:
 *
 *   - only whole lines count; a last line without its newline waits;
 *   - a line that wire_parse() refuses, that belongs to another run or attempt, or
 *     that lacks a member is counted in attempt.damaged_lines, reported, skipped;
 *   - a line whose seq is not newer than the newest is a repetition: skipped;
 *   - rows are upserts by (run, step[, task]): a resumed attempt replaces what the
 *     one before it said about the same step, and an older attempt that still
 *     writes (a lost one) never replaces a newer one's row;
 *   - hello fills pid, host, isa and resumed_step of the attempt, hello and share its
 *     threads and cores; bye sets the state, reason and end of an attempt that is
 *     `running`, and the peak of its memory.
 */
#ifndef CATALOG_INGEST_H
#define CATALOG_INGEST_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "catalog/attempt.h"
#include "catalog/catalog.h"

enum { INGEST_REASON_BYTES = 256 };

/* What this call brought. */
typedef struct IngestResult {
    int64_t events;  /* lines applied */
    int64_t damaged; /* lines skipped as damaged */
    int64_t bytes;   /* offset after it: whole lines of the file that are in the catalog */
    bool has_hello;
    bool has_bye;
    CatalogAttemptState bye;          /* valid with has_bye */
    char reason[INGEST_REASON_BYTES]; /* of bye; empty when it gave none */
    int64_t peak_rss_bytes;           /* of bye; 0 when it gave none */
    int64_t step;                     /* newest `step` event of this call; -1 without one */
    int64_t tokens;                   /* of that event */
    double loss, tokens_per_s;        /* of that event; NaN when unknown */
    int64_t checkpoint_step;          /* newest `checkpoint` event of this call; -1 without one */
    double validation_loss;           /* newest evaluation of task "validation"; NaN without one */
} IngestResult;

/* Called while ingesting, before the commit; either may be NULL.  on_event sees every event that
 * was applied but `step`, of which there are millions; the event is borrowed. */
typedef struct IngestHooks {
    void *ctx;
    void (*on_event)(void *ctx, const json_t *event);
    void (*on_damage)(void *ctx, int64_t offset, const char *why);
} IngestHooks;

/* Applies what is new in `path` for an attempt that catalog_attempt_begin() added.  A
 * file that does not exist, or is shorter than what was ingested, brings nothing.
 * In the caller's transaction if one is open (a failure undoes only this call), else in
 * its own.  hooks may be NULL.  ERR_NOTFOUND: no such attempt; ERR_IO; ERR_DB: nothing
 * was changed. */
ErrCode catalog_ingest(Catalog *c, int64_t run_id, int64_t attempt, const char *path,
                       const IngestHooks *hooks, IngestResult *ret, Err *err);

#endif

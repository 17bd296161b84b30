/* gc.h -- applies checkpoints.keep to the runs that are done.
 *
 * Nothing that a resume or an evaluation needs is removed:
 *   1. Of a run that is not done: nothing.
 *   2. Of a run with a checkpoint that is missing or damaged: nothing, for making it again may
 *      take any state.
 *   3. A checkpoint with an open evaluation (gc_is_needed) keeps its weights.
 *   4. manifest.json stays, and in the catalog every row: losses, observations, fits.
 *
 * Of one run, in this order:
 *   0. states and leftovers go, which nobody has on record: on a full disk that makes the room for
 *      what follows;
 *   a. removed.json is written beside each manifest, durably;
 *   b. the rows of these checkpoints become `removed`, in one transaction;
 *   c. their files are deleted.
 * Killed at any moment, every reader finds a state that it understands:
 *   between a and b   all files are there.  The catalog says complete, and verify agrees; reindex
 *                     and the worker go by removed.json.  The next gc decides anew: it goes on,
 *                     or takes removed.json back if the rule has changed.
 *   between b and c   the catalog says removed: verify and fit look no more, and the next gc
 *                     deletes what removed.json names and is still there.
 * The other way round, c before b, verify would find files missing of a checkpoint that the
 * catalog has as complete, and the run would be trained again.
 *
 * The caller holds the study's lock; gc takes each run's lock as well, against a worker that
 * somebody started by hand.
 */
#ifndef CATALOG_GC_H
#define CATALOG_GC_H

#include "catalog/catalog.h"
#include "catalog/evaluation.h"
#include "catalog/gc_files.h"
#include "catalog/keep.h"
#include "catalog/run.h"

enum { GC_WHY_BYTES = 1024 };

/* What became of one run. */
typedef struct GcRun {
    const CatalogRun *run;
    Keep keep;              /* in force */
    GcCount count;          /* removed, or with is_dry to be removed */
    char why[GC_WHY_BYTES]; /* nothing was: the reason; else "" */
    bool is_trouble;        /* and the reason is one to look at */
} GcRun;

typedef void (*GcReport)(void *ctx, const GcRun *r);

typedef struct GcOptions {
    const char *study_dir;
    const Keep *keep; /* instead of what each run's row says of checkpoints.keep; NULL: that */
    int64_t run_id;   /* of this run only; -1: of all */
    bool is_dry;      /* changes nothing; the catalog may be read-only */
    bool only_states; /* step 0 alone, which writes nothing; the catalog may be read-only */
    GcReport report;  /* after each run; may be NULL */
    void *ctx;
} GcOptions;

typedef struct GcTotals {
    GcCount count;
    int64_t runs;    /* of which anything was removed */
    int64_t trouble; /* that were left alone for a reason to look at */
} GcTotals;

/* Runs in the study's order.  A run that cannot be tidied for its own reasons is reported and does
 * not stop the others.  ERR_DB, ERR_IO, ERR_NOMEM. */
ErrCode catalog_gc(Catalog *c, const GcOptions *o, GcTotals *ret, Err *err);

/* Some task of the JSON array `tasks` (NULL: none) has no row among the run's evaluations at this
 * step: the weights are needed to score it. */
bool gc_is_needed(const json_t *tasks, const CatalogEvaluation *list, size_t n, int64_t step);

#endif

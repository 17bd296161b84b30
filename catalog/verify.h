/* verify.h -- are the checkpoints on disk the bytes that were written?
 *
 * For every checkpoint that was not removed: manifest.json exists and has the
 * catalog's digest, and every file that it lists has its size and its XXH3-128.
 * The catalog's states are brought up to date: complete, missing or corrupt, so
 * that a file that was restored from a backup counts again; and what is bad gets
 * damaged.json beside it (record.h), which goes when it is found whole, so that workers
 * and reindex know it, too.  The caller holds the study's lock, or gives a catalog that was
 * opened for reading: then nothing is marked.
 */
#ifndef CATALOG_VERIFY_H
#define CATALOG_VERIFY_H

#include <stdint.h>

#include "catalog/catalog.h"
#include "catalog/checkpoint.h"
#include "catalog/run.h"

enum { VERIFY_WHY_BYTES = 512 };

/* One checkpoint's bytes against `digest` and its manifest; *ret_state is complete,
 * missing or corrupt and `why` says what is wrong (empty when nothing is).  ret_bytes
 * (may be NULL): bytes read.  ERR_IO only when a file that exists cannot be read. */
ErrCode verify_checkpoint(const char *checkpoint_dir, const char *digest,
                          CatalogCheckpointState *ret_state, char why[VERIFY_WHY_BYTES],
                          int64_t *ret_bytes, Err *err);

typedef struct VerifyTotals {
    int64_t good, missing, corrupt; /* checkpoints */
    int64_t changed;                /* whose state in the catalog was another */
    int64_t marked;                 /* whose state or damaged.json was changed */
    int64_t bytes;                  /* read */
} VerifyTotals;

/* Called for every checkpoint as it is done; `why` is empty for a good one.  Of the run, id, hash,
 * name, dir and state are filled. */
typedef void (*VerifyReport)(void *ctx, const CatalogRun *run, const CatalogCheckpoint *k,
                             CatalogCheckpointState found, const char *why);

/* All runs (run_id < 0) or one.  A read-only catalog, and the files, are left
 * as they are.  report may be
 * NULL.  ERR_IO, ERR_DB. */
ErrCode catalog_verify(Catalog *c, const char *study_dir, int64_t run_id, VerifyReport report,
                       void *ctx, VerifyTotals *ret, Err *err);

#endif

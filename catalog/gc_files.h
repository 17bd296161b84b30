/* gc_files.h -- what gc removes of a run's folder.  Private to catalog.
 *
 * Every function counts what it removes, or with is_dry what it would remove, in the same way.
 * Whatever is gone already is no error: a gc that was killed may have removed it.
 */
#ifndef CATALOG_GC_FILES_H
#define CATALOG_GC_FILES_H

#include <stdbool.h>
#include <stdint.h>

#include "catalog/checkpoint.h"
#include "catalog/keep.h"
#include "common/err.h"

typedef struct GcCount {
    int64_t checkpoints; /* whose weights go */
    int64_t states;
    int64_t leftovers; /* temporary files, folders without a seal */
    int64_t bytes;     /* of all files that go */
} GcCount;

typedef struct GcFiles {
    const char *run_dir; /* whole path */
    bool is_dry;
    GcCount count;
} GcFiles;

/* The manifest of the checkpoint is the one that the catalog knows.  ERR_FORMAT if not. */
ErrCode gc_check_manifest(const GcFiles *f, const CatalogCheckpoint *k, Err *err);

/* Has removed.json already. */
bool gc_is_announced(const GcFiles *f, const CatalogCheckpoint *k);

/* Writes removed.json, durably: {"schema":1,"rule","files":{...}}, the files of the manifest.
 * ERR_FORMAT, ERR_IO. */
ErrCode gc_announce(const GcFiles *f, const CatalogCheckpoint *k, Keep keep, Err *err);

/* Takes removed.json away again, before any file went. */
ErrCode gc_take_back(const GcFiles *f, const CatalogCheckpoint *k, Err *err);

/* Deletes the files that removed.json names (a dry run: the manifest).  ERR_FORMAT, ERR_IO. */
ErrCode gc_delete_weights(GcFiles *f, const CatalogCheckpoint *k, Err *err);

/* Deletes all states but the newest `kept`; of each its seal first, so that a half-deleted one
 * counts as none.  ERR_IO. */
ErrCode gc_delete_states(GcFiles *f, int64_t kept, Err *err);

/* Temporary files anywhere in the run's folder, and checkpoint folders without a manifest. */
ErrCode gc_delete_leftovers(GcFiles *f, Err *err);

/* Temporary files of a folder itself that nobody has touched for an hour. */
ErrCode gc_delete_old_leftovers(GcFiles *f, Err *err);

#endif

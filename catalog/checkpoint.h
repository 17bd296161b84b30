/* checkpoint.h -- the checkpoints of a run: one row a step. */
#ifndef CATALOG_CHECKPOINT_H
#define CATALOG_CHECKPOINT_H

#include <stddef.h>
#include <stdint.h>

#include "catalog/catalog.h"
#include "common/arena.h"
#include "common/clock.h"

typedef enum CatalogCheckpointState {
    CATALOG_CHECKPOINT_COMPLETE,
    CATALOG_CHECKPOINT_MISSING, /* verify found no folder or a file of it absent */
    CATALOG_CHECKPOINT_CORRUPT, /* verify found other bytes than were written */
    CATALOG_CHECKPOINT_REMOVED, /* by the retention rule; its losses stay */
    CATALOG_N_CHECKPOINT_STATES,
} CatalogCheckpointState;

const char *catalog_checkpoint_state_name(CatalogCheckpointState s);
bool catalog_checkpoint_state_parse(const char *name, CatalogCheckpointState *ret);

typedef struct CatalogCheckpoint {
    int64_t run_id, step, attempt;
    int64_t tokens;   /* D seen [tokens] */
    const char *path; /* relative to the run's folder */
    int64_t bytes;
    const char *digest; /* XXH3-128 of manifest.json */
    double train_loss;  /* [nats/token], mean since the checkpoint before; may be NaN or infinite */
    CatalogCheckpointState state;
    UnixMs created_ms;
} CatalogCheckpoint;

/* A checkpoint was written: adds or replaces the row of (run, step), unless a later attempt wrote it. */
ErrCode catalog_checkpoint_upsert(Catalog *c, const CatalogCheckpoint *k, Err *err);

/* The event (checkpoint_state.h) that brings the checkpoint to this state.  ERR_NOTFOUND when
 * there is no such row; ERR_CONFLICT when a checkpoint in its state cannot get there. */
ErrCode catalog_checkpoint_set_state(Catalog *c, int64_t run_id, int64_t step,
                                     CatalogCheckpointState state, Err *err);

/* The checkpoints of one run, by step. */
ErrCode catalog_checkpoint_list(Catalog *c, int64_t run_id, Arena *a, CatalogCheckpoint **ret,
                                size_t *ret_n, Err *err);

/* Newest step of the run whose checkpoint was completed, 0 when there is none; and how many were.
 * One whose weights gc removed was. */
ErrCode catalog_checkpoint_progress(Catalog *c, int64_t run_id, int64_t *ret_step,
                                    int64_t *ret_complete, Err *err);

/* How many checkpoints of the run were found missing or corrupt. */
ErrCode catalog_checkpoint_count_bad(Catalog *c, int64_t run_id, int64_t *ret, Err *err);

#endif

/* checkpoint_state.h -- the life of a checkpoint in the catalog, as a table.
 *
 * Every writer goes through it: catalog_checkpoint_upsert() is `write`, which is drawn from
 * every state; catalog_checkpoint_set_state() is the other events.  The drawing and the invariants are at the top
 * of checkpoint_state.c; what is not drawn there is an error, not a silent overwrite.
 */
#ifndef CATALOG_CHECKPOINT_STATE_H
#define CATALOG_CHECKPOINT_STATE_H

#include "catalog/checkpoint.h"
#include "common/err.h"

typedef enum CheckpointEvent {
    CHECKPOINT_WRITE,     /* a worker made it, or made it again */
    CHECKPOINT_FIND_GOOD, /* verify or reindex: every byte is as it was written */
    CHECKPOINT_FIND_GONE, /* verify or reindex: its folder or a file of it is not there */
    CHECKPOINT_FIND_BAD,  /* verify or reindex: other bytes than were written */
    CHECKPOINT_REMOVE,    /* gc, or reindex at the sight of removed.json */
    N_CHECKPOINT_EVENTS,
} CheckpointEvent;

const char *checkpoint_event_name(CheckpointEvent e); /* "write", "find-good", ... */

/* ERR_CONFLICT: a checkpoint in `from` has no such event. */
ErrCode checkpoint_state_next(CatalogCheckpointState from, CheckpointEvent event,
                              CatalogCheckpointState *ret, Err *err);

/* The event that ends in `to` without a write; of `complete` that is find-good. */
CheckpointEvent checkpoint_event_to(CatalogCheckpointState to);

#endif

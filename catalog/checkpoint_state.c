/* The life of a checkpoint, as the catalog has it.
 *
 *                      +------------------- write -------------------------+
 *                      v                                                   |
 *     (none) --write--> complete --find-bad--> corrupt --remove--> removed-+
 *                      ^  |    ^                | ^  ^                ^
 *                      |  |    +---find-good----+ |  |                |
 *                      |  +-----------------------|--|--- remove -----+
 *                      |  |             find-gone |  | find-bad
 *                      |  +--find-gone------> missing
 *                      +--find-good, write------+
 *
 *     An event that finds what was known already changes nothing: find-good of a complete one,
 *     find-bad of a corrupt, find-gone of a missing, remove of a removed one.
 *
 * Invariants:
 *   (1) a row is made by `write` alone, and only after the manifest is durable (the worker says
 *       so in an event; reindex reads it from the manifest itself);
 *   (2) `missing` and `corrupt` come from looking at the files, never from a guess, and leave
 *       damaged.json beside them while there is a folder: so reindex knows, too;
 *   (3) `removed` is decided by gc, and removed.json is durable before the row says so;
 *   (4) what is `missing` cannot be removed: its run will make it again, and gc leaves such a
 *       run alone;
 *   (5) a `removed` checkpoint is not looked for: it is neither good, gone nor bad, and only
 *       training its run again brings it back;
 *   (6) losses, evaluations and metrics do not depend on the state: they stay in every one.
 *
 * Transitions and who makes them:
 *   write                        catalog_checkpoint_upsert, from ingest.c and reindex_run.c
 *   find-good, find-gone, find-bad   catalog_checkpoint_set_state, from verify.c, reindex_run.c
 *   remove                       catalog_checkpoint_set_state, from gc.c and reindex_run.c
 */
#include "catalog/checkpoint_state.h"

enum { NONE = -1 }; /* not drawn */

enum {
    COMPLETE = CATALOG_CHECKPOINT_COMPLETE,
    MISSING = CATALOG_CHECKPOINT_MISSING,
    CORRUPT = CATALOG_CHECKPOINT_CORRUPT,
    REMOVED = CATALOG_CHECKPOINT_REMOVED
};

static const int edge[CATALOG_N_CHECKPOINT_STATES][N_CHECKPOINT_EVENTS] = {
    /*            write     find-good find-gone find-bad remove */
    [COMPLETE] = {COMPLETE, COMPLETE, MISSING, CORRUPT, REMOVED},
    [MISSING] = {COMPLETE, COMPLETE, MISSING, CORRUPT, NONE},
    [CORRUPT] = {COMPLETE, COMPLETE, MISSING, CORRUPT, REMOVED},
    [REMOVED] = {COMPLETE, NONE, NONE, NONE, REMOVED},
};

const char *checkpoint_event_name(CheckpointEvent e)
{
    static const char *const name[N_CHECKPOINT_EVENTS] = {
        [CHECKPOINT_WRITE] = "write",         [CHECKPOINT_FIND_GOOD] = "find-good",
        [CHECKPOINT_FIND_GONE] = "find-gone", [CHECKPOINT_FIND_BAD] = "find-bad",
        [CHECKPOINT_REMOVE] = "remove",
    };
    return name[e];
}

ErrCode checkpoint_state_next(CatalogCheckpointState from, CheckpointEvent event,
                              CatalogCheckpointState *ret, Err *err)
{
    int to = edge[from][event];
    if (to == NONE) {
        return err_set(err, ERR_CONFLICT, "a checkpoint that is %s has no event %s",
                       catalog_checkpoint_state_name(from), checkpoint_event_name(event));
    }
    *ret = (CatalogCheckpointState)to;
    return ERR_OK;
}

CheckpointEvent checkpoint_event_to(CatalogCheckpointState to)
{
    static const CheckpointEvent event[CATALOG_N_CHECKPOINT_STATES] = {
        [COMPLETE] = CHECKPOINT_FIND_GOOD,
        [MISSING] = CHECKPOINT_FIND_GONE,
        [CORRUPT] = CHECKPOINT_FIND_BAD,
        [REMOVED] = CHECKPOINT_REMOVE,
    };
    return event[to];
}

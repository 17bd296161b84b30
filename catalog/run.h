/* run.h -- the runs of a study: one row a cell of the matrix, named by its hash.
 *
 * Who may change the state is the scheduler's business (orchestrator/sched); the
 * catalog stores it.  A run that is no longer in the study file is `retired`: its
 * rows stay (if it was ever started), views and totals leave it out, and it comes back by being upserted.
 */
#ifndef CATALOG_RUN_H
#define CATALOG_RUN_H

#include <stddef.h>
#include <stdint.h>

#include "catalog/catalog.h"
#include "common/arena.h"
#include "common/clock.h"

typedef enum CatalogRunState {
    CATALOG_RUN_WAITING,
    CATALOG_RUN_RUNNING,
    CATALOG_RUN_DONE,
    CATALOG_RUN_FAILED,
    CATALOG_RUN_DIVERGED,
    CATALOG_RUN_RETIRED,
    CATALOG_N_RUN_STATES,
} CatalogRunState;

const char *catalog_run_state_name(CatalogRunState s); /* "waiting", ... */
bool catalog_run_state_parse(const char *name, CatalogRunState *ret);

typedef struct CatalogRun {
    int64_t id;       /* the catalog's; upsert ignores it */
    const char *hash; /* 64 hex digits */
    const char *name;
    const char *dir; /* runs/<name>-<hash12>, relative to the study's folder */
    const char *architecture, *size;
    int64_t seed;
    const char *axes;     /* this cell's value on every axis, by json_canonical() */
    const char *config;   /* config.json, by json_canonical() */
    int64_t position;     /* in the study's order, from 0 */
    int64_t params;       /* N [parameters] */
    int64_t params_total; /* with embeddings [parameters] */
    int64_t tokens;       /* D of the whole run [tokens] */
    int64_t steps;
    int64_t batch_tokens;                       /* [tokens a step] */
    double flops_6nd, flops_exact, flops_paper; /* per token [FLOP/token] */
    int64_t checkpoints;                        /* planned */
    CatalogRunState state;                      /* upsert ignores it, reason and updated_ms */
    const char *reason;                         /* NULL when there is none */
    UnixMs updated_ms;
} CatalogRun;

/* Adds the run as `waiting`, or updates what the study file says of it and keeps its
 * state.  A retired run comes back as `done` if its last step's checkpoint is
 * complete or was removed, else as `waiting`.  ERR_CONFLICT when another run has the same dir. */
ErrCode catalog_run_upsert(Catalog *c, const CatalogRun *r, UnixMs now, int64_t *ret_id, Err *err);

/* The same for a run that had the id r->id in the catalog before (0: unknown, any will do).
 * ERR_CONFLICT also when another run has that id. */
ErrCode catalog_run_restore(Catalog *c, const CatalogRun *r, UnixMs now, int64_t *ret_id, Err *err);

/* reason may be NULL.  ERR_NOTFOUND for an unknown id. */
ErrCode catalog_run_set_state(Catalog *c, int64_t id, CatalogRunState state, const char *reason,
                              UnixMs now, Err *err);

/* Retires every run whose id is not among keep[n]; one that was never started has nothing to
 * be kept, and its row goes.  ret_n (may be NULL): how many were
 * retired now. */
ErrCode catalog_run_retire_others(Catalog *c, const int64_t *keep, size_t n, UnixMs now,
                                  int64_t *ret_n, Err *err);

/* All runs in the study's order, the retired ones last. */
ErrCode catalog_run_list(Catalog *c, Arena *a, CatalogRun **ret, size_t *ret_n, Err *err);

/* By whole name, whole folder name, or a prefix of the hash of at least 4 digits.
 * ERR_NOTFOUND with the nearest name as the hint; ERR_INVALID when several match: the
 * hint lists them. */
ErrCode catalog_run_find(Catalog *c, const char *text, Arena *a, CatalogRun *ret, Err *err);

#endif

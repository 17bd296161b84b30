/* run_status.h -- where every run stands, and the study's totals.
 *
 * Progress is counted in work, not in runs: FLOPs done over FLOPs planned, with
 * the exact convention, since a small run's step costs a thousandth of a large
 * one's.
 */
#ifndef ORCHESTRATOR_CATALOG_RUN_STATUS_H
#define ORCHESTRATOR_CATALOG_RUN_STATUS_H

#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "orchestrator/catalog/catalog.h"
#include "orchestrator/catalog/run.h"

typedef struct CatalogRunStatus {
    int64_t id;
    const char *hash, *name, *dir, *architecture, *size;
    int64_t seed;
    CatalogRunState state;
    const char *reason; /* NULL when there is none */
    int64_t params, tokens, steps;
    double flops_exact;      /* [FLOP/token] */
    int64_t step;            /* newest reported step; 0 before the first */
    double train_loss;       /* of that step; NaN when there is none or it is NaN */
    double tokens_per_s;     /* of that step; NaN when unknown */
    int64_t complete;        /* complete checkpoints (removed ones count) */
    int64_t planned;         /* planned checkpoints */
    int64_t validation_step; /* newest with a validation loss; 0 when there is none */
    double validation_loss;  /* NaN when there is none */
    double bits_per_byte;    /* NaN when there is none */
    int64_t attempts;        /* how many; the newest is number attempts - 1 */
    int64_t threads;         /* of the newest attempt; 0 until its hello */
    const char *cores;       /* "0,2-3": where alone it runs; NULL: anywhere */
    int64_t tokens_seen;     /* [tokens]; all of them once the run is done */
} CatalogRunStatus;

/* Every run that is not retired, in the study's order. */
ErrCode catalog_run_status_list(Catalog *c, Arena *a, CatalogRunStatus **ret, size_t *ret_n,
                                Err *err);

typedef struct CatalogTotals {
    int64_t runs, by_state[CATALOG_N_RUN_STATES];
    int64_t checkpoints_complete, checkpoints_planned;
    double flops_done, flops_planned; /* exact convention [FLOP] */
    double progress;                  /* flops_done / flops_planned; 0 without runs */
    double flops_per_s;               /* of the running runs together; 0 when unknown */
    double
        eta_s; /* work left of waiting and running runs over that; NaN when unknown, 0 when none is left */
} CatalogTotals;

/* Sums of a list; no database. */
CatalogTotals catalog_totals(const CatalogRunStatus *list, size_t n);

#endif

/* run_status.h -- where every run stands, and the study's totals.
 *
 * All of it comes from the table `progress` (one narrow row a run, kept by triggers:
 * schemas/catalog/0003_progress.sql), so that its cost does not depend on how many
 * metrics and checkpoints there are.
 *
 * Progress is counted in work, not in runs: FLOPs done over FLOPs planned, with
 * the exact convention, since a small run's step costs a thousandth of a large
 * one's.
 */
#ifndef CATALOG_RUN_STATUS_H
#define CATALOG_RUN_STATUS_H

#include <stddef.h>
#include <stdint.h>

#include "catalog/catalog.h"
#include "catalog/run.h"
#include "common/arena.h"

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
    int64_t attempts;        /* how many */
    int64_t newest_attempt;  /* its number; -1 before the first */
    int64_t threads;         /* of the newest attempt; 0 until its hello */
    const char *cores;       /* "0,2-3": where alone it runs; NULL: anywhere */
    int64_t tokens_seen;     /* [tokens]; all of them once the run is done */
} CatalogRunStatus;

typedef struct CatalogRunFilter {
    unsigned states; /* bits 1u << CatalogRunState; 0: all but retired */
    const char *const *architectures;
    size_t n_architectures; /* 0: all */
    size_t limit;           /* at most so many, the first in the study's order; 0: all */
} CatalogRunFilter;

/* Called for a row; its strings live until the call returns.  An error ends the walk and is
 * returned.  It may read the catalog, not change it. */
typedef ErrCode (*CatalogRunStatusFn)(void *ctx, const CatalogRunStatus *s, Err *err);

/* The runs that pass the filter (NULL: all but the retired ones), in the study's order, one
 * at a time: memory does not grow with their number.  ERR_DB, fn's. */
ErrCode catalog_run_status_each(Catalog *c, const CatalogRunFilter *filter, CatalogRunStatusFn fn,
                                void *ctx, Err *err);

/* The same as an array. */
ErrCode catalog_run_status_select(Catalog *c, const CatalogRunFilter *filter, Arena *a,
                                  CatalogRunStatus **ret, size_t *ret_n, Err *err);

/* Every run that is not retired, in the study's order. */
ErrCode catalog_run_status_list(Catalog *c, Arena *a, CatalogRunStatus **ret, size_t *ret_n,
                                Err *err);

/* What a scheduler needs to know a study again: all runs, retired ones too, by position and id,
 * from an index and `progress` alone (no configuration is read). */
typedef struct CatalogRunIndex {
    int64_t id;
    const char *hash; /* until the call returns */
    CatalogRunState state;
    int64_t position;
    int64_t next_attempt; /* 0 for the first */
} CatalogRunIndex;

typedef ErrCode (*CatalogRunIndexFn)(void *ctx, const CatalogRunIndex *r, Err *err);
ErrCode catalog_run_index_each(Catalog *c, CatalogRunIndexFn fn, void *ctx, Err *err);

enum { CATALOG_WHY_BYTES = 512 };

/* Why the run is not at work, for people: "never started", "interrupted at step 40", or its
 * reason; "" for one that runs or is done. */
const char *catalog_run_why(const CatalogRunStatus *s, char out[CATALOG_WHY_BYTES]);

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

/* The same sums over all runs that are not retired, from `progress` alone. */
ErrCode catalog_totals_read(Catalog *c, CatalogTotals *ret, Err *err);

#endif

/* metric.h -- what training steps reported: one row a reported step of a run. */
#ifndef CATALOG_METRIC_H
#define CATALOG_METRIC_H

#include <stddef.h>
#include <stdint.h>

#include "catalog/catalog.h"
#include "common/arena.h"

typedef struct CatalogMetric {
    int64_t run_id, step, attempt;
    int64_t tokens;      /* D seen after this step [tokens] */
    double loss;         /* of this step's batch [nats/token]; may be NaN or infinite */
    double grad_norm;    /* before clipping; NaN when not finite or unknown */
    double lr;           /* finite */
    double tokens_per_s; /* NaN when unknown */
} CatalogMetric;

/* Adds or replaces the row of (run, step), unless a later attempt wrote it. */
ErrCode catalog_metric_upsert(Catalog *c, const CatalogMetric *m, Err *err);

/* The same in two steps, for many rows of a run in one transaction: put each row, then note once
 * the one of the highest step among those that were stored, so that `progress` knows it.
 * *ret_stored is false for a row that a later attempt wrote. */
ErrCode catalog_metric_put(Catalog *c, const CatalogMetric *m, bool *ret_stored, Err *err);
ErrCode catalog_metric_note(Catalog *c, const CatalogMetric *m, Err *err);

/* The newest n rows of a run, oldest first. */
ErrCode catalog_metric_tail(Catalog *c, int64_t run_id, int64_t n, Arena *a, CatalogMetric **ret,
                            size_t *ret_n, Err *err);

#endif

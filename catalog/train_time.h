/* train_time.h -- how long runs trained up to each checkpoint.
 *
 * seconds = sum over the reported steps up to it of (tokens since the report before) / tokens_per_s, the
 * time of forward, backward and update alone: not of evaluating, writing checkpoints, or waiting.  A step
 * that a later attempt trained again has one row (the later one's), so nothing counts twice.  Between two
 * reports the rate is the later one's; after the last, the last one's.
 */
#ifndef CATALOG_TRAIN_TIME_H
#define CATALOG_TRAIN_TIME_H

#include <stdint.h>

#include "catalog/catalog.h"
#include "common/arena.h"

typedef struct CatalogTrainTime {
    const char *run; /* 64 hex digits */
    int64_t step;
    double tokens;
    double seconds;      /* NaN: no step up to here says how fast it was */
    double core_seconds; /* times the attempt's threads; NaN: unknown */
} CatalogTrainTime;

/* Every checkpoint of every run that is not retired, by run, then step.  ERR_DB, ERR_NOMEM. */
ErrCode catalog_train_time_list(Catalog *c, Arena *a, CatalogTrainTime **ret, size_t *ret_n,
                                Err *err);

/* By the digits of the runs, then step: the order in which catalog_train_time_find() looks. */
void catalog_train_time_sort(CatalogTrainTime *t, size_t n);
/* The checkpoint of a run at a step, in a sorted list; NULL when it has none. */
const CatalogTrainTime *catalog_train_time_find(const CatalogTrainTime *t, size_t n,
                                                const char *run, int64_t step);

#endif

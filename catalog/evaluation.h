/* evaluation.h -- tasks scored on checkpoints: one row a (run, step, task). */
#ifndef CATALOG_EVALUATION_H
#define CATALOG_EVALUATION_H

#include <stddef.h>
#include <stdint.h>

#include "catalog/catalog.h"
#include "common/arena.h"

typedef struct CatalogEvaluation {
    int64_t run_id, step;
    const char *task; /* "validation" */
    int64_t attempt;
    int64_t tokens;       /* D seen by the checkpoint [tokens] */
    double loss;          /* [nats/token]; may be NaN or infinite */
    double bits_per_byte; /* NaN when not finite or unknown */
    int64_t items;        /* predicted tokens */
} CatalogEvaluation;

/* Adds or replaces the row of (run, step, task), unless a later attempt wrote it. */
ErrCode catalog_evaluation_upsert(Catalog *c, const CatalogEvaluation *e, Err *err);

/* The evaluations of one run, by step and task. */
ErrCode catalog_evaluation_list(Catalog *c, int64_t run_id, Arena *a, CatalogEvaluation **ret,
                                size_t *ret_n, Err *err);

#endif

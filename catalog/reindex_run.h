/* reindex_run.h -- one run's rows from its folder; private to reindex.c. */
#ifndef CATALOG_REINDEX_RUN_H
#define CATALOG_REINDEX_RUN_H

#include "catalog/catalog.h"
#include "catalog/reindex.h"
#include "catalog/run.h"
#include "common/arena.h"

typedef struct Reindex {
    Catalog *c; /* the new catalog, in a transaction */
    const char *study_dir;
    ReindexReport report;
    void *ctx;
    ReindexTotals totals;
} Reindex;

/* Reports one sentence. */
void reindex_say(const Reindex *x, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The same, and counts it as a problem. */
void reindex_problem(Reindex *x, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Adds run, attempts, events and checkpoints of x->study_dir/r->dir. */
ErrCode reindex_run(Reindex *x, const CatalogRun *r, Err *err);

#endif

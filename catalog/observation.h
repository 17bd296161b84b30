/* observation.h -- what laws are fitted to: the rows of the view `observation`.
 *
 * One row per evaluation with a finite loss of a checkpoint that is complete (or
 * was, and was removed by the retention rule), of runs that are not retired.
 * Order: the study's order of runs, then task, then step.
 */
#ifndef CATALOG_OBSERVATION_H
#define CATALOG_OBSERVATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "catalog/catalog.h"
#include "catalog/run.h"
#include "common/arena.h"

typedef struct CatalogObservation {
    const char *run; /* 64 hex digits */
    const char *name, *architecture, *size;
    int64_t seed;
    const char *task;
    int64_t step;
    double n, n_total;                /* [parameters] */
    double d;                         /* [tokens] */
    double c_6nd, c_exact, c_paper;   /* [FLOP] */
    double loss;                      /* [nats/token] */
    double bits_per_byte, train_loss; /* NaN when there is none */
    CatalogRunState state;
    bool is_final; /* of the run's last step */
} CatalogObservation;

ErrCode catalog_observation_list(Catalog *c, Arena *a, CatalogObservation **ret, size_t *ret_n,
                                 Err *err);

#endif

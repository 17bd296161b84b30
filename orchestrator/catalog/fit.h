/* fit.h -- laws fitted to the study, newest last.  The one table that files cannot
 * rebuild: reindex copies it from the old catalog when that can still be read. */
#ifndef ORCHESTRATOR_CATALOG_FIT_H
#define ORCHESTRATOR_CATALOG_FIT_H

#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/clock.h"
#include "orchestrator/catalog/catalog.h"

typedef struct CatalogFit {
    int64_t id; /* the catalog's; add ignores it */
    UnixMs created_ms;
    const char *law;
    const char *group;
    const char *result; /* JSON text: one element of "fits" of `slaw fit --json` */
} CatalogFit;

ErrCode catalog_fit_add(Catalog *c, const CatalogFit *f, int64_t *ret_id, Err *err);
ErrCode catalog_fit_list(Catalog *c, Arena *a, CatalogFit **ret, size_t *ret_n, Err *err);

#endif

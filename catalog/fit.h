/* fit.h -- laws fitted to the study, newest last.  reports/fits.jsonl has them, too
 * (fit_log.h): from there reindex makes them again. */
#ifndef CATALOG_FIT_H
#define CATALOG_FIT_H

#include <stddef.h>
#include <stdint.h>

#include "catalog/catalog.h"
#include "common/arena.h"
#include "common/clock.h"

typedef struct CatalogFit {
    int64_t id; /* the catalog's; 0: the next one */
    UnixMs created_ms;
    const char *law;
    const char *group;
    const char *result; /* JSON text: one element of "fits" of `slaw fit --json` */
} CatalogFit;

/* With the id f->id if that is above 0: ERR_CONFLICT when another fit has it. */
ErrCode catalog_fit_add(Catalog *c, const CatalogFit *f, int64_t *ret_id, Err *err);
ErrCode catalog_fit_list(Catalog *c, Arena *a, CatalogFit **ret, size_t *ret_n, Err *err);

#endif

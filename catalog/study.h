/* study.h -- the catalog's one row about the study itself. */
#ifndef CATALOG_STUDY_H
#define CATALOG_STUDY_H

#include "catalog/catalog.h"
#include "common/arena.h"
#include "common/clock.h"

typedef struct CatalogStudy {
    const char *name;
    const char *source_path;   /* NULL when unknown */
    const char *source_sha256; /* of the study file as last run; NULL when unknown */
    const char *resolved;      /* with units expanded and defaults filled, by json_canonical() */
    const char *slaw_version;
    UnixMs created_ms, updated_ms; /* put() ignores both */
} CatalogStudy;

/* Writes the row; an existing one is replaced and keeps its created_ms.  ERR_DB. */
ErrCode catalog_study_put(Catalog *c, const CatalogStudy *s, UnixMs now, Err *err);

/* ERR_NOTFOUND while there is none. */
ErrCode catalog_study_get(Catalog *c, Arena *a, CatalogStudy *ret, Err *err);

#endif

/* rows.h -- the rows of a query as an array in an arena.
 *
 *   Rows rows = {.arena = a, .size = sizeof(CatalogFit)};
 *   for (CatalogFit *f; (f = rows_next(&rows, &q)) != NULL;) { ... read columns into *f ... }
 *   ErrCode rc = stmt_finish(&q, err);      then rows.data, rows.n
 */
#ifndef CATALOG_ROWS_H
#define CATALOG_ROWS_H

#include <stddef.h>

#include "catalog/stmt.h"
#include "common/arena.h"

typedef struct Rows {
    Arena *arena;
    void *data; /* [n] elements of `size` bytes, room for cap */
    size_t n, cap, size;
} Rows;

/* A zeroed element at the end, or NULL without memory.  Earlier pointers into data end. */
void *rows_add(Rows *r);

/* Steps q and gives a zeroed element for its row, or NULL at the end or on a failure
 * (which stmt_finish() reports).  Earlier pointers into data end. */
void *rows_next(Rows *r, Stmt *q);

#endif

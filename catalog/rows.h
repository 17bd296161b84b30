/* rows.h -- the rows of a query as an array in an arena.
 *
 *   Rows rows = {.arena = a, .size = sizeof(CatalogFit)};
 *   for (CatalogFit *f; (f = rows_next(&rows, &q)) != NULL;) { ... read columns into *f ... }
 *   return rows_finish(&rows, &q, ret, ret_n, err);
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

/* Finishes q; on success *ret, a pointer to elements, is data and *ret_n is n. */
ErrCode rows_finish(const Rows *r, Stmt *q, void *ret, size_t *ret_n, Err *err);

/* Every row of q by a list of members (stmt.h), elements of `size` bytes; finishes q. */
ErrCode rows_read(Stmt *q, Arena *a, const StmtField *field, size_t size, void *ret, size_t *ret_n,
                  Err *err);

#endif

#include "catalog/rows.h"

#include <string.h>

void *rows_add(Rows *r)
{
    if (r->n == r->cap) {
        size_t cap = r->cap > 0 ? 2 * r->cap : 16;
        void *data = arena_array(r->arena, cap, r->size);
        if (!data) {
            return NULL;
        }
        if (r->n > 0) {
            memcpy(data, r->data, r->n * r->size);
        }
        r->data = data;
        r->cap = cap;
    }
    return (char *)r->data + r->n++ * r->size;
}

void *rows_next(Rows *r, Stmt *q)
{
    if (!stmt_row(q)) {
        return NULL;
    }
    void *row = rows_add(r);
    q->is_short = q->is_short || !row;
    return row;
}

ErrCode rows_finish(const Rows *r, Stmt *q, void *ret, size_t *ret_n, Err *err)
{
    ErrCode rc = stmt_finish(q, err);
    if (rc == ERR_OK) {
        memcpy(ret, &r->data, sizeof r->data);
        *ret_n = r->n;
    }
    return rc;
}

ErrCode rows_read(Stmt *q, Arena *a, const StmtField *field, size_t size, void *ret, size_t *ret_n,
                  Err *err)
{
    Rows rows = {.arena = a, .size = size};
    for (void *row; (row = rows_next(&rows, q)) != NULL;) {
        stmt_read_row(q, a, field, row);
    }
    return rows_finish(&rows, q, ret, ret_n, err);
}

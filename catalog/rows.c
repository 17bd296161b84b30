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

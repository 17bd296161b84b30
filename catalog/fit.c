#include "catalog/fit.h"

#include "catalog/rows.h"

ErrCode catalog_fit_add(Catalog *c, const CatalogFit *f, int64_t *ret_id, Err *err)
{
    Stmt q = stmt_kept(&c->stmts, "INSERT INTO fit (id, created_ms, law, group_name, result)"
                                  " VALUES (?5, ?1, ?2, ?3, ?4) RETURNING id");
    stmt_bind_i64(&q, f->created_ms);
    stmt_bind_text(&q, f->law);
    stmt_bind_text(&q, f->group);
    stmt_bind_text(&q, f->result);
    stmt_bind_i64_or_null(&q, f->id, 0);
    int64_t id = stmt_row(&q) ? stmt_col_i64(&q) : 0;
    (void)stmt_step(&q);
    ErrCode rc = stmt_finish(&q, err);
    if (rc == ERR_OK) {
        *ret_id = id;
    }
    return rc;
}

ErrCode catalog_fit_list(Catalog *c, Arena *a, CatalogFit **ret, size_t *ret_n, Err *err)
{
    Rows rows = {.arena = a, .size = sizeof(CatalogFit)};
    Stmt q = stmt_kept(&c->stmts, "SELECT id, created_ms, law, group_name, result FROM fit"
                                  " ORDER BY id");
    for (CatalogFit *f; (f = rows_next(&rows, &q)) != NULL;) {
        f->id = stmt_col_i64(&q);
        f->created_ms = stmt_col_i64(&q);
        f->law = stmt_col_text(&q, a);
        f->group = stmt_col_text(&q, a);
        f->result = stmt_col_text(&q, a);
    }
    ErrCode rc = stmt_finish(&q, err);
    if (rc == ERR_OK) {
        *ret = rows.data;
        *ret_n = rows.n;
    }
    return rc;
}

#include "catalog/fit.h"

#include "catalog/rows.h"

#define STMT_ROW CatalogFit
static const StmtField fields[] = {STMT_FIELD(I64, created_ms),
                                   STMT_FIELD(TEXT, law),
                                   STMT_FIELD(TEXT, group),
                                   STMT_FIELD(TEXT, result),
                                   {STMT_END}};

ErrCode catalog_fit_add(Catalog *c, const CatalogFit *f, int64_t *ret_id, Err *err)
{
    Stmt q = stmt_kept(&c->stmts, "INSERT INTO fit (id, created_ms, law, group_name, result)"
                                  " VALUES (?5, ?1, ?2, ?3, ?4) RETURNING id");
    stmt_bind_row(&q, fields, f);
    stmt_bind_i64_or_null(&q, f->id, 0);
    return stmt_number(&q, 0, ret_id, err);
}

ErrCode catalog_fit_list(Catalog *c, Arena *a, CatalogFit **ret, size_t *ret_n, Err *err)
{
    Rows rows = {.arena = a, .size = sizeof(CatalogFit)};
    Stmt q = stmt_kept(&c->stmts, "SELECT created_ms, law, group_name, result, id FROM fit"
                                  " ORDER BY id");
    for (CatalogFit *f; (f = rows_next(&rows, &q)) != NULL;) {
        stmt_read_row(&q, a, fields, f);
        f->id = stmt_col_i64(&q);
    }
    return rows_finish(&rows, &q, ret, ret_n, err);
}

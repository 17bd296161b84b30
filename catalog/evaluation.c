#include "catalog/evaluation.h"

#include "catalog/rows.h"

ErrCode catalog_evaluation_upsert(Catalog *c, const CatalogEvaluation *e, Err *err)
{
    Stmt q = stmt_kept(
        &c->stmts, "INSERT INTO evaluation (run_id, step, task, attempt, tokens, loss, loss_status,"
                   " bits_per_byte, items) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"
                   " ON CONFLICT (run_id, step, task) DO UPDATE SET attempt = excluded.attempt,"
                   " tokens = excluded.tokens, loss = excluded.loss,"
                   " loss_status = excluded.loss_status, bits_per_byte = excluded.bits_per_byte,"
                   " items = excluded.items WHERE excluded.attempt >= evaluation.attempt");
    stmt_bind_i64(&q, e->run_id);
    stmt_bind_i64(&q, e->step);
    stmt_bind_text(&q, e->task);
    stmt_bind_i64(&q, e->attempt);
    stmt_bind_i64(&q, e->tokens);
    stmt_bind_loss(&q, e->loss);
    stmt_bind_finite(&q, e->bits_per_byte);
    stmt_bind_i64(&q, e->items);
    (void)stmt_step(&q);
    return stmt_finish(&q, err);
}

ErrCode catalog_evaluation_list(Catalog *c, int64_t run_id, Arena *a, CatalogEvaluation **ret,
                                size_t *ret_n, Err *err)
{
    Rows rows = {.arena = a, .size = sizeof(CatalogEvaluation)};
    Stmt q = stmt_kept(&c->stmts, "SELECT run_id, step, task, attempt, tokens, loss, loss_status,"
                                  " bits_per_byte, items FROM evaluation WHERE run_id = ?1"
                                  " ORDER BY step, task");
    stmt_bind_i64(&q, run_id);
    for (CatalogEvaluation *e; (e = rows_next(&rows, &q)) != NULL;) {
        e->run_id = stmt_col_i64(&q);
        e->step = stmt_col_i64(&q);
        e->task = stmt_col_text(&q, a);
        e->attempt = stmt_col_i64(&q);
        e->tokens = stmt_col_i64(&q);
        e->loss = stmt_col_loss(&q);
        e->bits_per_byte = stmt_col_f64(&q);
        e->items = stmt_col_i64(&q);
    }
    ErrCode rc = stmt_finish(&q, err);
    if (rc == ERR_OK) {
        *ret = rows.data;
        *ret_n = rows.n;
    }
    return rc;
}

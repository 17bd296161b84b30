#include "catalog/evaluation.h"

#include "catalog/rows.h"

#define STMT_ROW CatalogEvaluation
static const StmtField fields[] = {
    STMT_FIELD(I64, run_id),           STMT_FIELD(I64, step),   STMT_FIELD(TEXT, task),
    STMT_FIELD(I64, attempt),          STMT_FIELD(I64, tokens), STMT_FIELD(LOSS, loss),
    STMT_FIELD(FINITE, bits_per_byte), STMT_FIELD(I64, items),  {STMT_END}};

ErrCode catalog_evaluation_upsert(Catalog *c, const CatalogEvaluation *e, Err *err)
{
    Stmt q = stmt_kept(
        &c->stmts, "INSERT INTO evaluation (run_id, step, task, attempt, tokens, loss, loss_status,"
                   " bits_per_byte, items) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"
                   " ON CONFLICT (run_id, step, task) DO UPDATE SET attempt = excluded.attempt,"
                   " tokens = excluded.tokens, loss = excluded.loss,"
                   " loss_status = excluded.loss_status, bits_per_byte = excluded.bits_per_byte,"
                   " items = excluded.items WHERE excluded.attempt >= evaluation.attempt");
    stmt_bind_row(&q, fields, e);
    return stmt_run(&q, err);
}

ErrCode catalog_evaluation_list(Catalog *c, int64_t run_id, Arena *a, CatalogEvaluation **ret,
                                size_t *ret_n, Err *err)
{
    Stmt q = stmt_kept(&c->stmts, "SELECT run_id, step, task, attempt, tokens, loss, loss_status,"
                                  " bits_per_byte, items FROM evaluation WHERE run_id = ?1"
                                  " ORDER BY step, task");
    stmt_bind_i64(&q, run_id);
    return rows_read(&q, a, fields, sizeof **ret, ret, ret_n, err);
}

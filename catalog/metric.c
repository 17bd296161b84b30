#include "catalog/metric.h"

#include "catalog/rows.h"

#define STMT_ROW CatalogMetric
static const StmtField metric_fields[] = {STMT_FIELD(I64, run_id),
                                          STMT_FIELD(I64, step),
                                          STMT_FIELD(I64, attempt),
                                          STMT_FIELD(I64, tokens),
                                          STMT_FIELD(LOSS, loss),
                                          STMT_FIELD(FINITE, grad_norm),
                                          STMT_FIELD(F64, lr),
                                          STMT_FIELD(FINITE, tokens_per_s),
                                          {STMT_END}};

ErrCode catalog_metric_put(Catalog *c, const CatalogMetric *m, bool *ret_stored, Err *err)
{
    Stmt q =
        stmt_kept(&c->stmts,
                  "INSERT INTO metric (run_id, step, attempt, tokens, loss, loss_status, grad_norm,"
                  " lr, tokens_per_s) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"
                  " ON CONFLICT (run_id, step) DO UPDATE SET attempt = excluded.attempt,"
                  " tokens = excluded.tokens, loss = excluded.loss,"
                  " loss_status = excluded.loss_status, grad_norm = excluded.grad_norm,"
                  " lr = excluded.lr, tokens_per_s = excluded.tokens_per_s"
                  " WHERE excluded.attempt >= metric.attempt");
    stmt_bind_row(&q, metric_fields, m);
    (void)stmt_step(&q);
    *ret_stored = sqlite3_changes(c->db) > 0;
    return stmt_finish(&q, err);
}

ErrCode catalog_metric_note(Catalog *c, const CatalogMetric *m, Err *err)
{
    Stmt q = stmt_kept(&c->stmts,
                       "UPDATE progress SET step = ?2, tokens = ?3, loss = ?4, tokens_per_s = ?5"
                       " WHERE run_id = ?1 AND step <= ?2");
    stmt_bind_i64(&q, m->run_id);
    stmt_bind_i64(&q, m->step);
    stmt_bind_i64(&q, m->tokens);
    stmt_bind_finite(&q, m->loss);
    stmt_bind_finite(&q, m->tokens_per_s);
    return stmt_run(&q, err);
}

/* Both steps or none, in the caller's transaction or in one of its own. */
ErrCode catalog_metric_upsert(Catalog *c, const CatalogMetric *m, Err *err)
{
    bool is_stored = false;
    ErrCode rc = stmt_exec(c->db, "SAVEPOINT metric", err);
    if (rc != ERR_OK) {
        return rc;
    }
    rc = catalog_metric_put(c, m, &is_stored, err);
    if (rc == ERR_OK && is_stored) {
        rc = catalog_metric_note(c, m, err);
    }
    if (rc == ERR_OK) {
        rc = stmt_exec(c->db, "RELEASE metric", err);
    }
    if (rc != ERR_OK) {
        (void)sqlite3_exec(c->db, "ROLLBACK TO metric; RELEASE metric", NULL, NULL, NULL);
    }
    return rc;
}

ErrCode catalog_metric_tail(Catalog *c, int64_t run_id, int64_t n, Arena *a, CatalogMetric **ret,
                            size_t *ret_n, Err *err)
{
    Stmt q = stmt_kept(&c->stmts, "SELECT * FROM (SELECT run_id, step, attempt, tokens, loss,"
                                  " loss_status, grad_norm, lr, tokens_per_s FROM metric"
                                  " WHERE run_id = ?1 ORDER BY step DESC LIMIT ?2) ORDER BY step");
    stmt_bind_i64(&q, run_id);
    stmt_bind_i64(&q, n);
    return rows_read(&q, a, metric_fields, sizeof **ret, ret, ret_n, err);
}

#include "catalog/checkpoint.h"

#include <inttypes.h>

#include "catalog/checkpoint_state.h"
#include "catalog/rows.h"
#include "common/names.h"

static const char *const state_names[CATALOG_N_CHECKPOINT_STATES] = {
    [CATALOG_CHECKPOINT_COMPLETE] = "complete",
    [CATALOG_CHECKPOINT_MISSING] = "missing",
    [CATALOG_CHECKPOINT_CORRUPT] = "corrupt",
    [CATALOG_CHECKPOINT_REMOVED] = "removed",
};

const char *catalog_checkpoint_state_name(CatalogCheckpointState s)
{
    return state_names[s];
}

bool catalog_checkpoint_state_parse(const char *name, CatalogCheckpointState *ret)
{
    return name_parse(name, state_names, CATALOG_N_CHECKPOINT_STATES, ret);
}

#define STMT_ROW CatalogCheckpoint
static const StmtField fields[] = {
    STMT_FIELD(I64, run_id),
    STMT_FIELD(I64, step),
    STMT_FIELD(I64, attempt),
    STMT_FIELD(I64, tokens),
    STMT_FIELD(TEXT, path),
    STMT_FIELD(I64, bytes),
    STMT_FIELD(TEXT, digest),
    STMT_FIELD(LOSS, train_loss),
    {STMT_NAME, offsetof(CatalogCheckpoint, state), state_names, CATALOG_N_CHECKPOINT_STATES},
    STMT_FIELD(I64, created_ms),
    {STMT_END}};

ErrCode catalog_checkpoint_upsert(Catalog *c, const CatalogCheckpoint *k, Err *err)
{
    Stmt q =
        stmt_kept(&c->stmts,
                  "INSERT INTO checkpoint (run_id, step, attempt, tokens, path, bytes, digest,"
                  " train_loss, train_loss_status, state, created_ms)"
                  " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"
                  " ON CONFLICT (run_id, step) DO UPDATE SET attempt = excluded.attempt,"
                  " tokens = excluded.tokens, path = excluded.path, bytes = excluded.bytes,"
                  " digest = excluded.digest, train_loss = excluded.train_loss,"
                  " train_loss_status = excluded.train_loss_status, state = excluded.state,"
                  " created_ms = excluded.created_ms WHERE excluded.attempt >= checkpoint.attempt");
    stmt_bind_row(&q, fields, k);
    return stmt_run(&q, err);
}

static ErrCode read_state(Catalog *c, int64_t run_id, int64_t step, CatalogCheckpointState *ret,
                          Err *err)
{
    Stmt q = stmt_kept(&c->stmts, "SELECT state FROM checkpoint WHERE run_id = ?1 AND step = ?2");
    stmt_bind_i64(&q, run_id);
    stmt_bind_i64(&q, step);
    bool found = stmt_row(&q);
    if (found) {
        (void)catalog_checkpoint_state_parse(stmt_col_view(&q), ret); /* the column has a CHECK */
    }
    ErrCode rc = stmt_finish(&q, err);
    if (rc == ERR_OK && !found) {
        rc = err_set(err, ERR_NOTFOUND,
                     "the catalog has no checkpoint of run %" PRId64 " at step %" PRId64, run_id,
                     step);
    }
    return rc;
}

ErrCode catalog_checkpoint_set_state(Catalog *c, int64_t run_id, int64_t step,
                                     CatalogCheckpointState state, Err *err)
{
    CatalogCheckpointState from = CATALOG_CHECKPOINT_COMPLETE, to = state;
    ErrCode rc = read_state(c, run_id, step, &from, err);
    if (rc == ERR_OK) {
        rc = checkpoint_state_next(from, checkpoint_event_to(state), &to, err);
    }
    if (rc != ERR_OK || from == to) {
        return rc == ERR_CONFLICT ? err_wrap(err, "run %" PRId64 ", step %" PRId64, run_id, step)
                                  : rc;
    }
    Stmt q =
        stmt_kept(&c->stmts, "UPDATE checkpoint SET state = ?3 WHERE run_id = ?1 AND step = ?2");
    stmt_bind_i64(&q, run_id);
    stmt_bind_i64(&q, step);
    stmt_bind_text(&q, catalog_checkpoint_state_name(to));
    return stmt_run(&q, err);
}

ErrCode catalog_checkpoint_list(Catalog *c, int64_t run_id, Arena *a, CatalogCheckpoint **ret,
                                size_t *ret_n, Err *err)
{
    Stmt q =
        stmt_kept(&c->stmts, "SELECT run_id, step, attempt, tokens, path, bytes, digest,"
                             " train_loss, train_loss_status, state, created_ms FROM checkpoint"
                             " WHERE run_id = ?1 ORDER BY step");
    stmt_bind_i64(&q, run_id);
    return rows_read(&q, a, fields, sizeof **ret, ret, ret_n, err);
}

ErrCode catalog_checkpoint_progress(Catalog *c, int64_t run_id, int64_t *ret_step,
                                    int64_t *ret_complete, Err *err)
{
    Stmt q =
        stmt_kept(&c->stmts, "SELECT CASE WHEN removed = 0 THEN complete_step ELSE"
                             "  (SELECT max(c.step) FROM checkpoint c WHERE c.run_id = ?1"
                             "   AND c.state IN ('complete', 'removed')) END, complete + removed"
                             " FROM progress WHERE run_id = ?1");
    stmt_bind_i64(&q, run_id);
    int64_t step = 0, n = 0;
    if (stmt_row(&q)) {
        step = stmt_col_i64(&q);
        n = stmt_col_i64(&q);
    }
    ErrCode rc = stmt_finish(&q, err);
    if (rc == ERR_OK) {
        *ret_step = step;
        *ret_complete = n;
    }
    return rc;
}

ErrCode catalog_checkpoint_count_bad(Catalog *c, int64_t run_id, int64_t *ret, Err *err)
{
    Stmt q = stmt_kept(&c->stmts, "SELECT count(*) FROM checkpoint WHERE run_id = ?1"
                                  " AND state IN ('missing', 'corrupt')");
    stmt_bind_i64(&q, run_id);
    return stmt_number(&q, 0, ret, err);
}

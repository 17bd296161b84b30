#include "catalog/attempt.h"

#include <inttypes.h>

#include "catalog/names.h"
#include "catalog/rows.h"

static const char *const state_names[CATALOG_N_ATTEMPT_STATES] = {
    [CATALOG_ATTEMPT_RUNNING] = "running",         [CATALOG_ATTEMPT_DONE] = "done",
    [CATALOG_ATTEMPT_INTERRUPTED] = "interrupted", [CATALOG_ATTEMPT_DIVERGED] = "diverged",
    [CATALOG_ATTEMPT_FAILED] = "failed",           [CATALOG_ATTEMPT_LOST] = "lost",
};

const char *catalog_attempt_state_name(CatalogAttemptState s)
{
    return state_names[s];
}

bool catalog_attempt_state_parse(const char *name, CatalogAttemptState *ret)
{
    size_t v = 0;
    if (!name_parse(name, state_names, CATALOG_N_ATTEMPT_STATES, &v)) {
        return false;
    }
    *ret = (CatalogAttemptState)v;
    return true;
}

ErrCode catalog_attempt_begin(Catalog *c, int64_t run_id, int64_t number, int64_t pid, UnixMs now,
                              Err *err)
{
    Stmt q = stmt_kept(&c->stmts, "INSERT INTO attempt (run_id, number, state, pid, started_ms)"
                                  " VALUES (?1, ?2, 'running', ?3, ?4)");
    stmt_bind_i64(&q, run_id);
    stmt_bind_i64(&q, number);
    stmt_bind_i64_or_null(&q, pid, CATALOG_NONE);
    stmt_bind_i64(&q, now);
    (void)stmt_step(&q);
    ErrCode rc = stmt_finish(&q, err);
    return rc == ERR_OK ? ERR_OK
                        : err_wrap(err, "attempt %" PRId64 " of run %" PRId64, number, run_id);
}

static ErrCode no_such_attempt(int64_t run_id, int64_t number, Err *err)
{
    return err_set(err, ERR_NOTFOUND, "the catalog has no attempt %" PRId64 " of run %" PRId64,
                   number, run_id);
}

ErrCode catalog_attempt_end(Catalog *c, int64_t run_id, int64_t number, const CatalogAttemptEnd *e,
                            Err *err)
{
    Stmt q = stmt_kept(&c->stmts, "UPDATE attempt SET state = ?3, exit_code = ?4, exit_signal = ?5,"
                                  " reason = coalesce(?6, reason), ended_ms = ?7,"
                                  " peak_rss_bytes = coalesce(peak_rss_bytes, ?8)"
                                  " WHERE run_id = ?1 AND number = ?2 RETURNING number");
    stmt_bind_i64(&q, run_id);
    stmt_bind_i64(&q, number);
    stmt_bind_text(&q, catalog_attempt_state_name(e->state));
    stmt_bind_i64_or_null(&q, e->exit_code, CATALOG_NONE);
    stmt_bind_i64_or_null(&q, e->exit_signal, CATALOG_NONE);
    stmt_bind_text(&q, e->reason);
    stmt_bind_i64(&q, e->ended_ms);
    stmt_bind_i64_or_null(&q, e->peak_rss_bytes > 0 ? e->peak_rss_bytes : CATALOG_NONE,
                          CATALOG_NONE);
    bool found = stmt_row(&q);
    (void)(found && stmt_step(&q));
    ErrCode rc = stmt_finish(&q, err);
    return rc == ERR_OK && !found ? no_such_attempt(run_id, number, err) : rc;
}

#define ATTEMPT_COLUMNS                                                                            \
    "SELECT run_id, number, state, pid, host, isa, resumed_step, started_ms, ended_ms, exit_code," \
    " exit_signal, reason, ingested_bytes, ingested_seq, damaged_lines, threads, cores,"           \
    " peak_rss_bytes FROM attempt "

static void read_attempt(Stmt *q, Arena *a, CatalogAttempt *t)
{
    t->run_id = stmt_col_i64(q);
    t->number = stmt_col_i64(q);
    (void)catalog_attempt_state_parse(stmt_col_text(q, a), &t->state); /* the column has a CHECK */
    t->pid = stmt_col_i64_or(q, CATALOG_NONE);
    t->host = stmt_col_text(q, a);
    t->isa = stmt_col_text(q, a);
    t->resumed_step = stmt_col_i64_or(q, CATALOG_NONE);
    t->started_ms = stmt_col_i64(q);
    t->ended_ms = stmt_col_i64_or(q, CATALOG_NONE);
    t->exit_code = stmt_col_i64_or(q, CATALOG_NONE);
    t->exit_signal = stmt_col_i64_or(q, CATALOG_NONE);
    t->reason = stmt_col_text(q, a);
    t->ingested_bytes = stmt_col_i64(q);
    t->ingested_seq = stmt_col_i64(q);
    t->damaged_lines = stmt_col_i64(q);
    t->threads = stmt_col_i64_or(q, CATALOG_NONE);
    t->cores = stmt_col_text(q, a);
    t->peak_rss_bytes = stmt_col_i64_or(q, CATALOG_NONE);
}

ErrCode catalog_attempt_get(Catalog *c, int64_t run_id, int64_t number, Arena *a,
                            CatalogAttempt *ret, Err *err)
{
    Stmt q = stmt_kept(&c->stmts, ATTEMPT_COLUMNS "WHERE run_id = ?1 AND number = ?2");
    stmt_bind_i64(&q, run_id);
    stmt_bind_i64(&q, number);
    CatalogAttempt t = {0};
    bool found = stmt_row(&q);
    if (found) {
        read_attempt(&q, a, &t);
    }
    ErrCode rc = stmt_finish(&q, err);
    if (rc == ERR_OK && !found) {
        return no_such_attempt(run_id, number, err);
    }
    if (rc == ERR_OK) {
        *ret = t;
    }
    return rc;
}

ErrCode catalog_attempt_list(Catalog *c, int64_t run_id, Arena *a, CatalogAttempt **ret,
                             size_t *ret_n, Err *err)
{
    Rows rows = {.arena = a, .size = sizeof(CatalogAttempt)};
    Stmt q = stmt_kept(&c->stmts, ATTEMPT_COLUMNS "WHERE run_id = ?1 ORDER BY number");
    stmt_bind_i64(&q, run_id);
    for (CatalogAttempt *t; (t = rows_next(&rows, &q)) != NULL;) {
        read_attempt(&q, a, t);
    }
    ErrCode rc = stmt_finish(&q, err);
    if (rc == ERR_OK) {
        *ret = rows.data;
        *ret_n = rows.n;
    }
    return rc;
}

ErrCode catalog_attempt_next_number(Catalog *c, int64_t run_id, int64_t *ret, Err *err)
{
    Stmt q =
        stmt_kept(&c->stmts, "SELECT coalesce(max(number) + 1, 0) FROM attempt WHERE run_id = ?1");
    stmt_bind_i64(&q, run_id);
    int64_t next = stmt_row(&q) ? stmt_col_i64(&q) : 0;
    ErrCode rc = stmt_finish(&q, err);
    if (rc == ERR_OK) {
        *ret = next;
    }
    return rc;
}

ErrCode catalog_attempt_strays(Catalog *c, Arena *a, CatalogStray **ret, size_t *ret_n, Err *err)
{
    Rows rows = {.arena = a, .size = sizeof(CatalogStray)};
    Stmt q = stmt_begin(c->db, "SELECT t.run_id, t.number, r.name, r.dir, t.started_ms"
                               " FROM run r JOIN attempt t ON t.run_id = r.id"
                               " WHERE r.state = 'retired' AND t.state = 'running'"
                               " ORDER BY t.run_id, t.number");
    for (CatalogStray *s; (s = rows_next(&rows, &q)) != NULL;) {
        s->run_id = stmt_col_i64(&q);
        s->number = stmt_col_i64(&q);
        s->name = stmt_col_text(&q, a);
        s->dir = stmt_col_text(&q, a);
        s->started_ms = stmt_col_i64(&q);
    }
    ErrCode rc = stmt_finish(&q, err);
    if (rc == ERR_OK) {
        *ret = rows.data;
        *ret_n = rows.n;
    }
    return rc;
}

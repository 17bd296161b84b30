#include "catalog/attempt.h"

#include <inttypes.h>

#include "catalog/rows.h"
#include "common/names.h"

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
    return name_parse(name, state_names, CATALOG_N_ATTEMPT_STATES, ret);
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
    ErrCode rc = stmt_run(&q, err);
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
    int64_t found = CATALOG_NONE;
    ErrCode rc = stmt_number(&q, CATALOG_NONE, &found, err);
    return rc == ERR_OK && found == CATALOG_NONE ? no_such_attempt(run_id, number, err) : rc;
}

#define ATTEMPT_COLUMNS                                                                            \
    "SELECT run_id, number, state, pid, host, isa, resumed_step, started_ms, ended_ms, exit_code," \
    " exit_signal, reason, ingested_bytes, ingested_seq, damaged_lines, threads, cores,"           \
    " peak_rss_bytes FROM attempt "

#define STMT_ROW CatalogAttempt
static const StmtField fields[] = {
    STMT_FIELD(I64, run_id),
    STMT_FIELD(I64, number),
    {STMT_NAME, offsetof(CatalogAttempt, state), state_names, CATALOG_N_ATTEMPT_STATES},
    STMT_FIELD(OR_NONE, pid),
    STMT_FIELD(TEXT, host),
    STMT_FIELD(TEXT, isa),
    STMT_FIELD(OR_NONE, resumed_step),
    STMT_FIELD(I64, started_ms),
    STMT_FIELD(OR_NONE, ended_ms),
    STMT_FIELD(OR_NONE, exit_code),
    STMT_FIELD(OR_NONE, exit_signal),
    STMT_FIELD(TEXT, reason),
    STMT_FIELD(I64, ingested_bytes),
    STMT_FIELD(I64, ingested_seq),
    STMT_FIELD(I64, damaged_lines),
    STMT_FIELD(OR_NONE, threads),
    STMT_FIELD(TEXT, cores),
    STMT_FIELD(OR_NONE, peak_rss_bytes),
    {STMT_END}};

ErrCode catalog_attempt_get(Catalog *c, int64_t run_id, int64_t number, Arena *a,
                            CatalogAttempt *ret, Err *err)
{
    Stmt q = stmt_kept(&c->stmts, ATTEMPT_COLUMNS "WHERE run_id = ?1 AND number = ?2");
    stmt_bind_i64(&q, run_id);
    stmt_bind_i64(&q, number);
    CatalogAttempt t = {0};
    bool found = stmt_row(&q);
    if (found) {
        stmt_read_row(&q, a, fields, &t);
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
    Stmt q = stmt_kept(&c->stmts, ATTEMPT_COLUMNS "WHERE run_id = ?1 ORDER BY number");
    stmt_bind_i64(&q, run_id);
    return rows_read(&q, a, fields, sizeof **ret, ret, ret_n, err);
}

ErrCode catalog_attempt_next_number(Catalog *c, int64_t run_id, int64_t *ret, Err *err)
{
    Stmt q =
        stmt_kept(&c->stmts, "SELECT coalesce(max(number) + 1, 0) FROM attempt WHERE run_id = ?1");
    stmt_bind_i64(&q, run_id);
    return stmt_number(&q, 0, ret, err);
}

static const StmtField stray_fields[] = {
    {STMT_I64, offsetof(CatalogStray, run_id)},     {STMT_I64, offsetof(CatalogStray, number)},
    {STMT_TEXT, offsetof(CatalogStray, name)},      {STMT_TEXT, offsetof(CatalogStray, dir)},
    {STMT_I64, offsetof(CatalogStray, started_ms)}, {STMT_END}};

ErrCode catalog_attempt_strays(Catalog *c, Arena *a, CatalogStray **ret, size_t *ret_n, Err *err)
{
    Stmt q = stmt_begin(c->db, "SELECT t.run_id, t.number, r.name, r.dir, t.started_ms"
                               " FROM run r JOIN attempt t ON t.run_id = r.id"
                               " WHERE r.state = 'retired' AND t.state = 'running'"
                               " ORDER BY t.run_id, t.number");
    return rows_read(&q, a, stray_fields, sizeof **ret, ret, ret_n, err);
}

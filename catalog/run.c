#include "catalog/run.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/rows.h"
#include "common/buf.h"
#include "common/names.h"
#include "common/order.h"
#include "common/quantity.h"

static const char *const state_names[CATALOG_N_RUN_STATES] = {
    [CATALOG_RUN_WAITING] = "waiting",   [CATALOG_RUN_RUNNING] = "running",
    [CATALOG_RUN_DONE] = "done",         [CATALOG_RUN_FAILED] = "failed",
    [CATALOG_RUN_DIVERGED] = "diverged", [CATALOG_RUN_RETIRED] = "retired",
};

const char *catalog_run_state_name(CatalogRunState s)
{
    return state_names[s];
}

bool catalog_run_state_parse(const char *name, CatalogRunState *ret)
{
    return name_parse(name, state_names, CATALOG_N_RUN_STATES, ret);
}

static const char upsert_sql[] =
    "INSERT INTO run (id, hash, name, dir, architecture, size, seed, axes, config, position, "
    "params,"
    " params_total, tokens, steps, batch_tokens, flops_6nd, flops_exact, flops_paper, checkpoints,"
    " state, updated_ms) VALUES (?20, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, "
    "?15,"
    " ?16, ?17, ?18, 'waiting', ?19)"
    " ON CONFLICT (hash) DO UPDATE SET name = excluded.name, dir = excluded.dir,"
    " architecture = excluded.architecture, size = excluded.size, seed = excluded.seed,"
    " axes = excluded.axes, config = excluded.config, position = excluded.position,"
    " params = excluded.params, params_total = excluded.params_total, tokens = excluded.tokens,"
    " steps = excluded.steps, batch_tokens = excluded.batch_tokens,"
    " flops_6nd = excluded.flops_6nd, flops_exact = excluded.flops_exact,"
    " flops_paper = excluded.flops_paper, checkpoints = excluded.checkpoints,"
    " reason = CASE state WHEN 'retired' THEN NULL ELSE reason END,"
    " updated_ms = CASE state WHEN 'retired' THEN excluded.updated_ms ELSE updated_ms END,"
    " state = CASE WHEN state <> 'retired' THEN state"
    "  WHEN EXISTS (SELECT 1 FROM checkpoint c WHERE c.run_id = run.id AND c.step = excluded.steps"
    "   AND c.state IN ('complete', 'removed')) THEN 'done' ELSE 'waiting' END"
    " RETURNING id";

/* What the study file says of a run, in the order of upsert_sql and RUN_COLUMNS. */
#define STMT_ROW CatalogRun
static const StmtField planned[] = {STMT_FIELD(TEXT, hash),
                                    STMT_FIELD(TEXT, name),
                                    STMT_FIELD(TEXT, dir),
                                    STMT_FIELD(TEXT, architecture),
                                    STMT_FIELD(TEXT, size),
                                    STMT_FIELD(I64, seed),
                                    STMT_FIELD(TEXT, axes),
                                    STMT_FIELD(TEXT, config),
                                    STMT_FIELD(I64, position),
                                    STMT_FIELD(I64, params),
                                    STMT_FIELD(I64, params_total),
                                    STMT_FIELD(I64, tokens),
                                    STMT_FIELD(I64, steps),
                                    STMT_FIELD(I64, batch_tokens),
                                    STMT_FIELD(F64, flops_6nd),
                                    STMT_FIELD(F64, flops_exact),
                                    STMT_FIELD(F64, flops_paper),
                                    STMT_FIELD(I64, checkpoints),
                                    {STMT_END}};

/* id: for a new row; 0: the next one. */
static ErrCode upsert(Catalog *c, const CatalogRun *r, int64_t id, UnixMs now, int64_t *ret_id,
                      Err *err)
{
    Stmt q = stmt_kept(&c->stmts, upsert_sql);
    stmt_bind_row(&q, planned, r);
    stmt_bind_i64(&q, now);
    stmt_bind_i64_or_null(&q, id, 0);
    ErrCode rc = stmt_number(&q, 0, ret_id, err);
    return rc == ERR_OK ? ERR_OK : err_wrap(err, "run %s", r->name ? r->name : "?");
}

/* The lowest id that no run has, from c->free_id on; 0 when gaps are not to be filled. */
static ErrCode find_gap(Catalog *c, int64_t *ret, Err *err)
{
    ErrCode rc = ERR_OK;
    for (; rc == ERR_OK && c->free_id > 0; c->free_id++) {
        Stmt q = stmt_kept(&c->stmts, "SELECT 1 FROM run WHERE id = ?1");
        stmt_bind_i64(&q, c->free_id);
        bool is_taken = stmt_row(&q);
        rc = stmt_finish(&q, err);
        if (!is_taken) {
            break;
        }
    }
    *ret = c->free_id;
    return rc;
}

ErrCode catalog_run_upsert(Catalog *c, const CatalogRun *r, UnixMs now, int64_t *ret_id, Err *err)
{
    int64_t id = 0;
    ErrCode rc = find_gap(c, &id, err);
    return rc == ERR_OK ? upsert(c, r, id, now, ret_id, err) : rc;
}

ErrCode catalog_run_restore(Catalog *c, const CatalogRun *r, UnixMs now, int64_t *ret_id, Err *err)
{
    return upsert(c, r, r->id, now, ret_id, err);
}

ErrCode catalog_run_set_state(Catalog *c, int64_t id, CatalogRunState state, const char *reason,
                              UnixMs now, Err *err)
{
    Stmt q = stmt_kept(
        &c->stmts,
        "UPDATE run SET state = ?2, reason = ?3, updated_ms = ?4 WHERE id = ?1 RETURNING id");
    stmt_bind_i64(&q, id);
    stmt_bind_text(&q, catalog_run_state_name(state));
    stmt_bind_text(&q, reason);
    stmt_bind_i64(&q, now);
    int64_t found = 0;
    ErrCode rc = stmt_number(&q, 0, &found, err);
    if (rc == ERR_OK && found == 0) {
        rc = err_set(err, ERR_NOTFOUND, "the catalog has no run %" PRId64, id);
    }
    return rc;
}

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return ORDER(x, y);
}

/* Every run that is not among keep[n] (sorted) and not retired yet. */
static ErrCode find_others(Catalog *c, const int64_t *sorted, size_t n, Rows *others, Err *err)
{
    Stmt q = stmt_kept(&c->stmts, "SELECT id FROM run WHERE state <> 'retired' ORDER BY id");
    while (stmt_row(&q)) {
        int64_t id = stmt_col_i64(&q);
        if (bsearch(&id, sorted, n, sizeof *sorted, by_value)) {
            continue;
        }
        int64_t *other = rows_add(others);
        if (!other) {
            q.is_short = true;
            break;
        }
        *other = id;
    }
    return stmt_finish(&q, err);
}

/* Deletes a run of which nothing exists but its row: no attempt was ever made. */
static ErrCode forget(Catalog *c, int64_t id, bool *ret, Err *err)
{
    Stmt q = stmt_kept(&c->stmts, "DELETE FROM run WHERE id = ?1 AND NOT EXISTS"
                                  " (SELECT 1 FROM attempt WHERE run_id = ?1) AND NOT EXISTS"
                                  " (SELECT 1 FROM checkpoint WHERE run_id = ?1)");
    stmt_bind_i64(&q, id);
    (void)stmt_step(&q);
    *ret = sqlite3_changes(c->db) > 0;
    return stmt_finish(&q, err);
}

ErrCode catalog_run_retire_others(Catalog *c, const int64_t *keep, size_t n, UnixMs now,
                                  int64_t *ret_n, Err *err)
{
    ErrCode rc = ERR_OK;
    Arena a = ARENA_INIT;
    Rows others = {.arena = &a, .size = sizeof(int64_t)};
    int64_t *sorted = arena_array(&a, n + 1, sizeof *sorted);
    if (!sorted) {
        rc = err_nomem(err, "the runs of the study");
        goto done;
    }
    if (n > 0) {
        memcpy(sorted, keep, n * sizeof *sorted);
    }
    qsort(sorted, n, sizeof *sorted, by_value);
    TRY(find_others(c, sorted, n, &others, err));
    for (size_t i = 0; i < others.n; i++) {
        bool is_forgotten = false;
        TRY(forget(c, ((const int64_t *)others.data)[i], &is_forgotten, err));
        if (is_forgotten) {
            continue;
        }
        TRY(catalog_run_set_state(c, ((const int64_t *)others.data)[i], CATALOG_RUN_RETIRED,
                                  "no longer in the study file", now, err));
    }
    if (ret_n) {
        *ret_n = (int64_t)others.n;
    }

done:
    arena_release(&a);
    return rc;
}

static const StmtField settled[] = {
    {STMT_NAME, offsetof(CatalogRun, state), state_names, CATALOG_N_RUN_STATES},
    STMT_FIELD(TEXT, reason),
    STMT_FIELD(I64, updated_ms),
    {STMT_END}};

static void read_run(Stmt *q, Arena *a, CatalogRun *r)
{
    r->id = stmt_col_i64(q);
    stmt_read_row(q, a, planned, r);
    stmt_read_row(q, a, settled, r);
}

#define RUN_COLUMNS                                                                         \
    "SELECT id, hash, name, dir, architecture, size, seed, axes, config, position, params," \
    " params_total, tokens, steps, batch_tokens, flops_6nd, flops_exact, flops_paper,"      \
    " checkpoints, state, reason, updated_ms FROM run "
#define RUN_ORDER " ORDER BY state = 'retired', position, id"

/* Reads the rows of q to its end. */
static ErrCode read_runs(Stmt *q, Arena *a, CatalogRun **ret, size_t *ret_n, Err *err)
{
    Rows rows = {.arena = a, .size = sizeof(CatalogRun)};
    for (CatalogRun *r; (r = rows_next(&rows, q)) != NULL;) {
        read_run(q, a, r);
    }
    return rows_finish(&rows, q, ret, ret_n, err);
}

ErrCode catalog_run_list(Catalog *c, Arena *a, CatalogRun **ret, size_t *ret_n, Err *err)
{
    Stmt q = stmt_kept(&c->stmts, RUN_COLUMNS RUN_ORDER);
    return read_runs(&q, a, ret, ret_n, err);
}

enum { MIN_PREFIX = 4, MAX_LISTED = 20 };

/* One hint line: "hash12 (name, state)" of each that matches. */
static ErrCode ambiguous(const CatalogRun *runs, size_t n, const char *text, Err *err)
{
    Buf list = BUF_INIT;
    for (size_t i = 0; i < n; i++) {
        buf_printf(&list, "%s%.12s (%s, %s)", list.len > 0 ? ", " : "", runs[i].hash, runs[i].name,
                   catalog_run_state_name(runs[i].state));
    }
    (void)err_set(err, ERR_INVALID, "\"%s\" names more than one run", text);
    (void)err_hint(err, "%s", buf_str(&list));
    buf_release(&list);
    return err->code;
}

static ErrCode not_found(Catalog *c, const char *text, Arena *a, Err *err)
{
    Rows names = {.arena = a, .size = sizeof(const char *)};
    Stmt q = stmt_kept(&c->stmts, "SELECT name FROM run" RUN_ORDER);
    for (const char **name; (name = rows_next(&names, &q)) != NULL;) {
        *name = stmt_col_text(&q, a);
    }
    ErrCode rc = stmt_finish(&q, err);
    if (rc != ERR_OK) {
        return rc;
    }
    const char *near = nearest_name(text, names.data, names.n);
    (void)err_set(err, ERR_NOTFOUND, "the study has no run \"%s\"", text);
    return near ? err_hint(err, "did you mean %s?", near)
                : err_hint(err,
                           "slaw ls STUDY lists the runs; a name or at least %d digits of "
                           "the hash will do",
                           MIN_PREFIX);
}

ErrCode catalog_run_find(Catalog *c, const char *text, Arena *a, CatalogRun *ret, Err *err)
{
    /* Whole names go before prefixes of hashes; 'g' is above every digit. */
    static const char *const sql[] = {
        RUN_COLUMNS "WHERE name = ?1 OR dir = ?1 OR dir = 'runs/' || ?1" RUN_ORDER " LIMIT ?2",
        RUN_COLUMNS "WHERE length(?1) >= ?3 AND hash >= ?1 AND hash < ?1 || 'g'" RUN_ORDER
                    " LIMIT ?2",
    };
    for (int pass = 0; pass < 2; pass++) {
        CatalogRun *runs = NULL;
        size_t n = 0;
        Stmt q = stmt_kept(&c->stmts, sql[pass]);
        stmt_bind_text(&q, text);
        stmt_bind_i64(&q, MAX_LISTED);
        if (pass == 1) {
            stmt_bind_i64(&q, MIN_PREFIX);
        }
        ErrCode rc = read_runs(&q, a, &runs, &n, err);
        if (rc != ERR_OK) {
            return rc;
        }
        if (n > 1) {
            return ambiguous(runs, n, text, err);
        }
        if (n == 1) {
            *ret = runs[0];
            return ERR_OK;
        }
    }
    return not_found(c, text, a, err);
}

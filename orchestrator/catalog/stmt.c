#include "orchestrator/catalog/stmt.h"

#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <string.h>

static void note(Stmt *s, int rc)
{
    if (s->rc == SQLITE_OK && rc != SQLITE_OK && rc != SQLITE_ROW && rc != SQLITE_DONE) {
        s->rc = rc;
    }
}

Stmt stmt_begin(sqlite3 *db, const char *sql)
{
    Stmt s = {.db = db, .next_param = 1};
    note(&s, sqlite3_prepare_v2(db, sql, -1, &s.raw, NULL));
    return s;
}

void stmt_bind_i64(Stmt *s, int64_t v)
{
    if (s->rc == SQLITE_OK) {
        note(s, sqlite3_bind_int64(s->raw, s->next_param++, v));
    }
}

void stmt_bind_f64(Stmt *s, double v)
{
    if (s->rc == SQLITE_OK) {
        note(s, sqlite3_bind_double(s->raw, s->next_param++, v));
    }
}

void stmt_bind_null(Stmt *s)
{
    if (s->rc == SQLITE_OK) {
        note(s, sqlite3_bind_null(s->raw, s->next_param++));
    }
}

void stmt_bind_finite(Stmt *s, double v)
{
    if (isfinite(v)) {
        stmt_bind_f64(s, v);
    } else {
        stmt_bind_null(s);
    }
}

void stmt_bind_i64_or_null(Stmt *s, int64_t v, int64_t null_value)
{
    if (v == null_value) {
        stmt_bind_null(s);
    } else {
        stmt_bind_i64(s, v);
    }
}

void stmt_bind_text(Stmt *s, const char *utf8)
{
    if (s->rc == SQLITE_OK) {
        note(s, sqlite3_bind_text(s->raw, s->next_param++, utf8, -1, SQLITE_STATIC));
    }
}

/* Name of the kind of x: "finite", "nan", "inf" or "-inf". */
static const char *stmt_loss_kind(double x)
{
    if (isnan(x)) {
        return "nan";
    }
    if (isinf(x)) {
        return x > 0.0 ? "inf" : "-inf";
    }
    return "finite";
}

void stmt_bind_loss(Stmt *s, double v)
{
    stmt_bind_finite(s, v);
    stmt_bind_text(s, stmt_loss_kind(v));
}

bool stmt_row(Stmt *s)
{
    if (s->rc != SQLITE_OK || s->is_short) {
        return false;
    }
    int rc = sqlite3_step(s->raw);
    note(s, rc);
    s->next_col = 0;
    return rc == SQLITE_ROW;
}

bool stmt_step(Stmt *s)
{
    while (stmt_row(s)) {
    }
    return s->rc == SQLITE_OK;
}

int64_t stmt_col_i64(Stmt *s)
{
    return sqlite3_column_int64(s->raw, s->next_col++);
}

int64_t stmt_col_i64_or(Stmt *s, int64_t null_value)
{
    int col = s->next_col++;
    return sqlite3_column_type(s->raw, col) == SQLITE_NULL ? null_value
                                                           : sqlite3_column_int64(s->raw, col);
}

double stmt_col_f64(Stmt *s)
{
    int col = s->next_col++;
    return sqlite3_column_type(s->raw, col) == SQLITE_NULL ? (double)NAN
                                                           : sqlite3_column_double(s->raw, col);
}

double stmt_col_loss(Stmt *s)
{
    double v = stmt_col_f64(s);
    const char *kind = (const char *)sqlite3_column_text(s->raw, s->next_col++);
    if (kind && strcmp(kind, "inf") == 0) {
        return (double)INFINITY;
    }
    return kind && strcmp(kind, "-inf") == 0 ? -(double)INFINITY : v;
}

const char *stmt_col_text(Stmt *s, Arena *a)
{
    const char *text = (const char *)sqlite3_column_text(s->raw, s->next_col++);
    const char *copy = arena_strdup(a, text);
    if (text && !copy) {
        s->is_short = true;
    }
    return copy;
}

static ErrCode code_of(int rc)
{
    switch (rc & 0xff) {
    case SQLITE_CONSTRAINT:
        return ERR_CONFLICT;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return ERR_FORMAT;
    case SQLITE_NOMEM:
        return ERR_NOMEM;
    default:
        return ERR_DB;
    }
}

static ErrCode fail(sqlite3 *db, int rc, const char *sql, Err *err)
{
    const char *file = sqlite3_db_filename(db, "main");
    (void)err_set(err, code_of(rc), "%s: %s, in: %.100s", file && file[0] ? file : "catalog",
                  sqlite3_errmsg(db), sql);
    if ((rc & 0xff) == SQLITE_FULL) {
        err->sys_errno = ENOSPC;
    }
    if (err->code == ERR_FORMAT) {
        return err_hint(err, "slaw reindex STUDY rebuilds the catalog from the study's files");
    }
    if ((rc & 0xff) == SQLITE_BUSY) {
        return err_hint(err, "another process writes the catalog; try again when it is done");
    }
    return err->code;
}

ErrCode stmt_finish(Stmt *s, Err *err)
{
    ErrCode rc = ERR_OK;
    if (s->rc != SQLITE_OK) {
        const char *sql = s->raw ? sqlite3_sql(s->raw) : "(a statement that did not compile)";
        rc = fail(s->db, s->rc, sql, err);
    } else if (s->is_short) {
        rc = err_nomem(err, "a row of the catalog");
    }
    (void)sqlite3_finalize(s->raw); /* repeats the error already taken above */
    s->raw = NULL;
    return rc;
}

ErrCode stmt_exec(sqlite3 *db, const char *sql, Err *err)
{
    int rc = sqlite3_exec(db, sql, NULL, NULL, NULL);
    if (rc == SQLITE_OK) {
        return ERR_OK;
    }
    char first[128]; /* a migration is long; its first line says which it is */
    size_t n = strcspn(sql, "\n");
    n = n < sizeof first ? n : sizeof first - 1;
    memcpy(first, sql, n);
    first[n] = '\0';
    return fail(db, rc, first, err);
}

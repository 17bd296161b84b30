#include "catalog/stmt.h"

#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "common/names.h"

enum { NONE = -1 }; /* of STMT_OR_NONE */

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

/* The slot that holds sql or is free for it; NULL: neither within a few steps. */
static StmtSlot *slot_of(StmtCache *c, const char *sql)
{
    enum { MAX_STEPS = 8 };
    uint64_t h = ((uint64_t)(uintptr_t)sql * 0x9e3779b97f4a7c15u) >> 32;
    for (uint64_t i = 0; i < MAX_STEPS; i++) {
        StmtSlot *slot = &c->slot[(h + i) % STMT_CACHE_SLOTS];
        if (slot->sql == sql || !slot->sql) {
            return slot;
        }
    }
    return NULL;
}

static void empty_slot(StmtSlot *slot)
{
    (void)sqlite3_finalize(slot->raw);
    *slot = (StmtSlot){0};
}

Stmt stmt_kept(StmtCache *c, const char *sql)
{
    StmtSlot *slot = slot_of(c, sql);
    if (!slot || slot->is_busy) {
        return stmt_begin(c->db, sql);
    }
    if (slot->raw && strcmp(sqlite3_sql(slot->raw), sql) != 0) {
        empty_slot(slot); /* the memory of another text was used again */
    }
    Stmt s = {.db = c->db, .next_param = 1, .slot = slot};
    if (!slot->raw) {
        note(&s, sqlite3_prepare_v3(c->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &slot->raw, NULL));
        if (s.rc != SQLITE_OK) {
            s.slot = NULL; /* nothing was made */
            return s;
        }
        slot->sql = sql;
    }
    slot->is_busy = true;
    s.raw = slot->raw;
    return s;
}

void stmt_cache_clear(StmtCache *c)
{
    for (size_t i = 0; i < STMT_CACHE_SLOTS; i++) {
        empty_slot(&c->slot[i]);
    }
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

const char *stmt_col_view(Stmt *s)
{
    return (const char *)sqlite3_column_text(s->raw, s->next_col++);
}

static int64_t i64_at(const void *at)
{
    int64_t v;
    memcpy(&v, at, sizeof v);
    return v;
}

static double f64_at(const void *at)
{
    double v;
    memcpy(&v, at, sizeof v);
    return v;
}

static const char *text_at(const StmtField *f, const void *at)
{
    const char *text;
    unsigned name;
    if (f->kind == STMT_TEXT) {
        memcpy(&text, at, sizeof text);
        return text;
    }
    memcpy(&name, at, sizeof name);
    return f->names[name];
}

void stmt_bind_row(Stmt *s, const StmtField *field, const void *row)
{
    for (const StmtField *f = field; f->kind != STMT_END; f++) {
        const void *at = (const char *)row + f->at;
        if (f->kind == STMT_I64) {
            stmt_bind_i64(s, i64_at(at));
        } else if (f->kind == STMT_OR_NONE) {
            stmt_bind_i64_or_null(s, i64_at(at), NONE);
        } else if (f->kind == STMT_F64) {
            stmt_bind_f64(s, f64_at(at));
        } else if (f->kind == STMT_FINITE) {
            stmt_bind_finite(s, f64_at(at));
        } else if (f->kind == STMT_LOSS) {
            stmt_bind_loss(s, f64_at(at));
        } else {
            stmt_bind_text(s, text_at(f, at));
        }
    }
}

static int64_t read_i64(Stmt *s, StmtKind kind)
{
    return kind == STMT_I64 ? stmt_col_i64(s) : stmt_col_i64_or(s, NONE);
}

static double read_f64(Stmt *s, StmtKind kind)
{
    return kind == STMT_LOSS ? stmt_col_loss(s) : stmt_col_f64(s);
}

void stmt_read_row(Stmt *s, Arena *a, const StmtField *field, void *row)
{
    for (const StmtField *f = field; f->kind != STMT_END; f++) {
        void *at = (char *)row + f->at;
        if (f->kind == STMT_NAME) {
            (void)name_parse(stmt_col_view(s), f->names, f->n_names, at); /* it has a CHECK */
        } else if (f->kind == STMT_TEXT) {
            const char *text = stmt_col_text(s, a);
            memcpy(at, &text, sizeof text);
        } else if (f->kind == STMT_I64 || f->kind == STMT_OR_NONE) {
            int64_t v = read_i64(s, f->kind);
            memcpy(at, &v, sizeof v);
        } else {
            double v = read_f64(s, f->kind);
            memcpy(at, &v, sizeof v);
        }
    }
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

/* SQLite tells a full disk by a code of its own where write(2) said so; a quota, and a disk that
 * is found full only when it is synced or a file is made, by the errno of the call.  The VFS
 * is asked for that: sqlite3_system_errno() does not know of what fails in a COMMIT. */
static int errno_of(sqlite3 *db, int rc)
{
    sqlite3_vfs *vfs = NULL;
    switch (rc & 0xff) {
    case SQLITE_FULL:
        return ENOSPC;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
        (void)sqlite3_file_control(db, "main", SQLITE_FCNTL_VFS_POINTER, &vfs);
        return vfs && vfs->xGetLastError ? vfs->xGetLastError(vfs, 0, NULL)
                                         : sqlite3_system_errno(db);
    default:
        return 0;
    }
}

static ErrCode fail(sqlite3 *db, int rc, const char *sql, Err *err)
{
    int sys_errno = errno_of(db, rc); /* before anything else can fail */
    const char *file = sqlite3_db_filename(db, "main");
    (void)err_set(err, code_of(rc), "%s: %s, in: %.100s", file && file[0] ? file : "catalog",
                  sqlite3_errmsg(db), sql);
    err->sys_errno = sys_errno;
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
    if (s->slot) { /* both repeat the error already taken above */
        (void)sqlite3_reset(s->raw);
        (void)sqlite3_clear_bindings(s->raw);
        s->slot->is_busy = false;
    } else {
        (void)sqlite3_finalize(s->raw);
    }
    s->raw = NULL;
    s->slot = NULL;
    return rc;
}

ErrCode stmt_run(Stmt *s, Err *err)
{
    (void)stmt_step(s);
    return stmt_finish(s, err);
}

ErrCode stmt_number(Stmt *s, int64_t none, int64_t *ret, Err *err)
{
    bool found = stmt_row(s);
    int64_t v = found ? stmt_col_i64(s) : none;
    (void)(found && stmt_step(s));
    ErrCode rc = stmt_finish(s, err);
    if (rc == ERR_OK) {
        *ret = v;
    }
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

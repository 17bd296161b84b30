#include "catalog/catalog.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "catalog/migrate.h"
#include "catalog/stmt.h"
#include "common/buf.h"
#include "common/fsx.h"

enum { BUSY_TIMEOUT_MS = 5000 };

static ErrCode open_failed(sqlite3 *db, const char *path, int code, Err *err)
{
    return err_set(err, code == SQLITE_NOMEM ? ERR_NOMEM : ERR_DB, "%s: %s", path,
                   db ? sqlite3_errmsg(db) : sqlite3_errstr(code));
}

static ErrCode connect_db(Catalog *c, const char *name, int flags, Err *err)
{
    int code = sqlite3_open_v2(name, &c->db, flags | SQLITE_OPEN_NOMUTEX, NULL);
    if (code != SQLITE_OK) {
        ErrCode rc = open_failed(c->db, c->path, code, err);
        (void)sqlite3_close(c->db);
        c->db = NULL;
        return rc;
    }
    c->stmts.db = c->db;
    (void)sqlite3_busy_timeout(c->db, BUSY_TIMEOUT_MS);
    (void)sqlite3_extended_result_codes(c->db, 1);
    return stmt_exec(c->db,
                     "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;"
                     " PRAGMA foreign_keys = ON;",
                     err);
}

/* A quick_check: one row "ok", or the first thing that is wrong. */
static ErrCode check_with(Catalog *c, const char *pragma, Err *err)
{
    Arena a = ARENA_INIT;
    Stmt q = stmt_begin(c->db, pragma);
    const char *answer = stmt_row(&q) ? stmt_col_text(&q, &a) : NULL;
    ErrCode rc = stmt_finish(&q, err);
    if (rc == ERR_OK && (!answer || strcmp(answer, "ok") != 0)) {
        (void)err_set(err, ERR_FORMAT, "%s: damaged: %s", c->path, answer ? answer : "no answer");
        rc = err_hint(err, "slaw reindex STUDY rebuilds the catalog from the study's files");
    }
    arena_release(&a);
    return rc;
}

ErrCode catalog_check(Catalog *c, Err *err)
{
    return check_with(c, "PRAGMA quick_check(1)", err);
}

/* Before writing.  Of a large file, which would take seconds, only what every start reads;
 * cell_size_check finds the rest when it is read. */
static ErrCode quick_check(Catalog *c, Err *err)
{
    enum { LARGE_BYTES = 64 << 20 };
    static const char *const small[] = {"PRAGMA quick_check('sqlite_schema')",
                                        "PRAGMA quick_check('study')",
                                        "PRAGMA quick_check('attempt')"};
    struct stat st;
    if (stat(c->path, &st) != 0 || st.st_size <= LARGE_BYTES) {
        return catalog_check(c, err);
    }
    ErrCode rc = ERR_OK;
    for (size_t i = 0; rc == ERR_OK && i < sizeof small / sizeof small[0]; i++) {
        rc = check_with(c, small[i], err);
    }
    return rc;
}

/* SQLite answers with the mode in force, which may be another than the one asked for. */
static ErrCode use_wal(Catalog *c, Err *err)
{
    Arena a = ARENA_INIT;
    Stmt q = stmt_begin(c->db, "PRAGMA journal_mode = WAL");
    const char *mode = stmt_row(&q) ? stmt_col_text(&q, &a) : NULL;
    ErrCode rc = stmt_finish(&q, err);
    if (rc == ERR_OK && (!mode || strcmp(mode, "wal") != 0)) {
        (void)err_set(err, ERR_DB, "%s: this file system gives no write-ahead log (mode \"%s\")",
                      c->path, mode ? mode : "?");
        rc = err_hint(err, "put the study on a local disk with --dir");
    }
    arena_release(&a);
    /* Savepoints in memory: half of the time of ingestion went into their temporary file. */
    return rc == ERR_OK ? stmt_exec(c->db,
                                    "PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY;"
                                    " PRAGMA wal_autocheckpoint = 4000",
                                    err)
                        : rc;
}

/* Some file systems let a database open and refuse the first write. */
static ErrCode probe_write(Catalog *c, Err *err)
{
    char sql[96];
    (void)snprintf(sql, sizeof sql, "BEGIN IMMEDIATE; PRAGMA user_version = %zu; COMMIT",
                   migrations_of_this_program().n);
    ErrCode rc = stmt_exec(c->db, sql, err);
    if (rc != ERR_OK) {
        catalog_rollback(c);
        return err_wrap(err, "the catalog cannot be written");
    }
    return rc;
}

/* NULL when memory is short. */
static Catalog *new_catalog(const char *path)
{
    Catalog *c = calloc(1, sizeof *c);
    char *copy = strdup(path);
    if (!c || !copy) {
        free(c);
        free(copy);
        return NULL;
    }
    c->path = copy;
    return c;
}

/* Set up in an order that matters: nothing is written before the file is known to
 * be ours, and the journal mode is set outside of any transaction. */
static ErrCode set_up_writer(Catalog *c, Err *err)
{
    ErrCode rc = ERR_OK;
    int64_t version = 0;
    Migrations m = migrations_of_this_program();
    TRY(connect_db(c, c->path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, err));
    if (sqlite3_db_readonly(c->db, "main") == 1) {
        rc = err_set(err, ERR_DB, "%s: no permission to write", c->path);
        goto done;
    }
    TRY(migrate_check(c->db, c->path, (int64_t)m.n, &version, err));
    if (version > 0) {
        TRY(quick_check(c, err));
    }
    TRY(use_wal(c, err));
    TRY(migrate(c->db, c->path, m, err));
    TRY(probe_write(c, err));

done:
    return rc;
}

static ErrCode check_folder(const char *path, Err *err)
{
    char dir[FSX_PATH_BYTES];
    ErrCode rc = fsx_path(dir, err, "%s", path);
    if (rc != ERR_OK) {
        return rc;
    }
    char *slash = strrchr(dir, '/');
    if (!slash || slash == dir) {
        return ERR_OK;
    }
    *slash = '\0';
    return fsx_is_dir(dir) ? ERR_OK : err_set(err, ERR_NOTFOUND, "%s: no such folder", dir);
}

ErrCode catalog_open(const char *path, Catalog **ret, Err *err)
{
    ErrCode rc = check_folder(path, err);
    if (rc != ERR_OK) {
        return rc;
    }
    Catalog *c = new_catalog(path);
    if (!c) {
        return err_nomem(err, "the catalog");
    }
    rc = set_up_writer(c, err);
    if (rc == ERR_OK) {
        *ret = c;
    } else {
        catalog_close(c);
    }
    return rc;
}

/* "file:" URI of the path with immutable=1; only unreserved characters stay as they are. */
static ErrCode immutable_uri(const char *path, Buf *out, Err *err)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-~";
    buf_puts(out, "file:");
    for (const char *p = path; *p; p++) {
        if (strchr(plain, *p)) {
            buf_putc(out, *p);
        } else {
            buf_printf(out, "%%%02x", (unsigned char)*p);
        }
    }
    buf_puts(out, "?immutable=1");
    return buf_ok(out, err);
}

static ErrCode check_readable(Catalog *c, Err *err)
{
    int64_t version = 0, newest = (int64_t)migrations_of_this_program().n;
    ErrCode rc = stmt_exec(c->db, "PRAGMA query_only = ON", err);
    if (rc == ERR_OK) {
        rc = migrate_check(c->db, c->path, newest, &version, err);
    }
    if (rc == ERR_OK && version < newest) {
        (void)err_set(err, ERR_FORMAT,
                      "%s: catalog version %" PRId64 ", older than this program's %" PRId64,
                      c->path, version, newest);
        rc = err_hint(err, version == 0
                               ? "it is empty: slaw run FILE fills it, or slaw reindex "
                                 "STUDY rebuilds it from the study's files"
                               : "slaw run FILE or slaw reindex STUDY brings it up to date");
    }
    return rc;
}

static bool has_log(const char *path)
{
    char wal[FSX_PATH_BYTES];
    Err ignored = ERR_INIT;
    struct stat st;
    return fsx_path(wal, &ignored, "%s-wal", path) == ERR_OK && stat(wal, &st) == 0 &&
           st.st_size > 0;
}

/* A database in WAL mode needs its -shm file even to be read.  Where that cannot be
 * made (read-only media) and no log waits, the file itself is all there is. */
static ErrCode reopen_immutable(Catalog *c, Err *err)
{
    Buf uri = BUF_INIT;
    (void)sqlite3_close(c->db);
    c->db = NULL;
    ErrCode rc = immutable_uri(c->path, &uri, err);
    if (rc == ERR_OK) {
        rc = connect_db(c, buf_str(&uri), SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, err);
    }
    buf_release(&uri);
    return rc == ERR_OK ? check_readable(c, err) : rc;
}

static ErrCode set_up_reader(Catalog *c, Err *err)
{
    c->is_readonly = true;
    ErrCode rc = connect_db(c, c->path, SQLITE_OPEN_READONLY, err);
    if (rc != ERR_OK) {
        return rc;
    }
    rc = check_readable(c, err);
    int why = sqlite3_errcode(c->db) & 0xff;
    bool needs_files = why == SQLITE_CANTOPEN || why == SQLITE_READONLY;
    return rc == ERR_DB && needs_files && !has_log(c->path) ? reopen_immutable(c, err) : rc;
}

ErrCode catalog_open_readonly(const char *path, Catalog **ret, Err *err)
{
    if (!fsx_exists(path)) {
        (void)err_set(err, ERR_NOTFOUND, "%s: no such file", path);
        return err_hint(err, "slaw run FILE makes it; slaw reindex STUDY rebuilds a lost one");
    }
    Catalog *c = new_catalog(path);
    if (!c) {
        return err_nomem(err, "the catalog");
    }
    ErrCode rc = set_up_reader(c, err);
    if (rc == ERR_OK) {
        *ret = c;
    } else {
        catalog_close(c);
    }
    return rc;
}

void catalog_close(Catalog *c)
{
    if (!c) {
        return;
    }
    if (c->db) {
        catalog_rollback(c);
        stmt_cache_clear(&c->stmts);
        (void)sqlite3_close(c->db); /* SQLITE_BUSY only for a statement that leaked */
    }
    free(c->path);
    free(c);
}

ErrCode catalog_begin(Catalog *c, Err *err)
{
    return stmt_exec(c->db, "BEGIN IMMEDIATE", err);
}

ErrCode catalog_begin_reading(Catalog *c, Err *err)
{
    return stmt_exec(c->db, "BEGIN", err);
}

ErrCode catalog_commit(Catalog *c, Err *err)
{
    return stmt_exec(c->db, "COMMIT", err);
}

void catalog_rollback(Catalog *c)
{
    if (c->db && sqlite3_get_autocommit(c->db) == 0) {
        (void)sqlite3_exec(c->db, "ROLLBACK", NULL, NULL, NULL);
    }
}

#include "catalog/migrate.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "catalog/stmt.h"
#include "common/fsx.h"

extern const char catalog_sql_0001[], catalog_sql_0002[], catalog_sql_0003[];

static const char *const program_list[] = {catalog_sql_0001, catalog_sql_0002, catalog_sql_0003};

Migrations migrations_of_this_program(void)
{
    return (Migrations){program_list, sizeof program_list / sizeof program_list[0]};
}

static ErrCode read_int(sqlite3 *db, const char *sql, int64_t *ret, Err *err)
{
    Stmt q = stmt_begin(db, sql);
    int64_t v = 0;
    if (stmt_row(&q)) {
        v = stmt_col_i64(&q);
    }
    ErrCode rc = stmt_finish(&q, err);
    if (rc == ERR_OK) {
        *ret = v;
    }
    return rc;
}

static ErrCode judge(const char *path, int64_t app, int64_t version, int64_t n_objects,
                     int64_t newest, Err *err)
{
    if (app == 0 && version == 0 && n_objects == 0) {
        return ERR_OK;
    }
    if (app != CATALOG_APPLICATION_ID) {
        (void)err_set(err, ERR_FORMAT, "%s: a database of another program, not a catalog", path);
        return err_hint(err, "move it away, then slaw reindex STUDY");
    }
    if (version > newest) {
        (void)err_set(err, ERR_FORMAT,
                      "%s: written by a newer slaw (catalog version %" PRId64
                      "; this program knows %" PRId64 ")",
                      path, version, newest);
        return err_hint(err, "use that slaw, or rebuild the catalog with this one: "
                             "slaw reindex STUDY");
    }
    return ERR_OK;
}

ErrCode migrate_check(sqlite3 *db, const char *path, int64_t newest, int64_t *ret_version, Err *err)
{
    int64_t app = 0, version = 0, n_objects = 0;
    ErrCode rc = read_int(db, "PRAGMA application_id", &app, err);
    if (rc == ERR_OK) {
        rc = read_int(db, "PRAGMA user_version", &version, err);
    }
    if (rc == ERR_OK) {
        rc = read_int(db, "SELECT count(*) FROM sqlite_schema", &n_objects, err);
    }
    if (rc == ERR_OK) {
        rc = judge(path, app, version, n_objects, newest, err);
    }
    if (rc == ERR_OK) {
        *ret_version = version;
    }
    return rc;
}

static ErrCode sync_file(const char *path, Err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ErrCode rc = fd >= 0 && fsync(fd) == 0 ? ERR_OK : err_sys(err, "sync %s", path);
    if (fd >= 0) {
        (void)close(fd);
    }
    return rc;
}

/* Whole or absent, whatever dies: made under another name, synced, renamed. */
static ErrCode back_up(sqlite3 *db, const char *path, int64_t version, Err *err)
{
    ErrCode rc = ERR_OK;
    char copy[FSX_PATH_BYTES], part[FSX_PATH_BYTES];
    Stmt q;
    TRY(fsx_path(copy, err, "%s.v%" PRId64 ".bak", path, version));
    TRY(fsx_path(part, err, "%s.part", copy));
    (void)unlink(part); /* of an earlier try; VACUUM INTO wants a new file */
    q = stmt_begin(db, "VACUUM INTO ?1");
    stmt_bind_text(&q, part);
    TRY(stmt_run(&q, err));
    TRY(sync_file(part, err));
    if (rename(part, copy) != 0) {
        rc = err_sys(err, "rename %s to %s", part, copy);
    }

done:
    return rc == ERR_OK ? ERR_OK : err_wrap(err, "copy of the old catalog to %s", copy);
}

/* One step.  The version is read again under the write lock: another process may
 * have migrated meanwhile. */
static ErrCode migrate_step(sqlite3 *db, const char *path, Migrations m, int64_t from, Err *err)
{
    ErrCode rc = stmt_exec(db, "BEGIN IMMEDIATE", err);
    if (rc != ERR_OK) {
        return rc;
    }
    int64_t version = 0;
    char pragma[96];
    (void)snprintf(pragma, sizeof pragma,
                   "PRAGMA application_id = %d; PRAGMA user_version = %" PRId64,
                   CATALOG_APPLICATION_ID, from + 1);
    TRY(migrate_check(db, path, (int64_t)m.n, &version, err));
    if (version == from) {
        TRY(stmt_exec(db, m.list[from], err));
        TRY(stmt_exec(db, pragma, err));
    }
    TRY(stmt_exec(db, "COMMIT", err));

done:
    if (rc != ERR_OK) {
        (void)sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
        return err_wrap(err, "catalog version %" PRId64 " to %" PRId64, from, from + 1);
    }
    return rc;
}

ErrCode migrate(sqlite3 *db, const char *path, Migrations m, Err *err)
{
    int64_t version = 0;
    ErrCode rc = migrate_check(db, path, (int64_t)m.n, &version, err);
    if (rc == ERR_OK && version > 0 && version < (int64_t)m.n) {
        rc = back_up(db, path, version, err);
    }
    for (int64_t v = version; rc == ERR_OK && v < (int64_t)m.n; v++) {
        rc = migrate_step(db, path, m, v, err);
    }
    return rc;
}

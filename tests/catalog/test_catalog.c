#include "catalog/catalog.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "catalog/migrate.h"
#include "catalog/stmt.h"
#include "common/fsx.h"
#include "common/hash.h"
#include "tests/catalog/fixture.h"
#include "tests/support/suite.h"

static int64_t pragma(sqlite3 *db, const char *sql)
{
    Stmt q = stmt_begin(db, sql);
    ck_assert(stmt_row(&q));
    int64_t v = stmt_col_i64(&q);
    OK(stmt_finish(&q, &err));
    return v;
}

static sqlite3 *raw_open(const char *path)
{
    sqlite3 *db = NULL;
    ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
    return db;
}

static void raw_exec(const char *path, const char *sql)
{
    sqlite3 *db = raw_open(path);
    ck_assert_msg(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK, "%s", sqlite3_errmsg(db));
    ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
}

START_TEST(a_new_catalog_has_its_settings)
{
    sqlite3 *db = s.c->db;
    ck_assert_int_eq(pragma(db, "PRAGMA application_id"), CATALOG_APPLICATION_ID);
    ck_assert_int_eq(pragma(db, "PRAGMA user_version"), 3);
    ck_assert_int_eq(pragma(db, "PRAGMA foreign_keys"), 1);
    ck_assert_int_eq(pragma(db, "PRAGMA synchronous"), 2); /* FULL */
    ck_assert_int_eq(pragma(db, "PRAGMA busy_timeout"), 5000);
    ck_assert_int_eq(pragma(db, "PRAGMA trusted_schema"), 0);
    ck_assert_int_eq(pragma(db, "PRAGMA cell_size_check"), 1);
    Stmt q = stmt_begin(db, "PRAGMA journal_mode");
    ck_assert(stmt_row(&q));
    ck_assert_str_eq(stmt_col_text(&q, &a), "wal");
    OK(stmt_finish(&q, &err));
}
END_TEST

START_TEST(an_empty_file_becomes_a_catalog)
{
    TmpDir t = tmpdir_open();
    const char *path = tmpdir_write(&t, "catalog.db", "");
    Catalog *c = NULL;
    FAILS(ERR_FORMAT, catalog_open_readonly(path, &c, &err));
    HAS(err.hint, "slaw reindex STUDY");
    OK(catalog_open(path, &c, &err));
    ck_assert_int_eq(pragma(c->db, "SELECT count(*) FROM sqlite_schema WHERE type = 'table'"), 9);
    catalog_close(c);
    OK(catalog_open(path, &c, &err)); /* and again, without a migration */
    catalog_close(c);
    OK(catalog_open_readonly(path, &c, &err));
    catalog_close(c);
    tmpdir_close(&t);
}
END_TEST

START_TEST(every_table_is_strict_and_foreign_keys_hold)
{
    int64_t id = sample_begin(s.c, 1, 0);
    ck_assert_int_eq(id, 1);
    FAILS(ERR_CONFLICT, stmt_exec(s.c->db, "UPDATE run SET params = 'many'", &err));
    HAS(err.msg, "cannot store TEXT value in INTEGER column");
    FAILS(ERR_CONFLICT, stmt_exec(s.c->db, "UPDATE run SET flops_6nd = 'notnum'", &err));
    FAILS(ERR_CONFLICT, stmt_exec(s.c->db, "UPDATE run SET state = 'bored'", &err));
    FAILS(ERR_CONFLICT, stmt_exec(s.c->db, "UPDATE run SET hash = 'short'", &err));
    FAILS(
        ERR_CONFLICT,
        stmt_exec(s.c->db, "INSERT INTO metric VALUES (99, 1, 0, 1, 1, 'finite', 1, 1, 1)", &err));
    HAS(err.msg, "FOREIGN KEY");
    ck_assert_int_eq(pragma(s.c->db,
                            "SELECT count(*) FROM pragma_table_list WHERE type = 'table'"
                            " AND schema = 'main' AND name NOT LIKE 'sqlite%' AND strict = 0"),
                     0);
}
END_TEST

START_TEST(files_that_are_no_catalogs_are_refused_and_left_alone)
{
    TmpDir t = tmpdir_open();
    Catalog *c = NULL;
    const char *text = "name,architecture,loss\n"
                       "llama,20k,3.2\nllama,85k,2.9\ntnl,20k,3.3\ntnl,85k,3.0\nhgrn2,20k,3.1\n";
    char path[FSX_PATH_BYTES];
    (void)snprintf(path, sizeof path, "%s", tmpdir_write(&t, "table.csv", text));
    FAILS(ERR_FORMAT, catalog_open(path, &c, &err));
    HAS(err.msg, "not a database");
    HAS(err.hint, "slaw reindex STUDY");
    FAILS(ERR_FORMAT, catalog_open_readonly(path, &c, &err));
    HAS(err.hint, "slaw reindex STUDY");
    Buf after = BUF_INIT;
    OK(fsx_read(path, 10000, &after, &err));
    ck_assert_str_eq(buf_str(&after), text);
    buf_release(&after);

    (void)snprintf(path, sizeof path, "%s/other.db", t.path);
    raw_exec(path, "CREATE TABLE tune (x); PRAGMA application_id = 77");
    FAILS(ERR_FORMAT, catalog_open(path, &c, &err));
    HAS(err.msg, "another program");
    HAS(err.hint, "slaw reindex STUDY");
    raw_exec(path, "PRAGMA application_id = 0"); /* tables of an unknown owner */
    FAILS(ERR_FORMAT, catalog_open_readonly(path, &c, &err));
    HAS(err.msg, "another program");
    ck_assert_ptr_null(c);
    tmpdir_close(&t);
}
END_TEST

START_TEST(a_newer_catalog_is_refused)
{
    Catalog *c = NULL;
    catalog_close(s.c);
    raw_exec(s.db, "PRAGMA user_version = 9");
    FAILS(ERR_FORMAT, catalog_open(s.db, &c, &err));
    HAS(err.msg, "newer slaw (catalog version 9; this program knows 3)");
    HAS(err.hint, "slaw reindex STUDY");
    FAILS(ERR_FORMAT, catalog_open_readonly(s.db, &c, &err));
    HAS(err.msg, "newer slaw");
    s.c = NULL;
}
END_TEST

START_TEST(missing_folders_and_files_are_told_apart)
{
    TmpDir t = tmpdir_open();
    Catalog *c = NULL;
    char path[FSX_PATH_BYTES];
    OK(fsx_join(path, t.path, "nowhere/catalog.db", &err));
    FAILS(ERR_NOTFOUND, catalog_open(path, &c, &err));
    HAS(err.msg, "nowhere: no such folder");
    FAILS(ERR_NOTFOUND, catalog_open_readonly(path, &c, &err));
    HAS(err.msg, "catalog.db: no such file");
    HAS(err.hint, "slaw run");
    FAILS(ERR_DB, catalog_open(t.path, &c, &err)); /* a folder is no file */
    tmpdir_close(&t);
}
END_TEST

/* Every page but the first is overwritten: the schema reads well, the tables do not. */
static void spoil(const char *path)
{
    Buf b = BUF_INIT;
    OK(fsx_read(path, 1 << 24, &b, &err));
    ck_assert_uint_gt(b.len, 3 * 4096);
    memset(b.data + 2 * 4096, 0x5a, b.len - 2 * 4096);
    OK(fsx_replace(path, b.data, b.len, &err));
    buf_release(&b);
}

START_TEST(a_damaged_catalog_is_refused_with_the_cure)
{
    Catalog *c = NULL;
    (void)sample_begin(s.c, 1, 0);
    catalog_close(s.c);
    s.c = NULL;
    spoil(s.db);
    FAILS(ERR_FORMAT, catalog_open(s.db, &c, &err));
    HAS(err.hint, "slaw reindex STUDY");
    OK(truncate(s.db, 5000) == 0 ? ERR_OK : ERR_IO);
    FAILS(ERR_FORMAT, catalog_open(s.db, &c, &err));
    HAS(err.hint, "slaw reindex STUDY");
}
END_TEST

START_TEST(damage_found_while_reading_names_the_cure_too)
{
    Catalog *c = NULL;
    CatalogRun *runs = NULL;
    size_t n = 0;
    (void)sample_begin(s.c, 1, 0);
    catalog_close(s.c);
    s.c = NULL;
    spoil(s.db);
    ErrCode rc = catalog_open_readonly(s.db, &c, &err);
    if (rc == ERR_OK) {
        rc = catalog_run_list(c, &a, &runs, &n, &err);
    }
    ck_assert_int_eq(rc, ERR_FORMAT);
    HAS(err.hint, "slaw reindex STUDY");
    catalog_close(c);
}
END_TEST

START_TEST(a_reader_never_writes)
{
    Catalog *r = NULL;
    CatalogRun run = sample_run(2);
    int64_t id = 0;
    (void)sample_begin(s.c, 1, 0);
    catalog_close(s.c);
    s.c = NULL;
    char before[SHA256_HEX_BYTES], after[SHA256_HEX_BYTES];
    OK(hash_sha256_file(s.db, before, &err));
    OK(catalog_open_readonly(s.db, &r, &err));
    FAILS(ERR_DB, catalog_run_upsert(r, &run, 1, &id, &err));
    HAS(err.msg, "readonly");
    FAILS(ERR_DB, stmt_exec(r->db, "PRAGMA user_version = 3; DELETE FROM run", &err));
    FAILS(ERR_DB, catalog_begin(r, &err));
    catalog_close(r);
    OK(hash_sha256_file(s.db, after, &err));
    ck_assert_str_eq(before, after);
}
END_TEST

START_TEST(a_reader_sees_what_is_committed_meanwhile)
{
    Catalog *r = NULL;
    OK(catalog_open_readonly(s.db, &r, &err));
    OK(catalog_begin(s.c, &err));
    CatalogRun run = sample_run(2);
    int64_t id = 0;
    OK(catalog_run_upsert(s.c, &run, 1, &id, &err));
    ck_assert_int_eq(pragma(r->db, "SELECT count(*) FROM run"), 0);
    OK(catalog_commit(s.c, &err));
    ck_assert_int_eq(pragma(r->db, "SELECT count(*) FROM run"), 1);
    catalog_close(r);
}
END_TEST

/* Root may write everywhere: such a test runs as nobody, and turns back for its clean-up. */
enum { NOBODY = 65534 };

static void drop_root(void)
{
    ck_assert(getuid() != 0 || seteuid(NOBODY) == 0);
}

static void regain_root(void)
{
    ck_assert(getuid() != 0 || seteuid(0) == 0);
}

START_TEST(a_catalog_on_read_only_media_can_be_read)
{
    Catalog *r = NULL;
    char odd[FSX_PATH_BYTES];
    (void)sample_begin(s.c, 1, 0);
    catalog_close(s.c);
    s.c = NULL;
    OK(fsx_join(odd, s.tmp.path, "100% odd? name#.db",
                &err)); /* characters that mean something in a URI */
    ck_assert_int_eq(rename(s.db, odd), 0);
    ck_assert_int_eq(chmod(s.tmp.path, 0555), 0);
    drop_root();
    OK(catalog_open_readonly(odd, &r, &err));
    ck_assert_int_eq(pragma(r->db, "SELECT count(*) FROM run"), 1);
    catalog_close(r);
    regain_root();
    ck_assert_int_eq(chmod(s.tmp.path, 0755), 0);
}
END_TEST

START_TEST(a_file_without_write_permission_is_an_error)
{
    Catalog *c = NULL;
    catalog_close(s.c);
    s.c = NULL;
    ck_assert_int_eq(chmod(s.db, 0444), 0);
    ck_assert_int_eq(chmod(s.tmp.path, 0755), 0);
    drop_root();
    FAILS(ERR_DB, catalog_open(s.db, &c, &err));
    HAS(err.msg, "catalog.db: no permission to write");
    regain_root();
}
END_TEST

START_TEST(a_second_writer_waits_and_then_says_so)
{
    Catalog *b = NULL;
    OK(catalog_open(s.db, &b, &err));
    (void)sqlite3_busy_timeout(b->db, 50); /* instead of 5 s */
    OK(catalog_begin(s.c, &err));
    FAILS(ERR_DB, catalog_begin(b, &err));
    HAS(err.hint, "another process writes");
    catalog_rollback(s.c);
    OK(catalog_begin(b, &err));
    catalog_close(b); /* rolls back */
    OK(catalog_begin(s.c, &err));
    FAILS(ERR_DB, catalog_begin(s.c, &err)); /* twice */
    catalog_rollback(s.c);
    catalog_rollback(s.c); /* nothing to do */
    FAILS(ERR_DB, catalog_commit(s.c, &err));
    catalog_close(NULL);
}
END_TEST

/* Three versions of a small schema of its own: steps from any version to the newest. */
static const char *const steps[] = {
    "CREATE TABLE run (id INTEGER PRIMARY KEY) STRICT; INSERT INTO run VALUES (5)",
    "ALTER TABLE run ADD COLUMN name TEXT NOT NULL DEFAULT 'old'",
    "CREATE VIEW names AS SELECT name FROM run",
};

START_TEST(migrations_step_by_step_keep_the_rows_and_a_copy)
{
    TmpDir t = tmpdir_open();
    char path[FSX_PATH_BYTES], copy[FSX_PATH_BYTES];
    OK(fsx_join(path, t.path, "m.db", &err));
    sqlite3 *db = raw_open(path);
    OK(migrate(db, path, (Migrations){steps, 1}, &err));
    ck_assert_int_eq(pragma(db, "PRAGMA user_version"), 1);
    OK(fsx_join(copy, t.path, "m.db.v0.bak", &err));
    ck_assert(!fsx_exists(copy)); /* an empty file needs none */
    OK(migrate(db, path, (Migrations){steps, 3}, &err));
    ck_assert_int_eq(pragma(db, "PRAGMA user_version"), 3);
    ck_assert_int_eq(pragma(db, "SELECT count(*) FROM names WHERE name = 'old'"), 1);
    OK(migrate(db, path, (Migrations){steps, 3}, &err)); /* nothing to do */
    FAILS(ERR_FORMAT, migrate(db, path, (Migrations){steps, 2}, &err));
    ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);

    OK(fsx_join(copy, t.path, "m.db.v1.bak", &err));
    db = raw_open(copy);
    ck_assert_int_eq(pragma(db, "PRAGMA user_version"), 1);
    ck_assert_int_eq(pragma(db, "SELECT id FROM run"), 5);
    OK(migrate(db, copy, (Migrations){steps, 3}, &err)); /* the copy is as good as the original */
    ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
    tmpdir_close(&t);
}
END_TEST

START_TEST(a_migration_that_fails_changes_nothing)
{
    TmpDir t = tmpdir_open();
    static const char *const bad[] = {
        "CREATE TABLE run (id INTEGER PRIMARY KEY) STRICT",
        "CREATE TABLE extra (x INTEGER) STRICT; CREATE TABLE run (again INTEGER) STRICT",
    };
    char path[FSX_PATH_BYTES];
    OK(fsx_join(path, t.path, "m.db", &err));
    sqlite3 *db = raw_open(path);
    FAILS(ERR_DB, migrate(db, path, (Migrations){bad, 2}, &err));
    HAS(err.msg, "catalog version 1 to 2");
    HAS(err.msg, "already exists");
    ck_assert_int_eq(pragma(db, "PRAGMA user_version"), 1);
    ck_assert_int_eq(pragma(db, "SELECT count(*) FROM sqlite_schema"), 1);
    ck_assert_int_ne(sqlite3_get_autocommit(db), 0);
    ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
    tmpdir_close(&t);
}
END_TEST

int main(void)
{
    return test_main(
        (TestPlan){.name = "catalog", .set_up = fixture_open, .tear_down = fixture_close});
}

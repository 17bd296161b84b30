/* A full disk and a used-up quota are told from other failures of the catalog, nothing is half
 * stored, and work goes on once there is space.  The quota by a VFS that wraps SQLite's own; the
 * disk by a small tmpfs where this process may mount one, else by the same VFS. */
#include <check.h>
#include <errno.h>
#include <math.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

#include "catalog/metric.h"
#include "tests/catalog/sample.h"
#include "tests/support/suite.h"

static sqlite3_vfs *base, wrapped;
static sqlite3_io_methods methods[2]; /* of databases, which are locked; of all other files */
static int (*real_write)(sqlite3_file *, const void *, int, sqlite3_int64);
static int (*real_sync)(sqlite3_file *, int);
static int fail_write, fail_sync, last_errno; /* errno to fail with; 0: works */

static int my_write(sqlite3_file *f, const void *data, int n, sqlite3_int64 at)
{
    if (fail_write == 0) {
        return real_write(f, data, n, at);
    }
    last_errno = fail_write;
    return fail_write == ENOSPC ? SQLITE_FULL : SQLITE_IOERR_WRITE; /* as os_unix.c does */
}

static int my_sync(sqlite3_file *f, int flags)
{
    if (fail_sync == 0) {
        return real_sync(f, flags);
    }
    last_errno = fail_sync;
    return SQLITE_IOERR_FSYNC;
}

static int my_open(sqlite3_vfs *v, const char *name, sqlite3_file *f, int flags, int *out)
{
    (void)v;
    int rc = base->xOpen(base, name, f, flags, out);
    if (rc == SQLITE_OK && f->pMethods) {
        sqlite3_io_methods *m = &methods[(flags & SQLITE_OPEN_MAIN_DB) == 0];
        *m = *f->pMethods;
        real_write = m->xWrite;
        real_sync = m->xSync;
        m->xWrite = my_write;
        m->xSync = my_sync;
        f->pMethods = m;
    }
    return rc;
}

static int my_error(sqlite3_vfs *v, int n, char *text)
{
    (void)v;
    (void)n;
    (void)text;
    return last_errno;
}

static void setup(void)
{
    base = sqlite3_vfs_find(NULL);
    wrapped = *base;
    wrapped.zName = "wrapped";
    wrapped.xOpen = my_open;
    wrapped.xGetLastError = my_error;
    fail_write = fail_sync = last_errno = 0;
    ck_assert_int_eq(sqlite3_vfs_register(&wrapped, 1), SQLITE_OK);
}

static void teardown(void)
{
    (void)sqlite3_vfs_unregister(&wrapped);
}

/* A transaction of n rows from `first` on. */
static ErrCode add_rows(Catalog *c, int64_t id, int64_t first, int64_t n, Err *err)
{
    ErrCode rc = catalog_begin(c, err);
    for (int64_t step = first; rc == ERR_OK && step < first + n; step++) {
        CatalogMetric m = {.run_id = id,
                           .step = step,
                           .loss = 1.0 / (double)step,
                           .grad_norm = sqrt((double)step),
                           .lr = 0.1,
                           .tokens_per_s = 1e5};
        rc = catalog_metric_upsert(c, &m, err);
    }
    if (rc == ERR_OK) {
        rc = catalog_commit(c, err);
    }
    catalog_rollback(c);
    return rc;
}

static int64_t count(Catalog *c)
{
    Err err = ERR_INIT;
    Stmt q = stmt_begin(c->db, "SELECT count(*) FROM metric");
    int64_t n = stmt_row(&q) ? stmt_col_i64(&q) : -1;
    OK(stmt_finish(&q, &err));
    return n;
}

START_TEST(want_of_space_is_told_from_other_failures)
{
    static const struct {
        int write, sync;
        bool is_no_space;
    } way[] = {{ENOSPC, 0, true}, {EDQUOT, 0, true}, {0, ENOSPC, true},
               {0, EDQUOT, true}, {EIO, 0, false},   {0, EIO, false}};
    for (size_t i = 0; i < sizeof way / sizeof way[0]; i++) {
        Sample s = sample_open();
        Err err = ERR_INIT;
        int64_t id = sample_begin(s.c, 0, 0);
        OK(add_rows(s.c, id, 1, 100, &err));
        fail_write = way[i].write;
        fail_sync = way[i].sync;
        FAILS(ERR_DB, add_rows(s.c, id, 101, 100, &err));
        ck_assert_msg(err_is_no_space(&err) == way[i].is_no_space, "%zu: errno %d: %s", i,
                      err.sys_errno, err.msg);
        ck_assert_int_eq(err.sys_errno, way[i].write + way[i].sync);
        ck_assert_int_eq(count(s.c), 100);
        fail_write = fail_sync = 0; /* space again: the same connection goes on */
        OK(add_rows(s.c, id, 101, 100, &err));
        ck_assert_int_eq(count(s.c), 200);
        sample_close(&s);
    }
}
END_TEST

START_TEST(a_full_disk_keeps_what_was_committed)
{
    TmpDir t = tmpdir_open();
    Err err = ERR_INIT;
    char path[FSX_PATH_BYTES];
    Catalog *c = NULL;
    teardown(); /* SQLite's own VFS */
    if (mount("tmpfs", t.path, "tmpfs", 0, "size=1m") != 0) {
        tmpdir_close(&t); /* not allowed here: the test above has to do */
        return;
    }
    OK(fsx_join(path, t.path, "catalog.db", &err));
    OK(catalog_open(path, &c, &err));
    int64_t id = sample_begin(c, 0, 0), kept = 0;
    while (add_rows(c, id, kept + 1, 200, &err) == ERR_OK) {
        kept += 200;
        ck_assert_int_lt(kept, 100000);
    }
    ck_assert_msg(err_is_no_space(&err), "%d: %s", err.sys_errno, err.msg);
    ck_assert_int_gt(kept, 0);
    ck_assert_int_eq(count(c), kept);
    ck_assert_int_eq(mount("tmpfs", t.path, "tmpfs", MS_REMOUNT, "size=8m"), 0);
    OK(add_rows(c, id, kept + 1, 200, &err));
    ck_assert_int_eq(count(c), kept + 200);
    OK(catalog_check(c, &err));
    catalog_close(c);
    ck_assert_int_eq(umount(t.path), 0);
    tmpdir_close(&t);
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "no space", .set_up = setup, .tear_down = teardown});
}

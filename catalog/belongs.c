#include "catalog/belongs.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>

#include "common/fsx.h"

enum { MOST_FOLDERS = 256 };

/* runs/<name> was at work once, and is a run: reindex would find it. */
static bool is_started_run(const char *runs, const char *name)
{
    static const char *const sign[] = {"attempt-000", "config.json", "run.json"};
    for (size_t i = 0; i < sizeof sign / sizeof sign[0]; i++) {
        char path[FSX_PATH_BYTES];
        Err none = ERR_INIT;
        if (fsx_path(path, &none, "%s/%s/%s", runs, name, sign[i]) != ERR_OK || !fsx_exists(path)) {
            return false;
        }
    }
    return true;
}

static ErrCode is_known(Catalog *c, const char *name, bool *ret, Err *err)
{
    char dir[FSX_PATH_BYTES];
    ErrCode rc = fsx_path(dir, err, "runs/%s", name);
    if (rc != ERR_OK) {
        return rc;
    }
    Stmt q = stmt_kept(&c->stmts, "SELECT 1 FROM run WHERE dir = ?1");
    stmt_bind_text(&q, dir);
    *ret = stmt_row(&q);
    return stmt_finish(&q, err);
}

ErrCode catalog_belongs(Catalog *c, const char *study_dir, bool *ret, char why[BELONGS_WHY_BYTES],
                        Err *err)
{
    char runs[FSX_PATH_BYTES];
    ErrCode rc = fsx_join(runs, study_dir, "runs", err);
    if (rc != ERR_OK) {
        return rc;
    }
    *ret = true;
    DIR *d = opendir(runs);
    if (!d) {
        return errno == ENOENT ? ERR_OK : err_sys(err, "open %s", runs);
    }
    int n = 0;
    /* One thread reads this folder. NOLINTNEXTLINE(concurrency-mt-unsafe) */
    for (struct dirent *e = readdir(d); e && rc == ERR_OK && *ret && n < MOST_FOLDERS;
         e = readdir(d)) { /* NOLINT(concurrency-mt-unsafe) */
        if (e->d_name[0] == '.' || !is_started_run(runs, e->d_name)) {
            continue;
        }
        n++;
        rc = is_known(c, e->d_name, ret, err);
        if (rc == ERR_OK && !*ret) {
            (void)snprintf(why, BELONGS_WHY_BYTES, "%s: knows nothing of runs/%.200s", c->path,
                           e->d_name);
        }
    }
    (void)closedir(d);
    return rc;
}

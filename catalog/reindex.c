#include "catalog/reindex.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "catalog/belongs.h"
#include "catalog/fit.h"
#include "catalog/fit_log.h"
#include "catalog/location.h"
#include "catalog/record.h"
#include "catalog/reindex_run.h"
#include "catalog/stmt.h"
#include "common/clock.h"
#include "common/fsx.h"
#include "common/order.h"

static const char *const side_files[] = {"-wal", "-shm", "-journal"};

/* Removes the files that SQLite keeps beside a database. */
static void remove_side_files(const char *path)
{
    for (size_t i = 0; i < sizeof side_files / sizeof side_files[0]; i++) {
        char side[FSX_PATH_BYTES];
        Err ignored = ERR_INIT;
        if (fsx_path(side, &ignored, "%s%s", path, side_files[i]) == ERR_OK) {
            (void)unlink(side); /* mostly not there */
        }
    }
}

static void say(const Reindex *x, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));

static void say(const Reindex *x, const char *fmt, va_list ap)
{
    if (x->report) {
        char text[2048];
        (void)vsnprintf(text, sizeof text, fmt, ap);
        x->report(x->ctx, text);
    }
}

void reindex_say(const Reindex *x, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    say(x, fmt, ap);
    va_end(ap);
}

void reindex_problem(Reindex *x, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    say(x, fmt, ap);
    va_end(ap);
    x->totals.problems++;
}

static ErrCode read_study(Reindex *x, Err *err)
{
    Arena a = ARENA_INIT;
    CatalogStudy s;
    Err why = ERR_INIT;
    ErrCode rc = study_record_read(x->study_dir, &a, &s, &why);
    if (rc == ERR_OK) {
        rc = catalog_study_put(x->c, &s, clock_unix_ms(), err);
    } else if (rc == ERR_NOTFOUND || rc == ERR_FORMAT) {
        reindex_problem(x, "%s", why.msg);
        rc = ERR_OK;
    } else {
        *err = why;
    }
    arena_release(&a);
    return rc;
}

static ErrCode read_corpus(Reindex *x, Err *err)
{
    Arena a = ARENA_INIT;
    CatalogCorpus row;
    Err why = ERR_INIT;
    char dir[FSX_PATH_BYTES];
    ErrCode rc = fsx_join(dir, x->study_dir, "corpus", err);
    if (rc != ERR_OK) {
        return rc;
    }
    rc = corpus_record_read(dir, &a, &row, &why);
    if (rc == ERR_OK) {
        rc = catalog_corpus_put(x->c, &row, err);
    } else if (rc == ERR_NOTFOUND || rc == ERR_FORMAT) {
        if (rc == ERR_FORMAT) {
            reindex_problem(x, "%s", why.msg);
        }
        rc = ERR_OK;
    } else {
        *err = why;
    }
    arena_release(&a);
    return rc;
}

/* The folder must be <name>-<hash12>: a copy under another name would be the run twice. */
static bool is_home(const CatalogRun *r, const char *folder)
{
    char want[FSX_PATH_BYTES];
    Err ignored = ERR_INIT;
    return fsx_path(want, &ignored, "%s-%.12s", r->name, r->hash) == ERR_OK &&
           strcmp(want, folder) == 0;
}

static int by_id_and_position(const void *a, const void *b)
{
    const CatalogRun *x = a, *y = b;
    bool has_ids = x->id > 0 && y->id > 0;
    if (has_ids && x->id != y->id) {
        return x->id < y->id ? -1 : 1;
    }
    if ((x->id > 0) != (y->id > 0)) {
        return x->id > 0 ? -1 : 1; /* known ids first: the others take what is left */
    }
    int order = ORDER(x->position, y->position);
    return order ? order : strcmp(x->hash, y->hash);
}

/* Every run that the folder tells of, by id; those without one after them, by position. */
static ErrCode find_runs(Reindex *x, Arena *a, CatalogRun **ret, size_t *ret_n, Err *err)
{
    ErrCode rc = ERR_OK;
    char runs_dir[FSX_PATH_BYTES], dir[FSX_PATH_BYTES];
    const char **names = NULL;
    size_t n_names = 0, n = 0;
    CatalogRun *runs = NULL;
    TRY(fsx_join(runs_dir, x->study_dir, "runs", err));
    TRY(fsx_list(runs_dir, a, &names, &n_names, err));
    runs = arena_array(a, n_names + 1, sizeof *runs);
    if (!runs) {
        rc = err_nomem(err, "the runs of the study");
        goto done;
    }
    for (size_t i = 0; i < n_names; i++) {
        Err why = ERR_INIT;
        TRY(fsx_join(dir, runs_dir, names[i], err));
        if (!fsx_is_dir(dir)) {
            continue;
        }
        if (run_record_read(dir, a, &runs[n], &why) != ERR_OK) {
            reindex_problem(x, "%s: left out: %s", dir, why.msg);
        } else if (!is_home(&runs[n], names[i])) {
            reindex_problem(x, "%s: left out: the folder of this run is %s-%.12s", dir,
                            runs[n].name, runs[n].hash);
        } else {
            runs[n].dir = arena_printf(a, "runs/%s", names[i]);
            rc = runs[n].dir ? ERR_OK : err_nomem(err, "a run");
            if (rc != ERR_OK) {
                goto done;
            }
            n++;
        }
    }
    qsort(runs, n, sizeof *runs, by_id_and_position);
    *ret = runs;
    *ret_n = n;

done:
    return rc;
}

static void on_fit_damage(void *ctx, size_t line, const char *why)
{
    reindex_problem(ctx, FIT_LOG_FILE ", line %zu: %s; skipped", line, why);
}

/* The laws that an older program stored without writing them to a file, in what can be read of the
 * old catalog. */
static ErrCode keep_old_fits(Reindex *x, const char *old_path, bool has_log, Err *err)
{
    Arena a = ARENA_INIT;
    Catalog *old = NULL;
    CatalogFit *fits = NULL;
    size_t n = 0;
    int64_t id = 0;
    bool is_ours = false;
    char whose[BELONGS_WHY_BYTES];
    Err why = ERR_INIT;
    ErrCode rc = catalog_open_readonly(old_path, &old, &why);
    if (rc == ERR_OK) {
        rc = catalog_belongs(old, x->study_dir, &is_ours, whose, &why);
    }
    if (rc == ERR_OK && is_ours) {
        rc = catalog_fit_list(old, &a, &fits, &n, &why);
    }
    catalog_close(old);
    if (rc != ERR_OK && rc != ERR_NOTFOUND && !has_log) {
        reindex_say(x,
                    "fitted laws in the old catalog cannot be read (%s); slaw fit makes them again",
                    why.msg);
    }
    rc = ERR_OK;
    for (size_t i = 0; rc == ERR_OK && i < n; i++) {
        rc = catalog_fit_add(x->c, &fits[i], &id, err);
        rc = rc == ERR_CONFLICT ? ERR_OK : rc; /* the file had it */
    }
    arena_release(&a);
    return rc;
}

static ErrCode read_fits(Reindex *x, const char *old_path, Err *err)
{
    Arena a = ARENA_INIT;
    CatalogFit *fits = NULL;
    size_t n = 0;
    int64_t id = 0;
    ErrCode rc = fit_log_read(x->study_dir, on_fit_damage, x, &a, &fits, &n, err);
    for (size_t i = 0; rc == ERR_OK && i < n; i++) {
        rc = catalog_fit_add(x->c, &fits[i], &id, err);
    }
    arena_release(&a);
    return rc == ERR_OK ? keep_old_fits(x, old_path, n > 0, err) : rc;
}

static ErrCode count(Reindex *x, const char *sql, int64_t *ret, Err *err)
{
    Stmt q = stmt_begin(x->c->db, sql);
    return stmt_number(&q, 0, ret, err);
}

static ErrCode count_rows(Reindex *x, Err *err)
{
    ErrCode rc = ERR_OK;
    TRY(count(x, "SELECT count(*) FROM checkpoint", &x->totals.checkpoints, err));
    TRY(count(x, "SELECT count(*) FROM metric", &x->totals.metrics, err));
    TRY(count(x, "SELECT count(*) FROM evaluation", &x->totals.evaluations, err));
    TRY(count(x, "SELECT count(*) FROM fit", &x->totals.fits, err));
done:
    return rc;
}

static ErrCode fill(Reindex *x, const char *old_path, Err *err)
{
    ErrCode rc = ERR_OK;
    Arena a = ARENA_INIT;
    CatalogRun *runs = NULL;
    size_t n = 0;
    TRY(catalog_begin(x->c, err));
    TRY(read_study(x, err));
    TRY(read_corpus(x, err));
    TRY(find_runs(x, &a, &runs, &n, err));
    for (size_t i = 0; i < n; i++) {
        TRY(reindex_run(x, &runs[i], err));
    }
    TRY(read_fits(x, old_path, err));
    TRY(count_rows(x, err));
    TRY(catalog_commit(x->c, err));
    /* One file that needs no log: it can be renamed. */
    TRY(stmt_exec(x->c->db, "PRAGMA journal_mode = DELETE", err));

done:
    arena_release(&a);
    return rc;
}

/* A log that belongs to the old file must not meet the new one.  The old catalog is asked
 * to take it in, so that it is whole if we die here; a damaged one loses its log. */
static void retire_old(const char *path)
{
    sqlite3 *db = NULL;
    if (fsx_exists(path) && sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK) {
        (void)sqlite3_exec(db, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL);
    }
    (void)sqlite3_close(db);
    remove_side_files(path);
}

static ErrCode check_study(const char *study_dir, Err *err)
{
    char runs[FSX_PATH_BYTES], study[FSX_PATH_BYTES];
    ErrCode rc = fsx_join(runs, study_dir, "runs", err);
    if (rc == ERR_OK) {
        rc = fsx_join(study, study_dir, "study.json", err);
    }
    if (rc == ERR_OK && !fsx_is_dir(runs) && !fsx_exists(study)) {
        rc = err_set(err, ERR_NOTFOUND, "%s: not the folder of a study (no runs/, no study.json)",
                     study_dir);
    }
    return rc;
}

ErrCode catalog_reindex(const char *study_dir, ReindexReport report, void *ctx, ReindexTotals *ret,
                        Err *err)
{
    ErrCode rc = ERR_OK;
    Reindex x = {.study_dir = study_dir, .report = report, .ctx = ctx};
    char path[FSX_PATH_BYTES], fresh[FSX_PATH_BYTES];
    TRY(check_study(study_dir, err));
    TRY(catalog_location(study_dir, path, NULL, err));
    TRY(fsx_path(fresh, err, "%s.new", path));
    (void)unlink(fresh); /* of a reindex that was killed */
    remove_side_files(fresh);
    TRY(catalog_open(fresh, &x.c, err));
    TRY(fill(&x, path, err));
    catalog_close(x.c);
    x.c = NULL;
    retire_old(path);
    if (rename(fresh, path) != 0) {
        rc = err_sys(err, "rename %s to %s", fresh, path);
        goto done;
    }
    TRY(fsx_sync_parent(path, err));
    *ret = x.totals;

done:
    catalog_close(x.c);
    return rc;
}

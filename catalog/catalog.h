/* catalog.h -- the SQLite database of a study: opening, migrating, transactions.
 *
 * One process at a time writes it, the holder of the study's lock: the scheduler, or a
 * verb while none is at work.  Everybody else opens it read-only.  All of it can be rebuilt
 * from the study's files (reindex.h), so a damaged catalog costs a minute, never a result.
 *
 *   writer  WAL, synchronous=FULL, foreign_keys=ON, busy_timeout 5 s, quick_check
 *           at opening (of more than 64 MB only of the small tables: catalog_check() is the
 *           whole), and one write to learn whether writing works here at all
 *   reader  SQLITE_OPEN_READONLY and query_only; on media that cannot be written,
 *           immutable=1
 *
 * The version is PRAGMA user_version; schemas/catalog/NNNN_*.sql takes version
 * N-1 to N, each in a transaction of its own.  Before a catalog of an older
 * version is changed it is copied to <path>.v<N>.bak.
 *
 * Every write happens in a transaction that began with BEGIN IMMEDIATE: either
 * the caller's (catalog_begin ... catalog_commit) or the function's own.
 * Strings of the structs that lists return live in the caller's Arena.
 * Not thread-safe: a Catalog belongs to one thread.
 */
#ifndef CATALOG_CATALOG_H
#define CATALOG_CATALOG_H

#include <sqlite3.h>
#include <stdbool.h>

#include "catalog/stmt.h"
#include "common/err.h"

#define CATALOG_FILE "catalog.db" /* in the study's folder */

typedef struct Catalog {
    sqlite3 *db;
    StmtCache stmts; /* compiled once: stmt_kept(&c->stmts, "...") */
    char *path;
    bool is_readonly;
    int64_t free_id; /* catalog_run_upsert() gives new runs the lowest ids that are free, from
                        this one on; 0: ids above all others.  1 after a reindex, so that runs
                        which were never started get theirs again (reindex.h) */
} Catalog;

/* Opens for writing; creates the file when there is none (its folder must exist).
 * ERR_FORMAT with a hint: not a database, another program's, damaged, or written
 * by a newer version; ERR_DB: the folder or file cannot be written, or is locked
 * for longer than 5 s; ERR_NOTFOUND: the folder does not exist. */
ErrCode catalog_open(const char *path, Catalog **ret, Err *err);

/* Opens for reading and never writes a byte of it.  ERR_NOTFOUND when the file does
 * not exist; ERR_FORMAT as above, and for an older version than this program's
 * (any writing verb migrates it). */
ErrCode catalog_open_readonly(const char *path, Catalog **ret, Err *err);

/* PRAGMA quick_check of the whole file.  ERR_FORMAT with the first thing that is wrong. */
ErrCode catalog_check(Catalog *c, Err *err);

/* NULL is fine.  An open transaction is rolled back. */
void catalog_close(Catalog *c);

/* BEGIN IMMEDIATE.  ERR_DB when another process writes for longer than 5 s. */
ErrCode catalog_begin(Catalog *c, Err *err);
ErrCode catalog_commit(Catalog *c, Err *err);

/* What is read until catalog_rollback() is of one moment. */
ErrCode catalog_begin_reading(Catalog *c, Err *err);

void catalog_rollback(Catalog *c); /* without a transaction: nothing */

#endif

/* migrate.h -- catalog versions: schemas/catalog/NNNN_*.sql, oldest first.
 *
 * To change the catalog: add schemas/catalog/NNNN_what.sql (never edit a released
 * one), embed it in CMakeLists.txt and add it to the list in migrate.c.
 */
#ifndef CATALOG_MIGRATE_H
#define CATALOG_MIGRATE_H

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

/* PRAGMA application_id of every catalog: "SLAW" */
enum { CATALOG_APPLICATION_ID = 0x534c4157 };

/* list[i] takes version i to i + 1. */
typedef struct Migrations {
    const char *const *list;
    size_t n;
} Migrations;

Migrations migrations_of_this_program(void);

/* What is in the file, before it is trusted with anything.  *ret_version: 0 for an
 * empty file.  ERR_FORMAT with a hint: not a database, damaged, another program's
 * database, or of a version above newest. */
ErrCode migrate_check(sqlite3 *db, const char *path, int64_t newest, int64_t *ret_version,
                      Err *err);

/* Brings the file to version m.n: copies a non-empty older one to <path>.v<N>.bak
 * first, then one transaction a step.  ERR_DB or what migrate_check() says. */
ErrCode migrate(sqlite3 *db, const char *path, Migrations m, Err *err);

#endif

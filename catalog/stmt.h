/* stmt.h -- the one place that touches a sqlite3_stmt.
 *
 * A Stmt is a query with its parameters bound in order and its columns read in
 * order, so a call site is as long as the SQL is.  The first failure sticks:
 * later calls do nothing, and stmt_finish() reports it.
 *
 * Reals that may be NaN or infinite take two columns: the value, NULL unless
 * finite, and its kind ('finite', 'nan', 'inf', '-inf').  SQLite would turn a NaN
 * into NULL silently; so a loss that is missing and a loss that is NaN differ.
 *
 * Compiling SQL takes longer than most of what it does here, so a StmtCache keeps
 * what was compiled for one connection: stmt_kept() gives the same Stmt as
 * stmt_begin(), and stmt_finish() rewinds it instead of releasing it.
 */
#ifndef CATALOG_STMT_H
#define CATALOG_STMT_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/err.h"

typedef struct StmtSlot {
    const char *sql; /* the text's address; NULL: empty */
    sqlite3_stmt *raw;
    bool is_busy; /* a Stmt has it */
} StmtSlot;

enum { STMT_CACHE_SLOTS = 256 };

/* Statements of one connection, by the address of their text (a literal's never changes; the
 * text is compared all the same).  Zeroed but for db: empty. */
typedef struct StmtCache {
    sqlite3 *db;
    StmtSlot slot[STMT_CACHE_SLOTS];
} StmtCache;

/* Finalizes what it holds; before the connection is closed.  No Stmt may be open. */
void stmt_cache_clear(StmtCache *c);

typedef struct Stmt {
    sqlite3 *db;
    sqlite3_stmt *raw;
    StmtSlot *slot; /* where raw goes back to; NULL: it is this Stmt's own */
    int next_param; /* 1-based, as SQLite counts them */
    int next_col;   /* 0-based */
    int rc;         /* first SQLite result other than OK, ROW, DONE */
    bool is_short;  /* an arena had no memory for a text column */
} Stmt;

/* `sql` must outlive the Stmt.  Never fails here: see stmt_finish(). */
Stmt stmt_begin(sqlite3 *db, const char *sql);

/* The same from the cache.  A text that is in use already (a query inside its own loop), or one
 * for which the cache has no place, is compiled anew. */
Stmt stmt_kept(StmtCache *c, const char *sql);

void stmt_bind_i64(Stmt *s, int64_t v);
void stmt_bind_f64(Stmt *s, double v);          /* NaN binds SQL NULL */
void stmt_bind_finite(Stmt *s, double v);       /* NaN and infinities bind SQL NULL */
void stmt_bind_text(Stmt *s, const char *utf8); /* NULL binds SQL NULL; not copied */
void stmt_bind_null(Stmt *s);
void stmt_bind_i64_or_null(Stmt *s, int64_t v, int64_t null_value); /* NULL if v == null_value */
void stmt_bind_loss(Stmt *s, double v); /* two parameters: value, kind */

/* True while there is a row; then read its columns from the left. */
bool stmt_row(Stmt *s);
int64_t stmt_col_i64(Stmt *s); /* 0 for NULL */
int64_t stmt_col_i64_or(Stmt *s, int64_t null_value);
double stmt_col_f64(Stmt *s);                 /* NaN for NULL */
double stmt_col_loss(Stmt *s);                /* two columns: value, kind */
const char *stmt_col_text(Stmt *s, Arena *a); /* copied into a; NULL for NULL */
const char *stmt_col_view(Stmt *s);           /* SQLite's, until the next row; NULL for NULL */

/* Steps a statement that gives no rows to its end; true if that worked. */
bool stmt_step(Stmt *s);

/* A member of a row's struct, bound or read. */
typedef enum StmtKind {
    STMT_END, /* of a list of members */
    STMT_I64,
    STMT_OR_NONE, /* int64_t, -1 for NULL */
    STMT_F64,
    STMT_FINITE, /* double; bound as NULL unless finite */
    STMT_LOSS,
    STMT_TEXT,
    STMT_NAME, /* an enumeration, by name */
} StmtKind;

typedef struct StmtField {
    StmtKind kind;
    size_t at;                /* offsetof() of the member */
    const char *const *names; /* [n_names] of STMT_NAME, else NULL */
    size_t n_names;
} StmtField;

/* An entry of a list: a member of STMT_ROW, which the file that has the list defines. */
#define STMT_FIELD(kind, member)                \
    {                                           \
        STMT_##kind, offsetof(STMT_ROW, member) \
    }

/* Binds or reads the members of *row that the list names, in its order. */
void stmt_bind_row(Stmt *s, const StmtField *field, const void *row);
void stmt_read_row(Stmt *s, Arena *a, const StmtField *field, void *row);

/* Releases the statement, or rewinds a kept one; always call it, once.  ERR_CONFLICT for a broken
 * constraint, ERR_FORMAT for a damaged file, ERR_NOMEM, ERR_DB for anything else
 * SQLite refused; err->sys_errno says ENOSPC or EDQUOT for want of space (err_is_no_space). */
ErrCode stmt_finish(Stmt *s, Err *err);

/* stmt_step() and stmt_finish(). */
ErrCode stmt_run(Stmt *s, Err *err);

/* The first column of the first row, or `none` without a row; the statement is run to its end, as
 * a write wants, and finished. */
ErrCode stmt_number(Stmt *s, int64_t none, int64_t *ret, Err *err);

/* Runs text of one or more statements without parameters. */
ErrCode stmt_exec(sqlite3 *db, const char *sql, Err *err);

#endif

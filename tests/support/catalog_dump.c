#include "tests/support/catalog_dump.h"

#include <check.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include <stdbool.h>

#include "common/buf.h"

static sqlite3 *open_db(const char *study_dir)
{
    char path[4096];
    sqlite3 *db = NULL;
    (void)snprintf(path, sizeof path, "%s/catalog.db", study_dir);
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK) {
        (void)sqlite3_close(db);
        return NULL;
    }
    (void)sqlite3_busy_timeout(db, 5000);
    return db;
}

static bool put_rows(sqlite3 *db, const char *sql, Buf *out)
{
    sqlite3_stmt *q = NULL;
    if (sqlite3_prepare_v2(db, sql, -1, &q, NULL) != SQLITE_OK) {
        return false;
    }
    while (sqlite3_step(q) == SQLITE_ROW) {
        for (int i = 0; i < sqlite3_column_count(q); i++) {
            const unsigned char *text = sqlite3_column_text(q, i);
            buf_puts(out, i ? "|" : "");
            if (sqlite3_column_type(q, i) == SQLITE_FLOAT) {
                buf_printf(out, "%a", sqlite3_column_double(q, i));
            } else {
                buf_puts(out, text ? (const char *)text : "");
            }
        }
        buf_putc(out, '\n');
    }
    return sqlite3_finalize(q) == SQLITE_OK;
}

const char *catalog_ask(const char *study_dir, const char *sql)
{
    static char text[8192];
    Buf out = BUF_INIT;
    sqlite3 *db = open_db(study_dir);
    if (db && !put_rows(db, sql, &out)) {
        buf_clear(&out);
    }
    (void)sqlite3_close(db);
    (void)snprintf(text, sizeof text, "%s", buf_str(&out));
    buf_release(&out);
    text[strcspn(text, "\n")] = '\0';
    return text;
}

static const char *const everything[] = {
    "SELECT name, source_path, source_sha256, resolved FROM study",
    "SELECT * FROM corpus",
    "SELECT id, hash, name, dir, architecture, size, seed, axes, config, position, params,"
    " params_total, tokens, steps, batch_tokens, flops_6nd, flops_exact, flops_paper,"
    " checkpoints, state, reason FROM run ORDER BY id",
    "SELECT run_id, step, tokens, path, bytes, digest, train_loss, train_loss_status, state"
    " FROM checkpoint ORDER BY run_id, step",
    "SELECT run_id, step, tokens, loss, loss_status, grad_norm, lr FROM metric"
    " ORDER BY run_id, step",
    "SELECT run_id, step, task, tokens, loss, loss_status, bits_per_byte, items FROM"
    " evaluation ORDER BY run_id, step, task",
    "SELECT run_id, state, tokens_planned, flops_exact, planned, step, tokens, loss, complete, "
    "removed,"
    " complete_step, saved_tokens, validation_step, validation_loss, bits_per_byte FROM progress"
    " ORDER BY run_id",
    "SELECT run_id, count(*) FROM attempt WHERE state = 'done' GROUP BY run_id",
    "SELECT count(*) FROM attempt WHERE state = 'running'",
};

/* By the run's hash: the catalog's numbers for runs may differ. */
static const char *const results[] = {
    "SELECT hash, name, dir, axes, config, position, params, tokens, steps, flops_exact, state"
    " FROM run ORDER BY hash",
    "SELECT r.hash, k.step, k.tokens, k.path, k.bytes, k.digest, k.train_loss, k.state"
    " FROM checkpoint k JOIN run r ON r.id = k.run_id ORDER BY r.hash, k.step",
    "SELECT r.hash, m.step, m.tokens, m.loss, m.loss_status, m.grad_norm, m.lr"
    " FROM metric m JOIN run r ON r.id = m.run_id ORDER BY r.hash, m.step",
    "SELECT r.hash, e.step, e.task, e.tokens, e.loss, e.loss_status, e.bits_per_byte, e.items"
    " FROM evaluation e JOIN run r ON r.id = e.run_id ORDER BY r.hash, e.step, e.task",
};

static char *dump(const char *study_dir, const char *const *query, size_t n_query, char *why,
                  size_t n)
{
    sqlite3 *db = open_db(study_dir);
    Buf out = BUF_INIT;
    bool is_good = db != NULL;
    for (size_t i = 0; is_good && i < n_query; i++) {
        buf_printf(&out, "# %zu\n", i);
        is_good = put_rows(db, query[i], &out);
    }
    if (!is_good) {
        (void)snprintf(why, n, "%s/catalog.db: %s", study_dir, db ? sqlite3_errmsg(db) : "none");
        buf_release(&out);
    }
    (void)sqlite3_close(db);
    return is_good ? buf_detach(&out) : NULL;
}

char *catalog_dump_try(const char *study_dir, char *why, size_t n)
{
    return dump(study_dir, everything, sizeof everything / sizeof everything[0], why, n);
}

char *catalog_results_try(const char *study_dir, char *why, size_t n)
{
    return dump(study_dir, results, sizeof results / sizeof results[0], why, n);
}

char *catalog_dump(const char *study_dir)
{
    char why[512] = "";
    char *text = catalog_dump_try(study_dir, why, sizeof why);
    ck_assert_msg(text != NULL, "%s", why);
    return text;
}

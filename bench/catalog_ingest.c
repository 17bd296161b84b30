/* Ingestion as the scheduler does it: eight files that grow, one transaction a tick. */
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench/bench_catalog.h"
#include "catalog/attempt.h"
#include "catalog/ingest.h"
#include "catalog/metric.h"
#include "catalog/run.h"
#include "catalog/stmt.h"
#include "common/buf.h"
#include "common/fsx.h"
#include "common/json.h"
#include "common/order.h"
#include "common/wire.h"

enum { MAX_WORKERS = 64, FSYNC_TRIES = 51, TOKENS_A_STEP = 8192 };

static double cpu_s(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Median time of writing and syncing one page [ms]. */
static ErrCode fsync_time(const char *dir, double *ret, Err *err)
{
    char path[FSX_PATH_BYTES], page[4096];
    double ms[FSYNC_TRIES];
    ErrCode rc = fsx_join(path, dir, "fsync.tmp", err);
    if (rc != ERR_OK) {
        return rc;
    }
    memset(page, 'x', sizeof page);
    int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0666);
    for (int i = 0; fd >= 0 && rc == ERR_OK && i < FSYNC_TRIES; i++) {
        double t = bench_now_s();
        rc = fsx_write_all(fd, page, sizeof page, path, err);
        if (fdatasync(fd) != 0) {
            rc = err_sys(err, "sync %s", path);
        }
        ms[i] = (bench_now_s() - t) * 1e3;
    }
    if (fd < 0 || close(fd) != 0) {
        return err_sys(err, "%s", path);
    }
    (void)unlink(path);
    qsort(ms, FSYNC_TRIES, sizeof ms[0], order_f64);
    *ret = ms[FSYNC_TRIES / 2];
    return rc;
}

static CatalogMetric row_at(int64_t run_id, int64_t step)
{
    double x = (double)step;
    return (CatalogMetric){.run_id = run_id,
                           .step = step,
                           .attempt = 0,
                           .tokens = step * TOKENS_A_STEP,
                           .loss = 2.0 + 3.0 / sqrt(x) + 0.01 * sin(x),
                           .grad_norm = 0.5 + 0.1 * cos(x),
                           .lr = 0.003 * (1.0 + cos(x * 1e-6)),
                           .tokens_per_s = round(1e5 + 1e3 * sin(x * 0.1))};
}

/* Appends lines first ... last to text, as slaw-worker writes them. */
static ErrCode put_lines(const char *run, int64_t first, int64_t last, Buf *text, Err *err)
{
    for (int64_t step = first; step <= last; step++) {
        CatalogMetric m = row_at(0, step);
        WireHead head = {.seq = step - 1, .run = run, .attempt = 0, .t = 1795460780012 + step};
        json_t *body = json_pack(
            "{s:s, s:I, s:I, s:o, s:o, s:f, s:f}", "event", "step", "step", (json_int_t)step,
            "tokens", (json_int_t)m.tokens, "loss", json_real_or_name(m.loss), "grad_norm",
            json_real_or_name(m.grad_norm), "lr", m.lr, "tokens_per_s", m.tokens_per_s);
        ErrCode rc = wire_format(head, body, text, err);
        if (rc != ERR_OK) {
            return rc;
        }
    }
    return ERR_OK;
}

typedef struct Worker {
    int64_t run_id;
    char run[13], path[FSX_PATH_BYTES];
    int fd;
    Buf text;
} Worker;

static ErrCode add_worker(Catalog *c, const char *dir, int64_t i, Worker *w, Err *err)
{
    char hash[65], name[32], run_dir[64];
    ErrCode rc = ERR_OK;
    (void)snprintf(hash, sizeof hash, "%064llx", (unsigned long long)i + 0xabc000000000u);
    memmove(hash, hash + 40, 24); /* distinct first digits */
    (void)snprintf(name, sizeof name, "bench-%lld", (long long)i);
    (void)snprintf(run_dir, sizeof run_dir, "runs/bench-%lld", (long long)i);
    (void)snprintf(w->run, sizeof w->run, "%.12s", hash);
    CatalogRun r = {.hash = hash,
                    .name = name,
                    .dir = run_dir,
                    .architecture = "llama",
                    .size = "20k",
                    .axes = "{}",
                    .config = "{}",
                    .position = i,
                    .steps = 1,
                    .batch_tokens = TOKENS_A_STEP};
    TRY(catalog_run_upsert(c, &r, 1, &w->run_id, err));
    TRY(catalog_attempt_begin(c, w->run_id, 0, CATALOG_NONE, 1, err));
    TRY(fsx_path(w->path, err, "%s/events-%lld.jsonl", dir, (long long)i));
    w->fd = open(w->path, O_CREAT | O_WRONLY | O_APPEND | O_TRUNC | O_CLOEXEC, 0666);
    if (w->fd < 0) {
        rc = err_sys(err, "open %s", w->path);
    }

done:
    return rc;
}

/* One tick: what is new in every file, in one transaction. */
static ErrCode tick(Catalog *c, Worker *w, int64_t n, int64_t *rows, Err *err)
{
    ErrCode rc = ERR_OK;
    TRY(catalog_begin(c, err));
    for (int64_t i = 0; i < n; i++) {
        IngestResult r;
        TRY(catalog_ingest(c, w[i].run_id, 0, w[i].path, NULL, &r, err));
        *rows += r.events;
    }
    TRY(catalog_commit(c, err));

done:
    return rc;
}

/* All ticks; only the ingestion is timed, not the writing of the files. */
static ErrCode ingest_all(Catalog *c, Worker *w, IngestBench *b, Err *err)
{
    ErrCode rc = ERR_OK;
    int64_t each = b->rows / b->workers, rows = 0;
    double wall = 0.0, cpu = 0.0;
    for (int64_t at = 1; at <= each; at += b->rows_a_tick) {
        int64_t last = at + b->rows_a_tick - 1 < each ? at + b->rows_a_tick - 1 : each;
        for (int64_t i = 0; i < b->workers; i++) {
            buf_clear(&w[i].text);
            TRY(put_lines(w[i].run, at, last, &w[i].text, err));
            TRY(fsx_write_all(w[i].fd, w[i].text.data, w[i].text.len, w[i].path, err));
        }
        double t = bench_now_s(), used = cpu_s();
        TRY(tick(c, w, b->workers, &rows, err));
        wall += bench_now_s() - t;
        cpu += cpu_s() - used;
    }
    if (rows != each * b->workers) {
        rc = err_set(err, ERR_CONFLICT, "%lld rows came in, not %lld", (long long)rows,
                     (long long)(each * b->workers));
    }
    b->rows = rows;
    b->ingest_rows_s = (double)rows / wall;
    b->ingest_cpu_us = cpu * 1e6 / (double)rows;

done:
    return rc;
}

/* The same rows into a table of the same shape through one prepared statement. */
static ErrCode bare_inserts(sqlite3 *db, IngestBench *b, Err *err)
{
    ErrCode rc = ERR_OK;
    sqlite3_stmt *q = NULL;
    int64_t each = b->rows / b->workers;
    double wall = 0.0;
    TRY(stmt_exec(db,
                  "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                  " CREATE TABLE metric (run_id INTEGER NOT NULL, step INTEGER NOT NULL,"
                  " attempt INTEGER NOT NULL, tokens INTEGER NOT NULL, loss REAL,"
                  " loss_status TEXT NOT NULL, grad_norm REAL, lr REAL NOT NULL,"
                  " tokens_per_s REAL, PRIMARY KEY (run_id, step)) STRICT, WITHOUT ROWID",
                  err));
    if (sqlite3_prepare_v2(db, "INSERT INTO metric VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9)", -1, &q,
                           NULL) != SQLITE_OK) {
        rc = err_set(err, ERR_DB, "%s", sqlite3_errmsg(db));
        goto done;
    }
    for (int64_t at = 1; at <= each; at += b->rows_a_tick) {
        double t = bench_now_s();
        TRY(stmt_exec(db, "BEGIN IMMEDIATE", err));
        for (int64_t i = 0; i < b->workers; i++) {
            for (int64_t s = at; s < at + b->rows_a_tick && s <= each; s++) {
                CatalogMetric m = row_at(i + 1, s);
                (void)sqlite3_bind_int64(q, 1, m.run_id);
                (void)sqlite3_bind_int64(q, 2, m.step);
                (void)sqlite3_bind_int64(q, 3, m.attempt);
                (void)sqlite3_bind_int64(q, 4, m.tokens);
                (void)sqlite3_bind_double(q, 5, m.loss);
                (void)sqlite3_bind_text(q, 6, "finite", -1, SQLITE_STATIC);
                (void)sqlite3_bind_double(q, 7, m.grad_norm);
                (void)sqlite3_bind_double(q, 8, m.lr);
                (void)sqlite3_bind_double(q, 9, m.tokens_per_s);
                if (sqlite3_step(q) != SQLITE_DONE || sqlite3_reset(q) != SQLITE_OK) {
                    rc = err_set(err, ERR_DB, "%s", sqlite3_errmsg(db));
                    goto done;
                }
            }
        }
        TRY(stmt_exec(db, "COMMIT", err));
        wall += bench_now_s() - t;
    }
    b->bare_rows_s = (double)(each * b->workers) / wall;

done:
    (void)sqlite3_finalize(q);
    return rc;
}

static ErrCode measure_bare(const char *dir, IngestBench *b, Err *err)
{
    char path[FSX_PATH_BYTES];
    sqlite3 *db = NULL;
    ErrCode rc = fsx_join(path, dir, "bare.db", err);
    if (rc == ERR_OK && sqlite3_open(path, &db) != SQLITE_OK) {
        rc = err_set(err, ERR_DB, "%s", path);
    }
    if (rc == ERR_OK) {
        rc = bare_inserts(db, b, err);
    }
    (void)sqlite3_close(db);
    return rc;
}

ErrCode bench_ingest(const char *dir, IngestBench *b, Err *err)
{
    static Worker w[MAX_WORKERS];
    char path[FSX_PATH_BYTES];
    Catalog *c = NULL;
    double before = 0.0, after = 0.0;
    ErrCode rc = ERR_OK;
    TRY(fsync_time(dir, &before, err));
    TRY(fsx_join(path, dir, "ingest.db", err));
    TRY(catalog_open(path, &c, err));
    for (int64_t i = 0; i < b->workers; i++) {
        w[i] = (Worker){.fd = -1};
        TRY(add_worker(c, dir, i, &w[i], err));
    }
    TRY(ingest_all(c, w, b, err));
    TRY(measure_bare(dir, b, err));
    TRY(fsync_time(dir, &after, err));
    b->fsync_ms = 0.5 * (before + after);

done:
    for (int64_t i = 0; i < b->workers; i++) {
        buf_release(&w[i].text);
        if (w[i].fd >= 0) {
            (void)close(w[i].fd);
        }
    }
    catalog_close(c);
    return rc;
}

#include "catalog/ingest.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "catalog/checkpoint.h"
#include "catalog/evaluation.h"
#include "catalog/event_lines.h"
#include "catalog/metric.h"
#include "catalog/stmt.h"
#include "common/json.h"
#include "common/wire.h"
#include "common/wire_step.h"

enum { RUN_ID_BYTES = 13 };

typedef struct Ingest {
    Catalog *c;
    int64_t run_id, attempt;
    char run[RUN_ID_BYTES]; /* first 12 digits of the run's hash: what lines carry */
    int64_t seq;            /* newest ingested */
    int64_t offset;         /* end of the newest whole line */
    bool is_refused;        /* SQLite failed; not the line's fault */
    CatalogMetric newest;   /* stored by this call, of the highest step; run_id 0: none */
    const IngestHooks *hooks;
    IngestResult *out;
} Ingest;

/* A member that may be absent, null or not a number: NaN. */
static double real_or_nan(const json_t *e, const char *key)
{
    double x = (double)NAN;
    return json_to_real(json_object_get(e, key), &x) ? x : (double)NAN;
}

static ErrCode need_real(const json_t *e, const char *key, double *ret, Err *err)
{
    return json_to_real(json_object_get(e, key), ret)
               ? ERR_OK
               : err_set(err, ERR_FORMAT, "\"%s\" must be a number, \"nan\", \"inf\" or \"-inf\"",
                         key);
}

/* Marks what SQLite refused, so that it is not taken for a fault of the line. */
static ErrCode stored(Ingest *in, ErrCode rc)
{
    in->is_refused = rc != ERR_OK;
    return rc;
}

typedef struct Hello {
    int64_t pid, resumed_step;
    const char *host, *isa;
} Hello;

static ErrCode store_hello(Ingest *in, const Hello *h, Err *err)
{
    Stmt q = stmt_kept(&in->c->stmts, "UPDATE attempt SET pid = ?3, host = ?4, isa = ?5,"
                                      " resumed_step = ?6 WHERE run_id = ?1 AND number = ?2");
    stmt_bind_i64(&q, in->run_id);
    stmt_bind_i64(&q, in->attempt);
    stmt_bind_i64(&q, h->pid);
    stmt_bind_text(&q, h->host);
    stmt_bind_text(&q, h->isa);
    stmt_bind_i64(&q, h->resumed_step);
    return stored(in, stmt_run(&q, err));
}

/* Threads and cores; absent in a worker of version 0.1, which has one thread anywhere. */
static ErrCode store_share(Ingest *in, const json_t *e, Err *err)
{
    const json_t *threads = json_object_get(e, "threads");
    Stmt q = stmt_kept(&in->c->stmts, "UPDATE attempt SET threads = ?3, cores = ?4"
                                      " WHERE run_id = ?1 AND number = ?2");
    stmt_bind_i64(&q, in->run_id);
    stmt_bind_i64(&q, in->attempt);
    stmt_bind_i64(&q, threads ? json_integer_value(threads) : 1);
    stmt_bind_text(&q, json_string_value(json_object_get(e, "cores")));
    return stored(in, stmt_run(&q, err));
}

static ErrCode apply_hello(Ingest *in, const json_t *e, Err *err)
{
    Hello h = {0};
    ErrCode rc = ERR_OK;
    TRY(json_get_i64(e, "pid", &h.pid, err));
    TRY(json_get_str(e, "host", &h.host, err));
    TRY(json_get_str(e, "isa", &h.isa, err));
    TRY(json_get_i64(e, "resumed_step", &h.resumed_step, err));
    TRY(store_hello(in, &h, err));
    TRY(store_share(in, e, err));
    in->out->has_hello = true;

done:
    return rc;
}

static ErrCode store_step(Ingest *in, const CatalogMetric *m, Err *err)
{
    bool is_stored = false;
    ErrCode rc = stored(in, catalog_metric_put(in->c, m, &is_stored, err));
    if (rc == ERR_OK) {
        if (is_stored && (in->newest.run_id == 0 || m->step >= in->newest.step)) {
            in->newest = *m;
        }
        in->out->step = m->step;
        in->out->tokens = m->tokens;
        in->out->loss = m->loss;
        in->out->tokens_per_s = m->tokens_per_s;
    }
    return rc;
}

static ErrCode apply_step(Ingest *in, const json_t *e, Err *err)
{
    CatalogMetric m = {.run_id = in->run_id,
                       .attempt = in->attempt,
                       .grad_norm = real_or_nan(e, "grad_norm"),
                       .tokens_per_s = real_or_nan(e, "tokens_per_s")};
    ErrCode rc = ERR_OK;
    TRY(json_get_i64(e, "step", &m.step, err));
    TRY(json_get_i64(e, "tokens", &m.tokens, err));
    TRY(need_real(e, "loss", &m.loss, err));
    TRY(json_get_f64(e, "lr", &m.lr, err));
    TRY(store_step(in, &m, err));

done:
    return rc;
}

static ErrCode apply_evaluation(Ingest *in, const json_t *e, Err *err)
{
    CatalogEvaluation v = {.run_id = in->run_id,
                           .attempt = in->attempt,
                           .bits_per_byte = real_or_nan(e, "bits_per_byte")};
    ErrCode rc = ERR_OK;
    TRY(json_get_i64(e, "step", &v.step, err));
    TRY(json_get_i64(e, "tokens", &v.tokens, err));
    TRY(json_get_str(e, "task", &v.task, err));
    TRY(need_real(e, "loss", &v.loss, err));
    TRY(json_get_i64(e, "items", &v.items, err));
    TRY(stored(in, catalog_evaluation_upsert(in->c, &v, err)));
    if (strcmp(v.task, "validation") == 0) {
        in->out->validation_loss = v.loss;
    }

done:
    return rc;
}

static ErrCode apply_checkpoint(Ingest *in, const json_t *e, Err *err)
{
    CatalogCheckpoint k = {.run_id = in->run_id,
                           .attempt = in->attempt,
                           .train_loss = real_or_nan(e, "train_loss"),
                           .state = CATALOG_CHECKPOINT_COMPLETE};
    ErrCode rc = ERR_OK;
    TRY(json_get_i64(e, "step", &k.step, err));
    TRY(json_get_i64(e, "tokens", &k.tokens, err));
    TRY(json_get_str(e, "path", &k.path, err));
    TRY(json_get_i64(e, "bytes", &k.bytes, err));
    TRY(json_get_str(e, "digest", &k.digest, err));
    TRY(json_get_i64(e, "t", &k.created_ms, err));
    TRY(stored(in, catalog_checkpoint_upsert(in->c, &k, err)));
    in->out->checkpoint_step = k.step;

done:
    return rc;
}

typedef struct Bye {
    const char *status, *reason; /* reason: NULL when there is none */
    int64_t t, peak_rss_bytes;   /* 0: unknown */
} Bye;

static ErrCode store_bye(Ingest *in, const Bye *b, Err *err)
{
    Stmt q = stmt_kept(&in->c->stmts, "UPDATE attempt SET state = ?3, reason = ?4, ended_ms = ?5,"
                                      " peak_rss_bytes = ?6"
                                      " WHERE run_id = ?1 AND number = ?2 AND state = 'running'");
    stmt_bind_i64(&q, in->run_id);
    stmt_bind_i64(&q, in->attempt);
    stmt_bind_text(&q, b->status);
    stmt_bind_text(&q, b->reason);
    stmt_bind_i64(&q, b->t);
    stmt_bind_i64_or_null(&q, b->peak_rss_bytes > 0 ? b->peak_rss_bytes : CATALOG_NONE,
                          CATALOG_NONE);
    return stored(in, stmt_run(&q, err));
}

static ErrCode apply_bye(Ingest *in, const json_t *e, Err *err)
{
    CatalogAttemptState state = CATALOG_ATTEMPT_FAILED;
    Bye b = {.reason = json_string_value(json_object_get(e, "reason")),
             .peak_rss_bytes = json_integer_value(json_object_get(e, "peak_rss_bytes"))};
    ErrCode rc = ERR_OK;
    TRY(json_get_str(e, "status", &b.status, err));
    TRY(json_get_i64(e, "t", &b.t, err));
    if (!catalog_attempt_state_parse(b.status, &state) || state == CATALOG_ATTEMPT_RUNNING) {
        rc = err_set(err, ERR_FORMAT, "\"status\": an attempt cannot end \"%s\"", b.status);
        goto done;
    }
    b.reason = b.reason && b.reason[0] ? b.reason : NULL;
    TRY(store_bye(in, &b, err));
    in->out->has_bye = true;
    in->out->bye = state;
    in->out->peak_rss_bytes = b.peak_rss_bytes;
    (void)snprintf(in->out->reason, sizeof in->out->reason, "%s", b.reason ? b.reason : "");

done:
    return rc;
}

static const struct {
    const char *name;
    ErrCode (*apply)(Ingest *in, const json_t *e, Err *err);
} event_table[] = {
    {"hello", apply_hello},           {"share", store_share},           {"step", apply_step},
    {"evaluation", apply_evaluation}, {"checkpoint", apply_checkpoint}, {"bye", apply_bye},
};

/* Fencing: a line speaks for one attempt of one run, and only that one's file holds it. */
static ErrCode check_owner(const Ingest *in, const json_t *e, int64_t *ret_seq, Err *err)
{
    const char *run = NULL;
    int64_t attempt = 0;
    ErrCode rc = ERR_OK;
    TRY(json_get_str(e, "run", &run, err));
    TRY(json_get_i64(e, "attempt", &attempt, err));
    TRY(json_get_i64(e, "seq", ret_seq, err));
    if (strcmp(run, in->run) != 0 || attempt != in->attempt) {
        rc = err_set(err, ERR_FORMAT, "line of run %s, attempt %" PRId64, run, attempt);
    }

done:
    return rc;
}

static ErrCode apply_event(Ingest *in, const json_t *e, Err *err)
{
    const char *name = NULL;
    int64_t seq = 0;
    ErrCode rc = check_owner(in, e, &seq, err);
    if (rc == ERR_OK) {
        rc = json_get_str(e, "event", &name, err);
    }
    if (rc != ERR_OK || seq <= in->seq) {
        return rc;
    }
    for (size_t i = 0; rc == ERR_OK && i < sizeof event_table / sizeof event_table[0]; i++) {
        if (strcmp(name, event_table[i].name) == 0) {
            rc = event_table[i].apply(in, e, err);
        }
    }
    if (rc != ERR_OK) {
        return rc;
    }
    in->seq = seq;
    in->out->events++;
    if (in->hooks && in->hooks->on_event && strcmp(name, "step") != 0) {
        in->hooks->on_event(in->hooks->ctx, e);
    }
    return ERR_OK;
}

/* The usual line, of this attempt and not seen before, in its usual form: no tree is built.
 * False: nothing was done; the line goes the long way, to the same end. */
static bool take_step(Ingest *in, const char *line, size_t n, ErrCode *ret, Err *err)
{
    WireStep s;
    if (!wire_step_scan(line, n, &s) || s.attempt != in->attempt || s.seq <= in->seq ||
        strcmp(s.run, in->run) != 0) {
        return false;
    }
    CatalogMetric m = {.run_id = in->run_id,
                       .step = s.step,
                       .attempt = s.attempt,
                       .tokens = s.tokens,
                       .loss = s.loss,
                       .grad_norm = s.grad_norm,
                       .lr = s.lr,
                       .tokens_per_s = s.tokens_per_s};
    *ret = store_step(in, &m, err);
    if (*ret == ERR_OK) {
        in->seq = s.seq;
        in->out->events++;
    }
    return true;
}

/* One whole line.  A fault of the line is noted and ends here; one of SQLite goes up. */
static ErrCode take_line(Ingest *in, const char *line, size_t n, Err *err)
{
    json_t *e = NULL;
    ErrCode rc = ERR_OK;
    if (take_step(in, line, n, &rc, err)) {
        return rc;
    }
    Err why = ERR_INIT;
    rc = wire_parse(line, n, &e, &why);
    if (rc == ERR_OK) {
        rc = apply_event(in, e, &why);
    }
    json_decref(e);
    if (rc != ERR_OK && rc != ERR_NOMEM && !in->is_refused) {
        in->out->damaged++;
        if (in->hooks && in->hooks->on_damage) {
            in->hooks->on_damage(in->hooks->ctx, in->offset, why.msg);
        }
        rc = ERR_OK;
    }
    if (rc != ERR_OK) {
        *err = why;
    }
    return rc;
}

static ErrCode take_next(void *ctx, const char *line, size_t n, int64_t length, Err *err)
{
    Ingest *in = ctx;
    ErrCode rc = take_line(in, line, n, err);
    in->offset += rc == ERR_OK ? length : 0;
    return rc;
}

static ErrCode load_position(Ingest *in, Err *err)
{
    Stmt q =
        stmt_kept(&in->c->stmts, "SELECT substr(r.hash, 1, 12), t.ingested_bytes, t.ingested_seq"
                                 " FROM attempt t JOIN run r ON r.id = t.run_id"
                                 " WHERE t.run_id = ?1 AND t.number = ?2");
    Arena a = ARENA_INIT;
    stmt_bind_i64(&q, in->run_id);
    stmt_bind_i64(&q, in->attempt);
    bool found = stmt_row(&q);
    if (found) {
        const char *run = stmt_col_text(&q, &a);
        (void)snprintf(in->run, sizeof in->run, "%s", run ? run : "");
        in->offset = stmt_col_i64(&q);
        in->seq = stmt_col_i64(&q);
    }
    arena_release(&a);
    ErrCode rc = stmt_finish(&q, err);
    if (rc == ERR_OK && !found) {
        rc = err_set(err, ERR_NOTFOUND, "the catalog has no attempt %" PRId64 " of run %" PRId64,
                     in->attempt, in->run_id);
    }
    return rc;
}

static ErrCode store_position(Ingest *in, Err *err)
{
    Stmt q = stmt_kept(&in->c->stmts, "UPDATE attempt SET ingested_bytes = ?3, ingested_seq = ?4,"
                                      " damaged_lines = damaged_lines + ?5"
                                      " WHERE run_id = ?1 AND number = ?2");
    stmt_bind_i64(&q, in->run_id);
    stmt_bind_i64(&q, in->attempt);
    stmt_bind_i64(&q, in->offset);
    stmt_bind_i64(&q, in->seq);
    stmt_bind_i64(&q, in->out->damaged);
    return stmt_run(&q, err);
}

/* Inside the transaction: rows and new position. */
static ErrCode ingest_all(Ingest *in, int fd, const char *path, Err *err)
{
    int64_t before = in->offset;
    in->out->bytes = before;
    ErrCode rc = event_lines_each(fd, path, in->offset, take_next, in, err);
    if (rc == ERR_OK && in->newest.run_id != 0) {
        rc = catalog_metric_note(in->c, &in->newest, err);
    }
    if (rc == ERR_OK && in->offset != before) {
        in->out->bytes = in->offset;
        rc = store_position(in, err);
    }
    return rc;
}

/* True when there may be something past what was ingested; wakes cost no write lock. */
static ErrCode has_news(Ingest *in, int fd, const char *path, bool *ret, Err *err)
{
    ErrCode rc = load_position(in, err);
    if (rc != ERR_OK) {
        return rc;
    }
    in->out->bytes = in->offset;
    off_t end = fd >= 0 ? lseek(fd, 0, SEEK_END) : 0;
    if (end < 0) {
        return err_sys(err, "seek in %s", path);
    }
    *ret = (int64_t)end > in->offset;
    return ERR_OK;
}

static ErrCode open_events(const char *path, int *ret_fd, Err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno != ENOENT) {
        return err_sys(err, "open %s", path);
    }
    *ret_fd = fd;
    return ERR_OK;
}

/* The transaction around it: our own, or a savepoint in the caller's. */
static ErrCode ingest_atomically(Ingest *in, int fd, const char *path, Err *err)
{
    bool is_own = sqlite3_get_autocommit(in->c->db) != 0;
    ErrCode rc = stmt_exec(in->c->db, is_own ? "BEGIN IMMEDIATE" : "SAVEPOINT ingest", err);
    if (rc != ERR_OK) {
        return rc;
    }
    if (is_own) { /* it may have moved since has_news() looked; in the caller's it cannot */
        rc = load_position(in, err);
    }
    if (rc == ERR_OK) {
        rc = ingest_all(in, fd, path, err);
    }
    if (rc == ERR_OK) {
        rc = stmt_exec(in->c->db, is_own ? "COMMIT" : "RELEASE ingest", err);
    }
    if (rc != ERR_OK) {
        const char *undo = is_own ? "ROLLBACK" : "ROLLBACK TO ingest; RELEASE ingest";
        (void)sqlite3_exec(in->c->db, undo, NULL, NULL, NULL);
    }
    return rc;
}

ErrCode catalog_ingest(Catalog *c, int64_t run_id, int64_t attempt, const char *path,
                       const IngestHooks *hooks, IngestResult *ret, Err *err)
{
    IngestResult out = {.step = -1,
                        .checkpoint_step = -1,
                        .loss = (double)NAN,
                        .tokens_per_s = (double)NAN,
                        .validation_loss = (double)NAN};
    Ingest in = {.c = c, .run_id = run_id, .attempt = attempt, .hooks = hooks, .out = &out};
    int fd = -1;
    bool is_new = false;
    ErrCode rc = open_events(path, &fd, err);
    if (rc == ERR_OK) {
        rc = has_news(&in, fd, path, &is_new, err);
    }
    if (rc == ERR_OK && is_new) {
        rc = ingest_atomically(&in, fd, path, err);
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    if (rc == ERR_OK) {
        *ret = out;
    }
    return rc;
}

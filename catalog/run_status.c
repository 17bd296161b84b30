#include "catalog/run_status.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "catalog/rows.h"
#include "common/buf.h"

static const char columns_sql[] =
    "SELECT r.id, r.hash, r.name, r.dir, r.architecture, r.size, r.seed, r.state, r.reason,"
    " r.params, r.tokens, r.steps, r.flops_exact, r.checkpoints, p.step, p.loss, p.tokens_per_s,"
    " p.tokens, p.complete + p.removed, p.saved_tokens, p.validation_step, p.validation_loss,"
    " p.bits_per_byte, p.attempts, p.newest_attempt, p.threads, p.cores FROM run r";

enum { FEW = 2000 };

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static void read_state(Stmt *q, CatalogRunState *ret)
{
    (void)catalog_run_state_parse(stmt_col_view(q), ret); /* the column has a CHECK */
}

/* Texts are SQLite's, until the next row. */
static void read_status(Stmt *q, CatalogRunStatus *s)
{
    s->id = stmt_col_i64(q);
    s->hash = stmt_col_view(q);
    s->name = stmt_col_view(q);
    s->dir = stmt_col_view(q);
    s->architecture = stmt_col_view(q);
    s->size = stmt_col_view(q);
    s->seed = stmt_col_i64(q);
    read_state(q, &s->state);
    s->reason = stmt_col_view(q);
    s->params = stmt_col_i64(q);
    s->tokens = stmt_col_i64(q);
    s->steps = stmt_col_i64(q);
    s->flops_exact = stmt_col_f64(q);
    s->planned = stmt_col_i64(q);
    s->step = stmt_col_i64(q);
    s->train_loss = stmt_col_f64(q);
    s->tokens_per_s = stmt_col_f64(q);
    int64_t reported = stmt_col_i64(q);
    s->complete = stmt_col_i64(q);
    int64_t saved = stmt_col_i64(q);
    s->validation_step = stmt_col_i64(q);
    s->validation_loss = stmt_col_f64(q);
    s->bits_per_byte = stmt_col_f64(q);
    s->attempts = stmt_col_i64(q);
    s->newest_attempt = stmt_col_i64(q);
    s->threads = stmt_col_i64(q);
    s->cores = stmt_col_view(q);
    s->tokens_seen = s->state == CATALOG_RUN_DONE ? s->tokens : larger(reported, saved);
}

/* "state IN ('failed', 'diverged')" for the bits of `states`; 0: all but retired. */
static void put_states(unsigned states, Buf *out)
{
    const char *before = "state IN (";
    if (states == 0) {
        buf_puts(out, "state <> 'retired'");
        return;
    }
    for (int i = 0; i < CATALOG_N_RUN_STATES; i++) {
        if (states & (1u << i)) {
            buf_printf(out, "%s'%s'", before, catalog_run_state_name((CatalogRunState)i));
            before = ", ";
        }
    }
    buf_putc(out, ')');
}

/* Are so few runs in these states that finding them one by one is quicker than a walk over all? */
static ErrCode are_few(Catalog *c, const CatalogRunFilter *f, bool *ret, Err *err)
{
    Buf sql = BUF_INIT;
    *ret = f->limit > 0 && f->states != 0;
    if (f->states == 0 || *ret) {
        return ERR_OK;
    }
    buf_puts(&sql, "SELECT count(*) FROM (SELECT 1 FROM run INDEXED BY run_by_state WHERE ");
    put_states(f->states, &sql);
    buf_puts(&sql, " LIMIT ?1)");
    ErrCode rc = buf_ok(&sql, err);
    if (rc == ERR_OK) {
        Stmt q = stmt_begin(c->db, buf_str(&sql));
        stmt_bind_i64(&q, FEW);
        *ret = stmt_row(&q) && stmt_col_i64(&q) < FEW;
        rc = stmt_finish(&q, err);
    }
    buf_release(&sql);
    return rc;
}

/* The statement of a filter: the names of states are ours, architectures are bound.  CROSS
 * JOIN: the order of `run` is the order of the rows. */
static ErrCode query_text(Catalog *c, const CatalogRunFilter *f, Buf *out, Err *err)
{
    bool is_few = false;
    ErrCode rc = are_few(c, f, &is_few, err);
    if (rc != ERR_OK) {
        return rc;
    }
    buf_printf(out, "%s INDEXED BY %s CROSS JOIN progress p ON p.run_id = r.id WHERE r.",
               columns_sql, is_few ? "run_by_state" : "run_list");
    put_states(f->states, out);
    for (size_t i = 0; i < f->n_architectures; i++) {
        buf_puts(out, i == 0 ? " AND r.architecture IN (?" : ", ?");
    }
    buf_puts(out, f->n_architectures > 0 ? ")" : "");
    buf_puts(out, " ORDER BY r.position, r.id");
    if (f->limit > 0) {
        buf_printf(out, " LIMIT %zu", f->limit);
    }
    return buf_ok(out, err);
}

ErrCode catalog_run_status_each(Catalog *c, const CatalogRunFilter *filter, CatalogRunStatusFn fn,
                                void *ctx, Err *err)
{
    CatalogRunFilter f = filter ? *filter : (CatalogRunFilter){0};
    Buf sql = BUF_INIT;
    ErrCode rc = query_text(c, &f, &sql, err);
    if (rc != ERR_OK) {
        buf_release(&sql);
        return rc;
    }
    Stmt q = stmt_begin(c->db, buf_str(&sql));
    for (size_t i = 0; i < f.n_architectures; i++) {
        stmt_bind_text(&q, f.architectures[i]);
    }
    while (rc == ERR_OK && stmt_row(&q)) {
        CatalogRunStatus s = {0};
        read_status(&q, &s);
        rc = fn(ctx, &s, err);
    }
    Err why = ERR_INIT;
    ErrCode closed = stmt_finish(&q, &why);
    if (rc == ERR_OK && closed != ERR_OK) {
        *err = why;
        rc = closed;
    }
    buf_release(&sql);
    return rc;
}

typedef struct Collect {
    Rows rows;
    Arena *arena;
} Collect;

static ErrCode collect(void *ctx, const CatalogRunStatus *s, Err *err)
{
    Collect *to = ctx;
    CatalogRunStatus *row = rows_add(&to->rows);
    if (!row) {
        return err_nomem(err, "the runs of the study");
    }
    *row = *s;
    const char **text[] = {&row->hash, &row->name,   &row->dir,  &row->architecture,
                           &row->size, &row->reason, &row->cores};
    for (size_t i = 0; i < sizeof text / sizeof text[0]; i++) {
        const char *copy = arena_strdup(to->arena, *text[i]);
        if (*text[i] && !copy) {
            return err_nomem(err, "the runs of the study");
        }
        *text[i] = copy;
    }
    return ERR_OK;
}

ErrCode catalog_run_status_select(Catalog *c, const CatalogRunFilter *filter, Arena *a,
                                  CatalogRunStatus **ret, size_t *ret_n, Err *err)
{
    Collect to = {.rows = {.arena = a, .size = sizeof(CatalogRunStatus)}, .arena = a};
    ErrCode rc = catalog_run_status_each(c, filter, collect, &to, err);
    if (rc == ERR_OK) {
        *ret = to.rows.data;
        *ret_n = to.rows.n;
    }
    return rc;
}

ErrCode catalog_run_status_list(Catalog *c, Arena *a, CatalogRunStatus **ret, size_t *ret_n,
                                Err *err)
{
    return catalog_run_status_select(c, NULL, a, ret, ret_n, err);
}

ErrCode catalog_run_index_each(Catalog *c, CatalogRunIndexFn fn, void *ctx, Err *err)
{
    Stmt q =
        stmt_begin(c->db, "SELECT r.id, r.hash, r.state, r.position, p.newest_attempt + 1"
                          " FROM run r INDEXED BY run_list CROSS JOIN progress p ON p.run_id = r.id"
                          " ORDER BY r.position, r.id");
    ErrCode rc = ERR_OK;
    while (rc == ERR_OK && stmt_row(&q)) {
        CatalogRunIndex r = {0};
        r.id = stmt_col_i64(&q);
        r.hash = stmt_col_view(&q);
        read_state(&q, &r.state);
        r.position = stmt_col_i64(&q);
        r.next_attempt = stmt_col_i64(&q);
        rc = fn(ctx, &r, err);
    }
    Err why = ERR_INIT;
    ErrCode closed = stmt_finish(&q, &why);
    if (rc == ERR_OK && closed != ERR_OK) {
        *err = why;
        rc = closed;
    }
    return rc;
}

const char *catalog_run_why(const CatalogRunStatus *s, char out[CATALOG_WHY_BYTES])
{
    out[0] = '\0';
    if (s->state == CATALOG_RUN_RUNNING || s->state == CATALOG_RUN_DONE) {
        return out;
    }
    if (s->reason) {
        (void)snprintf(out, CATALOG_WHY_BYTES, "%s", s->reason);
    } else if (s->state != CATALOG_RUN_WAITING) {
        (void)snprintf(out, CATALOG_WHY_BYTES, "no reason is on record");
    } else if (s->attempts == 0) {
        (void)snprintf(out, CATALOG_WHY_BYTES, "never started");
    } else if (s->step == 0) {
        (void)snprintf(out, CATALOG_WHY_BYTES, "interrupted before its first report");
    } else {
        (void)snprintf(out, CATALOG_WHY_BYTES, "interrupted at step %" PRId64, s->step);
    }
    return out;
}

/* Adds one run; *left: work of the runs that will go on [FLOP]. */
static void add_to_totals(const CatalogRunStatus *s, CatalogTotals *t, double *left)
{
    double planned = s->flops_exact * (double)s->tokens;
    double done = fmin(s->flops_exact * (double)s->tokens_seen, planned);
    t->runs++;
    t->by_state[s->state]++;
    t->checkpoints_complete += s->complete;
    t->checkpoints_planned += s->planned;
    t->flops_planned += planned;
    t->flops_done += done;
    if (s->state == CATALOG_RUN_WAITING || s->state == CATALOG_RUN_RUNNING) {
        *left += planned - done;
    }
    if (s->state == CATALOG_RUN_RUNNING && s->tokens_per_s > 0.0) {
        t->flops_per_s += s->flops_exact * s->tokens_per_s;
    }
}

static void finish_totals(CatalogTotals *t, double left)
{
    t->progress = t->flops_planned > 0.0 ? t->flops_done / t->flops_planned : 0.0;
    t->eta_s = (double)NAN;
    if (left <= 0.0) {
        t->eta_s = 0.0;
    } else if (t->flops_per_s > 0.0) {
        t->eta_s = left / t->flops_per_s;
    }
}

CatalogTotals catalog_totals(const CatalogRunStatus *list, size_t n)
{
    CatalogTotals t = {0};
    double left = 0.0;
    for (size_t i = 0; i < n; i++) {
        add_to_totals(&list[i], &t, &left);
    }
    finish_totals(&t, left);
    return t;
}

ErrCode catalog_totals_read(Catalog *c, CatalogTotals *ret, Err *err)
{
    CatalogTotals t = {0};
    double left = 0.0;
    Stmt q = stmt_kept(&c->stmts,
                       "SELECT state, tokens_planned, flops_exact, planned,"
                       " max(tokens, saved_tokens), tokens_per_s, complete + removed FROM progress"
                       " WHERE state <> 'retired'");
    while (stmt_row(&q)) {
        CatalogRunStatus s = {0};
        read_state(&q, &s.state);
        s.tokens = stmt_col_i64(&q);
        s.flops_exact = stmt_col_f64(&q);
        s.planned = stmt_col_i64(&q);
        s.tokens_seen = stmt_col_i64(&q);
        s.tokens_per_s = stmt_col_f64(&q);
        s.complete = stmt_col_i64(&q);
        s.tokens_seen = s.state == CATALOG_RUN_DONE ? s.tokens : s.tokens_seen;
        add_to_totals(&s, &t, &left);
    }
    ErrCode rc = stmt_finish(&q, err);
    if (rc == ERR_OK) {
        finish_totals(&t, left);
        *ret = t;
    }
    return rc;
}

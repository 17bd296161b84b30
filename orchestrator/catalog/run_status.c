#include "orchestrator/catalog/run_status.h"

#include <math.h>

#include "orchestrator/catalog/rows.h"

static const char list_sql[] =
    "SELECT r.id, r.hash, r.name, r.dir, r.architecture, r.size, r.seed, r.state, r.reason,"
    " r.params, r.tokens, r.steps, r.flops_exact, r.checkpoints,"
    " m.step, m.loss, m.tokens_per_s, m.tokens,"
    " (SELECT count(*) FROM checkpoint c WHERE c.run_id = r.id"
    "   AND c.state IN ('complete', 'removed')),"
    " (SELECT max(c.tokens) FROM checkpoint c WHERE c.run_id = r.id),"
    " e.step, e.loss, e.bits_per_byte,"
    " (SELECT count(*) FROM attempt t WHERE t.run_id = r.id), a.threads, a.cores"
    " FROM run r"
    " LEFT JOIN attempt a ON a.run_id = r.id"
    "   AND a.number = (SELECT max(x.number) FROM attempt x WHERE x.run_id = r.id)"
    " LEFT JOIN metric m ON m.run_id = r.id"
    "   AND m.step = (SELECT max(x.step) FROM metric x WHERE x.run_id = r.id)"
    " LEFT JOIN evaluation e ON e.run_id = r.id AND e.task = 'validation'"
    "   AND e.step = (SELECT max(x.step) FROM evaluation x"
    "     WHERE x.run_id = r.id AND x.task = 'validation')"
    " WHERE r.state <> 'retired' ORDER BY r.position, r.id";

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static void read_status(Stmt *q, Arena *a, CatalogRunStatus *s)
{
    s->id = stmt_col_i64(q);
    s->hash = stmt_col_text(q, a);
    s->name = stmt_col_text(q, a);
    s->dir = stmt_col_text(q, a);
    s->architecture = stmt_col_text(q, a);
    s->size = stmt_col_text(q, a);
    s->seed = stmt_col_i64(q);
    (void)catalog_run_state_parse(stmt_col_text(q, a), &s->state); /* the column has a CHECK */
    s->reason = stmt_col_text(q, a);
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
    int64_t kept = stmt_col_i64(q);
    s->validation_step = stmt_col_i64(q);
    s->validation_loss = stmt_col_f64(q);
    s->bits_per_byte = stmt_col_f64(q);
    s->attempts = stmt_col_i64(q);
    s->threads = stmt_col_i64(q);
    s->cores = stmt_col_text(q, a);
    s->tokens_seen = s->state == CATALOG_RUN_DONE ? s->tokens : larger(reported, kept);
}

ErrCode catalog_run_status_list(Catalog *c, Arena *a, CatalogRunStatus **ret, size_t *ret_n,
                                Err *err)
{
    Rows rows = {.arena = a, .size = sizeof(CatalogRunStatus)};
    Stmt q = stmt_begin(c->db, list_sql);
    for (CatalogRunStatus *s; (s = rows_next(&rows, &q)) != NULL;) {
        read_status(&q, a, s);
    }
    ErrCode rc = stmt_finish(&q, err);
    if (rc == ERR_OK) {
        *ret = rows.data;
        *ret_n = rows.n;
    }
    return rc;
}

CatalogTotals catalog_totals(const CatalogRunStatus *list, size_t n)
{
    CatalogTotals t = {.runs = (int64_t)n};
    double flops_left = 0.0;
    for (size_t i = 0; i < n; i++) {
        const CatalogRunStatus *s = &list[i];
        double planned = s->flops_exact * (double)s->tokens;
        double done = fmin(s->flops_exact * (double)s->tokens_seen, planned);
        t.by_state[s->state]++;
        t.checkpoints_complete += s->complete;
        t.checkpoints_planned += s->planned;
        t.flops_planned += planned;
        t.flops_done += done;
        if (s->state == CATALOG_RUN_WAITING || s->state == CATALOG_RUN_RUNNING) {
            flops_left += planned - done;
        }
        if (s->state == CATALOG_RUN_RUNNING && s->tokens_per_s > 0.0) {
            t.flops_per_s += s->flops_exact * s->tokens_per_s;
        }
    }
    t.progress = t.flops_planned > 0.0 ? t.flops_done / t.flops_planned : 0.0;
    t.eta_s = (double)NAN;
    if (flops_left <= 0.0) {
        t.eta_s = 0.0;
    } else if (t.flops_per_s > 0.0) {
        t.eta_s = flops_left / t.flops_per_s;
    }
    return t;
}

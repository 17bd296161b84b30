#include "catalog/train_time.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/rows.h"
#include "common/order.h"

/* The next report of a training step. */
typedef struct Report {
    Stmt q;
    bool is_there;
    int64_t run;
    double tokens, rate, threads;
} Report;

/* What one run has trained so far. */
typedef struct Clock {
    int64_t run;
    double tokens, seconds, core_seconds;
    double rate, threads; /* of the last report; NaN before */
} Clock;

static void next_report(Report *r)
{
    r->is_there = stmt_row(&r->q);
    if (r->is_there) {
        r->run = stmt_col_i64(&r->q);
        r->tokens = stmt_col_f64(&r->q);
        r->rate = stmt_col_f64(&r->q);
        r->threads = stmt_col_f64(&r->q);
    }
}

/* Time to `tokens` at a rate; what has no rate of its own has the one before. */
static void advance(Clock *c, double tokens, double rate, double threads)
{
    c->rate = rate > 0.0 ? rate : c->rate;
    c->threads = threads > 0.0 ? threads : c->threads;
    double seconds = tokens > c->tokens ? (tokens - c->tokens) / c->rate : 0.0;
    c->seconds += seconds;
    c->core_seconds += tokens > c->tokens ? seconds * c->threads : 0.0;
    c->tokens = fmax(c->tokens, tokens);
}

/* The clock of `run` at `tokens`; reports are in the same order as the questions. */
static Clock clock_at(Clock *c, Report *r, int64_t run, double tokens)
{
    if (c->run != run) {
        *c = (Clock){.run = run, .rate = (double)NAN, .threads = (double)NAN};
    }
    while (r->is_there && (r->run < run || (r->run == run && r->tokens <= tokens))) {
        if (r->run == run) {
            advance(c, r->tokens, r->rate, r->threads);
        }
        next_report(r);
    }
    Clock here = *c;
    bool is_between = r->is_there && r->run == run;
    advance(&here, tokens, is_between ? r->rate : (double)NAN,
            is_between ? r->threads : (double)NAN);
    return here;
}

ErrCode catalog_train_time_list(Catalog *c, Arena *a, CatalogTrainTime **ret, size_t *ret_n,
                                Err *err)
{
    Rows rows = {.arena = a, .size = sizeof(CatalogTrainTime)};
    Clock clock = {.run = -1};
    Report report = {.q =
                         stmt_kept(&c->stmts, "SELECT m.run_id, m.tokens, m.tokens_per_s, t.threads"
                                              " FROM metric m LEFT JOIN attempt t"
                                              " ON t.run_id = m.run_id AND t.number = m.attempt"
                                              " ORDER BY m.run_id, m.step")};
    Stmt q = stmt_kept(&c->stmts, "SELECT r.id, r.hash, k.step, k.tokens FROM checkpoint k"
                                  " JOIN run r ON r.id = k.run_id WHERE r.state <> 'retired'"
                                  " ORDER BY k.run_id, k.step");
    next_report(&report);
    for (CatalogTrainTime *t; (t = rows_next(&rows, &q)) != NULL;) {
        int64_t run = stmt_col_i64(&q);
        t->run = stmt_col_text(&q, a);
        t->step = stmt_col_i64(&q);
        t->tokens = stmt_col_f64(&q);
        Clock here = clock_at(&clock, &report, run, t->tokens);
        t->seconds = here.seconds;
        t->core_seconds = here.core_seconds;
    }
    ErrCode rc = stmt_finish(&report.q, err);
    Err second = ERR_INIT;
    ErrCode rc2 = stmt_finish(&q, &second);
    if (rc == ERR_OK && rc2 != ERR_OK) {
        *err = second;
        rc = rc2;
    }
    if (rc == ERR_OK) {
        *ret = rows.data;
        *ret_n = rows.n;
    }
    return rc;
}

static int by_run_step(const void *a, const void *b)
{
    const CatalogTrainTime *x = a, *y = b;
    int order = strcmp(x->run, y->run);
    return order ? order : ORDER(x->step, y->step);
}

void catalog_train_time_sort(CatalogTrainTime *t, size_t n)
{
    if (n > 0) {
        qsort(t, n, sizeof *t, by_run_step);
    }
}

const CatalogTrainTime *catalog_train_time_find(const CatalogTrainTime *t, size_t n,
                                                const char *run, int64_t step)
{
    const CatalogTrainTime key = {.run = run, .step = step};
    return n ? bsearch(&key, t, n, sizeof key, by_run_step) : NULL;
}

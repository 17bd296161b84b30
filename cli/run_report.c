#include "cli/run_report.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "catalog/attempt.h"
#include "catalog/run_status.h"
#include "common/arena.h"
#include "common/clock.h"
#include "common/json.h"
#include "common/quantity.h"

void run_report_intro(const Study *study, const char *dir, Buf *out)
{
    char low[QUANTITY_TEXT_BYTES], high[QUANTITY_TEXT_BYTES];
    double least = (double)INFINITY, most = 0.0, flops = 0.0;
    int64_t checkpoints = 0;
    for (size_t i = 0; i < study->n_runs; i++) {
        const RunSpec *r = &study->runs[i];
        least = fmin(least, (double)r->model->params);
        most = fmax(most, (double)r->model->params);
        checkpoints += r->checkpoints;
        flops += r->model->flops_exact * (double)run_spec_tokens(r);
    }
    buf_printf(out,
               "study %s in %s: %zu runs, N from %s to %s, %" PRId64
               " checkpoints, %.3g FLOP (exact), %" PRId64 " worker%s\n",
               study->name, dir, study->n_runs, quantity_count_text(least, low),
               quantity_count_text(most, high), checkpoints, flops, study_workers(study),
               study_workers(study) == 1 ? "" : "s");
}

void run_report_corpus(const CorpusInfo *info, Buf *out)
{
    char train[QUANTITY_TEXT_BYTES], held[QUANTITY_TEXT_BYTES];
    buf_printf(out, "corpus: %s training and %s validation tokens; bits/byte of n-gram models:",
               quantity_count_text((double)info->train_tokens, train),
               quantity_count_text((double)info->validation_tokens, held));
    for (int i = 0; i < CORPUS_NGRAM_ORDERS; i++) {
        buf_printf(out, "%s order %d %.3f", i ? "," : "", info->ngram_order[i],
                   info->ngram_bits_per_byte[i]);
    }
    buf_putc(out, '\n');
}

/* More runs than this are no table, and more failures than this are counted. */
enum { MAX_ROWS = 200 };

/* Time of all its attempts together [s]. */
static ErrCode run_seconds(Catalog *c, int64_t run_id, double *ret, Err *err)
{
    Arena a = ARENA_INIT;
    CatalogAttempt *list = NULL;
    size_t n = 0;
    double ms = 0.0;
    ErrCode rc = catalog_attempt_list(c, run_id, &a, &list, &n, err);
    for (size_t i = 0; rc == ERR_OK && i < n; i++) {
        if (list[i].ended_ms != CATALOG_NONE) {
            ms += (double)(list[i].ended_ms - list[i].started_ms);
        }
    }
    *ret = ms / MS_PER_S;
    arena_release(&a);
    return rc;
}

static void put_number(double x, Buf *out)
{
    if (isfinite(x)) {
        buf_printf(out, "  %9.4f", x);
    } else {
        buf_printf(out, "  %9s", "-");
    }
}

static void put_row(const CatalogRunStatus *r, int name_chars, double six_gram, double seconds,
                    Buf *out)
{
    char params[QUANTITY_TEXT_BYTES], tokens[QUANTITY_TEXT_BYTES], time[CLOCK_TEXT_BYTES];
    buf_printf(out, "%-*s  %8s  %8s", name_chars, r->name,
               quantity_count_text((double)r->params, params),
               quantity_count_text((double)r->tokens_seen, tokens));
    put_number(r->validation_loss, out);
    put_number(r->bits_per_byte, out);
    put_number(six_gram, out);
    buf_printf(out, "  %8" PRId64 "  %11s  %s\n", r->attempts, clock_duration(seconds, time),
               catalog_run_state_name(r->state));
}

ErrCode run_report_table(Catalog *c, const CorpusInfo *info, Buf *out, Err *err)
{
    ErrCode rc = ERR_OK;
    Arena a = ARENA_INIT;
    CatalogRunStatus *list = NULL;
    const CatalogRunFilter some = {.limit = MAX_ROWS + 1};
    size_t n = 0;
    int chars = 3;
    TRY(catalog_run_status_select(c, &some, &a, &list, &n, err));
    if (n > MAX_ROWS) {
        goto done; /* nobody reads them; slaw ls shows any */
    }
    for (size_t i = 0; i < n; i++) {
        int len = (int)strlen(list[i].name);
        chars = len > chars ? len : chars;
    }
    buf_printf(out, "%-*s  %8s  %8s  %9s  %9s  %9s  %8s  %11s  %s\n", chars, "run", "N", "D",
               "loss", "bits/byte", "6-gram", "attempts", "time", "state");
    for (size_t i = 0; i < n; i++) {
        double seconds = 0.0;
        TRY(run_seconds(c, list[i].id, &seconds, err));
        put_row(&list[i], chars, info->ngram_bits_per_byte[CORPUS_NGRAM_ORDERS - 1], seconds, out);
    }
    buf_puts(out, "N without embeddings [parameters], D seen [tokens], validation loss"
                  " [nats/token] and [bits/byte], 6-gram model [bits/byte]\n");

done:
    arena_release(&a);
    return rc;
}

/* The failed and diverged runs, the first `limit` of them; 0: all. */
static ErrCode list_failures(Catalog *c, size_t limit, Arena *a, CatalogRunStatus **ret,
                             size_t *ret_n, Err *err)
{
    const CatalogRunFilter bad = {
        .states = (1u << CATALOG_RUN_FAILED) | (1u << CATALOG_RUN_DIVERGED), .limit = limit};
    return catalog_run_status_select(c, &bad, a, ret, ret_n, err);
}

ErrCode run_report_failures(Catalog *c, const char *dir, const char *study_arg, Buf *out, Err *err)
{
    Arena a = ARENA_INIT;
    CatalogRunStatus *list = NULL;
    size_t n = 0;
    ErrCode rc = list_failures(c, MAX_ROWS + 1, &a, &list, &n, err);
    for (size_t i = 0; rc == ERR_OK && i < n && i < MAX_ROWS; i++) {
        const CatalogRunStatus *r = &list[i];
        buf_printf(out, "%s: %s at step %" PRId64 " of %" PRId64 ": %s\n", r->name,
                   catalog_run_state_name(r->state), r->step, r->steps,
                   r->reason ? r->reason : "no reason is on record");
        if (r->attempts > 0) {
            buf_printf(out, "  log:   %s/%s/attempt-%03" PRId64 "/stderr.log\n", dir, r->dir,
                       r->newest_attempt);
        }
        buf_printf(out, "  retry: slaw retry %s %s\n", study_arg, r->name);
    }
    if (n > MAX_ROWS) {
        buf_printf(out, "... and more: slaw ls %s --state failed --state diverged\n", study_arg);
    }
    arena_release(&a);
    return rc;
}

static json_t *failure_json(const CatalogRunStatus *r, const char *dir)
{
    Buf log = BUF_INIT;
    buf_printf(&log, "%s/%s/attempt-%03" PRId64 "/stderr.log", dir, r->dir,
               r->newest_attempt > 0 ? r->newest_attempt : 0);
    json_t *v =
        json_pack("{s:s,s:s,s:I,s:s,s:s}", "run", r->name, "state",
                  catalog_run_state_name(r->state), "attempt", (json_int_t)r->newest_attempt,
                  "reason", r->reason ? r->reason : "", "log", buf_str(&log));
    buf_release(&log);
    return v;
}

ErrCode run_report_json(Catalog *c, const Study *study, const char *dir, const SchedSummary *s,
                        json_t **ret, Err *err)
{
    Arena a = ARENA_INIT;
    CatalogRunStatus *list = NULL;
    size_t n = 0;
    json_t *failures = json_array();
    ErrCode rc = list_failures(c, 0, &a, &list, &n, err);
    for (size_t i = 0; rc == ERR_OK && i < n; i++) {
        if (json_array_append_new(failures, failure_json(&list[i], dir)) != 0) {
            rc = err_nomem(err, "a report");
        }
    }
    const int64_t *by = s->by_state;
    json_t *v = json_pack(
        "{s:i,s:s,s:s,s:{s:I,s:I,s:I,s:I,s:I,s:I},s:I,s:b,s:b,s:O}", "schema", 1, "study",
        study->name, "dir", dir, "runs", "total", (json_int_t)s->runs, "done",
        (json_int_t)by[CATALOG_RUN_DONE], "running", (json_int_t)by[CATALOG_RUN_RUNNING], "waiting",
        (json_int_t)by[CATALOG_RUN_WAITING], "failed", (json_int_t)by[CATALOG_RUN_FAILED],
        "diverged", (json_int_t)by[CATALOG_RUN_DIVERGED], "started", (json_int_t)s->started,
        "interrupted", (int)s->is_interrupted, "paused", (int)s->is_paused, "failures", failures);
    json_decref(failures);
    arena_release(&a);
    if (rc == ERR_OK && !v) {
        rc = err_nomem(err, "a report");
    }
    if (rc != ERR_OK) {
        json_decref(v);
        return rc;
    }
    *ret = v;
    return ERR_OK;
}

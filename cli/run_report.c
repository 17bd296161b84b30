#include "cli/run_report.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "catalog/attempt.h"
#include "catalog/run_status.h"
#include "cli/failures.h"
#include "common/arena.h"
#include "common/clock.h"
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
               "study %s in %s: %zu run%s, N from %s to %s, %" PRId64
               " checkpoints,\n  %.3g FLOP (exact), %" PRId64 " worker%s\n",
               study->name, dir, study->n_runs, study->n_runs == 1 ? "" : "s",
               quantity_count_text(least, low), quantity_count_text(most, high), checkpoints, flops,
               study_workers(study), study_workers(study) == 1 ? "" : "s");
}

void run_report_corpus(const CorpusInfo *info, Buf *out)
{
    char train[QUANTITY_TEXT_BYTES], held[QUANTITY_TEXT_BYTES];
    buf_printf(out, "corpus: %s training and %s validation tokens;\n  bits/byte of n-gram models:",
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

ErrCode run_report_table(Catalog *c, const CorpusInfo *info, AnswerNode *top, Err *err)
{
    static const Column column[] = {
        {.heading = "run"},
        {.heading = "state"},
        {.heading = "N", .format = NUMBER_QUANTITY, .is_symbol = true, .rank = 2},
        {.heading = "D", .format = NUMBER_QUANTITY, .is_symbol = true, .rank = 2},
        {.heading = "loss", .format = NUMBER_FIXED, .help = "on validation [nats/token]"},
        {.heading = "bits/byte", .format = NUMBER_FIXED, .rank = 1},
        {.heading = "6-gram",
         .format = NUMBER_FIXED,
         .rank = 4,
         .help = "what a model of six bytes reaches [bits/byte]"},
        {.heading = "attempts", .rank = 3},
        {.heading = "time", .format = NUMBER_DURATION, .rank = 1},
    };
    ErrCode rc = ERR_OK;
    Arena a = ARENA_INIT;
    CatalogRunStatus *list = NULL;
    const CatalogRunFilter some = {.limit = MAX_ROWS + 1};
    size_t n = 0;
    AnswerNode *table = NULL;
    TRY(catalog_run_status_select(c, &some, &a, &list, &n, err));
    if (n > MAX_ROWS) {
        goto done; /* nobody reads them; slaw ls shows any */
    }
    table = answer_table(top, NULL, NULL, COLUMNS(column));
    for (size_t i = 0; i < n; i++) {
        const CatalogRunStatus *r = &list[i];
        double seconds = 0.0;
        TRY(run_seconds(c, r->id, &seconds, err));
        answer_row(table, value_text(r->name), run_state_value(r->state), value_count(r->params),
                   value_count(r->tokens_seen), value_real(r->validation_loss),
                   value_real(r->bits_per_byte),
                   value_real(info->ngram_bits_per_byte[CORPUS_NGRAM_ORDERS - 1]),
                   value_count(r->attempts), value_real(seconds));
    }

done:
    arena_release(&a);
    return rc;
}

ErrCode run_report_failures(Catalog *c, const char *dir, AnswerNode *top, Err *err)
{
    const CatalogRunFilter bad = {.states =
                                      (1u << CATALOG_RUN_FAILED) | (1u << CATALOG_RUN_DIVERGED)};
    Arena a = ARENA_INIT;
    CatalogRunStatus *list = NULL;
    size_t n = 0;
    ErrCode rc = catalog_run_status_select(c, &bad, &a, &list, &n, err);
    if (rc == ERR_OK) {
        rc = failures_answer(top, dir, dir, list, n, MAX_ROWS, (int64_t)n, err);
    }
    arena_release(&a);
    return rc;
}

void run_report_counts(const Study *study, const char *dir, const SchedSummary *s, AnswerNode *top)
{
    const int64_t *by = s->by_state;
    answer_set(top, "study", value_text(study->name));
    answer_set(top, "dir", value_text(dir));
    AnswerNode *runs = answer_object(top, "runs");
    answer_set(runs, "total", value_count(s->runs));
    answer_set(runs, "done", value_count(by[CATALOG_RUN_DONE]));
    answer_set(runs, "running", value_count(by[CATALOG_RUN_RUNNING]));
    answer_set(runs, "waiting", value_count(by[CATALOG_RUN_WAITING]));
    answer_set(runs, "failed", value_count(by[CATALOG_RUN_FAILED]));
    answer_set(runs, "diverged", value_count(by[CATALOG_RUN_DIVERGED]));
    answer_set(top, "started", value_count(s->started));
    answer_set(top, "interrupted", value_bool(s->is_interrupted));
    answer_set(top, "paused", value_bool(s->is_paused));
}

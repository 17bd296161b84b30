#include "cli/status_report.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/output.h"
#include "cli/thousands.h"
#include "common/clock.h"
#include "common/quantity.h"
#include "orchestrator/sched/lock.h"

/* The runs that work, then those that need somebody; at most `limit` of each (0: all). */
static ErrCode read_worth_a_look(CatalogArg *a, size_t limit, StatusReport *r, Err *err)
{
    CatalogRunFilter running = {.states = 1u << CATALOG_RUN_RUNNING, .limit = limit};
    CatalogRunFilter bad = {.states = 1u << CATALOG_RUN_FAILED | 1u << CATALOG_RUN_DIVERGED,
                            .limit = limit};
    CatalogRunStatus *list[2] = {NULL, NULL};
    size_t n[2] = {0, 0};
    ErrCode rc = ERR_OK;
    TRY(catalog_run_status_select(a->c, &running, &a->arena, &list[0], &n[0], err));
    TRY(catalog_run_status_select(a->c, &bad, &a->arena, &list[1], &n[1], err));
    r->n = n[0] + n[1];
    r->runs = arena_array(&a->arena, r->n + 1, sizeof *r->runs);
    if (!r->runs) {
        rc = err_nomem(err, "the runs of the study");
        goto done;
    }
    for (size_t i = 0; i < r->n; i++) {
        r->runs[i] = i < n[0] ? list[0][i] : list[1][i - n[0]];
    }

done:
    return rc;
}

/* Totals and rows of one moment: both are read in one transaction. */
static ErrCode read_catalog(CatalogArg *a, StatusScope scope, StatusReport *r, Err *err)
{
    ErrCode rc = ERR_OK;
    TRY(catalog_begin_reading(a->c, err));
    TRY(catalog_arg_name(a, &r->study, err));
    TRY(catalog_totals_read(a->c, &r->totals, err));
    r->is_whole = scope == STATUS_ALL_RUNS || r->totals.runs <= STATUS_MOST_ROWS;
    if (r->is_whole) {
        TRY(catalog_run_status_list(a->c, &a->arena, &r->runs, &r->n, err));
    } else {
        TRY(read_worth_a_look(a, scope == STATUS_A_PAGE ? STATUS_MOST_ROWS : 0, r, err));
    }

done:
    catalog_rollback(a->c);
    return rc;
}

ErrCode status_report_read(CatalogArg *a, StatusScope scope, StatusReport *ret, Err *err)
{
    StatusReport r = {0};
    LockHolder holder;
    Err nobody = ERR_INIT;
    ErrCode rc = read_catalog(a, scope, &r, err);
    if (rc != ERR_OK) {
        return rc;
    }
    r.has_scheduler = lock_holder(a->dir, &holder, &nobody) == ERR_OK;
    if (r.has_scheduler) {
        (void)snprintf(r.scheduler, sizeof r.scheduler, "process %ld on host %s since %s",
                       (long)holder.pid, holder.host, holder.since);
    }
    *ret = r;
    return ERR_OK;
}

static bool has_failed(const CatalogRunStatus *r)
{
    return r->state == CATALOG_RUN_FAILED || r->state == CATALOG_RUN_DIVERGED;
}

static int64_t count_failed(const CatalogTotals *t)
{
    return t->by_state[CATALOG_RUN_FAILED] + t->by_state[CATALOG_RUN_DIVERGED];
}

static ErrCode failures_json(const CatalogArg *a, const StatusReport *r, json_t *list, Err *err)
{
    for (size_t i = 0; i < r->n; i++) {
        const CatalogRunStatus *x = &r->runs[i];
        if (!has_failed(x)) {
            continue;
        }
        char log[FSX_PATH_BYTES];
        ErrCode rc = catalog_arg_attempt_file(a, x->dir, x->newest_attempt, "stderr.log", log, err);
        if (rc != ERR_OK) {
            return rc;
        }
        json_t *v =
            json_pack("{s:s, s:s, s:o, s:s, s:o, s:o}", "run", x->name, "hash", x->hash, "attempt",
                      x->attempts > 0 ? json_integer(x->newest_attempt) : json_null(), "state",
                      catalog_run_state_name(x->state), "reason", output_string(x->reason), "log",
                      output_string(x->attempts > 0 ? log : NULL));
        if (!v || json_array_append_new(list, v) != 0) {
            return err_nomem(err, "the answer");
        }
    }
    return ERR_OK;
}

static json_t *running_json(const StatusReport *r)
{
    json_t *list = json_array();
    for (size_t i = 0; i < r->n; i++) {
        const CatalogRunStatus *x = &r->runs[i];
        if (x->state == CATALOG_RUN_RUNNING) {
            (void)json_array_append_new(
                list, json_pack("{s:s, s:s, s:I, s:I, s:o, s:o, s:o}", "run", x->name, "hash",
                                x->hash, "step", (json_int_t)x->step, "steps", (json_int_t)x->steps,
                                "tokens_per_s", output_real(x->tokens_per_s), "threads",
                                x->threads > 0 ? json_integer(x->threads) : json_null(), "cores",
                                output_string(x->cores)));
        }
    }
    return list;
}

/* Steals nothing; NULL when the report does not hold the waiting runs, or memory is short. */
static json_t *waiting_json(const StatusReport *r)
{
    json_t *list = r->is_whole ? json_array() : NULL;
    for (size_t i = 0; list && i < r->n; i++) {
        const CatalogRunStatus *x = &r->runs[i];
        char why[CATALOG_WHY_BYTES];
        if (x->state == CATALOG_RUN_WAITING) {
            (void)json_array_append_new(
                list, json_pack("{s:s, s:s, s:I, s:I, s:I, s:s}", "run", x->name, "hash", x->hash,
                                "attempts", (json_int_t)x->attempts, "step", (json_int_t)x->step,
                                "steps", (json_int_t)x->steps, "why", catalog_run_why(x, why)));
        }
    }
    return list;
}

ErrCode status_report_json(const CatalogArg *a, const StatusReport *r, json_t **ret, Err *err)
{
    const CatalogTotals *t = &r->totals;
    json_t *failures = json_array();
    ErrCode rc = failures ? failures_json(a, r, failures, err) : err_nomem(err, "the answer");
    if (rc != ERR_OK) {
        json_decref(failures);
        return rc;
    }
    json_t *runs = json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "total", (json_int_t)t->runs, "done",
                             (json_int_t)t->by_state[CATALOG_RUN_DONE], "running",
                             (json_int_t)t->by_state[CATALOG_RUN_RUNNING], "waiting",
                             (json_int_t)t->by_state[CATALOG_RUN_WAITING], "failed",
                             (json_int_t)count_failed(t), "diverged",
                             (json_int_t)t->by_state[CATALOG_RUN_DIVERGED]);
    *ret = json_pack("{s:i, s:s, s:o, s:{s:I, s:I}, s:f, s:o, s:{s:f, s:f}, s:o, s:o, s:o, s:o*}",
                     "schema", 1, "study", r->study, "runs", runs, "checkpoints", "planned",
                     (json_int_t)t->checkpoints_planned, "complete",
                     (json_int_t)t->checkpoints_complete, "progress", t->progress, "eta_s",
                     output_real(t->eta_s), "flops", "done", t->flops_done, "planned",
                     t->flops_planned, "scheduler",
                     output_string(r->has_scheduler ? r->scheduler : NULL), "failures", failures,
                     "running", running_json(r), "waiting", waiting_json(r));
    return *ret ? ERR_OK : err_nomem(err, "the answer");
}

/* How many of the rows are printed. */
static size_t n_shown(const StatusReport *r)
{
    return r->is_whole || r->n < STATUS_MOST_ROWS ? r->n : STATUS_MOST_ROWS;
}

static int widest_name(const StatusReport *r)
{
    size_t n = strlen("run");
    for (size_t i = 0; i < n_shown(r); i++) {
        size_t k = strlen(r->runs[i].name);
        n = k > n ? k : n;
    }
    return (int)n;
}

/* "3.1234" in its column, "-" for what is unknown. */
static void put_loss(double x, Buf *out)
{
    if (isfinite(x)) {
        buf_printf(out, "  %9.4f", x);
    } else {
        buf_printf(out, "  %9s", "-");
    }
}

/* What a waiting run waits for; failures are told in full below the totals. */
static void put_why(const CatalogRunStatus *x, Buf *out)
{
    char why[CATALOG_WHY_BYTES];
    if (x->state == CATALOG_RUN_WAITING) {
        buf_printf(out, "  %7s  %s", "-", catalog_run_why(x, why));
    }
}

static void put_run(const CatalogRunStatus *x, int chars, Buf *out)
{
    char steps[48], marks[48], speed[QUANTITY_TEXT_BYTES];
    int64_t step = x->state == CATALOG_RUN_DONE ? x->steps : x->step;
    (void)snprintf(steps, sizeof steps, "%" PRId64 "/%" PRId64, step, x->steps);
    (void)snprintf(marks, sizeof marks, "%" PRId64 "/%" PRId64, x->complete, x->planned);
    bool is_moving = x->state == CATALOG_RUN_RUNNING && isfinite(x->tokens_per_s);
    buf_printf(out, "%-*s  %-8s  %13s  %11s", chars, x->name, catalog_run_state_name(x->state),
               steps, marks);
    put_loss(x->train_loss, out);
    put_loss(x->validation_loss, out);
    buf_printf(out, "  %8s  %8" PRId64,
               is_moving ? quantity_count_text(x->tokens_per_s, speed) : "-", x->attempts);
    if (x->state == CATALOG_RUN_RUNNING && x->threads > 0) {
        buf_printf(out, "  %7" PRId64 "  %s", x->threads, x->cores ? x->cores : "any");
    }
    put_why(x, out);
    buf_putc(out, '\n');
}

static void put_totals(const StatusReport *r, Buf *out)
{
    const CatalogTotals *t = &r->totals;
    char complete[THOUSANDS_BYTES], planned[THOUSANDS_BYTES], left[CLOCK_TEXT_BYTES];
    buf_printf(out,
               "done %" PRId64 " of %" PRId64 ", %" PRId64 " running, %" PRId64 " waiting, %" PRId64
               " failed | %s of %s checkpoints | %.0f%% of %.3g FLOP",
               t->by_state[CATALOG_RUN_DONE], t->runs, t->by_state[CATALOG_RUN_RUNNING],
               t->by_state[CATALOG_RUN_WAITING], count_failed(t),
               thousands(t->checkpoints_complete, complete),
               thousands(t->checkpoints_planned, planned), floor(100.0 * t->progress),
               t->flops_planned);
    if (isfinite(t->eta_s) && t->eta_s > 0.0) {
        buf_printf(out, " | %s to go", clock_duration(t->eta_s, left));
    }
    buf_putc(out, '\n');
    int64_t left_runs = t->by_state[CATALOG_RUN_RUNNING] + t->by_state[CATALOG_RUN_WAITING];
    if (r->has_scheduler) {
        buf_printf(out, "at work: %s\n", r->scheduler);
    } else if (left_runs > 0) {
        buf_puts(out, "no scheduler is at work on this study; slaw run goes on with it\n");
    }
}

static ErrCode put_failures(const CatalogArg *a, const StatusReport *r, const char *study_arg,
                            Buf *out, Err *err)
{
    enum { MOST = 50 }; /* of a study that is not shown whole */
    int64_t n = 0, most = r->is_whole ? INT64_MAX : MOST;
    int64_t all = count_failed(&r->totals);
    for (size_t i = 0; i < r->n; i++) {
        const CatalogRunStatus *x = &r->runs[i];
        if (!has_failed(x) || n++ >= most) {
            continue;
        }
        buf_printf(out, "\n%s: %s: %s\n", x->name, catalog_run_state_name(x->state),
                   x->reason ? x->reason : "no reason is known");
        if (x->attempts > 0) {
            char log[FSX_PATH_BYTES];
            ErrCode rc =
                catalog_arg_attempt_file(a, x->dir, x->newest_attempt, "stderr.log", log, err);
            if (rc != ERR_OK) {
                return rc;
            }
            buf_printf(out, "  log:   %s\n", log);
        }
        buf_printf(out, "  retry: slaw retry %s %s\n", study_arg, x->name);
    }
    if (all > most) {
        buf_printf(out, "\n... and %" PRId64 " more; slaw ls %s --state failed --state diverged\n",
                   all - most, study_arg);
    }
    return ERR_OK;
}

ErrCode status_report_text(const CatalogArg *a, const StatusReport *r, const char *study_arg,
                           Buf *out, Err *err)
{
    int chars = widest_name(r);
    buf_printf(out, "study %s in %s\n\n", r->study, a->dir);
    buf_printf(out, "%-*s  %-8s  %13s  %11s  %9s  %9s  %8s  %8s  %7s  %s\n", chars, "run", "state",
               "step", "checkpoints", "loss", "validation", "tokens/s", "attempts", "threads",
               "cores, or why it waits");
    for (size_t i = 0; i < n_shown(r); i++) {
        put_run(&r->runs[i], chars, out);
    }
    if (r->totals.runs > (int64_t)n_shown(r)) {
        buf_printf(out, "... and %" PRId64 " more; slaw ls %s, or --all\n",
                   r->totals.runs - (int64_t)n_shown(r), study_arg);
    }
    buf_putc(out, '\n');
    put_totals(r, out);
    return put_failures(a, r, study_arg, out, err);
}

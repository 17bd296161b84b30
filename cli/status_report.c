#include "cli/status_report.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/failures.h"
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

static int64_t count_failed(const CatalogTotals *t)
{
    return t->by_state[CATALOG_RUN_FAILED] + t->by_state[CATALOG_RUN_DIVERGED];
}

/* ---- JSON ---------------------------------------------------------------------------------- */

static void totals_json(const StatusReport *r, AnswerNode *top)
{
    const CatalogTotals *t = &r->totals;
    answer_set(top, "study", value_text(r->study));
    AnswerNode *runs = answer_object(top, "runs");
    answer_set(runs, "total", value_count(t->runs));
    answer_set(runs, "done", value_count(t->by_state[CATALOG_RUN_DONE]));
    answer_set(runs, "running", value_count(t->by_state[CATALOG_RUN_RUNNING]));
    answer_set(runs, "waiting", value_count(t->by_state[CATALOG_RUN_WAITING]));
    answer_set(runs, "failed", value_count(count_failed(t)));
    answer_set(runs, "diverged", value_count(t->by_state[CATALOG_RUN_DIVERGED]));
    AnswerNode *checkpoints = answer_object(top, "checkpoints");
    answer_set(checkpoints, "planned", value_count(t->checkpoints_planned));
    answer_set(checkpoints, "complete", value_count(t->checkpoints_complete));
    answer_set(top, "progress", value_real(t->progress));
    answer_set(top, "eta_s", value_real(t->eta_s));
    AnswerNode *flops = answer_object(top, "flops");
    answer_set(flops, "done", value_real(t->flops_done));
    answer_set(flops, "planned", value_real(t->flops_planned));
    answer_set(top, "scheduler", value_text(r->has_scheduler ? r->scheduler : NULL));
}

/* "running", and "waiting" where the report holds the waiting runs. */
static void work_json(const StatusReport *r, AnswerNode *top)
{
    static const Column column[] = {{"run"},          {"hash"},    {"step"}, {"steps"},
                                    {"tokens_per_s"}, {"threads"}, {"cores"}};
    static const Column waits[] = {{"run"}, {"hash"}, {"attempts"}, {"step"}, {"steps"}, {"why"}};
    char why[CATALOG_WHY_BYTES];
    AnswerNode *running = answer_table(top, "running", NULL, COLUMNS(column));
    AnswerNode *waiting = r->is_whole ? answer_table(top, "waiting", NULL, COLUMNS(waits)) : NULL;
    for (size_t i = 0; i < r->n; i++) {
        const CatalogRunStatus *x = &r->runs[i];
        if (x->state == CATALOG_RUN_RUNNING) {
            answer_row(running, value_text(x->name), value_text(x->hash), value_count(x->step),
                       value_count(x->steps), value_real(x->tokens_per_s),
                       x->threads > 0 ? value_count(x->threads) : value_none(),
                       value_text(x->cores));
        } else if (x->state == CATALOG_RUN_WAITING && waiting) {
            answer_row(waiting, value_text(x->name), value_text(x->hash), value_count(x->attempts),
                       value_count(x->step), value_count(x->steps),
                       value_text(catalog_run_why(x, why)));
        }
    }
}

/* ---- for people ---------------------------------------------------------------------------- */

static const Column run_column[] = {
    {.heading = "run"},
    {.heading = "state"},
    {.heading = "step", .is_right = true, .rank = 1},
    {.heading = "checkpoints", .is_right = true, .rank = 4},
    {.heading = "loss", .format = NUMBER_FIXED, .rank = 3},
    {.heading = "validation", .format = NUMBER_FIXED, .rank = 2},
    {.heading = "tokens/s", .format = NUMBER_QUANTITY, .rank = 2},
    {.heading = "attempts", .rank = 5},
    {.heading = "threads", .rank = 6},
    {.heading = "cores", .rank = 6},
    {.heading = "why it waits", .rank = 1, .is_prose = true},
};

/* Failures are told in full below the totals. */
static void make_row(void *ctx, size_t i, Value *v)
{
    StatusReport *r = ctx;
    const CatalogRunStatus *x = &r->runs[i];
    const bool is_running = x->state == CATALOG_RUN_RUNNING;
    int64_t step = x->state == CATALOG_RUN_DONE ? x->steps : x->step;
    (void)snprintf(r->steps, sizeof r->steps, "%" PRId64 "/%" PRId64, step, x->steps);
    (void)snprintf(r->marks, sizeof r->marks, "%" PRId64 "/%" PRId64, x->complete, x->planned);
    const Value row[] = {
        value_text(x->name),
        run_state_value(x->state),
        value_text(r->steps),
        value_text(r->marks),
        value_real(x->train_loss),
        value_real(x->validation_loss),
        is_running ? value_real(x->tokens_per_s) : value_none(),
        value_count(x->attempts),
        is_running && x->threads > 0 ? value_count(x->threads) : value_none(),
        value_text(is_running && x->threads > 0 ? (x->cores ? x->cores : "any") : NULL),
        value_text(x->state == CATALOG_RUN_WAITING ? catalog_run_why(x, r->why) : NULL)};
    memcpy(v, row, sizeof row);
}

static void runs_table(StatusReport *r, const StatusShow *how, AnswerNode *top)
{
    const size_t most = r->is_whole || r->n < STATUS_MOST_ROWS ? r->n : STATUS_MOST_ROWS;
    const size_t n = how->most_rows < most ? how->most_rows : most;
    char left[NUMBER_TEXT_BYTES];
    AnswerNode *table = answer_table(top, NULL, NULL, COLUMNS(run_column));
    answer_table_rows(table, n, make_row, r);
    if (n < most) {
        answer_say(top, NULL, SAY_PLAIN, "%s more %s not shown, for want of room.",
                   whole_text(r->totals.runs - (int64_t)n, left),
                   r->totals.runs - (int64_t)n == 1 ? "run is" : "runs are");
    } else if (r->totals.runs > (int64_t)n) {
        answer_say(top, NULL, SAY_PLAIN, "%s more: slaw ls %s, or --all",
                   whole_text(r->totals.runs - (int64_t)n, left), how->study_arg);
    }
}

static void say_totals(const StatusReport *r, AnswerNode *top)
{
    const CatalogTotals *t = &r->totals;
    const int64_t *by = t->by_state;
    char complete[NUMBER_TEXT_BYTES], planned[NUMBER_TEXT_BYTES], left[NUMBER_TEXT_BYTES];
    bool has_eta = isfinite(t->eta_s) && t->eta_s > 0.0;
    answer_say(top, NULL, SAY_VERDICT,
               "%" PRId64 " of %" PRId64 " runs done, %" PRId64 " running, %" PRId64
               " waiting, %" PRId64 " failed; %s of %s checkpoints; %.0f %% of %.3g FLOP%s%s%s.",
               by[CATALOG_RUN_DONE], t->runs, by[CATALOG_RUN_RUNNING], by[CATALOG_RUN_WAITING],
               count_failed(t), whole_text(t->checkpoints_complete, complete),
               whole_text(t->checkpoints_planned, planned), floor(100.0 * t->progress),
               t->flops_planned, has_eta ? "; " : "", has_eta ? duration_text(t->eta_s, left) : "",
               has_eta ? " to go" : "");
    if (r->has_scheduler) {
        answer_say(top, NULL, SAY_PLAIN, "At work: %s.", r->scheduler);
    } else if (by[CATALOG_RUN_RUNNING] + by[CATALOG_RUN_WAITING] > 0) {
        answer_say(top, NULL, SAY_PLAIN,
                   "No scheduler is at work on this study; slaw run goes on with it.");
    }
}

ErrCode status_answer(const CatalogArg *a, StatusReport *r, const StatusShow *how, AnswerNode *top,
                      Err *err)
{
    enum { MOST = 50 }; /* failures of a study that is not shown whole */
    totals_json(r, top);
    answer_say(top, NULL, SAY_PLAIN, "Study %s in %s", r->study, a->dir);
    runs_table(r, how, top);
    say_totals(r, top);
    ErrCode rc = failures_answer(top, a->dir, how->study_arg, r->runs, r->n,
                                 r->is_whole ? INT64_MAX : MOST, count_failed(&r->totals), err);
    work_json(r, top);
    return rc;
}

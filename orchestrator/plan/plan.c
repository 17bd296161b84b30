#include "orchestrator/plan/plan.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/fsx.h"
#include "common/json.h"

enum { WEIGHT_BYTES = 4, STATE_BYTES = 12, STATES_KEPT = 2 };

/* ---- costs ------------------------------------------------------------------------------ */

static PlanFlops times(PlanFlops f, double x)
{
    return (PlanFlops){f.six_nd * x, f.exact * x, f.paper * x};
}

static int64_t disk_of(const RunSpec *r)
{
    int64_t elements = arch_stored_elements(&r->config.shape);
    int64_t count = r->config.checkpoint_count;
    const char *keep =
        json_string_value(json_object_get(json_object_get(r->json, "checkpoints"), "keep"));
    int64_t kept = keep && strcmp(keep, "last") == 0 ? 1 : count;
    int64_t states = count < STATES_KEPT ? count : STATES_KEPT;
    return elements * (WEIGHT_BYTES * kept + STATE_BYTES * states);
}

static PlanCell cost_of(const RunSpec *r)
{
    const RunConfig *c = &r->config;
    PlanCell out = {.run = r, .tokens = c->steps * c->batch_tokens};
    out.flops_per_token = (PlanFlops){r->flops_6nd, r->flops_exact, r->flops_paper};
    out.flops_per_step = times(out.flops_per_token, (double)c->batch_tokens);
    out.flops_total = times(out.flops_per_token, (double)out.tokens);
    out.checkpoints = c->checkpoint_count;
    out.disk_bytes = disk_of(r);
    return out;
}

/* ---- what is there ------------------------------------------------------------------------ */

static const char *why_of(const PlanCell *c, const char *reason, Arena *a)
{
    const char *because = reason ? reason : "no reason is recorded";
    if (strcmp(c->state, "done") == 0) {
        return "done";
    }
    if (strcmp(c->state, "failed") == 0) {
        return arena_printf(a, "failed: %s; `slaw retry` would run it again", because);
    }
    if (strcmp(c->state, "diverged") == 0) {
        return arena_printf(a, "diverged: %s; it would do so again", because);
    }
    if (c->done_step > 0) {
        return arena_printf(a, "would resume from step %" PRId64, c->done_step);
    }
    return strcmp(c->state, "new") == 0 ? "would run: new"
                                        : "would run: started before, nothing kept";
}

/* Reads status.json of a run; a run without one is new. */
static ErrCode read_status(const char *study_dir, PlanCell *c, Arena *a, Err *err)
{
    char path[FSX_PATH_BYTES];
    json_t *status = NULL;
    const char *state = "new";
    const char *reason = NULL;
    ErrCode rc = ERR_OK;
    if (study_dir) {
        TRY(fsx_path(path, err, "%s/%s/status.json", study_dir, c->run->dir));
        if (fsx_exists(path)) {
            TRY(json_read_file(path, &status, err));
            TRY(json_get_str(status, "state", &state, err));
            TRY(json_get_i64(status, "step", &c->done_step, err));
            reason = json_string_value(json_object_get(status, "reason"));
        }
    }
    c->state = arena_strdup(a, state);
    c->why = c->state ? why_of(c, reason, a) : NULL;
    if (!c->why) {
        rc = err_nomem(err, "the plan");
        goto done;
    }
    c->is_todo = strcmp(state, "done") != 0 && strcmp(state, "failed") != 0 &&
                 strcmp(state, "diverged") != 0;
done:
    json_decref(status);
    return rc;
}

/* How many checkpoints fall after step `done`. */
static ErrCode checkpoints_after(const RunConfig *k, int64_t done, Arena *a, int64_t *ret, Err *err)
{
    size_t n = (size_t)k->checkpoint_count;
    int64_t *at = arena_array(a, n + 1, sizeof *at);
    if (!at) {
        return err_nomem(err, "the plan");
    }
    ErrCode rc = run_config_checkpoint_steps(k, at, err);
    int64_t after = 0;
    for (size_t i = 0; rc == ERR_OK && i < n; i++) {
        after += at[i] > done ? 1 : 0;
    }
    *ret = after;
    return rc;
}

/* Scoring a token is the forward third of training on it. */
static ErrCode estimate(PlanCell *c, int64_t validation_tokens, double flops_per_second, Arena *a,
                        Err *err)
{
    const RunConfig *k = &c->run->config;
    int64_t left = k->steps > c->done_step ? k->steps - c->done_step : 0;
    int64_t evaluations = 0;
    ErrCode rc = checkpoints_after(k, c->done_step, a, &evaluations, err);
    if (rc != ERR_OK) {
        return rc;
    }
    double scored = k->evaluates_validation ? (double)evaluations * (double)validation_tokens : 0.0;
    double trained = (double)left * (double)k->batch_tokens;
    double per_token = c->flops_per_token.exact + arch_flops_head(&k->shape);
    c->seconds = c->is_todo ? per_token * (trained + scored / 3.0) / flops_per_second : 0.0;
    return ERR_OK;
}

/* ---- the whole ------------------------------------------------------------------------------ */

static int longest_first(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x < y) - (x > y);
}

double plan_makespan(const double *seconds, size_t n, int64_t workers, Arena *arena)
{
    size_t w = workers < (int64_t)n ? (size_t)workers : n;
    double *job = arena_array(arena, n + 1, sizeof *job);
    double *busy = arena_array(arena, w + 1, sizeof *busy);
    if (!job || !busy) {
        return (double)NAN;
    }
    if (n == 0) {
        return 0.0;
    }
    memcpy(job, seconds, n * sizeof *job);
    qsort(job, n, sizeof *job, longest_first);
    for (size_t i = 0; i < n; i++) {
        size_t least = 0;
        for (size_t k = 1; k < w; k++) {
            least = busy[k] < busy[least] ? k : least;
        }
        busy[least] += job[i];
    }
    double last = 0.0;
    for (size_t k = 0; k < w; k++) {
        last = busy[k] > last || isnan(busy[k]) ? busy[k] : last;
    }
    return last;
}

static void add_totals(Plan *p, const PlanCell *c)
{
    p->checkpoints += c->checkpoints;
    p->tokens += c->tokens;
    p->disk_bytes += c->disk_bytes;
    p->flops.six_nd += c->flops_total.six_nd;
    p->flops.exact += c->flops_total.exact;
    p->flops.paper += c->flops_total.paper;
    p->n_todo += c->is_todo;
}

ErrCode plan_make(const Study *study, const char *study_dir, double flops_per_second, Arena *arena,
                  Plan *ret, Err *err)
{
    Plan p = {.n_cells = study->n_runs};
    p.cells = arena_array(arena, study->n_runs + 1, sizeof *p.cells);
    double *seconds = arena_array(arena, study->n_runs + 1, sizeof *seconds);
    if (!p.cells || !seconds) {
        return err_nomem(err, "the plan");
    }
    for (size_t i = 0; i < study->n_runs; i++) {
        PlanCell *c = &p.cells[i];
        *c = cost_of(&study->runs[i]);
        ErrCode rc = read_status(study_dir, c, arena, err);
        if (rc == ERR_OK) {
            rc = estimate(c, study->corpus_validation, flops_per_second, arena, err);
        }
        if (rc != ERR_OK) {
            return rc;
        }
        seconds[i] = c->seconds;
        add_totals(&p, c);
    }
    p.seconds = plan_makespan(seconds, study->n_runs, study->workers, arena);
    *ret = p;
    return ERR_OK;
}

/* ---- JSON --------------------------------------------------------------------------------- */

static json_t *flops_json(PlanFlops f)
{
    return json_pack("{s:f, s:f, s:f}", "6nd", f.six_nd, "exact", f.exact, "paper", f.paper);
}

static json_t *seconds_json(double s)
{
    return isfinite(s) ? json_real(s) : json_null();
}

static json_t *cell_json(const PlanCell *c)
{
    const RunConfig *k = &c->run->config;
    json_t *v =
        json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:o, s:o, s:I, s:s, s:s}", "run", k->name,
                  "architecture", k->shape.arch->name, "size", c->run->size, "seed",
                  (json_int_t)k->seed, "N", (json_int_t)c->run->params, "N_total",
                  (json_int_t)c->run->params_total, "D", (json_int_t)c->tokens, "flops_per_token",
                  flops_json(c->flops_per_token), "flops_per_step", flops_json(c->flops_per_step),
                  "checkpoints", (json_int_t)c->checkpoints, "state", c->state, "why", c->why);
    json_t *more =
        json_pack("{s:s, s:s, s:O, s:I, s:I, s:o, s:f, s:I, s:o}", "id", k->hash, "dir",
                  c->run->dir, "axes", c->run->axes, "steps", (json_int_t)k->steps, "batch",
                  (json_int_t)k->batch_tokens, "flops_total", flops_json(c->flops_total),
                  "flops_per_token_head", arch_flops_head(&k->shape), "disk_bytes",
                  (json_int_t)c->disk_bytes, "seconds", seconds_json(c->seconds));
    if (v && more) {
        (void)json_object_update(v, more);
    }
    json_decref(more);
    return v;
}

json_t *plan_json(const Plan *p, const Study *study)
{
    json_t *cells = json_array();
    for (size_t i = 0; cells && i < p->n_cells; i++) {
        (void)json_array_append_new(cells, cell_json(&p->cells[i]));
    }
    return json_pack("{s:i, s:s, s:I, s:I, s:I, s:o, s:I, s:o, s:I, s:o}", "schema", 1, "study",
                     study->name, "runs", (json_int_t)p->n_cells, "checkpoints",
                     (json_int_t)p->checkpoints, "tokens", (json_int_t)p->tokens, "flops",
                     flops_json(p->flops), "disk_bytes", (json_int_t)p->disk_bytes, "seconds",
                     seconds_json(p->seconds), "todo", (json_int_t)p->n_todo, "cells", cells);
}

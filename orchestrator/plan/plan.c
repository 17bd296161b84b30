#include "orchestrator/plan/plan.h"

#include <glob.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/fsx.h"
#include "common/json.h"
#include "common/quantity.h"

enum { WEIGHT_BYTES = 4, STATE_BYTES = 12, STATES_KEPT = 2 };

/* ---- costs ------------------------------------------------------------------------------ */

static PlanFlops times(PlanFlops f, double x)
{
    return (PlanFlops){f.six_nd * x, f.exact * x, f.paper * x};
}

static int64_t disk_of(const RunSpec *r)
{
    int64_t states = r->checkpoints < STATES_KEPT ? r->checkpoints : STATES_KEPT;
    return r->model->stored_elements * (WEIGHT_BYTES * r->weights_kept + STATE_BYTES * states);
}

static PlanCell cost_of(const RunSpec *r)
{
    const RunModel *m = r->model;
    PlanCell out = {.run = r, .tokens = run_spec_tokens(r)};
    out.flops_per_token = (PlanFlops){m->flops_6nd, m->flops_exact, m->flops_paper};
    out.flops_per_step = times(out.flops_per_token, (double)r->batch_tokens);
    out.flops_total = times(out.flops_per_token, (double)out.tokens);
    out.checkpoints = r->checkpoints;
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

/* The members of status.json that count here; a damaged one has none.  It is a note that the
 * next `slaw run` makes again, so that costs an estimate, not the plan. */
static void status_members(const json_t *status, PlanCell *c, const char **state,
                           const char **reason)
{
    Err ignored = ERR_INIT;
    const char *s = NULL;
    int64_t step = 0;
    if (json_get_str(status, "state", &s, &ignored) != ERR_OK ||
        json_get_i64(status, "step", &step, &ignored) != ERR_OK || step < 0) {
        return;
    }
    *state = s;
    c->done_step = step;
    *reason = json_string_value(json_object_get(status, "reason"));
}

/* Reads status.json of a run; a run without one that can be read is new. */
static ErrCode read_status(const char *study_dir, PlanCell *c, Arena *a, Err *err)
{
    char path[FSX_PATH_BYTES], dir[RUN_DIR_BYTES];
    json_t *status = NULL;
    const char *state = "new";
    const char *reason = NULL;
    ErrCode rc = ERR_OK;
    if (study_dir) {
        run_spec_dir(c->run, dir);
        TRY(fsx_path(path, err, "%s/%s/status.json", study_dir, dir));
        if (fsx_exists(path)) {
            rc = json_read_file(path, &status, err);
            if (rc == ERR_OK) {
                status_members(status, c, &state, &reason);
            } else if (rc != ERR_FORMAT) {
                goto done;
            }
            rc = ERR_OK;
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

/* How many checkpoints of run i fall after step `done`. */
static ErrCode checkpoints_after(const Study *study, size_t i, int64_t done, int64_t *ret, Err *err)
{
    ErrCode rc = ERR_OK;
    RunConfig k;
    int64_t after = 0, *at = NULL;
    if (done == 0) {
        *ret = study->runs[i].checkpoints;
        return ERR_OK;
    }
    TRY(study_run_config(study, i, &k, err));
    at = calloc((size_t)k.checkpoint_count + 1, sizeof *at);
    if (!at) {
        return err_nomem(err, "the plan");
    }
    TRY(run_config_checkpoint_steps(&k, at, err));
    for (int64_t j = 0; j < k.checkpoint_count; j++) {
        after += at[j] > done ? 1 : 0;
    }
    *ret = after;
done:
    free(at);
    return rc;
}

PlanCost plan_cost_at(const RunSpec *r, double flops_per_second)
{
    double per_token = r->model->flops_exact + r->model->flops_head;
    double rate = flops_per_second / per_token;
    return (PlanCost){.tokens_per_s = rate, .scored_per_s = 3.0 * rate};
}

/* Bytes of a checkpoint and the state that is written with it. */
static double checkpoint_bytes(const RunSpec *r)
{
    return (double)(WEIGHT_BYTES + STATE_BYTES) * (double)r->model->stored_elements;
}

static ErrCode estimate(const Study *study, size_t i, PlanCell *c, const PlanCost *cost,
                        const PlanGiven *given, Err *err)
{
    const RunSpec *k = c->run;
    int64_t left = k->steps > c->done_step ? k->steps - c->done_step : 0;
    int64_t checkpoints = 0;
    ErrCode rc = checkpoints_after(study, i, c->done_step, &checkpoints, err);
    if (rc != ERR_OK) {
        return rc;
    }
    double scored =
        study->evaluates_validation ? (double)checkpoints * (double)study->corpus_validation : 0.0;
    double written = given->checkpoint_s + given->checkpoint_s_a_byte * checkpoint_bytes(c->run);
    double seconds =
        (double)left * ((double)k->batch_tokens / cost->tokens_per_s + cost->update_s) +
        scored / cost->scored_per_s + (double)checkpoints * written;
    c->seconds = c->is_todo ? seconds : 0.0;
    c->is_measured = cost->is_measured;
    return ERR_OK;
}

/* Around every byte that is read the kernel maps so many, if they are in memory. */
enum { MAPPED_AROUND_BYTES = 65536 };

static void count_memory(PlanCell *c, const PlanCost *cost, int64_t corpus_bytes)
{
    int64_t sequence = c->run->model->sequence;
    double read = (double)(c->tokens / sequence) * (double)(MAPPED_AROUND_BYTES + sequence);
    if (cost->memory_bytes > 0) {
        c->corpus_bytes = read < (double)corpus_bytes ? (int64_t)read : corpus_bytes;
        c->memory_bytes = cost->memory_bytes + c->corpus_bytes;
    }
}

static int64_t file_bytes(const char *dir, const char *name)
{
    char path[FSX_PATH_BYTES];
    struct stat st;
    Err ignored = ERR_INIT;
    return dir && fsx_path(path, &ignored, "%s/corpus/%s", dir, name) == ERR_OK &&
                   stat(path, &st) == 0
               ? (int64_t)st.st_size
               : 0;
}

/* Bytes of the texts that the study names; the default corpus has so many (docs/corpus.md). */
static int64_t text_bytes(const Study *study)
{
    enum { DEFAULT_TEXT_BYTES = 20900000 };
    int64_t sum = 0;
    for (size_t i = 0; i < study->n_corpus_text; i++) {
        const char *text = study->corpus_text[i];
        char pattern[FSX_PATH_BYTES];
        Err ignored = ERR_INIT;
        glob_t found = {.gl_pathc = 0};
        struct stat st;
        if (strcmp(text, "default") == 0) {
            sum += DEFAULT_TEXT_BYTES;
        } else if (fsx_path(pattern, &ignored, "%s%s%s", text[0] == '/' ? "" : study->base_dir,
                            text[0] == '/' ? "" : "/", text) == ERR_OK &&
                   /* NOLINTNEXTLINE(concurrency-mt-unsafe): plans are made by one thread */
                   glob(pattern, GLOB_NOSORT, NULL, &found) == 0) {
            for (size_t k = 0; k < found.gl_pathc; k++) {
                sum += stat(found.gl_pathv[k], &st) == 0 ? (int64_t)st.st_size : 0;
            }
        }
        globfree(&found);
    }
    return sum;
}

int64_t plan_corpus_bytes(const Study *study, const char *study_dir)
{
    int64_t there =
        file_bytes(study_dir, "train.tokens") + file_bytes(study_dir, "validation.tokens");
    return there > 0 ? there : text_bytes(study);
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

static int largest_first(const void *a, const void *b)
{
    const PlanCell *x = a, *y = b;
    int64_t i = x->memory_bytes - x->corpus_bytes, j = y->memory_bytes - y->corpus_bytes;
    return (i < j) - (i > j);
}

/* The runs to do that take most, as many as there are workers; the corpus once. */
static ErrCode add_memory(Plan *p, int64_t workers, Arena *arena, Err *err)
{
    PlanCell *todo = arena_array(arena, p->n_cells + 1, sizeof *todo);
    size_t n = 0;
    int64_t corpus = 0;
    if (!todo) {
        return err_nomem(err, "the plan");
    }
    for (size_t i = 0; i < p->n_cells; i++) {
        if (p->cells[i].is_todo && p->cells[i].memory_bytes > 0) {
            todo[n++] = p->cells[i];
        }
    }
    qsort(todo, n, sizeof *todo, largest_first);
    for (size_t i = 0; i < n && (int64_t)i < workers; i++) {
        p->memory_bytes += todo[i].memory_bytes - todo[i].corpus_bytes;
        corpus = todo[i].corpus_bytes > corpus ? todo[i].corpus_bytes : corpus;
    }
    p->worker_bytes = n > 0 ? todo[0].memory_bytes : 0;
    p->memory_bytes += corpus;
    return ERR_OK;
}

ErrCode plan_make(const Study *study, const char *study_dir, const PlanGiven *given, Arena *arena,
                  Plan *ret, Err *err)
{
    const PlanCost unknown = PLAN_COST_UNKNOWN;
    Plan p = {.n_cells = study->n_runs};
    p.cells = arena_array(arena, study->n_runs + 1, sizeof *p.cells);
    double *seconds = arena_array(arena, study->n_runs + 1, sizeof *seconds);
    if (!p.cells || !seconds) {
        return err_nomem(err, "the plan");
    }
    for (size_t i = 0; i < study->n_runs; i++) {
        PlanCell *c = &p.cells[i];
        *c = cost_of(&study->runs[i]);
        const PlanCost *cost = given->cost ? &given->cost[i] : &unknown;
        ErrCode rc = read_status(study_dir, c, arena, err);
        if (rc == ERR_OK) {
            rc = estimate(study, i, c, cost, given, err);
        }
        if (rc != ERR_OK) {
            return rc;
        }
        count_memory(c, cost, given->corpus_bytes);
        seconds[i] = c->seconds;
        add_totals(&p, c);
    }
    p.seconds = plan_makespan(seconds, study->n_runs, given->workers, arena);
    ErrCode rc = add_memory(&p, given->workers, arena, err);
    if (rc == ERR_OK) {
        *ret = p;
    }
    return rc;
}

ErrCode plan_check_memory(const Plan *p, int64_t workers, MachineMemory m, bool *ret_warns,
                          Err *err)
{
    char one[QUANTITY_TEXT_BYTES], all[QUANTITY_TEXT_BYTES], total[QUANTITY_TEXT_BYTES];
    *ret_warns = false;
    (void)quantity_bytes_text((double)p->worker_bytes, one);
    (void)quantity_bytes_text((double)p->memory_bytes, all);
    (void)quantity_bytes_text((double)m.total_bytes, total);
    if (m.total_bytes == 0 || p->memory_bytes <= m.total_bytes) {
        return ERR_OK;
    }
    if (p->worker_bytes > m.total_bytes) {
        (void)err_set(err, ERR_UNAVAILABLE, "the largest run needs %s of memory; there are %s", one,
                      total);
        return err_hint(err,
                        "a smaller training.batch or sequence takes less, or a larger machine");
    }
    *ret_warns = true;
    (void)err_set(err, ERR_OK, "%" PRId64 " workers need up to %s of memory; there are %s", workers,
                  all, total);
    (void)err_hint(err, "fewer workers: %" PRId64 " fit",
                   (int64_t)((double)workers * (double)m.total_bytes / (double)p->memory_bytes));
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

static json_t *bytes_json(int64_t n)
{
    return n > 0 ? json_integer((json_int_t)n) : json_null();
}

static json_t *cell_json(const Study *study, const PlanCell *c)
{
    const RunSpec *k = c->run;
    char hash[SHA256_HEX_BYTES], dir[RUN_DIR_BYTES];
    json_t *axes = NULL;
    Err ignored = ERR_INIT; /* memory: seen below */
    run_spec_hash(k, hash);
    run_spec_dir(k, dir);
    (void)study_run_axes(study, (size_t)(k - study->runs), &axes, &ignored);
    json_t *v =
        json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:o, s:o, s:I, s:s, s:s}", "run", k->name,
                  "architecture", k->model->shape.arch->name, "size", k->model->size, "seed",
                  (json_int_t)k->seed, "N", (json_int_t)k->model->params, "N_total",
                  (json_int_t)k->model->params_total, "D", (json_int_t)c->tokens, "flops_per_token",
                  flops_json(c->flops_per_token), "flops_per_step", flops_json(c->flops_per_step),
                  "checkpoints", (json_int_t)c->checkpoints, "state", c->state, "why", c->why);
    json_t *more = json_pack(
        "{s:s, s:s, s:o, s:I, s:I, s:o, s:f, s:I, s:o, s:o, s:b}", "id", hash, "dir", dir, "axes",
        axes, "steps", (json_int_t)k->steps, "batch", (json_int_t)k->batch_tokens, "flops_total",
        flops_json(c->flops_total), "flops_per_token_head", k->model->flops_head, "disk_bytes",
        (json_int_t)c->disk_bytes, "seconds", seconds_json(c->seconds), "memory_bytes",
        bytes_json(c->memory_bytes), "measured", c->is_measured);
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
        (void)json_array_append_new(cells, cell_json(study, &p->cells[i]));
    }
    return json_pack("{s:i, s:s, s:I, s:I, s:I, s:o, s:I, s:o, s:o, s:I, s:o}", "schema", 1,
                     "study", study->name, "runs", (json_int_t)p->n_cells, "checkpoints",
                     (json_int_t)p->checkpoints, "tokens", (json_int_t)p->tokens, "flops",
                     flops_json(p->flops), "disk_bytes", (json_int_t)p->disk_bytes, "seconds",
                     seconds_json(p->seconds), "memory_bytes", bytes_json(p->memory_bytes), "todo",
                     (json_int_t)p->n_todo, "cells", cells);
}

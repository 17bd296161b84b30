#include "orchestrator/plan/plan.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/fsx.h"
#include "common/json.h"
#include "common/map.h"
#include "common/order.h"
#include "common/quantity.h"
#include "orchestrator/plan/why.h"
#include "trainer/data/corpus.h"

static const char retired_text[] = "not in the study file any more; its files stay";

enum { WEIGHT_BYTES = 4, STATE_BYTES = 12, STATES_KEPT = 2 };

/* ---- costs ------------------------------------------------------------------------------ */

static PlanFlops times(PlanFlops f, double x)
{
    return (PlanFlops){f.six_nd * x, f.exact * x, f.paper * x};
}

PlanFlops plan_flops_per_token(const RunSpec *r)
{
    return (PlanFlops){r->model->flops_6nd, r->model->flops_exact, r->model->flops_paper};
}

PlanFlops plan_flops_per_step(const RunSpec *r)
{
    return times(plan_flops_per_token(r), (double)r->batch_tokens);
}

PlanFlops plan_flops_total(const RunSpec *r)
{
    return times(plan_flops_per_token(r), (double)run_spec_tokens(r));
}

int64_t plan_disk_bytes(const RunSpec *r)
{
    int64_t states = r->checkpoints < STATES_KEPT ? r->checkpoints : STATES_KEPT;
    return r->model->stored_elements *
           ((int64_t)WEIGHT_BYTES * r->weights_kept + STATE_BYTES * states);
}

/* ---- kinds ------------------------------------------------------------------------------ */

static bool is_kind(const RunSpec *a, const RunSpec *b)
{
    return a->model == b->model && a->batch_tokens == b->batch_tokens;
}

ErrCode plan_kinds(const Study *study, Arena *arena, PlanKinds *ret, Err *err)
{
    size_t n = study->n_runs;
    PlanKinds k = {.of = arena_array(arena, n + 1, sizeof *k.of),
                   .first = calloc(n + 1, sizeof *k.first)}; /* nearly all of it stays unused */
    Arena keys = ARENA_INIT;
    Map seen = MAP_INIT(&keys);
    for (size_t i = 0; k.of && k.first && !seen.is_short && i < n; i++) {
        const RunSpec *r = &study->runs[i];
        if (i > 0 && is_kind(r, r - 1)) {
            k.of[i] = k.of[i - 1];
            continue;
        }
        const uint64_t key[] = {(uint64_t)(uintptr_t)r->model, (uint64_t)r->batch_tokens};
        size_t at = map_add(&seen, key, sizeof key);
        if (at == k.n) {
            k.first[k.n++] = i;
        }
        k.of[i] = (uint32_t)at;
    }
    size_t *first = arena_array(arena, k.n + 1, sizeof *first);
    bool is_whole = k.of && k.first && !seen.is_short && first;
    if (is_whole) {
        memcpy(first, k.first, k.n * sizeof *first);
    }
    free(k.first);
    map_release(&seen);
    arena_release(&keys);
    k.first = first;
    *ret = k;
    return is_whole ? ERR_OK : err_nomem(err, "the plan");
}

/* ---- time and memory ---------------------------------------------------------------------- */

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
    if (!c->is_todo) {
        return ERR_OK; /* it takes no time */
    }
    ErrCode rc = checkpoints_after(study, i, c->done_step, &checkpoints, err);
    if (rc != ERR_OK) {
        return rc;
    }
    double scored =
        study->evaluates_validation ? (double)checkpoints * (double)study->corpus_validation : 0.0;
    double written = given->checkpoint_s + given->checkpoint_s_a_byte * checkpoint_bytes(k);
    c->seconds = (double)left * ((double)k->batch_tokens / cost->tokens_per_s + cost->update_s) +
                 scored / cost->scored_per_s + (double)checkpoints * written;
    return ERR_OK;
}

/* Around every byte that is read the kernel maps so many, if they are in memory. */
enum { MAPPED_AROUND_BYTES = 65536 };

static void count_memory(PlanCell *c, const PlanCost *cost, int64_t corpus_bytes)
{
    int64_t sequence = c->run->model->sequence;
    int64_t sequences = run_spec_tokens(c->run) / sequence;
    double read = (double)sequences * (double)(MAPPED_AROUND_BYTES + sequence);
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

/* Bytes of the texts that the study names, as far as they are there. */
static int64_t text_bytes(const Study *study)
{
    int64_t sum = 0;
    for (size_t i = 0; i < study->n_corpus_text; i++) {
        CorpusSpec one = {.text = &study->corpus_text[i], .n_text = 1, .base_dir = study->base_dir};
        CorpusSize size;
        size_t word;
        Err ignored = ERR_INIT;
        sum += corpus_measure(&one, &size, &word, &ignored) == ERR_OK ? size.bytes : 0;
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

/* Equal jobs beside each other are one entry: a study of a million runs has few kinds. */
typedef struct Load {
    double size; /* what they are ordered by, largest first */
    double extra;
    size_t count;
} Load;

static int largest_first(const void *a, const void *b)
{
    double x = ((const Load *)a)->size, y = ((const Load *)b)->size;
    return ORDER(y, x);
}

static void add_load(Load *list, size_t *n, double size, double extra)
{
    Load *last = *n > 0 ? &list[*n - 1] : NULL;
    if (last && last->size == size && last->extra == extra) {
        last->count++;
    } else {
        list[(*n)++] = (Load){size, extra, 1};
    }
}

/* The least busy worker, which is on top of the heap, gets a job. */
static void give(double *busy, size_t w, double seconds)
{
    double x = busy[0] + seconds;
    size_t i = 0;
    for (size_t child = 1; child < w; child = 2 * i + 1) {
        child += child + 1 < w && busy[child + 1] < busy[child];
        if (busy[child] >= x) {
            break;
        }
        busy[i] = busy[child];
        i = child;
    }
    busy[i] = x;
}

double plan_makespan(const double *seconds, size_t n, int64_t workers, Arena *arena)
{
    size_t w = workers < (int64_t)n ? (size_t)workers : n, n_loads = 0;
    double *busy = arena_array(arena, w + 1, sizeof *busy);
    Load *load = calloc(n + 1, sizeof *load);
    double last = 0.0;
    if (!busy || !load) {
        free(load);
        return (double)NAN;
    }
    for (size_t i = 0; i < n; i++) {
        last = isnan(seconds[i]) ? seconds[i] : last;
        add_load(load, &n_loads, seconds[i], 0.0);
    }
    if (!isnan(last)) {
        qsort(load, n_loads, sizeof *load, largest_first);
        for (size_t i = 0; i < n_loads && w > 0; i++) {
            for (size_t k = 0; k < load[i].count && load[i].size > 0.0; k++) {
                give(busy, w, load[i].size);
            }
        }
        for (size_t k = 0; k < w; k++) {
            last = busy[k] > last ? busy[k] : last;
        }
    }
    free(load);
    return last;
}

static void add_totals(Plan *p, const PlanCell *c)
{
    PlanFlops f = plan_flops_total(c->run);
    p->checkpoints += c->run->checkpoints;
    p->tokens += run_spec_tokens(c->run);
    p->disk_bytes += plan_disk_bytes(c->run);
    p->flops.six_nd += f.six_nd;
    p->flops.exact += f.exact;
    p->flops.paper += f.paper;
    p->n_todo += c->is_todo;
}

/* The runs to do that take most, as many as there are workers; the corpus once. */
static ErrCode add_memory(Plan *p, int64_t workers, Err *err)
{
    Load *todo = calloc(p->n_cells + 1, sizeof *todo);
    size_t n = 0;
    double corpus = 0.0, sum = 0.0;
    if (!todo) {
        return err_nomem(err, "the plan");
    }
    for (size_t i = 0; i < p->n_cells; i++) {
        const PlanCell *c = &p->cells[i];
        if (c->is_todo && c->memory_bytes > 0) {
            add_load(todo, &n, (double)(c->memory_bytes - c->corpus_bytes),
                     (double)c->corpus_bytes);
        }
    }
    qsort(todo, n, sizeof *todo, largest_first);
    int64_t left = workers;
    for (size_t i = 0; i < n && left > 0; i++) {
        int64_t take = (int64_t)todo[i].count < left ? (int64_t)todo[i].count : left;
        sum += (double)take * todo[i].size;
        corpus = fmax(corpus, todo[i].extra);
        left -= take;
    }
    p->worker_bytes = n > 0 ? (int64_t)(todo[0].size + todo[0].extra) : 0;
    p->memory_bytes = (int64_t)(sum + corpus);
    free(todo);
    return ERR_OK;
}

static ErrCode plan_cell(const Study *study, size_t i, const PlanGiven *given, Arena *arena,
                         PlanCell *c, Err *err)
{
    const PlanCost unknown = PLAN_COST_UNKNOWN;
    const PlanCost *cost = !given->cost   ? &unknown
                           : given->kinds ? &given->cost[given->kinds->of[i]]
                                          : &given->cost[i];
    PastRun *past = given->past ? past_find(given->past, study->runs[i].sha256) : NULL;
    Why why;
    ErrCode rc = why_of(past, arena, &why, err);
    *c = (PlanCell){.run = &study->runs[i], .is_measured = cost->is_measured};
    if (rc == ERR_OK) {
        c->state = why.state;
        c->why = why.text;
        c->is_todo = why.is_todo;
        c->done_step = past ? past->step : 0;
        rc = estimate(study, i, c, cost, given, err);
        count_memory(c, cost, given->corpus_bytes);
    }
    if (past) {
        past->is_of_study = true;
    }
    return rc;
}

static ErrCode plan_cells(const Study *study, const PlanGiven *given, Arena *arena, Plan *p,
                          Err *err)
{
    double *seconds = calloc(study->n_runs + 1, sizeof *seconds);
    ErrCode rc = ERR_OK;
    if (!seconds) {
        return err_nomem(err, "the plan");
    }
    for (size_t i = 0; rc == ERR_OK && i < study->n_runs; i++) {
        rc = plan_cell(study, i, given, arena, &p->cells[i], err);
        if (rc == ERR_OK) {
            seconds[i] = p->cells[i].seconds;
            add_totals(p, &p->cells[i]);
        }
    }
    if (rc == ERR_OK) {
        p->seconds = plan_makespan(seconds, study->n_runs, given->workers, arena);
    }
    free(seconds);
    return rc;
}

/* ---- what was changed ------------------------------------------------------------------------ */

/* A new run and the leftover in whose place it stands say what they differ in. */
static ErrCode tell_change(PlanCell *c, const PastRun *old, const char *differences, Arena *arena,
                           const char **why_old, Err *err)
{
    c->why = arena_printf(arena, "would run: new; %s differs in %s", old->dir, differences);
    if (!*why_old) {
        *why_old = arena_printf(arena, "%s; %s takes its place: %s", retired_text, c->run->name,
                                differences);
    }
    return c->why && *why_old ? ERR_OK : err_nomem(err, "the plan");
}

static ErrCode tell_changes(const Study *study, Plan *p, const Leftovers *l, const char *study_dir,
                            Arena *arena, const char **why_old, Err *err)
{
    Buf differences = BUF_INIT;
    ErrCode rc = ERR_OK;
    for (size_t i = 0; rc == ERR_OK && l->n > 0 && i < p->n_cells; i++) {
        size_t old = SIZE_MAX;
        if (strcmp(p->cells[i].state, "new") == 0) {
            buf_clear(&differences);
            rc = why_changed(study, i, l, study_dir, &differences, &old, err);
        }
        if (rc == ERR_OK && old != SIZE_MAX) {
            rc = tell_change(&p->cells[i], l->run[old], buf_str(&differences), arena, &why_old[old],
                             err);
        }
    }
    buf_release(&differences);
    return rc;
}

static ErrCode tell_retired(const Study *study, const char *study_dir, Past *past, Arena *arena,
                            Plan *p, Err *err)
{
    ErrCode rc = ERR_OK;
    Leftovers l = {0};
    const char **why_old = NULL;
    TRY(leftovers_of(past, p->n_todo, &l, err));
    why_old = arena_array(arena, l.n + 1, sizeof *why_old);
    p->retired = arena_array(arena, l.n + 1, sizeof *p->retired);
    if (!why_old || !p->retired) {
        rc = err_nomem(err, "the plan");
        goto done;
    }
    TRY(tell_changes(study, p, &l, study_dir, arena, why_old, err));
    for (size_t i = 0; i < l.n; i++) {
        p->retired[p->n_retired++] =
            (PlanRetired){l.run[i], why_old[i] ? why_old[i] : retired_text};
    }
done:
    leftovers_release(&l);
    past_forget_configs(past);
    return rc;
}

ErrCode plan_make(const Study *study, const char *study_dir, const PlanGiven *given, Arena *arena,
                  Plan *ret, Err *err)
{
    ErrCode rc = ERR_OK;
    Plan p = {.n_cells = study->n_runs};
    Past files = PAST_INIT(arena);
    PlanGiven known = *given;
    p.cells = arena_array(arena, study->n_runs + 1, sizeof *p.cells);
    if (!p.cells) {
        return err_nomem(err, "the plan");
    }
    if (!known.past && study_dir) {
        TRY(past_read_files(study_dir, &files, err));
        TRY(past_index(&files, err));
        known.past = &files;
    }
    TRY(plan_cells(study, &known, arena, &p, err));
    TRY(add_memory(&p, given->workers, err));
    if (known.past && known.past->n > 0) {
        TRY(tell_retired(study, study_dir, known.past, arena, &p, err));
    }
    *ret = p;
done:
    past_release(&files);
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

#include "cli/plan_text.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/map.h"

/* ---- a line for every architecture and size -------------------------------------------------- */

typedef struct Range {
    double least, most;
} Range;

typedef struct Group {
    const char *architecture, *size;
    size_t n, n_todo;
    Range params, tokens, flops, seconds;
    int64_t checkpoints;
    double disk_bytes;
} Group;

static void widen(Range *r, double x, bool is_first)
{
    r->least = is_first || x < r->least || isnan(x) ? x : r->least;
    r->most = is_first || x > r->most || isnan(x) ? x : r->most;
}

static void add_to_group(Group *g, const PlanCell *c)
{
    const RunSpec *r = c->run;
    bool is_first = g->n == 0;
    widen(&g->params, (double)r->model->params, is_first);
    widen(&g->tokens, (double)run_spec_tokens(r), is_first);
    widen(&g->flops, plan_flops_total(r).exact, is_first);
    if (c->is_todo) {
        widen(&g->seconds, c->seconds, g->n_todo == 0);
    }
    g->n++;
    g->n_todo += c->is_todo;
    g->checkpoints += r->checkpoints;
    g->disk_bytes += (double)plan_disk_bytes(r);
}

/* The group of a run, made when it is new; groups are as many as models have names. */
static Group *group_of(Group **list, size_t *n, const RunSpec *r, size_t guess)
{
    const char *architecture = r->model->shape.arch->name;
    for (size_t k = 0; k < *n; k++) {
        Group *g = &(*list)[(guess + k) % *n];
        if (g->architecture == architecture && strcmp(g->size, r->model->size) == 0) {
            return g;
        }
    }
    Group *wide = realloc(*list, (*n + 1) * sizeof *wide);
    if (!wide) {
        return NULL;
    }
    *list = wide;
    wide[*n] = (Group){.architecture = architecture, .size = r->model->size};
    return &wide[(*n)++];
}

enum { RANGE_BYTES = 2 * NUMBER_TEXT_BYTES + 8 };

/* "1.2M", or "1.2M to 3M". */
static Value range(Range r, NumberFormat format, char out[RANGE_BYTES])
{
    char high[NUMBER_TEXT_BYTES];
    (void)number_text(r.least, format, format == NUMBER_DIGITS ? 3 : 0, out);
    (void)number_text(r.most, format, format == NUMBER_DIGITS ? 3 : 0, high);
    if (strcmp(out, high) != 0) {
        size_t n = strlen(out);
        (void)snprintf(out + n, RANGE_BYTES - n, " to %s", high);
    }
    return value_text(out);
}

static void add_row(const Group *g, AnswerNode *table)
{
    char n[RANGE_BYTES], d[RANGE_BYTES], flops[RANGE_BYTES], time[RANGE_BYTES];
    answer_row(table, value_text(g->architecture), value_text(g->size), value_size(g->n),
               value_size(g->n_todo), range(g->params, NUMBER_QUANTITY, n),
               range(g->tokens, NUMBER_QUANTITY, d), range(g->flops, NUMBER_DIGITS, flops),
               value_count(g->checkpoints), value_real(g->disk_bytes),
               g->n_todo ? range(g->seconds, NUMBER_DURATION, time) : value_none());
}

static ErrCode groups_table(const Plan *p, AnswerNode *top, Err *err)
{
    static const Column column[] = {
        {.heading = "architecture"},
        {.heading = "size"},
        {.heading = "runs"},
        {.heading = "to do", .rank = 2},
        {.heading = "N", .is_right = true, .rank = 1, .is_symbol = true},
        {.heading = "D", .is_right = true, .rank = 1, .is_symbol = true},
        {.heading = "C exact", .is_right = true, .rank = 3},
        {.heading = "checkpoints", .rank = 5},
        {.heading = "disk", .format = NUMBER_BYTES, .rank = 4},
        {.heading = "time of one", .is_right = true, .rank = 1},
    };
    Group *list = NULL;
    size_t n = 0, last = 0;
    AnswerNode *table = answer_table(top, NULL, NULL, COLUMNS(column));
    answer_table_use(table, TABLE_FOR_PEOPLE);
    for (size_t i = 0; i < p->n_cells; i++) {
        Group *g = group_of(&list, &n, p->cells[i].run, last);
        if (!g) {
            free(list);
            return err_nomem(err, "the plan");
        }
        last = (size_t)(g - list);
        add_to_group(g, &p->cells[i]);
    }
    for (size_t i = 0; i < n; i++) {
        add_row(&list[i], table);
    }
    answer_say(top, NULL, SAY_HINT, "--all lists every run.");
    free(list);
    return ERR_OK;
}

/* ---- why -------------------------------------------------------------------------------------- */

/* Runs of which the same sentence is true. */
typedef struct Reason {
    const char *why, *name; /* of the first */
    size_t n;
} Reason;

enum { MAX_REASONS = 64 };

static int by_count(const void *a, const void *b)
{
    size_t x = ((const Reason *)a)->n, y = ((const Reason *)b)->n;
    return (x < y) - (x > y);
}

/* Sentences by how many runs have them; the rare ones are counted only. */
static ErrCode reasons_table(const Plan *p, AnswerNode *top, Err *err)
{
    static const Column column[] = {{.heading = "runs"},
                                    {.heading = "what would happen", .is_prose = true},
                                    {.heading = "the first", .rank = 1}};
    Reason *list = calloc(p->n_cells + 1, sizeof *list);
    Map seen = MAP_INIT(NULL);
    size_t others = 0;
    for (size_t i = 0; list && !seen.is_short && i < p->n_cells; i++) {
        size_t k = map_add_text(&seen, p->cells[i].why);
        if (k != MAP_NONE && list[k].n++ == 0) {
            list[k] = (Reason){p->cells[i].why, p->cells[i].run->name, 1};
        }
    }
    size_t n_reasons = seen.n;
    bool is_whole = list && !seen.is_short;
    map_release(&seen);
    if (!is_whole) {
        free(list);
        return err_nomem(err, "the plan");
    }
    qsort(list, n_reasons, sizeof *list, by_count);
    AnswerNode *table = answer_table(top, NULL, NULL, column, 3);
    answer_table_use(table, TABLE_FOR_PEOPLE);
    for (size_t i = 0; i < n_reasons; i++) {
        if (i < MAX_REASONS) {
            answer_row(table, value_size(list[i].n), value_text(list[i].why),
                       value_text(list[i].name));
        }
        others += i < MAX_REASONS ? 0 : list[i].n;
    }
    free(list);
    if (others > 0) {
        answer_row(table, value_size(others), value_text("something else"), value_none());
    }
    answer_say(top, NULL, SAY_HINT, "--all lists every run.");
    return ERR_OK;
}

/* ---- totals ----------------------------------------------------------------------------------- */

/* "about 3 min with 2 workers", and where the times come from; "" when nothing is known. */
static void time_text(const Plan *p, const PlanArg *a, Buf *out)
{
    char time[NUMBER_TEXT_BYTES], workers[NUMBER_TEXT_BYTES], rate[NUMBER_TEXT_BYTES];
    size_t n_measured = 0;
    if (isnan(p->seconds) || p->n_todo == 0) {
        return;
    }
    for (size_t i = 0; i < p->n_cells; i++) {
        n_measured += p->cells[i].is_todo && p->cells[i].is_measured;
    }
    buf_printf(out, ", about %s with %s", duration_text(p->seconds, time),
               count_text(a->workers, "worker", workers));
    if (!isnan(a->flops_per_second)) {
        buf_printf(out, " of %s FLOP/s",
                   number_text(a->flops_per_second, NUMBER_QUANTITY, 0, rate));
    } else if (n_measured < p->n_todo) {
        buf_printf(out, " (%zu measured, %zu by FLOPs from the nearest)", n_measured,
                   p->n_todo - n_measured);
    }
}

static void say_memory(const Plan *p, const PlanArg *a, AnswerNode *top)
{
    char one[NUMBER_TEXT_BYTES], all[NUMBER_TEXT_BYTES], there[NUMBER_TEXT_BYTES];
    MachineMemory m = machine_memory(NULL, NULL);
    Err why = ERR_INIT;
    bool warns = false;
    ErrCode rc = plan_check_memory(p, a->workers, m, &warns, &why);
    if (p->memory_bytes > 0) {
        answer_say(top, NULL, SAY_PLAIN,
                   "Memory: %s for the largest worker, %s for all at a time; there are %s.",
                   number_text((double)p->worker_bytes, NUMBER_BYTES, 0, one),
                   number_text((double)p->memory_bytes, NUMBER_BYTES, 0, all),
                   number_text((double)m.total_bytes, NUMBER_BYTES, 0, there));
    }
    if (rc != ERR_OK || warns) { /* a plan is made all the same */
        answer_say(top, NULL, SAY_WARNING, "%s", why.msg);
        answer_say(top, NULL, SAY_HINT, "%s", why.hint);
    }
}

static void say_totals(const Plan *p, const Study *study, const PlanText *t, AnswerNode *top)
{
    char runs[NUMBER_TEXT_BYTES], marks[NUMBER_TEXT_BYTES], todo[NUMBER_TEXT_BYTES];
    char tokens[NUMBER_TEXT_BYTES], disk[NUMBER_TEXT_BYTES];
    Buf time = BUF_INIT;
    time_text(p, t->how, &time);
    answer_say(top, NULL, SAY_VERDICT, "%s: %s, %s, %s tokens, %s on disk.", study->name,
               count_text((int64_t)p->n_cells, "run", runs),
               count_text(p->checkpoints, "checkpoint", marks),
               number_text((double)p->tokens, NUMBER_QUANTITY, 0, tokens),
               number_text((double)p->disk_bytes, NUMBER_BYTES, 0, disk));
    answer_say(top, NULL, SAY_PLAIN,
               "Compute: %.3g FLOP exact (causal, from the shapes), %.3g by 6 N D, %.3g paper.",
               p->flops.exact, p->flops.six_nd, p->flops.paper);
    answer_say(top, NULL, SAY_PLAIN, "To do: %s%s.", count_text((int64_t)p->n_todo, "run", todo),
               buf_str(&time));
    if (p->n_retired > 0 && !t->is_why) {
        answer_say(top, NULL, SAY_NOTE,
                   "Not in the study file any more: %s; the files stay, and --why lists them.",
                   count_text((int64_t)p->n_retired, "run", runs));
    }
    say_memory(p, t->how, top);
    buf_release(&time);
}

ErrCode plan_text(const Plan *p, const Study *study, const PlanText *t, AnswerNode *top,
                  PlanRows *rows, Err *err)
{
    bool is_short = p->n_cells <= PLAN_TEXT_MAX_ROWS || t->is_all;
    ErrCode rc = ERR_OK;
    if (!is_short) {
        rc = t->is_why ? reasons_table(p, top, err) : groups_table(p, top, err);
    }
    plan_answer(p, study, !is_short ? PLAN_NO_RUNS : t->is_why ? PLAN_WHY : PLAN_COSTS, top, rows);
    say_totals(p, study, t, top);
    return rc;
}

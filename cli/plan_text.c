#include "cli/plan_text.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/thousands.h"
#include "common/clock.h"
#include "common/map.h"
#include "common/quantity.h"

/* ---- a line for every run ------------------------------------------------------------------ */

static int name_width(const Plan *p)
{
    size_t widest = strlen("run");
    for (size_t i = 0; i < p->n_cells; i++) {
        size_t n = strlen(p->cells[i].run->name);
        widest = n > widest ? n : widest;
    }
    return (int)widest;
}

enum {
    RANGE_BYTES = 2 * QUANTITY_TEXT_BYTES,
    COLUMNS_BYTES = 256,
    TIMES_BYTES = 2 * CLOCK_TEXT_BYTES + 8
};

/* Everything between its name and why. */
static void write_columns(const PlanCell *c, char out[COLUMNS_BYTES])
{
    char n[QUANTITY_TEXT_BYTES], total[QUANTITY_TEXT_BYTES], d[QUANTITY_TEXT_BYTES];
    char disk[QUANTITY_TEXT_BYTES], memory[QUANTITY_TEXT_BYTES], time[CLOCK_TEXT_BYTES];
    const RunSpec *r = c->run;
    const PlanFlops flops = plan_flops_total(r);
    (void)snprintf(
        out, COLUMNS_BYTES, "  %7s  %7s  %7s  %9.3g  %9.3g  %9.3g  %5lld  %8s  %8s  %11s  ",
        quantity_count_text((double)r->model->params, n),
        quantity_count_text((double)r->model->params_total, total),
        quantity_count_text((double)run_spec_tokens(r), d), flops.six_nd, flops.exact, flops.paper,
        (long long)r->checkpoints, quantity_bytes_text((double)plan_disk_bytes(r), disk),
        c->memory_bytes > 0 ? quantity_bytes_text((double)c->memory_bytes, memory) : "-",
        clock_duration(c->seconds, time));
}

/* Runs beside each other mostly differ in their names alone. */
static bool has_columns_of(const PlanCell *a, const PlanCell *b)
{
    const RunSpec *x = a->run, *y = b->run;
    return x->model == y->model && x->batch_tokens == y->batch_tokens && x->steps == y->steps &&
           x->checkpoints == y->checkpoints && x->weights_kept == y->weights_kept &&
           a->memory_bytes == b->memory_bytes &&
           (a->seconds == b->seconds || (isnan(a->seconds) && isnan(b->seconds)));
}

/* Where the times come from. */
static void print_basis(const Plan *p, double flops_per_second)
{
    char rate[QUANTITY_TEXT_BYTES];
    size_t n_measured = 0;
    for (size_t i = 0; i < p->n_cells; i++) {
        n_measured += p->cells[i].is_todo && p->cells[i].is_measured;
    }
    if (!isnan(flops_per_second)) {
        (void)printf(" of %s FLOP/s", quantity_count_text(flops_per_second, rate));
    } else if (n_measured < p->n_todo) {
        (void)printf(" (%zu measured, %zu by FLOPs from the nearest)", n_measured,
                     p->n_todo - n_measured);
    }
}

static void print_totals(const Plan *p, const Study *study, const PlanArg *a)
{
    char runs[THOUSANDS_BYTES], marks[THOUSANDS_BYTES], todo[THOUSANDS_BYTES];
    char tokens[QUANTITY_TEXT_BYTES], disk[QUANTITY_TEXT_BYTES], one[QUANTITY_TEXT_BYTES];
    char all[QUANTITY_TEXT_BYTES], there[QUANTITY_TEXT_BYTES], time[CLOCK_TEXT_BYTES];
    (void)printf("\n%s: %s runs, %s checkpoints, %s tokens, %s on disk\n", study->name,
                 thousands((int64_t)p->n_cells, runs), thousands(p->checkpoints, marks),
                 quantity_count_text((double)p->tokens, tokens),
                 quantity_bytes_text((double)p->disk_bytes, disk));
    (void)printf("compute: %.3g FLOP exact (causal, from the shapes), %.3g 6ND, %.3g paper\n",
                 p->flops.exact, p->flops.six_nd, p->flops.paper);
    (void)printf("to do: %s runs", thousands((int64_t)p->n_todo, todo));
    if (!isnan(p->seconds) && p->n_todo > 0) {
        (void)printf(", about %s with %lld worker%s", clock_duration(p->seconds, time),
                     (long long)a->workers, a->workers == 1 ? "" : "s");
        print_basis(p, a->flops_per_second);
    }
    (void)printf("\n");
    if (p->n_retired > 0) {
        (void)printf("not in the study file any more: %s run%s, whose files stay (--why lists "
                     "them)\n",
                     thousands((int64_t)p->n_retired, runs), p->n_retired == 1 ? "" : "s");
    }
    if (p->memory_bytes > 0) {
        MachineMemory m = machine_memory(NULL, NULL);
        (void)printf("memory: %s for the largest worker, %s for all at a time; there are %s\n",
                     quantity_bytes_text((double)p->worker_bytes, one),
                     quantity_bytes_text((double)p->memory_bytes, all),
                     quantity_bytes_text((double)m.total_bytes, there));
    }
}

static void print_padded(const char *name, int width)
{
    (void)fputs(name, stdout);
    for (size_t n = strlen(name); n < (size_t)width; n++) {
        (void)putchar(' ');
    }
}

static void print_cells(const Plan *p)
{
    int width = name_width(p);
    (void)printf("%-*s  %7s  %7s  %7s  %9s  %9s  %9s  %5s  %8s  %8s  %11s  %s\n", width, "run", "N",
                 "N_total", "D", "C 6nd", "C exact", "C paper", "ckpts", "disk", "memory", "time",
                 "why");
    char columns[COLUMNS_BYTES] = "";
    for (size_t i = 0; i < p->n_cells; i++) {
        const PlanCell *c = &p->cells[i];
        if (i == 0 || !has_columns_of(c, c - 1)) {
            write_columns(c, columns);
        }
        print_padded(c->run->name, width);
        (void)fputs(columns, stdout);
        (void)fputs(c->why, stdout);
        (void)putchar('\n');
    }
}

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

/* "1.2M", or "1.2M-3M". */
static const char *range_text(Range r, char out[RANGE_BYTES])
{
    char low[QUANTITY_TEXT_BYTES], high[QUANTITY_TEXT_BYTES];
    (void)quantity_count_text(r.least, low);
    (void)quantity_count_text(r.most, high);
    bool is_one = strcmp(low, high) == 0;
    (void)snprintf(out, RANGE_BYTES, "%s%s%s", low, is_one ? "" : "-", is_one ? "" : high);
    return out;
}

static const char *flops_text(Range r, char out[48])
{
    char low[24], high[24];
    (void)snprintf(low, sizeof low, "%.3g", r.least);
    (void)snprintf(high, sizeof high, "%.3g", r.most);
    bool is_one = strcmp(low, high) == 0;
    (void)snprintf(out, 48, "%s%s%s", low, is_one ? "" : "-", is_one ? "" : high);
    return out;
}

static const char *time_text(const Group *g, char out[TIMES_BYTES])
{
    char low[CLOCK_TEXT_BYTES], high[CLOCK_TEXT_BYTES];
    if (g->n_todo == 0) {
        return "-";
    }
    (void)clock_duration(g->seconds.least, low);
    (void)clock_duration(g->seconds.most, high);
    bool is_one = strcmp(low, high) == 0;
    (void)snprintf(out, TIMES_BYTES, "%s%s%s", low, is_one ? "" : " to ", is_one ? "" : high);
    return out;
}

static void print_group(const Group *g)
{
    char runs[THOUSANDS_BYTES], todo[THOUSANDS_BYTES], marks[THOUSANDS_BYTES];
    char n[RANGE_BYTES], d[RANGE_BYTES], flops[48];
    char disk[QUANTITY_TEXT_BYTES], time[TIMES_BYTES];
    (void)printf("%-12s  %-12s  %10s  %10s  %13s  %13s  %17s  %12s  %8s  %s\n", g->architecture,
                 g->size, thousands((int64_t)g->n, runs), thousands((int64_t)g->n_todo, todo),
                 range_text(g->params, n), range_text(g->tokens, d), flops_text(g->flops, flops),
                 thousands(g->checkpoints, marks), quantity_bytes_text(g->disk_bytes, disk),
                 time_text(g, time));
}

static ErrCode print_groups(const Plan *p, Err *err)
{
    Group *list = NULL;
    size_t n = 0, last = 0;
    ErrCode rc = ERR_OK;
    for (size_t i = 0; rc == ERR_OK && i < p->n_cells; i++) {
        Group *g = group_of(&list, &n, p->cells[i].run, last);
        if (g) {
            last = (size_t)(g - list);
            add_to_group(g, &p->cells[i]);
        } else {
            rc = err_nomem(err, "the plan");
        }
    }
    if (rc == ERR_OK) {
        (void)printf("%-12s  %-12s  %10s  %10s  %13s  %13s  %17s  %12s  %8s  %s\n", "architecture",
                     "size", "runs", "to do", "N", "D", "C exact", "ckpts", "disk", "time of one");
        for (size_t i = 0; i < n; i++) {
            print_group(&list[i]);
        }
        (void)printf("(--all lists every run)\n");
    }
    free(list);
    return rc;
}

/* ---- why -------------------------------------------------------------------------------------- */

static void print_every_why(const Plan *p)
{
    int width = name_width(p);
    for (size_t i = 0; i < p->n_cells; i++) {
        print_padded(p->cells[i].run->name, width);
        (void)printf("  %s\n", p->cells[i].why);
    }
}

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
static ErrCode print_reasons(const Plan *p, Err *err)
{
    Reason *list = calloc(p->n_cells + 1, sizeof *list);
    Map seen = MAP_INIT(NULL);
    size_t others = 0;
    char n[THOUSANDS_BYTES];
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
    for (size_t i = 0; i < n_reasons; i++) {
        if (i < MAX_REASONS) {
            (void)printf("%10s  %s  (%s%s)\n", thousands((int64_t)list[i].n, n), list[i].why,
                         list[i].n > 1 ? "first: " : "", list[i].name);
        }
        others += i < MAX_REASONS ? 0 : list[i].n;
    }
    free(list);
    if (others > 0) {
        (void)printf("%10s  others\n", thousands((int64_t)others, n));
    }
    (void)printf("(--all lists every run)\n");
    return ERR_OK;
}

static void print_retired(const Plan *p, bool is_all)
{
    size_t n = is_all || p->n_retired <= PLAN_TEXT_MAX_ROWS ? p->n_retired : PLAN_TEXT_MAX_ROWS;
    for (size_t i = 0; i < n; i++) {
        (void)printf("%s%s  %s: %s\n", i == 0 ? "\n" : "", p->retired[i].run->dir,
                     p->retired[i].run->state, p->retired[i].why);
    }
    if (n < p->n_retired) {
        (void)printf("... and %zu more (--all lists them)\n", p->n_retired - n);
    }
}

ErrCode plan_text(const Plan *p, const Study *study, const PlanText *t, Err *err)
{
    bool is_short = p->n_cells <= PLAN_TEXT_MAX_ROWS || t->is_all;
    ErrCode rc = ERR_OK;
    if (t->is_why && is_short) {
        print_every_why(p);
    } else if (t->is_why) {
        rc = print_reasons(p, err);
    } else if (is_short) {
        print_cells(p);
    } else {
        rc = print_groups(p, err);
    }
    if (rc == ERR_OK && t->is_why) {
        print_retired(p, t->is_all);
    }
    if (rc == ERR_OK) {
        print_totals(p, study, t->how);
    }
    return rc;
}

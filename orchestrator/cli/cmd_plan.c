#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/json.h"
#include "common/quantity.h"
#include "orchestrator/cli/command.h"
#include "orchestrator/cli/plan_arg.h"
#include "orchestrator/cli/study_arg.h"
#include "orchestrator/cli/thousands.h"
#include "orchestrator/plan/plan.h"

typedef struct Options {
    const char *dir;
    double flops_per_second; /* NaN: measure it */
    double measure_seconds;
} Options;

static const Opt opts_table[] = {
    {"dir", "DIR", "the study's directory (default runs/<study>)", OPT_TEXT,
     offsetof(Options, dir)},
    {"flops-per-second", "X", "speed of one worker; by default every kind of run is measured",
     OPT_F64, offsetof(Options, flops_per_second)},
    {"measure", "SECONDS", "time for the measurements; 0: none, no times (default 3)", OPT_F64,
     offsetof(Options, measure_seconds)},
    {0},
};
static const Options opts_default = {.flops_per_second = (double)NAN, .measure_seconds = 3.0};

/* ---- text ---------------------------------------------------------------------------------- */

static int name_width(const Plan *p)
{
    size_t widest = strlen("run");
    for (size_t i = 0; i < p->n_cells; i++) {
        size_t n = strlen(p->cells[i].run->name);
        widest = n > widest ? n : widest;
    }
    return (int)widest;
}

static void print_cell(const PlanCell *c, int width)
{
    char n[QUANTITY_TEXT_BYTES], total[QUANTITY_TEXT_BYTES], d[QUANTITY_TEXT_BYTES];
    char disk[QUANTITY_TEXT_BYTES], memory[QUANTITY_TEXT_BYTES], time[CLOCK_TEXT_BYTES];
    (void)printf("%-*s  %7s  %7s  %7s  %9.3g  %9.3g  %9.3g  %5lld  %8s  %8s  %11s  %s\n", width,
                 c->run->name, quantity_count_text((double)c->run->model->params, n),
                 quantity_count_text((double)c->run->model->params_total, total),
                 quantity_count_text((double)c->tokens, d), c->flops_total.six_nd,
                 c->flops_total.exact, c->flops_total.paper, (long long)c->checkpoints,
                 quantity_bytes_text((double)c->disk_bytes, disk),
                 c->memory_bytes > 0 ? quantity_bytes_text((double)c->memory_bytes, memory) : "-",
                 clock_duration(c->seconds, time), c->why);
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
    if (p->memory_bytes > 0) {
        MachineMemory m = machine_memory(NULL, NULL);
        (void)printf("memory: %s for the largest worker, %s for all at a time; there are %s\n",
                     quantity_bytes_text((double)p->worker_bytes, one),
                     quantity_bytes_text((double)p->memory_bytes, all),
                     quantity_bytes_text((double)m.total_bytes, there));
    }
}

static void print_text(const Plan *p, const Study *study, const PlanArg *a)
{
    int width = name_width(p);
    (void)printf("%-*s  %7s  %7s  %7s  %9s  %9s  %9s  %5s  %8s  %8s  %11s  %s\n", width, "run", "N",
                 "N_total", "D", "C 6nd", "C exact", "C paper", "ckpts", "disk", "memory", "time",
                 "why");
    for (size_t i = 0; i < p->n_cells; i++) {
        print_cell(&p->cells[i], width);
    }
    print_totals(p, study, a);
}

static ErrCode print_json(const Plan *p, const Study *study, Err *err)
{
    json_t *v = plan_json(p, study);
    Buf text = BUF_INIT;
    json_pretty(v, &text);
    ErrCode rc = v ? buf_ok(&text, err) : err_nomem(err, "the plan");
    json_decref(v);
    if (rc == ERR_OK) {
        (void)fputs(buf_str(&text), stdout);
    }
    buf_release(&text);
    return rc;
}

/* A plan is made all the same. */
static void say_memory(const Plan *p, int64_t workers)
{
    Err why = ERR_INIT;
    bool warns = false;
    ErrCode rc = plan_check_memory(p, workers, machine_memory(NULL, NULL), &warns, &why);
    if (rc != ERR_OK || warns) {
        (void)fflush(stdout);
        (void)fprintf(stderr, "slaw: warning: %s\n  hint: %s\n", why.msg, why.hint);
    }
}

static ErrCode run(Session *s, const void *opts, int argc, char *const argv[], Err *err)
{
    (void)argc;
    const Options *o = opts;
    ErrCode rc = ERR_OK;
    StudyArg a = {0};
    Arena arena = ARENA_INIT;
    Plan p;
    PlanArg how = {.flops_per_second = o->flops_per_second, .measure_seconds = o->measure_seconds};
    if (!(o->measure_seconds >= 0.0 && o->measure_seconds <= 3600.0)) {
        return err_set(err, ERR_USAGE, "--measure takes 0 to 3600 seconds");
    }
    if (!isnan(o->flops_per_second) && !(o->flops_per_second > 0.0)) {
        return err_set(err, ERR_USAGE, "--flops-per-second must be positive");
    }
    TRY(study_arg_open(s, argv[0], o->dir, &a, err));
    how.workers = study_workers(a.study);
    TRY(plan_arg(s, a.study, a.dir, &how, &arena, &p, err));
    if (s->is_json) {
        TRY(print_json(&p, a.study, err));
    } else {
        print_text(&p, a.study, &how);
    }
    say_memory(&p, how.workers);
done:
    arena_release(&arena);
    study_arg_close(&a);
    return rc;
}

const Command command_plan = {
    .name = "plan",
    .args = "STUDY",
    .summary = "say what a study will cost; start nothing",
    .description =
        "Lists the runs of a study with N (parameters without the embedding), D (tokens), C (FLOP "
        "of the\nwhole run under the conventions 6nd, exact and paper), checkpoints, disk, and why "
        "each would run\nor be skipped.  slaw-worker says what memory each takes and measures its "
        "speed, a few seconds in\nall: cheapest first; what would take too long is taken from the "
        "nearest measured run of its\narchitecture at the same FLOP/s.  Times are for one worker; "
        "below the table for all workers,\nlongest run first, with validation and checkpoints.",
    .opts = opts_table,
    .opts_size = sizeof(Options),
    .opts_default = &opts_default,
    .min_args = 1,
    .max_args = 1,
    .run = run,
};

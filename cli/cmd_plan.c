#include <math.h>
#include <stdio.h>

#include "cli/command.h"
#include "cli/plan_text.h"
#include "cli/ready.h"
#include "cli/study_arg.h"

typedef struct Options {
    const char *dir;
    double flops_per_second; /* NaN: measure it */
    double measure_seconds;  /* NaN: plan_arg_measure_seconds() */
    bool is_all, is_why;
} Options;

static const Opt opts_table[] = {
    {"dir", "DIR", "the study's directory (default runs/<study>)", OPT_TEXT,
     offsetof(Options, dir)},
    {"flops-per-second", "X", "speed of one worker; by default every kind of run is measured",
     OPT_F64, offsetof(Options, flops_per_second)},
    {"measure", "SECONDS",
     "time for the measurements; 0: none, no times (default 3, or 0.5 for "
     "more than 10,000 runs)",
     OPT_F64, offsetof(Options, measure_seconds)},
    {"why", NULL, "what would happen to each run and why, in place of its costs", OPT_FLAG,
     offsetof(Options, is_why)},
    {"all", NULL, "a line for every run, also of more than 200", OPT_FLAG,
     offsetof(Options, is_all)},
    {0},
};
static const Options opts_default = {.flops_per_second = (double)NAN,
                                     .measure_seconds = (double)NAN};

static ErrCode to_stdout(void *ctx, const char *text, size_t n, Err *err)
{
    (void)ctx;
    (void)err;
    (void)fwrite(text, 1, n, stdout); /* command.c checks standard output */
    return ERR_OK;
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
    if (!isnan(o->measure_seconds) &&
        !(o->measure_seconds >= 0.0 && o->measure_seconds <= 3600.0)) {
        return err_set(err, ERR_USAGE, "--measure takes 0 to 3600 seconds");
    }
    if (!isnan(o->flops_per_second) && !(o->flops_per_second > 0.0)) {
        return err_set(err, ERR_USAGE, "--flops-per-second must be positive");
    }
    TRY(study_arg_open(s, argv[0], o->dir, &a, err));
    how.workers = study_workers(a.study);
    how.measure_seconds =
        isnan(o->measure_seconds) ? plan_arg_measure_seconds(a.study) : o->measure_seconds;
    TRY(plan_arg(s, a.study, a.dir, &how, &arena, &p, err));
    if (s->is_json) {
        TRY(plan_json(&p, a.study, to_stdout, NULL, err));
    } else {
        TRY(plan_text(&p, a.study, &(PlanText){&how, o->is_all, o->is_why}, err));
    }
    TRY(ready_warn(s, a.study, a.dir, false, err));
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
        "below the table for all workers,\nlongest run first, with validation and checkpoints.  "
        "More "
        "than 200 runs are summed up by\narchitecture and size; --all lists every one.\n\n"
        "--why says what would happen to each run and why: new, resumed, skipped, failed with its "
        "log,\nand what was changed since: the settings in which a new run differs from the one "
        "in whose\nplace it stands, and the runs that the study file no longer has.",
    .opts = opts_table,
    .opts_size = sizeof(Options),
    .opts_default = &opts_default,
    .min_args = 1,
    .max_args = 1,
    .run = run,
};

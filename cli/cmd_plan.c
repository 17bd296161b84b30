#include <math.h>

#include "cli/command.h"
#include "cli/plan_text.h"
#include "cli/ready.h"
#include "cli/study_arg.h"

typedef struct Options {
    double flops_per_second; /* NaN: measure it */
    double measure_seconds;  /* NaN: plan_arg_measure_seconds() */
    bool is_all, is_why;
} Options;

static const Opt opts_table[] = {
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

static ErrCode run(Session *s, const void *opts, int argc, char *const argv[], Err *err)
{
    (void)argc;
    const Options *o = opts;
    ErrCode rc = ERR_OK;
    StudyArg a = {0};
    Arena arena = ARENA_INIT;
    PlanRows rows = {0};
    Plan p;
    PlanArg how = {.flops_per_second = o->flops_per_second, .measure_seconds = o->measure_seconds};
    if (!isnan(o->measure_seconds) &&
        !(o->measure_seconds >= 0.0 && o->measure_seconds <= 3600.0)) {
        return err_set(err, ERR_USAGE, "--measure takes 0 to 3600 seconds");
    }
    if (!isnan(o->flops_per_second) && !(o->flops_per_second > 0.0)) {
        return err_set(err, ERR_USAGE, "--flops-per-second must be positive");
    }
    TRY(study_arg_open(s, argv[0], s->fit.dir, &a, err));
    how.workers = study_workers(a.study);
    how.measure_seconds =
        isnan(o->measure_seconds) ? plan_arg_measure_seconds(a.study) : o->measure_seconds;
    TRY(plan_arg(s, a.study, a.dir, &how, &arena, &p, err));
    TRY(plan_text(&p, a.study, &(PlanText){&how, o->is_all, o->is_why}, answer_top(&s->answer),
                  &rows, err));
    TRY(session_show(s, err)); /* its rows are the plan's */
    TRY(ready_warn(s, a.study, a.dir, false, err));
done:
    plan_rows_release(&rows);
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
        "of the whole run under the conventions 6nd, exact and paper), checkpoints, disk, and what "
        "would happen to each. More than 200 runs are summed up by architecture and size; --all "
        "lists every one.\n\n"
        "slaw-worker says what memory each takes and measures its speed, a few seconds in all, "
        "cheapest first; what would take too long is taken from the nearest measured run of its "
        "architecture at the same FLOP/s. Times are for one worker; below the table for all "
        "workers, longest run first, with validation and checkpoints.\n\n"
        "--why says what would happen to each run and why: new, resumed, skipped, failed with its "
        "log, and what was changed since: the settings in which a new run differs from the one in "
        "whose place it stands, and the runs that the study file no longer has.",
    COMMAND_OPTS(opts_table, Options),
    .opts_default = &opts_default,
    .groups = {&group_study},
    .examples = {"slaw plan experiments/quickstart.yaml",
                 "slaw plan experiments/quickstart.yaml --why --measure 0"},
    .run = run,
};

#include "analysis/race/race.h"
#include "cli/fit_args.h"

typedef struct RaceOpts {
    const char *response, *time, *out;
    OptNumbers classes;
    bool wall, plot;
} RaceOpts;

static const Opt race_opts[] = {
    {"response", "COLUMN", "what is compared, as bits_per_byte (default loss)", OPT_TEXT,
     offsetof(RaceOpts, response)},
    {"time", "COLUMN",
     "of a CSV: training seconds until the row; COLUMN*3600 scales (default core_seconds, seconds, "
     "hours)",
     OPT_TEXT, offsetof(RaceOpts, time)},
    {"wall", NULL, "seconds, not core-seconds", OPT_FLAG, offsetof(RaceOpts, wall)},
    {"classes", "HOURS", "with commas: 6,12,24 (default: six that double)", OPT_NUMBERS,
     offsetof(RaceOpts, classes)},
    {"plot", NULL, "draw equal_time, too", OPT_FLAG, offsetof(RaceOpts, plot)},
    {"out", "DIR", "where to (default <study>/reports)", OPT_TEXT, offsetof(RaceOpts, out)},
    {0},
};

static ErrCode run(Session *s, const void *opts, int argc, char *const argv[], Err *err)
{
    const RaceOpts *o = opts;
    RaceOptions options = {.response = o->response, .time = o->time, .is_wall = o->wall};
    FitRun r = {0};
    Race race = {.arena = ARENA_INIT};
    AnswerNode *top = NULL;
    ErrCode rc = ERR_OK;
    (void)argc;
    if (o->classes.n > RACE_MAX_CLASSES) {
        return err_set(err, ERR_USAGE, "--classes takes up to %d numbers", RACE_MAX_CLASSES);
    }
    for (size_t i = 0; i < o->classes.n; i++) {
        options.classes[options.n_classes++] = 3600.0 * o->classes.x[i];
    }
    s->fit.law = "chinchilla"; /* N, D and the loss are needed */
    TRY(fit_args_open(s, &s->fit, argv[0], &r, err));
    TRY(race_run(&r.source, &r.obs, &options, &race, err));
    TRY(fit_run_answer(s, &r, &top, err));
    race_answer(&race, top);
    if (o->plot || o->out) {
        PlotFigure *figure = arena_alloc(&race.arena, sizeof *figure);
        TRY(figure ? race_figure(&race, r.obs.convention, figure, err) : err_nomem(err, "figure"));
        TRY(fit_run_draw(&r, o->out, figure, err));
    }
done:
    race_release(&race);
    fit_run_release(&r);
    return rc;
}

const Command command_race = {
    .name = "race",
    .args = "SOURCE",
    .summary = "who is ahead after equal training time, equal compute, equal data",
    .description =
        "Compares the groups at equal core-hours (of a study, as its steps were timed) or "
        "at equal times of a column (of a CSV), beside equal FLOP and equal tokens: the "
        "three may have different winners.",
    COMMAND_OPTS(race_opts, RaceOpts),
    .groups = {&group_rows},
    .examples = {"slaw race runs/quickstart", "slaw race runs.csv --by model --classes 6,12,24"},
    .run = run,
};

#include <stdio.h>
#include <string.h>

#include "analysis/race/race.h"
#include "cli/fit_args.h"
#include "common/json.h"
#include "common/quantity.h"

typedef struct RaceOpts {
    FitArgs fit;
    const char *response, *time, *classes, *format, *out;
    bool wall, plot;
} RaceOpts;

static const RaceOpts race_default = {.fit = FIT_ARGS_DEFAULT, .format = "text"};

static const Opt race_opts[] = {
    {"response", "COLUMN", "what is compared, as bits_per_byte (default loss)", OPT_TEXT,
     offsetof(RaceOpts, response)},
    {"time", "COLUMN",
     "of a CSV: training seconds until the row; COLUMN*3600 scales (default core_seconds, "
     "seconds, hours)",
     OPT_TEXT, offsetof(RaceOpts, time)},
    {"wall", NULL, "seconds, not core-seconds", OPT_FLAG, offsetof(RaceOpts, wall)},
    {"classes", "HOURS", "with commas: 6,12,24 (default: six that double)", OPT_TEXT,
     offsetof(RaceOpts, classes)},
    {"plot", NULL, "write equal_time as .csv, .gp, .svg and .png, too", OPT_FLAG,
     offsetof(RaceOpts, plot)},
    {"out", "DIR", "where to (default <study>/reports)", OPT_TEXT, offsetof(RaceOpts, out)},
    {"format", "NAME", "text, markdown, latex or csv: by time (default text)", OPT_TEXT,
     offsetof(RaceOpts, format)},
    FIT_ARGS_OPTS(offsetof(RaceOpts, fit)),
    {0},
};

static ErrCode parse_classes(const char *text, RaceOptions *o, Err *err)
{
    while (text && *text) {
        char word[32];
        size_t n = strcspn(text, ",");
        double hours;
        (void)snprintf(word, sizeof word, "%.*s", (int)n, text);
        if (o->n_classes == RACE_MAX_CLASSES || n >= sizeof word ||
            !quantity_parse(word, QUANTITY_COUNT, &hours) || !(hours > 0.0)) {
            return err_set(err, ERR_USAGE,
                           "--classes takes up to %d positive numbers of hours, not \"%s\"",
                           RACE_MAX_CLASSES, text);
        }
        o->classes[o->n_classes++] = 3600.0 * hours;
        text += n + (text[n] == ',');
    }
    return ERR_OK;
}

static ErrCode draw(const RaceOpts *o, const FitRun *r, Race *race, Err *err)
{
    char folder[4096];
    PlotFigure *figure = arena_alloc(&race->arena, sizeof *figure);
    ErrCode rc = ERR_OK;
    if (!figure) {
        return err_nomem(err, "figure");
    }
    TRY(fit_run_folder(r, o->out, folder, err));
    TRY(race_figure(race, r->obs.convention, figure, err));
    TRY(plot_draw(figure, 1, &(PlotOutput){0}, folder, err));
done:
    return rc;
}

static ErrCode run(Session *s, const void *opts, int argc, char *const argv[], Err *err)
{
    const RaceOpts *o = opts;
    RaceOptions options = {.response = o->response, .time = o->time, .is_wall = o->wall};
    FitArgs args = o->fit;
    FitRun r = {0};
    Race race = {.arena = ARENA_INIT};
    TableFormat format;
    Buf out = BUF_INIT;
    json_t *result = NULL;
    ErrCode rc = ERR_OK;
    (void)argc;
    TRY(table_format_parse(o->format, &format, err));
    TRY(parse_classes(o->classes, &options, err));
    args.law = args.law ? args.law : "chinchilla"; /* N, D and the loss are needed */
    TRY(fit_args_open(s, &args, argv[0], &r, err));
    TRY(race_run(&r.source, &r.obs, &options, &race, err));
    if (s->is_json) {
        result = race_json(&race);
        TRY(result ? fit_run_provenance(&r, result, err) : err_nomem(err, "race"));
        json_pretty(result, &out);
    } else {
        TRY(race_text(&race, format, &out, err));
    }
    TRY(buf_ok(&out, err));
    if (o->plot || o->out) {
        TRY(draw(o, &r, &race, err));
    }
    (void)fputs(buf_str(&out), stdout);
done:
    json_decref(result);
    buf_release(&out);
    race_release(&race);
    fit_run_release(&r);
    return rc;
}

const Command command_race = {
    .name = "race",
    .args = "SOURCE",
    .summary = "who is ahead after equal training time, equal compute, equal data",
    .description =
        "Compares the groups at equal core-hours (of a study, as its steps were timed) or at "
        "equal\n"
        "times of a column (of a CSV), beside equal FLOP and equal tokens: the three may have\n"
        "different winners.  docs/equal-time.md.",
    .opts = race_opts,
    .opts_size = sizeof(RaceOpts),
    .opts_default = &race_default,
    .min_args = 1,
    .max_args = 1,
    .run = run,
};

#include "analysis/validate/seeds.h"
#include "cli/fit_args.h"
#include "common/exit_code.h"

typedef struct SeedsOpts {
    const char *out;
    bool plot;
} SeedsOpts;

static const Opt seeds_opts[] = {
    {"plot", NULL, "draw the picture, too", OPT_FLAG, offsetof(SeedsOpts, plot)},
    {"out", "DIR", "where to (default <study>/reports)", OPT_TEXT, offsetof(SeedsOpts, out)},
    {0},
};

static ErrCode run(Session *s, const void *opts, int argc, char *const argv[], Err *err)
{
    const SeedsOpts *o = opts;
    FitRun r = {0};
    Seeds seeds = {.arena = ARENA_INIT};
    AnswerNode *top = NULL;
    const PlotFigure *figure = NULL;
    ErrCode rc = ERR_OK;
    (void)argc;
    s->fit.law = "chinchilla"; /* N, D and the loss are needed */
    TRY(fit_args_open(s, &s->fit, argv[0], &r, err));
    TRY(seeds_measure(&r.source, &r.obs, &seeds, err));
    TRY(fit_run_answer(s, &r, &top, err));
    s->exit_status = seeds_answer(&seeds, top) ? EXIT_SOME_FAILED : EXIT_ALL_DONE;
    if (o->plot || o->out) {
        TRY(seeds_figure(&seeds, &figure, err));
        TRY(fit_run_draw(&r, o->out, figure, err));
    }
done:
    seeds_release(&seeds);
    fit_run_release(&r);
    return rc;
}

const Command command_seeds = {
    .name = "seeds",
    .args = "SOURCE",
    .summary = "how much the loss differs between seeds, and how many are needed",
    .description =
        "Compares runs that differ in nothing but their seed, at the largest D that all of them "
        "reach: the standard deviation of ln loss at each size and pooled over a group's sizes, "
        "with 95 % intervals, and how many seeds it takes to see a difference of 1 % between two "
        "groups.",
    COMMAND_OPTS(seeds_opts, SeedsOpts),
    .groups = {&group_rows},
    .examples = {"slaw seeds points.csv --by model --out plots",
                 "slaw seeds points.csv --where model=llama"},
    .can_fail_part = true,
    .run = run,
};

#include <math.h>
#include <string.h>

#include "analysis/obs/frame_csv.h"
#include "analysis/observe/observe_report.h"
#include "cli/fit_args.h"
#include "common/exit_code.h"
#include "common/words.h"

enum { DEFAULT_COMPONENTS = 3, LINK_BY_SCORES = -1 };

#define MOST_FLOP 1e60

typedef struct ObserveOpts {
    const char *benchmarks, *model, *by, *pivot, *with, *key, *reference, *out, *impute;
    OptTexts target;
    double chance, cutoff;
    int64_t components;
    int link, resample;
    bool standardize, all_checkpoints, models;
} ObserveOpts;

static const ObserveOpts observe_default = {
    .impute = "1", .cutoff = (double)NAN, .link = LINK_BY_SCORES};

static const char *const resamplings[] = {"models", "families", NULL};

#define AT(field) offsetof(ObserveOpts, field)
static const Opt observe_opts[] = {
    {"benchmarks", "NAMES", "columns with commas (default: those whose scores are all in [0, 1])",
     OPT_TEXT, AT(benchmarks)},
    {"target", "NAME", "a metric to predict from the components; may be repeated", OPT_TEXTS,
     AT(target)},
    {"with", "FILE", "another CSV with the targets, joined by the model's name", OPT_TEXT,
     AT(with)},
    {"key", "COLUMN", "of --with: the model's name (default model, Model, name or run)", OPT_TEXT,
     AT(key)},
    {"model", "COLUMN", "the model's name (default model, Model, name or run)", OPT_TEXT,
     AT(model)},
    {"by", "COLUMN", "the family (default family, architecture or arch)", OPT_TEXT, AT(by)},
    {"pivot", "BENCHMARK=SCORE",
     "columns, when a row is one score; -SCORE negates (a study: task=-loss)", OPT_TEXT, AT(pivot)},
    {"all-checkpoints", NULL, "every checkpoint of a run is a model, not only its last", OPT_FLAG,
     AT(all_checkpoints)},
    {"components", "K", "that targets are predicted from (default 3, at most one a benchmark)",
     OPT_I64, AT(components)},
    {"standardize", NULL, "scores divided by their standard deviation before the components",
     OPT_FLAG, AT(standardize)},
    {"impute", "K",
     "components that fill in missing scores; none leaves such models out (default 1)", OPT_TEXT,
     AT(impute)},
    {"link", "NAME", "of targets: fixed, height, free or linear (default height; losses linear)",
     OPT_CHOICE, AT(link), link_names},
    {"chance", "C", "of the targets: the score of a guess (default 0)", OPT_F64, AT(chance)},
    {"reference", "FAMILY", "of the equivalent compute (default: the one of most models)", OPT_TEXT,
     AT(reference)},
    {"cutoff", "C", "train on models up to this compute [FLOP], test on those above", OPT_F64,
     AT(cutoff)},
    {"resample", "KIND", "models or families (default models)", OPT_CHOICE, AT(resample),
     resamplings},
    {"models", NULL, "show the table of models, too (--format csv is this table)", OPT_FLAG,
     AT(models)},
    {"out", "DIR", "also write pictures there", OPT_TEXT, AT(out)},
    {0},
};
#undef AT

static ErrCode make_selection(ObserveOpts *o, const FitRun *run, const Frame *with,
                              ScoresOptions *ret, Err *err)
{
    if (run->source.is_study) {
        o->pivot = o->pivot ? o->pivot : "task=-loss";
        o->model = o->model ? o->model : "run";
        o->by = o->by ? o->by : run->source.analysis.by;
    }
    *ret = (ScoresOptions){.benchmarks = o->benchmarks,
                           .model = o->model,
                           .family = o->by,
                           .pivot = o->pivot,
                           .n_targets = o->target.n,
                           .with = o->with ? with : NULL,
                           .key = o->key,
                           .is_every_step = o->all_checkpoints,
                           .is_complete = strcmp(o->impute, "none") == 0,
                           .convention = run->selected.convention,
                           .n_where = run->selected.n_where,
                           .n_map = run->selected.n_map};
    if (o->target.n > SCORES_MAX_TARGETS) {
        return err_set(err, ERR_USAGE, "--target may be given %d times", SCORES_MAX_TARGETS);
    }
    if (o->with && o->target.n == 0) {
        return err_set(err, ERR_USAGE, "--with brings targets: name them with --target");
    }
    memcpy(ret->target, o->target.item, o->target.n * sizeof ret->target[0]);
    memcpy(ret->where, run->selected.where, sizeof ret->where);
    memcpy(ret->map, run->selected.map, sizeof ret->map);
    return ERR_OK;
}

/* What the user left open is settled in *o, too, so that the answer says it. */
static ErrCode make_plan(ObserveOpts *o, const ReportPlan *plan, const Scores *scores,
                         ObserveOptions *ret, Err *err)
{
    double impute = 0.0;
    int64_t most = scores->t < DEFAULT_COMPONENTS ? (int64_t)scores->t : DEFAULT_COMPONENTS;
    ErrCode rc = ERR_OK;
    TRY(words_check_whole("components", o->components, 0, OBSERVE_MAX_COMPONENTS, err));
    if (strcmp(o->impute, "none") != 0) {
        TRY(words_number("impute", o->impute, 1.0, PCA_MAX_COLUMNS, &impute, err));
    }
    TRY(words_check_number("chance", o->chance, 0.0, 1.0, err));
    if (!isnan(o->cutoff)) {
        TRY(words_check_number("cutoff", o->cutoff, 1.0, MOST_FLOP, err));
        if (scores->n_targets == 0) {
            return err_set(err, ERR_USAGE,
                           "--cutoff tests predictions of a metric: name it with --target");
        }
    }
    o->components = o->components ? o->components : most;
    o->link = o->link == LINK_BY_SCORES ? scores->is_negated ? LINK_LINEAR : LINK_HEIGHT : o->link;
    *ret = (ObserveOptions){.components = (size_t)o->components,
                            .impute = (size_t)impute,
                            .is_scaled = o->standardize,
                            .link = {.kind = (LinkKind)o->link, .chance = o->chance},
                            .reference = o->reference,
                            .cutoff = isnan(o->cutoff) ? 0.0 : o->cutoff,
                            .bootstrap = plan->bootstrap,
                            .is_by_family = o->resample == 1,
                            .seed = plan->seed,
                            .threads = plan->threads};
done:
    return rc;
}

static ErrCode run(Session *s, const void *opts, int argc, char *const argv[], Err *err)
{
    ObserveOpts o = *(const ObserveOpts *)opts;
    FitRun run = {0};
    Frame with = {0};
    Scores scores = {0};
    ScoresOptions selection;
    ObserveOptions plan;
    Observe r = {0};
    ObserveFigures f = {0};
    AnswerNode *top = NULL;
    ErrCode rc = ERR_OK;
    (void)argc;
    TRY(fit_args_begin(s, &s->fit, argv[0], &run, err));
    if (o.with) {
        TRY(frame_read_csv(o.with, &with, err));
    }
    TRY(make_selection(&o, &run, &with, &selection, err));
    TRY(scores_read(&run.source.frame, &selection, &scores, err));
    TRY(make_plan(&o, &run.plan, &scores, &plan, err));
    TRY(observe_run(&scores, &plan, &r, err));
    o.reference = scores.family_name[r.equivalent.reference];
    s->opts = &o;
    run.obs.convention = scores.convention; /* models take the place of rows */
    run.obs.n_read = scores.n_read;
    run.obs.n_where = scores.n_where;
    run.obs.n_used = scores.n;
    TRY(fit_run_answer(s, &run, &top, err));
    s->exit_status = observe_answer(&r, o.models, top) ? EXIT_SOME_FAILED : EXIT_ALL_DONE;
    if (o.out) {
        TRY(observe_figures(&r, &f, err));
    }
    for (size_t i = 0; i < f.n; i++) {
        TRY(fit_run_draw(&run, o.out, &f.figure[i], err));
    }
done:
    s->opts = opts;
    observe_figures_release(&f);
    observe_release(&r);
    scores_release(&scores);
    frame_release(&with);
    fit_run_release(&run);
    return rc;
}

const Command command_observe = {
    .name = "observe",
    .args = "SOURCE",
    .summary = "observational laws: capability from benchmarks, downstream metrics from capability",
    .description =
        "SOURCE is a CSV file with a row a model and a column a benchmark (or, with --pivot, a row "
        "a score), or a study with several evaluation tasks.\n\n"
        "Tells the principal components of the scores, capability against compute by family, and "
        "with --target how a metric follows from them; with --cutoff how well it is predicted for "
        "models larger than those fitted to.",
    COMMAND_OPTS(observe_opts, ObserveOpts),
    .opts_default = &observe_default,
    .groups = {&group_rows, &group_law, &group_interval},
    .without = "best-per,task,final-only,min-tokens,skip-fraction,law,loss,residual,fix,starts",
    .examples = {"slaw observe scores.csv --models",
                 "slaw observe scores.csv --target humaneval --cutoff 1e22 --format latex"},
    .can_fail_part = true,
    .run = run,
};

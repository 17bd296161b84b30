#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/design_args.h"
#include "cli/study_arg.h"
#include "cli/suggest_study.h"
#include "common/exit_code.h"
#include "common/words.h"

typedef struct SuggestOpts {
    const char *target, *group, *out;
    double budget, flops, n, d, reach;
    int64_t runs, verify;
    int criterion; /* SuggestCriterion */
} SuggestOpts;

static const SuggestOpts defaults = {.target = "loss",
                                     .budget = (double)NAN,
                                     .flops = (double)NAN,
                                     .n = (double)NAN,
                                     .d = (double)NAN,
                                     .reach = 10.0,
                                     .runs = 1};

static const char *const criteria[] = {[SUGGEST_C] = "c", [SUGGEST_D] = "D", NULL};

#define AT(field) offsetof(SuggestOpts, field)
static const Opt suggest_opts[] = {
    {"budget", "FLOP", "of all suggested runs together", OPT_F64, AT(budget)},
    {"target", "NAME", "loss, N_opt, D_opt, alpha, a, ...: what to know better (default loss)",
     OPT_TEXT, AT(target)},
    {"target-flops", "C", "the target is that of the best N and D for C = 6 N D", OPT_F64,
     AT(flops)},
    {"N", "N", "with --D: the target is the loss of this run", OPT_F64, AT(n)},
    {"D", "D", "tokens of it", OPT_F64, AT(d)},
    {"runs", "K", "at most so many (default 1)", OPT_I64, AT(runs)},
    {"criterion", "NAME", "c: narrow the target; D: narrow all parameters together (default c)",
     OPT_CHOICE, AT(criterion), criteria},
    {"reach", "X", "consider N and D up to X times the data's (default 10)", OPT_F64, AT(reach)},
    {"group", "NAME", "only this group", OPT_TEXT, AT(group)},
    {"verify", "N", "refit so many simulated studies with and without the runs (default 0)",
     OPT_I64, AT(verify)},
    {"out", "FILE", "write the study with the suggested runs added", OPT_TEXT, AT(out)},
    {0},
};
#undef AT

static ErrCode check_target(const SuggestOpts *a, Err *err)
{
    bool has_run = !isnan(a->n) || !isnan(a->d);
    if (has_run && (isnan(a->n) || isnan(a->d) || !isnan(a->flops))) {
        return err_set(err, ERR_USAGE, "the target is --target-flops C, or --N with --D");
    }
    if (strcmp(a->target, "loss") == 0 && !has_run && isnan(a->flops)) {
        (void)err_set(err, ERR_USAGE, "it is not said of which run the loss is wanted");
        return err_hint(err, "--target-flops 1e21, or --N 7e9 --D 3e11, or --target alpha");
    }
    if (a->verify > 0 && has_run) {
        return err_set(err, ERR_USAGE, "--verify goes with --target-flops or a parameter");
    }
    return ERR_OK;
}

static ErrCode read_options(const SuggestOpts *a, const FitArgs *fit, NextOptions *ret, Err *err)
{
    const struct {
        const char *option;
        double x;
    } positive[] = {{"budget", a->budget}, {"target-flops", a->flops}, {"N", a->n}, {"D", a->d}};
    ErrCode rc = ERR_OK;
    if (isnan(a->budget)) {
        (void)err_set(err, ERR_USAGE, "a suggestion needs --budget FLOP");
        return err_hint(err, "slaw plan shows what the study's runs cost");
    }
    for (size_t i = 0; i < sizeof positive / sizeof positive[0]; i++) {
        if (positive[i].x <= 0.0) { /* NaN: not given */
            return err_set(err, ERR_USAGE, "--%s takes a positive number, not %g",
                           positive[i].option, positive[i].x);
        }
    }
    TRY(check_target(a, err));
    TRY(words_check_whole("runs", a->runs, 1, SUGGEST_MAX_RUNS, err));
    TRY(words_check_number("reach", a->reach, 1.0, 1e6, err));
    TRY(words_check_whole("verify", a->verify, 0, 100000, err));
    *ret = (NextOptions){.choice = {.criterion = (SuggestCriterion)a->criterion,
                                    .runs = (size_t)a->runs,
                                    .budget = a->budget},
                         .pool = {.budget = a->budget,
                                  .reach = a->reach,
                                  .skip_fraction = fit->skip_fraction,
                                  .min_tokens = fit->min_tokens,
                                  .final_only = fit->final_only},
                         .target = a->target,
                         .flops = a->flops,
                         .n = a->n,
                         .d = a->d,
                         .group = a->group,
                         .studies = (size_t)a->verify};
done:
    return rc;
}

/* The study file of a study source, if it is there: a catalog alone is no study that has models. */
static ErrCode open_study(const Session *s, const FitRun *run, StudyArg *ret, Err *err)
{
    bool is_file = fit_is_study_file(run->path);
    const char *at = is_file ? run->path : run->source.dir;
    if (!run->source.is_study || !(is_file ? fsx_exists(at) : design_is_study(at))) {
        return ERR_OK;
    }
    return study_arg_open(s, at, is_file ? s->fit.dir : NULL, ret, err);
}

static ErrCode run(Session *s, const void *opts, int argc, char *const argv[], Err *err)
{
    const SuggestOpts *a = opts;
    NextOptions o;
    FitRun r = {0};
    StudyArg study = {0};
    ModelSizes *sizes = NULL;
    NextRuns next = {.pool = {.arena = ARENA_INIT}};
    AnswerNode *top = NULL;
    ErrCode rc = ERR_OK;
    (void)argc;
    TRY(read_options(a, &s->fit, &o, err));
    TRY(fit_args_open(s, &s->fit, argv[0], &r, err));
    if (s->fit.law && r.plan.n_laws > 1) { /* of a study that names several the first serves */
        (void)err_set(err, ERR_USAGE, "runs are suggested for one law, not for %zu", r.plan.n_laws);
        rc = err_hint(err, "--law %s", r.plan.law[0]->name);
        goto done;
    }
    r.plan.n_laws = 1;
    TRY(open_study(s, &r, &study, err));
    if (study.study) {
        sizes = calloc(r.obs.n_groups + 1, sizeof *sizes);
        TRY(sizes ? ERR_OK : err_nomem(err, "the sizes"));
    }
    for (size_t g = 0; sizes && g < r.obs.n_groups; g++) {
        TRY(suggest_read_study(study.study, study.dir, r.obs.by, r.obs.group[g].name, &sizes[g],
                               err));
    }
    o.sizes = sizes;
    o.pool.convention = r.obs.convention;
    TRY(next_runs(&r.obs, &r.plan, &o, &next, err));
    if (a->out && next.found.n && !study.study) {
        (void)err_set(err, ERR_USAGE, "%s is no study that could be extended", argv[0]);
        rc = err_hint(err, "without --out the runs are printed; --format csv makes a table");
        goto done;
    }
    if (a->out && next.found.n) {
        TRY(suggest_write_study(study.study, r.obs.by, &next, a->out, err));
    }
    TRY(fit_run_answer(s, &r, &top, err));
    next_answer(&next, next.found.n ? a->out : NULL, top);
    s->exit_status = next.n_refused ? EXIT_SOME_FAILED : s->exit_status;
done:
    next_runs_release(&next);
    free(sizes);
    study_arg_close(&study);
    fit_run_release(&r);
    return rc;
}

const Command command_suggest = {
    .name = "suggest",
    .args = "SOURCE",
    .summary = "which affordable run would narrow a prediction most?",
    .description =
        "Fits a law to SOURCE and finds the runs within --budget that narrow the 95 % interval of "
        "the target most: real models of the study's architectures, of its sizes or of new ones by "
        "the same rules; for a CSV points (N, D).\n\n"
        "--out writes the study with these runs added, ready for slaw run. Where no law can be "
        "fitted yet, runs are proposed that would determine one.",
    COMMAND_OPTS(suggest_opts, SuggestOpts),
    .opts_default = &defaults,
    .groups = {&group_rows, &group_law, &group_interval},
    .examples = {"slaw suggest runs/quickstart --target-flops 1e18 --budget 1e15 --out next.yaml",
                 "slaw suggest points.csv --by model --target alpha --budget 1e20 --runs 3"},
    .can_fail_part = true,
    .run = run,
};

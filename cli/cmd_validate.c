#include <stdio.h>
#include <string.h>

#include "analysis/validate/validate_figures.h"
#include "cli/fit_args.h"
#include "common/exit_code.h"

typedef struct ValidateOpts {
    const char *by, *only, *chain, *out;
    OptTexts train, test, chain_train;
    bool all_points, plot;
} ValidateOpts;

#define AT(field) offsetof(ValidateOpts, field)
static const Opt validate_opts[] = {
    {"hold-out", "WHAT", "budget, N, D or run (default N with 4 sizes or more, else budget)",
     OPT_TEXT, AT(by)},
    {"train", "COND", "train on rows where all of A=1&B<2 hold; repeated: or where these do",
     OPT_TEXTS, AT(train)},
    {"test", "COND", "predict these rows (default: all that are not trained on)", OPT_TEXTS,
     AT(test)},
    {"all-points", NULL, "predict every observation, not only the last of each run", OPT_FLAG,
     AT(all_points)},
    {"chain", "LAW", "error_decay or logistic, asked at the predicted losses", OPT_TEXT, AT(chain)},
    {"chain-train", "COND", "rows for that law beside those of --train", OPT_TEXTS,
     AT(chain_train)},
    {"only", "PARTS", "hold-out,laws,influence,sensitivity,residuals (default all)", OPT_TEXT,
     AT(only)},
    {"plot", NULL, "draw holdout and residual_trends, too", OPT_FLAG, AT(plot)},
    {"out", "DIR", "where to (default <study>/reports)", OPT_TEXT, AT(out)},
    {0},
};
#undef AT

static void take(const OptTexts *from, const char **to, size_t *ret_n)
{
    memcpy(to, from->item, from->n * sizeof to[0]);
    *ret_n = from->n;
}

static ErrCode chain_law(const char *name, const Form **ret, Err *err)
{
    const Form *f = form_find(name);
    if (!f || f->n_inputs != 1 || f->input[0] != FORM_X_LOSS) {
        (void)err_set(err, ERR_USAGE, "--chain needs a law of the loss, not \"%s\"", name);
        return err_hint(err, "error_decay (with --map error=COLUMN) or logistic (accuracy)");
    }
    *ret = f;
    return ERR_OK;
}

static ErrCode make_options(const ValidateOpts *o, ValidateOptions *v, Err *err)
{
    ErrCode rc = ERR_OK;
    *v = (ValidateOptions){.parts = VALIDATE_ALL, .is_all_points = o->all_points};
    take(&o->train, v->train, &v->n_train);
    take(&o->test, v->test, &v->n_test);
    take(&o->chain_train, v->chain_train, &v->n_chain_train);
    if (o->by && v->n_train + v->n_test > 0) {
        rc = err_set(err, ERR_USAGE, "--hold-out and --train or --test exclude each other");
        goto done;
    }
    if (o->by) {
        TRY(holdout_by_parse(o->by, &v->by, err));
    }
    if (o->only) {
        TRY(validate_parts_parse(o->only, &v->parts, err));
    }
    if (o->chain) {
        TRY(chain_law(o->chain, &v->chain, err));
    }
done:
    return rc;
}

static ErrCode run(Session *s, const void *opts, int argc, char *const argv[], Err *err)
{
    const ValidateOpts *o = opts;
    FitRun r = {0};
    ValidateOptions options;
    ValidateReport report = {.obs = &r.obs};
    ValidateFigures f = {.arena = ARENA_INIT};
    AnswerNode *top = NULL;
    ErrCode rc = ERR_OK;
    (void)argc;
    TRY(make_options(o, &options, err));
    TRY(fit_args_open(s, &s->fit, argv[0], &r, err));
    TRY(validate_run(&r.source.frame, &r.obs, &r.plan, &options, &report.validation, err));
    TRY(fit_run_answer(s, &r, &top, err));
    s->exit_status = validate_answer(&report, top) ? EXIT_SOME_FAILED : EXIT_ALL_DONE;
    if (o->plot || o->out) {
        TRY(validate_figures_make(&report, &f, err));
    }
    for (size_t i = 0; i < f.n; i++) {
        TRY(fit_run_draw(&r, o->out, &f.figure[i], err));
    }
    if (f.n_left_out) {
        answer_say(top, NULL, SAY_NOTE, "Panels that are not drawn: %zu.", f.n_left_out);
    }
done:
    validate_figures_release(&f);
    validate_release(report.validation, report.validation ? r.obs.n_groups : 0);
    fit_run_release(&r);
    return rc;
}

const Command command_validate = {
    .name = "validate",
    .args = "SOURCE",
    .summary = "can the law be believed: held-out predictions, influence, residuals",
    .description =
        "Fits the first law of --law to the smaller sizes (or budgets) and predicts the larger "
        "ones, beside baselines and the other laws; then says which run the answer hangs on, "
        "which choice of loss or of points, and whether the residuals are noise "
        "(docs/validation.md).",
    COMMAND_OPTS(validate_opts, ValidateOpts),
    .groups = {&group_rows, &group_law, &group_interval, &group_optimum},
    .examples = {"slaw validate runs/quickstart --law chinchilla,kaplan",
                 "slaw validate points.csv --where model=llama --only hold-out,laws"},
    .can_fail_part = true,
    .run = run,
};

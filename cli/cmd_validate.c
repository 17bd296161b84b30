#include <stdio.h>

#include "analysis/validate/validate_figures.h"
#include "cli/fit_args.h"
#include "common/exit_code.h"
#include "common/json.h"

typedef struct ValidateOpts {
    FitArgs fit;
    const char *by, *only, *format, *chain, *out;
    OptTexts train, test, chain_train;
    bool all_points, plot;
} ValidateOpts;

static const ValidateOpts validate_default = {.fit = FIT_ARGS_DEFAULT, .format = "text"};

static const Opt validate_opts[] = {
    {"hold-out", "WHAT", "budget, N, D or run (default N with 4 sizes or more, else budget)",
     OPT_TEXT, offsetof(ValidateOpts, by)},
    {"train", "COND", "train on rows where all of A=1&B<2 hold; repeated: or where these do",
     OPT_TEXTS, offsetof(ValidateOpts, train)},
    {"test", "COND", "predict these rows (default: all that are not trained on)", OPT_TEXTS,
     offsetof(ValidateOpts, test)},
    {"all-points", NULL, "predict every observation, not only the last of each run", OPT_FLAG,
     offsetof(ValidateOpts, all_points)},
    {"chain", "LAW", "error_decay or logistic, asked at the predicted losses", OPT_TEXT,
     offsetof(ValidateOpts, chain)},
    {"chain-train", "COND", "rows for that law beside those of --train", OPT_TEXTS,
     offsetof(ValidateOpts, chain_train)},
    {"only", "PARTS", "hold-out,laws,influence,sensitivity,residuals (default all)", OPT_TEXT,
     offsetof(ValidateOpts, only)},
    {"plot", NULL, "write holdout and residuals as .csv, .gp, .svg and .png, too", OPT_FLAG,
     offsetof(ValidateOpts, plot)},
    {"out", "DIR", "where to (default <study>/reports)", OPT_TEXT, offsetof(ValidateOpts, out)},
    {"format", "NAME", "text, markdown, latex or csv: the predictions (default text)", OPT_TEXT,
     offsetof(ValidateOpts, format)},
    FIT_ARGS_OPTS(offsetof(ValidateOpts, fit)),
    {0},
};

static void take(const OptTexts *from, const char **to, size_t *ret_n)
{
    for (size_t i = 0; i < from->n; i++) {
        to[i] = from->item[i];
    }
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

/* Every refusal on standard error; the exit status says that some failed. */
static void report_refusals(Session *s, const ValidateReport *r)
{
    for (size_t g = 0; g < r->obs->n_groups; g++) {
        const Validation *v = &r->validation[g];
        const Err *const why[] = {&v->refusal, &v->why_holdout, &v->why_influence,
                                  &v->why_residuals, &v->why_chain};
        for (size_t i = 0; i < sizeof why / sizeof why[0]; i++) {
            if (why[i]->code != ERR_OK) {
                (void)fprintf(stderr, "slaw: %s: %s\n", v->group->name, why[i]->msg);
                s->exit_status = EXIT_SOME_FAILED;
            }
        }
    }
}

static ErrCode draw(Session *s, const ValidateOpts *o, const FitRun *r,
                    const ValidateReport *report, Err *err)
{
    ValidateFigures f = {.arena = ARENA_INIT};
    char folder[4096];
    ErrCode rc = ERR_OK;
    TRY(fit_run_folder(r, o->out, folder, err));
    TRY(validate_figures_make(report, &f, err));
    TRY(plot_draw(f.figure, f.n, &(PlotOutput){0}, folder, err));
    if (f.n_left_out && !s->is_quiet) {
        (void)fprintf(stderr, "slaw: %zu more panels are not drawn\n", f.n_left_out);
    }
done:
    validate_figures_release(&f);
    return rc;
}

static ErrCode run(Session *s, const void *opts, int argc, char *const argv[], Err *err)
{
    const ValidateOpts *o = opts;
    FitRun r = {0};
    ValidateOptions options;
    ValidateReport report = {.obs = &r.obs};
    TableFormat format;
    Buf out = BUF_INIT;
    json_t *result = NULL;
    ErrCode rc = ERR_OK;
    (void)argc;
    TRY(table_format_parse(o->format, &format, err));
    TRY(make_options(o, &options, err));
    TRY(fit_args_open(s, &o->fit, argv[0], &r, err));
    TRY(validate_run(&r.source.frame, &r.obs, &r.plan, &options, &report.validation, err));
    if (s->is_json) {
        result = validate_json(&report);
        TRY(result ? fit_run_provenance(&r, result, err) : err_nomem(err, "report"));
        json_pretty(result, &out);
    } else {
        TRY(validate_text(&report, format, &out, err));
    }
    TRY(buf_ok(&out, err));
    if (o->plot || o->out) {
        TRY(draw(s, o, &r, &report, err));
    }
    (void)fputs(buf_str(&out), stdout);
    report_refusals(s, &report);
done:
    json_decref(result);
    validate_release(report.validation, report.validation ? r.obs.n_groups : 0);
    buf_release(&out);
    fit_run_release(&r);
    return rc;
}

const Command command_validate = {
    .name = "validate",
    .args = "SOURCE",
    .summary = "can the law be believed: held-out predictions, influence, residuals",
    .description =
        "Fits the first law of --law to the smaller sizes (or budgets) and predicts the larger "
        "ones,\n"
        "beside baselines and the other laws; then says which run the answer hangs on, which "
        "choice\n"
        "of loss or of points, and whether the residuals are noise.  docs/validation.md.",
    .opts = validate_opts,
    .opts_size = sizeof(ValidateOpts),
    .opts_default = &validate_default,
    .min_args = 1,
    .max_args = 1,
    .run = run,
};

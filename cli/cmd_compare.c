#include <stdio.h>
#include <string.h>

#include "analysis/compare/compare.h"
#include "analysis/compare/compare_figure.h"
#include "cli/fit_args.h"
#include "common/exit_code.h"
#include "common/fsx.h"
#include "common/json.h"
#include "common/quantity.h"
#include "common/words.h"

enum { MAX_ONLY = 64 };

typedef struct CompareOpts {
    FitArgs fit;
    const char *null, *test, *at_loss, *groups, *format, *out;
    double margin;
    bool plot;
} CompareOpts;

#define DEFAULT_MARGIN 0.1

static const CompareOpts compare_default = {
    .fit = {.task = "validation",
            .starts = 64,
            .bootstrap = 1000,
            .seed = 1,
            .threads = 1,
            .resampling = "auto"},
    .null = "exponents",
    .test = "auto",
    .format = "text",
    .margin = DEFAULT_MARGIN,
};

static const Opt compare_opts[] = {
    {"null", "NAME", "what groups share under the null: exponents, exponents+E or all", OPT_TEXT,
     offsetof(CompareOpts, null)},
    {"test", "NAME", "F, bootstrap or auto: F where points are independent (default auto)",
     OPT_TEXT, offsetof(CompareOpts, test)},
    {"at-loss", "L", "losses of the multipliers, with commas (default: three within the data)",
     OPT_TEXT, offsetof(CompareOpts, at_loss)},
    {"groups", "NAMES", "only these, with commas, in this order", OPT_TEXT,
     offsetof(CompareOpts, groups)},
    {"margin", "SHARE", "parameters closer than this share count as alike (default 0.1)", OPT_F64,
     offsetof(CompareOpts, margin)},
    {"format", "NAME", "of the tables: text, markdown, latex or csv (default text)", OPT_TEXT,
     offsetof(CompareOpts, format)},
    {"plot", NULL, "also draw the frontiers and the multipliers", OPT_FLAG,
     offsetof(CompareOpts, plot)},
    {"out", "DIR", "where --plot writes (default <study>/reports)", OPT_TEXT,
     offsetof(CompareOpts, out)},
    FIT_ARGS_OPTS(offsetof(CompareOpts, fit)),
    {0},
};

/* The names of --groups, in `word` of as many. */
static ErrCode parse_groups(const char *text, char word[][WORD_BYTES], const char **name,
                            size_t *ret_n, Err *err)
{
    size_t n = 0;
    for (; n < MAX_ONLY && words_next(&text, ',', word[n]); n++) {
        name[n] = word[n];
    }
    *ret_n = n;
    return text && *text ? err_set(err, ERR_USAGE, "--groups names up to %d groups", MAX_ONLY)
                         : ERR_OK;
}

static ErrCode make_options(const CompareOpts *o, FitRun *r, CompareOptions *ret, Err *err)
{
    ErrCode rc = ERR_OK;
    if (o->fit.law && r->plan.n_laws > 1) {
        return err_set(err, ERR_USAGE, "a comparison is by one law, not by \"%s\"", o->fit.law);
    }
    if (!o->fit.loss) { /* what an F test is of */
        r->plan.has_loss = true;
        r->plan.loss = (FitLoss){FIT_MSE, 0.0, 1.0};
    }
    ret->fit = report_options(&r->plan, r->plan.law[0]);
    if (!(o->margin > 0.0 && o->margin < 1.0)) {
        return err_set(err, ERR_USAGE, "--margin must be above 0 and below 1");
    }
    ret->margin = o->margin;
    TRY(compare_null_parse(o->null, &ret->null, err));
    TRY(compare_method_parse(o->test, &ret->method, err));
    TRY(words_numbers("at-loss", o->at_loss, COMPARE_MAX_AT, ret->at, &ret->n_at, err));
done:
    return rc;
}

/* What the options of this verb were, beside those of a fit. */
static ErrCode add_options(const CompareOpts *o, const CompareOptions *used, json_t *obj, Err *err)
{
    json_t *options = json_object_get(obj, "options"), *at = json_array();
    for (size_t i = 0; i < used->n_at; i++) {
        (void)json_array_append_new(at, json_real(used->at[i]));
    }
    int bad = json_object_set_new(options, "null", json_string(o->null));
    bad |= json_object_set_new(options, "test", json_string(o->test));
    bad |= json_object_set_new(options, "at_loss", at);
    bad |= json_object_set_new(options, "groups", o->groups ? json_string(o->groups) : json_null());
    bad |= json_object_set_new(options, "margin", json_real(used->margin));
    return bad ? err_nomem(err, "options") : ERR_OK;
}

static ErrCode print_json(const CompareOpts *o, const FitRun *r, const Compare *c, Buf *out,
                          Err *err)
{
    json_t *result = compare_json(c);
    ErrCode rc = result ? ERR_OK : err_nomem(err, "report");
    if (rc == ERR_OK) {
        rc = fit_run_provenance(r, result, err);
    }
    if (rc == ERR_OK) {
        rc = add_options(o, c->o, result, err);
    }
    if (rc == ERR_OK) {
        json_pretty(result, out);
    }
    json_decref(result);
    return rc;
}

/* Draws what can be drawn: without gnuplot data and scripts are still written. */
static ErrCode draw(const Session *s, const CompareOpts *o, const FitRun *r, const Compare *c,
                    Err *err)
{
    char folder[FSX_PATH_BYTES];
    CompareFigures f = {0};
    ErrCode rc = ERR_OK;
    TRY(fit_run_folder(r, o->out, folder, err));
    TRY(compare_figures(c, &f, err));
    TRY(plot_draw(f.figure, f.n, &(PlotOutput){0}, folder, err));
    for (size_t i = 0; !s->is_quiet && i < f.n; i++) {
        (void)fprintf(stderr, "%s/%s.{csv,gp,svg,png}\n", folder, f.figure[i].name);
    }
done:
    compare_figures_release(&f);
    return rc;
}

static void report_refusals(Session *s, const Compare *c)
{
    for (size_t i = 0; i < c->report.n; i++) {
        const ReportFit *f = &c->report.fit[i];
        if (f->is_refused) {
            (void)fprintf(stderr, "slaw: %s: %s\n", f->group->name, f->refusal.msg);
            s->exit_status = EXIT_SOME_FAILED;
        }
    }
    if (c->is_refused) {
        (void)fprintf(stderr, "slaw: the shared fit: %s\n", c->refusal.msg);
        s->exit_status = EXIT_SOME_FAILED;
    }
}

static ErrCode run(Session *s, const void *opts, int argc, char *const argv[], Err *err)
{
    const CompareOpts *o = opts;
    FitRun r = {0};
    CompareOptions options = {0};
    Compare c = {0};
    TableFormat format;
    Buf out = BUF_INIT;
    char name[MAX_ONLY][WORD_BYTES];
    const char *only[MAX_ONLY];
    ErrCode rc = ERR_OK;
    (void)argc;
    TRY(table_format_parse(o->format, &format, err));
    TRY(fit_args_open(s, &o->fit, argv[0], &r, err));
    TRY(make_options(o, &r, &options, err));
    if (o->groups) {
        TRY(parse_groups(o->groups, name, only, &options.n_only, err));
        options.only = only;
    }
    TRY(compare_run(argv[0], &r.obs, &options, &c, err));
    if (s->is_json) {
        TRY(print_json(o, &r, &c, &out, err));
    } else {
        TRY(compare_text(&c, format, &out, err));
    }
    TRY(buf_ok(&out, err));
    (void)fputs(buf_str(&out), stdout);
    report_refusals(s, &c);
    if (o->plot) {
        TRY(draw(s, o, &r, &c, err));
    }
done:
    buf_release(&out);
    compare_release(&c);
    fit_run_release(&r);
    return rc;
}

const Command command_compare = {
    .name = "compare",
    .args = "SOURCE",
    .summary = "are groups one law?  tests, differences, compute multipliers",
    .description =
        "Fits a law to every group (--by COLUMN) and once with parameters in common, and says\n"
        "whether that costs more than chance: F = ((S_shared - S_separate)/df1)/(S_separate/df2).\n"
        "Where points are independent p is that of the F distribution; where checkpoints of a run\n"
        "are known to belong together, or with a robust loss, it comes from a bootstrap under the\n"
        "null.  Then each pair, differences of exponents, and how much compute a needs for the "
        "loss\n"
        "that b reaches.  The default loss is mse.",
    .opts = compare_opts,
    .opts_size = sizeof(CompareOpts),
    .opts_default = &compare_default,
    .min_args = 1,
    .max_args = 1,
    .run = run,
};

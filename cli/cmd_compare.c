#include <string.h>

#include "analysis/compare/compare.h"
#include "analysis/compare/compare_figure.h"
#include "cli/fit_args.h"
#include "common/exit_code.h"
#include "common/words.h"

enum { MAX_ONLY = 64 };

typedef struct CompareOpts {
    OptNumbers at_loss;
    const char *groups, *out;
    double margin;
    int null, test; /* CompareNull, NestedMethod */
    bool plot;
} CompareOpts;

static const CompareOpts compare_default = {
    .null = COMPARE_EXPONENTS, .test = NESTED_AUTO, .margin = 0.1};

static const Opt compare_opts[] = {
    {"null", "NAME", "what the groups share: exponents, exponents+E or all (default exponents)",
     OPT_CHOICE, offsetof(CompareOpts, null), compare_null_names, 0},
    {"test", "NAME", "F, bootstrap or auto: F where points are independent (default auto)",
     OPT_CHOICE, offsetof(CompareOpts, test), compare_method_names, 0},
    {"at-loss", "L", "losses of the multipliers, with commas (default: three within the data)",
     OPT_NUMBERS, offsetof(CompareOpts, at_loss), NULL, 0},
    {"groups", "NAMES", "only these, with commas, in this order", OPT_TEXT,
     offsetof(CompareOpts, groups), NULL, 0},
    {"margin", "SHARE", "parameters closer than this share count as alike (default 0.1)", OPT_F64,
     offsetof(CompareOpts, margin), NULL, 0},
    {"plot", NULL, "draw the frontiers and the multipliers, too", OPT_FLAG,
     offsetof(CompareOpts, plot), NULL, 0},
    {"out", "DIR", "where --plot writes (default <study>/reports)", OPT_TEXT,
     offsetof(CompareOpts, out), NULL, 0},
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

static ErrCode make_options(const Session *s, const CompareOpts *o, FitRun *r, CompareOptions *ret,
                            Err *err)
{
    if (s->fit.law && r->plan.n_laws > 1) {
        return err_set(err, ERR_USAGE, "a comparison is by one law, not by \"%s\"", s->fit.law);
    }
    if (!(o->margin > 0.0 && o->margin < 1.0)) {
        return err_set(err, ERR_USAGE, "--margin must be above 0 and below 1");
    }
    if (!s->fit.loss) { /* what an F test is of */
        r->plan.has_loss = true;
        r->plan.loss = (FitLoss){FIT_MSE, 0.0, 1.0};
    }
    *ret = (CompareOptions){.fit = report_options(&r->plan, r->plan.law[0]),
                            .null = (CompareNull)o->null,
                            .method = (NestedMethod)o->test,
                            .margin = o->margin,
                            .n_at = o->at_loss.n};
    memcpy(ret->at, o->at_loss.x, o->at_loss.n * sizeof *ret->at);
    return ERR_OK;
}

/* Draws what can be drawn: of the second figure, too, data and script are written when the first has no
 * picture for want of gnuplot. */
static ErrCode draw(const CompareOpts *o, const FitRun *r, const Compare *c, Err *err)
{
    CompareFigures f = {0};
    ErrCode rc = compare_figures(c, &f, err);
    for (size_t i = 0; i < f.n; i++) {
        Err own = ERR_INIT;
        ErrCode one = fit_run_draw(r, o->out, &f.figure[i], &own);
        if (one != ERR_OK && rc == ERR_OK) {
            rc = one;
            *err = own;
        }
    }
    compare_figures_release(&f);
    return rc;
}

static ErrCode run(Session *s, const void *opts, int argc, char *const argv[], Err *err)
{
    const CompareOpts *o = opts;
    FitRun r = {0};
    CompareOptions options = {0};
    Compare c = {0};
    char name[MAX_ONLY][WORD_BYTES];
    const char *only[MAX_ONLY];
    AnswerNode *top = NULL;
    ErrCode rc = ERR_OK;
    (void)argc;
    TRY(fit_args_open(s, &s->fit, argv[0], &r, err));
    TRY(make_options(s, o, &r, &options, err));
    if (o->groups) {
        TRY(parse_groups(o->groups, name, only, &options.n_only, err));
        options.only = only;
    }
    TRY(compare_run(argv[0], &r.obs, &options, &c, err));
    TRY(fit_run_answer(s, &r, &top, err));
    compare_answer(&c, top);
    s->exit_status = c.report.n_refused || c.is_refused ? EXIT_SOME_FAILED : s->exit_status;
    if (o->plot) {
        TRY(draw(o, &r, &c, err));
    }
done:
    compare_release(&c);
    fit_run_release(&r);
    return rc;
}

const Command command_compare = {
    .name = "compare",
    .args = "SOURCE",
    .summary = "are groups one law?  tests, differences, compute multipliers",
    .description =
        "Fits a law to every group (--by COLUMN) and once with parameters in common, and says "
        "whether that costs more than chance: F = ((S_shared - S_separate)/df1)/(S_separate/df2). "
        "Where points are independent p is that of the F distribution; where checkpoints of a run "
        "are known to belong together, or with a robust loss, it comes from a bootstrap under the "
        "null. The default loss is mse.\n\n"
        "Then each pair, the differences of exponents, and how much compute a needs for the loss "
        "that b reaches.",
    COMMAND_OPTS(compare_opts, CompareOpts),
    .opts_default = &compare_default,
    .groups = {&group_rows, &group_law, &group_interval},
    .examples = {"slaw compare points.csv --by model --at-loss 3.0",
                 "slaw compare runs/quickstart --null exponents+E --format latex"},
    .can_fail_part = true,
    .bootstrap = 1000,
    .run = run,
};

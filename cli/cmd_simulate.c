#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/design_args.h"
#include "common/exit_code.h"
#include "common/fsx.h"
#include "common/quantity.h"
#include "common/words.h"

typedef struct SimulateOpts {
    const char *truth, *like, *noise, *point_noise, *difference, *csv, *group;
    OptNumbers flops;
    double correlation;
    int64_t studies, starts;
} SimulateOpts;

static const SimulateOpts defaults = {.studies = 200, .starts = 16};

enum { MAX_STUDIES = 1000000 };

#define AT(field) offsetof(SimulateOpts, field)
static const Opt simulate_opts[] = {
    {"truth", "LAW",
     "chinchilla:E=1.8,A=480,B=2080,alpha=0.35,beta=0.37; hoffmann, besiroglu, ...; solvable",
     OPT_TEXT, AT(truth)},
    {"like", "SOURCE", "the truth is the law fitted to this study, catalog or CSV", OPT_TEXT,
     AT(like)},
    {"noise", "SHARE", "of the loss between runs (default 0.3%, or that of --like)", OPT_TEXT,
     AT(noise)},
    {"point-noise", "SHARE", "of the loss within a run (default 0.1%, or that of --like)", OPT_TEXT,
     AT(point_noise)},
    {"correlation", "R", "of the noise of neighbouring checkpoints (default 0)", OPT_F64,
     AT(correlation)},
    {"studies", "N", "simulated (default 200)", OPT_I64, AT(studies)},
    {"starts", "N", "starting points of each fit (default 16)", OPT_I64, AT(starts)},
    {"flops", "C", "the best N and D for C = 6 N D, too; several with commas", OPT_NUMBERS,
     AT(flops)},
    {"difference", "PARAM=X", "how often would a second group that differs so be told apart?",
     OPT_TEXT, AT(difference)},
    {"group", "NAME", "only this group of the design", OPT_TEXT, AT(group)},
    {"csv", "FILE", "write one simulated data set and fit none", OPT_TEXT, AT(csv)},
    {0},
};
#undef AT

/* "alpha=0.02" */
static ErrCode parse_difference(const char *text, const Form *f, SimOptions *o, Err *err)
{
    char name[WORD_BYTES];
    const char *value;
    ErrCode rc = words_setting("difference", "PARAMETER=NUMBER", text, name, &value, err);
    rc = rc == ERR_OK ? fit_param_parse(&f, 1, name, err) : rc;
    if (rc == ERR_OK && !quantity_parse(value, QUANTITY_COUNT, &o->difference_by)) {
        rc = err_set(err, ERR_USAGE, "--difference takes PARAMETER=NUMBER, not \"%s\"", text);
    }
    if (rc == ERR_OK && !o->fit.bootstrap) {
        rc = err_set(err, ERR_USAGE, "--difference is tested by the bootstrap: not with 0");
    }
    o->difference = rc == ERR_OK ? f->param[form_param(f, name)].name : NULL;
    return rc;
}

static ErrCode make_options(const SimulateOpts *a, const ReportPlan *plan, SimulatedOptions *o,
                            Err *err)
{
    ErrCode rc = ERR_OK;
    TRY(words_check_whole("studies", a->studies, 1, MAX_STUDIES, err));
    TRY(words_check_number("correlation", a->correlation, 0.0, 1.0, err));
    if (a->flops.n > FIT_MAX_AT) {
        return err_set(err, ERR_USAGE, "--flops takes up to %d numbers", FIT_MAX_AT);
    }
    o->sim = (SimOptions){.fit = report_options(plan, plan->law[0]),
                          .studies = (size_t)a->studies,
                          .threads = plan->threads,
                          .seed = plan->seed};
    o->sim.fit.n_at = a->flops.n;
    memcpy(o->sim.fit.at, a->flops.x, a->flops.n * sizeof a->flops.x[0]);
    o->noise = o->point_noise = (double)NAN;
    if (a->noise) {
        TRY(words_share("noise", a->noise, &o->noise, err));
    }
    if (a->point_noise) {
        TRY(words_share("point-noise", a->point_noise, &o->point_noise, err));
    }
    if (a->difference) {
        TRY(parse_difference(a->difference, plan->law[0], &o->sim, err));
    }
    o->correlation = a->correlation;
    o->group = a->group;
    o->is_one_set = a->csv != NULL;
    o->text = a->truth ? a->truth : a->like;
done:
    return rc;
}

/* Conditions and names of columns are the design's and hold for --like where that is the same file,
 * or where the design is a study, which has none. */
static ErrCode open_like(const Session *s, const SimulateOpts *a, const char *design, FitRun *ret,
                         Err *err)
{
    FitArgs like = s->fit;
    like.law = s->fit.law ? s->fit.law : "chinchilla";
    like.task = "validation";
    like.convention = like.dir = NULL;
    if (!design_is_study(design) && strcmp(design, a->like) != 0) {
        like.where.n = like.map.n = 0;
    }
    return fit_args_open(s, &like, a->like, ret, err);
}

static ErrCode run(Session *s, const void *opts, int argc, char *const argv[], Err *err)
{
    const SimulateOpts *a = opts;
    SimulatedOptions o = {0};
    FitRun run = {0}, like = {0};
    Design design = {.arena = ARENA_INIT};
    Simulated r = {0};
    Buf csv = BUF_INIT;
    AnswerNode *top = NULL;
    ErrCode rc = ERR_OK;
    (void)argc;
    if (!a->truth == !a->like) {
        (void)err_set(err, ERR_USAGE, "a simulation needs one truth: --truth LAW or --like SOURCE");
        return err_hint(err, "--truth besiroglu is the law of the Chinchilla models");
    }
    TRY(a->truth ? truth_parse(a->truth, &o.truth, err) : ERR_OK);
    if (!s->fit.law) {
        s->fit.law = o.truth.form ? o.truth.form->name : form_chinchilla.name;
    }
    s->fit.task = NULL;
    s->fit.starts = a->starts;
    TRY(design_open(s, argv[0], &run, &design, err));
    if (run.plan.n_laws > 1) {
        rc = err_set(err, ERR_USAGE, "studies are fitted by one law, not by %zu", run.plan.n_laws);
        goto done;
    }
    TRY(make_options(a, &run.plan, &o, err));
    if (a->like) {
        TRY(open_like(s, a, argv[0], &like, err));
        o.like = &like.obs;
    }
    TRY(simulated_run(&design, &o, &r, err));
    if (a->csv) {
        TRY(simulated_csv(&r, &csv, err));
        TRY(fsx_replace(a->csv, buf_str(&csv), csv.len, err));
    }
    TRY(fit_run_answer(s, &run, &top, err));
    simulated_answer(&r, a->csv, top);
    s->exit_status = r.n_undetermined ? EXIT_SOME_FAILED : EXIT_ALL_DONE;
done:
    buf_release(&csv);
    simulated_release(&r);
    design_release(&design);
    fit_run_release(&like);
    fit_run_release(&run);
    return rc;
}

const Command command_simulate = {
    .name = "simulate",
    .args = "DESIGN",
    .summary = "how well would a planned study find its law?",
    .description =
        "DESIGN is a study file, whether or not it was run, or a CSV with columns N, D and maybe "
        "run.\n\n"
        "Many studies of this design are made from a known law with noise between and within runs, "
        "each is fitted and bootstrapped as slaw fit does, and bias, spread, width and coverage of "
        "the intervals are told for every number of the law. --difference asks how often two such "
        "studies would be told apart. Costs no training; seconds to minutes.",
    COMMAND_OPTS(simulate_opts, SimulateOpts),
    .opts_default = &defaults,
    .groups = {&group_rows, &group_law, &group_interval},
    .without = "best-per,task,min-tokens",
    .examples = {"slaw simulate experiments/quickstart.yaml --truth besiroglu --studies 20",
                 "slaw simulate points.csv --by model --like points.csv --studies 20"},
    .can_fail_part = true,
    .run = run,
};

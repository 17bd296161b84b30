#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/design/info.h"
#include "cli/fit_args.h"
#include "cli/output.h"
#include "cli/simulate_report.h"
#include "common/exit_code.h"
#include "common/fsx.h"
#include "common/quantity.h"
#include "common/words.h"

typedef struct SimulateOpts {
    DesignArgs design;
    const char *truth, *like, *noise, *point_noise, *law, *loss, *residual, *resampling, *flops,
        *difference, *csv, *format, *group;
    double correlation;
    int64_t studies, starts, bootstrap, seed, threads;
} SimulateOpts;

static const SimulateOpts defaults = {
    .resampling = "auto",
    .format = "text",
    .studies = 200,
    .starts = 16,
    .bootstrap = 200,
    .seed = 1,
    .threads = 1,
};

enum { MAX_STUDIES = 1000000, MAX_STARTS = 100000, MAX_BOOTSTRAP = 1000000, MAX_THREADS = 64 };

/* Noise unless told or seen. */
#define NOISE_RUN   0.003
#define NOISE_POINT 0.001

#define AT(field) offsetof(SimulateOpts, field)
static const Opt opts_table[] = {
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
    {"law", "NAME", "that is fitted (default that of the truth, else chinchilla)", OPT_TEXT,
     AT(law)},
    {"flops", "C", "best N and D for C = 6 N D; several with commas", OPT_TEXT, AT(flops)},
    {"difference", "PARAM=X", "how often would a second group that differs so be told apart?",
     OPT_TEXT, AT(difference)},
    {"group", "NAME", "only this group of the design", OPT_TEXT, AT(group)},
    {"loss", "KIND", "huber:DELTA, mse or l1 (default: the law's)", OPT_TEXT, AT(loss)},
    {"residual", "KIND", "log or raw (default: the law's)", OPT_TEXT, AT(residual)},
    {"resample", "KIND", "cases, cluster, stratified, residual, wild or auto (default auto)",
     OPT_TEXT, AT(resampling)},
    {"starts", "N", "of each fit (default 16)", OPT_I64, AT(starts)},
    {"bootstrap", "N", "replicates of each fit, 0 for no intervals (default 200)", OPT_I64,
     AT(bootstrap)},
    {"by", "COLUMN", "one law for each value of it (default: the study's)", OPT_TEXT,
     AT(design.by)},
    {"where", "COND", "rows of a CSV, of the design or of --like; may be repeated", OPT_TEXTS,
     AT(design.where)},
    {"map", "NAME=COLUMN", "where such a CSV has N, D, run, loss; may be repeated", OPT_TEXTS,
     AT(design.map)},
    {"convention", "NAME", "of C: paper, exact or 6nd (default paper, else given)", OPT_TEXT,
     AT(design.convention)},
    {"final-only", NULL, "only the last checkpoint of each run", OPT_FLAG, AT(design.final_only)},
    {"skip-fraction", "F", "leave out the first share of each run (default 0)", OPT_F64,
     AT(design.skip_fraction)},
    {"csv", "FILE", "write one simulated data set and simulate no more", OPT_TEXT, AT(csv)},
    {"format", "NAME", "text, markdown or csv (default text)", OPT_TEXT, AT(format)},
    {"dir", "DIR", "of a study file (default runs/<study>)", OPT_TEXT, AT(design.dir)},
    {"seed", "N", "of noise, starts and replicates (default 1)", OPT_I64, AT(seed)},
    {"threads", "N", "cannot change a result (default 1)", OPT_I64, AT(threads)},
    {0},
};
#undef AT

/* ---- options --------------------------------------------------------------------------------- */

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
    o->difference = rc == ERR_OK ? f->param[form_param(f, name)].name : NULL;
    return rc;
}

static ErrCode make_options(const SimulateOpts *a, const Form *f, SimOptions *o, Err *err)
{
    ErrCode rc = ERR_OK;
    *o = (SimOptions){.fit = fit_defaults(f),
                      .studies = (size_t)a->studies,
                      .threads = (size_t)a->threads,
                      .seed = (uint64_t)a->seed};
    TRY(words_check_whole("studies", a->studies, 1, MAX_STUDIES, err));
    TRY(words_check_whole("starts", a->starts, 1, MAX_STARTS, err));
    TRY(words_check_whole("bootstrap", a->bootstrap, 0, MAX_BOOTSTRAP, err));
    TRY(words_check_whole("threads", a->threads, 1, MAX_THREADS, err));
    TRY(words_check_whole("seed", a->seed, 0, INT64_MAX, err));
    o->fit.starts = (size_t)a->starts;
    o->fit.bootstrap = (size_t)a->bootstrap;
    TRY(fit_resampling_parse(a->resampling, &o->fit.resampling, err));
    TRY(words_numbers("flops", a->flops, FIT_MAX_AT, o->fit.at, &o->fit.n_at, err));
    if (a->loss) {
        TRY(fit_loss_parse(a->loss, &o->fit.loss, err));
    }
    if (a->residual) {
        TRY(fit_residual_parse(a->residual, &o->fit.residual, err));
    }
    if (a->difference) {
        TRY(parse_difference(a->difference, f, o, err));
        if (!a->bootstrap) {
            return err_set(err, ERR_USAGE, "--difference is tested by the bootstrap: not with 0");
        }
    }
    TRY(words_check_number("correlation", a->correlation, 0.0, 1.0, err));
done:
    return rc;
}

/* ---- the truth ------------------------------------------------------------------------------- */

static const ObsGroup *group_like(const Obs *o, const char *name)
{
    for (size_t g = 0; g < o->n_groups; g++) {
        if (strcmp(o->group[g].name, name) == 0) {
            return &o->group[g];
        }
    }
    return o->n_groups == 1 ? &o->group[0] : NULL;
}

/* The law of the group of the same name, and how its points scatter about it. */
static ErrCode truth_like(const FitRun *run, const FitOptions *o, SimGroup *g, Err *err)
{
    const ObsGroup *own = group_like(&run->obs, g->design->name);
    FitOptions f = *o;
    Info info;
    double level = 1.0;
    ErrCode rc = ERR_OK;
    f.bootstrap = 0;
    if (!own) {
        (void)err_set(err, ERR_INVALID, "--like has no group \"%s\"", g->design->name);
        return err_hint(err, "group both alike with --by, or simulate one: --group");
    }
    FitResult *fit = calloc(1, sizeof *fit);
    if (!fit) {
        return err_nomem(err, "fit");
    }
    TRY(fit_run(&f, &own->data, fit, err));
    g->truth = truth_of_fit(fit);
    fit->loss.kind = FIT_MSE; /* the noise itself, not what a robust loss makes of it */
    TRY(info_of_fit(fit, &own->data, &info, err));
    level = fit->residual == FIT_LOG ? 1.0 : own->data.loss[0];
    g->noise.run = sqrt(info.noise.between) / level;
    g->noise.point = sqrt(info.noise.within) / level;
done:
    free(fit);
    return rc == ERR_OK ? rc : err_wrap(err, "--like, %s", own->name);
}

/* Conditions and names of columns are the design's and hold for --like where that is the same file,
 * or where the design is a study, which has none. */
static ErrCode open_like(const Session *s, const SimulateOpts *a, const char *path, bool is_study,
                         FitRun *ret, Err *err)
{
    FitArgs like = FIT_ARGS_DEFAULT;
    like.law = a->law ? a->law : "chinchilla";
    like.by = a->design.by;
    like.skip_fraction = a->design.skip_fraction;
    like.final_only = a->design.final_only;
    if (is_study || strcmp(path, a->like) == 0) {
        like.where = a->design.where;
        like.map = a->design.map;
    }
    return fit_args_open(s, &like, a->like, ret, err);
}

static ErrCode choose_law(const SimulateOpts *a, const Truth *t, const Form **ret, Err *err)
{
    *ret = t->form ? t->form : &form_chinchilla;
    return a->law ? fit_law_parse(a->law, ret, err) : ERR_OK;
}

/* ---- the verb -------------------------------------------------------------------------------- */

/* Truth, noise and simulation of one group. */
static ErrCode do_group(const SimulateOpts *a, const Truth *truth, const FitRun *like,
                        const SimOptions *o, SimGroup *g, Err *err)
{
    ErrCode rc = ERR_OK;
    SimOptions own = *o;
    g->truth = *truth;
    g->noise = (SimNoise){NOISE_RUN, NOISE_POINT, 0.0};
    if (a->like) {
        TRY(truth_like(like, &o->fit, g, err));
    }
    if (a->noise) {
        TRY(words_share("noise", a->noise, &g->noise.run, err));
    }
    if (a->point_noise) {
        TRY(words_share("point-noise", a->point_noise, &g->noise.point, err));
    }
    g->noise.correlation = a->correlation;
    own.noise = g->noise;
    TRY(truth_open(&g->truth, &g->design->data, err));
    if (!a->csv) {
        TRY(simulate_run(&g->truth, &g->design->data, &own, &g->result, err));
    }
done:
    return rc;
}

static ErrCode do_groups(const SimulateOpts *a, const Truth *truth, const FitRun *like,
                         SimReport *r, Err *err)
{
    r->group = calloc(r->design->n_groups, sizeof *r->group);
    if (!r->group) {
        return err_nomem(err, "the simulation");
    }
    for (size_t k = 0; k < r->design->n_groups; k++) {
        if (a->group && strcmp(a->group, r->design->group[k].name) != 0) {
            continue;
        }
        SimOptions o = r->options;
        o.seed += k;
        SimGroup *g = &r->group[r->n++];
        g->design = &r->design->group[k];
        ErrCode rc = do_group(a, truth, like, &o, g, err);
        if (rc != ERR_OK) {
            return rc;
        }
    }
    return r->n ? ERR_OK : err_set(err, ERR_USAGE, "there is no group \"%s\"", a->group);
}

static ErrCode print(Session *s, const SimulateOpts *a, TableFormat format, const SimReport *r,
                     Err *err)
{
    Buf out = BUF_INIT;
    ErrCode rc = ERR_OK;
    if (a->csv) {
        rc = simulate_csv(r, &out, err);
        if (rc == ERR_OK) {
            rc = fsx_replace(a->csv, buf_str(&out), out.len, err);
        }
        buf_release(&out);
        return rc;
    }
    for (size_t g = 0; g < r->n; g++) {
        if (r->group[g].result.refused == r->group[g].result.studies) {
            s->exit_status = EXIT_SOME_FAILED;
        }
    }
    if (s->is_json) {
        return output_json(simulate_json(r), err);
    }
    rc = simulate_text(r, format, &out, err);
    return rc == ERR_OK ? output_text(&out, err) : rc;
}

static ErrCode run(Session *s, const void *opts, int argc, char *const argv[], Err *err)
{
    const SimulateOpts *a = opts;
    DesignSource design = {.arena = ARENA_INIT, .obs = {.arena = ARENA_INIT}};
    SimReport r = {.source = argv[0], .design = &design};
    FitRun like = {.obs = {.arena = ARENA_INIT}};
    Truth truth = {0};
    TableFormat format;
    const Form *law = NULL;
    ErrCode rc = ERR_OK;
    (void)argc;
    TRY(table_format_parse(a->format, &format, err));
    if (!a->truth == !a->like) {
        (void)err_set(err, ERR_USAGE, "a simulation needs one truth: --truth LAW or --like SOURCE");
        return err_hint(err, "--truth besiroglu is the law of the Chinchilla models");
    }
    if (a->truth) {
        TRY(truth_parse(a->truth, &truth, err));
    }
    r.truth_text = a->truth ? a->truth : a->like;
    TRY(choose_law(a, &truth, &law, err));
    TRY(make_options(a, law, &r.options, err));
    TRY(design_open(s, &a->design, argv[0], &design, err));
    if (a->like) {
        TRY(open_like(s, a, argv[0], design.is_study, &like, err));
    }
    TRY(do_groups(a, &truth, &like, &r, err));
    TRY(print(s, a, format, &r, err));
done:
    for (size_t g = 0; r.group && g < r.n; g++) {
        truth_release(&r.group[g].truth);
    }
    free(r.group);
    fit_run_release(&like);
    design_release(&design);
    return rc;
}

const Command command_simulate = {
    .name = "simulate",
    .args = "DESIGN",
    .summary = "how well would a planned study find its law?",
    .description =
        "DESIGN is a study file, whether or not it was run, or a CSV with columns N, D and maybe "
        "run.\nMany studies of this design are made from a known law with noise between and within "
        "runs, each is\nfitted and bootstrapped as slaw fit does, and bias, spread, width and "
        "coverage of the intervals\nare printed for every number of the law.  --difference asks "
        "how often two such studies would be\ntold apart.  Costs no training; seconds to minutes.",
    .opts = opts_table,
    .opts_size = sizeof(SimulateOpts),
    .opts_default = &defaults,
    .min_args = 1,
    .max_args = 1,
    .run = run,
};

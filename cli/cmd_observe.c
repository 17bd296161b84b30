#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/obs/frame_csv.h"
#include "analysis/observe/observe_report.h"
#include "cli/command.h"
#include "cli/output.h"
#include "cli/study_arg.h"
#include "common/exit_code.h"
#include "common/fsx.h"
#include "common/json.h"
#include "common/quantity.h"
#include "common/words.h"

enum { MAX_BOOTSTRAP = 100000, MAX_THREADS = 64, DEFAULT_COMPONENTS = 3 };

typedef struct ObserveOpts {
    const char *dir, *benchmarks, *model, *by, *pivot, *with, *key, *convention, *link, *reference;
    const char *cutoff, *format, *out, *impute, *resample, *chance;
    OptTexts where, map, target;
    int64_t components, bootstrap, seed, threads;
    bool standardize, all_checkpoints, models;
} ObserveOpts;

static const ObserveOpts observe_default = {.format = "text",
                                            .impute = "1",
                                            .resample = "models",
                                            .bootstrap = 200,
                                            .seed = 1,
                                            .threads = 1};

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
    {"map", "NAME=COLUMN", "where C, N or D is found; COLUMN*1e21 scales; may be repeated",
     OPT_TEXTS, AT(map)},
    {"where", "COND", "rows with COLUMN=VALUE; also != < <= > >=; may be repeated", OPT_TEXTS,
     AT(where)},
    {"convention", "NAME", "of C: paper, exact, 6nd or given (default paper, else given)", OPT_TEXT,
     AT(convention)},
    {"all-checkpoints", NULL, "every checkpoint of a run is a model, not only its last", OPT_FLAG,
     AT(all_checkpoints)},
    {"components", "K", "that targets are predicted from (default 3, at most one a benchmark)",
     OPT_I64, AT(components)},
    {"standardize", NULL, "scores divided by their standard deviation before the components",
     OPT_FLAG, AT(standardize)},
    {"impute", "K",
     "components that fill in missing scores; none leaves such models out "
     "(default 1)",
     OPT_TEXT, AT(impute)},
    {"link", "NAME", "of targets: fixed, height, free or linear (default height; losses linear)",
     OPT_TEXT, AT(link)},
    {"chance", "C", "of the targets: the score of a guess (default 0)", OPT_TEXT, AT(chance)},
    {"reference", "FAMILY", "of the equivalent compute (default: the one of most models)", OPT_TEXT,
     AT(reference)},
    {"cutoff", "C", "train on models up to this compute [FLOP], test on those above", OPT_TEXT,
     AT(cutoff)},
    {"resample", "KIND", "models or families (default models)", OPT_TEXT, AT(resample)},
    {"bootstrap", "N", "replicates for the intervals, 0 for none (default 200)", OPT_I64,
     AT(bootstrap)},
    {"seed", "N", "of the replicates (default 1)", OPT_I64, AT(seed)},
    {"threads", "N", "cannot change a result (default 1)", OPT_I64, AT(threads)},
    {"format", "NAME", "text, markdown, latex, or csv: one row a model (default text)", OPT_TEXT,
     AT(format)},
    {"models", NULL, "only the table of models", OPT_FLAG, AT(models)},
    {"out", "DIR", "also write pictures there", OPT_TEXT, AT(out)},
    {"dir", "DIR", "of a study file (default runs/<study>)", OPT_TEXT, AT(dir)},
    {0},
};

static bool ends_with(const char *s, const char *end)
{
    size_t n = strlen(s), m = strlen(end);
    return n >= m && strcmp(s + n - m, end) == 0;
}

static ErrCode open_source(const Session *s, const ObserveOpts *o, const char *path, ObsSource *ret,
                           Err *err)
{
    char dir[FSX_PATH_BYTES];
    if (!ends_with(path, ".yaml") && !ends_with(path, ".yml")) {
        return obs_source_open(path, ret, err);
    }
    ErrCode rc = study_arg_dir(s, path, o->dir, dir, err);
    return rc == ERR_OK ? obs_source_open(dir, ret, err) : rc;
}

static ErrCode make_selection(const ObserveOpts *o, const ObsSource *s, const Frame *with,
                              ScoresOptions *ret, Err *err)
{
    *ret = (ScoresOptions){.benchmarks = o->benchmarks,
                           .model = o->model,
                           .family = o->by,
                           .pivot = o->pivot,
                           .with = with,
                           .key = o->key,
                           .is_every_step = o->all_checkpoints,
                           .is_complete = strcmp(o->impute, "none") == 0};
    if (s->is_study) {
        ret->pivot = o->pivot ? o->pivot : "task=-loss";
        ret->model = o->model ? o->model : "run";
        ret->family = o->by ? o->by : s->analysis.by;
    }
    if (o->target.n > SCORES_MAX_TARGETS) {
        return err_set(err, ERR_USAGE, "--target: at most %d", SCORES_MAX_TARGETS);
    }
    if (o->with && o->target.n == 0) {
        return err_set(err, ERR_USAGE, "--with brings targets: name them with --target");
    }
    for (size_t i = 0; i < o->target.n; i++) {
        ret->target[ret->n_targets++] = o->target.item[i];
    }
    for (size_t i = 0; i < o->where.n; i++) {
        ret->where[ret->n_where++] = o->where.item[i];
    }
    for (size_t i = 0; i < o->map.n; i++) {
        ret->map[ret->n_map++] = o->map.item[i];
    }
    return o->convention ? obs_convention_parse(o->convention, &ret->convention, err) : ERR_OK;
}

static ErrCode make_plan(const ObserveOpts *o, const Scores *scores, ObserveOptions *ret, Err *err)
{
    ErrCode rc = ERR_OK;
    static const char *const unit[] = {"models", "families"};
    double impute = 0.0;
    size_t is_by_family = 0;
    size_t most = scores->t < DEFAULT_COMPONENTS ? scores->t : DEFAULT_COMPONENTS;
    *ret = (ObserveOptions){.components = o->components ? (size_t)o->components : most,
                            .is_scaled = o->standardize,
                            .link.kind = scores->is_negated ? LINK_LINEAR : LINK_HEIGHT,
                            .reference = o->reference,
                            .bootstrap = (size_t)o->bootstrap,
                            .seed = (uint64_t)o->seed,
                            .threads = (size_t)o->threads};
    TRY(words_check_whole("components", o->components, 0, OBSERVE_MAX_COMPONENTS, err));
    TRY(words_check_whole("bootstrap", o->bootstrap, 0, MAX_BOOTSTRAP, err));
    TRY(words_check_whole("threads", o->threads, 1, MAX_THREADS, err));
    TRY(words_check_whole("seed", o->seed, 0, INT64_MAX, err));
    if (strcmp(o->impute, "none") != 0) {
        TRY(words_number("impute", o->impute, 1.0, PCA_MAX_COLUMNS, &impute, err));
        ret->impute = (size_t)impute;
    }
    TRY(words_enum("resample", o->resample, unit, 2, &is_by_family, err));
    ret->is_by_family = is_by_family == 1;
    if (o->link) {
        TRY(link_parse(o->link, &ret->link.kind, err));
    }
    if (o->chance) {
        TRY(words_number("chance", o->chance, 0.0, 1.0, &ret->link.chance, err));
    }
    if (o->cutoff) {
        TRY(words_number("cutoff", o->cutoff, 1.0, 1e60, &ret->cutoff, err));
        if (scores->n_targets == 0) {
            rc = err_set(err, ERR_USAGE,
                         "--cutoff tests predictions of a metric: name it with "
                         "--target");
        }
    }
done:
    return rc;
}

/* ---- what is printed ---- */

static json_t *texts(const OptTexts *t)
{
    json_t *a = json_array();
    for (size_t i = 0; i < t->n; i++) {
        (void)json_array_append_new(a, json_string(t->item[i]));
    }
    return a;
}

static json_t *options_json(const ObserveOpts *o, const ScoresOptions *sel, const Observe *r)
{
    const ObserveOptions *p = &r->options;
    return json_pack(
        "{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:s, s:b, s:I, s:b, s:o, s:s, s:f, s:s, s:o,"
        " s:s, s:I}",
        "benchmarks", output_string(o->benchmarks), "target", texts(&o->target), "with",
        output_string(o->with), "key", output_string(o->key), "model", output_string(sel->model),
        "by", output_string(sel->family), "pivot", output_string(sel->pivot), "map", texts(&o->map),
        "where", texts(&o->where), "convention", obs_convention_name(r->scores->convention),
        "all_checkpoints", o->all_checkpoints, "components", (json_int_t)p->components,
        "standardize", p->is_scaled, "impute",
        p->impute ? json_integer((json_int_t)p->impute) : json_null(), "link",
        link_name(p->link.kind), "chance", p->link.chance, "reference",
        r->scores->family_name[r->equivalent.reference], "cutoff",
        p->cutoff > 0.0 ? json_real(p->cutoff) : json_null(), "resample", o->resample, "bootstrap",
        (json_int_t)p->bootstrap);
}

static ErrCode print_json(const ObserveOpts *o, const ScoresOptions *sel, const ObsSource *source,
                          const char *path, const Observe *r, Err *err)
{
    json_t *v = json_pack("{s:i, s:s, s:s, s:I, s:{s:s, s:I}, s:o}", "schema", 1, "source", path,
                          "version", SLAW_VERSION, "seed", (json_int_t)r->options.seed, "input",
                          "sha256", source->frame.digest, "rows", (json_int_t)source->frame.n_rows,
                          "options", options_json(o, sel, r));
    json_t *results = observe_json(r);
    if (!v || !results || json_object_update(v, results) != 0) {
        json_decref(v);
        v = NULL;
    }
    json_decref(results);
    return output_json(v, err);
}

static ErrCode print_text(const ObserveOpts *o, TableFormat format, const Observe *r, Err *err)
{
    Buf out = BUF_INIT;
    ErrCode rc = o->models || format == TABLE_CSV ? observe_models_table(r, format, &out, err)
                                                  : observe_text(r, format, &out, err);
    if (rc != ERR_OK) {
        buf_release(&out);
        return rc;
    }
    return output_text(&out, err);
}

static ErrCode draw(const Session *s, const char *folder, const Observe *r, Err *err)
{
    ObserveFigures f = {0};
    ErrCode rc = ERR_OK;
    TRY(observe_figures(r, &f, err));
    TRY(fsx_mkdirs(folder, err));
    TRY(plot_draw(f.figure, f.n, &(PlotOutput){0}, folder, err));
    for (size_t i = 0; !s->is_quiet && i < f.n; i++) {
        (void)fprintf(stderr, "%s/%s.png\n", folder, f.figure[i].name);
    }
done:
    observe_figures_release(&f);
    return rc;
}

static void refused(Session *s, const char *what, const char *name, const Err *why)
{
    (void)fprintf(stderr, "slaw: %s%s%s: %s\n", what, name[0] ? " " : "", name, why->msg);
    s->exit_status = EXIT_SOME_FAILED;
}

/* A line that a family is too small for is no failure; what was asked for by name is. */
static void report_refusals(Session *s, const Observe *r)
{
    for (size_t k = 0; k < r->scores->n_targets; k++) {
        if (r->target[k].is_refused) {
            refused(s, "target", r->scores->target[k], &r->target[k].refusal);
        }
        if (r->holdout && r->holdout[k].is_refused) {
            refused(s, "hold-out of", r->scores->target[k], &r->holdout[k].refusal);
        }
    }
    if (r->equivalent.is_refused && r->options.reference) {
        refused(s, "equivalent compute", "", &r->equivalent.refusal);
    }
}

static ErrCode run(Session *s, const void *opts, int argc, char *const argv[], Err *err)
{
    const ObserveOpts *o = opts;
    ObsSource source = {0};
    Frame with = {0};
    Scores scores = {0};
    ScoresOptions selection;
    ObserveOptions plan;
    Observe r = {0};
    TableFormat format;
    ErrCode rc = ERR_OK;
    (void)argc;
    TRY(table_format_parse(o->format, &format, err));
    TRY(open_source(s, o, argv[0], &source, err));
    if (o->with) {
        TRY(frame_read_csv(o->with, &with, err));
    }
    TRY(make_selection(o, &source, o->with ? &with : NULL, &selection, err));
    TRY(scores_read(&source.frame, &selection, &scores, err));
    TRY(make_plan(o, &scores, &plan, err));
    TRY(observe_run(&scores, &plan, &r, err));
    if (s->is_json) {
        TRY(print_json(o, &selection, &source, argv[0], &r, err));
    } else {
        TRY(print_text(o, format, &r, err));
    }
    if (o->out) {
        TRY(draw(s, o->out, &r, err));
    }
    report_refusals(s, &r);
done:
    observe_release(&r);
    scores_release(&scores);
    frame_release(&with);
    obs_source_release(&source);
    return rc;
}

const Command command_observe = {
    .name = "observe",
    .args = "SOURCE",
    .summary = "observational laws: capability from benchmarks, downstream metrics from capability",
    .description =
        "SOURCE is a CSV file with a row a model and a column a benchmark (or, with --pivot, a row "
        "a\n"
        "score), or a study with several evaluation tasks.  Prints the principal components of "
        "the\n"
        "scores, capability against compute by family, and with --target how a metric follows "
        "from\n"
        "them; with --cutoff how well it is predicted for models larger than those fitted to.",
    .opts = observe_opts,
    .opts_size = sizeof(ObserveOpts),
    .opts_default = &observe_default,
    .min_args = 1,
    .max_args = 1,
    .run = run,
};

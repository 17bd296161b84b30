#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/design/simulate.h"
#include "cli/fit_args.h"
#include "cli/output.h"
#include "cli/study_arg.h"
#include "cli/suggest_report.h"
#include "cli/suggest_study.h"
#include "common/exit_code.h"
#include "common/quantity.h"
#include "common/rng.h"
#include "common/words.h"

typedef struct SuggestOpts {
    FitArgs fit;
    const char *target, *target_flops, *budget, *n, *d, *criterion, *group, *out, *format;
    int64_t runs, verify;
    double reach;
} SuggestOpts;

static const SuggestOpts defaults = {
    .fit = FIT_ARGS_DEFAULT,
    .target = "loss",
    .criterion = "c",
    .format = "text",
    .runs = 1,
    .reach = 10.0,
};

#define AT(field) offsetof(SuggestOpts, field)
static const Opt opts_table[] = {
    {"budget", "FLOP", "of all suggested runs together", OPT_TEXT, AT(budget)},
    {"target", "NAME", "loss, N_opt, D_opt, alpha, a, ...: what to know better (default loss)",
     OPT_TEXT, AT(target)},
    {"target-flops", "C", "the target is that of the best N and D for C = 6 N D", OPT_TEXT,
     AT(target_flops)},
    {"N", "N", "with --D: the target is the loss of this run", OPT_TEXT, AT(n)},
    {"D", "D", "tokens of it", OPT_TEXT, AT(d)},
    {"runs", "K", "at most so many (default 1)", OPT_I64, AT(runs)},
    {"criterion", "NAME", "c: narrow the target; D: narrow all parameters together (default c)",
     OPT_TEXT, AT(criterion)},
    {"reach", "X", "consider N and D up to X times the data's (default 10)", OPT_F64, AT(reach)},
    {"group", "NAME", "only this group", OPT_TEXT, AT(group)},
    {"verify", "N", "refit so many simulated studies with and without the runs (default 0)",
     OPT_I64, AT(verify)},
    {"out", "FILE", "write the study with the suggested runs added", OPT_TEXT, AT(out)},
    {"format", "NAME", "text, markdown or csv (default text)", OPT_TEXT, AT(format)},
    FIT_ARGS_OPTS(AT(fit)),
    {0},
};
#undef AT

/* A refused law is looked at with this noise, and with exponents as little known as this. */
#define NOMINAL_NOISE 0.003
#define NOMINAL_PRIOR 10.0

/* What the verb works on. */
typedef struct Work {
    const SuggestOpts *a;
    FitRun run;
    StudyArg study; /* of a study source that has its file */
    bool has_study;
    SuggestReport report;
    SuggestOptions options;
    PoolOptions pool;
} Work;

/* ---- options ------------------------------------------------------------------------------------- */

static ErrCode number(const char *option, const char *text, double *ret, Err *err)
{
    size_t n;
    *ret = 0.0;
    return words_numbers(option, text, 1, ret, &n, err);
}

static ErrCode read_options(Work *w, Err *err)
{
    const SuggestOpts *a = w->a;
    SuggestReport *r = &w->report;
    ErrCode rc = ERR_OK;
    if (!a->budget) {
        (void)err_set(err, ERR_USAGE, "a suggestion needs --budget FLOP");
        return err_hint(err, "slaw plan shows what the study's runs cost");
    }
    TRY(number("budget", a->budget, &r->budget, err));
    TRY(number("target-flops", a->target_flops, &r->flops, err));
    TRY(number("N", a->n, &r->n, err));
    TRY(number("D", a->d, &r->d, err));
    TRY(suggest_criterion_parse(a->criterion, &w->options.criterion, err));
    if ((r->n > 0.0) != (r->d > 0.0) || (r->n > 0.0 && r->flops > 0.0)) {
        return err_set(err, ERR_USAGE, "the target is --target-flops C, or --N with --D");
    }
    if (strcmp(a->target, "loss") == 0 && !(r->n > 0.0) && !(r->flops > 0.0)) {
        (void)err_set(err, ERR_USAGE, "the loss of what?");
        return err_hint(err, "--target-flops 1e21, or --N 7e9 --D 3e11, or --target alpha");
    }
    TRY(words_check_whole("runs", a->runs, 1, SUGGEST_MAX_RUNS, err));
    TRY(words_check_number("reach", a->reach, 1.0, 1e6, err));
    TRY(words_check_whole("verify", a->verify, 0, 100000, err));
    w->options.runs = (size_t)a->runs;
    w->options.budget = r->budget;
    w->pool = (PoolOptions){.budget = r->budget,
                            .reach = a->reach,
                            .skip_fraction = a->fit.skip_fraction,
                            .min_tokens = a->fit.min_tokens,
                            .final_only = a->fit.final_only};
    r->target = a->target;
    r->criterion = w->options.criterion == SUGGEST_C ? "c" : "D";
    r->seed = (uint64_t)a->fit.seed;
done:
    return rc;
}

/* ---- the laws now ---------------------------------------------------------------------------------- */

/* The bootstrap's interval of the target. */
static ErrCode current_interval(const Work *w, SuggestedGroup *g, const FitDraws *draws, Err *err)
{
    const InfoTarget *t = &g->now.target;
    g->current = (FitInterval){(double)NAN, (double)NAN, (double)NAN};
    for (size_t k = 0; k < fit_slots(g->fit); k++) {
        const FitValue *v = fit_slot(g->fit, k);
        if (strcmp(v->name, t->name) == 0) {
            g->current = (FitInterval){v->se, v->lo, v->hi};
            return ERR_OK;
        }
    }
    double *x = calloc(draws->n + 1, sizeof *x);
    if (!x) {
        return err_nomem(err, "the interval");
    }
    for (size_t i = 0; i < draws->n; i++) { /* the loss at N, D */
        const Truth law = {.form = g->fit->form};
        Truth at = law;
        memcpy(at.params, fit_draw(draws, i), sizeof *at.params * g->fit->n_params);
        x[i] = truth_loss(&at, w->report.n, w->report.d, 6.0 * w->report.n * w->report.d);
    }
    ErrCode rc = draws->n ? fit_draws_interval(x, draws->n, draws->tail, &g->current, err) : ERR_OK;
    free(x);
    return rc;
}

static ErrCode fit_group(const Work *w, size_t index, SuggestedGroup *g, Err *err)
{
    FitOptions o = report_options(&w->run.plan, w->report.law);
    FitDraws draws = {0};
    ErrCode rc = ERR_OK;
    o.seed = rng_u64(o.seed, rng_stream(RNG_BOOTSTRAP, UINT32_MAX), index) >> 1;
    o.n_at = w->report.flops > 0.0 ? 1 : 0;
    o.at[0] = w->report.flops;
    g->fit = calloc(1, sizeof *g->fit);
    if (!g->fit) {
        return err_nomem(err, "fit");
    }
    TRY(fit_draws(&o, &g->obs->data, g->fit, &draws, err));
    TRY(info_of_fit(g->fit, &g->obs->data, &g->now.info, err));
    TRY(info_target(&g->now.info, w->report.target, w->report.flops, w->report.n, w->report.d,
                    &g->now.target, err));
    TRY(current_interval(w, g, &draws, err));
done:
    fit_draws_release(&draws);
    return rc;
}

/* A law of which only the level is known, and what the group's points tell of it. */
static void nominal_law(const Work *w, SuggestedGroup *g)
{
    const Form *f = w->report.law;
    const FitData *d = &g->obs->data;
    double theta[FORM_MAX_PARAMS], params[FORM_MAX_PARAMS], centre[FORM_MAX_INPUTS] = {0.0};
    double level = 0.0;
    const InfoNoise noise = {.within = NOMINAL_NOISE * NOMINAL_NOISE, .kappa = 1.0};
    for (size_t i = 0; i < d->n; i++) {
        level += d->loss[i] / (double)d->n;
        for (size_t k = 0; k < form_columns(f); k++) {
            centre[k] += log(fit_data_input(d, f->input[k])[i] /
                             (f->input_unit[k] > 0.0 ? f->input_unit[k] : 1.0)) /
                         (double)d->n;
        }
    }
    for (size_t k = 0; k < f->n_params; k++) {
        const FormParam *p = &f->param[k];
        theta[k] = p->kind == FORM_SHAPE
                       ? (p->lo > 0.0 ? sqrt(p->lo * p->hi) : 0.5 * (p->lo + p->hi))
                       : log(level / (double)f->n_terms);
    }
    f->report(f, theta, centre, params);
    g->now.info = info_of_law(f, params, centre, noise, NOMINAL_PRIOR);
    g->now.target = (InfoTarget){.name = "the law", .unit = "1"};
    for (size_t i = 0; i < d->n; i++) {
        InfoRun point;
        info_run(&g->now.info, d->params[i], &d->tokens[i], d->flops ? &d->flops[i] : NULL, 1,
                 &point);
        info_add(&g->now.info, &point);
    }
}

static void measure_reach(SuggestedGroup *g)
{
    const FitData *d = &g->obs->data;
    for (size_t i = 0; i < d->n; i++) {
        g->n_most = fmax(g->n_most, d->params[i]);
        g->d_most = fmax(g->d_most, d->tokens[i]);
    }
}

static ErrCode fit_groups(Session *s, Work *w, Err *err)
{
    SuggestReport *r = &w->report;
    r->group = calloc(w->run.obs.n_groups + 1, sizeof *r->group);
    if (!r->group) {
        return err_nomem(err, "the groups");
    }
    size_t refused = 0;
    for (size_t k = 0; k < w->run.obs.n_groups; k++) {
        const ObsGroup *obs = &w->run.obs.group[k];
        if (w->a->group && strcmp(w->a->group, obs->name) != 0) {
            continue;
        }
        SuggestedGroup *g = &r->group[r->n_groups++];
        *g = (SuggestedGroup){.obs = obs, .index = SUGGEST_NO_INDEX, .points = obs->data.n};
        measure_reach(g);
        ErrCode rc = fit_group(w, k, g, &g->refusal);
        g->is_refused = rc == ERR_NUMERIC || rc == ERR_INVALID;
        if (g->is_refused) {
            (void)fprintf(stderr, "slaw: %s: %s\n", obs->name, g->refusal.msg);
            s->exit_status = EXIT_SOME_FAILED;
            refused++;
        } else if (rc != ERR_OK) {
            *err = g->refusal;
            return rc;
        }
    }
    if (r->n_groups == 0) {
        return err_set(err, ERR_USAGE, "there is no group \"%s\"", w->a->group);
    }
    r->is_nominal = refused == r->n_groups;
    return ERR_OK;
}

/* ---- choosing -------------------------------------------------------------------------------------- */

static ErrCode add_candidates(Work *w, SuggestedGroup *g, size_t index, Err *err)
{
    const Obs *obs = &w->run.obs;
    g->index = index;
    return w->has_study ? pool_add_models(&w->report.pool, index, g->obs, w->study.study,
                                          w->study.dir, obs->by, obs->convention, &w->pool, err)
                        : pool_add_grid(&w->report.pool, index, g->obs, &w->pool, err);
}

/* So many runs determine the law with something to spare. */
static size_t enough_runs(const Work *w)
{
    size_t n = w->options.runs, p = w->report.law->n_params + 1;
    n = n > p * w->report.n_groups ? n : p * w->report.n_groups;
    return n < SUGGEST_MAX_RUNS ? n : SUGGEST_MAX_RUNS;
}

static ErrCode choose(Work *w, Err *err)
{
    SuggestReport *r = &w->report;
    SuggestGroup *now = calloc(r->n_groups + 1, sizeof *now);
    size_t n = 0;
    ErrCode rc = ERR_OK;
    if (!now) {
        return err_nomem(err, "the groups");
    }
    if (r->is_nominal && !form_is_powers(r->law)) {
        free(now);
        return err_set(err, ERR_NUMERIC,
                       "no group has a law, and none is known from which to "
                       "design one for %s",
                       r->law->name);
    }
    for (size_t g = 0; g < r->n_groups; g++) {
        SuggestedGroup *own = &r->group[g];
        if (own->is_refused && !r->is_nominal) {
            continue;
        }
        if (r->is_nominal) {
            nominal_law(w, own);
        }
        TRY(add_candidates(w, own, n, err));
        now[n++] = own->now;
    }
    if (r->is_nominal) {
        w->options.criterion = SUGGEST_D;
        w->options.runs = enough_runs(w);
    }
    TRY(suggest_choose(now, n, r->pool.candidate, r->pool.n, &w->options, &r->found, err));
done:
    free(now);
    return rc;
}

/* Runs of one size need seeds of their own. */
static void give_seeds(SuggestReport *r)
{
    for (size_t i = 0; i < r->found.n; i++) {
        const SuggestRun *own = &r->pool.run[r->pool.candidate[r->found.row[i].candidate].tag];
        r->row_seed[i] = own->seed;
        for (size_t k = 0; k < i && own->size; k++) {
            const SuggestRun *other =
                &r->pool.run[r->pool.candidate[r->found.row[k].candidate].tag];
            if (other->size && strcmp(own->size, other->size) == 0 &&
                strcmp(own->architecture, other->architecture) == 0 &&
                r->row_seed[k] >= r->row_seed[i]) {
                r->row_seed[i] = r->row_seed[k] + 1;
            }
        }
    }
}

/* ---- checking by simulation ------------------------------------------------------------------------ */

/* The group's points and those of the runs suggested for it. */
static ErrCode extended(const SuggestReport *r, const SuggestedGroup *g, Arena *arena, FitData *ret,
                        Err *err)
{
    const FitData *d = &g->obs->data;
    size_t n = d->n, runs = d->n_runs;
    for (size_t i = 0; i < r->found.n; i++) {
        const SuggestCandidate *c = &r->pool.candidate[r->found.row[i].candidate];
        n += c->group == g->index ? c->points : 0;
    }
    double *size = arena_array(arena, n, sizeof *size),
           *tokens = arena_array(arena, n, sizeof *size);
    double *flops = arena_array(arena, n, sizeof *size);
    size_t *run = arena_array(arena, n, sizeof *run);
    if (!size || !tokens || !flops || !run) {
        return err_nomem(err, "the simulation");
    }
    for (size_t i = 0; i < d->n; i++) {
        size[i] = d->params[i];
        tokens[i] = d->tokens[i];
        flops[i] = d->flops ? d->flops[i] : 6.0 * size[i] * tokens[i];
        run[i] = runs ? d->run[i] : 0;
    }
    n = d->n;
    for (size_t i = 0; i < r->found.n; i++) {
        const SuggestCandidate *c = &r->pool.candidate[r->found.row[i].candidate];
        for (size_t j = 0; c->group == g->index && j < c->points; j++, n++) {
            size[n] = c->n;
            tokens[n] = c->tokens[j];
            flops[n] = c->flops ? c->flops[j] : 6.0 * c->n * c->tokens[j];
            run[n] = runs;
        }
        runs += runs && c->group == g->index ? 1 : 0;
    }
    *ret = (FitData){
        .n = n, .params = size, .tokens = tokens, .flops = flops, .run = run, .n_runs = runs};
    return ERR_OK;
}

static ErrCode spread(const Work *w, const SuggestedGroup *g, const FitData *data, double *ret,
                      Err *err)
{
    Info info;
    FitResult plain = *g->fit;
    Simulation *sim = calloc(1, sizeof *sim);
    SimOptions o = {.fit = report_options(&w->run.plan, w->report.law),
                    .studies = (size_t)w->a->verify,
                    .threads = (size_t)w->a->fit.threads,
                    .seed = w->report.seed};
    Truth t = truth_of_fit(g->fit);
    ErrCode rc = ERR_OK;
    if (!sim) {
        return err_nomem(err, "the simulation");
    }
    plain.loss.kind = FIT_MSE; /* the noise itself, not what a robust loss makes of it */
    TRY(info_of_fit(&plain, &g->obs->data, &info, err));
    o.noise = (SimNoise){.run = sqrt(info.noise.between), .point = sqrt(info.noise.within)};
    o.fit.bootstrap = 0;
    o.fit.n_at = w->report.flops > 0.0 ? 1 : 0;
    o.fit.at[0] = w->report.flops;
    TRY(simulate_run(&t, data, &o, sim, err));
    *ret = (double)NAN;
    for (size_t k = 0; k < sim->n_values; k++) {
        if (strcmp(sim->value[k].name, g->now.target.name) == 0) {
            *ret = sim->value[k].sd;
        }
    }
done:
    free(sim);
    return rc;
}

static ErrCode verify(Work *w, Err *err)
{
    SuggestReport *r = &w->report;
    if (w->a->verify == 0 || r->is_nominal) {
        return ERR_OK;
    }
    if (r->n > 0.0) {
        return err_set(err, ERR_USAGE, "--verify goes with --target-flops or a parameter");
    }
    for (size_t k = 0; k < r->n_groups; k++) {
        SuggestedGroup *g = &r->group[k];
        Arena arena = ARENA_INIT;
        FitData more;
        if (g->is_refused) {
            continue;
        }
        ErrCode rc = extended(r, g, &arena, &more, err);
        rc = rc == ERR_OK ? spread(w, g, &g->obs->data, &g->sd_before, err) : rc;
        rc = rc == ERR_OK ? spread(w, g, &more, &g->sd_after, err) : rc;
        arena_release(&arena);
        if (rc != ERR_OK) {
            return rc;
        }
        g->verified = (size_t)w->a->verify;
    }
    return ERR_OK;
}

/* ---- the verb -------------------------------------------------------------------------------------- */

static ErrCode write_study(Work *w, Err *err)
{
    SuggestReport *r = &w->report;
    ChosenRun run[SUGGEST_MAX_RUNS];
    if (!w->a->out || r->found.n == 0) {
        return ERR_OK;
    }
    if (!w->has_study) {
        (void)err_set(err, ERR_USAGE, "%s is no study that could be extended", r->source);
        return err_hint(err, "without --out the runs are printed; --format csv makes a table");
    }
    for (size_t i = 0; i < r->found.n; i++) {
        const SuggestCandidate *c = &r->pool.candidate[r->found.row[i].candidate];
        run[i] = (ChosenRun){&r->pool.run[c->tag], c->n, c->d, r->row_seed[i]};
    }
    ErrCode rc =
        suggest_write_study(w->study.study, w->run.obs.by, run, r->found.n, w->a->out, err);
    r->out = rc == ERR_OK ? w->a->out : NULL;
    return rc;
}

/* The study file of a study source, if it is there. */
static ErrCode open_study(const Session *s, Work *w, const char *path, Err *err)
{
    char file[FSX_PATH_BYTES];
    const ObsSource *source = &w->run.source;
    w->report.is_study = source->is_study;
    if (!source->is_study) {
        return ERR_OK;
    }
    const char *dot = strrchr(path, '.');
    bool is_file =
        !fsx_is_dir(path) && dot && (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0);
    ErrCode rc =
        is_file ? fsx_path(file, err, "%s", path) : fsx_join(file, source->dir, "study.yaml", err);
    if (rc != ERR_OK || !fsx_exists(file)) {
        return rc; /* a catalog alone: a grid serves */
    }
    rc = is_file ? study_arg_open(s, file, w->a->fit.dir, &w->study, err)
                 : study_arg_open(s, source->dir, NULL, &w->study, err);
    w->has_study = rc == ERR_OK;
    return rc;
}

static ErrCode print(const Session *s, const Work *w, TableFormat format, Err *err)
{
    Buf out = BUF_INIT;
    if (s->is_json) {
        json_t *v = suggest_json(&w->report);
        if (v && fit_run_provenance(&w->run, v, err) != ERR_OK) {
            json_decref(v);
            return err->code;
        }
        return output_json(v, err);
    }
    ErrCode rc = suggest_text(&w->report, format, &out, err);
    return rc == ERR_OK ? output_text(&out, err) : rc;
}

static void work_release(Work *w)
{
    for (size_t g = 0; w->report.group && g < w->report.n_groups; g++) {
        free(w->report.group[g].fit);
    }
    free(w->report.group);
    pool_release(&w->report.pool);
    if (w->has_study) {
        study_arg_close(&w->study);
    }
    fit_run_release(&w->run);
}

static ErrCode run(Session *s, const void *opts, int argc, char *const argv[], Err *err)
{
    Work w = {.a = opts,
              .run = {.obs = {.arena = ARENA_INIT}},
              .report = {.source = argv[0], .pool = {.arena = ARENA_INIT}}};
    TableFormat format;
    ErrCode rc = ERR_OK;
    (void)argc;
    TRY(table_format_parse(w.a->format, &format, err));
    TRY(read_options(&w, err));
    TRY(fit_args_open(s, &w.a->fit, argv[0], &w.run, err));
    w.report.law = w.run.plan.law[0];
    TRY(open_study(s, &w, argv[0], err));
    w.report.convention = w.has_study ? obs_convention_name(w.run.obs.convention) : "6nd";
    TRY(fit_groups(s, &w, err));
    TRY(choose(&w, err));
    give_seeds(&w.report);
    TRY(verify(&w, err));
    TRY(write_study(&w, err));
    TRY(print(s, &w, format, err));
done:
    work_release(&w);
    return rc;
}

const Command command_suggest = {
    .name = "suggest",
    .args = "SOURCE",
    .summary = "which affordable run would narrow a prediction most?",
    .description =
        "Fits the first law to SOURCE and finds the runs within --budget that narrow the 95 % "
        "interval of the\ntarget most: real models of the study's architectures, of its sizes or "
        "of new ones by the same\nrules; for a CSV points (N, D).  --out writes the study with "
        "these runs added, ready for slaw run.\nWhere no law can be fitted yet, it proposes runs "
        "that would determine one.",
    .opts = opts_table,
    .opts_size = sizeof(SuggestOpts),
    .opts_default = &defaults,
    .min_args = 1,
    .max_args = 1,
    .run = run,
};

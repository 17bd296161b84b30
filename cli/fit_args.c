#include "cli/fit_args.h"

#include <stdio.h>
#include <string.h>

#include "cli/study_arg.h"
#include "common/exit_code.h"
#include "common/fsx.h"
#include "common/quantity.h"
#include "common/words.h"

enum { MAX_STARTS = 100000, MAX_BOOTSTRAP = 1000000, MAX_THREADS = 64 };

/* "E=0" */
static ErrCode add_fix(const char *text, ReportPlan *plan, Err *err)
{
    char name[WORD_BYTES];
    const char *value;
    ErrCode rc = words_setting("fix", "PARAMETER=NUMBER", text, name, &value, err);
    if (rc == ERR_OK && plan->n_fix == REPORT_MAX_FIX) {
        rc = err_set(err, ERR_USAGE, "--fix holds up to %d parameters", REPORT_MAX_FIX);
    }
    rc = rc == ERR_OK ? fit_param_parse(plan->law, plan->n_laws, name, err) : rc;
    if (rc == ERR_OK && !quantity_parse(value, QUANTITY_COUNT, &plan->fix[plan->n_fix].value)) {
        rc = err_set(err, ERR_USAGE, "--fix takes PARAMETER=NUMBER, not \"%s\"", text);
    }
    if (rc == ERR_OK) {
        (void)snprintf(plan->fix[plan->n_fix++].name, sizeof plan->fix[0].name, "%.31s", name);
    }
    return rc;
}

/* "alpha,beta" */
static ErrCode parse_share(const char *text, ReportPlan *plan, Err *err)
{
    char name[WORD_BYTES];
    while (words_next(&text, ',', name)) {
        ErrCode rc = fit_param_parse(plan->law, plan->n_laws, name, err);
        if (rc == ERR_OK && plan->n_share == REPORT_MAX_FIX) {
            rc = err_set(err, ERR_USAGE, "--share names up to %d parameters", REPORT_MAX_FIX);
        }
        if (rc != ERR_OK) {
            return rc;
        }
        (void)snprintf(plan->share[plan->n_share++], sizeof plan->share[0], "%.31s", name);
    }
    return ERR_OK;
}

static ErrCode add_law(const char *name, ReportPlan *plan, Err *err)
{
    if (plan->n_laws == REPORT_MAX_LAWS) {
        return err_set(err, ERR_USAGE, "--law names up to %d laws", REPORT_MAX_LAWS);
    }
    return fit_law_parse(name, &plan->law[plan->n_laws++], err);
}

/* --law, else what the study says, else chinchilla. */
static ErrCode choose_laws(const FitArgs *a, const ObsSource *s, ReportPlan *plan, Err *err)
{
    const char *names = a->law ? a->law : s->analysis.n_laws ? NULL : "chinchilla";
    char name[WORD_BYTES];
    ErrCode rc = ERR_OK;
    while (rc == ERR_OK && words_next(&names, ',', name)) {
        rc = add_law(name, plan, err);
    }
    for (size_t i = 0; rc == ERR_OK && !a->law && i < s->analysis.n_laws; i++) {
        rc = add_law(s->analysis.law[i], plan, err);
    }
    return rc;
}

static ErrCode make_plan(const FitArgs *a, const ObsSource *s, ReportPlan *plan, Err *err)
{
    ErrCode rc = ERR_OK;
    *plan = (ReportPlan){.has_loss = a->loss != NULL,
                         .has_residual = a->residual != NULL,
                         .has_all_intervals = a->all_intervals,
                         .has_isoflop = a->isoflop,
                         .isoflop_window = (size_t)a->window,
                         .starts = (size_t)a->starts,
                         .bootstrap = (size_t)a->bootstrap,
                         .threads = (size_t)a->threads,
                         .seed = (uint64_t)a->seed};
    TRY(words_check_whole("starts", a->starts, 1, MAX_STARTS, err));
    TRY(words_check_whole("bootstrap", a->bootstrap, 0, MAX_BOOTSTRAP, err));
    TRY(words_check_whole("threads", a->threads, 1, MAX_THREADS, err));
    TRY(words_check_whole("seed", a->seed, 0, INT64_MAX, err));
    TRY(a->loss ? fit_loss_parse(a->loss, &plan->loss, err) : ERR_OK);
    TRY(a->residual ? fit_residual_parse(a->residual, &plan->residual, err) : ERR_OK);
    TRY(words_check_whole("window", a->window, 0, 1000000, err));
    TRY(fit_resampling_parse(a->resampling, &plan->resampling, err));
    TRY(words_numbers("at-flops", a->at_flops, FIT_MAX_AT, plan->at, &plan->n_at, err));
    TRY(choose_laws(a, s, plan, err));
    TRY(parse_share(a->share, plan, err));
    for (size_t i = 0; i < a->fix.n; i++) {
        TRY(add_fix(a->fix.item[i], plan, err));
    }
done:
    return rc;
}

static ErrCode make_selection(const FitArgs *a, const ObsSource *s, const ReportPlan *plan,
                              ObsOptions *o, Err *err)
{
    *o = (ObsOptions){.by = a->by,
                      .task = a->task,
                      .best_per = a->best_per,
                      .is_loss_signed = plan->n_laws > 0,
                      .is_final_only = a->final_only,
                      .min_tokens = a->min_tokens,
                      .skip_fraction = a->skip_fraction};
    for (size_t i = 0; i < plan->n_laws; i++) {
        const Form *f = plan->law[i];
        o->needs |= obs_needs(f) | (plan->has_isoflop ? obs_needs(form_find("chinchilla")) : 0u);
        o->is_loss_signed = o->is_loss_signed && f->input[0] == FORM_X_LOSS;
    }
    if (!o->by && s->is_study) {
        o->by = s->analysis.by ? s->analysis.by : "architecture";
    }
    ErrCode rc = words_check_number("skip-fraction", o->skip_fraction, 0.0, 1.0, err);
    if (rc != ERR_OK) {
        return rc;
    }
    memcpy(o->where, a->where.item, a->where.n * sizeof *o->where);
    memcpy(o->map, a->map.item, a->map.n * sizeof *o->map);
    o->n_where = a->where.n;
    o->n_map = a->map.n;
    return a->convention ? obs_convention_parse(a->convention, &o->convention, err) : ERR_OK;
}

ErrCode fit_args_plan(const FitArgs *a, const ObsSource *source, ReportPlan *plan,
                      ObsOptions *selection, Err *err)
{
    ErrCode rc = make_plan(a, source, plan, err);
    return rc == ERR_OK ? make_selection(a, source, plan, selection, err) : rc;
}

static bool ends_with(const char *s, const char *end)
{
    size_t n = strlen(s), m = strlen(end);
    return n >= m && strcmp(s + n - m, end) == 0;
}

bool fit_is_study_file(const char *path)
{
    return !fsx_is_dir(path) && (ends_with(path, ".yaml") || ends_with(path, ".yml"));
}

/* A study file stands for the folder of its study; other sources for themselves. */
static ErrCode open_source(const Session *s, const FitArgs *a, const char *path, ObsSource *ret,
                           Err *err)
{
    char dir[FSX_PATH_BYTES];
    if (!fit_is_study_file(path)) {
        return a->dir ? err_set(err, ERR_USAGE, "--dir goes with a study file, not with %s", path)
                      : obs_source_open(path, ret, err);
    }
    ErrCode rc = study_arg_dir(s, path, a->dir, dir, err);
    return rc == ERR_OK ? obs_source_open(dir, ret, err) : rc;
}

ErrCode fit_args_begin(const Session *s, const FitArgs *a, const char *path, FitRun *ret, Err *err)
{
    *ret = (FitRun){.path = path};
    ErrCode rc = open_source(s, a, path, &ret->source, err);
    rc = rc == ERR_OK ? fit_args_plan(a, &ret->source, &ret->plan, &ret->selected, err) : rc;
    if (rc != ERR_OK) {
        fit_run_release(ret);
    }
    return rc;
}

ErrCode fit_args_open(const Session *s, const FitArgs *a, const char *path, FitRun *ret, Err *err)
{
    ErrCode rc = fit_args_begin(s, a, path, ret, err);
    rc = rc == ERR_OK ? obs_select(&ret->source.frame, &ret->selected, &ret->obs, err) : rc;
    if (rc != ERR_OK) {
        fit_run_release(ret);
    }
    return rc;
}

ErrCode fit_args_run(const Session *s, const FitArgs *a, const char *path, FitRun *ret, Err *err)
{
    ErrCode rc = fit_args_open(s, a, path, ret, err);
    rc = rc == ERR_OK ? report_make(path, &ret->obs, &ret->plan, &ret->report, err) : rc;
    if (rc != ERR_OK) {
        fit_run_release(ret);
    }
    return rc;
}

void fit_run_release(FitRun *r)
{
    report_release(&r->report);
    obs_release(&r->obs);
    obs_source_release(&r->source);
    *r = (FitRun){0};
}

/* The key of an option in JSON: --best-per is best_per. */
static void option_key(const char *name, char out[64])
{
    (void)snprintf(out, 64, "%s", name);
    for (char *c = out; *c; c++) {
        *c = (char)(*c == '-' ? '_' : *c);
    }
}

/* Only what the verb honours is said; its own options are said, too. */
static void keep_honoured(const Session *s, bool is_unfitted, json_t *options)
{
    char key[64];
    for (size_t i = 0; all_groups[i]; i++) {
        for (const Opt *o = all_groups[i]->opt; o->name; o++) {
            option_key(o->name, key);
            bool is_idle = is_unfitted && all_groups[i] != &group_rows && strcmp(key, "law") != 0;
            if (is_idle || !command_honours(s->command, o->name)) {
                (void)json_object_del(options, key);
            }
        }
    }
    for (const Opt *o = s->command->opts; o && o->name; o++) {
        option_key(o->name, key);
        (void)json_object_set_new(options, key, opt_json(o, s->opts));
    }
}

ErrCode fit_run_answer(Session *s, const FitRun *r, AnswerNode **ret, Err *err)
{
    const Provenance p = {r->path, &r->source, &r->selected, &r->obs, &r->plan};
    json_t *options = provenance_options(&p);
    *ret = answer_top(&s->answer);
    keep_honoured(s, r->is_unfitted, options);
    provenance_answer(&p, options, *ret);
    return answer_ok(&s->answer, err);
}

ErrCode fit_run_draw(const FitRun *r, const char *out, const PlotFigure *figure, Err *err)
{
    char folder[FSX_PATH_BYTES];
    ErrCode rc = fit_run_folder(r, out, folder, err);
    return rc == ERR_OK ? plot_draw(figure, 1, &(PlotOutput){0}, folder, err) : rc;
}

void fit_run_status(Session *s, const FitRun *r)
{
    s->exit_status = r->report.n_refused ? EXIT_SOME_FAILED : s->exit_status;
}

ErrCode fit_run_folder(const FitRun *r, const char *out, char ret[4096], Err *err)
{
    ErrCode rc = ERR_OK;
    if (!out && !r->source.is_study) {
        (void)err_set(err, ERR_USAGE, "a CSV source has no folder for reports");
        return err_hint(err, "name one: --out DIR");
    }
    rc = out ? fsx_path(ret, err, "%s", out) : fsx_join(ret, r->source.dir, "reports", err);
    return rc == ERR_OK ? fsx_mkdirs(ret, err) : rc;
}

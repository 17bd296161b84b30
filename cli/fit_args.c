#include "cli/fit_args.h"

#include <stdio.h>
#include <string.h>

#include "cli/study_arg.h"
#include "common/exit_code.h"
#include "common/fsx.h"
#include "common/quantity.h"

enum { MAX_STARTS = 100000, MAX_BOOTSTRAP = 1000000, MAX_THREADS = 64 };

static ErrCode find_law(const char *name, size_t n, const Form **ret, Err *err)
{
    Buf known = BUF_INIT;
    char word[64];
    (void)snprintf(word, sizeof word, "%.*s", (int)n, name);
    *ret = n < sizeof word ? form_find(word) : NULL;
    if (*ret) {
        return ERR_OK;
    }
    for (size_t i = 0; i < form_count(); i++) {
        buf_printf(&known, "%s%s", i ? ", " : "", form_at(i)->name);
    }
    (void)err_set(err, ERR_USAGE, "there is no law \"%.*s\"", (int)n, name);
    (void)err_hint(err, "the laws are: %s", buf_str(&known));
    buf_release(&known);
    return err->code;
}

/* "E=0" */
static ErrCode add_fix(const char *text, ReportPlan *plan, Err *err)
{
    size_t n = strcspn(text, "=");
    if (plan->n_fix == REPORT_MAX_FIX || text[n] != '=' || n >= sizeof plan->fix[0].name ||
        !quantity_parse(text + n + 1, QUANTITY_COUNT, &plan->fix[plan->n_fix].value)) {
        return err_set(err, ERR_USAGE, "--fix takes PARAMETER=NUMBER, not \"%s\"", text);
    }
    (void)snprintf(plan->fix[plan->n_fix].name, sizeof plan->fix[0].name, "%.*s", (int)n, text);
    for (size_t i = 0; i < plan->n_laws; i++) {
        if (form_param(plan->law[i], plan->fix[plan->n_fix].name) >= 0) {
            plan->n_fix++;
            return ERR_OK;
        }
    }
    Buf known = BUF_INIT;
    for (size_t i = 0; plan->n_laws && i < plan->law[0]->n_params; i++) {
        buf_printf(&known, "%s%s", i ? ", " : "", plan->law[0]->param[i].name);
    }
    (void)err_set(err, ERR_USAGE, "no law here has a parameter \"%s\"",
                  plan->fix[plan->n_fix].name);
    (void)err_hint(err, "%s has %s", plan->law[0]->name, buf_str(&known));
    buf_release(&known);
    return err->code;
}

/* "alpha,beta" */
static ErrCode parse_share(const char *text, ReportPlan *plan, Err *err)
{
    while (text && *text) {
        size_t n = strcspn(text, ",");
        bool is_known = false;
        if (plan->n_share == REPORT_MAX_FIX || n >= sizeof plan->share[0]) {
            return err_set(err, ERR_USAGE, "--share names up to %d parameters", REPORT_MAX_FIX);
        }
        char *name = plan->share[plan->n_share++];
        (void)snprintf(name, sizeof plan->share[0], "%.*s", (int)n, text);
        for (size_t i = 0; i < plan->n_laws; i++) {
            is_known = is_known || form_param(plan->law[i], name) >= 0;
        }
        if (!is_known) {
            return err_set(err, ERR_USAGE, "no law here has a parameter \"%s\" to share", name);
        }
        text += n + (text[n] == ',');
    }
    return ERR_OK;
}

/* "1e21,5.76e23" */
static ErrCode parse_at(const char *text, ReportPlan *plan, Err *err)
{
    while (text && *text) {
        char word[32];
        size_t n = strcspn(text, ",");
        (void)snprintf(word, sizeof word, "%.*s", (int)n, text);
        double *c = &plan->at[plan->n_at];
        if (plan->n_at == FIT_MAX_AT || n >= sizeof word ||
            !quantity_parse(word, QUANTITY_COUNT, c) || !(*c > 0.0)) {
            return err_set(err, ERR_USAGE,
                           "--at-flops takes up to %d positive numbers with commas, not \"%s\"",
                           FIT_MAX_AT, text);
        }
        plan->n_at++;
        text += n + (text[n] == ',');
    }
    return ERR_OK;
}

/* --law, else what the study says, else chinchilla. */
static ErrCode choose_laws(const FitArgs *a, const ObsSource *s, ReportPlan *plan, Err *err)
{
    const char *names = a->law ? a->law : s->analysis.n_laws ? NULL : "chinchilla";
    for (size_t i = 0; !names && i < s->analysis.n_laws; i++) {
        const char *law = s->analysis.law[i];
        ErrCode rc = find_law(law, strlen(law), &plan->law[plan->n_laws++], err);
        if (rc != ERR_OK) {
            return rc;
        }
    }
    while (names && *names) {
        size_t n = strcspn(names, ",");
        if (plan->n_laws == REPORT_MAX_LAWS) {
            return err_set(err, ERR_USAGE, "--law names more than %d laws", REPORT_MAX_LAWS);
        }
        ErrCode rc = find_law(names, n, &plan->law[plan->n_laws++], err);
        if (rc != ERR_OK) {
            return rc;
        }
        names += n + (names[n] == ',');
    }
    return ERR_OK;
}

static ErrCode in_range(const char *name, int64_t x, int64_t lo, int64_t hi, Err *err)
{
    if (x < lo || x > hi) {
        return err_set(err, ERR_USAGE, "--%s must be between %lld and %lld, not %lld", name,
                       (long long)lo, (long long)hi, (long long)x);
    }
    return ERR_OK;
}

static ErrCode make_plan(const FitArgs *a, const ObsSource *s, ReportPlan *plan, Err *err)
{
    ErrCode rc = ERR_OK;
    *plan = (ReportPlan){.has_loss = a->loss != NULL, .has_residual = a->residual != NULL};
    TRY(in_range("starts", a->starts, 1, MAX_STARTS, err));
    TRY(in_range("bootstrap", a->bootstrap, 0, MAX_BOOTSTRAP, err));
    TRY(in_range("threads", a->threads, 1, MAX_THREADS, err));
    TRY(in_range("seed", a->seed, 0, INT64_MAX, err));
    if (a->loss) {
        TRY(fit_loss_parse(a->loss, &plan->loss, err));
    }
    if (a->residual && strcmp(a->residual, "log") != 0 && strcmp(a->residual, "raw") != 0) {
        rc = err_set(err, ERR_USAGE, "--residual takes log or raw, not \"%s\"", a->residual);
        goto done;
    }
    plan->residual = a->residual && strcmp(a->residual, "raw") == 0 ? FIT_RAW : FIT_LOG;
    plan->has_all_intervals = a->all_intervals;
    plan->has_isoflop = a->isoflop;
    TRY(in_range("window", a->window, 0, 1000000, err));
    plan->isoflop_window = (size_t)a->window;
    TRY(fit_resampling_parse(a->resampling, &plan->resampling, err));
    TRY(parse_at(a->at_flops, plan, err));
    plan->starts = (size_t)a->starts;
    plan->bootstrap = (size_t)a->bootstrap;
    plan->threads = (size_t)a->threads;
    plan->seed = (uint64_t)a->seed;
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
    if (!(o->skip_fraction >= 0.0 && o->skip_fraction < 1.0)) {
        return err_set(err, ERR_USAGE, "--skip-fraction must be at least 0 and below 1");
    }
    for (size_t i = 0; i < a->where.n; i++) {
        o->where[o->n_where++] = a->where.item[i];
    }
    for (size_t i = 0; i < a->map.n; i++) {
        o->map[o->n_map++] = a->map.item[i];
    }
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
    FitRun r = {.path = path};
    ErrCode rc = ERR_OK;
    TRY(open_source(s, a, path, &r.source, err));
    TRY(fit_args_plan(a, &r.source, &r.plan, &r.selected, err));
    *ret = r;
    return ERR_OK;
done:
    fit_run_release(&r);
    return rc;
}

ErrCode fit_args_open(const Session *s, const FitArgs *a, const char *path, FitRun *ret, Err *err)
{
    FitRun r = {0};
    ErrCode rc = ERR_OK;
    TRY(fit_args_begin(s, a, path, &r, err));
    TRY(obs_select(&r.source.frame, &r.selected, &r.obs, err));
    *ret = r;
    return ERR_OK;
done:
    fit_run_release(&r);
    return rc;
}

ErrCode fit_args_run(const Session *s, const FitArgs *a, const char *path, FitRun *ret, Err *err)
{
    ErrCode rc = fit_args_open(s, a, path, ret, err);
    if (rc != ERR_OK) {
        return rc;
    }
    rc = report_make(path, &ret->obs, &ret->plan, &ret->report, err);
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

ErrCode fit_run_provenance(const FitRun *r, json_t *obj, Err *err)
{
    const Provenance p = {r->path, &r->source, &r->selected, &r->obs, &r->plan};
    return provenance_add(obj, &p, err);
}

/* The key of an option in JSON: --best-per is best_per. */
static void option_key(const char *name, char out[64])
{
    (void)snprintf(out, 64, "%s", name);
    for (char *c = out; *c; c++) {
        *c = *c == '-' ? '_' : *c;
    }
}

/* Only what the verb honours is said; its own options are said, too. */
static void keep_honoured(const Session *s, json_t *options)
{
    char key[64];
    for (size_t i = 0; all_groups[i]; i++) {
        for (const Opt *o = all_groups[i]->opt; o->name; o++) {
            option_key(o->name, key);
            if (!command_honours(s->command, o->name)) {
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
    static const char *const keys[] = {"source", "version", "seed", "rows", "input", "options"};
    json_t *head = json_object();
    AnswerNode *top = answer_top(&s->answer);
    ErrCode rc = head ? fit_run_provenance(r, head, err) : err_nomem(err, "the answer");
    if (rc == ERR_OK) {
        keep_honoured(s, json_object_get(head, "options"));
        for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
            answer_set_json(top, keys[i], json_incref(json_object_get(head, keys[i])));
        }
        *ret = top;
    }
    json_decref(head);
    return rc;
}

ErrCode fit_run_draw(const FitRun *r, const char *out, const PlotFigure *figure, Err *err)
{
    char folder[4096];
    ErrCode rc = ERR_OK;
    TRY(fit_run_folder(r, out, folder, err));
    TRY(plot_write(figure, folder, err));
    TRY(plot_render(figure, folder, err));
done:
    return rc;
}

void fit_run_report_refusals(Session *s, const FitRun *r)
{
    for (size_t i = 0; i < r->report.n; i++) {
        const ReportFit *f = &r->report.fit[i];
        if (f->is_refused) {
            (void)fprintf(stderr, "slaw: %s: %s\n", f->group->name, f->refusal.msg);
            if (f->refusal.hint[0]) {
                (void)fprintf(stderr, "hint: %s\n", f->refusal.hint);
            }
            s->exit_status = EXIT_SOME_FAILED;
        }
    }
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

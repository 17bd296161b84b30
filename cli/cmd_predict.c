#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/use_args.h"
#include "common/json.h"
#include "common/quantity.h"

typedef struct PredictOpts {
    FitArgs fit;
    const char *n, *d, *flops, *unique, *run, *format;
    bool grid;
} PredictOpts;

static const PredictOpts predict_default = {.fit = FIT_ARGS_DEFAULT, .format = "text"};

static const Opt predict_opts[] = {
    {"N", "PARAMETERS", "sizes, with commas", OPT_TEXT, offsetof(PredictOpts, n)},
    {"D", "TOKENS", "training tokens, with commas", OPT_TEXT, offsetof(PredictOpts, d)},
    {"flops", "C", "in place of D (or of both, for a law in C), with commas", OPT_TEXT,
     offsetof(PredictOpts, flops)},
    {"grid", NULL, "every N with every D, also where there are as many of both", OPT_FLAG,
     offsetof(PredictOpts, grid)},
    {"unique", "U", "distinct tokens, for data_constrained (default D)", OPT_TEXT,
     offsetof(PredictOpts, unique)},
    {"run", "NAME", "what the law fitted without this run says of it", OPT_TEXT,
     offsetof(PredictOpts, run)},
    {"format", "NAME", "text, markdown, latex, csv or json (default text)", OPT_TEXT,
     offsetof(PredictOpts, format)},
    FIT_ARGS_OPTS(offsetof(PredictOpts, fit)),
    {0},
};

/* Everything that one call of the verb holds. */
typedef struct Work {
    FitRun run;
    UseFits fits;
    UsePrediction *item;
    size_t n;
    PredictPoint *point;
    size_t n_points;
} Work;

static void work_release(Work *w)
{
    free(w->item);
    free(w->point);
    use_fits_release(&w->fits);
    fit_run_release(&w->run);
}

static double at(const UseNumbers *x, size_t i)
{
    return x->n == 0 ? (double)NAN : x->x[x->n == 1 ? 0 : i];
}

/* The points asked for: as many of each go together, one goes with all, else all pairs. */
static ErrCode make_points(const PredictOpts *o, Work *w, Err *err)
{
    UseNumbers n, second, unique;
    ErrCode rc = ERR_OK;
    bool is_flops = o->flops != NULL, is_zip;
    size_t wide;
    if ((o->n == NULL || o->d == NULL) && !is_flops) {
        (void)err_set(err, ERR_USAGE, "predict needs --N and --D, or --run NAME");
        return err_hint(err, "--flops C stands for --D, and for both of a law in C");
    }
    if (o->d && is_flops) {
        return err_set(err, ERR_USAGE, "--flops stands for --D: give one of them");
    }
    TRY(use_numbers("N", o->n, &n, err));
    TRY(use_numbers(is_flops ? "flops" : "D", is_flops ? o->flops : o->d, &second, err));
    TRY(use_numbers("unique", o->unique, &unique, err));
    if (unique.n > 1) {
        return err_set(err, ERR_USAGE, "--unique takes one number");
    }
    is_zip = n.n <= 1 || second.n <= 1 || (n.n == second.n && !o->grid);
    wide = n.n > second.n ? n.n : second.n;
    w->n_points = is_zip ? wide : n.n * second.n;
    w->point = calloc(w->n_points + 1, sizeof *w->point);
    if (!w->point) {
        return err_nomem(err, "points");
    }
    for (size_t i = 0; i < w->n_points; i++) {
        double y = at(&second, is_zip ? i : i % second.n);
        w->point[i] = (PredictPoint){.n = at(&n, is_zip ? i : i / second.n),
                                     .d = is_flops ? (double)NAN : y,
                                     .c = is_flops ? y : (double)NAN,
                                     .u = at(&unique, 0)};
    }
done:
    return rc;
}

static ErrCode predict_points(const PredictOpts *o, Work *w, Err *err)
{
    ErrCode rc =
        use_fits_open(&o->fit, &w->run, predict_is_for, "that N, D and C decide", &w->fits, err);
    if (rc != ERR_OK) {
        return rc;
    }
    w->item = calloc(w->fits.n * w->n_points + 1, sizeof *w->item);
    if (!w->item) {
        return err_nomem(err, "predictions");
    }
    for (size_t i = 0; i < w->fits.n; i++) {
        const UseFit *f = &w->fits.fit[i];
        for (size_t k = 0; k < w->n_points && !f->is_refused; k++) {
            UsePrediction *p = &w->item[w->n++];
            *p = (UsePrediction){.fit = f, .refusal = ERR_INIT};
            rc = predict_at(&f->law, &w->point[k], &p->value, &p->refusal);
            p->is_refused = rc != ERR_OK;
            if (rc == ERR_NOMEM) {
                *err = p->refusal;
                return rc;
            }
        }
    }
    return ERR_OK;
}

/* ---- --run ---- */

/* Which runs of the group have this name; false for none, or none known. */
static bool mark_runs(const ObsGroup *g, const char *name, bool *is_out)
{
    bool has = false;
    for (size_t r = 0; r < g->data.n_runs; r++) {
        is_out[r] = strcmp(g->run_name[r], name) == 0;
        has = has || is_out[r];
    }
    return has;
}

static ErrCode no_such_run(const Work *w, const char *name, Err *err)
{
    const Obs *o = &w->run.obs;
    size_t n = 0;
    const char *near = NULL;
    for (size_t g = 0; g < o->n_groups; g++) {
        n += o->group[g].data.n_runs;
    }
    if (n == 0) {
        (void)err_set(err, ERR_INVALID, "the source does not say which run a row is of");
        return err_hint(err, "name the column that does: --map run=COLUMN");
    }
    for (size_t g = 0; g < o->n_groups && !near; g++) {
        near = nearest_name(name, o->group[g].run_name, o->group[g].data.n_runs);
    }
    (void)err_set(err, ERR_NOTFOUND, "there is no run \"%s\" among the %zu that are selected", name,
                  n);
    return near ? err_hint(err, "did you mean \"%s\"?", near) : err->code;
}

static ErrCode predict_one_run(const PredictOpts *o, Work *w, UseFit *f, const bool *is_out,
                               Err *err)
{
    UsePrediction *p = &w->item[w->n++];
    FitOptions options = use_options(&w->run, f->form);
    *p = (UsePrediction){.fit = f, .run = o->run, .refusal = ERR_INIT};
    ErrCode rc = predict_run(&options, &f->group->data, is_out, w->run.obs.convention == OBS_6ND,
                             &f->rest, &f->law, &p->left_out, &p->refusal);
    f->is_refused = !f->law.data;
    f->form = f->is_refused ? f->form : f->law.fit.form;
    p->is_refused = rc != ERR_OK;
    p->value = p->left_out.last;
    if (rc == ERR_NOMEM) {
        *err = p->refusal;
    }
    return rc == ERR_NOMEM ? rc : ERR_OK;
}

static ErrCode predict_runs(const PredictOpts *o, Work *w, Err *err)
{
    bool *is_out = NULL;
    size_t most = 0;
    ErrCode rc = ERR_OK;
    if (o->n || o->d || o->flops) {
        return err_set(err, ERR_USAGE, "--run names what to predict: no --N, --D or --flops");
    }
    TRY(use_fits_list(&o->fit, &w->run, predict_is_for, "that N, D and C decide", &w->fits, err));
    for (size_t g = 0; g < w->run.obs.n_groups; g++) {
        size_t n = w->run.obs.group[g].data.n_runs;
        most = n > most ? n : most;
    }
    w->item = calloc(w->fits.n + 1, sizeof *w->item);
    is_out = calloc(most + 1, sizeof *is_out);
    if (!w->item || !is_out) {
        rc = err_nomem(err, "predictions");
        goto done;
    }
    for (size_t i = 0; i < w->fits.n; i++) {
        if (mark_runs(w->fits.fit[i].group, o->run, is_out)) {
            TRY(predict_one_run(o, w, &w->fits.fit[i], is_out, err));
        }
    }
    if (w->n == 0) {
        rc = no_such_run(w, o->run, err);
    }
done:
    free(is_out);
    return rc;
}

/* ---- output ---- */

static json_t *result_json(const PredictOpts *o, const Work *w, Err *err)
{
    json_t *obj = use_head_json(&w->run, err);
    if (!obj) {
        return NULL;
    }
    json_t *list = json_array(), *fits = json_array(), *refused = json_array();
    for (size_t i = 0; i < w->fits.n; i++) {
        const UseFit *f = &w->fits.fit[i];
        if (f->is_refused && !o->run) {
            (void)json_array_append_new(refused, use_refusal_json(f, &f->refusal));
        } else if (f->law.data) {
            (void)json_array_append_new(fits, use_fit_json(f));
        }
    }
    for (size_t i = 0; i < w->n; i++) {
        const UsePrediction *p = &w->item[i];
        (void)json_array_append_new(p->is_refused ? refused : list,
                                    p->is_refused ? use_refusal_json(p->fit, &p->refusal)
                                                  : use_prediction_json(p));
    }
    (void)json_object_set_new(obj, "predictions", list);
    (void)json_object_set_new(obj, "fits", fits);
    (void)json_object_set_new(obj, "refused", refused);
    return obj;
}

static void say_refused(Session *s, const PredictOpts *o, const Work *w)
{
    for (size_t i = 0; i < w->fits.n && !o->run; i++) {
        if (w->fits.fit[i].is_refused) {
            use_say_refused(s, &w->fits.fit[i], &w->fits.fit[i].refusal);
        }
    }
    for (size_t i = 0; i < w->n; i++) {
        if (w->item[i].is_refused) {
            use_say_refused(s, w->item[i].fit, &w->item[i].refusal);
        }
    }
}

static ErrCode print(const Session *s, const PredictOpts *o, const Work *w, TableFormat format,
                     Buf *out, Err *err)
{
    if (s->is_json || format == TABLE_JSON) {
        json_t *result = result_json(o, w, err);
        if (!result) {
            return err->code;
        }
        json_pretty(result, out);
        json_decref(result);
        return buf_ok(out, err);
    }
    ErrCode rc = use_predictions_table(w->item, w->n, format, out, err);
    for (size_t i = 0; i < w->fits.n && format == TABLE_TEXT; i++) {
        if (w->fits.fit[i].law.data) {
            use_fit_warnings(&w->fits.fit[i], out);
        }
    }
    return rc == ERR_OK ? buf_ok(out, err) : rc;
}

static ErrCode run(Session *s, const void *opts, int argc, char *const argv[], Err *err)
{
    const PredictOpts *o = opts;
    Work w = {0};
    Buf out = BUF_INIT;
    TableFormat format;
    ErrCode rc = ERR_OK;
    (void)argc;
    TRY(table_format_parse(o->format, &format, err));
    if (!o->run) {
        TRY(make_points(o, &w, err));
    }
    TRY(fit_args_open(s, &o->fit, argv[0], &w.run, err));
    TRY(o->run ? predict_runs(o, &w, err) : predict_points(o, &w, err));
    TRY(print(s, o, &w, format, &out, err));
    (void)fputs(buf_str(&out), stdout);
    say_refused(s, o, &w);
done:
    buf_release(&out);
    work_release(&w);
    return rc;
}

const Command command_predict = {
    .name = "predict",
    .args = "SOURCE",
    .summary = "the loss at a given N and D, with intervals",
    .description =
        "Fits as `slaw fit` does and gives the law's value at every N and D: as many of both go\n"
        "together in pairs, one goes with all, else (or with --grid) every N with every D.\n"
        "lo and hi are the 95 % interval of the law's value, predict_lo and predict_hi that of "
        "the\n"
        "loss of one new run; outside says how far the point is from the data.\n"
        "--run NAME leaves that run out of the fit and sets what the others say beside what was "
        "measured.",
    .opts = predict_opts,
    .opts_size = sizeof(PredictOpts),
    .opts_default = &predict_default,
    .min_args = 1,
    .max_args = 1,
    .run = run,
};

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/use_args.h"
#include "common/quantity.h"

typedef struct PredictOpts {
    OptNumbers n, d, flops;
    const char *run;
    double unique;
    bool grid;
} PredictOpts;

static const PredictOpts predict_default = {.unique = (double)NAN};

static const Opt predict_opts[] = {
    {"N", "PARAMETERS", "sizes, with commas", OPT_NUMBERS, offsetof(PredictOpts, n), NULL, 0},
    {"D", "TOKENS", "training tokens, with commas", OPT_NUMBERS, offsetof(PredictOpts, d), NULL, 0},
    {"flops", "C", "in place of D (or of both, for a law in C), with commas", OPT_NUMBERS,
     offsetof(PredictOpts, flops), NULL, 0},
    {"grid", NULL, "every N with every D, also where there are as many of both", OPT_FLAG,
     offsetof(PredictOpts, grid), NULL, 0},
    {"unique", "U", "distinct tokens, for data_constrained (default D)", OPT_F64,
     offsetof(PredictOpts, unique), NULL, 0},
    {"run", "NAME", "what the law fitted without this run says of it", OPT_TEXT,
     offsetof(PredictOpts, run), NULL, 0},
    {0},
};

/* Everything that one call of the verb holds. */
typedef struct Work {
    const PredictOpts *o;
    Use use;
    AnswerNode *table;
    bool *is_out; /* runs left out; as many as all groups have */
    size_t n;     /* predictions made, the last of them: */
    const UseFit *fit;
    PredictedRun last;
} Work;

static ErrCode check(const PredictOpts *o, Err *err)
{
    bool has_point = o->n.n || o->d.n || o->flops.n || o->grid || !isnan(o->unique);
    if (o->run && has_point) {
        return err_set(err, ERR_USAGE,
                       "--run names what to predict: no --N, --D, --flops, --grid or --unique");
    }
    if (!o->run && (o->n.n == 0 || o->d.n == 0) && o->flops.n == 0) {
        (void)err_set(err, ERR_USAGE, "predict needs --N and --D, or --run NAME");
        return err_hint(err, "--flops C stands for --D, and for both of a law in C");
    }
    if (o->d.n && o->flops.n) {
        return err_set(err, ERR_USAGE, "--flops stands for --D: give one of them");
    }
    return o->unique <= 0.0 ? err_set(err, ERR_USAGE, "--unique must be above 0") : ERR_OK;
}

/* ---- points ---- */

static const OptNumbers *second_of(const PredictOpts *o)
{
    return o->flops.n ? &o->flops : &o->d;
}

/* As many of each go together, one goes with all, else all pairs. */
static bool is_zip(const PredictOpts *o)
{
    size_t n = o->n.n, m = second_of(o)->n;
    return n <= 1 || m <= 1 || (n == m && !o->grid);
}

static size_t count_points(const PredictOpts *o)
{
    size_t n = o->n.n, m = second_of(o)->n;
    return !is_zip(o) ? n * m : n > m ? n : m;
}

static double number_at(const OptNumbers *x, size_t i)
{
    return x->n == 0 ? (double)NAN : x->x[x->n == 1 ? 0 : i];
}

static PredictPoint point_at(const PredictOpts *o, size_t k)
{
    const OptNumbers *second = second_of(o);
    size_t i = is_zip(o) ? k : k / second->n, j = is_zip(o) ? k : k % second->n;
    return (PredictPoint){.n = number_at(&o->n, i),
                          .d = number_at(&o->d, j),
                          .c = number_at(&o->flops, j),
                          .u = o->unique};
}

static void add(Work *w, const UseFit *f, const PredictedRun *r)
{
    use_prediction(w->table, f, &r->last, w->o->run, w->o->run ? r : NULL);
    w->n++;
    w->fit = f;
    w->last = *r;
    w->use.is_far = w->use.is_far || r->last.is_far;
}

static ErrCode ask_point(void *work, UseFit *f, size_t k, Err *why)
{
    Work *w = work;
    PredictPoint point = point_at(w->o, k);
    PredictedRun r = {.n = 0};
    ErrCode rc = predict_at(&f->law, &point, &r.last, why);
    if (rc == ERR_OK) {
        add(w, f, &r);
    }
    return rc;
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

static ErrCode ask_run(void *work, UseFit *f, size_t k, Err *why)
{
    Work *w = work;
    FitOptions options = use_options(&w->use.run, f->form);
    PredictedRun r;
    (void)k;
    if (!mark_runs(f->group, w->o->run, w->is_out)) {
        return ERR_OK;
    }
    ErrCode rc = predict_run(&options, &f->group->data, w->is_out,
                             w->use.run.obs.convention == OBS_6ND, &f->rest, &f->law, &r, why);
    f->form = f->law.data ? f->law.fit.form : f->form;
    if (rc == ERR_OK) {
        add(w, f, &r);
    }
    return rc;
}

/* The run is in no group: ERR_INVALID where no row names its run, else ERR_NOTFOUND. */
static ErrCode find_run(Work *w, Err *err)
{
    const Obs *o = &w->use.run.obs;
    size_t n = 0;
    const char *near = NULL, *name = w->o->run;
    for (size_t g = 0; g < o->n_groups; g++) {
        n += o->group[g].data.n_runs;
    }
    w->is_out = calloc(n + 1, sizeof *w->is_out);
    if (!w->is_out) {
        return err_nomem(err, "runs");
    }
    for (size_t g = 0; g < o->n_groups; g++) {
        if (mark_runs(&o->group[g], name, w->is_out)) {
            return ERR_OK;
        }
        near = near ? near : nearest_name(name, o->group[g].run_name, o->group[g].data.n_runs);
    }
    if (n == 0) {
        (void)err_set(err, ERR_INVALID, "the source does not say which run a row is of");
        return err_hint(err, "name the column that does: --map run=COLUMN");
    }
    (void)err_set(err, ERR_NOTFOUND, "there is no run \"%s\" among the %zu that are selected", name,
                  n);
    return near ? err_hint(err, "did you mean \"%s\"?", near) : err->code;
}

static ErrCode run(Session *s, const void *opts, int argc, char *const argv[], Err *err)
{
    Work w = {.o = opts};
    Use *u = &w.use;
    ErrCode rc = ERR_OK;
    (void)argc;
    TRY(check(w.o, err));
    TRY(use_open(s, argv[0], predict_is_for, "that N, D and C decide", u, err));
    TRY(w.o->run ? find_run(&w, err) : use_fit(u, err));
    w.table = use_predictions(u->top, form_response_name(u->fit[0].form->response), u->has_laws,
                              w.o->run != NULL);
    TRY(use_ask(u, w.o->run ? 1 : count_points(w.o), w.o->run ? ask_run : ask_point, &w, err));
    if (w.n == 1) {
        use_prediction_sentence(u->lead, w.fit, &w.last.last, w.o->run, w.o->run ? &w.last : NULL);
    }
done:
    free(w.is_out);
    use_release(u);
    return rc;
}

const Command command_predict = {
    .name = "predict",
    .args = "SOURCE",
    .summary = "the loss at a given N and D, with intervals",
    .description =
        "Fits as `slaw fit` does and gives the law's value at every N and D: as many of both go "
        "together in pairs, one goes with all, else (or with --grid) every N with every D.\n\n"
        "Two intervals are given, both of 95 %: one of the law's value, one of the loss of a new "
        "run. How far a point lies beyond the data is said, too.\n\n"
        "--run NAME leaves that run out of the fit and sets what the others say beside what was "
        "measured.",
    COMMAND_OPTS(predict_opts, PredictOpts),
    .opts_default = &predict_default,
    .groups = {&group_rows, &group_law, &group_interval},
    .examples = {"slaw predict points.csv --N 1e9,7e9 --D 2e10,1.4e11",
                 "slaw predict runs/quickstart --run llama-330k"},
    .can_fail_part = true,
    .run = run,
};

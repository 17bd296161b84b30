#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/use_args.h"
#include "common/json.h"
#include "common/quantity.h"

typedef struct AllocateOpts {
    FitArgs fit;
    const char *flops, *at_loss, *n, *d, *at_n, *ratio, *inference, *unique, *format;
    bool approaches;
} AllocateOpts;

static const AllocateOpts allocate_default = {.fit = FIT_ARGS_DEFAULT, .format = "text"};

static const Opt allocate_opts[] = {
    {"flops", "C", "budgets, with commas: the best N and D", OPT_TEXT,
     offsetof(AllocateOpts, flops)},
    {"at-loss", "L", "losses, with commas: the least C that reaches each", OPT_TEXT,
     offsetof(AllocateOpts, at_loss)},
    {"N", "PARAMETERS", "sizes, with commas: the D and C for which each is best", OPT_TEXT,
     offsetof(AllocateOpts, n)},
    {"D", "TOKENS", "tokens, with commas: the N and C for which each is best", OPT_TEXT,
     offsetof(AllocateOpts, d)},
    {"at-N", "PARAMETERS", "with --flops or --at-loss: what these sizes cost against the best",
     OPT_TEXT, offsetof(AllocateOpts, at_n)},
    {"tokens-per-parameter", "R", "with --flops: what these ratios cost against the best", OPT_TEXT,
     offsetof(AllocateOpts, ratio)},
    {"inference-tokens", "T", "to be served: C then also pays 2 N T (default 0)", OPT_TEXT,
     offsetof(AllocateOpts, inference)},
    {"unique", "U", "distinct tokens that there are, for data_constrained (default no limit)",
     OPT_TEXT, offsetof(AllocateOpts, unique)},
    {"approaches", NULL, "envelope, isoFLOP and law beside each other", OPT_FLAG,
     offsetof(AllocateOpts, approaches)},
    {"format", "NAME", "text, markdown, latex, csv or json (default text)", OPT_TEXT,
     offsetof(AllocateOpts, format)},
    FIT_ARGS_OPTS(offsetof(AllocateOpts, fit)),
    {0},
};

typedef struct Asked {
    Question question;
    double x, y;
} Asked;

enum { MAX_ASKED = 4 * USE_MAX_NUMBERS };

typedef struct Work {
    FitRun run;
    UseFits fits;
    Budget *budget; /* [fits.n] */
    Asked asked[MAX_ASKED];
    size_t n_asked;
    UseNumbers flops;
    double inference, unique;
    UseAllocation *item;
    size_t n;
    UseApproaches *approaches;
    size_t n_approaches;
} Work;

static void work_release(Work *w)
{
    free(w->item);
    free(w->approaches);
    free(w->budget);
    use_fits_release(&w->fits);
    fit_run_release(&w->run);
}

static ErrCode ask(Work *w, Question q, const UseNumbers *x, const UseNumbers *y, Err *err)
{
    for (size_t i = 0; i < x->n; i++) {
        for (size_t k = 0; k < (y ? y->n : 1); k++) {
            if (w->n_asked == MAX_ASKED) {
                return err_set(err, ERR_USAGE, "more than %d questions at once", MAX_ASKED);
            }
            w->asked[w->n_asked++] = (Asked){q, x->x[i], y ? y->x[k] : 0.0};
        }
    }
    return ERR_OK;
}

static ErrCode one_number(const char *option, const char *text, double otherwise, double *ret,
                          Err *err)
{
    UseNumbers x;
    *ret = otherwise;
    if (text && strcmp(text, "0") == 0) {
        *ret = 0.0;
        return ERR_OK;
    }
    ErrCode rc = use_numbers(option, text, &x, err);
    if (rc == ERR_OK && x.n > 1) {
        return err_set(err, ERR_USAGE, "--%s takes one number", option);
    }
    *ret = rc == ERR_OK && x.n == 1 ? x.x[0] : otherwise;
    return rc;
}

/* What the options ask, in the order of the options. */
static ErrCode make_questions(const AllocateOpts *o, const char *at_loss, Work *w, Err *err)
{
    UseNumbers loss, n, d, at_n, ratio;
    ErrCode rc = ERR_OK;
    TRY(use_numbers("flops", o->flops, &w->flops, err));
    TRY(use_numbers("at-loss", at_loss, &loss, err));
    TRY(use_numbers("N", o->n, &n, err));
    TRY(use_numbers("D", o->d, &d, err));
    TRY(use_numbers("at-N", o->at_n, &at_n, err));
    TRY(use_numbers("tokens-per-parameter", o->ratio, &ratio, err));
    TRY(one_number("inference-tokens", o->inference, 0.0, &w->inference, err));
    TRY(one_number("unique", o->unique, (double)INFINITY, &w->unique, err));
    if ((at_n.n && !w->flops.n && !loss.n) || (ratio.n && !w->flops.n)) {
        return err_set(err, ERR_USAGE, "--%s needs %s", at_n.n ? "at-N" : "tokens-per-parameter",
                       at_n.n ? "--flops or --at-loss" : "--flops");
    }
    TRY(ask(w, ASK_FLOPS, &w->flops, NULL, err));
    TRY(ask(w, ASK_LOSS, &loss, NULL, err));
    TRY(ask(w, ASK_SIZE, &n, NULL, err));
    TRY(ask(w, ASK_TOKENS, &d, NULL, err));
    TRY(ask(w, ASK_SIZE_FLOPS, &at_n, &w->flops, err));
    TRY(ask(w, ASK_SIZE_LOSS, &at_n, &loss, err));
    TRY(ask(w, ASK_RATIO, &ratio, &w->flops, err));
    if (w->n_asked == 0 && !o->approaches) {
        (void)err_set(err, ERR_USAGE, "allocate needs a question");
        return err_hint(err, "--flops C, --at-loss L, --N, --D, or --approaches");
    }
done:
    return rc;
}

/* C as the source has it; refused when that cannot be read off. */
static void make_budget(const Work *w, size_t i)
{
    UseFit *f = &w->fits.fit[i];
    Budget *b = &w->budget[i];
    *b = (Budget){.flops = f->law.flops, .inference = w->inference, .unique = w->unique};
    if (f->is_refused || f->law.has_flops) {
        return;
    }
    Err why = ERR_INIT;
    (void)flop_model_fit(&f->group->data, &b->flops, &why);
    (void)err_hint(&why, "--convention 6nd takes C = 6 N D");
    f->refusal = why;
    law_release(&f->law);
    f->is_refused = true;
}

static ErrCode answer_all(const AllocateOpts *o, Work *w, Err *err)
{
    w->item = calloc(w->fits.n * w->n_asked + 1, sizeof *w->item);
    if (!w->item) {
        return err_nomem(err, "allocations");
    }
    for (size_t i = 0; i < w->fits.n; i++) {
        const UseFit *f = &w->fits.fit[i];
        for (size_t k = 0; k < w->n_asked && !f->is_refused; k++) {
            UseAllocation *a = &w->item[w->n++];
            const Asked *q = &w->asked[k];
            *a = (UseAllocation){.fit = f, .refusal = ERR_INIT, .budget = &w->budget[i]};
            ErrCode rc = allocate_ask(&f->law, a->budget, q->question, q->x, q->y,
                                      (size_t)o->fit.threads, &a->answer, &a->refusal);
            a->is_refused = rc != ERR_OK;
            if (rc == ERR_NOMEM) {
                *err = a->refusal;
                return rc;
            }
        }
    }
    return ERR_OK;
}

static ErrCode compare_approaches(const AllocateOpts *o, Work *w, Err *err)
{
    ApproachOptions options = {.window = w->run.plan.isoflop_window,
                               .bootstrap = (size_t)o->fit.bootstrap,
                               .threads = (size_t)o->fit.threads,
                               .seed = (uint64_t)o->fit.seed};
    for (; options.n_at < w->flops.n && options.n_at < APPROACH_MAX_AT; options.n_at++) {
        options.at[options.n_at] = w->flops.x[options.n_at];
    }
    w->approaches = calloc(w->fits.n + 1, sizeof *w->approaches);
    if (!w->approaches) {
        return err_nomem(err, "approaches");
    }
    for (size_t i = 0; i < w->fits.n; i++) {
        UseFit *f = &w->fits.fit[i];
        UseApproaches *a = &w->approaches[w->n_approaches++];
        *a = (UseApproaches){.fit = f, .refusal = ERR_INIT};
        ErrCode rc = approaches_run(f->is_refused ? NULL : &f->law, &f->refusal, &f->group->data,
                                    &w->budget[i], &options, &a->all, &a->refusal);
        a->is_refused = rc != ERR_OK;
        if (rc == ERR_NOMEM) {
            *err = a->refusal;
            return rc;
        }
    }
    return ERR_OK;
}

/* ---- output ---- */

static json_t *result_json(const AllocateOpts *o, const Work *w, Err *err)
{
    json_t *obj = use_head_json(&w->run, err);
    if (!obj) {
        return NULL;
    }
    json_t *list = json_array(), *fits = json_array(), *refused = json_array();
    for (size_t i = 0; i < w->fits.n; i++) {
        const UseFit *f = &w->fits.fit[i];
        (void)json_array_append_new(f->is_refused ? refused : fits,
                                    f->is_refused ? use_refusal_json(f, &f->refusal)
                                                  : use_fit_json(f));
    }
    for (size_t i = 0; i < w->n; i++) {
        const UseAllocation *a = &w->item[i];
        (void)json_array_append_new(a->is_refused ? refused : list,
                                    a->is_refused ? use_refusal_json(a->fit, &a->refusal)
                                                  : use_allocation_json(a));
    }
    (void)json_object_set_new(obj, "allocations", list);
    if (o->approaches) {
        json_t *approaches = json_array();
        for (size_t i = 0; i < w->n_approaches; i++) {
            const UseApproaches *a = &w->approaches[i];
            (void)json_array_append_new(a->is_refused ? refused : approaches,
                                        a->is_refused ? use_refusal_json(a->fit, &a->refusal)
                                                      : use_approaches_json(a));
        }
        (void)json_object_set_new(obj, "approaches", approaches);
    }
    (void)json_object_set_new(obj, "fits", fits);
    (void)json_object_set_new(obj, "refused", refused);
    return obj;
}

static void say_refused(Session *s, const Work *w)
{
    for (size_t i = 0; i < w->fits.n; i++) {
        if (w->fits.fit[i].is_refused) {
            use_say_refused(s, &w->fits.fit[i], &w->fits.fit[i].refusal);
        }
    }
    for (size_t i = 0; i < w->n; i++) {
        if (w->item[i].is_refused) {
            use_say_refused(s, w->item[i].fit, &w->item[i].refusal);
        }
    }
    for (size_t i = 0; i < w->n_approaches; i++) {
        if (w->approaches[i].is_refused) {
            use_say_refused(s, w->approaches[i].fit, &w->approaches[i].refusal);
        }
    }
}

static void flops_text(const Work *w, Buf *out)
{
    for (size_t i = 0; i < w->fits.n; i++) {
        const FlopModel *f = &w->budget[i].flops;
        char text[FLOP_TEXT_BYTES];
        if (w->fits.fit[i].is_refused) {
            continue;
        }
        flop_model_text(f, text);
        buf_printf(out, "  FLOP      %s: %s a training token (%s", w->fits.fit[i].group->name, text,
                   obs_convention_name(w->run.obs.convention));
        if (f->sizes > 0 && f->misfit > 1e-6) {
            buf_printf(out, "; within %.2g %% of the %zu sizes of the data", 100.0 * f->misfit,
                       f->sizes);
        }
        buf_puts(out, ")\n");
    }
}

static ErrCode print(const Session *s, const AllocateOpts *o, const Work *w, TableFormat format,
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
    ErrCode rc = use_allocations_table(w->item, w->n, format, out, err);
    if (rc == ERR_OK && o->approaches) {
        buf_puts(out, w->n > 0 ? "\n" : "");
        rc = use_approaches_table(w->approaches, w->n_approaches, format, out, err);
    }
    if (rc == ERR_OK && format == TABLE_TEXT) {
        flops_text(w, out);
        for (size_t i = 0; i < w->fits.n; i++) {
            use_fit_warnings(&w->fits.fit[i], out);
        }
    }
    return rc == ERR_OK ? buf_ok(out, err) : rc;
}

static ErrCode run(Session *s, const void *opts, int argc, char *const argv[], Err *err)
{
    AllocateOpts o = *(const AllocateOpts *)opts;
    Work *w = calloc(1, sizeof *w);
    Buf out = BUF_INIT;
    TableFormat format;
    double number;
    ErrCode rc = ERR_OK;
    (void)argc;
    if (!w) {
        return err_nomem(err, "allocate");
    }
    /* a number is no kind of loss: --loss 2.0 asks what reaches it */
    bool is_target = o.fit.loss && quantity_parse(o.fit.loss, QUANTITY_COUNT, &number);
    const char *at_loss = is_target ? o.fit.loss : o.at_loss;
    o.fit.loss = is_target ? NULL : o.fit.loss;
    if (is_target && o.at_loss) {
        rc = err_set(err, ERR_USAGE, "--loss %s and --at-loss both name a loss to reach", at_loss);
        goto done;
    }
    TRY(table_format_parse(o.format, &format, err));
    TRY(make_questions(&o, at_loss, w, err));
    TRY(fit_args_open(s, &o.fit, argv[0], &w->run, err));
    TRY(use_fits_open(&o.fit, &w->run, best_is_for, "of the loss in N and D", &w->fits, err));
    w->budget = calloc(w->fits.n + 1, sizeof *w->budget);
    if (!w->budget) {
        rc = err_nomem(err, "budgets");
        goto done;
    }
    for (size_t i = 0; i < w->fits.n; i++) {
        make_budget(w, i);
    }
    TRY(answer_all(&o, w, err));
    if (o.approaches) {
        TRY(compare_approaches(&o, w, err));
    }
    TRY(print(s, &o, w, format, &out, err));
    (void)fputs(buf_str(&out), stdout);
    say_refused(s, w);
done:
    buf_release(&out);
    work_release(w);
    free(w);
    return rc;
}

const Command command_allocate = {
    .name = "allocate",
    .args = "SOURCE",
    .summary = "the best N and D for a compute budget, and what other choices cost",
    .description =
        "Fits as `slaw fit` does.  --flops C gives the best N and D for C; --at-loss L the least "
        "C\n"
        "for L; --N and --D the C for which they are best; --at-N and --tokens-per-parameter what "
        "another\nchoice costs.  C is under --convention: 6nd is 6 N D; under any other the FLOP a "
        "token costs at\neach N are read off the source.  --approaches sets envelope, isoFLOP and "
        "law beside each other.",
    .opts = allocate_opts,
    .opts_size = sizeof(AllocateOpts),
    .opts_default = &allocate_default,
    .min_args = 1,
    .max_args = 1,
    .run = run,
};

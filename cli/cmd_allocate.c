#include <math.h>
#include <stdlib.h>

#include "analysis/report/fit_answer.h"
#include "cli/use_args.h"
#include "common/exit_code.h"
#include "common/quantity.h"

typedef struct AllocateOpts {
    OptNumbers flops, at_loss, n, d, at_n, ratio;
    double inference, unique;
    bool approaches;
} AllocateOpts;

static const AllocateOpts allocate_default = {.unique = (double)INFINITY};

static const Opt allocate_opts[] = {
    {"flops", "C", "budgets, with commas: the best N and D", OPT_NUMBERS,
     offsetof(AllocateOpts, flops), NULL, 0},
    {"at-loss", "L", "losses, with commas: the least C that reaches each (as --loss L)",
     OPT_NUMBERS, offsetof(AllocateOpts, at_loss), NULL, 0},
    {"N", "PARAMETERS", "sizes, with commas: the D and C for which each is best", OPT_NUMBERS,
     offsetof(AllocateOpts, n), NULL, 0},
    {"D", "TOKENS", "tokens, with commas: the N and C for which each is best", OPT_NUMBERS,
     offsetof(AllocateOpts, d), NULL, 0},
    {"at-N", "PARAMETERS", "with --flops or --at-loss: what these sizes cost against the best",
     OPT_NUMBERS, offsetof(AllocateOpts, at_n), NULL, 0},
    {"tokens-per-parameter", "R", "with --flops: what these ratios cost against the best",
     OPT_NUMBERS, offsetof(AllocateOpts, ratio), NULL, 0},
    {"inference-tokens", "T", "to be served: C then also pays 2 N T (default 0)", OPT_F64,
     offsetof(AllocateOpts, inference), NULL, 0},
    {"unique", "U", "distinct tokens that there are, for data_constrained (default no limit)",
     OPT_F64, offsetof(AllocateOpts, unique), NULL, 0},
    {"approaches", NULL, "envelope, isoFLOP and law beside each other", OPT_FLAG,
     offsetof(AllocateOpts, approaches), NULL, 0},
    {0},
};

typedef struct Asked {
    Question question;
    double x, y;
} Asked;

enum { MAX_ASKED = 4 * OPT_MAX_NUMBERS };

typedef struct Work {
    const AllocateOpts *o;
    Use use;
    Budget *budget; /* of each fit */
    Asked asked[MAX_ASKED];
    size_t n_asked;
    AnswerNode *table;
    bool has_costs, is_mixed; /* other choices are asked about; several kinds of question are */
    struct {
        size_t n; /* answers given, the last of them: */
        const UseFit *fit;
        Allocation last;
    } given[2]; /* of the best choice, of others */
} Work;

static ErrCode add_questions(Work *w, Question q, const OptNumbers *x, const OptNumbers *y,
                             Err *err)
{
    for (size_t i = 0; i < x->n; i++) {
        for (size_t k = 0; k < (y ? y->n : 1); k++) {
            if (w->n_asked == MAX_ASKED) {
                return err_set(err, ERR_USAGE, "more than %d questions at once", MAX_ASKED);
            }
            w->has_costs = w->has_costs || y;
            w->is_mixed = w->is_mixed || (w->n_asked && w->asked[0].question != q);
            w->asked[w->n_asked++] = (Asked){q, x->x[i], y ? y->x[k] : 0.0};
        }
    }
    return ERR_OK;
}

/* What the options ask, in the order of the options. */
static ErrCode make_questions(Work *w, Err *err)
{
    const AllocateOpts *o = w->o;
    ErrCode rc = ERR_OK;
    if ((o->at_n.n && !o->flops.n && !o->at_loss.n) || (o->ratio.n && !o->flops.n)) {
        bool is_size = o->at_n.n && !o->flops.n && !o->at_loss.n;
        return err_set(err, ERR_USAGE, "--%s needs %s", is_size ? "at-N" : "tokens-per-parameter",
                       is_size ? "--flops or --at-loss" : "--flops");
    }
    if (o->inference < 0.0 || o->unique <= 0.0) {
        return err_set(err, ERR_USAGE, "--inference-tokens must not be below 0, --unique above it");
    }
    TRY(add_questions(w, ASK_FLOPS, &o->flops, NULL, err));
    TRY(add_questions(w, ASK_LOSS, &o->at_loss, NULL, err));
    TRY(add_questions(w, ASK_SIZE, &o->n, NULL, err));
    TRY(add_questions(w, ASK_TOKENS, &o->d, NULL, err));
    TRY(add_questions(w, ASK_SIZE_FLOPS, &o->at_n, &o->flops, err));
    TRY(add_questions(w, ASK_SIZE_LOSS, &o->at_n, &o->at_loss, err));
    TRY(add_questions(w, ASK_RATIO, &o->ratio, &o->flops, err));
    if (w->n_asked == 0 && !o->approaches) {
        (void)err_set(err, ERR_USAGE, "allocate needs a question");
        return err_hint(err, "--flops C, --at-loss L, --N, --D, or --approaches");
    }
done:
    return rc;
}

/* A number is no kind of loss: --loss 2.0 asks what reaches it. */
static ErrCode take_loss(Session *s, AllocateOpts *o, Err *err)
{
    double x;
    if (!s->fit.loss || !quantity_parse(s->fit.loss, QUANTITY_COUNT, &x)) {
        return ERR_OK;
    }
    if (o->at_loss.n) {
        return err_set(err, ERR_USAGE, "--loss %s and --at-loss both name a loss to reach",
                       s->fit.loss);
    }
    if (!(x > 0.0)) {
        return err_set(err, ERR_USAGE, "a loss to reach must be above 0, not %s", s->fit.loss);
    }
    o->at_loss = (OptNumbers){.x = {x}, .n = 1};
    s->fit.loss = NULL;
    return ERR_OK;
}

/* C as the source has it; refused when that cannot be read off. */
static void make_budget(const Work *w, UseFit *f, Budget *b)
{
    *b = (Budget){.flops = f->law.flops, .inference = w->o->inference, .unique = w->o->unique};
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

static ErrCode make_budgets(Work *w, Err *err)
{
    Use *u = &w->use;
    w->budget = calloc(u->n, sizeof *w->budget);
    if (!w->budget) {
        return err_nomem(err, "budgets");
    }
    for (size_t i = 0; i < u->n; i++) {
        make_budget(w, &u->fit[i], &w->budget[i]);
    }
    return ERR_OK;
}

static ErrCode ask(void *work, UseFit *f, size_t k, Err *why)
{
    Work *w = work;
    const Budget *b = &w->budget[f - w->use.fit];
    const Asked *q = &w->asked[k];
    Allocation a;
    ErrCode rc =
        allocate_ask(&f->law, b, q->question, q->x, q->y, (size_t)w->use.s->fit.threads, &a, why);
    if (rc == ERR_OK) {
        use_allocation(w->table, f, b, &a, w->has_costs);
        bool is_cost = a.question >= ASK_SIZE_FLOPS;
        w->given[is_cost].n++;
        w->given[is_cost].fit = f;
        w->given[is_cost].last = a;
        w->use.is_far = w->use.is_far || a.is_far;
    }
    return rc;
}

static ErrCode compare_approaches(const Work *w, Err *err)
{
    const Use *u = &w->use;
    const FitArgs *fit = &u->s->fit;
    ApproachOptions options = {.window = u->run.plan.isoflop_window,
                               .bootstrap = (size_t)fit->bootstrap,
                               .threads = (size_t)fit->threads,
                               .seed = (uint64_t)fit->seed};
    for (; options.n_at < w->o->flops.n && options.n_at < APPROACH_MAX_AT; options.n_at++) {
        options.at[options.n_at] = w->o->flops.x[options.n_at];
    }
    const UseApproaches to = use_approaches(u->top);
    for (size_t i = 0; i < u->n; i++) {
        const UseFit *f = &u->fit[i];
        Approaches all;
        ErrCode rc = approaches_run(f->is_refused ? NULL : &f->law, &f->refusal, &f->group->data,
                                    &w->budget[i], &options, &all, err);
        if (rc == ERR_NOMEM) {
            return rc;
        }
        if (rc == ERR_OK) {
            use_approach(&to, f, &all);
        } else {
            (void)refusal_answer(to.list, f->group->name, "law", f->form->name, err);
            u->s->exit_status = EXIT_SOME_FAILED;
        }
    }
    return ERR_OK;
}

/* Of each group once: its laws have the same rows. */
static void say_costs(const Work *w)
{
    const Use *u = &w->use;
    for (size_t i = 0; i < u->run.obs.n_groups && i < u->n; i++) {
        if (!u->fit[i].is_refused) {
            use_cost_answer(u->top, &u->fit[i], u->run.obs.n_groups == 1,
                            obs_convention_name(u->run.obs.convention));
        }
    }
}

static ErrCode answer(Work *w, const char *source, Err *err)
{
    Use *u = &w->use;
    ErrCode rc = ERR_OK;
    TRY(use_open(u->s, source, best_is_for, "of the loss in N and D", u, err));
    TRY(use_fit(u, err));
    TRY(make_budgets(w, err));
    w->table = use_allocations(u->top, u->has_laws, w->has_costs, w->is_mixed);
    if (w->o->approaches) {
        TRY(compare_approaches(w, err));
    }
    say_costs(w);
    TRY(use_ask(u, w->n_asked, ask, w, err));
    for (size_t i = 0; i < 2; i++) {
        if (w->given[i].n == 1) {
            use_allocation_sentence(u->lead, w->given[i].fit, &w->given[i].last);
        }
    }
done:
    return rc;
}

static ErrCode run(Session *s, const void *opts, int argc, char *const argv[], Err *err)
{
    AllocateOpts o = *(const AllocateOpts *)opts;
    Work *w = calloc(1, sizeof *w);
    ErrCode rc = ERR_OK;
    (void)argc;
    if (!w) {
        return err_nomem(err, "allocate");
    }
    w->o = &o;
    w->use.s = s;
    TRY(take_loss(s, &o, err));
    TRY(make_questions(w, err));
    s->opts = &o; /* with the loss that was asked for */
    rc = answer(w, argv[0], err);
    s->opts = opts;
done:
    use_release(&w->use);
    free(w->budget);
    free(w);
    return rc;
}

const Command command_allocate = {
    .name = "allocate",
    .args = "SOURCE",
    .summary = "the best N and D for a compute budget, and what other choices cost",
    .description =
        "Fits as `slaw fit` does. --flops C gives the best N and D for C; --at-loss L the least C "
        "for L; --N and --D the C for which they are best; --at-N and --tokens-per-parameter what "
        "another choice costs.\n\n"
        "C is under --convention: 6nd is 6 N D; under any other the FLOP that a token costs at "
        "each N are read off the source. --approaches sets envelope, isoFLOP and law beside each "
        "other.",
    COMMAND_OPTS(allocate_opts, AllocateOpts),
    .opts_default = &allocate_default,
    .groups = {&group_rows, &group_law, &group_interval, &group_isoflop},
    .without = "isoflop",
    .examples = {"slaw allocate points.csv --flops 1e21,5.76e23 --convention 6nd",
                 "slaw allocate runs/quickstart --flops 1e14 --approaches"},
    .can_fail_part = true,
    .run = run,
};

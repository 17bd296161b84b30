#include "analysis/use/allocate.h"

#include <math.h>
#include <stdlib.h>

#include "analysis/fit/parallel.h"
#include "analysis/use/predict.h"

const char *answer_part_name(AnswerPart p)
{
    static const char *const name[ANSWER_PARTS] = {
        [ANSWER_C] = "C",
        [ANSWER_N] = "N",
        [ANSWER_D] = "D",
        [ANSWER_LOSS] = "loss",
        [ANSWER_RATIO] = "tokens_per_parameter",
        [ANSWER_TRAIN] = "C_train",
        [ANSWER_PENALTY] = "penalty",
        [ANSWER_BEST_LOSS] = "best_loss",
        [ANSWER_BEST_C] = "best_C",
        [ANSWER_FACTOR] = "compute_factor",
        [ANSWER_BEST_N] = "best_N",
    };
    return name[p];
}

static void fill(const Curve *k, double c, const Best *b, double *v)
{
    for (size_t i = 0; i < ANSWER_PARTS; i++) {
        v[i] = (double)NAN;
    }
    v[ANSWER_C] = c;
    v[ANSWER_N] = b->n;
    v[ANSWER_D] = b->d;
    v[ANSWER_LOSS] = b->loss;
    v[ANSWER_RATIO] = b->d / b->n;
    v[ANSWER_TRAIN] = flop_per_token(&k->budget->flops, b->n) * b->d;
}

/* N and D against the best for what they cost, and for what they reach. */
static ErrCode weigh(const Curve *k, double n, double d, double *v, double *ret_step, Err *err)
{
    double c = best_cost(k->budget, n, d), least_c;
    Best own = {.n = n, .d = d, .loss = best_loss_at(k, n, d)}, best, cheap;
    if (!(own.loss < 1e299)) {
        return err_set(err, ERR_NUMERIC, "%s has no finite loss at N = %.3g, D = %.3g",
                       k->form->name, n, d);
    }
    fill(k, c, &own, v);
    ErrCode rc = best_for_flops(k, c, &best, err);
    if (rc == ERR_OK) {
        rc = best_for_loss(k, own.loss, &least_c, &cheap, err);
    }
    if (rc == ERR_OK) {
        v[ANSWER_BEST_LOSS] = best.loss;
        v[ANSWER_PENALTY] = fmax(0.0, own.loss - best.loss);
        v[ANSWER_BEST_C] = least_c;
        v[ANSWER_FACTOR] = fmax(1.0, c / least_c);
        v[ANSWER_BEST_N] = best.n;
        *ret_step = best.step;
    }
    return rc;
}

/* v [ANSWER_PARTS] of one set of parameters. */
static ErrCode answer_one(const Curve *k, Question q, double x, double y, double *v,
                          double *ret_step, Err *err)
{
    Best best = {0};
    double c = x, n = x, d = 0.0;
    ErrCode rc = ERR_OK;
    switch (q) {
    case ASK_FLOPS:
        TRY(best_for_flops(k, c, &best, err));
        break;
    case ASK_LOSS:
        TRY(best_for_loss(k, x, &c, &best, err));
        best.loss = x; /* to the last bit */
        break;
    case ASK_SIZE:
        TRY(best_for_size(k, x, &c, &best, err));
        break;
    case ASK_TOKENS:
        TRY(best_for_tokens(k, x, &c, &best, err));
        break;
    case ASK_SIZE_LOSS:
        TRY(best_tokens_to_reach(k, x, y, &d, err));
        TRY(weigh(k, n, d, v, ret_step, err));
        v[ANSWER_LOSS] = y;
        return ERR_OK;
    case ASK_RATIO:
        TRY(best_size_of_ratio(k, y, x, &n, err));
        return weigh(k, n, best_tokens(k->budget, y, n), v, ret_step, err);
    case ASK_SIZE_FLOPS:
        d = best_tokens(k->budget, y, n);
        if (!(y > 0.0) || !(n > 0.0) || !(d > 0.0) || !isfinite(d)) {
            return err_set(err, ERR_INVALID, "C = %.3g leaves no tokens to train N = %.3g", y, n);
        }
        return weigh(k, n, d, v, ret_step, err);
    }
    fill(k, c, &best, v);
    *ret_step = best.step;
done:
    return rc;
}

typedef struct Ask {
    const Law *l;
    const Budget *b;
    Question q;
    double x, y;
    double *value; /* [ANSWER_PARTS, draws] */
} Ask;

/* What a replicate says that never reaches the loss asked for: the cost is beyond every number, and
 * what depends on how much was spent is nowhere. */
static void fill_missing(const Ask *a, const Curve *k, double *v)
{
    static const AnswerPart cost[] = {ANSWER_C, ANSWER_D, ANSWER_TRAIN};
    Err ignored = ERR_INIT;
    Best best;
    double c;
    for (size_t p = 0; p < ANSWER_PARTS; p++) {
        v[p] = (double)NAN;
    }
    for (size_t i = 0; i < 3 && (a->q == ASK_LOSS || a->q == ASK_SIZE_LOSS); i++) {
        v[cost[i]] = (double)INFINITY;
    }
    if (a->q == ASK_LOSS) {
        v[ANSWER_N] = (double)INFINITY;
    } else if (a->q == ASK_SIZE_LOSS) {
        v[ANSWER_RATIO] = v[ANSWER_FACTOR] = (double)INFINITY;
        v[ANSWER_BEST_C] =
            best_for_loss(k, a->y, &c, &best, &ignored) == ERR_OK ? c : (double)INFINITY;
    }
}

/* Of a loss asked for some replicates never reach, only the costs have an interval. */
static bool is_conditional(const Allocation *r, size_t part)
{
    bool is_cost = isnan(r->value[part]) || part <= ANSWER_D || part == ANSWER_TRAIN ||
                   part == ANSWER_LOSS ||
                   (r->question == ASK_SIZE_LOSS &&
                    (part == ANSWER_RATIO || part == ANSWER_FACTOR || part == ANSWER_BEST_C));
    return r->n_without > 0 && !is_cost;
}

static void ask_draw(void *ctx, size_t worker, size_t item)
{
    const Ask *a = ctx;
    size_t n = a->l->draws.n;
    const double *params = fit_draw(&a->l->draws, item);
    Curve k = {.form = a->l->fit.form, .params = params, .budget = a->b};
    double v[ANSWER_PARTS] = {0.0}, step;
    Err ignored = ERR_INIT;
    (void)worker;
    bool is_fit = isfinite(params[0]);
    bool is_good = is_fit && answer_one(&k, a->q, a->x, a->y, v, &step, &ignored) == ERR_OK;
    if (is_fit && !is_good) {
        fill_missing(a, &k, v);
    }
    for (size_t p = 0; p < ANSWER_PARTS; p++) {
        a->value[p * n + item] = is_fit ? v[p] : (double)NAN;
    }
}

static void count_missing(const Ask *a, Allocation *r)
{
    size_t n = a->l->draws.n;
    for (size_t i = 0; i < n; i++) {
        if (isfinite(fit_draw(&a->l->draws, i)[0])) {
            r->n_draws++;
            r->n_without += isfinite(a->value[ANSWER_LOSS * n + i]) ? 0 : 1;
        }
    }
}

static void place(const Law *l, Allocation *r)
{
    double n = r->value[ANSWER_N], d = r->value[ANSWER_D], room = 1.0 + 1e-9;
    r->is_outside_n = n > l->n.hi * room || n < l->n.lo / room;
    r->is_outside_d = d > l->d.hi * room || d < l->d.lo / room;
    r->is_far = n > PREDICT_FAR * l->n.hi || n < l->n.lo / PREDICT_FAR ||
                d > PREDICT_FAR * l->d.hi || d < l->d.lo / PREDICT_FAR;
}

ErrCode allocate_ask(const Law *l, const Budget *b, Question q, double x, double y, size_t threads,
                     Allocation *ret, Err *err)
{
    Allocation r = {.question = q, .x = x, .y = y};
    double own[FORM_MAX_PARAMS];
    size_t n = l->draws.n;
    Curve k = {.form = l->fit.form, .params = law_params(l, n, own), .budget = b};
    if (!best_is_for(k.form)) {
        return err_set(err, ERR_INVALID, "%s is no law of the loss in N and D", k.form->name);
    }
    ErrCode rc = answer_one(&k, q, x, y, r.value, &r.step, err);
    if (rc != ERR_OK) {
        return rc;
    }
    Ask a = {l, b, q, x, y, calloc(n * ANSWER_PARTS + 1, sizeof(double))};
    if (!a.value) {
        return err_nomem(err, "allocation");
    }
    parallel_for(threads, n, ask_draw, &a);
    count_missing(&a, &r);
    for (size_t p = 0; rc == ERR_OK && p < ANSWER_PARTS; p++) {
        if (is_conditional(&r, p)) {
            r.interval[p] = (FitInterval){(double)NAN, (double)NAN, (double)NAN};
        } else {
            rc = law_interval(l, a.value + p * n, &r.interval[p], err);
        }
    }
    free(a.value);
    place(l, &r);
    if (rc == ERR_OK) {
        *ret = r;
    }
    return rc;
}

#include "analysis/use/best.h"

#include <gsl/gsl_errno.h>
#include <gsl/gsl_min.h>
#include <gsl/gsl_roots.h>
#include <math.h>

/* Step of the differences in ln N: their error h^4/30 d5L and their rounding eps L/h are both near
 * 1e-13 for exponents up to 0.7. */
#define STEP   5e-3
/* Where a C or D is looked for [decades from 1]. */
#define MAX_LN (60.0 * 2.302585092994046)
#define MIN_LN (-10.0 * 2.302585092994046)

enum { MAX_STEPS = 400, MAX_ITERATIONS = 200 };

bool best_is_for(const Form *f)
{
    bool has_n = false, has_d = false, has_other = false;
    for (size_t k = 0; k < f->n_inputs; k++) {
        has_n = has_n || f->input[k] == FORM_N;
        has_d = has_d || f->input[k] == FORM_D;
        has_other =
            has_other || (f->input[k] != FORM_N && f->input[k] != FORM_D && f->input[k] != FORM_U);
    }
    return f->response == FORM_LOSS && has_n && has_d && !has_other;
}

double best_tokens(const Budget *b, double c, double n)
{
    double serve = b->inference > 0.0 ? 2.0 * n * b->inference : 0.0;
    return (c - serve) / flop_per_token(&b->flops, n);
}

double best_cost(const Budget *b, double n, double d)
{
    double serve = b->inference > 0.0 ? 2.0 * n * b->inference : 0.0;
    return flop_per_token(&b->flops, n) * d + serve;
}

double best_loss_at(const Curve *k, double n, double d)
{
    double inputs[FORM_MAX_INPUTS] = {0.0};
    for (size_t i = 0; i < k->form->n_inputs; i++) {
        double x = k->form->input[i] == FORM_N   ? n
                   : k->form->input[i] == FORM_D ? d
                                                 : fmin(d, k->budget->unique);
        inputs[i] = x / (k->form->input_unit[i] > 0.0 ? k->form->input_unit[i] : 1.0);
    }
    double loss = d > 0.0 && n > 0.0 ? form_loss(k->form, k->params, inputs) : (double)NAN;
    return isfinite(loss) ? loss : 1e300;
}

/* ---- along a budget ---- */

typedef struct Along {
    const Curve *k;
    double c;
    double (*of)(const struct Along *a, double x); /* what the root finder is to bring to 0 */
    double want, other;
} Along;

static double loss_along(double ln_n, void *ctx)
{
    const Along *a = ctx;
    double n = exp(ln_n);
    return best_loss_at(a->k, n, best_tokens(a->k->budget, a->c, n));
}

/* First and second derivative by five points. */
static double slope_along(const Along *a, double x, double *ret_curve)
{
    Along copy = *a;
    double h = STEP, m2 = loss_along(x - 2.0 * h, &copy), m1 = loss_along(x - h, &copy);
    double p1 = loss_along(x + h, &copy), p2 = loss_along(x + 2.0 * h, &copy);
    if (ret_curve) {
        double mid = loss_along(x, &copy);
        *ret_curve = (-m2 + 16.0 * m1 - 30.0 * mid + 16.0 * p1 - p2) / (12.0 * h * h);
    }
    return (m2 - 8.0 * m1 + 8.0 * p1 - p2) / (12.0 * h);
}

static double slope_zero(const Along *a, double x)
{
    return slope_along(a, x, NULL);
}

static double call_of(double x, void *ctx)
{
    const Along *a = ctx;
    return a->of(a, x);
}

/* The root of a->of between lo and hi, where it has two signs. */
static bool root_between(Along *a, double lo, double hi, double *ret)
{
    gsl_function f = {.function = call_of, .params = a};
    gsl_root_fsolver *s = gsl_root_fsolver_alloc(gsl_root_fsolver_brent);
    bool is_good = s && gsl_root_fsolver_set(s, &f, lo, hi) == GSL_SUCCESS;
    for (int i = 0; is_good && i < MAX_ITERATIONS; i++) {
        is_good = gsl_root_fsolver_iterate(s) == GSL_SUCCESS;
        double a0 = is_good ? gsl_root_fsolver_x_lower(s) : 0.0;
        double a1 = is_good ? gsl_root_fsolver_x_upper(s) : 0.0;
        if (is_good && a1 - a0 <= 1e-15 * fmax(1.0, fabs(a0))) {
            break;
        }
    }
    *ret = is_good ? gsl_root_fsolver_root(s) : (double)NAN;
    gsl_root_fsolver_free(s);
    return is_good && isfinite(*ret);
}

/* A place in ln N, the two beside it, and their losses. */
typedef struct Trio {
    double lo, mid, hi, below, at, above;
} Trio;

/* Downhill by `step`; where C pays for nothing (1e300 on all sides) towards small N. */
static void move(Along *a, double step, Trio *t)
{
    bool is_up = t->above < 1e299 && t->above <= t->at && t->above < t->below;
    if (is_up) {
        *t = (Trio){t->mid, t->hi, t->hi + step, t->at, t->above, 0.0};
        t->above = loss_along(t->hi, a);
    } else {
        *t = (Trio){t->lo - step, t->lo, t->mid, 0.0, t->below, t->at};
        t->below = loss_along(t->lo, a);
    }
}

/* Three rising ln N of which the middle one has the least loss; from x in steps that grow. */
static bool bracket(Along *a, double x, Trio *ret)
{
    double step = 0.5;
    Trio t = {.lo = x - step, .mid = x, .hi = x + step};
    t.below = loss_along(t.lo, a);
    t.at = loss_along(t.mid, a);
    t.above = loss_along(t.hi, a);
    for (int i = 0; i < MAX_STEPS && fabs(t.mid) <= MAX_LN; i++) {
        if (t.at < t.below && t.at < t.above) {
            *ret = t;
            return true;
        }
        step *= 1.2;
        move(a, step, &t);
    }
    return false;
}

static bool minimise(Along *a, const Trio *t, double *ret)
{
    gsl_function f = {.function = loss_along, .params = a};
    gsl_min_fminimizer *m = gsl_min_fminimizer_alloc(gsl_min_fminimizer_brent);
    bool is_good = m && gsl_min_fminimizer_set(m, &f, t->mid, t->lo, t->hi) == GSL_SUCCESS;
    for (int i = 0; is_good && i < MAX_ITERATIONS; i++) {
        is_good = gsl_min_fminimizer_iterate(m) == GSL_SUCCESS;
        if (is_good && gsl_min_fminimizer_x_upper(m) - gsl_min_fminimizer_x_lower(m) <= 1e-4) {
            break;
        }
    }
    *ret = is_good ? gsl_min_fminimizer_x_minimum(m) : (double)NAN;
    gsl_min_fminimizer_free(m);
    return is_good;
}

/* The zero of the derivative beside the minimiser's x. */
static bool polish(Along *a, double *x, double *ret_step)
{
    double width = 1e-3, curve;
    a->of = slope_zero;
    while (width < 1.0 && !(slope_zero(a, *x - width) < 0.0 && slope_zero(a, *x + width) > 0.0)) {
        width *= 4.0;
    }
    if (width >= 1.0 || !root_between(a, *x - width, *x + width, x)) {
        return false;
    }
    double slope = slope_along(a, *x, &curve);
    *ret_step = fabs(slope) / curve;
    return curve > 0.0;
}

static bool has_formula(const Curve *k)
{
    const Budget *b = k->budget;
    return !k->is_numeric && k->form->best_size && b->flops.m <= 0.0 && !(b->inference > 0.0) &&
           !isfinite(b->unique);
}

ErrCode best_for_flops(const Curve *k, double c, Best *ret, Err *err)
{
    Best b = {0};
    if (!(c > 0.0) || !isfinite(c)) {
        return err_set(err, ERR_INVALID, "C must be a positive number of FLOP, not %g", c);
    }
    if (has_formula(k)) {
        b.n = k->form->best_size(k->params, c / k->budget->flops.k);
    } else {
        Along a = {.k = k, .c = c};
        Trio t;
        double x;
        if (!bracket(&a, 0.5 * log(c / 120.0), &t) || !minimise(&a, &t, &x) ||
            !polish(&a, &x, &b.step)) {
            return err_set(err, ERR_NUMERIC, "%s: no N has the least loss at C = %.3g FLOP",
                           k->form->name, c);
        }
        b.n = exp(x);
    }
    b.d = best_tokens(k->budget, c, b.n);
    b.loss = best_loss_at(k, b.n, b.d);
    if (!(b.n > 0.0) || !isfinite(b.n) || !(b.d > 0.0) || !(b.loss < 1e299)) {
        return err_set(err, ERR_NUMERIC, "%s: no N has the least loss at C = %.3g FLOP",
                       k->form->name, c);
    }
    *ret = b;
    return ERR_OK;
}

/* ---- inverses ---- */

/* A change of sign of a->of, from x outwards in steps that grow; the root. */
static bool find_root(Along *a, double x, double *ret)
{
    double lo = x, hi = x, step = 0.5;
    double below = a->of(a, x), above = below;
    for (int i = 0; i < MAX_STEPS && (lo > MIN_LN || hi < MAX_LN); i++) {
        double last_lo = lo, last_hi = hi, last_below = below, last_above = above;
        lo = fmax(MIN_LN, lo - step);
        hi = fmin(MAX_LN, hi + step);
        below = a->of(a, lo);
        above = a->of(a, hi);
        if (isfinite(below) && isfinite(last_below) && below * last_below <= 0.0) {
            return root_between(a, lo, last_lo, ret);
        }
        if (isfinite(above) && isfinite(last_above) && above * last_above <= 0.0) {
            return root_between(a, last_hi, hi, ret);
        }
        step *= 1.3;
    }
    return false;
}

static double excess_loss(const Along *a, double ln_c)
{
    Best b = {0};
    Err ignored = ERR_INIT;
    return best_for_flops(a->k, exp(ln_c), &b, &ignored) == ERR_OK ? b.loss - a->want : (double)NAN;
}

static ErrCode not_reached(const Curve *k, double loss, Err *err)
{
    int e = form_param(k->form, "E");
    (void)err_set(err, ERR_NUMERIC, "%s: no compute reaches a loss of %.9g", k->form->name, loss);
    return e >= 0 ? err_hint(err, "the law never falls below E = %.9g", k->params[e]) : err->code;
}

ErrCode best_for_loss(const Curve *k, double loss, double *ret_c, Best *ret, Err *err)
{
    Along a = {.k = k, .of = excess_loss, .want = loss};
    int e = form_param(k->form, "E");
    double ln_c;
    if (!(loss > 0.0) || !isfinite(loss)) {
        return err_set(err, ERR_INVALID, "a loss must be a positive number, not %g", loss);
    }
    if ((e >= 0 && loss <= k->params[e]) || !find_root(&a, log(1e20), &ln_c)) {
        return not_reached(k, loss, err);
    }
    *ret_c = exp(ln_c);
    return best_for_flops(k, *ret_c, ret, err);
}

/* dL/dlnN along the budget that N and D cost together. */
static double slope_of_pair(const Along *a, double ln_n, double ln_d)
{
    Along at = {.k = a->k, .c = best_cost(a->k->budget, exp(ln_n), exp(ln_d))};
    return slope_along(&at, ln_n, NULL);
}

static double slope_in_tokens(const Along *a, double ln_d)
{
    return slope_of_pair(a, a->other, ln_d);
}

static double slope_in_size(const Along *a, double ln_n)
{
    return slope_of_pair(a, ln_n, a->other);
}

static ErrCode finish_pair(const Curve *k, double n, double d, double *ret_c, Best *ret)
{
    *ret_c = best_cost(k->budget, n, d);
    *ret = (Best){.n = n, .d = d, .loss = best_loss_at(k, n, d)};
    return ERR_OK;
}

ErrCode best_for_size(const Curve *k, double n, double *ret_c, Best *ret, Err *err)
{
    if (!(n > 0.0) || !isfinite(n)) {
        return err_set(err, ERR_INVALID, "N must be a positive number of parameters, not %g", n);
    }
    Along a = {.k = k, .of = slope_in_tokens, .other = log(n)};
    double x;
    if (!find_root(&a, log(20.0 * n), &x)) {
        return err_set(err, ERR_NUMERIC, "%s: N = %.3g is best at no compute", k->form->name, n);
    }
    return finish_pair(k, n, exp(x), ret_c, ret);
}

ErrCode best_for_tokens(const Curve *k, double d, double *ret_c, Best *ret, Err *err)
{
    if (!(d > 0.0) || !isfinite(d)) {
        return err_set(err, ERR_INVALID, "D must be a positive number of tokens, not %g", d);
    }
    Along a = {.k = k, .of = slope_in_size, .other = log(d)};
    double x;
    if (!find_root(&a, log(d / 20.0), &x)) {
        return err_set(err, ERR_NUMERIC, "%s: D = %.3g is best at no compute", k->form->name, d);
    }
    return finish_pair(k, exp(x), d, ret_c, ret);
}

static double excess_of_size(const Along *a, double ln_d)
{
    return best_loss_at(a->k, exp(a->other), exp(ln_d)) - a->want;
}

ErrCode best_tokens_to_reach(const Curve *k, double n, double loss, double *ret_d, Err *err)
{
    Along a = {.k = k, .of = excess_of_size, .want = loss, .other = log(n)};
    double x;
    if (!(n > 0.0) || !isfinite(n)) {
        return err_set(err, ERR_INVALID, "N must be a positive number of parameters, not %g", n);
    }
    if (!(loss > 0.0) || !isfinite(loss)) {
        return err_set(err, ERR_INVALID, "a loss must be a positive number, not %g", loss);
    }
    if (!find_root(&a, log(20.0 * n), &x)) {
        return err_set(err, ERR_NUMERIC,
                       "%s: no number of tokens brings N = %.3g to a loss of %.9g", k->form->name,
                       n, loss);
    }
    *ret_d = exp(x);
    return ERR_OK;
}

static double excess_of_ratio(const Along *a, double ln_n)
{
    double n = exp(ln_n), d = best_tokens(a->k->budget, a->c, n);
    return d > 0.0 ? log(d / n) - a->want : -1e3;
}

ErrCode best_size_of_ratio(const Curve *k, double c, double ratio, double *ret_n, Err *err)
{
    if (!(ratio > 0.0) || !isfinite(ratio) || !(c > 0.0) || !isfinite(c)) {
        return err_set(err, ERR_INVALID, "C and tokens per parameter must be positive numbers");
    }
    Along a = {.k = k, .c = c, .of = excess_of_ratio, .want = log(ratio)};
    double x;
    if (!find_root(&a, 0.5 * log(c / (6.0 * ratio)), &x)) {
        return err_set(err, ERR_NUMERIC, "no N gets %.3g tokens a parameter from C = %.3g", ratio,
                       c);
    }
    *ret_n = exp(x);
    return ERR_OK;
}

#include "analysis/fit/check.h"

#include <math.h>
#include <stdlib.h>

#define FLAT_EIGEN_RATIO 1e-6
/* Correlation of two inputs' logs beyond which their terms cannot be told apart. */
#define COLLINEAR        (1.0 - 1e-9)
/* A free level this many times the largest response is an extrapolation without end. */
#define RUNAWAY          10.0

enum { MANY = 16 };

size_t check_free(const FitProblem *p)
{
    size_t n = 0;
    for (size_t i = 0; i < p->p; i++) {
        n += p->is_fixed[i] ? 0 : 1;
    }
    return n;
}

/* Distinct values of input k up to `enough`, equal within 1e-9 of each other. */
static size_t distinct_inputs(const FitProblem *p, size_t k, size_t enough)
{
    double seen[MANY];
    size_t n = 0;
    for (size_t i = 0; i < p->n && n < enough; i++) {
        double v = p->x[k * p->padded + i];
        bool is_new = true;
        for (size_t s = 0; s < n && is_new; s++) {
            is_new = fabs(seen[s] - v) > 1e-9;
        }
        if (is_new) {
            seen[n++] = v;
        }
    }
    return n;
}

/* A law in one input is a curve through as many values as it has parameters; in two, each
 * has a coefficient and an exponent, and a free constant stands beside them. */
static size_t distinct_needed(const FitProblem *p)
{
    size_t n_free = check_free(p);
    if (form_columns(p->form) == 1) {
        return n_free < 2 ? 2 : n_free;
    }
    bool has_constant = p->form->n_terms != 1 && !p->is_fixed[0];
    return has_constant ? 3 : 2;
}

bool check_has_spread(const FitProblem *p)
{
    for (size_t k = 0; k < form_columns(p->form); k++) {
        size_t need = distinct_needed(p);
        if (p->form->input[k] != FORM_U && distinct_inputs(p, k, need) < need) {
            return false;
        }
    }
    return p->n > check_free(p);
}

static ErrCode check_spread(const FitProblem *p, FitResult *r, Err *err)
{
    for (size_t k = 0; k < form_columns(p->form); k++) {
        size_t need = distinct_needed(p), have = distinct_inputs(p, k, need + 1);
        const char *name = form_input_name(p->form->input[k]);
        if (p->form->input[k] == FORM_U) {
            continue;
        }
        if (have < need) {
            (void)err_set(err, ERR_NUMERIC,
                          "%s needs at least %zu different values of %s; these points have %zu",
                          p->form->name, need, name, have);
            return err_hint(err, "with fewer, infinitely many laws fit equally well");
        }
        if (have == need && need > 2) {
            fit_warn(r,
                     "few_sizes: %s takes only %zu values, as many as its curve has parameters; "
                     "their errors cannot be seen",
                     name, have);
        }
    }
    return ERR_OK;
}

static ErrCode check_response(const FitProblem *p, Err *err)
{
    double lo = p->y[0], hi = p->y[0];
    for (size_t i = 1; i < p->n; i++) {
        lo = fmin(lo, p->y[i]);
        hi = fmax(hi, p->y[i]);
    }
    if (hi - lo <= 1e-12 * fmax(fabs(lo), fabs(hi))) {
        (void)err_set(err, ERR_NUMERIC, "%s: the %s is %g at every point", p->form->name,
                      form_response_name(p->form->response), lo);
        return err_hint(err, "a law needs values that change");
    }
    return ERR_OK;
}

/* N and D (or any two inputs) on one line in logs, as in a study of one trajectory. */
static ErrCode check_collinear(const FitProblem *p, Err *err)
{
    const double *u = p->x, *v = p->x + p->padded;
    double n = (double)p->n, mu = 0.0, mv = 0.0, uu = 0.0, vv = 0.0, uv = 0.0;
    if (form_columns(p->form) < 2) {
        return ERR_OK;
    }
    for (size_t i = 0; i < p->n; i++) {
        mu += u[i] / n;
        mv += v[i] / n;
    }
    for (size_t i = 0; i < p->n; i++) {
        uu += (u[i] - mu) * (u[i] - mu);
        vv += (v[i] - mv) * (v[i] - mv);
        uv += (u[i] - mu) * (v[i] - mv);
    }
    if (uv * uv > COLLINEAR * COLLINEAR * uu * vv) {
        const char *a = form_input_name(p->form->input[0]);
        const char *b = form_input_name(p->form->input[1]);
        (void)err_set(
            err, ERR_NUMERIC,
            "%s: %s is a power of %s in these points, so their terms cannot be told apart",
            p->form->name, b, a);
        return err_hint(err, "runs of one size with several %s, or a law in %s alone", b, a);
    }
    return ERR_OK;
}

static ErrCode check_repeats(const FitProblem *p, Err *err)
{
    for (size_t k = 0; k < form_columns(p->form); k++) {
        if (p->form->input[k] != FORM_U) {
            continue;
        }
        for (size_t i = 0; i < p->n; i++) {
            if (p->x[k * p->padded + i] < p->x[p->padded + i] - 1e-9) {
                return ERR_OK;
            }
        }
        (void)err_set(err, ERR_NUMERIC, "%s: no point has D above U, so nothing is repeated",
                      p->form->name);
        return err_hint(err,
                        "fit chinchilla, or name the column of distinct tokens: --map U=COLUMN");
    }
    return ERR_OK;
}

ErrCode check_observations(const FitProblem *p, FitResult *r, Err *err)
{
    size_t n_free = check_free(p);
    ErrCode rc = ERR_OK;
    if (p->n < n_free + 1) {
        (void)err_set(err, ERR_NUMERIC,
                      "%s has %zu parameters and needs at least %zu points, not %zu", p->form->name,
                      n_free, n_free + 1, p->n);
        return err_hint(err, "more runs, or more checkpoints a run");
    }
    TRY(check_spread(p, r, err));
    TRY(check_response(p, err));
    TRY(check_collinear(p, err));
    TRY(check_repeats(p, err));
done:
    return rc;
}

static double largest_response(const FitProblem *p)
{
    double most = 0.0;
    for (size_t i = 0; i < p->n; i++) {
        most = fmax(most, fabs(p->y[i]));
    }
    return most;
}

static ErrCode check_level(const FitProblem *p, const Solution *best, size_t i, FitResult *r,
                           Err *err)
{
    const FormParam *q = &p->form->param[i];
    if (q->kind == FORM_LINEAR && fabs(best->theta[i]) > RUNAWAY * largest_response(p)) {
        (void)err_set(err, ERR_NUMERIC, "%s: %s (%s) runs to %.3g; these points do not show it",
                      p->form->name, q->name, q->help, best->theta[i]);
        return err_hint(err, "hold it at a value that you know: --fix %s=VALUE", q->name);
    }
    if (best->is_zero[i]) {
        fit_warn(r, "boundary: %s is at its limit 0; these points do not show it", q->name);
    } else if (q->kind == FORM_COEFFICIENT && best->theta[i] < log(SOLVE_VANISHED * p->level)) {
        return err_set(err, ERR_NUMERIC, "%s: these points do not show the term of %s (%s is 0)",
                       p->form->name, q->name, q->help);
    }
    return ERR_OK;
}

static ErrCode check_sign(const FitProblem *p, const Solution *best, size_t i, Err *err)
{
    const FormParam *q = &p->form->param[i];
    if (q->kind == FORM_SHAPE && q->sign * best->theta[i] <= 0.0 && q->sign != 0) {
        (void)err_set(err, ERR_NUMERIC, "%s: %s (%s) comes out as %.4g", p->form->name, q->name,
                      q->help, best->theta[i]);
        return err_hint(err, "in these points the loss does not fall; look at them with slaw plot");
    }
    return ERR_OK;
}

static ErrCode check_minimum(const FitProblem *p, const Solution *best, FitResult *r, Err *err)
{
    if (!best->certificate.is_minimum) {
        (void)err_set(
            err, ERR_NUMERIC,
            "%s: no start ended at a minimum (promised decrease %.2g, eigenvalue ratio %.2g)",
            p->form->name, best->certificate.decrement, best->certificate.eigen_ratio);
        return err_hint(err,
                        "the points leave a direction of parameters undetermined; vary N and D "
                        "independently, hold a parameter with --fix, or try --starts 1000");
    }
    if (p->loss.kind != FIT_L1 && best->certificate.eigen_ratio < FLAT_EIGEN_RATIO) {
        fit_warn(
            r,
            "flat: the Hessian's eigenvalue ratio is %.1e; parameters trade off against each other",
            best->certificate.eigen_ratio);
    }
    return ERR_OK;
}

ErrCode check_end(const FitProblem *p, const Solution *best, FitResult *r, Err *err)
{
    ErrCode rc = ERR_OK;
    for (size_t i = 0; i < p->p; i++) {
        if (!p->is_fixed[i]) {
            TRY(check_level(p, best, i, r, err));
            TRY(check_sign(p, best, i, err));
        }
    }
    TRY(check_minimum(p, best, r, err));
done:
    return rc;
}

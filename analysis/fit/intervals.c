#include "analysis/fit/intervals.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/fit/bootstrap.h"
#include "analysis/fit/check.h"
#include "analysis/fit/values.h"

enum {
    P2 = FORM_MAX_PARAMS * FORM_MAX_PARAMS,
    MAX_PROFILE_STEPS = 60,
    MAX_BRACKET = 30,
    MAX_BISECT = 60,
    MIN_UNITS = 4
};

/* The minimum, with what all methods need of it; free parameters only. */
typedef struct Peak {
    const FitProblem *p;
    const FitResult *r;
    const double *at;
    size_t n, index[FORM_MAX_PARAMS];
    double theta[FORM_MAX_PARAMS], value;
    double hess[P2], chol[P2]; /* [n, n] */
    double kappa;
} Peak;

/* Value `slot` at theta, its logarithm where it is a scale. */
static double slot_value(const Peak *k, size_t slot, const double *theta)
{
    double v[FIT_MAX_VALUES];
    (void)values_at(k->p->form, k->p->centre, theta, k->r->has_envelope ? &k->r->envelope : NULL,
                    k->at, k->r->n_at, v);
    return values_is_scale(k->r, slot) ? log(v[slot]) : v[slot];
}

static void slot_gradient(const Peak *k, size_t slot, const double *theta, double *grad)
{
    double t[FORM_MAX_PARAMS];
    memcpy(t, theta, sizeof *t * k->p->p);
    for (size_t i = 0; i < k->n; i++) {
        size_t a = k->index[i];
        double h = 6e-6 * fmax(1.0, fabs(theta[a]));
        t[a] = theta[a] + h;
        double up = slot_value(k, slot, t);
        t[a] = theta[a] - h;
        double down = slot_value(k, slot, t);
        t[a] = theta[a];
        grad[i] = (up - down) / (2.0 * h);
    }
}

static double derivatives(const Peak *k, const double *theta, ProblemCurvature kind, double *grad,
                          double *hess)
{
    double g[FORM_MAX_PARAMS], h[P2];
    double value = problem_derivatives(k->p, theta, kind, g, h);
    for (size_t a = 0; a < k->n; a++) {
        grad[a] = g[k->index[a]];
        for (size_t b = 0; b < k->n; b++) {
            hess[a * k->n + b] = h[k->index[a] * k->p->p + k->index[b]];
        }
    }
    return value;
}

static double psi_of(const FitLoss *l, double r, double *curve)
{
    double factor = l->kind == FIT_ASYMMETRIC && r > 0.0 ? l->over : 1.0;
    if (l->kind == FIT_MSE) {
        *curve = 2.0;
        return 2.0 * r;
    }
    bool is_inner = fabs(r) <= l->delta;
    *curve = is_inner ? factor : 0.0;
    return factor * (is_inner ? r : copysign(l->delta, r));
}

static bool peak_open(const FitOptions *o, const FitProblem *p, const Solution *best,
                      const FitResult *r, Peak *k)
{
    *k = (Peak){.p = p, .r = r, .at = o->at};
    memcpy(k->theta, best->theta, sizeof k->theta);
    for (size_t i = 0; i < p->p; i++) {
        if (!p->is_fixed[i] && !best->is_zero[i]) {
            k->index[k->n++] = i;
        }
    }
    double grad[FORM_MAX_PARAMS];
    k->value = derivatives(k, k->theta, PROBLEM_EXACT, grad, k->hess);
    memcpy(k->chol, k->hess, sizeof k->chol);
    double squares = 0.0, curves = 0.0;
    for (size_t i = 0; i < p->n; i++) {
        double curve, psi = psi_of(&p->loss, problem_residual(p, i, k->theta), &curve);
        squares += p->weight[i] * psi * psi;
        curves += p->weight[i] * curve;
    }
    double dof = (double)p->n - (double)k->n;
    k->kappa = squares / dof / (curves / (double)p->n);
    return dof >= 1.0 && k->n > 0 && dense_cholesky(k->n, k->chol) && isfinite(k->kappa);
}

/* Interval of a value from its transform's centre and half width. */
static FitInterval symmetric(const Peak *k, size_t slot, double se, double quantile)
{
    double v = slot_value(k, slot, k->theta);
    FitInterval i = {se, v - quantile * se, v + quantile * se};
    if (values_is_scale(k->r, slot)) {
        i.se = se * exp(v);
        i.lo = exp(i.lo);
        i.hi = exp(i.hi);
    }
    return i;
}

/* ---- sandwich ---- */

/* sum over units of g g', g the unit's score. */
static bool scores(const Peak *k, const FitData *data, bool by_run, double *meat, size_t *ret_units)
{
    const FitProblem *p = k->p;
    size_t n_units = by_run ? data->n_runs : p->n;
    double *score = calloc(n_units * k->n + 1, sizeof *score);
    if (!score) {
        return false;
    }
    for (size_t i = 0; i < p->n; i++) {
        double x[FORM_MAX_INPUTS], dl[FORM_MAX_PARAMS], curve;
        problem_point(p, i, x);
        double loss = form_gradient(p->form, k->theta, x, dl);
        double r = p->residual == FIT_LOG ? log(loss) - p->ln_y[i] : loss - p->y[i];
        double psi = p->weight[i] * psi_of(&p->loss, r, &curve);
        double scale = p->residual == FIT_LOG ? 1.0 / loss : 1.0;
        double *own = score + (by_run ? data->run[i] : i) * k->n;
        for (size_t a = 0; a < k->n; a++) {
            own[a] += psi * scale * dl[k->index[a]];
        }
    }
    memset(meat, 0, sizeof *meat * k->n * k->n);
    for (size_t u = 0; u < n_units; u++) {
        for (size_t a = 0; a < k->n; a++) {
            for (size_t b = 0; b < k->n; b++) {
                meat[a * k->n + b] += score[u * k->n + a] * score[u * k->n + b];
            }
        }
    }
    free(score);
    *ret_units = n_units;
    return true;
}

/* grad[i]: H^-1 times the gradient of parameter i [n]. */
static void sandwich_matrix(const Peak *k, double (*grad)[FORM_MAX_PARAMS], const double *meat,
                            double factor, FitResult *r)
{
    size_t n = r->n_params;
    for (size_t i = 0; i < n * n; i++) {
        double sum = 0.0;
        for (size_t a = 0; a < k->n; a++) {
            for (size_t b = 0; b < k->n; b++) {
                sum += grad[i / n][a] * meat[a * k->n + b] * grad[i % n][b];
            }
        }
        r->sandwich[i] = sum * factor;
    }
    r->has_sandwich = true;
}

static ErrCode add_sandwich(const Peak *k, const FitData *data, bool by_run, FitResult *r, Err *err)
{
    double meat[P2];
    size_t units;
    if (!scores(k, data, by_run, meat, &units)) {
        return err_nomem(err, "sandwich");
    }
    if (units < MIN_UNITS) {
        return ERR_OK;
    }
    double t = gsl_cdf_tdist_Pinv(0.975, (double)units - 1.0);
    double of_param[FORM_MAX_PARAMS][FORM_MAX_PARAMS] = {{0}};
    for (size_t slot = 0; slot < fit_slots(r); slot++) {
        double g[FORM_MAX_PARAMS], var = 0.0;
        slot_gradient(k, slot, k->theta, g);
        dense_solve(k->n, k->chol, g);
        if (slot < r->n_params) {
            memcpy(of_param[slot], g, sizeof *g * k->n);
        }
        for (size_t a = 0; a < k->n; a++) {
            for (size_t b = 0; b < k->n; b++) {
                var += g[a] * meat[a * k->n + b] * g[b];
            }
        }
        double se = sqrt(var * (double)units / ((double)units - 1.0));
        if (isfinite(se) && se > 0.0) {
            fit_slot(r, slot)->by[FIT_SANDWICH] = symmetric(k, slot, se, t);
        }
    }
    sandwich_matrix(k, of_param, meat, (double)units / ((double)units - 1.0), r);
    return ERR_OK;
}

/* ---- profile ---- */

/* min f subject to slot value = v, from theta, by Newton on the Lagrangian; +inf without one. */
static double newton_on(const Peak *k, size_t slot, double v, ProblemCurvature kind, double *theta)
{
    for (size_t step = 0; step < MAX_PROFILE_STEPS; step++) {
        double g[FORM_MAX_PARAMS], h[P2], a[FORM_MAX_PARAMS], u[FORM_MAX_PARAMS];
        if (!isfinite(derivatives(k, theta, kind, g, h)) || !dense_cholesky(k->n, h)) {
            return (double)INFINITY;
        }
        slot_gradient(k, slot, theta, a);
        memcpy(u, a, sizeof u);
        dense_solve(k->n, h, g);
        dense_solve(k->n, h, u);
        double au = 0.0, ag = 0.0, largest = 0.0;
        for (size_t i = 0; i < k->n; i++) {
            au += a[i] * u[i];
            ag += a[i] * g[i];
        }
        double lambda = (v - slot_value(k, slot, theta) + ag) / au;
        if (!isfinite(lambda)) {
            return (double)INFINITY;
        }
        for (size_t i = 0; i < k->n; i++) {
            double d = fmax(-1.0, fmin(1.0, lambda * u[i] - g[i]));
            theta[k->index[i]] += d;
            largest = fmax(largest, fabs(d));
        }
        if (largest < 1e-9) {
            break;
        }
    }
    return fabs(slot_value(k, slot, theta) - v) < 1e-7 * fmax(1.0, fabs(v))
               ? problem_value(k->p, theta)
               : (double)INFINITY;
}

/* With the exact Hessian, or where a robust loss makes that useless, with the IRLS one. */
static double constrained(const Peak *k, size_t slot, double v, double *theta)
{
    double begin[FORM_MAX_PARAMS];
    memcpy(begin, theta, sizeof begin);
    double value = newton_on(k, slot, v, PROBLEM_EXACT, theta);
    if (!isfinite(value)) {
        memcpy(theta, begin, sizeof begin);
        value = newton_on(k, slot, v, PROBLEM_IRLS, theta);
    }
    return value;
}

/* The v on one side where the profile reaches `limit`; NaN when it never does. */
static double profile_end(const Peak *k, size_t slot, double side, double se, double limit)
{
    double centre = slot_value(k, slot, k->theta), inner = centre, outer = centre;
    double theta[FORM_MAX_PARAMS], good[FORM_MAX_PARAMS], root = sqrt(limit - k->value);
    double at_inner = 0.0, at_outer = 0.0; /* signed roots of the rise, nearly linear in v */
    memcpy(good, k->theta, sizeof good);
    bool is_bracketed = false;
    double step = 2.0 * se;
    for (size_t i = 0; i < MAX_BRACKET && !is_bracketed; i++) {
        outer = inner + side * step;
        memcpy(theta, good, sizeof theta);
        double value = constrained(k, slot, outer, theta);
        if (!isfinite(value)) { /* too far for Newton from here */
            step *= 0.5;
            continue;
        }
        at_outer = sqrt(fmax(value - k->value, 0.0));
        is_bracketed = at_outer >= root;
        if (!is_bracketed) {
            inner = outer;
            at_inner = at_outer;
            memcpy(good, theta, sizeof good);
        }
    }
    for (size_t i = 0; is_bracketed && i < MAX_BISECT; i++) {
        double share = (root - at_inner) / (at_outer - at_inner);
        share = fmin(fmax(share, 0.05), 0.95);
        double v = inner + share * (outer - inner);
        memcpy(theta, good, sizeof theta);
        double rise = sqrt(fmax(constrained(k, slot, v, theta) - k->value, 0.0));
        if (fabs(rise - root) < 1e-9 * root || fabs(outer - inner) < 1e-10 * se) {
            return v;
        }
        if (rise < root) {
            inner = v;
            at_inner = rise;
            memcpy(good, theta, sizeof good);
        } else {
            outer = v;
            at_outer = rise;
        }
    }
    return is_bracketed ? 0.5 * (inner + outer) : (double)NAN;
}

static void add_profile(const Peak *k, FitResult *r)
{
    double dof = (double)k->p->n - (double)k->n;
    double limit = k->value + 0.5 * k->kappa * gsl_cdf_fdist_Pinv(0.95, 1.0, dof);
    for (size_t slot = 0; slot < fit_slots(r); slot++) {
        double g[FORM_MAX_PARAMS], u[FORM_MAX_PARAMS], var = 0.0;
        slot_gradient(k, slot, k->theta, g);
        memcpy(u, g, sizeof u);
        dense_solve(k->n, k->chol, u);
        for (size_t a = 0; a < k->n; a++) {
            var += g[a] * u[a];
        }
        double se = sqrt(k->kappa * var);
        if (!isfinite(se) || !(se > 0.0)) {
            continue;
        }
        double lo = profile_end(k, slot, -1.0, se, limit);
        double hi = profile_end(k, slot, 1.0, se, limit);
        bool is_scale = values_is_scale(r, slot);
        FitValue *v = fit_slot(r, slot);
        v->by[FIT_PROFILE] = (FitInterval){is_scale ? se * v->value : se, is_scale ? exp(lo) : lo,
                                           is_scale ? exp(hi) : hi};
    }
}

/* ---- jackknife and BCa ---- */

/* Column k of the finite rows, into column; returns how many. */
static size_t column_of(const double *rows, size_t n, size_t width, size_t k, double *column)
{
    size_t m = 0;
    for (size_t i = 0; i < n; i++) {
        if (isfinite(rows[i * width + k])) {
            column[m++] = rows[i * width + k];
        }
    }
    return m;
}

static void jackknife_slot(const Peak *k, size_t slot, double *column, size_t n, FitResult *r)
{
    bool is_scale = values_is_scale(r, slot);
    double mean = gsl_stats_mean(column, 1, n), squares = 0.0;
    double value = fit_slot(r, slot)->value;
    for (size_t i = 0; i < n; i++) {
        squares += (column[i] - mean) * (column[i] - mean);
    }
    double se = sqrt(squares * ((double)n - 1.0) / (double)n);
    double t = gsl_cdf_tdist_Pinv(0.975, (double)n - 1.0);
    if (se > 0.0 && isfinite(se)) {
        fit_slot(r, slot)->by[FIT_JACKKNIFE] = symmetric(k, slot, is_scale ? se / value : se, t);
    }
}

/* Acceleration: skewness of the jackknife's influences over 6. */
static double acceleration(const double *left_out, size_t n)
{
    double mean = gsl_stats_mean(left_out, 1, n), two = 0.0, three = 0.0;
    for (size_t i = 0; i < n; i++) {
        double d = mean - left_out[i];
        two += d * d;
        three += d * d * d;
    }
    return two > 0.0 ? three / (6.0 * pow(two, 1.5)) : 0.0;
}

static void bca_slot(size_t slot, double a, double tail, double *draws, size_t n, FitResult *r)
{
    FitValue *v = fit_slot(r, slot);
    size_t below = 0;
    for (size_t i = 0; i < n; i++) {
        below += draws[i] < v->value ? 1 : 0;
    }
    double share = ((double)below + 0.5) / ((double)n + 1.0);
    double z0 = gsl_cdf_ugaussian_Pinv(share), end[2];
    gsl_sort(draws, 1, n);
    for (size_t i = 0; i < 2; i++) {
        double z = gsl_cdf_ugaussian_Pinv(i ? 1.0 - tail : tail);
        double q = gsl_cdf_ugaussian_P(z0 + (z0 + z) / (1.0 - a * (z0 + z)));
        if (!(q >= 0.0 && q <= 1.0)) {
            return; /* the jackknife left the finite numbers */
        }
        end[i] = gsl_stats_quantile_from_sorted_data(draws, 1, n, q);
    }
    if (draws[0] < draws[n - 1]) {
        v->by[FIT_BCA] = (FitInterval){gsl_stats_sd(draws, 1, n), end[0], end[1]};
    }
}

static ErrCode add_jackknife(const FitOptions *o, const FitData *data, const Solution *best,
                             const Peak *k, const double *draws, FitResult *r, Err *err)
{
    double *left_out = NULL;
    size_t n = 0, width = fit_slots(r);
    ErrCode rc = bootstrap_leave_out(o, data, k->p, best, r, &left_out, &n, err);
    double tail = bootstrap_tail(r->resampling, k->p->n, k->n, data->n_runs);
    size_t longest = n > o->bootstrap ? n : o->bootstrap;
    double *column = calloc(longest + 1, sizeof *column);
    if (rc == ERR_OK && !column) {
        rc = err_nomem(err, "jackknife");
    }
    for (size_t slot = 0; rc == ERR_OK && slot < width; slot++) {
        size_t m = column_of(left_out, n, width, slot, column);
        if (m < MIN_UNITS) {
            continue;
        }
        jackknife_slot(k, slot, column, m, r);
        double a = acceleration(column, m);
        if (draws && isfinite(fit_slot(r, slot)->lo)) {
            m = column_of(draws, o->bootstrap, width, slot, column);
            bca_slot(slot, a, tail, column, m, r);
        }
    }
    free(column);
    free(left_out);
    return rc;
}

ErrCode intervals_add(const FitOptions *o, const FitData *data, const FitProblem *p,
                      const Solution *best, const double *draws, FitResult *r, Err *err)
{
    Peak k;
    FitResampling kind = bootstrap_kind(o, data);
    if (p->loss.kind == FIT_L1 || kind == FIT_NO_INTERVALS || !peak_open(o, p, best, r, &k)) {
        return ERR_OK;
    }
    ErrCode rc = ERR_OK;
    TRY(add_sandwich(&k, data, kind == FIT_CLUSTERS, r, err));
    add_profile(&k, r);
    TRY(add_jackknife(o, data, best, &k, draws, r, err));
done:
    return rc;
}

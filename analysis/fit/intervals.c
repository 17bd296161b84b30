#include "analysis/fit/intervals.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_statistics.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/fit/bootstrap.h"
#include "analysis/fit/check.h"
#include "analysis/fit/profile.h"
#include "analysis/fit/values.h"

enum { P2 = FORM_MAX_PARAMS * FORM_MAX_PARAMS, MAX_PROFILE_STEPS = 60, MIN_UNITS = 4 };

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
        double curve, psi = interval_psi(&p->loss, problem_residual(p, i, k->theta), &curve);
        squares += p->weight[i] * psi * psi;
        curves += p->weight[i] * curve;
    }
    double dof = (double)p->n - (double)k->n;
    k->kappa = squares / dof / (curves / (double)p->n);
    return dof >= 1.0 && k->n > 0 && dense_cholesky(k->n, k->chol) && isfinite(k->kappa);
}

static FitInterval symmetric(const Peak *k, size_t slot, double se, double quantile)
{
    return interval_symmetric(slot_value(k, slot, k->theta), values_is_scale(k->r, slot), se,
                              quantile);
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
        double psi = p->weight[i] * interval_psi(&p->loss, r, &curve);
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

typedef struct SlotOf {
    const Peak *k;
    size_t slot;
} SlotOf;

static double least_at(void *ctx, double v, double *theta)
{
    const SlotOf *s = ctx;
    return constrained(s->k, s->slot, v, theta);
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
        SlotOf own = {k, slot};
        double theta[FORM_MAX_PARAMS], good[FORM_MAX_PARAMS];
        const Profile profile = {.least = least_at,
                                 .ctx = &own,
                                 .width = FORM_MAX_PARAMS,
                                 .best = k->theta,
                                 .theta = theta,
                                 .good = good,
                                 .centre = slot_value(k, slot, k->theta),
                                 .se = se,
                                 .value = k->value,
                                 .limit = limit};
        double lo = profile_end(&profile, -1.0), hi = profile_end(&profile, 1.0);
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
            interval_bca(a, tail, column, m, fit_slot(r, slot));
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
    TRY(add_sandwich(&k, data, bootstrap_by_run(kind, data->n, data->n_runs), r, err));
    add_profile(&k, r);
    TRY(add_jackknife(o, data, best, &k, draws, r, err));
done:
    return rc;
}

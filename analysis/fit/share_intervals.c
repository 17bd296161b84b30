#include "analysis/fit/share_intervals.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <string.h>

#include "analysis/fit/profile.h"
#include "analysis/fit/values.h"
#include "common/arena.h"

enum { P = FORM_MAX_PARAMS, MIN_UNITS = 4, MAX_PROFILE_STEPS = 60 };

/* The minimum, factored, with what the methods need of it. */
typedef struct Peak {
    const FitOptions *o;
    const FitData *const *data;
    const ShareUnits *units;
    Arrow j; /* coefficients at 0 are held */
    ArrowTheta *best, *x, *y, *good, *room, *theta;
    double **score; /* [n_groups][units, p] */
    double value, kappa;
    size_t n;
    FitResult *result;
    Arena arena; /* of all the arrays that are made here */
} Peak;

/* Value `slot` of group g, its logarithm where it is a scale. */
static double slot_value(const Peak *k, size_t g, size_t slot, const double *theta)
{
    double v[FIT_MAX_VALUES];
    const FitResult *r = &k->result[g];
    (void)values_at(k->o->form, k->j.problem[g].centre, theta, NULL, k->o->at, r->n_at, v);
    return values_is_scale(r, slot) ? log(v[slot]) : v[slot];
}

/* By central differences; 0 for what is held. */
static void slot_gradient(const Peak *k, size_t g, size_t slot, const double *theta, double *grad)
{
    double t[P];
    memcpy(t, theta, sizeof t);
    for (size_t a = 0; a < k->j.p; a++) {
        double h = 6e-6 * fmax(1.0, fabs(theta[a]));
        grad[a] = 0.0;
        if (!k->j.problem[g].is_fixed[a]) {
            t[a] = theta[a] + h;
            double up = slot_value(k, g, slot, t);
            t[a] = theta[a] - h;
            grad[a] = (up - slot_value(k, g, slot, t)) / (2.0 * h);
            t[a] = theta[a];
        }
    }
}

static double dot(size_t n, const double *a, const double *b)
{
    double s = 0.0;
    for (size_t i = 0; i < n; i++) {
        s += a[i] * b[i];
    }
    return s;
}

/* x := H^-1 times the gradient of the slot, H as factored last. */
static void turned_gradient(const Peak *k, size_t g, const double *grad, ArrowTheta *x)
{
    memset(x, 0, sizeof *x * k->j.n_groups);
    memcpy(x[g], grad, sizeof *grad * k->j.p);
    arrow_apply(&k->j, x);
}

/* ---- sandwich ---- */

static ErrCode fill_scores(Peak *k, Err *err)
{
    double squares = 0.0, curves = 0.0;
    for (size_t g = 0; g < k->j.n_groups; g++) {
        const FitProblem *p = &k->j.problem[g];
        k->score[g] = arena_array(&k->arena, k->units->n[g] * p->p + 1, sizeof **k->score);
        if (!k->score[g]) {
            return err_nomem(err, "sandwich");
        }
        for (size_t i = 0; i < p->n; i++) {
            double x[FORM_MAX_INPUTS], dl[P], curve;
            problem_point(p, i, x);
            double law = form_gradient(p->form, k->best[g], x, dl);
            double r = p->residual == FIT_LOG ? log(law) - p->ln_y[i] : law - p->y[i];
            double psi = interval_psi(&p->loss, r, &curve);
            double scale = p->weight[i] * psi * (p->residual == FIT_LOG ? 1.0 / law : 1.0);
            size_t unit = k->units->by_run ? k->data[g]->run[i] : i;
            squares += p->weight[i] * psi * psi;
            curves += p->weight[i] * curve;
            for (size_t a = 0; a < p->p; a++) {
                k->score[g][unit * p->p + a] += scale * dl[a];
            }
        }
        k->n += p->n;
    }
    double dof = (double)k->n - (double)k->units->n_params;
    k->kappa = squares / dof / (curves / (double)k->n);
    return ERR_OK;
}

static void sandwich_slot(const Peak *k, size_t g, size_t slot, const double *grad)
{
    double var = 0.0, units = (double)k->units->total;
    turned_gradient(k, g, grad, k->x);
    for (size_t h = 0; h < k->j.n_groups; h++) {
        for (size_t u = 0; u < k->units->n[h]; u++) {
            double along = dot(k->j.p, k->score[h] + u * k->j.p, k->x[h]);
            var += along * along;
        }
    }
    double se = sqrt(var * units / (units - 1.0));
    if (isfinite(se) && se > 0.0) {
        FitResult *r = &k->result[g];
        fit_slot(r, slot)->by[FIT_SANDWICH] =
            interval_symmetric(slot_value(k, g, slot, k->best[g]), values_is_scale(r, slot), se,
                               gsl_cdf_tdist_Pinv(0.975, units - 1.0));
    }
}

/* ---- profile ---- */

typedef struct SlotOf {
    Peak *k;
    size_t g, slot;
} SlotOf;

/* One step of Newton on the Lagrangian; its largest entry, or NaN without one. */
static double lagrange_step(const SlotOf *s, double v, ProblemCurvature kind, ArrowTheta *theta)
{
    Peak *k = s->k;
    size_t n = k->j.n_groups;
    double a[P] = {0.0}, largest = 0.0;
    if (!arrow_factor(&k->j, theta, kind)) {
        return (double)NAN;
    }
    slot_gradient(k, s->g, s->slot, theta[s->g], a);
    turned_gradient(k, s->g, a, k->x);
    for (size_t g = 0; g < n; g++) {
        arrow_gradient(&k->j, g, k->y[g]);
    }
    arrow_apply(&k->j, k->y);
    double au = dot(k->j.p, a, k->x[s->g]), ag = dot(k->j.p, a, k->y[s->g]);
    double lambda = (v - slot_value(k, s->g, s->slot, theta[s->g]) + ag) / au;
    if (!isfinite(lambda)) {
        return (double)NAN;
    }
    for (size_t g = 0; g < n; g++) {
        for (size_t i = 0; i < k->j.p; i++) {
            double d = fmax(-1.0, fmin(1.0, lambda * k->x[g][i] - k->y[g][i]));
            theta[g][i] += d;
            largest = fmax(largest, fabs(d));
        }
    }
    return largest;
}

static double newton_on(const SlotOf *s, double v, ProblemCurvature kind, ArrowTheta *theta)
{
    const Peak *k = s->k;
    double value = 0.0;
    for (size_t step = 0; step < MAX_PROFILE_STEPS; step++) {
        double largest = lagrange_step(s, v, kind, theta);
        if (isnan(largest)) {
            return (double)INFINITY;
        }
        if (largest < 1e-9) {
            break;
        }
    }
    if (!(fabs(slot_value(k, s->g, s->slot, theta[s->g]) - v) < 1e-7 * fmax(1.0, fabs(v)))) {
        return (double)INFINITY;
    }
    for (size_t g = 0; g < k->j.n_groups; g++) {
        value += problem_value(&k->j.problem[g], theta[g]);
    }
    return value;
}

/* With the exact Hessian, or where a robust loss makes that useless, with the IRLS one. */
static double least_at(void *ctx, double v, double *flat)
{
    const SlotOf *s = ctx;
    ArrowTheta *theta = (ArrowTheta *)(void *)flat;
    size_t bytes = sizeof *theta * s->k->j.n_groups;
    memcpy(s->k->theta, theta, bytes);
    double value = newton_on(s, v, PROBLEM_EXACT, theta);
    if (!isfinite(value)) {
        memcpy(theta, s->k->theta, bytes);
        value = newton_on(s, v, PROBLEM_IRLS, theta);
    }
    return value;
}

static void profile_slot(Peak *k, size_t g, size_t slot, const double *grad)
{
    double dof = (double)k->n - (double)k->units->n_params;
    bool is_scale = values_is_scale(&k->result[g], slot);
    if (!arrow_factor(&k->j, k->best, PROBLEM_EXACT)) {
        return;
    }
    turned_gradient(k, g, grad, k->x);
    double se = sqrt(k->kappa * dot(k->j.p, grad, k->x[g]));
    if (!isfinite(se) || !(se > 0.0)) {
        return;
    }
    SlotOf own = {k, g, slot};
    const Profile profile = {.least = least_at,
                             .ctx = &own,
                             .width = k->j.n_groups * P,
                             .best = k->best[0],
                             .theta = k->room[0],
                             .good = k->good[0],
                             .centre = slot_value(k, g, slot, k->best[g]),
                             .se = se,
                             .value = k->value,
                             .limit =
                                 k->value + 0.5 * k->kappa * gsl_cdf_fdist_Pinv(0.95, 1.0, dof)};
    double lo = profile_end(&profile, -1.0), hi = profile_end(&profile, 1.0);
    FitValue *v = fit_slot(&k->result[g], slot);
    v->by[FIT_PROFILE] = (FitInterval){is_scale ? se * v->value : se, is_scale ? exp(lo) : lo,
                                       is_scale ? exp(hi) : hi};
}

/* ---- jackknife and BCa ---- */

typedef struct Influence {
    double var, two, three;
    double dof;
    bool is_enough;
} Influence;

/* Of value `at` of all, over the units of every group. */
static Influence influence_of(const ShareUnits *u, size_t n_groups, size_t at)
{
    Influence ret = {.is_enough = true};
    const double *row = u->left_out;
    for (size_t g = 0; g < n_groups; g++) {
        double n = 0.0, mean = 0.0;
        for (size_t i = 0; i < u->n[g]; i++) {
            double x = row[i * u->n_values + at];
            n += isfinite(x) ? 1.0 : 0.0;
            mean += isfinite(x) ? x : 0.0;
        }
        mean /= fmax(n, 1.0);
        ret.is_enough = ret.is_enough && n >= MIN_UNITS;
        for (size_t i = 0; i < u->n[g]; i++) {
            double x = row[i * u->n_values + at];
            double d = isfinite(x) ? mean - x : 0.0, share = (n - 1.0) / n;
            ret.var += share * d * d;
            ret.two += share * share * d * d;
            ret.three += share * share * share * d * d * d;
        }
        ret.dof += n - 1.0;
        row += u->n[g] * u->n_values;
    }
    return ret;
}

static void jackknife_slot(const ShareUnits *u, size_t n_groups, size_t at, bool is_scale,
                           double *column, FitValue *v)
{
    Influence f = influence_of(u, n_groups, at);
    double se = sqrt(f.var);
    if (!f.is_enough || !(se > 0.0) || !isfinite(se)) {
        return;
    }
    v->by[FIT_JACKKNIFE] =
        interval_symmetric(is_scale ? log(v->value) : v->value, is_scale,
                           is_scale ? se / v->value : se, gsl_cdf_tdist_Pinv(0.975, f.dof));
    size_t n = 0;
    for (size_t r = 0; u->draws && isfinite(v->lo) && r < u->replicates; r++) {
        double x = u->draws[r * u->n_values + at];
        if (isfinite(x)) {
            column[n++] = x;
        }
    }
    if (n > 0 && f.two > 0.0) {
        interval_bca(f.three / (6.0 * pow(f.two, 1.5)), u->tail, column, n, v);
    }
}

/* ---- all ---- */

static void peak_release(Peak *k)
{
    arrow_release(&k->j, false);
    arena_release(&k->arena);
}

static ErrCode peak_open(Peak *k, const Arrow *joint, Err *err)
{
    ErrCode rc = arrow_copy(joint, &k->j, err);
    if (rc != ERR_OK) {
        return rc;
    }
    size_t n = k->j.n_groups;
    k->x = arena_array(&k->arena, n, sizeof *k->x);
    k->y = arena_array(&k->arena, n, sizeof *k->y);
    k->good = arena_array(&k->arena, n, sizeof *k->good);
    k->room = arena_array(&k->arena, n, sizeof *k->room);
    k->theta = arena_array(&k->arena, n, sizeof *k->theta);
    k->score = arena_array(&k->arena, n,
                           sizeof(double *)); /* NOLINT(bugprone-sizeof-expression): pointers */
    if (!k->x || !k->y || !k->good || !k->room || !k->theta || !k->score) {
        return err_nomem(err, "intervals");
    }
    for (size_t g = 0; g < n; g++) {
        for (size_t a = 0; a < k->j.p; a++) {
            bool is_zero = k->best[g][a] <= PROBLEM_LN_ZERO;
            k->j.problem[g].is_fixed[a] = k->j.problem[g].is_fixed[a] || is_zero;
        }
        k->value += problem_value(&k->j.problem[g], k->best[g]);
    }
    return fill_scores(k, err);
}

ErrCode share_intervals_add(const FitOptions *o, const FitData *const *data, const Arrow *joint,
                            ArrowTheta *best, const ShareUnits *units, FitResult *result, Err *err)
{
    Peak k = {.o = o, .data = data, .units = units, .best = best, .result = result};
    size_t at = 0, n_groups = joint->n_groups;
    bool is_smooth = o->loss.kind != FIT_L1;
    double *column = arena_array(&k.arena, units->replicates + 1, sizeof *column);
    ErrCode rc = column ? peak_open(&k, joint, err) : err_nomem(err, "intervals");
    for (size_t g = 0; rc == ERR_OK && g < n_groups; g++) {
        for (size_t slot = 0; slot < fit_slots(&result[g]); slot++, at++) {
            double grad[P] = {0.0};
            jackknife_slot(units, n_groups, at, values_is_scale(&result[g], slot), column,
                           fit_slot(&result[g], slot));
            if (!is_smooth || !arrow_factor(&k.j, best, PROBLEM_EXACT)) {
                continue;
            }
            slot_gradient(&k, g, slot, best[g], grad);
            sandwich_slot(&k, g, slot, grad);
            profile_slot(&k, g, slot, grad);
        }
    }
    peak_release(&k);
    return rc;
}

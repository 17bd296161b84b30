#include "analysis/fit/share.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/fit/bootstrap.h"
#include "analysis/fit/check.h"
#include "analysis/fit/parallel.h"
#include "analysis/fit/starts.h"
#include "analysis/fit/values.h"
#include "common/rng.h"

enum { P = FORM_MAX_PARAMS, P2 = P * P, MAX_STEPS = 300, IRLS_STEPS = 8, WARM_IRLS_STEPS = 3 };
#define STEP_CLIP  2.0
#define AT_MINIMUM 1e-8
#define CERTAIN    1e-10

typedef double Theta[P];

/* Gradient and curvature of one group. */
typedef struct Block {
    double grad[P], hess[P2];
    size_t n_local, local[P];
    double own[P2];   /* [n_local, n_local] Cholesky of the local block */
    double arm[P][P]; /* own^-1 times column s of the arm */
    double rest[P];   /* own^-1 times the local gradient */
} Block;

typedef struct Joint {
    size_t n_groups, p;
    FitProblem *problem; /* [n_groups] */
    bool is_shared[P];
    size_t n_shared, shared[P]; /* free ones */
    Block *block;               /* [n_groups] */
    Theta *step, *trial;        /* [n_groups] */
} Joint;

static void joint_release(Joint *j, bool owns_data)
{
    for (size_t g = 0; owns_data && j->problem && g < j->n_groups; g++) {
        problem_release(&j->problem[g]);
    }
    free(j->problem);
    free(j->block);
    free(j->step);
    free(j->trial);
    *j = (Joint){0};
}

static ErrCode joint_rooms(Joint *j, Err *err)
{
    j->problem = calloc(j->n_groups, sizeof *j->problem);
    j->block = calloc(j->n_groups, sizeof *j->block);
    j->step = calloc(j->n_groups, sizeof *j->step);
    j->trial = calloc(j->n_groups, sizeof *j->trial);
    return j->problem && j->block && j->step && j->trial ? ERR_OK : err_nomem(err, "joint fit");
}

/* A worker's own copy over the same observations. */
static ErrCode joint_copy(const Joint *from, Joint *to, Err *err)
{
    *to = (Joint){.n_groups = from->n_groups, .p = from->p};
    ErrCode rc = joint_rooms(to, err);
    if (rc == ERR_OK) {
        memcpy(to->problem, from->problem, sizeof *to->problem * to->n_groups);
        memcpy(to->is_shared, from->is_shared, sizeof to->is_shared);
    }
    return rc;
}

/* Which parameters move, now. */
static void list_free(Joint *j)
{
    j->n_shared = 0;
    for (size_t a = 0; a < j->p; a++) {
        if (j->is_shared[a] && !j->problem[0].is_fixed[a]) {
            j->shared[j->n_shared++] = a;
        }
    }
    for (size_t g = 0; g < j->n_groups; g++) {
        Block *b = &j->block[g];
        b->n_local = 0;
        for (size_t a = 0; a < j->p; a++) {
            if (!j->is_shared[a] && !j->problem[g].is_fixed[a]) {
                b->local[b->n_local++] = a;
            }
        }
    }
}

static double value_at(const Joint *j, Theta *theta)
{
    double sum = 0.0;
    for (size_t g = 0; g < j->n_groups; g++) {
        sum += problem_value(&j->problem[g], theta[g]);
    }
    return sum;
}

static double noise_of(const Joint *j)
{
    double sum = 0.0;
    for (size_t g = 0; g < j->n_groups; g++) {
        sum += problem_noise(&j->problem[g]);
    }
    return sum;
}

static double localise(Joint *j, Theta *theta, ProblemCurvature kind)
{
    double sum = 0.0;
    for (size_t g = 0; g < j->n_groups; g++) {
        Block *b = &j->block[g];
        sum += problem_derivatives(&j->problem[g], theta[g], kind, b->grad, b->hess);
    }
    return sum;
}

static double shifted(const Block *b, size_t p, size_t a, double shift)
{
    double d = b->hess[a * p + a];
    return d + shift * fmax(fabs(d), 1e-300);
}

/* Cholesky of the local block, and what it makes of the arm and the gradient. */
static bool eliminate(const Joint *j, Block *b, double shift)
{
    size_t n = b->n_local, p = j->p;
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < n; k++) {
            b->own[i * n + k] = b->hess[b->local[i] * p + b->local[k]];
        }
        b->own[i * n + i] = shifted(b, p, b->local[i], shift);
        b->rest[i] = b->grad[b->local[i]];
    }
    if (!dense_cholesky(n, b->own)) {
        return false;
    }
    dense_solve(n, b->own, b->rest);
    for (size_t s = 0; s < j->n_shared; s++) {
        for (size_t i = 0; i < n; i++) {
            b->arm[s][i] = b->hess[b->local[i] * p + j->shared[s]];
        }
        dense_solve(n, b->own, b->arm[s]);
    }
    return true;
}

/* The Schur complement and its right-hand side, solved: the shared steps. */
static bool shared_step(Joint *j, double shift, double *step)
{
    size_t m = j->n_shared, p = j->p;
    double schur[P2] = {0.0};
    memset(step, 0, sizeof *step * P);
    for (size_t g = 0; g < j->n_groups; g++) {
        const Block *b = &j->block[g];
        for (size_t s = 0; s < m; s++) {
            const double *row = b->hess + j->shared[s] * p;
            step[s] -= b->grad[j->shared[s]];
            for (size_t t = 0; t < m; t++) {
                schur[s * m + t] += s == t ? shifted(b, p, j->shared[s], shift) : row[j->shared[t]];
                for (size_t i = 0; i < b->n_local; i++) {
                    schur[s * m + t] -= row[b->local[i]] * b->arm[t][i];
                }
            }
            for (size_t i = 0; i < b->n_local; i++) {
                step[s] += row[b->local[i]] * b->rest[i];
            }
        }
    }
    if (!dense_cholesky(m, schur)) {
        return false;
    }
    dense_solve(m, schur, step);
    return true;
}

/* Fills j->step; the decrease that the quadratic promises, or -1 without one. */
static double model_step(Joint *j, double shift)
{
    double common[P], promised = 0.0;
    for (size_t g = 0; g < j->n_groups; g++) {
        if (!eliminate(j, &j->block[g], shift)) {
            return -1.0;
        }
    }
    if (!shared_step(j, shift, common)) {
        return -1.0;
    }
    for (size_t g = 0; g < j->n_groups; g++) {
        const Block *b = &j->block[g];
        memset(j->step[g], 0, sizeof j->step[g]);
        for (size_t s = 0; s < j->n_shared; s++) {
            j->step[g][j->shared[s]] = common[s];
        }
        for (size_t i = 0; i < b->n_local; i++) {
            double d = -b->rest[i];
            for (size_t s = 0; s < j->n_shared; s++) {
                d -= b->arm[s][i] * common[s];
            }
            j->step[g][b->local[i]] = d;
        }
        for (size_t a = 0; a < j->p; a++) {
            promised -= 0.5 * b->grad[a] * j->step[g][a];
        }
    }
    return promised;
}

static void move(const Joint *j, double t, Theta *theta, Theta *to)
{
    for (size_t g = 0; g < j->n_groups; g++) {
        for (size_t a = 0; a < j->p; a++) {
            double d = fmax(-STEP_CLIP, fmin(STEP_CLIP, t * j->step[g][a]));
            to[g][a] = theta[g][a] + d;
        }
    }
}

/* The first of 1, 1/2, ... times the step that lowers the objective. */
static bool try_step(Joint *j, double value, size_t halvings, Theta *theta)
{
    for (size_t k = 0; k <= halvings; k++) {
        move(j, ldexp(1.0, -(int)k), theta, j->trial);
        if (value_at(j, j->trial) < value) {
            memcpy(theta, j->trial, sizeof *theta * j->n_groups);
            return true;
        }
    }
    return false;
}

/* Moves theta to a minimum; the decrease still promised there, or infinity without one. */
static double descend(Joint *j, size_t irls, Theta *theta)
{
    double shift = 0.0, noise = noise_of(j);
    list_free(j);
    for (size_t k = 0; k < MAX_STEPS; k++) {
        bool is_irls = k < irls;
        double value = localise(j, theta, is_irls ? PROBLEM_IRLS : PROBLEM_EXACT);
        double promised = model_step(j, shift);
        double rounding = 4.0 * DBL_EPSILON * value + 1e-2 * noise;
        if (promised >= 0.0 && try_step(j, value, is_irls ? 0 : 12, theta)) {
            shift = shift > 1e-9 ? shift / 64.0 : 0.0;
            if (promised <= rounding && !is_irls) {
                break;
            }
        } else if (promised >= 0.0 && promised <= rounding) {
            if (!is_irls) {
                break;
            }
            irls = 0;
        } else {
            shift = fmax(16.0 * shift, is_irls ? 1e-3 : 1e-8);
            if (shift > 1e12) {
                break;
            }
        }
    }
    (void)localise(j, theta, PROBLEM_EXACT);
    double promised = model_step(j, 0.0);
    if (promised >
        0.0) { /* one whole step more: theta is flat in the objective before it is exact */
        move(j, 1.0, theta, j->trial);
        double before = promised;
        (void)localise(j, j->trial, PROBLEM_EXACT);
        double after = model_step(j, 0.0);
        if (after >= 0.0 && after < 0.25 * before) {
            memcpy(theta, j->trial, sizeof *theta * j->n_groups);
            promised = after;
        }
    }
    return promised >= 0.0 ? promised : (double)INFINITY;
}

typedef struct JointEnd {
    double objective, promised;
    bool is_minimum;
} JointEnd;

/* Coefficients that run to 0 and may: put there, in every group or in one. */
static bool hold_vanished(Joint *j, Theta *theta)
{
    bool has_held = false;
    for (size_t a = 0; a < j->p; a++) {
        const FormParam *q = &j->problem[0].form->param[a];
        for (size_t g = 0; g < j->n_groups; g++) {
            FitProblem *p = &j->problem[g];
            bool is_free = q->kind == FORM_COEFFICIENT && q->may_vanish && !p->is_fixed[a];
            if (is_free && theta[g][a] < log(SOLVE_VANISHED * p->level)) {
                p->is_fixed[a] = has_held = true;
                theta[g][a] = PROBLEM_LN_ZERO;
            }
        }
    }
    return has_held;
}

static JointEnd solve(Joint *j, const Joint *origin, size_t irls, Theta *theta)
{
    for (size_t g = 0; g < j->n_groups; g++) {
        memcpy(j->problem[g].is_fixed, origin->problem[g].is_fixed, sizeof j->problem[g].is_fixed);
    }
    JointEnd e = {.promised = descend(j, irls, theta)};
    if (hold_vanished(j, theta)) {
        e.promised = descend(j, WARM_IRLS_STEPS, theta);
    }
    e.objective = value_at(j, theta);
    e.is_minimum =
        isfinite(e.objective) && (e.promised <= CERTAIN * e.objective || e.promised <= noise_of(j));
    return e;
}

/* ---- the whole fit ---- */

typedef struct Whole {
    const FitOptions *o;
    const FitData *const *data;
    Joint joint;              /* the observations */
    size_t threads, n_values; /* values of all groups */
    Joint *bench;             /* [threads] */
    double **times;           /* [threads] of the bootstrap */
    Theta *start;             /* [starts, n_groups] */
    JointEnd *end;            /* [starts] */
    Theta *best;              /* [n_groups] */
    FitResult *result;        /* [n_groups] */
    double *values;           /* [replicates, n_values] */
    FitResampling kind;
} Whole;

static void start_item(void *ctx, size_t worker, size_t item)
{
    Whole *w = ctx;
    Joint *j = &w->bench[worker];
    w->end[item] = solve(j, &w->joint, IRLS_STEPS, w->start + item * j->n_groups);
}

/* Start i: every group's own start i, the shared parameters at their mean. */
static ErrCode fill_starts(Whole *w, Err *err)
{
    const Joint *j = &w->joint;
    size_t starts = w->o->starts, n_best;
    double *theta = calloc(starts * j->p + 1, sizeof *theta);
    ErrCode rc = theta ? ERR_OK : err_nomem(err, "starting points");
    for (size_t g = 0; g < j->n_groups && rc == ERR_OK; g++) {
        rc = starts_fill(&j->problem[g], w->o->seed, starts, theta, &n_best, err);
        for (size_t i = 0; rc == ERR_OK && i < starts; i++) {
            memcpy(w->start[i * j->n_groups + g], theta + i * j->p, sizeof *theta * j->p);
        }
    }
    free(theta);
    for (size_t i = 0; i < starts && rc == ERR_OK; i++) {
        Theta *own = w->start + i * j->n_groups;
        for (size_t a = 0; a < j->p; a++) {
            double mean = 0.0;
            for (size_t g = 0; g < j->n_groups; g++) {
                mean += own[g][a] / (double)j->n_groups;
            }
            for (size_t g = 0; g < j->n_groups; g++) {
                own[g][a] = j->problem[g].is_fixed[a] ? j->problem[g].fixed[a]
                            : j->is_shared[a]         ? mean
                                                      : own[g][a];
            }
        }
    }
    return rc;
}

/* Groups centred alike: once by their own means, then by the mean of all. */
static ErrCode open_groups(Whole *w, Err *err)
{
    const FitOptions *o = w->o;
    Joint *j = &w->joint;
    double centre[FORM_MAX_INPUTS] = {0.0}, n = 0.0;
    ErrCode rc = ERR_OK;
    for (int round = 0; round < 2; round++) {
        for (size_t g = 0; g < j->n_groups && rc == ERR_OK; g++) {
            FitProblem *p = &j->problem[g];
            problem_release(p);
            rc = problem_open(p, o->form, o->loss, o->residual, &o->fix, round ? centre : NULL,
                              w->data[g], err);
            for (size_t k = 0; rc == ERR_OK && round == 0 && k < o->form->n_inputs; k++) {
                centre[k] += p->centre[k] * (double)p->n;
            }
            n += rc == ERR_OK && round == 0 ? (double)p->n : 0.0;
        }
        for (size_t k = 0; round == 0 && k < FORM_MAX_INPUTS; k++) {
            centre[k] /= n > 0.0 ? n : 1.0;
        }
    }
    return rc;
}

static ErrCode open_rooms(Whole *w, Err *err)
{
    size_t groups = w->joint.n_groups, most = 0;
    for (size_t g = 0; g < groups; g++) {
        most = w->data[g]->n > most ? w->data[g]->n : most;
    }
    w->start = calloc(w->o->starts * groups + 1, sizeof *w->start);
    w->end = calloc(w->o->starts + 1, sizeof *w->end);
    w->bench = calloc(w->threads, sizeof *w->bench);
    w->times = calloc(w->threads, sizeof(double *)); /* NOLINT(bugprone-sizeof-expression) */
    ErrCode rc = w->start && w->end && w->bench && w->times ? ERR_OK : err_nomem(err, "joint fit");
    for (size_t t = 0; t < w->threads && rc == ERR_OK; t++) {
        rc = joint_copy(&w->joint, &w->bench[t], err);
        w->times[t] = calloc(2 * most + 1, sizeof **w->times);
        rc = rc == ERR_OK && !w->times[t] ? err_nomem(err, "joint fit") : rc;
    }
    return rc;
}

static ErrCode search(Whole *w, ShareFit *whole, Err *err)
{
    const JointEnd *best = NULL;
    ErrCode rc = fill_starts(w, err);
    if (rc != ERR_OK) {
        return rc;
    }
    parallel_for(w->threads, w->o->starts, start_item, w);
    for (size_t i = 0; i < w->o->starts; i++) {
        bool is_lower = !best || w->end[i].objective < best->objective;
        best = isfinite(w->end[i].objective) && is_lower ? &w->end[i] : best;
    }
    if (!best || !best->is_minimum) {
        (void)err_set(err, ERR_NUMERIC, "%s: no start of the joint fit ended at a minimum",
                      w->o->form->name);
        return err_hint(err, "share fewer parameters, or try --starts 1000");
    }
    double noise = noise_of(&w->joint);
    for (size_t i = 0; i < w->o->starts; i++) {
        whole->at_minimum +=
            w->end[i].objective <= best->objective * (1.0 + AT_MINIMUM) + noise ? 1 : 0;
    }
    whole->starts = w->o->starts;
    whole->objective = best->objective;
    whole->decrement = best->promised / fmax(best->objective, noise);
    w->best = w->start + (size_t)(best - w->end) * w->joint.n_groups;
    return ERR_OK;
}

static ErrCode describe(Whole *w, Err *err)
{
    const FitOptions *o = w->o;
    for (size_t g = 0; g < w->joint.n_groups; g++) {
        const FitProblem *p = &w->joint.problem[g];
        FitResult *r = &w->result[g];
        Solution s = {.objective = problem_value(p, w->best[g]),
                      .certificate = {.is_minimum = true, .eigen_ratio = 1.0}};
        memcpy(s.theta, w->best[g], sizeof s.theta);
        for (size_t a = 0; a < p->p; a++) {
            s.is_zero[a] = !p->is_fixed[a] && s.theta[a] == PROBLEM_LN_ZERO;
        }
        ErrCode rc = check_end(p, &s, r, err);
        if (rc != ERR_OK) {
            return rc;
        }
        memcpy(r->theta, s.theta, sizeof r->theta);
        memcpy(r->centre, p->centre, sizeof r->centre);
        r->objective = s.objective;
        r->referee = (double)NAN;
        values_describe(p, o, r);
        fit_measure(p, r->theta, r);
        w->n_values += fit_slots(r);
    }
    return ERR_OK;
}

/* Counts and criteria of all groups together. */
static void measure(const Whole *w, ShareFit *whole)
{
    const Joint *j = &w->joint;
    double squares = 0.0, floor_sum = 0.0;
    for (size_t g = 0; g < j->n_groups; g++) {
        const FitProblem *p = &j->problem[g];
        whole->n += p->n;
        floor_sum += p->ulp_squares;
        for (size_t i = 0; i < p->n; i++) {
            double r = problem_residual(p, i, w->best[g]);
            squares += r * r;
        }
        for (size_t a = 0; a < j->p; a++) {
            whole->n_params += !p->is_fixed[a] && (g == 0 || !j->is_shared[a]) ? 1 : 0;
        }
    }
    double n = (double)whole->n, k = (double)whole->n_params + 1.0;
    double rss = fmax(squares, floor_sum);
    whole->n_groups = j->n_groups;
    whole->aic = n * log(rss / n) + 2.0 * k;
    whole->bic = n * log(rss / n) + log(n) * k;
}

/* ---- bootstrap: every group resampled ---- */

static void draw_group(const Whole *w, size_t g, uint32_t replicate, uint64_t offset, double *times)
{
    const FitData *d = w->data[g];
    bool by_run = w->kind == FIT_CLUSTERS;
    size_t units = by_run ? d->n_runs : d->n;
    double *drawn = times + d->n;
    memset(drawn, 0, sizeof *drawn * units);
    for (size_t i = 0; i < units; i++) {
        double u = rng_uniform(w->o->seed, rng_stream(RNG_BOOTSTRAP, replicate), offset + i);
        drawn[(size_t)(u * (double)units)] += 1.0;
    }
    for (size_t i = 0; i < d->n; i++) {
        times[i] = drawn[by_run ? d->run[i] : i];
    }
}

static void replicate_item(void *ctx, size_t worker, size_t item)
{
    Whole *w = ctx;
    Joint *j = &w->bench[worker];
    double *values = w->values + item * w->n_values;
    Theta *theta = w->start + worker * j->n_groups; /* starts are done with by now */
    uint64_t offset = 0;
    bool has_spread = true;
    for (size_t g = 0; g < j->n_groups; g++) {
        draw_group(w, g, (uint32_t)item, offset, w->times[worker]);
        problem_resample(&w->joint.problem[g], w->times[worker], &j->problem[g]);
        has_spread = has_spread && check_has_spread(&j->problem[g]);
        offset += w->data[g]->n;
        memcpy(theta[g], w->result[g].theta, sizeof theta[g]);
    }
    JointEnd e = {.is_minimum = false};
    if (has_spread) {
        e = solve(j, &w->joint, WARM_IRLS_STEPS, theta);
    }
    for (size_t k = 0; k < w->n_values; k++) {
        values[k] = (double)NAN;
    }
    for (size_t g = 0; e.is_minimum && g < j->n_groups; g++) {
        values += values_at(w->o->form, w->joint.problem[g].centre, theta[g], NULL, w->o->at,
                            w->result[g].n_at, values);
    }
}

static ErrCode bootstrap(Whole *w, ShareFit *whole, Err *err)
{
    size_t replicates = w->o->bootstrap, at = 0;
    w->kind = FIT_CLUSTERS;
    for (size_t g = 0; g < w->joint.n_groups; g++) {
        bool has_runs = bootstrap_kind(w->o, w->data[g]) == FIT_CLUSTERS;
        w->kind = has_runs ? w->kind : FIT_CASES;
    }
    w->values = calloc(replicates * w->n_values + 1, sizeof *w->values);
    double *column = calloc(replicates + 1, sizeof *column);
    ErrCode rc = w->values && column ? ERR_OK : err_nomem(err, "bootstrap");
    for (size_t t = 0; t < w->threads && rc == ERR_OK; t++) {
        for (size_t g = 0; g < w->joint.n_groups && rc == ERR_OK; g++) {
            rc = problem_clone(&w->joint.problem[g], &w->bench[t].problem[g], err);
        }
    }
    if (rc == ERR_OK) {
        parallel_for(w->threads, replicates, replicate_item, w);
    }
    for (size_t i = 0; rc == ERR_OK && i < replicates; i++) {
        whole->replicates_failed += isnan(w->values[i * w->n_values]) ? 1 : 0;
    }
    for (size_t g = 0; rc == ERR_OK && g < w->joint.n_groups; g++) {
        FitResult *r = &w->result[g];
        r->resampling = whole->resampling = w->kind;
        r->replicates = whole->replicates = replicates;
        r->replicates_failed = whole->replicates_failed;
        for (size_t k = 0; k < fit_slots(r); k++, at++) {
            bootstrap_summarise(w->values + at, replicates, w->n_values, column, fit_slot(r, k));
        }
    }
    for (size_t t = 0; t < w->threads; t++) {
        for (size_t g = 0; g < w->joint.n_groups; g++) {
            problem_release(&w->bench[t].problem[g]);
        }
    }
    free(column);
    return rc;
}

static void whole_release(Whole *w)
{
    for (size_t t = 0; t < w->threads; t++) {
        if (w->bench) {
            joint_release(&w->bench[t], false);
        }
        if (w->times) {
            free(w->times[t]);
        }
    }
    free(w->bench);
    free(w->times);
    free(w->start);
    free(w->end);
    free(w->values);
    joint_release(&w->joint, true);
}

ErrCode share_run(const FitOptions *o, const bool *is_shared, const FitData *const *data,
                  size_t n_groups, FitResult *ret, ShareFit *ret_whole, Err *err)
{
    Whole w = {.o = o, .data = data, .result = ret, .threads = o->threads ? o->threads : 1};
    ErrCode rc = ERR_OK;
    *ret_whole = (ShareFit){.resampling = FIT_NO_INTERVALS};
    if (o->loss.kind == FIT_L1) {
        (void)err_set(err, ERR_USAGE, "shared parameters are not fitted by l1");
        return err_hint(err, "huber:1e-6 is within its rounding");
    }
    w.joint = (Joint){.n_groups = n_groups, .p = o->form->n_params};
    memcpy(w.joint.is_shared, is_shared, sizeof *is_shared * o->form->n_params);
    TRY(joint_rooms(&w.joint, err));
    TRY(open_groups(&w, err));
    for (size_t g = 0; g < n_groups; g++) {
        memset(&ret[g], 0, sizeof ret[g]);
        ret[g].form = o->form;
        ret[g].loss = o->loss;
        ret[g].residual = o->residual;
        ret[g].fix = o->fix;
        ret[g].n = data[g]->n;
        ret[g].n_runs = data[g]->n_runs;
        ret[g].resampling = FIT_NO_INTERVALS;
        TRY(check_observations(&w.joint.problem[g], &ret[g], err));
    }
    TRY(open_rooms(&w, err));
    TRY(search(&w, ret_whole, err));
    TRY(describe(&w, err));
    measure(&w, ret_whole);
    for (size_t g = 0; g < n_groups; g++) {
        ret[g].starts = ret_whole->starts;
        ret[g].at_minimum = ret_whole->at_minimum;
        ret[g].certificate = (Certificate){.decrement = ret_whole->decrement,
                                           .gradient = (double)NAN,
                                           .step = (double)NAN,
                                           .eigen_ratio = (double)NAN,
                                           .is_minimum = true};
    }
    if (o->bootstrap) {
        TRY(bootstrap(&w, ret_whole, err));
    }
done:
    whole_release(&w);
    return rc;
}

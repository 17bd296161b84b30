#include "analysis/fit/arrow.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/fit/arrow_l1.h"
#include "analysis/fit/newton.h"
#include "analysis/fit/solve.h"

enum {
    P = FORM_MAX_PARAMS,
    P2 = P * P,
    MAX_STEPS = 300,
    MAX_HALVINGS = 12,
    L1_DECADES = 8,
    L1_IRLS = 4
};
#define STEP_CLIP 2.0
#define CERTAIN   1e-10
#define MAX_SHIFT 1e12

/* Gradient and curvature of one group. */
struct ArrowBlock {
    double grad[P], hess[P2];
    size_t n_local, local[P];
    double own[P2];   /* [n_local, n_local] Cholesky of the local block */
    double arm[P][P]; /* own^-1 times column s of the arm */
    double rest[P];   /* own^-1 times the local gradient */
};

void arrow_release(Arrow *j, bool owns_data)
{
    for (size_t g = 0; owns_data && j->problem && g < j->n_groups; g++) {
        problem_release(&j->problem[g]);
    }
    free(j->problem);
    free(j->block);
    free(j->step);
    free(j->trial);
    *j = (Arrow){0};
}

ErrCode arrow_open(size_t n_groups, size_t p, Arrow *ret, Err *err)
{
    Arrow j = {.n_groups = n_groups, .p = p};
    j.problem = calloc(n_groups, sizeof *j.problem);
    j.block = calloc(n_groups, sizeof *j.block);
    j.step = calloc(n_groups, sizeof *j.step);
    j.trial = calloc(n_groups, sizeof *j.trial);
    if (!j.problem || !j.block || !j.step || !j.trial) {
        arrow_release(&j, false);
        return err_nomem(err, "joint fit");
    }
    *ret = j;
    return ERR_OK;
}

ErrCode arrow_copy(const Arrow *from, Arrow *ret, Err *err)
{
    ErrCode rc = arrow_open(from->n_groups, from->p, ret, err);
    if (rc == ERR_OK) {
        memcpy(ret->problem, from->problem, sizeof *ret->problem * ret->n_groups);
        memcpy(ret->is_shared, from->is_shared, sizeof ret->is_shared);
    }
    return rc;
}

/* Which parameters move, now. */
static void list_free(Arrow *j)
{
    j->n_shared = 0;
    for (size_t a = 0; a < j->p; a++) {
        if (j->is_shared[a] && !j->problem[0].is_fixed[a]) {
            j->shared[j->n_shared++] = a;
        }
    }
    for (size_t g = 0; g < j->n_groups; g++) {
        ArrowBlock *b = &j->block[g];
        b->n_local = 0;
        for (size_t a = 0; a < j->p; a++) {
            if (!j->is_shared[a] && !j->problem[g].is_fixed[a]) {
                b->local[b->n_local++] = a;
            }
        }
    }
}

static double value_at(const Arrow *j, ArrowTheta *theta)
{
    double sum = 0.0;
    for (size_t g = 0; g < j->n_groups; g++) {
        sum += problem_value(&j->problem[g], theta[g]);
    }
    return sum;
}

double arrow_noise(const Arrow *j)
{
    double sum = 0.0;
    for (size_t g = 0; g < j->n_groups; g++) {
        sum += problem_noise(&j->problem[g]);
    }
    return sum;
}

static double localise(Arrow *j, ArrowTheta *theta, ProblemCurvature kind)
{
    double sum = 0.0;
    for (size_t g = 0; g < j->n_groups; g++) {
        ArrowBlock *b = &j->block[g];
        sum += problem_derivatives(&j->problem[g], theta[g], kind, b->grad, b->hess);
    }
    return sum;
}

static double shifted(const ArrowBlock *b, size_t p, size_t a, double shift)
{
    double d = b->hess[a * p + a];
    return d + shift * fmax(fabs(d), 1e-300);
}

/* Cholesky of the local block, and what it makes of the arm and the gradient. */
static bool eliminate(const Arrow *j, ArrowBlock *b, double shift)
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

/* Cholesky of the Schur complement. */
static bool factor_shared(Arrow *j, double shift)
{
    size_t m = j->n_shared, p = j->p;
    memset(j->schur, 0, sizeof j->schur);
    for (size_t g = 0; g < j->n_groups; g++) {
        const ArrowBlock *b = &j->block[g];
        for (size_t s = 0; s < m; s++) {
            const double *row = b->hess + j->shared[s] * p;
            for (size_t t = 0; t < m; t++) {
                j->schur[s * m + t] +=
                    s == t ? shifted(b, p, j->shared[s], shift) : row[j->shared[t]];
                for (size_t i = 0; i < b->n_local; i++) {
                    j->schur[s * m + t] -= row[b->local[i]] * b->arm[t][i];
                }
            }
        }
    }
    return dense_cholesky(m, j->schur);
}

static bool factor(Arrow *j, double shift)
{
    for (size_t g = 0; g < j->n_groups; g++) {
        if (!eliminate(j, &j->block[g], shift)) {
            return false;
        }
    }
    return factor_shared(j, shift);
}

/* The shared steps: minus the gradient that the eliminations leave, solved. */
static void shared_step(const Arrow *j, double *step)
{
    size_t m = j->n_shared, p = j->p;
    memset(step, 0, sizeof *step * P);
    for (size_t g = 0; g < j->n_groups; g++) {
        const ArrowBlock *b = &j->block[g];
        for (size_t s = 0; s < m; s++) {
            const double *row = b->hess + j->shared[s] * p;
            step[s] -= b->grad[j->shared[s]];
            for (size_t i = 0; i < b->n_local; i++) {
                step[s] += row[b->local[i]] * b->rest[i];
            }
        }
    }
    dense_solve(m, j->schur, step);
}

/* Fills j->step; the decrease that the quadratic promises, or -1 without one. */
static double model_step(Arrow *j, double shift)
{
    double common[P], promised = 0.0;
    if (!factor(j, shift)) {
        return -1.0;
    }
    shared_step(j, common);
    for (size_t g = 0; g < j->n_groups; g++) {
        const ArrowBlock *b = &j->block[g];
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

bool arrow_factor(Arrow *j, ArrowTheta *theta, ProblemCurvature kind)
{
    list_free(j);
    return isfinite(localise(j, theta, kind)) && factor(j, 0.0);
}

void arrow_gradient(const Arrow *j, size_t g, double *grad)
{
    memcpy(grad, j->block[g].grad, sizeof *grad * j->p);
}

void arrow_apply(const Arrow *j, ArrowTheta *x)
{
    size_t m = j->n_shared, p = j->p;
    double common[P] = {0.0}, own[P];
    for (size_t g = 0; g < j->n_groups; g++) {
        const ArrowBlock *b = &j->block[g];
        for (size_t s = 0; s < m; s++) {
            common[s] += x[g][j->shared[s]];
            for (size_t i = 0; i < b->n_local; i++) {
                common[s] -= b->arm[s][i] * x[g][b->local[i]];
            }
        }
    }
    dense_solve(m, j->schur, common);
    for (size_t g = 0; g < j->n_groups; g++) {
        const ArrowBlock *b = &j->block[g];
        for (size_t i = 0; i < b->n_local; i++) {
            own[i] = x[g][b->local[i]];
        }
        dense_solve(b->n_local, b->own, own);
        memset(x[g], 0, sizeof *x[g] * p);
        for (size_t s = 0; s < m; s++) {
            x[g][j->shared[s]] = common[s];
        }
        for (size_t i = 0; i < b->n_local; i++) {
            x[g][b->local[i]] = own[i];
            for (size_t s = 0; s < m; s++) {
                x[g][b->local[i]] -= b->arm[s][i] * common[s];
            }
        }
    }
}

/* Of H^-1 = [[S^-1, -S^-1 X'], [-X S^-1, own^-1 + X S^-1 X']] with X the arm, column by column. */
void arrow_inverse(const Arrow *j, size_t g, double *ret)
{
    const ArrowBlock *b = &j->block[g];
    size_t m = j->n_shared, p = j->p;
    memset(ret, 0, sizeof *ret * p * p);
    for (size_t c = 0; c < m + b->n_local; c++) {
        double common[P] = {0.0}, own[P] = {0.0};
        size_t column = c < m ? j->shared[c] : b->local[c - m];
        if (c < m) {
            common[c] = 1.0;
        } else {
            own[c - m] = 1.0;
            dense_solve(b->n_local, b->own, own);
            for (size_t s = 0; s < m; s++) {
                common[s] = -b->arm[s][c - m];
            }
        }
        dense_solve(m, j->schur, common);
        for (size_t s = 0; s < m; s++) {
            ret[j->shared[s] * p + column] = common[s];
            for (size_t i = 0; i < b->n_local; i++) {
                own[i] -= b->arm[s][i] * common[s];
            }
        }
        for (size_t i = 0; i < b->n_local; i++) {
            ret[b->local[i] * p + column] = own[i];
        }
    }
}

static void move(const Arrow *j, double t, ArrowTheta *theta, ArrowTheta *to)
{
    for (size_t g = 0; g < j->n_groups; g++) {
        for (size_t a = 0; a < j->p; a++) {
            double d = fmax(-STEP_CLIP, fmin(STEP_CLIP, t * j->step[g][a]));
            to[g][a] = theta[g][a] + d;
        }
    }
}

/* The first of 1, 1/2, ... times the step that lowers the objective. */
static bool try_step(Arrow *j, double value, size_t halvings, ArrowTheta *theta)
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

/* One whole step more where it still promises one: theta is flat in the objective before it is
 * exact.  Returns the decrease promised after it, infinity without a minimum. */
static double last_step(Arrow *j, ArrowTheta *theta)
{
    (void)localise(j, theta, PROBLEM_EXACT);
    double promised = model_step(j, 0.0);
    if (promised > 0.0) {
        move(j, 1.0, theta, j->trial);
        (void)localise(j, j->trial, PROBLEM_EXACT);
        double after = model_step(j, 0.0);
        if (after >= 0.0 && after < 0.25 * promised) {
            memcpy(theta, j->trial, sizeof *theta * j->n_groups);
            promised = after;
        }
    }
    return promised >= 0.0 ? promised : (double)INFINITY;
}

typedef enum Progress { MOVED, STUCK, EXHAUSTED } Progress;

/* One damped step.  EXHAUSTED: what the quadratic promises is rounding. */
static Progress damped_step(Arrow *j, bool is_irls, double noise, double shift, ArrowTheta *theta)
{
    double value = localise(j, theta, is_irls ? PROBLEM_IRLS : PROBLEM_EXACT);
    double promised = model_step(j, shift);
    bool is_rounding = promised >= 0.0 && promised <= 4.0 * DBL_EPSILON * value + 1e-2 * noise;
    bool has_moved = promised >= 0.0 && try_step(j, value, is_irls ? 0 : MAX_HALVINGS, theta);
    return is_rounding ? EXHAUSTED : has_moved ? MOVED : STUCK;
}

/* Moves theta to a minimum; the decrease still promised there, or infinity without one. */
static double descend(Arrow *j, size_t irls, ArrowTheta *theta)
{
    double shift = 0.0, noise = arrow_noise(j);
    list_free(j);
    for (size_t k = 0; k < MAX_STEPS && shift < MAX_SHIFT; k++) {
        bool is_irls = k < irls;
        Progress p = damped_step(j, is_irls, noise, shift, theta);
        if (p == EXHAUSTED && !is_irls) {
            break;
        }
        if (p == EXHAUSTED) {
            irls = 0;
        } else if (p == MOVED) {
            shift = shift > 1e-9 ? shift / 64.0 : 0.0;
        } else {
            shift = fmax(16.0 * shift, is_irls ? 1e-3 : 1e-8);
        }
    }
    return last_step(j, theta);
}

/* Coefficients that run to 0 and may: put there, in every group or in one. */
static bool hold_vanished(Arrow *j, ArrowTheta *theta)
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

static void set_loss(Arrow *j, FitLoss loss)
{
    for (size_t g = 0; g < j->n_groups; g++) {
        j->problem[g].loss = loss;
    }
}

/* Huber minima with delta falling from 1e-3. */
static void continuation(Arrow *j, size_t irls, ArrowTheta *theta)
{
    FitLoss l1 = j->problem[0].loss;
    for (int decade = 3; decade <= L1_DECADES; decade++) {
        set_loss(j, (FitLoss){FIT_HUBER, pow(10.0, -decade), 1.0});
        (void)descend(j, decade == 3 ? irls : L1_IRLS, theta);
    }
    set_loss(j, l1);
}

static ArrowEnd solve_l1(Arrow *j, size_t irls, ArrowTheta *theta)
{
    continuation(j, irls, theta);
    if (hold_vanished(j, theta)) {
        continuation(j, ARROW_WARM, theta);
    }
    bool is_vertex = arrow_l1_polish(j, theta);
    ArrowEnd e = {.objective = value_at(j, theta), .promised = is_vertex ? 0.0 : (double)INFINITY};
    e.is_minimum = is_vertex && isfinite(e.objective);
    return e;
}

ArrowEnd arrow_solve(Arrow *j, const Arrow *origin, size_t irls_steps, ArrowTheta *theta)
{
    for (size_t g = 0; g < j->n_groups; g++) {
        memcpy(j->problem[g].is_fixed, origin->problem[g].is_fixed, sizeof j->problem[g].is_fixed);
    }
    if (j->problem[0].loss.kind == FIT_L1) {
        return solve_l1(j, irls_steps, theta);
    }
    ArrowEnd e = {.promised = descend(j, irls_steps, theta)};
    if (hold_vanished(j, theta)) {
        e.promised = descend(j, ARROW_WARM, theta);
    }
    e.objective = value_at(j, theta);
    e.is_minimum = isfinite(e.objective) &&
                   (e.promised <= CERTAIN * e.objective || e.promised <= arrow_noise(j));
    return e;
}

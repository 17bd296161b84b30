#include "analysis/fit/newton.h"

#include <float.h>
#include <gsl/gsl_eigen.h>
#include <gsl/gsl_sort_vector.h>
#include <math.h>
#include <string.h>

enum {
    P2 = FORM_MAX_PARAMS * FORM_MAX_PARAMS,
    MAX_SHIFTS = 60,
    MAX_HALVINGS = 12,
    MAX_POLISH = 6,
    STEPS_PATIENT = 40, /* plain Newton first: nearly every problem ends here */
    STEPS_MARKED = 8,   /* between two looks along the valley */
    STEPS_ACROSS = 20,  /* to its floor, at one place */
    MAX_VALLEYS = 60,
    MAX_SMOOTH_VALLEYS = 6, /* least squares: what has not ended by then runs to a limit */
    MAX_DOUBLINGS = 12,
};
#define STEP_CLIP        2.0
/* First Levenberg shift of a step that fails far from the minimum. */
#define FIRST_SHIFT_IRLS 1e-3

bool dense_cholesky(size_t n, double *a)
{
    for (size_t j = 0; j < n; j++) {
        double d = a[j * n + j];
        for (size_t k = 0; k < j; k++) {
            d -= a[j * n + k] * a[j * n + k];
        }
        if (!(d > 0.0) || !isfinite(d)) {
            return false;
        }
        d = sqrt(d);
        a[j * n + j] = d;
        for (size_t i = j + 1; i < n; i++) {
            double s = a[i * n + j];
            for (size_t k = 0; k < j; k++) {
                s -= a[i * n + k] * a[j * n + k];
            }
            a[i * n + j] = s / d;
        }
    }
    return true;
}

void dense_solve(size_t n, const double *l, double *b)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < i; k++) {
            b[i] -= l[i * n + k] * b[k];
        }
        b[i] /= l[i * n + i];
    }
    for (size_t i = n; i-- > 0;) {
        for (size_t k = i + 1; k < n; k++) {
            b[i] -= l[k * n + i] * b[k];
        }
        b[i] /= l[i * n + i];
    }
}

/* Gradient and curvature of the free parameters alone, packed. */
typedef struct Local {
    size_t n;
    size_t index[FORM_MAX_PARAMS]; /* free -> theta */
    double value;
    double grad[FORM_MAX_PARAMS];
    double hess[P2];
} Local;

static void localise(const FitProblem *p, const double *theta, ProblemCurvature kind, Local *l)
{
    double grad[FORM_MAX_PARAMS], hess[P2];
    l->value = problem_derivatives(p, theta, kind, grad, hess);
    l->n = 0;
    for (size_t i = 0; i < p->p; i++) {
        if (!p->is_fixed[i]) {
            l->index[l->n++] = i;
        }
    }
    for (size_t a = 0; a < l->n; a++) {
        l->grad[a] = grad[l->index[a]];
        for (size_t b = 0; b < l->n; b++) {
            l->hess[a * l->n + b] = hess[l->index[a] * p->p + l->index[b]];
        }
    }
}

/* step = -(H + shift diag|H|)^-1 g; returns the decrease the model promises, or -1 when
 * the shifted matrix is not positive definite. */
static double model_step(const Local *l, double shift, double *step)
{
    double a[P2];
    memcpy(a, l->hess, sizeof *a * l->n * l->n);
    double largest = 0.0;
    for (size_t i = 0; i < l->n; i++) {
        largest = fmax(largest, fabs(l->hess[i * l->n + i]));
    }
    for (size_t i = 0; i < l->n; i++) {
        double own = fabs(l->hess[i * l->n + i]);
        a[i * l->n + i] += shift * fmax(own, 1e-12 * largest);
        step[i] = -l->grad[i];
    }
    if (!dense_cholesky(l->n, a)) {
        return -1.0;
    }
    dense_solve(l->n, a, step);
    double promised = 0.0;
    for (size_t i = 0; i < l->n; i++) {
        promised -= 0.5 * l->grad[i] * step[i];
    }
    return promised;
}

/* theta + t * step, each coordinate's move clipped. */
static void move_along(const FitProblem *p, const Local *l, const double *step, double t,
                       const double *theta, double *trial)
{
    memcpy(trial, theta, sizeof *theta * p->p);
    for (size_t i = 0; i < l->n; i++) {
        trial[l->index[i]] += fmax(-STEP_CLIP, fmin(STEP_CLIP, t * step[i]));
    }
}

/* Goes from theta along the step; false when the objective does not fall.  Across the kinks of
 * a Huber objective the quadratic is a poor judge of length: a step that promised too
 * much is halved (a larger shift would turn it out of a flat valley), and one that gave
 * much more than it promised is doubled, both while that helps.  l and theta move together. */
static bool try_step(const FitProblem *p, const double *step, double promised, bool is_irls,
                     ProblemCurvature next_kind, Local *l, double *theta)
{
    double best[FORM_MAX_PARAMS], trial[FORM_MAX_PARAMS];
    Local next;
    move_along(p, l, step, 1.0, theta, best);
    localise(p, best, next_kind, &next);
    double lowest = next.value;
    bool is_good = lowest < l->value;
    if (is_irls && !is_good) {
        return false;
    }
    if (is_good && (is_irls || l->value - lowest < 2.0 * promised)) {
        memcpy(theta, best, sizeof *theta * p->p);
        *l = next;
        return true;
    }
    lowest = is_good ? lowest : l->value;
    for (int k = 1; k <= MAX_HALVINGS; k++) {
        move_along(p, l, step, ldexp(1.0, is_good ? k : -k), theta, trial);
        double value = problem_value(p, trial);
        if (value < lowest) {
            lowest = value;
            memcpy(best, trial, sizeof best);
        } else if (lowest < l->value) {
            break;
        }
    }
    if (!(lowest < l->value)) {
        return false;
    }
    memcpy(theta, best, sizeof *theta * p->p);
    localise(p, theta, next_kind, l);
    return true;
}

/* Near the minimum the objective is flat to rounding long before theta is exact (an error
 * of 1e-8 in theta moves it by 1e-16).  There a whole Newton step is judged by the
 * decrease that is still promised after it. */
static void polish(const FitProblem *p, double *theta)
{
    double step[FORM_MAX_PARAMS];
    Local l = {0}, next = {0};
    localise(p, theta, PROBLEM_EXACT, &l);
    double promised = model_step(&l, 0.0, step);
    for (size_t k = 0; k < MAX_POLISH && promised > 0.0 && promised < 1e-10 * l.value; k++) {
        double trial[FORM_MAX_PARAMS], next_step[FORM_MAX_PARAMS];
        memcpy(trial, theta, sizeof *theta * p->p);
        for (size_t i = 0; i < l.n; i++) {
            trial[l.index[i]] += step[i];
        }
        localise(p, trial, PROBLEM_EXACT, &next);
        double after = model_step(&next, 0.0, next_step);
        if (!(after >= 0.0 && after < 0.25 * promised)) {
            return;
        }
        memcpy(theta, trial, sizeof *theta * p->p);
        memcpy(step, next_step, sizeof step);
        l = next;
        promised = after;
    }
}

/* One damped Newton step; leaves the shift that worked.  False when none helps. */
static bool newton_step(const FitProblem *p, bool is_irls, ProblemCurvature next_kind,
                        double *shift, Local *l, double *theta)
{
    double step[FORM_MAX_PARAMS];
    double noise = problem_noise(p), value = l->value;
    for (size_t s = 0; s < MAX_SHIFTS; s++) {
        double promised = model_step(l, *shift, step);
        if (promised >= 0.0) {
            bool is_rounding = promised <= 4.0 * DBL_EPSILON * value + 1e-2 * noise;
            if (try_step(p, step, promised, is_irls, next_kind, l, theta)) {
                return !is_rounding; /* what falls from here on falls by chance */
            }
            if (is_rounding) {
                return false;
            }
        }
        *shift = fmax(16.0 * *shift, is_irls ? FIRST_SHIFT_IRLS : 1e-8);
    }
    return false;
}

/* Steps until none helps or max_steps are done; returns whether it ended by itself. */
static bool descend(const FitProblem *p, size_t irls_steps, size_t max_steps, double *theta)
{
    double shift = 0.0;
    Local l;
    localise(p, theta, irls_steps ? PROBLEM_IRLS : PROBLEM_EXACT, &l);
    for (size_t k = 0; k < max_steps; k++) {
        bool is_irls = k < irls_steps;
        ProblemCurvature next = k + 1 < irls_steps ? PROBLEM_IRLS : PROBLEM_EXACT;
        bool has_moved = newton_step(p, is_irls, next, &shift, &l, theta);
        shift = shift > 1e-9 ? shift / 64.0 : 0.0;
        if (!has_moved && !is_irls) {
            return true;
        }
        if (!has_moved) {
            irls_steps = 0; /* the safe curvature is exhausted: go on with the exact one */
            shift = 0.0;
            localise(p, theta, PROBLEM_EXACT, &l);
        }
    }
    return false;
}

/* Follows a curved valley.  A Huber objective with few points is so stiff across its valley and
 * so flat along it that Newton advances by percents.  The parameter that moved most since
 * `mark` is moved on by as much, then twice, four times ..., and the others are minimised
 * at each place: the valley becomes a function of one variable. */
static void follow_valley(const FitProblem *p, const double *mark, double *theta)
{
    FitProblem fixed = *p;
    double move[FORM_MAX_PARAMS], value = problem_value(p, theta);
    size_t most = 0;
    for (size_t i = 0; i < p->p; i++) {
        move[i] = p->is_fixed[i] ? 0.0 : theta[i] - mark[i];
        most = fabs(move[i]) > fabs(move[most]) ? i : most;
    }
    fixed.is_fixed[most] = true;
    for (size_t k = 0; k < MAX_DOUBLINGS; k++) {
        double trial[FORM_MAX_PARAMS];
        for (size_t i = 0; i < p->p; i++) {
            move[i] = fmax(-STEP_CLIP, fmin(STEP_CLIP, move[i]));
            trial[i] = theta[i] + move[i];
        }
        (void)descend(&fixed, 0, STEPS_ACROSS, trial);
        double next = problem_value(p, trial);
        if (!(next < value)) {
            return;
        }
        for (size_t i = 0; i < p->p; i++) {
            move[i] = 2.0 * (trial[i] - theta[i]);
            theta[i] = trial[i];
        }
        value = next;
    }
}

double newton_minimise(const FitProblem *p, size_t irls_steps, double *theta)
{
    double mark[FORM_MAX_PARAMS];
    memcpy(mark, theta, sizeof *theta * p->p);
    size_t valleys = p->loss.kind == FIT_MSE ? MAX_SMOOTH_VALLEYS : MAX_VALLEYS;
    bool is_done = descend(p, irls_steps, irls_steps + STEPS_PATIENT, theta);
    for (size_t k = 0; k < valleys && !is_done; k++) {
        memcpy(mark, theta, sizeof *theta * p->p);
        is_done = descend(p, 0, STEPS_MARKED, theta);
        if (!is_done) {
            follow_valley(p, mark, theta);
        }
    }
    polish(p, theta);
    return problem_value(p, theta);
}

/* Eigenvalues of the Hessian scaled to unit diagonal: how round the minimum is. */
static double eigen_ratio(const Local *l, Certificate *c)
{
    gsl_matrix *m = gsl_matrix_alloc(l->n, l->n);
    gsl_vector *v = gsl_vector_alloc(l->n);
    gsl_eigen_symm_workspace *w = gsl_eigen_symm_alloc(l->n);
    double ratio = 0.0;
    if (m && v && w) {
        for (size_t a = 0; a < l->n; a++) {
            for (size_t b = 0; b < l->n; b++) {
                double scale = sqrt(l->hess[a * l->n + a] * l->hess[b * l->n + b]);
                gsl_matrix_set(m, a, b, l->hess[a * l->n + b] / scale);
            }
        }
        if (gsl_eigen_symm(m, v, w) == 0) {
            ratio = gsl_vector_min(v) / gsl_vector_max(v);
            gsl_sort_vector(v);
            for (size_t a = 0; a < l->n; a++) {
                c->eigenvalue[a] = gsl_vector_get(v, a);
            }
            c->n_eigenvalues = l->n;
        }
    }
    gsl_eigen_symm_free(w);
    gsl_vector_free(v);
    gsl_matrix_free(m);
    return ratio;
}

Certificate newton_certify(const FitProblem *p, const double *theta)
{
    Local l = {0};
    double step[FORM_MAX_PARAMS];
    Certificate c = {.decrement = (double)INFINITY};
    localise(p, theta, PROBLEM_EXACT, &l);
    double scale = fmax(l.value, problem_noise(p));
    for (size_t i = 0; i < l.n; i++) {
        c.gradient = fmax(c.gradient, fabs(l.grad[i]) / scale);
        if (!(l.hess[i * l.n + i] > 0.0)) {
            return c;
        }
    }
    double promised = model_step(&l, 0.0, step);
    if (promised < 0.0 || !isfinite(promised)) {
        return c;
    }
    c.decrement = promised / scale;
    for (size_t i = 0; i < l.n; i++) {
        c.step = fmax(c.step, fabs(step[i]));
    }
    c.eigen_ratio = l.n ? eigen_ratio(&l, &c) : 1.0;
    /* On data without noise the objective is rounding error, and so is its gradient. */
    bool is_flat = promised <= 1e-10 * l.value || promised <= problem_noise(p);
    c.is_minimum = is_flat && c.eigen_ratio > 0.0;
    return c;
}

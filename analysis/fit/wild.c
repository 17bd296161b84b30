#include "analysis/fit/wild.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/fit/leverage.h"
#include "common/rng.h"

/* Webb's six points. */
static double weight(uint64_t seed, uint32_t replicate, uint64_t unit)
{
    static const double point[6] = {-1.2247448713915890, -1.0, -0.7071067811865476,
                                    0.7071067811865476,  1.0,  1.2247448713915890};
    return point[(size_t)(6.0 * rng_uniform(seed, rng_stream(RNG_BOOTSTRAP, replicate), unit))];
}

void wild_redraw(const Wild *w, size_t g, uint64_t seed, uint32_t replicate, uint64_t offset,
                 FitProblem *to)
{
    const FitData *d = w->data[g];
    for (size_t i = 0; i < d->n; i++) {
        size_t unit = w->by_run ? d->run[i] : i;
        double r = w->error[g][i] * weight(seed, replicate, offset + unit);
        double y = to->residual == FIT_LOG ? w->law[g][i] * exp(-r) : w->law[g][i] - r;
        to->y[i] = y;
        to->ln_y[i] = y > 0.0 ? log(y) : 0.0;
    }
}

/* theta := the minimum of least squares, from that of the loss; as it was where there is none. */
static ErrCode least_squares(const Arrow *joint, ArrowTheta *theta, Err *err)
{
    Arrow j;
    size_t bytes = sizeof *theta * joint->n_groups;
    ArrowTheta *from = malloc(bytes);
    ErrCode rc = from ? arrow_copy(joint, &j, err) : err_nomem(err, "least squares");
    if (rc != ERR_OK) {
        free(from);
        return rc;
    }
    memcpy(from, theta, bytes);
    for (size_t g = 0; g < j.n_groups; g++) {
        j.problem[g].loss = (FitLoss){FIT_MSE, 0.0, 1.0};
        for (size_t a = 0; a < j.p; a++) {
            bool is_at_limit = theta[g][a] <= PROBLEM_LN_ZERO && !j.problem[g].is_fixed[a];
            theta[g][a] = is_at_limit ? log(1e-2 * j.problem[g].level) : theta[g][a];
        }
    }
    if (!arrow_solve(&j, joint, ARROW_COLD, theta).is_minimum) {
        memcpy(theta, from, bytes);
    }
    arrow_release(&j, false);
    free(from);
    return ERR_OK;
}

static ErrCode errors(const Arrow *joint, Wild *w, ArrowTheta *theta, Err *err)
{
    ErrCode rc = ERR_OK;
    if (w->by_run && joint->problem[0].loss.kind != FIT_MSE) {
        rc = least_squares(joint, theta, err);
    }
    for (size_t g = 0; rc == ERR_OK && g < w->n_groups; g++) {
        for (size_t i = 0; i < w->data[g]->n; i++) {
            w->error[g][i] = problem_residual(&joint->problem[g], i, theta[g]);
        }
    }
    return rc == ERR_OK
               ? leverage_free(joint, theta, w->data, w->by_run, LEVERAGE_LEFT_OUT, w->error, err)
               : rc;
}

void wild_release(Wild *w)
{
    arena_release(&w->arena);
    *w = (Wild){0};
}

ErrCode wild_open(const Arrow *joint, ArrowTheta *theta, const FitData *const *data, bool by_run,
                  Wild *ret, Err *err)
{
    size_t groups = joint->n_groups;
    Wild w = {.data = data, .n_groups = groups, .by_run = by_run};
    ArrowTheta *own = arena_array(&w.arena, groups, sizeof *own);
    w.law =
        arena_array(&w.arena, groups, sizeof(double *)); /* NOLINT(bugprone-sizeof-expression) */
    w.error =
        arena_array(&w.arena, groups, sizeof(double *)); /* NOLINT(bugprone-sizeof-expression) */
    bool has_memory = own && w.law && w.error;
    for (size_t g = 0; has_memory && g < groups; g++) {
        w.law[g] = arena_array(&w.arena, data[g]->n + 1, sizeof **w.law);
        w.error[g] = arena_array(&w.arena, data[g]->n + 1, sizeof **w.error);
        has_memory = w.law[g] && w.error[g];
    }
    ErrCode rc = has_memory ? ERR_OK : err_nomem(err, "wild bootstrap");
    for (size_t g = 0; rc == ERR_OK && g < groups; g++) {
        memcpy(own[g], theta[g], sizeof own[g]);
        for (size_t i = 0; i < data[g]->n; i++) {
            w.law[g][i] = problem_predict(&joint->problem[g], i, theta[g]);
        }
    }
    rc = rc == ERR_OK ? errors(joint, &w, own, err) : rc;
    if (rc != ERR_OK) {
        wild_release(&w);
    }
    *ret = w;
    return rc;
}

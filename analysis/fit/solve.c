#include "analysis/fit/solve.h"

#include <math.h>

#include "analysis/fit/l1.h"

enum { COLD_IRLS_STEPS = 0, WARM_IRLS_STEPS = 3 };

double solve_least_loss(const FitProblem *p)
{
    double least = (double)INFINITY;
    for (size_t i = 0; i < p->n; i++) {
        least = fmin(least, p->y[i]);
    }
    return least;
}

/* Minimises from s->theta with the parameters that p fixes held. */
static void descend(const FitProblem *p, Nls *nls, Solution *s)
{
    FitProblem smooth = *p;
    if (p->loss.kind == FIT_L1) {
        smooth.loss = (FitLoss){FIT_HUBER, 1e-3};
    }
    if (nls) {
        nls_improve(nls, &smooth, s->theta);
    }
    s->objective = newton_minimise(&smooth, nls ? COLD_IRLS_STEPS : WARM_IRLS_STEPS, s->theta);
    if (p->loss.kind == FIT_L1) {
        bool is_vertex = false;
        s->objective = l1_minimise(p, s->theta, &is_vertex);
        s->certificate = (Certificate){.is_minimum = is_vertex};
    } else {
        s->certificate = newton_certify(p, s->theta);
    }
}

/* Is the objective no smaller just inside the limit?  (The Kuhn-Tucker condition.) */
static bool is_limit_minimal(const FitProblem *p, const Solution *s, size_t k, double least)
{
    Solution inside = *s;
    inside.theta[k] = log(1e-9 * least);
    return problem_value(p, inside.theta) >= s->objective * (1.0 - 1e-12) - problem_noise(p);
}

void solve_from(const FitProblem *p, Nls *nls, Solution *s)
{
    double least = solve_least_loss(p);
    descend(p, nls, s);
    for (size_t k = 0; k < p->form->n_terms; k++) {
        s->is_zero[k] = false;
        if (!p->form->may_vanish[k] || s->theta[k] > log(SOLVE_VANISHED * least)) {
            continue;
        }
        FitProblem limited = *p;
        Solution at_limit = *s;
        limited.is_fixed[k] = true;
        at_limit.theta[k] = SOLVE_LN_ZERO;
        descend(&limited, NULL, &at_limit);
        if (at_limit.objective <= s->objective * (1.0 + 1e-9) + problem_noise(p) &&
            is_limit_minimal(p, &at_limit, k, least)) {
            *s = at_limit;
            s->is_zero[k] = true;
        }
    }
}

#include "analysis/fit/solve.h"

#include <math.h>

#include "analysis/fit/l1.h"

enum { COLD_STEPS = 8, WARM_STEPS = 3 };

/* Minimises from s->theta with the parameters that p fixes held. */
static void descend(const FitProblem *p, Nls *nls, SolveWay way, Solution *s)
{
    FitProblem smooth = *p;
    if (p->loss.kind == FIT_L1) {
        smooth.loss = (FitLoss){FIT_HUBER, 1e-3, 1.0};
    }
    if (nls) {
        nls_improve(nls, &smooth, s->theta);
    }
    size_t irls = nls ? 0 : way == SOLVE_COLD ? COLD_STEPS : WARM_STEPS;
    s->objective = newton_minimise(&smooth, irls, s->theta);
    if (p->loss.kind == FIT_L1) {
        bool is_vertex = false;
        s->objective = l1_minimise(p, s->theta, &is_vertex);
        s->certificate = (Certificate){.is_minimum = is_vertex};
    } else {
        s->certificate = newton_certify(p, s->theta);
    }
}

/* Is the objective no smaller just inside the limit?  (The Kuhn-Tucker condition.) */
static bool is_limit_minimal(const FitProblem *p, const Solution *s, size_t k)
{
    Solution inside = *s;
    inside.theta[k] = log(1e-9 * p->level);
    return problem_value(p, inside.theta) >= s->objective * (1.0 - 1e-12) - problem_noise(p);
}

void solve_from(const FitProblem *p, Nls *nls, SolveWay way, Solution *s)
{
    for (size_t k = 0; k < p->p; k++) {
        s->theta[k] = p->is_fixed[k] ? p->fixed[k] : s->theta[k];
    }
    descend(p, nls, way, s);
    for (size_t k = 0; k < p->p; k++) {
        const FormParam *q = &p->form->param[k];
        s->is_zero[k] = false;
        if (p->is_fixed[k] || q->kind != FORM_COEFFICIENT || !q->may_vanish ||
            s->theta[k] > log(SOLVE_VANISHED * p->level)) {
            continue;
        }
        FitProblem limited = *p;
        Solution at_limit = *s;
        limited.is_fixed[k] = true;
        at_limit.theta[k] = PROBLEM_LN_ZERO;
        descend(&limited, NULL, SOLVE_WARM, &at_limit);
        if (at_limit.objective <= s->objective * (1.0 + 1e-9) + problem_noise(p) &&
            is_limit_minimal(p, &at_limit, k)) {
            *s = at_limit;
            s->is_zero[k] = true;
        }
    }
}

#include "analysis/use/explain.h"

#include <math.h>
#include <stdio.h>

bool explain_is_ratio(size_t part)
{
    return part != APPROACH_A && part != APPROACH_B;
}

static bool is_apart(const FitInterval *x, const FitInterval *y)
{
    return isfinite(x->lo) && isfinite(y->lo) && (x->lo > y->hi || x->hi < y->lo);
}

/* Why approach r and the law may differ where the bias does not explain it. */
static const char *reason(const Approach *r)
{
    if (r->kind == APPROACH_ENVELOPE && r->is_argmin) {
        return "hardly any C has sizes on both sides of the best one, so the envelope follows the "
               "ends of the runs";
    }
    if (r->kind == APPROACH_BINNED) {
        return "the least of several noisy losses is taken as it is, at whatever N and C it has";
    }
    if (r->kind == APPROACH_ISOFLOP && r->outside > 0) {
        return "some budgets have their vertex beyond their own points: the grids of N are off "
               "centre";
    }
    return "this is more than the bias of the method on a law of this shape: the law does not "
           "describe the losses near the optimum, or not all of these models are trained equally "
           "well";
}

/* One sentence about part p of approach r and the law's, if their intervals lie apart, before or after
 * the bias is taken off. */
static bool explain_part(const Approach *r, const Approach *law, size_t p, const char *what,
                         char *out)
{
    FitInterval x = r->interval[p], y = law->interval[p], corrected;
    bool has_bias = r->has_bias && isfinite(r->bias[p]);
    corrected = x;
    if (has_bias) {
        corrected.lo = explain_is_ratio(p) ? x.lo / r->bias[p] : x.lo - r->bias[p];
        corrected.hi = explain_is_ratio(p) ? x.hi / r->bias[p] : x.hi - r->bias[p];
    }
    bool before = is_apart(&x, &y), after = is_apart(&corrected, &y);
    if (!before && !after) {
        return false;
    }
    int n = snprintf(out, APPROACH_WHY_BYTES,
                     "approaches %s and 3 %s on %s (%.3g to %.3g against "
                     "%.3g to %.3g",
                     approach_number(r->kind), before ? "disagree" : "agree", what, x.lo, x.hi,
                     y.lo, y.hi);
    if (has_bias) {
        n += snprintf(out + n, APPROACH_WHY_BYTES - (size_t)n, "; %.3g to %.3g without its bias",
                      corrected.lo, corrected.hi);
    }
    const char *why = before && !after ? "the method's own bias on this design accounts for it"
                      : !before        ? "only the method's own bias makes them agree"
                                       : reason(r);
    (void)snprintf(out + n, APPROACH_WHY_BYTES - (size_t)n, "): %s", why);
    return true;
}

void explain_approaches(Approaches *all)
{
    const Approach *law = &all->by[APPROACH_LAW];
    char what[48];
    size_t last = all->n_at - 1;
    (void)snprintf(what, sizeof what, "N_opt at %.3g FLOP", all->at[last]);
    for (size_t i = 0; i < APPROACH_LAW && !law->is_refused; i++) {
        const Approach *r = &all->by[i];
        char *out = all->why[all->n_why];
        if (!r->is_refused && (explain_part(r, law, APPROACH_A, "a", out) ||
                               explain_part(r, law, APPROACH_N_OPT + last, what, out))) {
            all->n_why++;
        }
    }
}

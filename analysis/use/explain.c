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
        return "Hardly any C has sizes on both sides of the best one, so the envelope follows the "
               "ends of the runs";
    }
    if (r->kind == APPROACH_BINNED) {
        return "The least of several noisy losses is taken as it is, at whatever N and C it has";
    }
    if (r->kind == APPROACH_ISOFLOP && r->outside > 0) {
        return "Some budgets have their vertex beyond their own points: the grids of N are off "
               "centre";
    }
    return "This is more than the bias of the method on a law of this shape: the law does not "
           "describe the losses near the optimum, or not all of these models are trained equally "
           "well";
}

/* x without the bias of the method. */
static FitInterval corrected(const Approach *r, size_t p)
{
    FitInterval x = r->interval[p];
    x.lo = explain_is_ratio(p) ? x.lo / r->bias[p] : x.lo - r->bias[p];
    x.hi = explain_is_ratio(p) ? x.hi / r->bias[p] : x.hi - r->bias[p];
    x.se = (double)NAN;
    return x;
}

static const char *range_text(const FitInterval *x, char *out)
{
    const Interval i = {.se = (double)NAN, .lo = x->lo, .hi = x->hi};
    return interval_text(&i, out);
}

/* One sentence about part p of approach r and the law's, if their intervals lie apart, before or after
 * the bias is taken off. */
static bool explain_part(const Approach *r, const Approach *law, size_t p, const char *what,
                         AnswerNode *list)
{
    bool has_bias = r->has_bias && isfinite(r->bias[p]);
    FitInterval x = r->interval[p], y = law->interval[p];
    FitInterval own = has_bias ? corrected(r, p) : x;
    bool before = is_apart(&x, &y), after = is_apart(&own, &y);
    char of_x[INTERVAL_TEXT_BYTES], of_y[INTERVAL_TEXT_BYTES], of_own[INTERVAL_TEXT_BYTES];
    if (!before && !after) {
        return false;
    }
    const char *why = before && !after ? "The method's own bias on this design accounts for it"
                      : !before        ? "Only the method's own bias makes them agree"
                                       : reason(r);
    answer_say(list, NULL, SAY_PLAIN, "Approaches %s and 3 %s on %s (%s against %s%s%s%s). %s.",
               approach_number(r->kind), before ? "disagree" : "agree", what, range_text(&x, of_x),
               range_text(&y, of_y), has_bias ? "; " : "", has_bias ? range_text(&own, of_own) : "",
               has_bias ? " without its bias" : "", why);
    return true;
}

void explain_approaches(const Approaches *all, AnswerNode *list)
{
    const Approach *law = &all->by[APPROACH_LAW];
    char c[NUMBER_TEXT_BYTES], what[NUMBER_TEXT_BYTES + 32];
    size_t last = all->n_at - 1;
    (void)snprintf(what, sizeof what, "N_opt at C = %s FLOP",
                   number_text(all->at[last], NUMBER_DIGITS, 3, c));
    for (size_t i = 0; i < APPROACH_LAW && !law->is_refused; i++) {
        const Approach *r = &all->by[i];
        if (!r->is_refused && !explain_part(r, law, APPROACH_A, "a", list)) {
            (void)explain_part(r, law, APPROACH_N_OPT + last, what, list);
        }
    }
}

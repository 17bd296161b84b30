#include "analysis/compare/verdict.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *verdict_name(CompareVerdict v)
{
    static const char *const name[] = {
        [COMPARE_DIFFER] = "differ", [COMPARE_ALIKE] = "alike", [COMPARE_UNDECIDED] = "undecided"};
    return name[v];
}

const char *verdict_p_text(double p, char out[VERDICT_P_BYTES])
{
    char number[NUMBER_TEXT_BYTES];
    (void)number_text(p, NUMBER_P, 0, number);
    (void)snprintf(out, VERDICT_P_BYTES, number[0] == '<' ? "p %s" : "p = %s", number);
    return out;
}

static void add(char *text, size_t size, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void add(char *text, size_t size, const char *fmt, ...)
{
    size_t n = strlen(text);
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(text + n, size - n, fmt, ap);
    va_end(ap);
}

/* Of one parameter: is its difference surely within the margin? */
static bool is_within(const CompareDifference *d, double margin)
{
    double room = margin * d->mean;
    return d->lo90 >= -room && d->hi90 <= room;
}

static bool of_pair(const CompareDifference *d, const ComparePair *p)
{
    return d->a == p->a && d->b == p->b && d->is_tested;
}

static bool is_alike(const Compare *c, const ComparePair *p)
{
    size_t n = 0;
    bool is_within_all = true;
    double most = 1.0 + c->o->margin;
    if (c->o->null == COMPARE_ALL) {
        for (size_t i = 0; i < c->n_multipliers; i++) {
            const CompareMultiplier *m = &c->multiplier[i];
            if (m->a == p->a && m->b == p->b) {
                n++;
                is_within_all = is_within_all && m->lo >= 1.0 / most && m->hi <= most;
            }
        }
        return n > 0 && is_within_all;
    }
    for (size_t i = 0; i < c->n_differences; i++) {
        const CompareDifference *d = &c->difference[i];
        if (of_pair(d, p)) {
            n++;
            is_within_all = is_within_all && is_within(d, c->o->margin);
        }
    }
    return n > 0 && is_within_all;
}

static const char *what_differs(CompareNull null)
{
    static const char *const words[] = {[COMPARE_EXPONENTS] = "scale differently",
                                        [COMPARE_EXPONENTS_E] =
                                            "differ in their exponents or their E",
                                        [COMPARE_ALL] = "are not one law"};
    return words[null];
}

static void say_alike(const Compare *c, ComparePair *p, const char *a, const char *b)
{
    bool is_one_law = c->o->null == COMPARE_ALL;
    add(p->sentence, sizeof p->sentence, is_one_law ? "%s and %s are one law" : "%s scales like %s",
        a, b);
    add(p->sentence, sizeof p->sentence, ": %s the same within %.3g %%",
        is_one_law                          ? "the compute that they need is"
        : c->o->null == COMPARE_EXPONENTS_E ? "every exponent and E are"
                                            : "every exponent is",
        100.0 * c->o->margin);
}

static void say_undecided(const Compare *c, ComparePair *p, const char *a, const char *b)
{
    char text[VERDICT_P_BYTES];
    static const char *const question[] = {[COMPARE_EXPONENTS] = "scales like",
                                           [COMPARE_EXPONENTS_E] = "scales like",
                                           [COMPARE_ALL] = "is one law with"};
    add(p->sentence, sizeof p->sentence, "The data cannot tell whether %s %s %s", a,
        question[c->o->null], b);
    if (isfinite(p->test.p)) {
        add(p->sentence, sizeof p->sentence, " (%s)", verdict_p_text(p->p_holm, text));
    } else if (p->is_refused || p->test.why[0]) {
        add(p->sentence, sizeof p->sentence, " (%s)", p->is_refused ? p->refusal.msg : p->test.why);
    }
    const char *lead = "; it would have missed differences";
    for (size_t i = 0; i < c->n_differences; i++) {
        const CompareDifference *d = &c->difference[i];
        if (of_pair(d, p) && isfinite(d->detectable)) {
            if (d->detectable < d->mean) {
                add(p->sentence, sizeof p->sentence, "%s up to %.2g in %s", lead, d->detectable,
                    d->name);
            } else {
                add(p->sentence, sizeof p->sentence, "%s of any size in %s", lead, d->name);
            }
            lead = " and";
        }
    }
}

static void judge_pair(const Compare *c, ComparePair *p)
{
    char text[VERDICT_P_BYTES];
    const char *a = c->group[p->a].name, *b = c->group[p->b].name;
    if (isfinite(p->p_holm) && p->p_holm < VERDICT_LEVEL) {
        p->verdict = COMPARE_DIFFER;
        add(p->sentence, sizeof p->sentence, "%s and %s %s (%s%s)", a, b, what_differs(c->o->null),
            verdict_p_text(p->p_holm, text), c->n_pairs > 1 ? ", Holm" : "");
    } else if (isfinite(p->p_holm) && is_alike(c, p)) {
        p->verdict = COMPARE_ALIKE;
        say_alike(c, p, a, b);
    } else {
        p->verdict = COMPARE_UNDECIDED;
        say_undecided(c, p, a, b);
    }
    add(p->sentence, sizeof p->sentence, ".");
}

void verdict_fill(Compare *c)
{
    char text[VERDICT_P_BYTES];
    size_t count[3] = {0};
    for (size_t i = 0; i < c->n_pairs; i++) {
        judge_pair(c, &c->pair[i]);
        count[c->pair[i].verdict]++;
    }
    if (c->n_pairs == 1) {
        memcpy(c->sentence, c->pair[0].sentence, sizeof c->sentence);
        return;
    }
    if (c->is_refused || !isfinite(c->test.p)) {
        add(c->sentence, sizeof c->sentence, "The %zu groups could not be tested: %s", c->n_groups,
            c->is_refused ? c->refusal.msg : c->test.why);
    } else {
        static const char *const words[3][2] = {
            [COMPARE_EXPONENTS] = {"do not surely scale differently", "do not all scale alike"},
            [COMPARE_EXPONENTS_E] = {"do not surely differ in exponents or E",
                                     "do not all have the same exponents and E"},
            [COMPARE_ALL] = {"do not surely differ", "are not all one law"}};
        add(c->sentence, sizeof c->sentence, "The %zu groups together %s (%s)", c->n_groups,
            words[c->o->null][c->test.p < VERDICT_LEVEL], verdict_p_text(c->test.p, text));
    }
    add(c->sentence, sizeof c->sentence,
        ". Pairs that differ: %zu of %zu, that are alike: %zu, undecided: %zu.",
        count[COMPARE_DIFFER], c->n_pairs, count[COMPARE_ALIKE], count[COMPARE_UNDECIDED]);
}

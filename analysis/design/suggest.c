#include "analysis/design/suggest.h"

#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_SWEEPS = 50 };

/* An exchange must improve the criterion by more than rounding. */
#define LEAST_STEP 1e-9
/* A run that is this share of the best gain away from it counts as good. */
#define GOOD_SHARE 0.9

#define NO_RUN ((size_t)-1)

/* A set of runs under way. */
typedef struct Search {
    SuggestGroup *group; /* [n_groups] with the chosen runs added */
    size_t n_groups;
    const SuggestCandidate *candidate;
    const InfoRun *run; /* [n] */
    size_t n;
    const SuggestOptions *o;
    size_t chosen[SUGGEST_MAX_RUNS], n_chosen;
    double cost;
} Search;

double suggest_error(const SuggestGroup *g)
{
    return sqrt(info_variance(&g->info, g->target.g));
}

double suggest_half_width(const SuggestGroup *g)
{
    return info_t(&g->info) * suggest_error(g);
}

/* Half the logarithm of variance or determinant: falls by ln of the narrowing. */
static double merit(const Info *i, const double *g, SuggestCriterion c)
{
    return 0.5 * (c == SUGGEST_C ? log(info_variance(i, g)) : info_log_det(i));
}

static double merit_of(const Search *s, size_t group)
{
    return merit(&s->group[group].info, s->group[group].target.g, s->o->criterion);
}

/* What adding candidate k to the chosen ones gains. */
static double gain_of(const Search *s, size_t k)
{
    size_t g = s->candidate[k].group;
    double before = merit_of(s, g);
    Info more = s->group[g].info;
    info_add(&more, &s->run[k]);
    double after = merit(&more, s->group[g].target.g, s->o->criterion);
    return isinf(before) ? (isinf(after) ? 0.0 : (double)INFINITY) : before - after;
}

static double total(const Search *s)
{
    double sum = 0.0;
    for (size_t g = 0; g < s->n_groups; g++) {
        sum += merit_of(s, g);
    }
    return sum;
}

static void put(Search *s, size_t k)
{
    info_add(&s->group[s->candidate[k].group].info, &s->run[k]);
    s->chosen[s->n_chosen++] = k;
    s->cost += s->candidate[k].cost;
}

static void take(Search *s, size_t at)
{
    size_t k = s->chosen[at];
    info_remove(&s->group[s->candidate[k].group].info, &s->run[k]);
    s->chosen[at] = s->chosen[--s->n_chosen];
    s->cost -= s->candidate[k].cost;
}

/* The candidate of most gain that costs at most `limit`; of equal ones the cheaper. */
static size_t best_within(const Search *s, double limit, double *ret_gain)
{
    size_t best = NO_RUN;
    double most = 0.0;
    for (size_t k = 0; k < s->n; k++) {
        if (s->candidate[k].cost > limit) {
            continue;
        }
        double gain = gain_of(s, k);
        bool is_better = gain > most + LEAST_STEP ||
                         (best != NO_RUN && gain >= most - LEAST_STEP && gain > 0.0 &&
                          s->candidate[k].cost < s->candidate[best].cost);
        if (is_better) {
            best = k;
            most = gain;
        }
    }
    *ret_gain = most;
    return best;
}

static void fill(Search *s, bool is_shared)
{
    while (s->n_chosen < s->o->runs) {
        double gain, left = s->o->budget - s->cost;
        double limit = is_shared ? left / (double)(s->o->runs - s->n_chosen) : left;
        size_t k = best_within(s, limit, &gain);
        if (k == NO_RUN || gain < SUGGEST_LEAST_GAIN) {
            return;
        }
        put(s, k);
    }
}

/* Takes each run out in turn and puts the best one in its place. */
static bool exchange_once(Search *s)
{
    bool has_changed = false;
    for (size_t at = 0; at < s->n_chosen; at++) {
        size_t old = s->chosen[at];
        double gain, before = total(s);
        take(s, at);
        size_t k = best_within(s, s->o->budget - s->cost, &gain);
        put(s, k == NO_RUN ? old : k);
        if (k != NO_RUN && k != old && !(total(s) < before - LEAST_STEP)) {
            take(s, s->n_chosen - 1);
            put(s, old);
            k = old;
        }
        /* the last one takes the place of the one taken out */
        size_t last = s->chosen[s->n_chosen - 1];
        s->chosen[s->n_chosen - 1] = s->chosen[at];
        s->chosen[at] = last;
        has_changed = has_changed || (k != NO_RUN && k != old);
    }
    return has_changed;
}

static void improve(Search *s)
{
    for (int i = 0; i < MAX_SWEEPS && exchange_once(s); i++) {
        fill(s, false);
    }
}

/* ---- what is told ------------------------------------------------------------------------------ */

static double error_of(const Search *s, size_t g)
{
    return suggest_error(&s->group[g]);
}

/* The chosen runs one after another, the largest gain first. */
static void order(Search *s, Suggestion *ret)
{
    size_t set[SUGGEST_MAX_RUNS], n = s->n_chosen;
    memcpy(set, s->chosen, sizeof set);
    while (s->n_chosen) {
        take(s, 0);
    }
    for (; n > 0; n--) {
        size_t best = 0;
        double most = -(double)INFINITY;
        for (size_t i = 0; i < n; i++) {
            double gain = gain_of(s, set[i]);
            if (gain > most) {
                most = gain;
                best = i;
            }
        }
        SuggestRow *row = &ret->row[ret->n++];
        size_t g = s->candidate[set[best]].group;
        *row = (SuggestRow){.candidate = set[best], .gain = most, .before = error_of(s, g)};
        row->half_before = suggest_half_width(&s->group[g]);
        put(s, set[best]);
        row->after = error_of(s, g);
        row->half_after = suggest_half_width(&s->group[g]);
        set[best] = set[n - 1];
    }
    ret->cost = s->cost;
}

/* One run alone, before anything is chosen. */
static ErrCode look_alone(const Search *s, Suggestion *ret, Err *err)
{
    double *gain = calloc(2 * (s->n + 1), sizeof *gain), *sorted = gain ? gain + s->n + 1 : NULL;
    if (!gain) {
        return err_nomem(err, "the candidates");
    }
    ret->best_alone = ret->largest = ret->cheap = NO_RUN;
    for (size_t k = 0; k < s->n; k++) {
        if (s->candidate[k].cost > s->o->budget) {
            continue;
        }
        gain[k] = gain_of(s, k);
        sorted[ret->affordable++] = gain[k];
        if (ret->best_alone == NO_RUN || gain[k] > gain[ret->best_alone]) {
            ret->best_alone = k;
        }
        if (ret->largest == NO_RUN || s->candidate[k].cost > s->candidate[ret->largest].cost ||
            (s->candidate[k].cost == s->candidate[ret->largest].cost &&
             s->candidate[k].n > s->candidate[ret->largest].n)) {
            ret->largest = k;
        }
    }
    for (size_t k = 0; ret->affordable && k < s->n; k++) {
        bool is_good = s->candidate[k].cost <= s->o->budget &&
                       s->candidate[k].group == s->candidate[ret->best_alone].group &&
                       gain[k] >= GOOD_SHARE * gain[ret->best_alone];
        if (is_good &&
            (ret->cheap == NO_RUN || s->candidate[k].cost < s->candidate[ret->cheap].cost)) {
            ret->cheap = k;
        }
    }
    if (ret->affordable) {
        gsl_sort(sorted, 1, ret->affordable);
        ret->median_gain = gsl_stats_median_from_sorted_data(sorted, 1, ret->affordable);
        ret->best_gain = gain[ret->best_alone];
        ret->largest_gain = gain[ret->largest];
        ret->cheap_gain = ret->cheap == NO_RUN ? 0.0 : gain[ret->cheap];
    }
    free(gain);
    return ERR_OK;
}

static ErrCode check_options(const SuggestOptions *o, const SuggestCandidate *c, size_t n,
                             size_t n_groups, Err *err)
{
    if (o->runs < 1 || o->runs > SUGGEST_MAX_RUNS) {
        return err_set(err, ERR_USAGE, "1 to %d runs can be suggested, not %zu", SUGGEST_MAX_RUNS,
                       o->runs);
    }
    if (!(o->budget > 0.0)) {
        return err_set(err, ERR_USAGE, "the budget must be a positive number of FLOP");
    }
    for (size_t k = 0; k < n; k++) {
        if (c[k].group >= n_groups || !(c[k].cost > 0.0) || c[k].points == 0) {
            return err_set(err, ERR_USAGE, "candidate %zu has no group, cost or checkpoint", k);
        }
    }
    return ERR_OK;
}

/* Both ways to begin, each improved; the better end is put into s. */
static void search_both(Search *s, const SuggestGroup *group)
{
    size_t first[SUGGEST_MAX_RUNS], n_first;
    fill(s, false);
    improve(s);
    double merit_first = total(s);
    memcpy(first, s->chosen, sizeof first);
    n_first = s->n_chosen;
    memcpy(s->group, group, sizeof *group * s->n_groups);
    s->n_chosen = 0;
    s->cost = 0.0;
    fill(s, true);
    improve(s);
    if (s->o->runs > 1 && total(s) < merit_first - LEAST_STEP) {
        return;
    }
    memcpy(s->group, group, sizeof *group * s->n_groups);
    s->n_chosen = 0;
    s->cost = 0.0;
    for (size_t i = 0; i < n_first; i++) {
        put(s, first[i]);
    }
}

ErrCode suggest_choose(const SuggestGroup *group, size_t n_groups,
                       const SuggestCandidate *candidate, size_t n, const SuggestOptions *o,
                       Suggestion *ret, Err *err)
{
    Search s = {.n_groups = n_groups, .candidate = candidate, .n = n, .o = o};
    InfoRun *run = NULL;
    ErrCode rc = ERR_OK;
    *ret = (Suggestion){0};
    TRY(check_options(o, candidate, n, n_groups, err));
    s.group = calloc(n_groups + 1, sizeof *s.group);
    run = calloc(n + 1, sizeof *run);
    if (!s.group || !run) {
        rc = err_nomem(err, "the candidates");
        goto done;
    }
    memcpy(s.group, group, sizeof *group * n_groups);
    for (size_t k = 0; k < n; k++) {
        info_run(&group[candidate[k].group].info, candidate[k].n, candidate[k].tokens,
                 candidate[k].flops, candidate[k].points, &run[k]);
    }
    s.run = run;
    TRY(look_alone(&s, ret, err));
    search_both(&s, group);
    order(&s, ret);
done:
    free(run);
    free(s.group);
    return rc;
}

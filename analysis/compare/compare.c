#include "analysis/compare/compare.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/compare/difference.h"
#include "analysis/compare/reach.h"
#include "analysis/compare/verdict.h"
#include "common/rng.h"
#include "common/words.h"

/* Replicates of a pair's test: a quarter of those of the whole, but never fewer than this, nor too few
 * for the least p to survive Holm. */
enum { PAIR_REPLICATES = 199, PAIR_SHARE = 4 };

const char *const compare_null_names[] = {[COMPARE_EXPONENTS] = "exponents",
                                          [COMPARE_EXPONENTS_E] = "exponents+E",
                                          [COMPARE_ALL] = "all",
                                          NULL};

const char *const compare_method_names[] = {
    [NESTED_AUTO] = "auto", [NESTED_F] = "F", [NESTED_BOOTSTRAP] = "bootstrap", NULL};

/* ---- groups ---- */

/* A seed that follows the name and not the place: FNV-1a, through the generator. */
static uint64_t seed_of(uint64_t seed, const char *name, uint32_t purpose)
{
    uint64_t hash = 14695981039346656037ULL;
    for (const char *c = name; *c; c++) {
        hash = (hash ^ (unsigned char)*c) * 1099511628211ULL;
    }
    return rng_u64(seed, rng_stream(RNG_BOOTSTRAP, purpose), hash);
}

/* Beyond any replicate's number. */
enum { SEED_DRAWS = 0x7FFFFF01, SEED_SIGNS = 0x7FFFFF02 };

static const ObsGroup *find_group(const Obs *obs, const char *name)
{
    for (size_t g = 0; g < obs->n_groups; g++) {
        if (strcmp(obs->group[g].name, name) == 0) {
            return &obs->group[g];
        }
    }
    return NULL;
}

static ErrCode unknown_group(const Obs *obs, const char *name, Err *err)
{
    enum { MOST_TOLD = 64 };
    const char *known[MOST_TOLD];
    size_t n = 0, ignored;
    for (; obs->group && n < obs->n_groups && n < MOST_TOLD; n++) {
        known[n] = obs->group[n].name;
    }
    return words_find("group", name, known, n, &ignored, err);
}

/* The groups asked for, in their order. */
static ErrCode choose_groups(const Obs *obs, const CompareOptions *o, const ObsGroup **ret,
                             size_t *ret_n, Err *err)
{
    *ret_n = o->n_only ? o->n_only : obs->n_groups;
    for (size_t g = 0; g < *ret_n; g++) {
        ret[g] = o->n_only ? find_group(obs, o->only[g]) : &obs->group[g];
        if (!ret[g]) {
            return unknown_group(obs, o->only[g], err);
        }
        for (size_t h = 0; h < g; h++) {
            if (ret[h] == ret[g]) {
                return err_set(err, ERR_USAGE, "group \"%s\" is named twice", ret[g]->name);
            }
        }
    }
    if (*ret_n < 2) {
        (void)err_set(err, ERR_USAGE, "a comparison needs two groups or more; there is %zu",
                      *ret_n);
        return obs->by ? err_hint(err, "column %s has one value only", obs->by)
                       : err_hint(err, "name the column that tells groups apart: --by COLUMN");
    }
    return ERR_OK;
}

/* What a multiplier is of, over the data. */
static void fill_range(const Form *f, CompareGroup *g)
{
    const FitData *d = &g->data;
    const double *column = f->best_size ? NULL : fit_data_input(d, f->input[0]);
    g->amount_lo = g->least_loss = (double)INFINITY;
    g->amount_hi = 0.0;
    for (size_t i = 0; i < d->n; i++) {
        double amount = column ? column[i] : 6.0 * d->params[i] * d->tokens[i];
        g->amount_lo = fmin(g->amount_lo, amount);
        g->amount_hi = fmax(g->amount_hi, amount);
        g->least_loss = fmin(g->least_loss, d->loss[i]);
    }
}

static ErrCode fit_group(Compare *c, const ObsGroup *obs, CompareGroup *g, Err *err)
{
    ReportFit *f = &c->report.fit[c->report.n++];
    FitOptions o = c->o->fit;
    *f = (ReportFit){.group = obs, .form = &c->form, .refusal = ERR_INIT};
    *g = (CompareGroup){.name = obs->name, .fit = &f->fit, .data = obs->data};
    o.form = &c->form;
    o.has_all_intervals = false;
    o.seed = seed_of(o.seed, g->name, SEED_DRAWS);
    ErrCode rc = fit_draws(&o, &g->data, &f->fit, &g->draws, &f->refusal);
    if (rc == ERR_NOMEM) {
        *err = f->refusal;
        return rc;
    }
    f->is_refused = rc != ERR_OK;
    c->report.n_refused += f->is_refused ? 1 : 0;
    if (c->resource && !f->is_refused) {
        fill_range(&c->form, g);
    }
    return ERR_OK;
}

static ErrCode fit_groups(Compare *c, const Obs *obs, Err *err)
{
    size_t n, most = c->o->n_only > obs->n_groups ? c->o->n_only : obs->n_groups;
    const ObsGroup **chosen = arena_array(
        &c->arena, most + 1, sizeof(const ObsGroup *)); /* NOLINT(bugprone-sizeof-expression) */
    if (!chosen) {
        return err_nomem(err, "groups");
    }
    ErrCode rc = choose_groups(obs, c->o, chosen, &n, err);
    if (rc != ERR_OK) {
        return rc;
    }
    c->report.fit = calloc(n, sizeof *c->report.fit);
    c->group = calloc(n, sizeof *c->group);
    if (!c->report.fit || !c->group) {
        return err_nomem(err, "groups");
    }
    const ReportFit *refused = NULL;
    for (size_t g = 0; g < n; g++) {
        CompareGroup *own = &c->group[c->n_groups];
        rc = fit_group(c, chosen[g], own, err);
        if (rc != ERR_OK) {
            return rc;
        }
        const ReportFit *f = &c->report.fit[g];
        refused = f->is_refused ? f : refused;
        c->n_groups += f->is_refused ? 0 : 1;
    }
    if (c->n_groups < 2 && refused) {
        (void)err_set(err, ERR_NUMERIC, "%zu of %zu groups could be fitted; %s: %s", c->n_groups, n,
                      refused->group->name, refused->refusal.msg);
        return err_hint(err, "%s", refused->refusal.hint);
    }
    return ERR_OK;
}

/* ---- the null ---- */

/* Exponents are the shapes without a unit; E is the level that may be 0. */
static ErrCode choose_shared(Compare *c, Err *err)
{
    bool has_level = false, has_free = false;
    for (size_t a = 0; a < c->form.n_params; a++) {
        const FormParam *q = &c->form.param[a];
        bool is_exponent = q->kind == FORM_SHAPE && strcmp(q->unit, "1") == 0;
        bool is_level = q->kind == FORM_COEFFICIENT && q->may_vanish;
        has_level = has_level || (is_level && !c->o->fit.fix.is_fixed[a]);
        c->is_shared[a] = c->o->null == COMPARE_ALL || is_exponent ||
                          (is_level && c->o->null == COMPARE_EXPONENTS_E);
        has_free = has_free || (c->is_shared[a] && !c->o->fit.fix.is_fixed[a]);
    }
    if (!has_free) {
        return err_set(err, ERR_USAGE, "%s has no free exponent to share", c->form.name);
    }
    if (c->o->null == COMPARE_EXPONENTS_E && !has_level) {
        (void)err_set(err, ERR_USAGE, "%s has no free irreducible loss to share", c->form.name);
        return err_hint(err, "--null exponents, or --null all");
    }
    return ERR_OK;
}

static void nested_group(const Compare *c, size_t g, NestedGroup *ret)
{
    const CompareGroup *own = &c->group[g];
    *ret = (NestedGroup){&own->data, own->fit, seed_of(c->o->fit.seed, own->name, SEED_SIGNS)};
}

/* Refusals of the shared fit are part of the answer. */
static ErrCode test_all(Compare *c, Err *err)
{
    FitOptions o = c->o->fit;
    NestedGroup *group = calloc(c->n_groups + 1, sizeof *group);
    FitResult *shared = calloc(c->n_groups + 1, sizeof *shared);
    ErrCode rc = group && shared ? ERR_OK : err_nomem(err, "comparison");
    o.form = &c->form;
    for (size_t g = 0; rc == ERR_OK && g < c->n_groups; g++) {
        nested_group(c, g, &group[g]);
    }
    if (rc == ERR_OK) {
        c->refusal = ERR_INIT;
        rc = nested_test(&o, c->is_shared, c->o->method, group, c->n_groups, shared, &c->whole,
                         &c->test, &c->refusal);
        c->is_refused = rc == ERR_NUMERIC || rc == ERR_INVALID;
        if (c->is_refused) {
            c->test = (NestedTest){.p = (double)NAN, .statistic = (double)NAN};
            rc = ERR_OK;
        } else if (rc != ERR_OK) {
            *err = c->refusal;
        }
    }
    for (size_t g = 0; rc == ERR_OK && !c->is_refused && g < c->n_groups; g++) {
        c->group[g].null = shared[g];
    }
    free(group);
    free(shared);
    return rc;
}

static ErrCode test_pair(const Compare *c, ComparePair *p, size_t n_pairs, Err *err)
{
    FitOptions o = c->o->fit;
    NestedGroup group[2];
    ShareFit whole;
    FitResult *shared = calloc(2, sizeof *shared);
    if (!shared) {
        return err_nomem(err, "comparison");
    }
    size_t enough = 40 * n_pairs - 1;
    enough = enough < PAIR_REPLICATES ? PAIR_REPLICATES : enough;
    enough = enough < o.bootstrap / PAIR_SHARE ? o.bootstrap / PAIR_SHARE : enough;
    o.form = &c->form;
    o.bootstrap = o.bootstrap < enough ? o.bootstrap : enough;
    nested_group(c, p->a, &group[0]);
    nested_group(c, p->b, &group[1]);
    p->refusal = ERR_INIT;
    ErrCode rc = nested_test(&o, c->is_shared, c->o->method, group, 2, shared, &whole, &p->test,
                             &p->refusal);
    p->is_refused = rc == ERR_NUMERIC || rc == ERR_INVALID;
    if (p->is_refused) {
        p->test = (NestedTest){.p = (double)NAN, .statistic = (double)NAN};
        rc = ERR_OK;
    } else if (rc != ERR_OK) {
        *err = p->refusal;
    }
    free(shared);
    return rc;
}

static ErrCode test_pairs(Compare *c, Err *err)
{
    size_t n = c->n_groups * (c->n_groups - 1) / 2;
    c->pair = calloc(n + 1, sizeof *c->pair);
    double *p = calloc(2 * n + 1, sizeof *p);
    ErrCode rc = c->pair && p ? ERR_OK : err_nomem(err, "pairs");
    for (size_t a = 0; a < c->n_groups && rc == ERR_OK; a++) {
        for (size_t b = a + 1; b < c->n_groups && rc == ERR_OK; b++) {
            ComparePair *own = &c->pair[c->n_pairs];
            *own = (ComparePair){.a = a, .b = b};
            if (n == 1) {
                own->test = c->test;
                own->is_refused = c->is_refused;
                own->refusal = c->refusal;
            } else {
                rc = test_pair(c, own, n, err);
            }
            p[c->n_pairs++] = own->test.p;
        }
    }
    if (rc == ERR_OK) {
        holm_adjust(p, n, p + n);
    }
    for (size_t i = 0; rc == ERR_OK && i < n; i++) {
        c->pair[i].p_holm = p[n + i];
    }
    free(p);
    return rc;
}

/* ---- differences and multipliers ---- */

/* Exponents, the irreducible level, and whatever else the null shares. */
static bool is_compared(const Compare *c, size_t a)
{
    const FormParam *q = &c->form.param[a];
    bool is_exponent = q->kind == FORM_SHAPE && strcmp(q->unit, "1") == 0;
    bool is_level = q->kind == FORM_COEFFICIENT && q->may_vanish;
    return !c->o->fit.fix.is_fixed[a] && (is_exponent || is_level);
}

static ErrCode take_differences(Compare *c, Err *err)
{
    ErrCode rc = ERR_OK;
    c->difference = calloc(c->n_pairs * c->form.n_params, sizeof *c->difference);
    double *p = calloc(2 * c->n_pairs, sizeof *p);
    if (!c->difference || !p) {
        rc = err_nomem(err, "differences");
    }
    for (size_t a = 0; a < c->form.n_params && rc == ERR_OK; a++) {
        if (!is_compared(c, a)) {
            continue;
        }
        CompareDifference *first = &c->difference[c->n_differences];
        for (size_t i = 0; i < c->n_pairs && rc == ERR_OK; i++) {
            CompareDifference *d = &c->difference[c->n_differences++];
            rc = difference_of(c, c->pair[i].a, c->pair[i].b, a, d, err);
            p[i] = d->p;
        }
        holm_adjust(p, c->n_pairs, p + c->n_pairs);
        for (size_t i = 0; i < c->n_pairs && rc == ERR_OK; i++) {
            first[i].p_holm = p[c->n_pairs + i];
        }
    }
    free(p);
    return rc;
}

/* A loss with three digits, if that stays between lo and hi. */
static double rounded(double x, double lo, double hi)
{
    char text[32];
    (void)snprintf(text, sizeof text, "%.3g", x);
    double r = strtod(text, NULL);
    return r > lo && r < hi ? r : x;
}

/* Losses that the frontiers of all groups pass within their data. */
static void choose_losses(Compare *c)
{
    static const double share[COMPARE_DEFAULT_AT] = {0.6, 0.3, 0.1};
    double lo = 0.0, hi = (double)INFINITY;
    c->n_at = c->resource ? c->o->n_at : 0;
    memcpy(c->at, c->o->at, sizeof c->at);
    if (!c->resource || c->n_at) {
        return;
    }
    for (size_t g = 0; g < c->n_groups; g++) {
        const CompareGroup *own = &c->group[g];
        double params[FORM_MAX_PARAMS];
        for (size_t a = 0; a < own->fit->n_params; a++) {
            params[a] = own->fit->param[a].value;
        }
        double least = reach_loss(&c->form, params, own->amount_hi);
        lo = fmax(lo, fmax(least, own->least_loss));
        hi = fmin(hi, reach_loss(&c->form, params, own->amount_lo));
    }
    for (size_t i = 0; i < COMPARE_DEFAULT_AT && lo < hi; i++) {
        c->at[c->n_at++] = rounded(lo + share[i] * (hi - lo), lo, hi);
    }
}

static double amount_of(const Compare *c, size_t g, double loss)
{
    double params[FORM_MAX_PARAMS];
    for (size_t a = 0; a < c->form.n_params; a++) {
        params[a] = c->group[g].fit->param[a].value;
    }
    return reach_amount(&c->form, params, loss);
}

static bool is_beyond(const CompareGroup *g, double amount)
{
    return amount < g->amount_lo * (1.0 - 1e-9) || amount > g->amount_hi * (1.0 + 1e-9);
}

/* Why a multiplier has no value, if so. */
static void explain(const Compare *c, CompareMultiplier *m)
{
    const char *a = c->group[m->a].name, *b = c->group[m->b].name;
    bool is_a = isfinite(m->amount_a) && m->amount_a > 0.0;
    bool is_b = isfinite(m->amount_b) && m->amount_b > 0.0;
    if (!is_a && !is_b) {
        (void)snprintf(m->why, sizeof m->why, "not reached: the laws of %s and %s stay above %.6g",
                       a, b, m->loss);
    } else if (!is_a || !is_b) {
        bool is_above = isinf(is_a ? m->amount_b : m->amount_a);
        (void)snprintf(m->why, sizeof m->why, "not reached: the law of %s %s %.6g", is_a ? b : a,
                       is_above ? "stays above" : "does not pass", m->loss);
    }
}

static ErrCode multiply(Compare *c, CompareMultiplier *m, Err *err)
{
    const CompareGroup *x = &c->group[m->a], *y = &c->group[m->b];
    m->value = m->lo = m->hi = (double)NAN;
    m->amount_a = amount_of(c, m->a, m->loss);
    m->amount_b = amount_of(c, m->b, m->loss);
    m->is_outside = is_beyond(x, m->amount_a) || is_beyond(y, m->amount_b) ||
                    m->loss < fmax(x->least_loss, y->least_loss);
    explain(c, m);
    if (m->why[0]) {
        m->is_outside = true;
        return ERR_OK;
    }
    m->value = m->amount_a / m->amount_b;
    return multiplier_of(c, m, err);
}

static ErrCode take_multipliers(Compare *c, Err *err)
{
    choose_losses(c);
    c->multiplier = calloc(c->n_pairs * c->n_at + 1, sizeof *c->multiplier);
    if (!c->multiplier) {
        return err_nomem(err, "multipliers");
    }
    for (size_t i = 0; i < c->n_pairs; i++) {
        for (size_t k = 0; k < c->n_at; k++) {
            CompareMultiplier *m = &c->multiplier[c->n_multipliers++];
            *m = (CompareMultiplier){.a = c->pair[i].a, .b = c->pair[i].b, .loss = c->at[k]};
            ErrCode rc = multiply(c, m, err);
            if (rc != ERR_OK) {
                return rc;
            }
        }
    }
    return ERR_OK;
}

ErrCode compare_run(const char *source, const Obs *obs, const CompareOptions *o, Compare *ret,
                    Err *err)
{
    Compare *c = ret;
    ErrCode rc = ERR_OK;
    *c = (Compare){.o = o, .form = *o->fit.form, .sentence = ""};
    c->form.richer = NULL; /* models can only be nested within one law */
    c->resource = reach_resource(&c->form);
    c->report = (Report){.source = source, .obs = obs, .seed = o->fit.seed};
    TRY(choose_shared(c, err));
    TRY(fit_groups(c, obs, err));
    TRY(test_all(c, err));
    TRY(test_pairs(c, err));
    TRY(take_differences(c, err));
    TRY(take_multipliers(c, err));
    verdict_fill(c);
done:
    return rc;
}

void compare_release(Compare *c)
{
    for (size_t g = 0; c->group && g < c->n_groups; g++) {
        fit_draws_release(&c->group[g].draws);
    }
    free(c->group);
    free(c->pair);
    free(c->difference);
    free(c->multiplier);
    report_release(&c->report);
    arena_release(&c->arena);
    *c = (Compare){0};
}

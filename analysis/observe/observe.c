#include "analysis/observe/observe.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/fit/fit.h"
#include "analysis/fit/parallel.h"
#include "analysis/observe/core.h"
#include "analysis/observe/draw.h"
#include "analysis/observe/holdout.h"

/* Share of replicates beyond each end of a 95 % interval. */
#define TAIL 0.025

/* ---- one analysis of some models ---- */

/* P of the core's models: of the first target where it has a link, else the first component. */
static void capability(const Core *c, const Link *link, double *ret)
{
    for (size_t i = 0; i < c->n; i++) {
        ret[i] = link ? link_score(link, c->component + i * c->k) : c->component[i * c->k];
    }
}

/* The line of y [c->n] against ln C among the core's models of one family. */
static ErrCode family_line(const Core *c, const Scores *s, size_t family, const double *y,
                           Line *ret, double *c_lo, double *c_hi, Err *err)
{
    double *x = malloc((2 * c->n + 1) * sizeof *x);
    size_t n = 0;
    if (!x) {
        return err_nomem(err, "line");
    }
    double *v = x + c->n;
    *c_lo = (double)INFINITY;
    *c_hi = 0.0;
    for (size_t i = 0; i < c->n; i++) {
        double flops = s->flops[c->index[i]];
        if (s->family[c->index[i]] == family && !isnan(flops)) {
            x[n] = log(flops);
            v[n++] = y[i];
            *c_lo = fmin(*c_lo, flops);
            *c_hi = fmax(*c_hi, flops);
        }
    }
    ErrCode rc = line_fit(x, v, n, ret, err);
    free(x);
    return rc;
}

/* ratio [n_families] = exp of the mean of ln(Cbar / C) over a family's models of known C. */
static void mean_ratios(const Core *c, const Scores *s, const Line *line, const double *p,
                        double *ratio)
{
    for (size_t f = 0; f < s->n_families; f++) {
        double sum = 0.0;
        size_t n = 0;
        for (size_t i = 0; i < c->n; i++) {
            double flops = s->flops[c->index[i]];
            if (s->family[c->index[i]] == f && !isnan(flops)) {
                sum += (p[i] - line->level) / line->slope - log(flops);
                n++;
            }
        }
        ratio[f] = n ? exp(sum / (double)n) : (double)NAN;
    }
}

/* A capability that falls with compute has no equivalent compute. */
static ErrCode reference_line(const Core *c, const Scores *s, size_t family, const double *p,
                              Line *ret, Err *err)
{
    double lo, hi;
    ErrCode rc = family_line(c, s, family, p, ret, &lo, &hi, err);
    if (rc == ERR_OK && ret->slope == 0.0) {
        rc = err_set(err, ERR_NUMERIC, "capability does not change with C");
    }
    return rc == ERR_OK ? rc : err_wrap(err, "family %s", s->family_name[family]);
}

/* ---- the whole ---- */

static ErrCode fit_lines(const Core *c, const Scores *s, Observe *r, Err *err)
{
    double *first = malloc((c->n + 1) * sizeof *first);
    if (!first) {
        return err_nomem(err, "lines");
    }
    capability(c, NULL, first);
    for (size_t f = 0; f < s->n_families; f++) {
        ObserveLine *l = &r->line[f];
        ErrCode rc = family_line(c, s, f, first, &l->line, &l->c_lo, &l->c_hi, &l->refusal);
        l->is_refused = rc != ERR_OK;
        if (rc == ERR_NOMEM) {
            *err = l->refusal;
            free(first);
            return rc;
        }
    }
    free(first);
    return ERR_OK;
}

/* A failure other than of memory is a refusal. */
static ErrCode as_refusal(ErrCode rc, const Err *why, bool *ret, size_t *count, Err *err)
{
    *ret = rc != ERR_OK;
    *count += *ret ? 1 : 0;
    if (rc == ERR_NOMEM) {
        *err = *why;
        return rc;
    }
    return ERR_OK;
}

static ErrCode fit_targets(const Core *c, const Scores *s, Observe *r, Err *err)
{
    for (size_t k = 0; k < s->n_targets; k++) {
        ObserveTarget *t = &r->target[k];
        ErrCode rc =
            core_link(c, s, k, r->options.link, c->component, c->k, NULL, &t->link, &t->refusal);
        rc = as_refusal(rc, &t->refusal, &t->is_refused, &r->n_refused, err);
        if (rc != ERR_OK) {
            return rc;
        }
    }
    return ERR_OK;
}

static ErrCode find_reference(const Scores *s, const ObserveOptions *o, size_t *ret, Err *err)
{
    size_t most = 0;
    *ret = 0;
    for (size_t f = 0; f < s->n_families; f++) {
        size_t n = 0;
        if (o->reference && strcmp(o->reference, s->family_name[f]) == 0) {
            *ret = f;
            return ERR_OK;
        }
        for (size_t i = 0; i < s->n; i++) {
            n += s->family[i] == f && !isnan(s->flops[i]) ? 1 : 0;
        }
        if (n > most) {
            most = n;
            *ret = f;
        }
    }
    if (o->reference) {
        (void)err_set(err, ERR_INVALID, "there is no family \"%s\"", o->reference);
        return err_hint(err, "the first is \"%s\"; --by COLUMN says where families are named",
                        s->family_name[0]);
    }
    return ERR_OK;
}

static const Link *first_link(const Observe *r)
{
    return r->scores->n_targets && !r->target[0].is_refused ? &r->target[0].link : NULL;
}

static ErrCode fit_equivalent(const Core *c, const Scores *s, Observe *r, Err *err)
{
    ObserveEquivalent *e = &r->equivalent;
    const Link *link = first_link(r);
    double *p = malloc((c->n + 1) * sizeof *p);
    if (!p) {
        return err_nomem(err, "capability");
    }
    capability(c, link, p);
    e->is_of_target = link != NULL;
    ErrCode rc = reference_line(c, s, e->reference, p, &e->line, &e->refusal);
    if (rc == ERR_OK) {
        for (size_t i = 0; i < c->n; i++) {
            e->flops[i] = exp((p[i] - e->line.level) / e->line.slope);
        }
        mean_ratios(c, s, &e->line, p, e->ratio);
    }
    free(p);
    return as_refusal(rc, &e->refusal, &e->is_refused, &r->n_refused, err);
}

/* ---- intervals ---- */

/* A replicate's numbers: shares [K], weights [t], per target lo, range, alpha, beta [K], then the
 * families' ratios. */
typedef struct Replicates {
    const Observe *r;
    const size_t *all; /* [n] every model */
    size_t width, per_target;
    double *value; /* [bootstrap, width]; NaN: failed */
} Replicates;

static size_t at_target(const Replicates *x, size_t k)
{
    return x->r->options.components + x->r->scores->t + k * x->per_target;
}

static void put_link(const Link *l, double *slot)
{
    slot[0] = l->lo;
    slot[1] = l->range;
    slot[2] = l->alpha;
    memcpy(slot + 3, l->beta, l->k * sizeof *slot);
}

static void replicate_core(const Replicates *x, const Core *c, double *out)
{
    const Observe *r = x->r;
    const Scores *s = r->scores;
    Err ignored = ERR_INIT;
    Link first = {0};
    bool has_first = false;
    memcpy(out, c->pca.share, c->k * sizeof *out);
    memcpy(out + c->k, c->pca.weight, s->t * sizeof *out);
    for (size_t k = 0; k < s->n_targets; k++) {
        Link l;
        if (!r->target[k].is_refused && core_link(c, s, k, r->options.link, c->component, c->k,
                                                  &r->target[k].link, &l, &ignored) == ERR_OK) {
            put_link(&l, out + at_target(x, k));
            if (k == 0) {
                has_first = true;
                first = l;
            }
        }
    }
    double *p = malloc((c->n + 1) * sizeof *p);
    Line line;
    if (p && !r->equivalent.is_refused && has_first == r->equivalent.is_of_target) {
        capability(c, has_first ? &first : NULL, p);
        if (reference_line(c, s, r->equivalent.reference, p, &line, &ignored) == ERR_OK) {
            mean_ratios(c, s, &line, p, out + at_target(x, s->n_targets));
        }
    }
    free(p);
}

static void replicate(void *ctx, size_t worker, size_t item)
{
    const Replicates *x = ctx;
    const Scores *s = x->r->scores;
    double *out = x->value + item * x->width;
    size_t *index = malloc(DRAW_ROOM(s->n) * sizeof *index);
    Core c = {0};
    Err ignored = ERR_INIT;
    (void)worker;
    for (size_t i = 0; i < x->width; i++) {
        out[i] = (double)NAN;
    }
    if (!index) {
        return;
    }
    size_t n = draw_models(s, &x->r->options, (uint32_t)item, x->all, s->n, index);
    if (core_fit(s, &x->r->options, index, n, &c, &ignored) == ERR_OK) {
        replicate_core(x, &c, out);
        core_release(&c);
    }
    free(index);
}

static ErrCode column_interval(const Replicates *x, size_t at, double *column, FitInterval *ret,
                               Err *err)
{
    size_t n = x->r->options.bootstrap;
    for (size_t i = 0; i < n; i++) {
        column[i] = x->value[i * x->width + at];
    }
    return fit_draws_interval(column, n, TAIL, ret, err);
}

/* Of one component: steepness |beta| and the middle -alpha / beta. */
static ErrCode curve_intervals(const Replicates *x, size_t at, double *column, ObserveTarget *t,
                               Err *err)
{
    size_t n = x->r->options.bootstrap;
    for (size_t i = 0; i < n; i++) {
        column[i] = x->value[i * x->width + at + 3];
    }
    ErrCode rc = fit_draws_interval(column, n, TAIL, &t->steepness, err);
    for (size_t i = 0; i < n; i++) {
        const double *slot = x->value + i * x->width + at;
        column[i] = -slot[2] / slot[3];
    }
    return rc == ERR_OK ? fit_draws_interval(column, n, TAIL, &t->middle, err) : rc;
}

static ErrCode summarise(const Replicates *x, Observe *r, double *column, Err *err)
{
    const Scores *s = r->scores;
    ErrCode rc = ERR_OK;
    for (size_t i = 0; i < r->options.bootstrap; i++) {
        r->replicates_failed += isnan(x->value[i * x->width]) ? 1 : 0;
    }
    r->replicates = r->options.bootstrap;
    for (size_t k = 0; k < r->options.components; k++) {
        TRY(column_interval(x, k, column, &r->share[k], err));
    }
    for (size_t j = 0; j < s->t; j++) {
        TRY(column_interval(x, r->options.components + j, column, &r->weight[j], err));
    }
    for (size_t k = 0; k < s->n_targets; k++) {
        ObserveTarget *t = &r->target[k];
        TRY(column_interval(x, at_target(x, k), column, &t->lo, err));
        TRY(column_interval(x, at_target(x, k) + 1, column, &t->range, err));
        TRY(column_interval(x, at_target(x, k) + 2, column, &t->alpha, err));
        if (r->options.components == 1) {
            TRY(curve_intervals(x, at_target(x, k), column, t, err));
        }
    }
    for (size_t f = 0; f < s->n_families; f++) {
        TRY(column_interval(x, at_target(x, s->n_targets) + f, column,
                            &r->equivalent.ratio_interval[f], err));
    }
done:
    return rc;
}

static ErrCode intervals(Observe *r, const size_t *all, Err *err)
{
    const Scores *s = r->scores;
    Replicates x = {.r = r, .all = all, .per_target = 3 + r->options.components};
    size_t n = r->options.bootstrap;
    double *column = malloc((n + 1) * sizeof *column);
    ErrCode rc = ERR_OK;
    x.width = at_target(&x, s->n_targets) + s->n_families;
    x.value = malloc((n * x.width + 1) * sizeof *x.value);
    if (!x.value || !column) {
        rc = err_nomem(err, "replicates");
        goto done;
    }
    parallel_for(r->options.threads, n, replicate, &x);
    TRY(summarise(&x, r, column, err));
done:
    free(column);
    free(x.value);
    return rc;
}

/* ---- */

static ErrCode check(const Scores *s, const ObserveOptions *o, Err *err)
{
    size_t most = s->t < OBSERVE_MAX_COMPONENTS ? s->t : OBSERVE_MAX_COMPONENTS;
    if (o->components == 0 || o->components > most) {
        return err_set(err, ERR_INVALID, "%zu components of %zu benchmarks; 1 to %zu are possible",
                       o->components, s->t, most);
    }
    if (s->n_missing && o->impute == 0) {
        return err_set(err, ERR_INVALID, "%zu scores are missing, and none may be filled in",
                       s->n_missing);
    }
    return ERR_OK;
}

static ErrCode make_room(Observe *r, Err *err)
{
    const Scores *s = r->scores;
    Arena *a = &r->arena;
    const FitInterval none = {(double)NAN, (double)NAN, (double)NAN};
    r->line = arena_array(a, s->n_families + 1, sizeof *r->line);
    r->target = arena_array(a, s->n_targets + 1, sizeof *r->target);
    r->equivalent.flops = arena_array(a, s->n + 1, sizeof(double));
    r->equivalent.ratio = arena_array(a, s->n_families + 1, sizeof(double));
    r->equivalent.ratio_interval = arena_array(a, s->n_families + 1, sizeof(FitInterval));
    r->filled = arena_array(a, s->n * s->t + 1, sizeof(double));
    r->component = arena_array(a, s->n * r->options.components + 1, sizeof(double));
    if (!r->line || !r->target || !r->equivalent.flops || !r->equivalent.ratio ||
        !r->equivalent.ratio_interval || !r->filled || !r->component) {
        return err_nomem(err, "analysis");
    }
    for (size_t f = 0; f < s->n_families; f++) {
        r->equivalent.ratio_interval[f] = none;
    }
    for (size_t k = 0; k < OBSERVE_MAX_COMPONENTS; k++) {
        r->share[k] = none;
    }
    for (size_t j = 0; j < PCA_MAX_COLUMNS; j++) {
        r->weight[j] = none;
    }
    for (size_t k = 0; k < s->n_targets; k++) {
        ObserveTarget *t = &r->target[k];
        t->lo = t->range = t->alpha = t->steepness = t->middle = none;
    }
    return ERR_OK;
}

static ErrCode hold_out(Observe *r, Err *err)
{
    const Scores *s = r->scores;
    r->holdout = arena_array(&r->arena, s->n_targets + 1, sizeof *r->holdout);
    if (!r->holdout) {
        return err_nomem(err, "hold-out");
    }
    for (size_t k = 0; k < s->n_targets; k++) {
        ErrCode rc = observe_holdout(s, &r->options, k, &r->arena, &r->holdout[k], err);
        if (rc != ERR_OK) {
            return rc;
        }
        r->n_refused += r->holdout[k].is_refused ? 1 : 0;
    }
    return ERR_OK;
}

ErrCode observe_run(const Scores *s, const ObserveOptions *o, Observe *ret, Err *err)
{
    Observe r = {.arena = ARENA_INIT, .scores = s, .options = *o};
    Core c = {0};
    size_t *all = malloc((s->n + 1) * sizeof *all);
    ErrCode rc = ERR_OK;
    if (!all) {
        return err_nomem(err, "models");
    }
    for (size_t i = 0; i < s->n; i++) {
        all[i] = i;
    }
    TRY(check(s, o, err));
    TRY(find_reference(s, o, &r.equivalent.reference, err));
    TRY(make_room(&r, err));
    TRY(core_fit(s, o, all, s->n, &c, err));
    r.imputer = c.imputer;
    r.pca = c.pca;
    memcpy(r.filled, c.filled, s->n * s->t * sizeof *r.filled);
    memcpy(r.component, c.component, s->n * c.k * sizeof *r.component);
    TRY(fit_lines(&c, s, &r, err));
    TRY(fit_targets(&c, s, &r, err));
    TRY(fit_equivalent(&c, s, &r, err));
    if (o->bootstrap) {
        TRY(intervals(&r, all, err));
    }
    if (o->cutoff > 0.0) {
        TRY(hold_out(&r, err));
    }
    *ret = r;
    r = (Observe){.arena = ARENA_INIT};
done:
    free(all);
    core_release(&c);
    observe_release(&r);
    return rc;
}

void observe_release(Observe *r)
{
    arena_release(&r->arena);
    *r = (Observe){.arena = ARENA_INIT};
}

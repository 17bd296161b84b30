#include "analysis/observe/holdout.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/fit/fit.h"
#include "analysis/fit/parallel.h"
#include "analysis/observe/core.h"
#include "analysis/observe/draw.h"
#include "common/rng.h"

#define TAIL         0.025
/* Stream of the scatter that predictions are blurred with, apart from those that draw models. */
#define SCATTER_SEED 0x9E3779B97F4A7C15u

typedef struct Split {
    const Scores *s;
    const ObserveOptions *o;
    size_t which;             /* target */
    Core core;                /* of the training models */
    double *placed_filled;    /* [n_test, t] of the test models */
    double *placed_component; /* [n_test, k] */
    double scatter, freedom;  /* of the training models about their link */
    ObserveHoldout *h;
} Split;

static double metric_of(const Split *x, size_t model)
{
    return x->s->metric[x->which * x->s->n + model];
}

static ErrCode split(Split *x, Arena *a, Err *err)
{
    const Scores *s = x->s;
    ObserveHoldout *h = x->h;
    h->train = arena_array(a, s->n + 1, sizeof *h->train);
    h->fitted = arena_array(a, s->n + 1, sizeof *h->fitted);
    h->test = arena_array(a, s->n + 1, sizeof *h->test);
    h->predicted = arena_array(a, s->n + 1, sizeof *h->predicted);
    h->interval = arena_array(a, s->n + 1, sizeof *h->interval);
    if (!h->train || !h->fitted || !h->test || !h->predicted || !h->interval) {
        return err_nomem(err, "hold-out");
    }
    for (size_t i = 0; i < s->n; i++) {
        if (isnan(s->flops[i])) {
            h->n_unknown++;
        } else if (s->flops[i] <= x->o->cutoff) {
            h->train[h->n_train++] = i;
        } else {
            h->test[h->n_test++] = i;
        }
    }
    for (size_t i = 0; i < h->n_test; i++) {
        h->predicted[i] = (double)NAN;
        h->interval[i] = (FitInterval){(double)NAN, (double)NAN, (double)NAN};
        h->n_measured += isnan(metric_of(x, h->test[i])) ? 0 : 1;
    }
    if (h->n_measured == 0) {
        return err_set(err, ERR_NUMERIC,
                       "no model above the cut-off C = %.4g has the metric: nothing to test",
                       x->o->cutoff);
    }
    return ERR_OK;
}

/* ---- errors of one way to predict ---- */

/* What a way predicts of model `model`, whose row among the training or test models is `row`. */
typedef double (*Predict)(const Split *x, const void *ctx, bool is_train, size_t row, size_t model);

static void measure(const Split *x, Predict predict, const void *ctx, ObserveScore *out)
{
    double train = 0.0, squares = 0.0, absolute = 0.0, sum = 0.0;
    size_t n_train = 0;
    for (size_t i = 0; i < x->h->n_train; i++) {
        double r = predict(x, ctx, true, i, x->h->train[i]) - metric_of(x, x->h->train[i]);
        if (isfinite(r)) {
            train += r * r;
            n_train++;
        }
    }
    out->n = 0;
    for (size_t i = 0; i < x->h->n_test; i++) {
        double r = predict(x, ctx, false, i, x->h->test[i]) - metric_of(x, x->h->test[i]);
        if (isfinite(r)) {
            squares += r * r;
            absolute += fabs(r);
            sum += r;
            out->n++;
        }
    }
    double n = (double)out->n;
    out->train_mse = n_train ? train / (double)n_train : (double)NAN;
    out->test_mse = out->n ? squares / n : (double)NAN;
    out->test_mae = out->n ? absolute / n : (double)NAN;
    out->test_bias = out->n ? sum / n : (double)NAN;
    if (out->n == 0) {
        out->is_refused = true;
        (void)err_set(&out->refusal, ERR_NUMERIC, "it predicts none of the test models");
    }
}

static const double *component_of(const Split *x, bool is_train, size_t row)
{
    return (is_train ? x->core.component : x->placed_component) + row * x->core.k;
}

static double by_benchmarks(const Split *x, const void *ctx, bool is_train, size_t row,
                            size_t model)
{
    (void)model;
    return link_predict(ctx, component_of(x, is_train, row));
}

static double by_compute(const Split *x, const void *ctx, bool is_train, size_t row, size_t model)
{
    double ln_c = log(x->s->flops[model]);
    (void)is_train;
    (void)row;
    return link_predict(ctx, &ln_c);
}

typedef struct Single {
    Link link;
    size_t benchmark;
} Single;

static double by_single(const Split *x, const void *ctx, bool is_train, size_t row, size_t model)
{
    const Single *c = ctx;
    (void)model;
    return link_predict(&c->link, (is_train ? x->core.filled : x->placed_filled) + row * x->s->t +
                                      c->benchmark);
}

/* Each family's components against ln C [n_families, k]; NaN slopes where it has no line. */
typedef struct FamilyLines {
    const Link *link;
    Line *line;
} FamilyLines;

static double by_family_lines(const Split *x, const void *ctx, bool is_train, size_t row,
                              size_t model)
{
    const FamilyLines *c = ctx;
    double s[OBSERVE_MAX_COMPONENTS];
    (void)is_train;
    (void)row;
    for (size_t j = 0; j < x->core.k; j++) {
        s[j] = line_at(&c->line[x->s->family[model] * x->core.k + j], log(x->s->flops[model]));
    }
    return link_predict(c->link, s);
}

static double by_mean(const Split *x, const void *ctx, bool is_train, size_t row, size_t model)
{
    (void)x;
    (void)is_train;
    (void)row;
    (void)model;
    return *(const double *)ctx;
}

/* ---- the ways ---- */

static ErrCode refuse(ErrCode rc, ObserveScore *out, Err *err)
{
    out->is_refused = true;
    if (rc == ERR_NOMEM) {
        *err = out->refusal;
        return rc;
    }
    return ERR_OK;
}

static ErrCode score_compute(Split *x, ObserveScore *out, Err *err)
{
    double *ln_c = malloc((x->h->n_train + 1) * sizeof *ln_c);
    Link l;
    if (!ln_c) {
        return err_nomem(err, "hold-out");
    }
    for (size_t i = 0; i < x->h->n_train; i++) {
        ln_c[i] = log(x->s->flops[x->h->train[i]]);
    }
    ErrCode rc = core_link(&x->core, x->s, x->which, x->o->link, ln_c, 1, NULL, &l, &out->refusal);
    free(ln_c);
    if (rc != ERR_OK) {
        return refuse(rc, out, err);
    }
    measure(x, by_compute, &l, out);
    return ERR_OK;
}

static ErrCode score_single(Split *x, ObserveScore *out, Err *err)
{
    double *column = malloc((x->h->n_train + 1) * sizeof *column);
    Single best = {.link.objective = (double)INFINITY};
    if (!column) {
        return err_nomem(err, "hold-out");
    }
    for (size_t j = 0; j < x->s->t; j++) {
        Link l;
        for (size_t i = 0; i < x->h->n_train; i++) {
            column[i] = x->core.filled[i * x->s->t + j];
        }
        ErrCode rc =
            core_link(&x->core, x->s, x->which, x->o->link, column, 1, NULL, &l, &out->refusal);
        if (rc == ERR_OK && l.objective < best.link.objective) {
            best = (Single){l, j};
        }
    }
    free(column);
    if (!isfinite(best.link.objective)) {
        return refuse(ERR_NUMERIC, out, err);
    }
    out->benchmark = x->s->benchmark[best.benchmark];
    measure(x, by_single, &best, out);
    return ERR_OK;
}

static ErrCode score_family_lines(Split *x, ObserveScore *out, Err *err)
{
    size_t k = x->core.k;
    FamilyLines c = {.link = &x->h->link,
                     .line = malloc((x->s->n_families * k + 1) * sizeof *c.line)};
    double *xy = malloc((2 * x->h->n_train + 1) * sizeof *xy);
    if (!c.line || !xy) {
        free(c.line);
        free(xy);
        return err_nomem(err, "hold-out");
    }
    for (size_t f = 0; f < x->s->n_families; f++) {
        for (size_t j = 0; j < k; j++) {
            Err ignored = ERR_INIT;
            size_t n = 0;
            for (size_t i = 0; i < x->h->n_train; i++) {
                if (x->s->family[x->h->train[i]] == f) {
                    xy[n] = log(x->s->flops[x->h->train[i]]);
                    xy[x->h->n_train + n++] = x->core.component[i * k + j];
                }
            }
            Line *l = &c.line[f * k + j];
            if (line_fit(xy, xy + x->h->n_train, n, l, &ignored) != ERR_OK) {
                *l = (Line){.slope = (double)NAN, .level = (double)NAN};
            }
        }
    }
    measure(x, by_family_lines, &c, out);
    free(c.line);
    free(xy);
    return ERR_OK;
}

static void score_mean(Split *x, ObserveScore *out)
{
    double sum = 0.0;
    size_t n = 0;
    for (size_t i = 0; i < x->h->n_train; i++) {
        double y = metric_of(x, x->h->train[i]);
        sum += isnan(y) ? 0.0 : y;
        n += isnan(y) ? 0 : 1;
    }
    double mean = sum / (double)n;
    measure(x, by_mean, &mean, out);
}

/* ---- predictions with intervals ---- */

static ErrCode place_tests(Split *x, Arena *a, Err *err)
{
    ObserveHoldout *h = x->h;
    x->placed_filled = arena_array(a, h->n_test * x->s->t + 1, sizeof(double));
    x->placed_component = arena_array(a, h->n_test * x->core.k + 1, sizeof(double));
    if (!x->placed_filled || !x->placed_component) {
        return err_nomem(err, "hold-out");
    }
    for (size_t i = 0; i < h->n_test; i++) {
        core_place(&x->core, x->s, h->test[i], x->placed_filled + i * x->s->t,
                   x->placed_component + i * x->core.k);
    }
    return ERR_OK;
}

/* Standard error of the training models' residuals, and the degrees of freedom that it has. */
static void keep_scatter(Split *x)
{
    const Link *l = &x->h->link;
    double p = (double)l->k + 1.0 +
               (l->kind == LINK_HEIGHT ? 1.0
                : l->kind == LINK_FREE ? 2.0
                                       : 0.0);
    x->freedom = (double)l->n - p; /* link_fit() wants one or more */
    x->scatter = sqrt(l->objective / x->freedom);
}

typedef struct Draws {
    const Split *x;
    double *value; /* [bootstrap, n_test] */
} Draws;

static void replicate(void *ctx, size_t worker, size_t item)
{
    const Draws *d = ctx;
    const Split *x = d->x;
    const Scores *s = x->s;
    size_t n_test = x->h->n_test;
    double *out = d->value + item * n_test;
    double filled[PCA_MAX_COLUMNS], component[OBSERVE_MAX_COMPONENTS];
    size_t *index = malloc(DRAW_ROOM(s->n) * sizeof *index);
    Core c = {0};
    Link l;
    Err ignored = ERR_INIT;
    (void)worker;
    for (size_t i = 0; i < n_test; i++) {
        out[i] = (double)NAN;
    }
    if (!index) {
        return;
    }
    size_t n = draw_models(s, x->o, (uint32_t)item, x->h->train, x->h->n_train, index);
    bool is_made = core_fit(s, x->o, index, n, &c, &ignored) == ERR_OK &&
                   core_link(&c, s, x->which, x->o->link, c.component, c.k, &x->h->link, &l,
                             &ignored) == ERR_OK;
    for (size_t i = 0; is_made && i < n_test; i++) {
        double u =
            rng_uniform(x->o->seed ^ SCATTER_SEED, rng_stream(RNG_BOOTSTRAP, (uint32_t)item), i);
        core_place(&c, s, x->h->test[i], filled, component);
        out[i] = link_predict(&l, component) + x->scatter * gsl_cdf_tdist_Pinv(u, x->freedom);
    }
    core_release(&c);
    free(index);
}

static ErrCode intervals(Split *x, Err *err)
{
    ObserveHoldout *h = x->h;
    size_t n = x->o->bootstrap;
    Draws d = {.x = x, .value = malloc((n * h->n_test + 1) * sizeof *d.value)};
    double *column = malloc((n + 1) * sizeof *column);
    ErrCode rc = ERR_OK;
    if (!d.value || !column) {
        rc = err_nomem(err, "replicates");
        goto done;
    }
    parallel_for(x->o->threads, n, replicate, &d);
    for (size_t i = 0; i < h->n_test; i++) {
        for (size_t r = 0; r < n; r++) {
            column[r] = d.value[r * h->n_test + i];
        }
        TRY(fit_draws_interval(column, n, TAIL, &h->interval[i], err));
        double y = metric_of(x, h->test[i]);
        h->n_inside += y >= h->interval[i].lo && y <= h->interval[i].hi ? 1 : 0;
    }
done:
    free(column);
    free(d.value);
    return rc;
}

static ErrCode predict(Split *x, Arena *a, Err *err)
{
    ObserveHoldout *h = x->h;
    ErrCode rc = ERR_OK;
    TRY(split(x, a, err));
    TRY(core_fit(x->s, x->o, x->h->train, x->h->n_train, &x->core, err));
    TRY(core_link(&x->core, x->s, x->which, x->o->link, x->core.component, x->core.k, NULL,
                  &h->link, err));
    TRY(place_tests(x, a, err));
    for (size_t i = 0; i < h->n_train; i++) {
        h->fitted[i] = link_predict(&h->link, component_of(x, true, i));
    }
    for (size_t i = 0; i < h->n_test; i++) {
        h->predicted[i] = link_predict(&h->link, component_of(x, false, i));
    }
    keep_scatter(x);
    measure(x, by_benchmarks, &h->link, &h->score[0]);
    TRY(score_family_lines(x, &h->score[1], err));
    TRY(score_compute(x, &h->score[2], err));
    TRY(score_single(x, &h->score[3], err));
    score_mean(x, &h->score[4]);
    if (x->o->bootstrap) {
        TRY(intervals(x, err));
    }
done:
    return rc;
}

ErrCode observe_holdout(const Scores *s, const ObserveOptions *o, size_t which, Arena *a,
                        ObserveHoldout *ret, Err *err)
{
    static const char *const by[OBSERVE_SCORES] = {"benchmarks", "family_lines", "compute",
                                                   "single", "mean"};
    Split x = {.s = s, .o = o, .which = which, .h = ret};
    *ret = (ObserveHoldout){0};
    for (size_t i = 0; i < OBSERVE_SCORES; i++) {
        ret->score[i].by = by[i];
    }
    ErrCode rc = predict(&x, a, &ret->refusal);
    core_release(&x.core);
    ret->is_refused = rc != ERR_OK;
    if (rc == ERR_NOMEM) {
        *err = ret->refusal;
        return rc;
    }
    return ERR_OK;
}

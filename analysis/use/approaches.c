#include "analysis/use/approaches.h"

#include <gsl/gsl_sort.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/fit/bootstrap.h"
#include "analysis/fit/isoflop.h"
#include "analysis/fit/parallel.h"
#include "analysis/use/explain.h"
#include "common/rng.h"

/* Two budgets differ by more than this in ln C, as in isoflop.h. */
#define BUDGET_GAP 0.05

const char *approach_name(ApproachKind k)
{
    static const char *const name[] = {"envelope", "envelope_bins", "isoflop", "parametric"};
    return name[k];
}

const char *approach_number(ApproachKind k)
{
    static const char *const number[] = {"1", "1b", "2", "3"};
    return number[k];
}

/* ---- one approach on one set of observations ---- */

/* From N_opt = k_N C^a and D_opt = k_D C^b. */
static void from_powers(double k_n, double a, double k_d, double b, const Approaches *all,
                        double *v)
{
    v[APPROACH_A] = a;
    v[APPROACH_B] = b;
    v[APPROACH_K_N] = k_n;
    v[APPROACH_K_D] = k_d;
    for (size_t i = 0; i < all->n_at; i++) {
        v[APPROACH_N_OPT + i] = k_n * pow(all->at[i], a);
        v[APPROACH_D_OPT + i] = k_d * pow(all->at[i], b);
    }
}

static ErrCode by_envelope(const FitData *data, const Approaches *all, Approach *r, double *v,
                           Err *err)
{
    Envelope e;
    double *weight = malloc((data->n + 1) * sizeof *weight);
    if (!weight) {
        return err_nomem(err, "envelope");
    }
    for (size_t i = 0; i < data->n; i++) {
        weight[i] = 1.0;
    }
    ErrCode rc = envelope_fit(data, weight, &e, err);
    free(weight);
    if (rc != ERR_OK) {
        return rc;
    }
    from_powers(e.k_n / pow(FORM_PFLOP_S_DAY, e.a), e.a, e.k_d / pow(FORM_PFLOP_S_DAY, e.b), e.b,
                all, v);
    if (r) {
        r->points = e.n_points;
        r->is_argmin = !e.is_inner;
    }
    return ERR_OK;
}

static ErrCode by_bins(const FitData *data, const Approaches *all, Approach *r, double *v, Err *err)
{
    EnvelopeBins e;
    ErrCode rc = envelope_bins(data, APPROACH_BINS, &e, err);
    if (rc != ERR_OK) {
        return rc;
    }
    from_powers(e.k_n, e.a, e.k_d, e.b, all, v);
    if (r) {
        r->points = e.n_bins;
    }
    return ERR_OK;
}

static ErrCode by_isoflop(const FitData *data, size_t window, const Approaches *all, Approach *r,
                          double *v, Err *err)
{
    Isoflop *f = malloc(sizeof *f);
    if (!f) {
        return err_nomem(err, "isoFLOP");
    }
    ErrCode rc = isoflop_fit(data, window, f, err);
    if (rc == ERR_OK && r && 2 * f->n_outside > f->n_used) {
        rc = err_set(
            err, ERR_NUMERIC,
            "isoFLOP: %zu of %zu budgets have their vertex beyond their own points: these are "
            "no budgets with a minimum inside",
            f->n_outside, f->n_used);
    }
    if (rc == ERR_OK) {
        from_powers(f->k_n, f->a, f->k_d, f->b, all, v);
    }
    if (rc == ERR_OK && r) {
        r->points = f->n_used;
        r->outside = f->n_outside;
    }
    free(f);
    return rc;
}

/* The law's optimum: powers through both ends of the data's range of C, and the optimum itself at `at`. */
static ErrCode by_law(const Curve *k, double c_lo, double c_hi, const Approaches *all, double *v,
                      Err *err)
{
    Best lo, hi, at;
    ErrCode rc = best_for_flops(k, c_lo, &lo, err);
    rc = rc == ERR_OK ? best_for_flops(k, c_hi, &hi, err) : rc;
    if (rc != ERR_OK) {
        return rc;
    }
    double span = log(c_hi / c_lo);
    double a = log(hi.n / lo.n) / span, b = log(hi.d / lo.d) / span;
    from_powers(hi.n / pow(c_hi, a), a, hi.d / pow(c_hi, b), b, all, v);
    for (size_t i = 0; i < all->n_at && rc == ERR_OK; i++) {
        rc = best_for_flops(k, all->at[i], &at, err);
        v[APPROACH_N_OPT + i] = at.n;
        v[APPROACH_D_OPT + i] = at.d;
    }
    return rc;
}

static ErrCode by_kind(ApproachKind kind, const FitData *data, size_t window, const Approaches *all,
                       Approach *r, double *v, Err *err)
{
    return kind == APPROACH_ENVELOPE ? by_envelope(data, all, r, v, err)
           : kind == APPROACH_BINNED ? by_bins(data, all, r, v, err)
                                     : by_isoflop(data, window, all, r, v, err);
}

/* ---- replicates ---- */

typedef struct Resample {
    const FitData *data;
    const ApproachOptions *o;
    const Approaches *all;
    ApproachKind kind;
    bool is_by_run;
    size_t *order, *first, *count; /* by C; place's budget begins at first, has count [n each] */
    double *value;                 /* [replicates, APPROACH_PARTS] */
} Resample;

static size_t draw(const Resample *s, size_t replicate, size_t i, size_t n)
{
    uint64_t stream = rng_stream(RNG_BOOTSTRAP, (uint32_t)replicate);
    return (size_t)(rng_uniform(s->o->seed, stream, i) * (double)n);
}

/* Which observations replicate r has, into index [*n]; NULL when memory is short. */
static size_t *draw_runs(const Resample *s, size_t r, size_t *ret_n)
{
    const FitData *d = s->data;
    size_t n = 0, *times = calloc(d->n_runs + 1, sizeof *times), *index = NULL;
    for (size_t i = 0; times && i < d->n_runs; i++) {
        times[draw(s, r, i, d->n_runs)]++;
    }
    for (size_t i = 0; times && i < d->n; i++) {
        n += times[d->run[i]];
    }
    index = times ? calloc(n + 1, sizeof *index) : NULL;
    n = 0;
    for (size_t i = 0; index && i < d->n; i++) {
        for (size_t k = 0; k < times[d->run[i]]; k++) {
            index[n++] = i;
        }
    }
    free(times);
    *ret_n = n;
    return index;
}

static size_t *draw_points(const Resample *s, size_t r, size_t *ret_n)
{
    size_t n = s->data->n, *index = calloc(n + 1, sizeof *index);
    for (size_t i = 0; index && i < n; i++) {
        bool is_within = s->kind == APPROACH_ISOFLOP;
        index[i] =
            is_within ? s->order[s->first[i] + draw(s, r, i, s->count[i])] : draw(s, r, i, n);
    }
    *ret_n = n;
    return index;
}

static void replicate(void *ctx, size_t worker, size_t item)
{
    const Resample *s = ctx;
    double *v = s->value + item * APPROACH_PARTS;
    size_t n = 0, *index = s->is_by_run ? draw_runs(s, item, &n) : draw_points(s, item, &n);
    double *column = index ? calloc(4 * n + 4, sizeof *column) : NULL;
    size_t *run = index ? calloc(n + 1, sizeof *run) : NULL;
    Err ignored = ERR_INIT;
    (void)worker;
    for (size_t p = 0; p < APPROACH_PARTS; p++) {
        v[p] = (double)NAN;
    }
    for (size_t i = 0; column && run && i < n; i++) {
        column[i] = s->data->params[index[i]];
        column[n + i] = s->data->tokens[index[i]];
        column[2 * n + i] = s->data->flops[index[i]];
        column[3 * n + i] = s->data->loss[index[i]];
        run[i] = s->data->n_runs ? s->data->run[index[i]] : 0;
    }
    FitData d = {.n = n, .params = column, .run = run, .n_runs = s->data->n_runs};
    if (column && run && n > 0) {
        d.tokens = column + n;
        d.flops = column + 2 * n;
        d.loss = column + 3 * n;
        (void)by_kind(s->kind, &d, s->o->window, s->all, NULL, v, &ignored);
    }
    free(index);
    free(column);
    free(run);
}

/* Observations in the order of C, and to which budget each place belongs. */
static ErrCode cut_budgets(Resample *s, Err *err)
{
    size_t n = s->data->n, start = 0;
    s->order = calloc(n + 1, sizeof *s->order);
    s->first = calloc(n + 1, sizeof *s->first);
    s->count = calloc(n + 1, sizeof *s->count);
    if (!s->order || !s->first || !s->count) {
        return err_nomem(err, "budgets");
    }
    gsl_sort_index(s->order, s->data->flops, 1, n);
    for (size_t i = 0; i <= n; i++) {
        bool is_end = i == n || (i > start && log(s->data->flops[s->order[i]] /
                                                  s->data->flops[s->order[i - 1]]) > BUDGET_GAP);
        for (size_t k = start; is_end && k < i; k++) {
            s->first[k] = start;
            s->count[k] = i - start;
        }
        start = is_end ? i : start;
    }
    return ERR_OK;
}

static void resample_release(Resample *s)
{
    free(s->order);
    free(s->first);
    free(s->count);
    free(s->value);
}

static double tail_of(const Resample *s, const Approach *r)
{
    size_t n = s->data->n, p = s->kind == APPROACH_ISOFLOP ? 3 * r->points : 2;
    return s->is_by_run ? bootstrap_tail(FIT_CLUSTERS, n, p, s->data->n_runs)
                        : bootstrap_tail(FIT_CASES, n, p < n ? p : n - 1, 0);
}

/* Intervals of one approach; none from fewer than four runs, as of a law. */
static ErrCode add_intervals(const FitData *data, const ApproachOptions *o, const Approaches *all,
                             Approach *r, Err *err)
{
    Resample s = {.data = data, .o = o, .all = all, .kind = r->kind};
    ErrCode rc = ERR_OK;
    double *column = NULL;
    s.is_by_run = data->n_runs > 0 && data->n_runs < data->n;
    if (o->bootstrap == 0 || (s.is_by_run && data->n_runs < BOOTSTRAP_MIN_RUNS)) {
        return ERR_OK;
    }
    TRY(cut_budgets(&s, err));
    s.value = calloc(o->bootstrap * APPROACH_PARTS + 1, sizeof *s.value);
    column = calloc(o->bootstrap + 1, sizeof *column);
    if (!s.value || !column) {
        rc = err_nomem(err, "approaches");
        goto done;
    }
    parallel_for(o->threads ? o->threads : 1, o->bootstrap, replicate, &s);
    r->replicates = o->bootstrap;
    for (size_t i = 0; i < o->bootstrap; i++) {
        r->failed += isfinite(s.value[i * APPROACH_PARTS]) ? 0 : 1;
    }
    for (size_t p = 0; p < APPROACH_PARTS && 2 * r->failed <= r->replicates; p++) {
        for (size_t i = 0; i < o->bootstrap; i++) {
            column[i] = s.value[i * APPROACH_PARTS + p];
        }
        TRY(fit_draws_interval(column, o->bootstrap, tail_of(&s, r), &r->interval[p], err));
    }
done:
    free(column);
    resample_release(&s);
    return rc;
}

static ErrCode law_intervals(const Law *l, const Curve *k, double c_lo, double c_hi,
                             const Approaches *all, Approach *r, Err *err)
{
    size_t n = l->draws.n;
    double *value = calloc(n * APPROACH_PARTS + 1, sizeof *value);
    ErrCode rc = value ? ERR_OK : err_nomem(err, "approaches");
    for (size_t i = 0; rc == ERR_OK && i < n; i++) {
        Curve own = *k;
        Err ignored = ERR_INIT;
        double v[APPROACH_PARTS] = {0.0};
        own.params = fit_draw(&l->draws, i);
        bool is_good =
            isfinite(own.params[0]) && by_law(&own, c_lo, c_hi, all, v, &ignored) == ERR_OK;
        for (size_t p = 0; p < APPROACH_PARTS; p++) {
            value[p * n + i] = is_good ? v[p] : (double)NAN;
        }
        r->failed += is_good ? 0 : 1;
    }
    r->replicates = n;
    for (size_t p = 0; rc == ERR_OK && p < APPROACH_PARTS; p++) {
        rc = law_interval(l, value + p * n, &r->interval[p], err);
    }
    free(value);
    return rc;
}

/* ---- bias ---- */

/* The approach on the law's own values at the same places. */
static ErrCode add_bias(const Curve *k, const FitData *data, size_t window, const Approaches *all,
                        const double *truth, Approach *r, Err *err)
{
    double v[APPROACH_PARTS] = {0.0}, *loss = calloc(data->n + 1, sizeof *loss);
    FitData exact = *data;
    Err ignored = ERR_INIT;
    if (!loss) {
        return err_nomem(err, "approaches");
    }
    for (size_t i = 0; i < data->n; i++) {
        loss[i] = best_loss_at(k, data->params[i], data->tokens[i]);
    }
    exact.loss = loss;
    ErrCode rc = by_kind(r->kind, &exact, window, all, NULL, v, &ignored);
    free(loss);
    r->has_bias = rc == ERR_OK;
    for (size_t p = 0; r->has_bias && p < APPROACH_PARTS; p++) {
        r->bias[p] = explain_is_ratio(p) ? v[p] / truth[p] : v[p] - truth[p];
        r->corrected[p] = explain_is_ratio(p) ? r->value[p] / r->bias[p] : r->value[p] - r->bias[p];
    }
    return rc == ERR_NOMEM ? rc : ERR_OK;
}

/* ---- all ---- */

static ErrCode run_law(const Law *l, const Err *refusal, const Budget *b, double lo, double hi,
                       Approaches *all, Curve *ret, double *own, Err *err)
{
    Approach *r = &all->by[APPROACH_LAW];
    if (!l || !best_is_for(l->fit.form)) {
        r->is_refused = true;
        r->refusal = refusal ? *refusal : ERR_INIT;
        return ERR_OK;
    }
    *ret = (Curve){.form = l->fit.form, .params = law_params(l, l->draws.n, own), .budget = b};
    r->points = l->fit.n;
    ErrCode rc = hi > lo ? by_law(ret, lo, hi, all, r->value, &r->refusal)
                         : err_set(&r->refusal, ERR_NUMERIC, "all observations have one C");
    r->is_refused = rc != ERR_OK;
    return rc == ERR_OK ? law_intervals(l, ret, lo, hi, all, r, err) : ERR_OK;
}

static void start(const ApproachOptions *o, double c_hi, Approaches *all)
{
    *all = (Approaches){.n_at = o->n_at};
    memcpy(all->at, o->at, sizeof all->at);
    if (all->n_at == 0) {
        all->at[all->n_at++] = c_hi;
    }
    for (size_t i = 0; i < APPROACH_NAMES; i++) {
        Approach *r = &all->by[i];
        r->kind = (ApproachKind)i;
        r->refusal = ERR_INIT;
        for (size_t p = 0; p < APPROACH_PARTS; p++) {
            r->value[p] = r->bias[p] = r->corrected[p] = (double)NAN;
            r->interval[p] = (FitInterval){(double)NAN, (double)NAN, (double)NAN};
        }
    }
}

ErrCode approaches_run(const Law *l, const Err *refusal, const FitData *data, const Budget *b,
                       const ApproachOptions *o, Approaches *ret, Err *err)
{
    Curve k = {0};
    double own[FORM_MAX_PARAMS], lo = (double)INFINITY, hi = 0.0;
    ErrCode rc = isoflop_check(data, "approaches", err);
    if (rc != ERR_OK) {
        return rc;
    }
    if (data->n == 0) {
        return err_set(err, ERR_INVALID, "approaches: there are no observations");
    }
    for (size_t i = 0; i < data->n; i++) {
        lo = fmin(lo, data->flops[i]);
        hi = fmax(hi, data->flops[i]);
    }
    start(o, hi, ret);
    rc = run_law(l, refusal, b, lo, hi, ret, &k, own, err);
    const Approach *law = &ret->by[APPROACH_LAW];
    for (size_t i = 0; rc == ERR_OK && i < APPROACH_LAW; i++) {
        Approach *r = &ret->by[i];
        rc = by_kind(r->kind, data, o->window, ret, r, r->value, &r->refusal);
        r->is_refused = rc != ERR_OK;
        if (rc == ERR_NOMEM) {
            *err = r->refusal;
            return rc;
        }
        rc = r->is_refused ? ERR_OK : add_intervals(data, o, ret, r, err);
        if (rc == ERR_OK && !r->is_refused && !law->is_refused) {
            rc = add_bias(&k, data, o->window, ret, law->value, r, err);
        }
    }
    return rc;
}
